"""Requests from the few values of a script. What is missing has Kafka's defaults (schema.py)."""

import batches

NO_ID = "A" * 22
_ENDLESS = "retention.ms:-1,segment.ms:9223372036854775807"  # records of 1970 stay, in one file


def _listed(value):
    return value if isinstance(value, list) else [value]


def _partitions(values):
    """The partitions of a request, `partitions=0` or `partitions=[0,1]`."""
    return _listed(values.get("partitions", 0))


def _named(values, *names):
    """A topic under the names that a request has for it, and its id."""
    return {**{name: values.get("topic", "") for name in names}, "topicId": values.get("topic_id", NO_ID)}


def _given(values, **names):
    """Of members, MEMBER=KEY, those whose key the script has."""
    return {member: values[key] for member, key in names.items() if key in values}


def _configs(text):
    """`configs=key:value,key:value`."""
    pairs = (pair.split(":", 1) for pair in filter(None, text.split(",")))
    return [{"name": name, "value": value} for name, value in pairs]


def _create_topics(values, _):
    replicas = [{"partitionIndex": n, "brokerIds": [broker]} for n, broker in enumerate(values.get("brokers", []))]
    topics = [{"name": name, "numPartitions": -1 if replicas else values.get("count", 3),
               "replicationFactor": -1 if replicas else values.get("replicas", 1), "assignments": replicas,
               "configs": _configs(_ENDLESS) + _configs(values.get("configs", ""))}
              for name in _listed(values["topic"])]
    return {"topics": topics, "timeoutMs": 30000, "validateOnly": values.get("validate", False)}


def _delete_topics(values, _):
    names = [{"name": values.get("topic"), "topicId": values.get("topic_id", NO_ID)}]
    return {"topics": names, "topicNames": _listed(values.get("topic", "")), "timeoutMs": 30000}


def _create_partitions(values, _):
    brokers = values.get("brokers")
    return {"topics": [{"name": values["topic"], "count": values["count"],
                        "assignments": brokers and [{"brokerIds": [broker]} for broker in brokers]}],
            "timeoutMs": 30000, "validateOnly": values.get("validate", False)}


def _metadata(values, _):
    if "topic" not in values and "topic_id" not in values:
        topics = values.get("topics", [])
    else:
        ids = _listed(values.get("topic_id", NO_ID))
        topics = [{"name": name, "topicId": topic_id}
                  for topic_id in ids for name in _listed(values.get("topic"))]
    return {"topics": topics, "allowAutoTopicCreation": values.get("create", False),
            **_given(values, includeTopicAuthorizedOperations="authorized",
                     includeClusterAuthorizedOperations="authorized_cluster")}


def _describe_topic_partitions(values, _):
    cursor = {"topicName": values["topic"], "partitionIndex": values["cursor"]} if "cursor" in values else None
    return {"topics": [{"name": name} for name in _listed(values["topic"])],
            "responsePartitionLimit": values.get("limit", 2000), "cursor": cursor}


def _find(values, _):
    keys = _listed(values["key"])
    return {"keyType": values.get("kind", 0), "key": "".join(keys[:1]), "coordinatorKeys": keys}


def _init(values, _):
    return {"transactionalId": values.get("id"), "transactionTimeoutMs": values.get("timeout", 60000),
            "producerId": values.get("producer", -1), "producerEpoch": values.get("epoch", -1)}


def _producer(values):
    return {"transactionalId": values["id"], "producerId": values["producer"], "producerEpoch": values["epoch"]}


def _add_partitions(values, version):
    topics = [{"name": values["topic"], "partitions": _partitions(values)}]
    if version >= 4:
        return {"transactions": [{**_producer(values), "verifyOnly": values.get("verify", False), "topics": topics}]}
    return {"v3AndBelowTransactionalId": values["id"], "v3AndBelowProducerId": values["producer"],
            "v3AndBelowProducerEpoch": values["epoch"], "v3AndBelowTopics": topics}


def _add_offsets(values, _):
    return {**_producer(values), "groupId": values["group"]}


def _end(values, _):
    return {**_producer(values), "committed": values["commit"]}


def _offsets(values):
    return [{**_named(values, "name"), "partitions": [
        {"partitionIndex": partition, "committedOffset": values["offset"],
         "committedLeaderEpoch": values.get("leader_epoch", -1),
         "committedMetadata": None if values.get("metadata", "") is None
         else values.get("metadata", "") * values.get("times", 1)}
        for partition in _partitions(values)]}]


def _member(values):
    generation = values.get("generation", -1)
    return {"groupId": values["group"], "generationIdOrMemberEpoch": generation, "memberId": values.get("member", ""),
            "groupInstanceId": values.get("instance")}


def _txn_commit(values, _):
    return {**_producer(values), **_member(values), "topics": _offsets(values)}


def _commit(values, version):
    # Retention was a member of versions 2 to 4.
    return {**_member(values), **({"retentionTimeMs": -1} if 2 <= version <= 4 else {}), "topics": _offsets(values)}


def _offset_fetch(values, version):
    topics = [{**_named(values, "name"), "partitionIndexes": _partitions(values)}]
    if values.get("all"):
        topics = None
    stable = {"requireStable": values.get("stable", False)}
    if version < 8:
        return {"groupId": values["group"], "topics": topics, **stable}
    return {"groups": [{"groupId": group, "memberId": values.get("member"),
                        "memberEpoch": values.get("member_epoch", -1), "topics": topics}
                       for group in _listed(values["group"])], **stable}


def _heartbeat(values, _):
    member = _member(values)
    del member["generationIdOrMemberEpoch"]
    return {**member, "generationId": values["generation"]}


def _join(values, _):
    protocols = [{"name": name, "metadata": values.get("metadata", "AAE=")}
                 for name in str(values.get("protocols", "range")).split(",") if name]
    member = _member(values)
    del member["generationIdOrMemberEpoch"]
    return {**member, "sessionTimeoutMs": values.get("session", 30000),
            "rebalanceTimeoutMs": values.get("rebalance", 30000), "protocolType": values.get("type", "consumer"),
            "protocols": protocols, "reason": values.get("reason")}


def _sync(values, version):
    pairs = (pair.rsplit(":", 1) for pair in filter(None, str(values.get("assign", "")).split(",")))
    types = {"protocolType": values.get("type"), "protocolName": values.get("protocol")} if version >= 5 else {}
    return {**_heartbeat(values, version), **types,
            "assignments": [{"memberId": member, "assignment": what} for member, what in pairs]}


def _leave(values, _):
    members = [{"memberId": member, "groupInstanceId": values.get("instance")}
               for member in _listed(values.get("member", ""))]
    return {"groupId": values["group"], "memberId": members[0]["memberId"] if members else "", "members": members}


def _produce(values, _):
    topics = [{**_named(values, "name"), "partitionData": [
        {"index": partition, "records": values["built"]} for partition in _partitions(values)]}]
    return {"transactionalId": values.get("id"), "acks": values.get("acks", -1), "timeoutMs": 30000,
            "topicData": topics}


def _fetched(values):
    if values.get("none"):
        return []
    offsets = values.get("offset", 0)
    return [{**_named(values, "topic"), "partitions": [
        {"partition": partition, "fetchOffset": offsets[n] if isinstance(offsets, list) else offsets,
         "currentLeaderEpoch": values.get("leader_epoch", -1), "lastFetchedEpoch": values.get("fetched_epoch", -1),
         "logStartOffset": -1, "partitionMaxBytes": values.get("partition_max", 1048576)}
        for n, partition in enumerate(_partitions(values))]}]


def _fetch(values, version):
    forgotten = [{**_named(values, "topic"), "partitions": _listed(values["forget"])}] if "forget" in values else []
    session = {"sessionId": values.get("session", 0), "sessionEpoch": values.get("session_epoch", -1)}
    return {"maxWaitMs": values.get("wait", 0), "minBytes": values.get("min", 0),
            "maxBytes": values.get("max", 52428800), "isolationLevel": values.get("isolation", 0),
            **(session if version >= 7 else {}), "topics": _fetched(values),
            "forgottenTopicsData": forgotten if version >= 7 else []}


def _list_offsets(values, version):
    partitions = [{"partitionIndex": partition, "currentLeaderEpoch": values.get("leader_epoch", -1),
                   "timestamp": values["at"]} for partition in _partitions(values)]
    return {"replicaId": values.get("replica", -1), "isolationLevel": values.get("isolation", 0) if version >= 2 else 0,
            "topics": [{"name": values["topic"], "partitions": partitions}]}


def _leader_epoch(values, _):
    return {"replicaId": values.get("replica", -1), "topics": [{"topic": values["topic"], "partitions": [
        {"partition": partition, "currentLeaderEpoch": values.get("leader_epoch", -1),
         "leaderEpoch": values["of"]} for partition in _partitions(values)]}]}


def _delete_records(values, _):
    return {"topics": [{"name": values["topic"], "partitions": [
        {"partitionIndex": partition, "offset": values["before"]} for partition in _partitions(values)]}],
        "timeoutMs": 30000}


def _describe_producers(values, _):
    return {"topics": [{"name": values["topic"], "partitionIndexes": _partitions(values)}]}


def _describe_transactions(values, _):
    return {"transactionalIds": _listed(values["id"])}


def _list_transactions(values, _):
    return {"stateFilters": _listed(values.get("states", [])),
            "producerIdFilters": _listed(values.get("producers", [])),
            "durationFilter": values.get("longer", -1), **_given(values, transactionalIdPattern="pattern")}


def _describe_configs(values, _):
    keys = [key for key in str(values["keys"]).split(",") if key]
    return {"resources": [{"resourceType": values.get("kind", 2), "resourceName": str(values["name"]),
                           "configurationKeys": keys}], "includeSynonyms": values.get("synonyms", False)}


def _groups(values, _):
    return {"groups": _listed(values["group"]), "includeAuthorizedOperations": values.get("authorized", False)}


def _delete_groups(values, _):
    return {"groupsNames": _listed(values["group"])}


def _list_groups(values, _):
    return {"statesFilter": _listed(values.get("states", [])), "typesFilter": _listed(values.get("types", []))}


def _api_versions(values, _):
    return {"clientSoftwareName": values.get("name", "weir"), "clientSoftwareVersion": values.get("software", "1.0"),
            **_given(values, clusterId="cluster", nodeId="node")}


def _write_markers(values, _):
    return {"markers": [{"producerId": values["producer"], "producerEpoch": values["epoch"],
                         "transactionResult": values["commit"], "coordinatorEpoch": values.get("coordinator", 0),
                         "topics": [{"name": values["topic"], "partitionIndexes": _partitions(values)}]}]}


_FILL = {
    "AddOffsetsToTxn": _add_offsets, "AddPartitionsToTxn": _add_partitions, "ApiVersions": _api_versions,
    "CreatePartitions": _create_partitions, "CreateTopics": _create_topics, "DeleteGroups": _delete_groups,
    "DeleteRecords": _delete_records, "DeleteTopics": _delete_topics, "DescribeCluster": lambda *_: {},
    "DescribeConfigs": _describe_configs, "DescribeGroups": _groups, "DescribeProducers": _describe_producers,
    "DescribeTopicPartitions": _describe_topic_partitions, "DescribeTransactions": _describe_transactions,
    "EndTxn": _end, "Fetch": _fetch, "FindCoordinator": _find, "Heartbeat": _heartbeat, "InitProducerId": _init,
    "JoinGroup": _join, "LeaveGroup": _leave, "ListGroups": _list_groups, "ListOffsets": _list_offsets,
    "ListTransactions": _list_transactions, "Metadata": _metadata, "OffsetCommit": _commit,
    "OffsetFetch": _offset_fetch, "OffsetForLeaderEpoch": _leader_epoch, "Produce": _produce, "SyncGroup": _sync,
    "TxnOffsetCommit": _txn_commit, "WriteTxnMarkers": _write_markers}


def fill(name, version, values, encode):
    """The members of a request, of all versions; `encode` makes record sets of documents."""
    if name == "Produce":
        values = {**values, "built": batches.build(encode, values)}
    return _FILL[name](values, version)
