#!/bin/sh
# Makes messages.txt anew: make-vectors.sh CLASSPATH_4_4 CLASSPATH_3_9
# The class paths hold kafka-clients 4.4.0 and 3.9.2 from Maven, each with slf4j-api. 3.9.2 is for what 4.x dropped.
set -eu
cd "$(dirname "$0")"
{
    java -cp "$1" MessageVectors.java Produce:3-13 Fetch:4-18 ListOffsets:1-11 Metadata:0-13 OffsetCommit:2-10 \
        OffsetFetch:1-10 FindCoordinator:0-6 JoinGroup:0-9 Heartbeat:0-4 LeaveGroup:0-5 SyncGroup:0-5 \
        DescribeGroups:0-6 ListGroups:0-5 SaslHandshake:0-1 ApiVersions:0-5 CreateTopics:2-7 DeleteTopics:1-6 \
        DeleteRecords:0-2 InitProducerId:0-6 OffsetForLeaderEpoch:2-4 AddPartitionsToTxn:0-5 AddOffsetsToTxn:0-4 \
        EndTxn:0-5 WriteTxnMarkers:1-2 TxnOffsetCommit:0-6 DescribeConfigs:1-4 SaslAuthenticate:0-2 \
        CreatePartitions:0-3 DeleteGroups:0-3 DescribeCluster:0-2 DescribeProducers:0-0 DescribeTransactions:0-0 \
        ListTransactions:0-2 ConsumerGroupHeartbeat:0-1 ConsumerGroupDescribe:0-1 GetTelemetrySubscriptions:0-0 \
        PushTelemetry:0-0 DescribeTopicPartitions:0-0 RequestHeader:1-2 ResponseHeader:0-1 \
        ConsumerProtocolSubscription:0-3 ConsumerProtocolAssignment:0-3 EndTxnMarker:0-0
    java -cp "$2" MessageVectors.java Produce:0-2 Fetch:0-3 ListOffsets:0-0 OffsetCommit:0-1 OffsetFetch:0-0 \
        CreateTopics:0-1 DeleteTopics:0-0 OffsetForLeaderEpoch:0-1 WriteTxnMarkers:0-0 DescribeConfigs:0-0 \
        RequestHeader:0-0
} >messages.txt
