#!/bin/sh
# Makes messages.txt anew: make-vectors.sh CLASSPATH_4_4 CLASSPATH_3_9
# The class paths hold kafka-clients 4.4.0 and 3.9.2 from Maven, each with slf4j-api. 3.9.2 is for what 4.x dropped.
set -eu
cd "$(dirname "$0")"
{
    java -cp "$1" MessageVectors.java Produce:3-13 Fetch:4-18 ListOffsets:1-11 Metadata:0-13 OffsetCommit:2-10 \
        OffsetFetch:1-10 FindCoordinator:0-6 ApiVersions:0-5 CreateTopics:2-7 DeleteTopics:1-6 InitProducerId:0-6 \
        OffsetForLeaderEpoch:2-4 AddPartitionsToTxn:0-5 AddOffsetsToTxn:0-4 EndTxn:0-5 TxnOffsetCommit:0-6 \
        DescribeConfigs:1-4 DescribeTransactions:0-0 ListTransactions:0-2
    java -cp "$2" MessageVectors.java DeleteTopics:0-0 OffsetForLeaderEpoch:0-1 DescribeConfigs:0-0
} >messages.txt
