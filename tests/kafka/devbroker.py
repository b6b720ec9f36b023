#!/usr/bin/env python3
"""weir-devbroker under clients that it was not written for: kcat, Kafka's own, confluent-kafka; and under kill -9."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from devbroker import PROGRAM, DevBroker  # noqa: E402
from kafkatest import WEIR, Skipped, Tool, check, equal, says, until  # noqa: E402

SECONDS = 60
PYTHON = jars.cache_folder() / "python-confluent" / "bin" / "python3"

CONFLUENT = """
import json, sys
from confluent_kafka import Consumer, Producer, TopicPartition
bootstrap = sys.argv[1]
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "py", "compression.type": "zstd"})
producer.init_transactions(10)
for commit in (True, False, True):
    producer.begin_transaction()
    for n in range(100):
        producer.produce("t", key=str(n), value=("committed" if commit else "aborted"))
    producer.flush(10)
    producer.commit_transaction(10) if commit else producer.abort_transaction(10)
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g", "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed", "enable.partition.eof": False})
consumer.subscribe(["t"])
seen = []
while len(seen) < 200:
    message = consumer.poll(10)
    if message is None:
        break
    if message.error():
        raise SystemExit(str(message.error()))
    seen.append(message.value().decode())
consumer.commit(asynchronous=False)
committed = consumer.committed([TopicPartition("t", p) for p in range(3)], timeout=10)
consumer.close()
print(json.dumps({"values": sorted(set(seen)), "count": len(seen), "offsets": sum(p.offset for p in committed)}))
"""


def run(words, text=None, status=0):
    """Runs a program to its end, which has to be with that status; what it printed, and what it said."""
    done = subprocess.run(list(map(str, words)), input=text, capture_output=True, text=True, timeout=SECONDS,
                          check=False)
    check(done.returncode == status, f"{words[0]}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout, done.stderr


def kcat(broker, *words, text=None):
    """Runs kcat; the lines that it printed."""
    if shutil.which("kcat") is None:
        raise Skipped("no kcat here")
    return run(["kcat", "-b", broker.bootstrap, *words], text)[0].splitlines()


def kafka_tool(name, *words, text=None):
    """Runs one of Kafka's own command-line tools; what it printed."""
    return run(jars.command(jars.kafka_tools(), f"org.apache.kafka.tools.{name}", map(str, words)), text)[0]


def numbers(count):
    return "".join(f"{n}\n" for n in range(count))


def make_python():
    """A Python with confluent-kafka, made once in the cache folder."""
    if PYTHON.exists():
        return
    folder = PYTHON.parents[1]
    made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, check=False).returncode == 0
    got = made and subprocess.run([folder / "bin" / "pip", "install", "-q", "confluent-kafka"], capture_output=True,
                                  check=False).returncode == 0
    if not got:
        shutil.rmtree(folder, ignore_errors=True)
        raise Skipped("confluent-kafka cannot be installed here")


def weir(broker, *words, text=None):
    return run([WEIR, *words, "-b", broker.bootstrap], text)[0]


# ---- the program ----
def test_starts_quickly_and_small(_):
    """It listens at once, and an idle one is small."""
    with DevBroker("--brokers", 3, "--topic", "t:12") as broker:
        check(broker.seconds_to_start < 0.5, f"{broker.seconds_to_start:.3f} s to start")
        check(broker.peak_memory() < 10 << 20, f"{broker.peak_memory()} bytes")
        equal(broker.stop(), 0, "status")


def test_wrong_words(_):
    """A wrong command line is refused with status 2, and nothing is started."""
    for words in (["--brokers", "9"], ["--topic", "t:x"], ["--port"], ["--release", "2.0"], ["x", "y"]):
        says(run([PROGRAM, *words], status=2)[1], "weir-devbroker")
    says(run([PROGRAM, "--help"])[0], "--topic", "--dir")
    says(run([PROGRAM, "--version"])[0], "weir-devbroker")


# ---- clients ----
def test_kcat(_):
    """librdkafka writes, plain and idempotent, in every codec, and reads, by itself and in a group."""
    with DevBroker("--brokers", 2, "--topic", "t:3") as broker:
        kcat(broker, "-P", "-t", "t", text=numbers(1000))
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            kcat(broker, "-P", "-t", "t", "-z", codec, "-X", "enable.idempotence=true", text=numbers(1000))
        equal(sorted(map(int, kcat(broker, "-C", "-t", "t", "-e", "-q"))), sorted(list(range(1000)) * 5), "values")
        first = kcat(broker, "-G", "g", "-e", "-q", "-X", "auto.offset.reset=earliest", "t")
        equal(len(first), 5000, "records of the group")
        kcat(broker, "-P", "-t", "t", text=numbers(10))
        equal(len(kcat(broker, "-G", "g", "-e", "-q", "-X", "auto.offset.reset=earliest", "t")), 10, "new records")


def test_kcat_creates_topics(_):
    """--auto-create makes what is asked for."""
    with DevBroker("--auto-create") as broker:
        kcat(broker, "-P", "-t", "made", text=numbers(10))
        equal(len(kcat(broker, "-C", "-t", "made", "-e", "-q")), 10, "records")


def judged(broker, log):
    """Kafka's clients write transactions, weir copies, Kafka's consumer compares; what it finds wrong."""
    tool = Tool(broker.bootstrap, log)
    try:
        tool.ask("create", "in", 4)
        tool.ask("create", "out", 4)
        visible = tool.ask("input", "--topic", "in", "--records", 3000, "--seconds", 3)["visible"]
        run([WEIR, "copy", "-b", broker.bootstrap, "--from", "in", "--to", "out", "--job", "j", "--stop", "latest",
             "--checkpoint-dir", log.name + ".checkpoints"])
        verdict = tool.ask("judge", "--input", "in", "--output", "out", "--transactional-prefix", "j-")
        equal(verdict["visible"], visible, "visible records")
        return [key for key in ("lost", "duplicated", "misordered", "open_transactions") if verdict[key]]
    finally:
        tool.end()


def test_java_clients(folder):
    """Kafka's admin client, its transactional producers and its consumer, in every transaction version."""
    for release, version in (("4.4", 2), ("4.4", 0), ("3.9", 0)):
        with DevBroker("--brokers", 3, "--release", release, "--transaction-version", version) as broker, \
                open(folder / f"tool-{release}-{version}.log", "wb") as log:
            equal(judged(broker, log), [], f"{release}, transaction version {version}")


def test_java_tools(_):
    """Kafka's own programs: topics, console producer and consumer, groups, transactions."""
    with DevBroker("--brokers", 2) as broker:
        server = ("--bootstrap-server", broker.bootstrap)
        kafka_tool("TopicCommand", *server, "--create", "--topic", "t", "--partitions", 3)
        says(kafka_tool("TopicCommand", *server, "--describe", "--topic", "t"), "PartitionCount: 3")
        kafka_tool("ConsoleProducer", *server, "--topic", "t", text=numbers(100))
        out = kafka_tool("consumer.ConsoleConsumer", *server, "--topic", "t", "--group", "g", "--from-beginning",
                         "--max-messages", 100)
        equal(sorted(map(int, out.split())), list(range(100)), "values")
        says(kafka_tool("consumer.group.ConsumerGroupCommand", *server, "--describe", "--group", "g"), "g", "t")
        says(kafka_tool("GetOffsetShell", *server, "--topic", "t"), "t:0:", "t:2:")
        says(kafka_tool("TransactionsCommand", *server, "list"), "TransactionalId")
        kafka_tool("TopicCommand", *server, "--delete", "--topic", "t")


def test_confluent_kafka(_):
    """Python's client: transactions, and a group that commits."""
    make_python()
    with DevBroker("--brokers", 3, "--topic", "t:3") as broker:
        seen = json.loads(run([PYTHON, "-c", CONFLUENT, broker.bootstrap])[0])
        equal((seen["values"], seen["count"]), (["committed"], 200), "values")
        check(seen["offsets"] >= 200, f"committed offsets: {seen['offsets']}")


# ---- what is kept ----
def test_killed(folder):
    """Records, topics, groups and transactions survive kill -9, each time anew."""
    options = ("--brokers", 2, "--topic", "t:2", "--dir", folder / "data")
    with open(folder / "tool.log", "wb") as log:
        with DevBroker(*options) as broker:
            port = broker.port
            kcat(broker, "-P", "-t", "t", text=numbers(1000))
            equal(len(kcat(broker, "-G", "g", "-e", "-q", "-X", "auto.offset.reset=earliest", "t")), 1000, "records")
            tool = Tool(broker.bootstrap, log)
            tool.ask("begin", "x", "t", 0, "open")
            before = tool.ask("offsets", "t")
            tool.end()
            broker.kill()
        with DevBroker(*options, port=port) as broker:
            kcat(broker, "-P", "-t", "t", text=numbers(10))
            tool = Tool(broker.bootstrap, log)
            after = tool.ask("offsets", "t")
            equal(after["stable"][0], before["stable"][0], "the open transaction")
            equal(sum(after["latest"]), sum(before["latest"]) + 10, "records")
            equal(tool.ask("transactions", "x")["transactions"][0]["state"], "Ongoing", "state")
            tool.end()
            weir(broker, "transactions", "abort", "x")
            broker.kill()
        with DevBroker(*options, port=port) as broker:
            equal(len(kcat(broker, "-G", "g", "-e", "-q", "-X", "isolation.level=read_committed", "-X",
                           "auto.offset.reset=earliest", "t")), 10, "new")
            equal(len(kcat(broker, "-C", "-t", "t", "-e", "-q", "-X", "isolation.level=read_committed")), 1010, "all")


def test_killed_under_a_copy(folder):
    """An exactly-once copy goes on when its brokers die and come back."""
    options = ("--brokers", 3, "--topic", "in:4", "--topic", "out:4", "--dir", folder / "data")
    broker = DevBroker(*options)
    kcat(broker, "-P", "-t", "in", text=numbers(20000))
    copy = subprocess.Popen([WEIR, "copy", "-b", broker.bootstrap, "--from", "in", "--to", "out", "--job", "j",
                             "--checkpoint-interval", "50", "--checkpoint-dir", folder / "checkpoints"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for n in range(5):
            time.sleep(0.3)
            broker.kill()
            broker = DevBroker(*options, port=broker.port)
            kcat(broker, "-P", "-t", "in", text=numbers(1000))

        def copied():
            return len(kcat(broker, "-C", "-t", "out", "-e", "-q", "-X", "isolation.level=read_committed"))

        until(lambda: copied() >= 25000, 40, "all is copied")
        copy.terminate()
        equal(copy.wait(SECONDS), 0, "status of the copy")
        equal(sorted(map(int, kcat(broker, "-C", "-t", "out", "-e", "-q", "-X", "isolation.level=read_committed"))),
              sorted(list(range(20000)) + list(range(1000)) * 5), "records")
    finally:
        copy.kill()
        copy.wait()
        broker.kill()


def test_damage(folder):
    """What a loss of power cuts off is dropped; another file, or another cluster, is refused."""
    options = ("--topic", "t:1", "--dir", folder / "data")
    file = folder / "data" / "journal"
    with DevBroker(*options) as broker:
        for n in range(3):
            kcat(broker, "-P", "-t", "t", text=numbers(1))
        equal(broker.stop(), 0, "status")
    with open(file, "r+b") as journal:
        journal.truncate(file.stat().st_size - 3)
    with DevBroker(*options) as broker:
        kcat(broker, "-P", "-t", "t", text=numbers(1))
        check(len(kcat(broker, "-C", "-t", "t", "-e", "-q")) >= 3, "records before the cut")
        says(run([PROGRAM, "--dir", folder / "data"], status=1)[1], "lock")
        broker.stop()
    says(run([PROGRAM, "--brokers", 2, "--dir", folder / "data"], status=1)[1], "another cluster")
    file.write_bytes(b"this is no journal")
    says(run([PROGRAM, *options], status=1)[1], "not a journal")
    equal(file.read_bytes(), b"this is no journal", "the file")


TESTS = [test_starts_quickly_and_small, test_wrong_words, test_kcat, test_kcat_creates_topics, test_java_clients,
         test_java_tools, test_confluent_kafka, test_killed, test_killed_under_a_copy, test_damage]


def main(names):
    """Runs the tests that are named, or all."""
    counts = {"ok": 0, "not ok": 0, "skipped": 0}
    for test in TESTS:
        name = test.__name__[len("test_"):].replace("_", "-")
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="weir-devbroker-") as folder:
            try:
                test(pathlib.Path(folder))
                word, why = "ok", ""
            except Skipped as reason:
                word, why = "skipped", f": {reason}"
            except Exception as error:  # pylint: disable=broad-except
                word, why = "not ok", f": {error}"
                traceback.print_exc()
        counts[word] += 1
        print(f"{word} {name}{why}", flush=True)
    print(f"{counts['ok']} passed, {counts['not ok']} failed, {counts['skipped']} skipped")
    return 1 if counts["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
