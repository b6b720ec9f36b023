/* Kafka's error codes (protocol guide, "Error Codes"). Included by <weir/proto.h>. */
#ifndef WEIR_CODES_H
#define WEIR_CODES_H

/* clang-format off */

/* X(code, name, class, text): all codes, ascending and without a gap. The texts complete "the broker answered: ...". */
#define WEIR_CODES(X) \
    X(-1, UNKNOWN_SERVER_ERROR, INDETERMINATE, "the broker failed in a way that it does not name") \
    X(0, NONE, OK, "no error") \
    X(1, OFFSET_OUT_OF_RANGE, FATAL, "the offset is outside of the partition's log") \
    X(2, CORRUPT_MESSAGE, RETRY, "a record batch is damaged: its checksum, size or format is wrong") \
    X(3, UNKNOWN_TOPIC_OR_PARTITION, REFRESH, "the broker does not know, or does not host, this topic or partition") \
    X(4, INVALID_FETCH_SIZE, FATAL, "the fetch size is not valid") \
    X(5, LEADER_NOT_AVAILABLE, REFRESH, "the partition has no leader at the moment") \
    X(6, NOT_LEADER_OR_FOLLOWER, REFRESH, "the broker is no longer a replica, or the leader, of this partition") \
    X(7, REQUEST_TIMED_OUT, RETRY, "the broker gave up waiting, and the request may still take effect") \
    X(8, BROKER_NOT_AVAILABLE, RETRY, "the broker is not available") \
    X(9, REPLICA_NOT_AVAILABLE, REFRESH, "the replica is not available on this broker") \
    X(10, MESSAGE_TOO_LARGE, FATAL, "the batch is larger than the topic allows (max.message.bytes)") \
    X(11, STALE_CONTROLLER_EPOCH, FATAL, "a request among brokers came from an old controller") \
    X(12, OFFSET_METADATA_TOO_LARGE, FATAL, "the metadata stored with an offset is too long") \
    X(13, NETWORK_EXCEPTION, REFRESH, "the connection was lost before the response came") \
    X(14, COORDINATOR_LOAD_IN_PROGRESS, RETRY, "the coordinator is still loading its state") \
    X(15, COORDINATOR_NOT_AVAILABLE, FIND_COORDINATOR, "there is no coordinator at the moment") \
    X(16, NOT_COORDINATOR, FIND_COORDINATOR, "this broker is not the coordinator") \
    X(17, INVALID_TOPIC_EXCEPTION, FATAL, "the topic name is not valid, or the topic is internal") \
    X(18, RECORD_LIST_TOO_LARGE, FATAL, "the batch is larger than a log segment of the broker") \
    X(19, NOT_ENOUGH_REPLICAS, RETRY, "fewer replicas are in sync than required, and nothing was written") \
    X(20, NOT_ENOUGH_REPLICAS_AFTER_APPEND, RETRY, "written, but to fewer in-sync replicas than required") \
    X(21, INVALID_REQUIRED_ACKS, FATAL, "acks must be 0, 1 or -1") \
    X(22, ILLEGAL_GENERATION, ABORT, "the group has moved on to another generation") \
    X(23, INCONSISTENT_GROUP_PROTOCOL, FATAL, "the group's members have no protocol in common") \
    X(24, INVALID_GROUP_ID, FATAL, "the group id is not valid") \
    X(25, UNKNOWN_MEMBER_ID, ABORT, "the group does not know this member") \
    X(26, INVALID_SESSION_TIMEOUT, FATAL, "the session time-out is outside of the broker's limits") \
    X(27, REBALANCE_IN_PROGRESS, RETRY, "the group is rebalancing, so its members have to join again") \
    X(28, INVALID_COMMIT_OFFSET_SIZE, FATAL, "the offsets to commit do not fit into one record") \
    X(29, TOPIC_AUTHORIZATION_FAILED, FATAL, "not authorized for the topic") \
    X(30, GROUP_AUTHORIZATION_FAILED, FATAL, "not authorized for the group") \
    X(31, CLUSTER_AUTHORIZATION_FAILED, FATAL, "not authorized for the cluster") \
    X(32, INVALID_TIMESTAMP, FATAL, "a record's timestamp is outside of what the topic accepts") \
    X(33, UNSUPPORTED_SASL_MECHANISM, FATAL, "the broker does not offer this SASL mechanism") \
    X(34, ILLEGAL_SASL_STATE, FATAL, "the request does not fit the state of the authentication") \
    X(35, UNSUPPORTED_VERSION, FATAL, "the broker does not speak this version of the API") \
    X(36, TOPIC_ALREADY_EXISTS, FATAL, "a topic of this name exists already") \
    X(37, INVALID_PARTITIONS, FATAL, "the number of partitions is not valid") \
    X(38, INVALID_REPLICATION_FACTOR, FATAL, "the replication factor is not valid, or there are too few brokers") \
    X(39, INVALID_REPLICA_ASSIGNMENT, FATAL, "the assignment of replicas to brokers is not valid") \
    X(40, INVALID_CONFIG, FATAL, "a configuration value is not valid") \
    X(41, NOT_CONTROLLER, REFRESH, "this broker is not the controller") \
    X(42, INVALID_REQUEST, FATAL, "the broker finds the request ill-formed") \
    X(43, UNSUPPORTED_FOR_MESSAGE_FORMAT, FATAL, "the topic's message format is too old for this") \
    X(44, POLICY_VIOLATION, FATAL, "a policy of the broker forbids it") \
    X(45, OUT_OF_ORDER_SEQUENCE_NUMBER, ABORT, "the batch's sequence does not follow the last one of its producer") \
    X(46, DUPLICATE_SEQUENCE_NUMBER, OK, "the batch was written before, so it is not written again") \
    X(47, INVALID_PRODUCER_EPOCH, ABORT, "the producer's epoch is older than the broker's") \
    X(48, INVALID_TXN_STATE, FATAL, "the transaction is in a state that does not allow it") \
    X(49, INVALID_PRODUCER_ID_MAPPING, ABORT, "the transactional id has expired, or belongs to another producer id") \
    X(50, INVALID_TRANSACTION_TIMEOUT, FATAL, \
      "the transaction time-out exceeds transaction.max.timeout.ms of the broker") \
    X(51, CONCURRENT_TRANSACTIONS, RETRY, "the previous transaction of this id is still being completed") \
    X(52, TRANSACTION_COORDINATOR_FENCED, FATAL, "a marker came from an old transaction coordinator") \
    X(53, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, FATAL, "not authorized for the transactional id") \
    X(54, SECURITY_DISABLED, FATAL, "the broker has no authorizer or security feature for this") \
    X(55, OPERATION_NOT_ATTEMPTED, RETRY, "not tried, because another part of the request failed") \
    X(56, KAFKA_STORAGE_ERROR, REFRESH, "the broker cannot access the disk of this partition") \
    X(57, LOG_DIR_NOT_FOUND, FATAL, "the broker has no such log directory") \
    X(58, SASL_AUTHENTICATION_FAILED, FATAL, "the credentials were refused") \
    X(59, UNKNOWN_PRODUCER_ID, ABORT, "the partition holds no state of this producer any more") \
    X(60, REASSIGNMENT_IN_PROGRESS, FATAL, "the partition is being moved") \
    X(61, DELEGATION_TOKEN_AUTH_DISABLED, FATAL, "delegation tokens are not enabled") \
    X(62, DELEGATION_TOKEN_NOT_FOUND, FATAL, "there is no such delegation token") \
    X(63, DELEGATION_TOKEN_OWNER_MISMATCH, FATAL, "the delegation token belongs to somebody else") \
    X(64, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, FATAL, \
      "delegation tokens cannot be managed over this kind of connection") \
    X(65, DELEGATION_TOKEN_AUTHORIZATION_FAILED, FATAL, "not authorized for the delegation token") \
    X(66, DELEGATION_TOKEN_EXPIRED, FATAL, "the delegation token has expired") \
    X(67, INVALID_PRINCIPAL_TYPE, FATAL, "this type of principal is not supported") \
    X(68, NON_EMPTY_GROUP, FATAL, "the group still has members") \
    X(69, GROUP_ID_NOT_FOUND, FATAL, "there is no such group") \
    X(70, FETCH_SESSION_ID_NOT_FOUND, RETRY, "the broker has dropped the fetch session") \
    X(71, INVALID_FETCH_SESSION_EPOCH, RETRY, "the fetch session is at another epoch") \
    X(72, LISTENER_NOT_FOUND, REFRESH, "the leader has no listener like the one that was asked") \
    X(73, TOPIC_DELETION_DISABLED, FATAL, "the broker does not allow to delete topics") \
    X(74, FENCED_LEADER_EPOCH, REFRESH, "the request knows an older leader epoch than the broker") \
    X(75, UNKNOWN_LEADER_EPOCH, RETRY, "the request knows a newer leader epoch than the broker") \
    X(76, UNSUPPORTED_COMPRESSION_TYPE, FATAL, "the compression is not supported by this version of the API") \
    X(77, STALE_BROKER_EPOCH, FATAL, "a request among brokers carries an old broker epoch") \
    X(78, OFFSET_NOT_AVAILABLE, RETRY, "the new leader does not know its high watermark yet") \
    X(79, MEMBER_ID_REQUIRED, RETRY, "join again with the member id from this response") \
    X(80, PREFERRED_LEADER_NOT_AVAILABLE, REFRESH, "the preferred leader is not available") \
    X(81, GROUP_MAX_SIZE_REACHED, FATAL, "the group has as many members as the broker allows") \
    X(82, FENCED_INSTANCE_ID, FENCED, "another member has taken over the group instance id") \
    X(83, ELIGIBLE_LEADERS_NOT_AVAILABLE, REFRESH, "no replica may become leader") \
    X(84, ELECTION_NOT_NEEDED, REFRESH, "the right leader is in place already") \
    X(85, NO_REASSIGNMENT_IN_PROGRESS, FATAL, "the partition is not being moved") \
    X(86, GROUP_SUBSCRIBED_TO_TOPIC, FATAL, "the group still reads the topic, so its offsets cannot be deleted") \
    X(87, INVALID_RECORD, FATAL, "the broker refused a record, and with it the whole batch") \
    X(88, UNSTABLE_OFFSET_COMMIT, RETRY, "a transaction on the committed offset is still open") \
    X(89, THROTTLING_QUOTA_EXCEEDED, RETRY, "a quota is exceeded") \
    X(90, PRODUCER_FENCED, FENCED, "a newer producer has the same transactional id, or the transaction timed out") \
    X(91, RESOURCE_NOT_FOUND, FATAL, "there is no such resource") \
    X(92, DUPLICATE_RESOURCE, FATAL, "the resource is named twice") \
    X(93, UNACCEPTABLE_CREDENTIAL, FATAL, "the credential does not meet the requirements") \
    X(94, INCONSISTENT_VOTER_SET, FATAL, "the voters of the quorum differ from what was expected") \
    X(95, INVALID_UPDATE_VERSION, FATAL, "the feature version is not valid") \
    X(96, FEATURE_UPDATE_FAILED, FATAL, "the features could not be updated") \
    X(97, PRINCIPAL_DESERIALIZATION_FAILURE, FATAL, "the broker cannot read a forwarded principal") \
    X(98, SNAPSHOT_NOT_FOUND, FATAL, "there is no such snapshot") \
    X(99, POSITION_OUT_OF_RANGE, FATAL, "the position lies outside of the snapshot") \
    X(100, UNKNOWN_TOPIC_ID, REFRESH, "the broker does not know the topic id, as after the topic was created anew") \
    X(101, DUPLICATE_BROKER_REGISTRATION, FATAL, "a broker with this id is registered already") \
    X(102, BROKER_ID_NOT_REGISTERED, FATAL, "no broker with this id is registered") \
    X(103, INCONSISTENT_TOPIC_ID, REFRESH, "the log belongs to another topic id") \
    X(104, INCONSISTENT_CLUSTER_ID, FATAL, "the broker belongs to another cluster") \
    X(105, TRANSACTIONAL_ID_NOT_FOUND, FATAL, "the coordinator knows nothing of the transactional id") \
    X(106, FETCH_SESSION_TOPIC_ID_ERROR, RETRY, "the fetch session mixes topic names and topic ids") \
    X(107, INELIGIBLE_REPLICA, FATAL, "the replica may not join the in-sync replicas") \
    X(108, NEW_LEADER_ELECTED, FATAL, "the change of in-sync replicas made another broker leader") \
    X(109, OFFSET_MOVED_TO_TIERED_STORAGE, FATAL, "the offset is found in tiered storage only") \
    X(110, FENCED_MEMBER_EPOCH, FENCED, "the member's epoch is out of date, so it has lost its partitions") \
    X(111, UNRELEASED_INSTANCE_ID, FATAL, "another member still holds the group instance id") \
    X(112, UNSUPPORTED_ASSIGNOR, FATAL, "the coordinator does not know the assignor") \
    X(113, STALE_MEMBER_EPOCH, RETRY, "the member's epoch is behind until its next heartbeat") \
    X(114, MISMATCHED_ENDPOINT_TYPE, FATAL, \
      "the request came to a broker where a controller was meant, or the reverse") \
    X(115, UNSUPPORTED_ENDPOINT_TYPE, FATAL, "this type of endpoint is not supported") \
    X(116, UNKNOWN_CONTROLLER_ID, FATAL, "there is no controller with this id") \
    X(117, UNKNOWN_SUBSCRIPTION_ID, RETRY, "the telemetry subscription has changed") \
    X(118, TELEMETRY_TOO_LARGE, FATAL, "the telemetry is larger than the broker accepts") \
    X(119, INVALID_REGISTRATION, FATAL, "the registration of a broker or controller is not valid") \
    X(120, TRANSACTION_ABORTABLE, ABORT, "the transaction failed and must be aborted, but the producer can go on") \
    X(121, INVALID_RECORD_STATE, FATAL, "the shared record is in a state that does not allow it") \
    X(122, SHARE_SESSION_NOT_FOUND, RETRY, "the broker has dropped the share session") \
    X(123, INVALID_SHARE_SESSION_EPOCH, RETRY, "the share session is at another epoch") \
    X(124, FENCED_STATE_EPOCH, FENCED, "the share coordinator knows a newer state epoch") \
    X(125, INVALID_VOTER_KEY, FATAL, "the voter's key does not match the receiving replica") \
    X(126, DUPLICATE_VOTER, FATAL, "the voter is part of the quorum already") \
    X(127, VOTER_NOT_FOUND, FATAL, "the voter is not part of the quorum") \
    X(128, INVALID_REGULAR_EXPRESSION, FATAL, "the regular expression is not valid") \
    X(129, REBOOTSTRAP_REQUIRED, REFRESH, \
      "what is known of the cluster is useless, so start from the bootstrap servers") \
    X(130, STREAMS_INVALID_TOPOLOGY, FATAL, "the topology is not valid") \
    X(131, STREAMS_INVALID_TOPOLOGY_EPOCH, FATAL, "the topology epoch is not valid") \
    X(132, STREAMS_TOPOLOGY_FENCED, FENCED, "the group runs a newer topology") \
    X(133, SHARE_SESSION_LIMIT_REACHED, RETRY, "the broker has no room for another share session") \
    X(134, GROUP_DELETION_FAILED, FATAL, "the group could not be deleted") \
    X(135, STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED, FATAL, "the description of the topology could not be stored") \
    X(136, CONTROLLER_ID_NOT_REGISTERED, FATAL, "no controller with this id is registered")

#define WEIR_CODE_CONSTANT(code, name, class, text) WEIR_CODE_##name = (code),
enum { WEIR_CODES(WEIR_CODE_CONSTANT) };
#undef WEIR_CODE_CONSTANT

/* clang-format on */

#endif
