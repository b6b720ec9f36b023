#!/usr/bin/env python3
"""The commands around the copy: consume, produce, topics and transactions against a real broker."""

import json
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafkatest import PARTITIONS, WEIR, check, equal, main, says, until  # noqa: E402


# ---- consume and produce ----
def test_consume_json_into_produce_json(case):
    """The two are a pipe through which records pass unchanged."""
    case.topics()
    visible = case.fill(5000)
    out, _ = case.weir("consume --json --stop latest", "--from", case.input)
    equal(len(out.splitlines()), visible, "lines")
    case.weir("produce --json", "--to", case.output, input=out.encode())
    case.judge(visible)


def test_bytes_that_are_no_text(case):
    """Any byte survives the pipe."""
    case.topics(1)
    values = [{"base64": "//79AAEC"}, "\u0000\u001f \"\\/\u007f\u2028", None, "", {"base64": "gA=="}]
    lines = "".join(json.dumps({"key": value, "value": value, "headers": [["h", value]]}) + "\n" for value in values)
    case.weir("produce --json", "--to", case.input, input=lines.encode())
    read = case.lines("consume --json --stop latest", "--from", case.input)
    for member in ("key", "value"):
        equal([record[member] for record in read], values, member)
    equal([record["headers"] for record in read], [[["h", value]] for value in values], "headers")
    out, _ = case.weir("consume --json --stop latest", "--from", case.input)
    case.weir("produce --json", "--to", case.output, input=out.encode())
    case.judge(len(values))


def test_isolation(case):
    """Records of open and aborted transactions are read only if asked for."""
    case.topics(1)
    case.weir("produce", "--to", case.input, input=b"before\n")
    case.tool.ask("begin", f"{case.name}-txn", case.input, 0, "open")
    case.weir("produce", "--to", case.input, input=b"after\n")

    def values(*options):
        return case.weir("consume --stop latest", "--from", case.input, *options)[0].split()

    equal(values(), ["before"], "read_committed while a transaction is open")
    equal(values("--isolation", "read_uncommitted"), ["before", "open", "after"], "read_uncommitted")
    case.weir("transactions abort", f"{case.name}-txn")
    until(lambda: values() == ["before", "after"], 10, "read_committed after the abort")


def test_format(case):
    """Every letter of --format."""
    case.topics(2)
    line = json.dumps({"key": "k", "value": "v w", "partition": 1, "timestamp": 1234567890123,
                       "headers": [["a", "1"], ["b", None]]})
    tombstone = json.dumps({"key": None, "value": None, "partition": 1, "timestamp": 5})
    case.weir("produce --json", "--to", case.input, input=f"{line}\n{tombstone}\n".encode())

    def formatted(text):
        return case.weir("consume --stop latest", "--from", case.input, "--format", text)[0]

    equal(formatted(r"%t %p %o\n"), f"{case.input} 1 0\n{case.input} 1 1\n", "topic, partition, offset")
    equal(formatted(r"%k|%s|%T|%K|%S\n"), "k|v w|1234567890123|1|3\n||5|-1|-1\n", "key, value, timestamp, lengths")
    equal(formatted(r"%%\t\x41;"), "%\tA;%\tA;", "escapes")
    says(formatted(r"%h\n").splitlines()[0], "a=1", "b")
    equal(formatted(r"%s")[:3], "v w", "no newline of its own")


def test_count_and_start(case):
    """-n ends the command, --start latest begins at the end."""
    case.topics(1)
    case.weir("produce", "--to", case.input, input=b"".join(b"%d\n" % n for n in range(1000)))
    equal(case.weir("consume -n 3", "--from", case.input)[0], "0\n1\n2\n", "the first three")
    equal(case.weir("consume --start latest --stop latest", "--from", case.input)[0], "", "from the end to the end")
    equal(case.weir("consume --stop latest", "--from", case.input)[0].count("\n"), 1000, "lines")


def test_consume_ends_by_signal(case):
    """What has been read is printed, and the status is 0."""
    case.topics(1)
    case.weir("produce", "--to", case.input, input=b"one\ntwo\n")
    command = [WEIR, "consume", "-b", case.cluster.bootstrap, "--from", case.input]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            equal([process.stdout.readline(), process.stdout.readline()], ["one\n", "two\n"], "lines")
            process.send_signal(signal.SIGTERM)
            equal(process.wait(10), 0, "exit status")
        finally:
            process.kill()


def test_produce_options(case):
    """Keys, partitions and headers from the command line."""
    case.topics()
    case.weir("produce --partition 2 --header a=1 --header a=2", "--to", case.output, "--key-separator", ":",
              input=b"k:v:w\nno separator\n")
    found = case.records()
    equal([(r["partition"], r["key"], r["value"]) for r in found], [(2, "k", "v:w"), (2, None, "no separator")],
          "records")
    equal([r["headers"] for r in found], [[["a", "1"], ["a", "2"]]] * 2, "headers")


def test_partition_of_a_key(case):
    """As Kafka's own client would choose it: murmur2 of the key."""
    case.topics()
    keys = {"key-0": 0, "foobar": None}
    case.weir("produce", "--to", case.output, "--key-separator", ":", input=b"".join(
        key.encode() + b":v\n" for key in keys for _ in range(3)))
    for record in case.records():
        equal(record["partition"], murmur2(record["key"].encode()) % PARTITIONS, f"partition of {record['key']}")


def murmur2(data):
    """Kafka's hash of a key, made positive."""
    mask, mixer = 0xffffffff, 0x5bd1e995
    hashed = 0x9747b28c ^ len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at:at + 4], "little") * mixer & mask
        hashed = hashed * mixer & mask ^ (word ^ word >> 24) * mixer & mask
    if data[whole:]:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * mixer & mask
    hashed = (hashed ^ hashed >> 13) * mixer & mask
    return (hashed ^ hashed >> 15) & 0x7fffffff


def test_produce_refuses_bad_input(case):
    """The line is named."""
    case.topics(1)
    for line, *words in ((b"{", "line 2"), (b'{"value": 5}', "line 2", "value"), (b'{"partition": 7}', "line 2", "7")):
        _, err = case.weir("produce --json", "--to", case.output, input=b'{"value": "good"}\n' + line + b"\n", status=1)
        says(err, *words)


def test_produce_to_an_unknown_topic(case):
    _, err = case.weir("produce --to no-such-topic", "-X", "default.api.timeout.ms=8000", input=b"a\n", status=2)
    says(err, "no-such-topic", "topics create")


def test_produce_transactional(case):
    """All lines or none: an error in the input aborts those before it."""
    case.topics(1)
    produce = ("produce --json --transactional-id", f"{case.name}-txn", "--to", case.output)
    good = b"".join(b'{"value": "%d"}\n' % n for n in range(1000))
    case.weir(*produce, input=good)
    equal(len(case.records()), 1000, "visible records")
    case.weir(*produce, input=good + b"not json\n", status=1)
    equal(len(case.records()), 1000, "visible records after the abort")
    listed = case.tool.ask("transactions", f"{case.name}-txn")["transactions"]
    check(listed and all(entry["state"] in ("Empty", "CompleteCommit", "CompleteAbort", "PrepareAbort")
                         for entry in listed), f"{listed}")


def test_produce_transactional_killed(case):
    """What a killed producer leaves is not visible, and the next one with its id ends it."""
    case.topics(1)
    produce = ["produce", "-b", case.cluster.bootstrap, "--transactional-id", f"{case.name}-txn", "--to", case.output]
    with subprocess.Popen([WEIR, *produce], stdin=subprocess.PIPE) as process:
        process.stdin.write(b"x" * 99 + b"\n")
        process.stdin.write(b"".join(b"%099d\n" % n for n in range(20000)))
        process.stdin.flush()
        until(lambda: case.tool.ask("offsets", case.output)["latest"][0] > 0, 20, "records arrive")
        process.kill()
        process.wait()
    equal(case.records(), [], "visible records")
    states = {entry["state"] for entry in case.lines("transactions list --json", "--prefix", f"{case.name}-txn")}
    check("Ongoing" in states, f"states {states}")
    case.weir(*produce[:1], *produce[3:], input=b"alone\n")
    equal([record["value"] for record in case.records()], ["alone"], "visible records")


# ---- topics ----
def test_topics(case):
    """Create, list, describe, grow, delete."""
    name = f"{case.name}-t"
    case.weir("topics create --partitions 3 --config retention.ms=7200000", name)
    check(name in case.weir("topics list")[0].split(), "the topic is not listed")
    described, = case.lines("topics describe --json", name)
    equal(len(described["partitions"]), 3, "partitions")
    says(case.weir("topics describe", name)[0], name, "retention.ms", "7200000")
    _, err = case.weir("topics create", name, status=1)
    says(err, name, "exists")
    case.weir("topics grow --partitions 5", name)
    described, = case.lines("topics describe --json", name)
    equal(len(described["partitions"]), 5, "partitions after the topic has grown")
    _, err = case.weir("topics grow --partitions 4", name, status=1)
    says(err, name, "5")
    case.weir("topics delete", name)
    until(lambda: name not in case.weir("topics list")[0].split(), 10, "the topic is gone")
    _, err = case.weir("topics delete", name, status=1)
    says(err, name)
    _, err = case.weir("topics describe", name, status=1)
    says(err, name)


def test_topics_that_cannot_be(case):
    """The broker's reason is told."""
    for words, *options in ((("no.such.property",), "--config", "no.such.property=1"),
                            (("replication",), "--replication-factor", "3")):
        _, err = case.weir("topics create", f"{case.name}-x", *options, status=1)
        says(err, *words)
    _, err = case.weir("topics create", "a/b", status=1)
    says(err, "a/b")


# ---- transactions ----
def test_transactions(case):
    """A transaction that Kafka's producer left open is listed, described and aborted, and its owner fenced."""
    case.topics(1)
    name = f"{case.name}-txn"
    case.tool.ask("begin", name, case.output, 0, "never-seen")
    listed, = case.lines("transactions list --json", "--prefix", name)
    equal((listed["transactional_id"], listed["state"]), (name, "Ongoing"), "what is listed")
    described, = case.lines("transactions describe --json", name)
    equal(described["partitions"], [{"topic": case.output, "partition": 0}], "its partitions")
    says(case.weir("transactions describe", name)[0], name, "Ongoing", case.output)
    aborted, = case.lines("transactions abort --json", "--prefix", name)
    equal(aborted["transactional_id"], name, "what is aborted")
    listed, = case.lines("transactions list --json", "--prefix", name)
    check(listed["state"] in ("CompleteAbort", "Empty"), f"{listed}")
    case.tool.send("commit", name)
    check("error" in case.tool.receive(), "the fenced producer has committed")
    equal(case.records(), [], "visible records")
    equal(case.lines("transactions abort --json", "--prefix", name), [], "what is left to abort")


def test_transactions_of_a_job(case):
    """--job finds the ids of a job that was killed; aborting them frees readers of the output."""
    case.topics()
    case.fill(2000, "--compression", "none")
    case.hold_prepared().kill()
    states = {entry["state"] for entry in case.lines("transactions list --json", "--job", case.job)}
    check("Ongoing" in states, f"states {states}")
    aborted = case.lines("transactions abort --json", "--job", case.job)
    check(len(aborted) >= 1, "nothing was aborted")
    equal(case.open_transactions(), [], "open transactions")


def test_transactions_that_are_unknown(case):
    for command in ("describe", "abort"):
        _, err = case.weir(f"transactions {command} no-such-id", status=1)
        says(err, "no-such-id")


# ---- all of them ----
def test_no_broker(case):
    """Every command gives up in time and says which broker it was."""
    for command in ("consume --from t --stop latest", "produce --to t", "topics list", "topics describe t",
                    "topics create t", "topics delete t", "transactions list", "transactions describe t", "groups list",
                    "groups describe t", "groups offsets t"):
        done = subprocess.run([WEIR, *command.split(), "-b", "127.0.0.1:1", "-X", "default.api.timeout.ms=1000"],
                              input=b"x\n", capture_output=True, timeout=30, check=False)
        equal(done.returncode, 1, f"exit status of {command}")
        says(done.stderr.decode(), "127.0.0.1:1", "refused")


if __name__ == "__main__":
    sys.exit(main("tools", [value for name, value in list(globals().items()) if name.startswith("test_")]))
