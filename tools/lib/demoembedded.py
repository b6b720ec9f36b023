"""The demo without Java: weir-devbroker in place of Kafka, `weir produce` to fill the input, and kcat, which is
librdkafka, to compare."""

import collections
import json
import random
import re
import subprocess
import threading
import time

from devbroker import DevBroker

# Beside what builds weir.
PACKAGES = {"kcat": "kcat"}
TARGETS = ("tools/devbroker/weir-devbroker",)
VALUE_BYTES = 100
TRANSACTION_SHARE, ABORTED_SHARE = 0.6, 0.2
CHUNK_RECORDS_MAX, TRANSACTION_RECORDS_MAX = 200, 2000
OLDEST_MS = 3_600_000
_HEAD = re.compile(rb"(-?\d+) (-?\d+) (-?\d+) (-?\d+) ")  # offset, timestamp, length of the key, of the value; -1 null


class Records:
    """Makes records as varied as topics are. A value is "pPARTITION-SEQUENCE-padding", a tombstone has that as its key;
    "x" in front marks what is aborted and must never be seen."""

    def __init__(self, partitions, randomness):
        self._randomness = randomness
        self.visible, self._aborted = [0] * partitions, [0] * partitions

    def line(self, aborts):
        """One line for `weir produce --json`."""
        randomness = self._randomness
        counts = self._aborted if aborts else self.visible
        partition = randomness.randrange(len(counts))
        identity = f"{'x' if aborts else ''}p{partition}-{counts[partition]}"
        counts[partition] += 1
        tombstone = randomness.random() < 0.05
        key = identity if tombstone else f"k-{randomness.randrange(5000)}" if randomness.random() < 0.7 else None
        record = {"partition": partition, "key": key, "value": None if tombstone else self._value(identity)}
        if randomness.random() < 0.1:
            record["timestamp"] = int(time.time() * 1000) - randomness.randrange(OLDEST_MS)
        if randomness.random() < 0.3:
            record["headers"] = [[f"h{randomness.randrange(2)}", randomness.choice((None, "", "v", "text"))]
                                 for _ in range(randomness.randrange(1, 5))]
        return json.dumps(record)

    def _value(self, identity):
        padding = "".join(self._randomness.choices("abcdefghijklmnopqrstuvwxyz", k=VALUE_BYTES - len(identity) - 1))
        return f"{identity}-{padding}"


class Input:
    """Fills the topic at an even pace on a thread of its own: plain records, transactions, and aborted ones."""

    def __init__(self, options, weir, bootstrap, seconds, partitions):
        self._command = [weir, "produce", "-b", bootstrap, "--to", "in", "--json"]
        self._weir, self._bootstrap = weir, bootstrap
        self._total, self._seconds = options.records, seconds
        self._randomness = random.Random(options.seed)
        self._records = Records(partitions, self._randomness)
        self._error, self._ended = None, False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def flows(self):
        """Whether records are still coming."""
        return self._thread.is_alive()

    def visible(self):
        """Waits for the end; how many records read_committed must show."""
        self._thread.join()
        if self._error:
            raise RuntimeError(f"the input failed: {self._error}")
        return sum(self._records.visible)

    def end(self):
        """Ends what still runs."""
        self._ended = True
        self._thread.join()

    def _run(self):
        try:
            self._fill()
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            self._error = error

    def _fill(self):
        began, sent = time.monotonic(), 0
        while sent < self._total and not self._ended:
            transactional = self._randomness.random() < TRANSACTION_SHARE
            most = TRANSACTION_RECORDS_MAX if transactional else CHUNK_RECORDS_MAX
            count = min(self._randomness.randrange(1, most), self._total - sent)
            aborts = transactional and self._randomness.random() < ABORTED_SHARE
            self._write([self._records.line(aborts) for _ in range(count)], transactional, aborts)
            sent += count
            time.sleep(max(0.0, began + sent * self._seconds / self._total - time.monotonic()))

    def _write(self, lines, transactional, aborts):
        words = ["--transactional-id", "demo-input"] if transactional else []
        codec = self._randomness.choice(("none", "gzip", "lz4", "zstd", "snappy"))
        with subprocess.Popen([*self._command, *words, "-X", f"compression.type={codec}"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            process.stdin.write("\n".join(lines) + "\n")
            process.stdin.flush()
            if aborts:
                self._abort(process)
                return
            _, words = process.communicate()
            if process.returncode != 0:
                raise RuntimeError(words.strip())

    def _abort(self, process):
        """Kills the writer in the middle of its transaction, once records are on the broker, and has that aborted."""
        time.sleep(0.15)
        process.kill()
        process.communicate()
        subprocess.run([self._weir, "transactions", "abort", "-b", self._bootstrap, "--prefix", "demo-input"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


class Kcat:
    """What librdkafka reads."""

    def __init__(self, bootstrap, partitions):
        self._command = ["kcat", "-C", "-b", bootstrap, "-q", "-e", "-o", "beginning", "-f", r"%o %T %K %S %k%s|%h\n"]
        self._partitions = partitions

    def read(self, topic, isolation):
        """For each partition its records in order: all that they carry, as bytes."""
        return [self._partition(topic, partition, isolation) for partition in range(self._partitions)]

    def _partition(self, topic, partition, isolation):
        run = subprocess.run([*self._command, "-X", f"isolation.level={isolation}", "-t", topic, "-p", str(partition)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if run.returncode != 0:
            raise RuntimeError("kcat: " + run.stderr.decode("utf-8", "replace").strip())
        records, at = [], 0
        while head := _HEAD.match(run.stdout, at):
            begin, size = head.end(), sum(max(int(length), 0) for length in head.groups()[2:])
            at = run.stdout.index(b"\n", begin + size) + 1
            records.append(b" ".join(head.groups()[1:]) + run.stdout[begin:at])
        return records


def compare(expected, delivered):
    """What differs between two lists of records: lost, duplicated, unexpected, misordered. Equal records are told apart
    by how many came before."""
    want, have = collections.Counter(expected), collections.Counter(delivered)
    extra = have - want
    result = {"lost": (want - have).total(), "duplicated": extra.total(),
              "unexpected": sum(count for record, count in extra.items() if record not in want)}
    matching = have & want
    result["misordered"] = sum(a != b for a, b in zip(_only(expected, matching), _only(delivered, matching)))
    return result


def _only(records, counts):
    """The records as often as `counts` has them, in their order."""
    left = collections.Counter(counts)
    for record in records:
        if left[record] > 0:
            left[record] -= 1
            yield record


class Scene:
    """The broker, and who writes and who compares."""

    broker, version = "embedded", "4.4"

    def __init__(self, options, weir, _folder, partitions, build_folder):
        words = ["--brokers", options.nodes, "--topic", f"in:{partitions}", "--topic", f"out:{partitions}"]
        if options.transaction_version is not None:
            words += ["--transaction-version", options.transaction_version]
        self._broker = DevBroker(*words, program=build_folder / TARGETS[0])
        self.bootstrap = self._broker.bootstrap
        self._options, self._weir, self._partitions = options, weir, partitions

    def stop(self):
        """Ends the broker, and with it all records."""
        self._broker.stop()

    def input(self, seconds):
        """Begins to fill the topic."""
        return Input(self._options, self._weir, self.bootstrap, seconds, self._partitions)

    def judge(self):
        """What kcat sees in the two topics, and what transactions of the job are open."""
        kcat = Kcat(self.bootstrap, self._partitions)
        wanted, written = kcat.read("in", "read_committed"), kcat.read("out", "read_committed")
        verdict = collections.Counter()
        for expected, delivered in zip(wanted, written):
            verdict.update(compare(expected, delivered))
        records, aborted = (sum(map(len, kcat.read(topic, "read_uncommitted"))) for topic in ("in", "out"))
        visible, delivered = (sum(map(len, topic)) for topic in (wanted, written))
        return {**verdict, "records": records, "visible": visible, "delivered": delivered,
                "input_aborted": records - visible, "output_aborted": aborted - delivered,
                "open_transactions": self._open_transactions()}

    def _open_transactions(self):
        listing = subprocess.run([self._weir, "transactions", "list", "-b", self.bootstrap, "--prefix", "demo-0-",
                                  "--json"], stdout=subprocess.PIPE, check=True).stdout
        return sum(json.loads(line)["state"] not in ("Empty", "CompleteCommit", "CompleteAbort")
                   for line in listing.splitlines())
