#!/usr/bin/env python3
"""`weir decode records` of segment files, against what Kafka's own DumpLogSegments says of them, line by line."""

import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from kafkatest import PARTITIONS, WEIR, check, equal, main, until  # noqa: E402

CODECS = {"none", "gzip", "snappy", "lz4", "zstd"}
MARKERS = {"00000000": "ABORT", "00000001": "COMMIT"}
SEQUENCES = 2**31
PLACED = ("position", "size", "crc")  # what depends on how well a codec packs
COMPACTED = ("cleanup.policy=compact", "segment.ms=500", "min.cleanable.dirty.ratio=0.01", "min.compaction.lag.ms=0",
             "delete.retention.ms=600000")


# ---- what DumpLogSegments would say ----
def text(value):
    return bytes.fromhex(value).decode()


def sequence(batch, offset):
    """Of the record at an offset; it wraps."""
    first = batch["baseSequence"]
    return -1 if first < 0 else (first + offset - batch["baseOffset"]) % SEQUENCES


def batch_line(batch, position):
    """A batch of `weir decode records` as a line of DumpLogSegments."""
    horizon = batch["deleteHorizonMs"]
    fields = {
        **{key: batch[key] for key in ("baseOffset", "lastOffset", "count", "baseSequence")},
        "lastSequence": sequence(batch, batch["lastOffset"]),
        **{key: batch[key] for key in ("producerId", "producerEpoch", "partitionLeaderEpoch", "isTransactional",
                                       "isControl")},
        "deleteHorizonMs": "OptionalLong.empty" if horizon is None else f"OptionalLong[{horizon}]",
        "position": position, batch["timestampType"]: batch["maxTimestamp"], "size": batch["sizeInBytes"],
        "magic": batch["magic"], "compresscodec": batch["compression"], "crc": batch["checksum"], "isvalid": True}
    return " ".join(f"{key}: {str(value).lower() if isinstance(value, bool) else value}"
                    for key, value in fields.items())


def record_line(batch, record):
    """The same of a record."""
    key, value = record["key"], record["value"]
    sizes = (-1 if field is None else len(field) // 2 for field in (key, value))
    line = "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]".format(
        record["offset"], record["timestampType"], record["timestamp"], *sizes,
        sequence(batch, record["offset"]), ",".join(name for name, _ in record["headers"]))
    if batch["isControl"]:
        return f"{line} endTxnMarker: {MARKERS[key]} coordinatorEpoch: {int(value[4:], 16)}"
    line += "" if key is None else f" key: {text(key)}"
    return line + ("" if value is None else f" payload: {text(value)}")


def lines_of(document):
    """A document of `weir decode records` as DumpLogSegments prints the segment."""
    position, records = 0, iter(document["records"])
    for batch in document["batches"]:
        yield batch_line(batch, position)
        yield from (record_line(batch, next(records)) for _ in range(batch["count"]))
        position += batch["sizeInBytes"]
    check(next(records, None) is None, "records that belong to no batch")


# ---- the two programs ----
def dumped(path):
    """What DumpLogSegments says of a segment."""
    done = subprocess.run(
        jars.command(jars.kafka_tools(), "org.apache.kafka.tools.DumpLogSegments",
                     ["--files", str(path), "--print-data-log", "--deep-iteration"]), capture_output=True, check=True)
    lines = done.stdout.decode().split("\n")
    return [line for line in lines if line.startswith(("baseOffset: ", "| offset: "))]


def decoded(path):
    """What `weir decode records` says of it."""
    with open(path, "rb") as segment:
        return json.loads(subprocess.run([WEIR, "decode", "records"], stdin=segment, capture_output=True,
                                         check=True).stdout)


def compare(document, dump):
    """Fails at the first line that differs, by what DumpLogSegments says there."""
    ours = list(lines_of(document))
    for number, (mine, kafka) in enumerate(zip(ours, dump)):
        equal(mine, kafka, f"line {number}")
    equal(len(ours), len(dump), "lines")


def segments(case, topic, partition=0):
    """Copies of the segment files of a partition, the active one last: both programs must see the same bytes, whatever
    the broker does meanwhile."""
    name = f"{topic}-{partition}"
    shutil.rmtree(case.folder / name, ignore_errors=True)
    (case.folder / name).mkdir()
    files = sorted((case.cluster.folder / "node-1" / "data" / name).glob("*.log"))
    return [pathlib.Path(shutil.copy(path, case.folder / name)) for path in files]


# ---- tests ----
def test_every_codec(case):
    """Batches of every codec, in and outside of transactions that are committed and aborted."""
    case.topics()
    case.fill(20000)
    batches, markers = [], set()
    for partition in range(PARTITIONS):
        segment, = segments(case, case.input, partition)
        document = decoded(segment)
        compare(document, dumped(segment))
        batches += document["batches"]
        markers |= {record["key"] for record in document["records"]} & set(MARKERS)
    equal({batch["compression"] for batch in batches}, CODECS, "codecs")
    equal(markers, set(MARKERS), "markers")
    for key in ("isTransactional", "isControl"):
        equal({batch[key] for batch in batches}, {False, True}, key)


def test_log_append_time(case):
    """The broker's time instead of the producer's."""
    case.topics(PARTITIONS, "message.timestamp.type=LogAppendTime")
    case.fill(4000)
    segment, = segments(case, case.input)
    document = decoded(segment)
    compare(document, dumped(segment))
    kinds = [batch["timestampType"] for batch in document["batches"] if not batch["isControl"]]
    equal(set(kinds), {"LogAppendTime"}, "timestamp types")


def test_encoded_again(case):
    """A segment that `weir encode records` has written of the JSON, as Kafka sees it."""
    case.topics()
    case.fill(8000)
    segment, = segments(case, case.input)
    document = decoded(segment)
    again = case.folder / segment.name
    with open(again, "wb") as out:
        subprocess.run([WEIR, "encode", "records"], input=json.dumps(document).encode(), stdout=out, check=True)
    compare(decoded(again), dumped(again))

    def bare(line):
        words = line.split(" ")
        return [word for word, before in zip(words, ["", *words]) if before.rstrip(":") not in PLACED]

    for mine, kafka in zip(dumped(again), dumped(segment), strict=True):
        equal(bare(mine), bare(kafka), "what depends on no codec")


def test_compacted(case):
    """What the log cleaner leaves: gaps, batches without records, delete horizons."""
    topic = f"{case.name}-t"
    case.tool.ask("create", topic, 1, *COMPACTED)

    def write(numbers, *options):
        lines = (json.dumps({"key": f"k{n % 50}", "value": None if n % 7 == 0 else f"v{n}", "headers": [["n", str(n)]]})
                 for n in numbers)
        case.weir("produce --json", "--to", topic, *options, input="\n".join(lines).encode())

    def cleaned():
        """The closed segments, if there is enough to see in them. It writes on, or the last of them would stay the
        active one."""
        write(range(600, 620))
        try:
            closed = segments(case, topic)[:-1]
        except FileNotFoundError:
            return None  # one has just been merged into the one before
        documents = {path: decoded(path) for path in closed}
        batches = [batch for document in documents.values() for batch in document["batches"]]
        gaps = any(batch["count"] <= batch["lastOffset"] - batch["baseOffset"] for batch in batches)
        horizons = any(batch["deleteHorizonMs"] is not None for batch in batches)
        return documents if gaps and horizons and any(batch["count"] == 0 for batch in batches) else None

    for start in range(0, 600, 150):
        write(range(start, start + 150), "--transactional-id", f"{case.name}-txn")
        write(range(start, start + 150))
    time.sleep(0.6)  # until then nothing ends the segment
    documents = until(cleaned, 60, "the log cleaner leaves gaps, a delete horizon and an empty batch")
    for path, document in documents.items():
        compare(document, dumped(path))


TESTS = [test_every_codec, test_log_append_time, test_encoded_again, test_compacted]

if __name__ == "__main__":
    sys.exit(main("segments", TESTS, config=("log.cleaner.backoff.ms=200",)))
