#!/usr/bin/env python3
"""What weir can do with one release of Kafka: a broker of it, and its own producer and consumer as witnesses.

usage: release.py VERSION [FEATURE…]

Prints `ok FEATURE`; `ok FEATURE: n.a.: what` where the release lacks what a part of it needs, and weir has said so in
plain words; or `not ok FEATURE: why`. Ends with `N passed, N failed`.
"""

import base64
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from copyjob import CopyRun  # noqa: E402
from kafka import Cluster  # noqa: E402
from kafkatest import WEIR, Tool, check, equal, failed_because, says  # noqa: E402

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")  # in the order of their numbers
RECORDS = 400  # for each codec
COPIED, COPY_PARTITIONS, COPY_SECONDS, KILLS = 6000, 4, 6, 3
TRANSACTION = 25  # records
FINISH_SECONDS = 60
UNREACHED_MS = 15000  # after which weir gives up a broker


class Release:
    """A broker, its witness, and a folder."""

    def __init__(self, version):
        self.version, self.number = version, jars.release(version)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-matrix-"))
        self.cluster = Cluster.start(version)
        try:
            with open(self.folder / "witness.log", "wb") as log:
                self.witness = Tool(self.cluster.bootstrap, log, "Witness", version)
        except BaseException:
            self.cluster.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.witness.end()
        self.cluster.stop()
        shutil.rmtree(self.folder)

    def codecs(self):
        """The codecs that the broker knows."""
        return CODECS if self.number >= (2, 1) else CODECS[:-1]

    def weir(self, *words, input=b"", status=0):
        """Runs a command of weir to its end, which has to be with that status; (stdout, stderr)."""
        command = [str(WEIR), *words[0].split(), *map(str, words[1:]), "-b", self.cluster.bootstrap, "-X",
                   f"default.api.timeout.ms={UNREACHED_MS}"]
        done = subprocess.run(command, input=input, capture_output=True, timeout=FINISH_SECONDS, check=False)
        check(done.returncode == status, f"weir {' '.join(map(str, words))}: status {done.returncode} instead of "
                                         f"{status}: {done.stderr.decode()}")
        return done.stdout.decode(), done.stderr.decode()

    def events(self, *words):
        """The JSON objects that a command of weir prints."""
        return [json.loads(line) for line in self.weir(*words)[0].split("\n") if line]

    def topic(self, name, partitions):
        """Makes a topic that keeps old records: by weir, and where that cannot be by Kafka's tool."""
        if self.number >= (0, 10, 1):
            self.weir("topics create --replication-factor 1 --config retention.ms=-1 --partitions", partitions, name)
            return
        arguments = ["--zookeeper", self.cluster.zookeeper, "--create", "--topic", name, "--partitions",
                     str(partitions), "--replication-factor", "1", "--config", "retention.ms=-1"]
        subprocess.run(jars.command(jars.kafka(self.version), "kafka.admin.TopicCommand", arguments), check=True,
                       stdout=sys.stderr)

    def write(self, topic, codec, records, seconds=0, transactional_id=None):
        """Begins to have Kafka's producer write `records`; its answer is to be received."""
        path = self.folder / f"{topic}-{codec}"
        path.write_text("".join(f"{record}\n" for record in records), "ascii")
        self.witness.send("write", topic, codec, seconds, path, *([transactional_id] if transactional_id else []))

    def read(self, topic):
        """What Kafka's consumer sees: a list of records for each partition that has some."""
        path = self.folder / f"{topic}-read"
        self.witness.ask("read", topic, "read_committed", path)
        return by_partition(map(Record.parse, path.read_text("ascii").splitlines()))

    def codec_of(self, topic, partition):
        """The codec of the first batch in the log of the broker."""
        log = self.cluster.folder / "node-1" / "data" / f"{topic}-{partition}" / f"{0:020}.log"
        start = log.read_bytes()[:23]
        return CODECS[start[22 if start[16] == 2 else 17] & 7]


class Record:
    """What is written and read: bytes or None as key and value."""

    def __init__(self, partition, timestamp, key, value):
        self.partition, self.content = partition, (timestamp, key, value)

    def __str__(self):
        words = ["-" if item is None else "x" + item.hex() for item in self.content[1:]]
        return f"{self.partition} {self.content[0]} {' '.join(words)}"

    @classmethod
    def parse(cls, line):
        """The inverse of str()."""
        partition, timestamp, *words = line.split()
        return cls(int(partition), int(timestamp), *(None if w == "-" else bytes.fromhex(w[1:]) for w in words))

    @classmethod
    def random(cls, randomness, partition, number):
        """Some are empty, some null, some are text that is easily compressed, some any bytes."""
        key = randomness.choice((None, b"", b"key-%d" % number))
        value = randomness.choice((None, b"", b"value %d " % number * 20, randomness.randbytes(number % 500)))
        return cls(partition, 1700000000000 + number, key, value)

    def json(self):
        """A line for `weir produce --json`."""
        timestamp, *both = self.content
        key, value = (item and {"base64": base64.b64encode(item).decode()} if item != b"" else "" for item in both)
        return json.dumps({"partition": self.partition, "timestamp": timestamp, "key": key, "value": value}) + "\n"

    @classmethod
    def of_json(cls, found):
        """Of a line of `weir consume --json`."""
        return cls(found["partition"], found["timestamp"], *(
            base64.b64decode(item["base64"]) if isinstance(item, dict) else item if item is None else item.encode()
            for item in (found["key"], found["value"])))


def by_partition(records):
    """What is to be equal: the contents in order, for each partition that has some."""
    found = {}
    for record in records:
        found.setdefault(record.partition, []).append(record.content)
    return found


def same(found, expected, what):
    """Fails unless two results of by_partition are equal; tells the first difference only."""
    for partition in sorted(expected.keys() | found.keys()):
        one, other = found.get(partition, []), expected.get(partition, [])
        equal(len(one), len(other), f"{what}: records in partition {partition}")
        for number, pair in enumerate(zip(one, other)):
            equal(*pair, f"{what}: record {number} of partition {partition}")


def some_records(seed, partition, count=RECORDS):
    """Records to be written."""
    randomness = random.Random(seed)
    return [Record.random(randomness, partition, number) for number in range(count)]


def says_lacking(words, api):
    """Fails unless a message says that the broker lacks an API."""
    says(words, "do not offer", api)


# ---- features: functions of a Release that return why a part is not applicable, or None ----
def feature_produce(release):
    """Every codec, in a partition of its own, as Kafka's consumer reads it."""
    release.topic("produced", len(CODECS))
    expected = []
    for partition, codec in enumerate(release.codecs()):
        records = some_records(codec, partition)
        expected += records
        release.weir(f"produce --json --to produced -X compression.type={codec}",
                     input="".join(record.json() for record in records).encode())
        equal(release.codec_of("produced", partition), codec, "codec in the log")
    same(release.read("produced"), by_partition(expected), "what Kafka's consumer reads")
    if "zstd" in release.codecs():
        return None
    _, err = release.weir("produce --to produced -X compression.type=zstd", input=b"x" * 5000 + b"\n", status=1)
    says(err, "zstd")
    return "zstd, before 2.1"


def feature_consume(release):
    """What Kafka's producer wrote with every codec."""
    release.topic("consumed", len(CODECS))
    expected = []
    for partition, codec in enumerate(release.codecs()):
        records = some_records(codec + "-kafka", partition)
        expected += records
        release.write("consumed", codec, records)
        release.witness.receive()
        equal(release.codec_of("consumed", partition), codec, "codec in the log")
    found = map(Record.of_json, release.events("consume --json --from consumed --stop latest"))
    same(by_partition(found), by_partition(expected), "what weir reads")
    return None if "zstd" in release.codecs() else "zstd, before 2.1"


def feature_topics(release):
    """List, describe, create, grow, delete, as Kafka's consumer sees it."""
    release.topic("seen", 2)
    check("seen" in release.weir("topics list")[0].split(), "the topic is not listed")
    described, = release.events("topics describe --json seen")
    equal([part["leader"] for part in described["partitions"]], [1, 1], "leaders")
    _, err = release.weir("topics describe no-such-topic", status=1)
    says(err, "no-such-topic", "does not exist")
    if release.number < (0, 10, 1):
        says_lacking(release.weir("topics create --partitions 1 --replication-factor 1 other", status=1)[1],
                     "CreateTopics")
        says_lacking(release.weir("topics delete seen", status=1)[1], "DeleteTopics")
    if release.number < (1,):
        says_lacking(release.weir("topics grow --partitions 4 seen", status=1)[1], "CreatePartitions")
    else:
        release.weir("topics grow --partitions 4 seen")
        equal(release.witness.ask("topics")["topics"]["seen"], 4, "partitions that Kafka's consumer sees")
    if release.number < (0, 10, 1):
        return "create and delete, before 0.10.1; grow, before 1.0"
    release.weir("topics delete seen")
    check("seen" not in release.witness.ask("topics")["topics"], "Kafka's consumer sees a deleted topic")
    return "grow, before 1.0" if release.number < (1,) else None


def feature_offsets(release):
    """The ends of a topic, and a group of Kafka's consumer."""
    release.topic("read", 2)
    records = some_records("group", 0, 30) + some_records("group", 1, 20)
    release.write("read", "none", records)
    release.witness.receive()
    equal(release.weir("consume --from read --start latest --stop latest")[0], "", "from the end to the end")
    equal(len(release.events("consume --json --from read --start earliest --stop latest")), 50, "records in all")
    watch_group(release, "classic-group", "classic")
    _, err = release.weir("groups describe no-such-group", status=1)
    says(err, "no-such-group")
    _, err = release.weir("groups offsets no-such-group", status=1)
    says(err, "no-such-group")
    if release.number >= (4,):
        watch_group(release, "consumer-group", "consumer", "group.protocol=consumer")
    return None


def watch_group(release, group, kind, *properties):
    """A group of one member that has read topic "read"."""
    end = release.events("consume --json --from read --stop latest")
    ends = [sum(record["partition"] == partition for record in end) for partition in (0, 1)]
    joined = release.witness.ask("join", group, "read", sum(ends), *properties)
    equal(joined["committed"], ends, "what Kafka's consumer has committed")
    listed = {found["group"]: found for found in release.events("groups list --json")}
    check(group in listed, f"{group} is not listed: {listed}")
    equal(listed[group].get("type", kind).lower(), kind, "type in the list")
    described, = release.events("groups describe --json", group)
    member, = described["members"]
    equal((described["type"], described["state"], described["protocol_type"]), (kind, "Stable", "consumer"), "group")
    equal((member["client_id"], "127.0.0.1" in member["host"]), (f"{group}-client", True), "member")
    equal(sorted(item["partition"] for item in member["assignment"]), [0, 1], "partitions of the member")
    release.weir("produce --to read --partition 1", input=b"one\ntwo\n")
    offsets = release.events("groups offsets --json", group)
    equal([(item["topic"], item["partition"], item["committed"], item["end"], item["lag"]) for item in offsets],
          [("read", 0, ends[0], ends[0], 0), ("read", 1, ends[1], ends[1] + 2, 2)], "offsets")
    release.witness.ask("leave", group)


def feature_copy(release):
    """Exactly once, killed again and again, with transactions in the input; at least once where there are none."""
    for topic in ("in", "out"):
        release.topic(topic, COPY_PARTITIONS)
    exactly = release.number >= (0, 11)
    lines, visible = copy_input(exactly)
    release.write("in", "lz4", lines, COPY_SECONDS if exactly else 0, "input" if exactly else None)
    if not exactly:
        release.witness.receive()
        _, err = release.weir("copy --from in --to out --stop latest --checkpoint-dir", release.folder / "refused",
                              status=1)
        says(err, "0.11")
    kill_and_finish(release, exactly)
    same(release.read("in"), visible, "the input")
    same(release.read("out"), visible, "the output")
    return None if exactly else "exactly-once, before 0.11; at-least-once is"


def copy_input(transactional):
    """The lines for the witness, and what is visible in the end. Every fifth transaction is aborted."""
    randomness, lines, visible = random.Random(5), [], []
    for start in range(0, COPIED, TRANSACTION):
        records = [Record.random(randomness, randomness.randrange(COPY_PARTITIONS), start + n)
                   for n in range(TRANSACTION)]
        aborted = transactional and randomness.random() < 0.2
        lines += ["begin", *records, "abort" if aborted else "commit"] if transactional else records
        visible += [] if aborted else records
    return lines, by_partition(visible)


def kill_and_finish(release, exactly):
    """Runs the copy; if it is to be exactly once, it is killed before, and the input flows."""
    checkpoints = release.folder / "checkpoints"
    checkpoints.mkdir()
    command = [str(WEIR), "copy", "-b", release.cluster.bootstrap, "--from", "in", "--to", "out", "--job", "matrix",
               "--checkpoint-dir", str(checkpoints), "--checkpoint-interval", "200", "--json", "--quiet", "--delivery",
               "exactly-once" if exactly else "at-least-once"]
    moments = random.Random(release.version)
    with open(release.folder / "copy.log", "ab") as log:
        for number in range(KILLS if exactly else 0):
            run = CopyRun([*command, "--stop", "never"], log)
            started = run.wait_for("started", FINISH_SECONDS / 2)
            run.wait(moments.uniform(0.3, 1.5))
            killed = run.kill()
            check(started and killed, f"run {number + 1} ended with status {run.status}: {copy_words(release)}")
        if exactly:
            answer = release.witness.receive()
            check("error" not in answer, f"the input failed: {answer}")
        run = CopyRun([*command, "--stop", "latest"], log)
        status = run.wait(FINISH_SECONDS)
        run.kill()
    equal((status, run.event("finished") is not None), (0, True), f"the last run: {copy_words(release)}")


def copy_words(release):
    """The last that the copy said."""
    return " / ".join((release.folder / "copy.log").read_text("utf-8", "replace").splitlines()[-4:])


FEATURES = {name.removeprefix("feature_"): function for name, function in list(globals().items())
            if name.startswith("feature_")}


def main():
    """Status 0 if every feature is as it should be."""
    version, *wanted = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    passed = failed = 0
    with Release(version) as release:
        for name in wanted or FEATURES:
            began = time.monotonic()
            try:
                lacking = FEATURES[name](release)
            except Exception as error:  # whatever it is, the other features go on
                failed += 1
                print(f"not ok {name}: {failed_because(error)}", flush=True)
            else:
                passed += 1
                print(f"ok {name}" + (f": n.a.: {lacking}" if lacking else ""), flush=True)
            print(f"  {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
