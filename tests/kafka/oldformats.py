#!/usr/bin/env python3
"""Messages in the formats of before Kafka 0.11: brokers of 0.10, and newer ones that still store them. Kafka's own
console tools of the same release are the judge both ways."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from kafkatest import FINISH_SECONDS, WEIR, Skipped, clusters, equal, says  # noqa: E402

CODECS = ("none", "gzip", "snappy", "lz4")
RECORDS = 3000
LARGE = 700000  # bytes; a broker takes a million


def lines(codec):
    """Text that compresses, each line another."""
    return [f"{codec} {number} " + "again " * (number % 30) for number in range(RECORDS)]


def same(found, expected):
    """Fails unless two lists of values are equal; tells the first difference only."""
    for number, pair in enumerate(zip(found, expected)):
        equal(*pair, f"value {number}")
    equal(len(found), len(expected), "values")


def console(case, tool, *arguments, text=None):
    """What one of Kafka's console tools, of the broker's release, prints."""
    version = case.cluster.version
    done = subprocess.run(jars.command(jars.kafka(version), f"kafka.tools.{tool}", arguments), input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=FINISH_SECONDS, check=True)
    return done.stdout


def topic_for(case, codec):
    """Makes a topic of one partition: by weir, and where the broker has no request for it by Kafka's tool."""
    name = f"{case.name}-{codec}"
    if jars.release(case.cluster.version) >= (0, 10, 1):
        case.weir("topics create --replication-factor 1 --partitions 1", name)
        return name
    arguments = ["--zookeeper", case.cluster.zookeeper, "--create", "--topic", name, "--partitions", "1",
                 "--replication-factor", "1"]
    subprocess.run(jars.command(jars.kafka(case.cluster.version), "kafka.admin.TopicCommand", arguments), check=True,
                   stdout=sys.stderr)
    return name


def read(case, topic, count):
    """The values of the first `count` records, by Kafka's consumer."""
    chosen = ["--new-consumer"] if jars.release(case.cluster.version) < (0, 10, 1) else []
    return console(case, "ConsoleConsumer", *chosen, "--bootstrap-server", case.cluster.bootstrap, "--topic", topic,
                   "--from-beginning", "--max-messages", str(count), "--timeout-ms", "30000").splitlines()


def write(case, topic, codec, values):
    """Has Kafka's producer write values. That of 0.10.0 ends without waiting for the broker unless it is asked to."""
    console(case, "ConsoleProducer", "--broker-list", case.cluster.bootstrap, "--topic", topic, "--compression-codec",
            codec, "--request-required-acks", "-1", text="".join(value + "\n" for value in values))


def segment(case, topic):
    """What `weir decode records` makes of the file in which the broker keeps the topic."""
    data = (case.cluster.folder / "node-1" / "data" / f"{topic}-0" / f"{0:020}.log").read_bytes()
    done = subprocess.run([WEIR, "decode", "records"], input=data, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def magic(case):
    """The format that the cluster stores."""
    return 0 if "magic-0" in case.bench.variant else 1


def consumed(case, topic, *options):
    """The values that weir reads."""
    return case.weir("consume --stop latest", "--from", topic, *options)[0].splitlines()


def must_write(case):
    """Skips a test that writes where newer brokers store old formats: what producer ids need has no place there."""
    if jars.release(case.cluster.version) < (0, 11):
        return
    _, err = case.weir("produce", "--to", topic_for(case, "refused"), input=b"x\n", status=1)
    says(err, "UNSUPPORTED_FOR_MESSAGE_FORMAT")
    raise Skipped("a topic in an old format on a newer broker is only read")


def check_segment(case, topic, codec, values):
    """The broker has stored the values in the format and codec that it should have."""
    found = segment(case, topic)
    same([bytes.fromhex(record["value"]).decode() for record in found["records"]], values)
    equal({batch["magic"] for batch in found["batches"]}, {magic(case)}, "formats in the log")
    equal({batch["compression"] for batch in found["batches"]}, {codec}, "codecs in the log")
    equal([record["offset"] for record in found["records"]], list(range(len(values))), "offsets in the log")


def test_kafka_reads_what_weir_writes(case):
    """Every codec."""
    must_write(case)
    for codec in CODECS:
        topic = topic_for(case, codec)
        case.weir("produce", "--to", topic, "-X", f"compression.type={codec}",
                  input="".join(line + "\n" for line in lines(codec)).encode())
        same(read(case, topic, RECORDS), lines(codec))
        check_segment(case, topic, codec, lines(codec))


def test_weir_reads_what_kafka_writes(case):
    """Every codec, also from the middle of a compressed set on."""
    for codec in CODECS:
        topic = topic_for(case, codec)
        write(case, topic, codec, lines(codec))
        same(consumed(case, topic), lines(codec))
        check_segment(case, topic, codec, lines(codec))


def test_copy(case):
    """At least once, which is once where nothing goes wrong."""
    must_write(case)
    values = [line for codec in CODECS for line in lines(codec)]
    source, target = topic_for(case, "in"), topic_for(case, "out")
    for codec in CODECS:
        write(case, source, codec, lines(codec))
    case.weir("copy --delivery at-least-once --stop latest --from", source, "--to", target, "--checkpoint-dir",
              case.checkpoints, "-X", "compression.type=lz4")
    same(read(case, target, len(values)), values)
    same(consumed(case, target), values)


def test_messages_larger_than_a_fetch(case):
    """Brokers of 0.10.0 send no more than what is asked for, newer ones the first message whole."""
    must_write(case)
    topic = topic_for(case, "t")
    values = ["x" * size for size in (10, LARGE, 10, LARGE, 10)]
    case.weir("produce", "--to", topic, input="".join(value + "\n" for value in values).encode())
    equal([len(value) for value in consumed(case, topic, "-X", "max.partition.fetch.bytes=1024")],
          [len(value) for value in values], "lengths")


def test_what_these_brokers_lack(case):
    """Is said before anything is written, or at the first record that needs it."""
    if jars.release(case.cluster.version) >= (0, 11):
        return
    topic = topic_for(case, "t")
    case.weir("produce", "--to", topic, input=b"first\n")
    _, err = case.weir("copy --stop latest --from", topic, "--to", topic_for(case, "out"), "--checkpoint-dir",
                       case.checkpoints, status=1)
    says(err, "too old for exactly-once", "0.11")
    _, err = case.weir("produce --header a=1", "--to", topic, input=b"second\n", status=1)
    says(err, topic, "partition 0", "headers, which brokers before 0.11 cannot store")
    same(consumed(case, topic), ["first"])


VARIANTS = {
    "kafka-0.10.0.1": ("0.10.0.1",),
    "kafka-0.10.2.2": ("0.10.2.2",),
    "magic-0-on-0.10.2.2": ("0.10.2.2", "log.message.format.version=0.9.0"),
    "magic-1-on-2.8.2": ("2.8.2", "log.message.format.version=0.10.2"),
}

if __name__ == "__main__":
    sys.exit(clusters(
        "oldformats", [value for name, value in list(globals().items()) if name.startswith("test_")],
        {name: {"version": version, "config": more} for name, (version, *more) in VARIANTS.items()}))
