"""Where the model is meant to differ from Kafka: (script, label of the line) and why."""

MEANT = {
    ("fetch-deleted-records", "m"): "Kafka looks for the largest timestamp in the file, in which deleted records still "
                                    "are",
    ("txn-two-partitions-abort", "m"): "Kafka lists the aborted transactions up to the next entry of the offset index, "
                                       "the model up to the last batch that is read",
}

# What the model leaves to real brokers: ACLs, configuration, quotas, reassignment, tokens, SCRAM, log directories, the
# newer group protocols, telemetry, and what only brokers and controllers say to each other.
ABSENT_APIS = {4, 5, 6, 7, 17, 29, 30, 31, 33, 34, 35, 36, 38, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53,
               54, 55, 56, 57, 58, 59, 62, 63, 64, 67, 68, 69, 70, 71, 72, 73, 74, 76, 77, 78, 79, 80, 81, 82, 83, 84,
               85, 86, 87, 88, 89, 90, 91, 92, 93, 94}
ABSENT_FIRST_VERSIONS = {1, 2, 9}  # of 3.9: formats of messages before magic 2, offsets in ZooKeeper
FEATURES = {"transaction.version"}  # of those that brokers tell
INTERNAL_TOPICS = {"__consumer_offsets", "__transaction_state"}  # the model's coordinators need none
