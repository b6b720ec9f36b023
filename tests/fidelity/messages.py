"""Requests filled in from a few values, and what is worth comparing of their responses."""

# Kafka's key, and the first flexible version.
API = {
    "OffsetCommit": (8, 8), "OffsetFetch": (9, 6), "FindCoordinator": (10, 3), "Heartbeat": (12, 4),
    "CreateTopics": (19, 5), "InitProducerId": (22, 2), "AddPartitionsToTxn": (24, 3), "AddOffsetsToTxn": (25, 3),
    "EndTxn": (26, 3), "TxnOffsetCommit": (28, 3), "DescribeTransactions": (65, 0)}


def _partitions(values):
    """The partitions of a request, `partitions=0` or `partitions=[0,1]`."""
    given = values.get("partitions", 0)
    return given if isinstance(given, list) else [given]


def _create_topics(_, values):
    return {"topics": [{"name": values["topic"], "numPartitions": 3, "replicationFactor": 1, "assignments": [],
                        "configs": []}], "timeoutMs": 30000, "validateOnly": False}


def _find(_, values):
    return {"keyType": values["kind"], "coordinatorKeys": [values["key"]]}


def _init(version, values):
    return {"transactionalId": values.get("id"), "transactionTimeoutMs": values.get("timeout", 60000),
            **({"producerId": values.get("producer", -1), "producerEpoch": values.get("epoch", -1)}
               if version >= 3 else {})}


def _producer(values):
    return {"transactionalId": values["id"], "producerId": values["producer"], "producerEpoch": values["epoch"]}


def _add_partitions(_, values):
    return {"v3AndBelowTransactionalId": values["id"], "v3AndBelowProducerId": values["producer"],
            "v3AndBelowProducerEpoch": values["epoch"],
            "v3AndBelowTopics": [{"name": values["topic"], "partitions": _partitions(values)}]}


def _add_offsets(_, values):
    return {**_producer(values), "groupId": values["group"]}


def _end(_, values):
    return {**_producer(values), "committed": values["commit"]}


def _committed(version, values, first):
    return [{"name": values["topic"], "partitions": [
        {"partitionIndex": partition, "committedOffset": values["offset"],
         **({"committedLeaderEpoch": -1} if version >= first else {}),
         "committedMetadata": values.get("metadata", "") * values.get("times", 1)}
        for partition in _partitions(values)]}]


def _member(values):
    return {"memberId": values.get("member", ""), "groupInstanceId": values.get("instance")}


def _txn_commit(version, values):
    generation = values.get("generation", -1)
    who = {"generationIdOrMemberEpoch": generation, **_member(values)} if version >= 3 else {}
    return {**_producer(values), "groupId": values["group"], **who, "topics": _committed(version, values, 2)}


def _commit(version, values):
    member = _member(values)
    if version < 7:
        del member["groupInstanceId"]
    return {"groupId": values["group"], "generationIdOrMemberEpoch": values.get("generation", -1), **member,
            "topics": _committed(version, values, 6)}


def _fetch(version, values):
    topics = [{"name": values["topic"], "partitionIndexes": _partitions(values)}]
    stable = {"requireStable": values.get("stable", False)} if version >= 7 else {}
    if version < 8:
        return {"groupId": values["group"], "topics": topics, **stable}
    member = {"memberId": None, "memberEpoch": -1} if version >= 9 else {}
    return {"groups": [{"groupId": values["group"], **member, "topics": topics}], **stable}


def _describe(_, values):
    return {"transactionalIds": [values["id"]]}


def _heartbeat(_, values):
    return {"groupId": values["group"], "generationId": values["generation"], **_member(values)}


_FILL = {
    "CreateTopics": _create_topics, "FindCoordinator": _find, "InitProducerId": _init,
    "AddPartitionsToTxn": _add_partitions, "AddOffsetsToTxn": _add_offsets, "EndTxn": _end,
    "TxnOffsetCommit": _txn_commit, "OffsetFetch": _fetch, "OffsetCommit": _commit, "DescribeTransactions": _describe,
    "Heartbeat": _heartbeat}

# Of these members the values differ between clusters, or from one run to the next.
_HIDDEN = {"throttleTimeMs", "transactionStartTimeMs", "topicId", "errorMessage"}


def fill(name, version, values):
    """The document of a request."""
    return _FILL[name](version, values)


def codes(document):
    """All error codes in a document."""
    if isinstance(document, list):
        return [code for item in document for code in codes(item)]
    if not isinstance(document, dict):
        return []
    own = [value for key, value in document.items() if key in ("errorCode", "partitionErrorCode")]
    return own + [code for value in document.values() for code in codes(value)]


def show(name, document):
    """What is compared of a response."""
    if name == "DescribeTransactions":
        return show("", document["transactionStates"][0])
    return {key: _in_order(value) for key, value in document.items() if key not in _HIDDEN}


def _in_order(value):
    """The same with partitions in the order of their numbers: brokers answer in that of a hash table."""
    if isinstance(value, dict):
        return {key: _in_order(member) for key, member in value.items()}
    if not isinstance(value, list):
        return value
    return sorted(map(_in_order, value), key=_number)


def _number(item):
    return item.get("partitionIndex", 0) if isinstance(item, dict) else 0
