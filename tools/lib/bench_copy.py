"""`weir copy` and the tools around it beside librdkafka, against a real Kafka: CPU time, memory, threads, latency."""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import jars
from jars import NEWEST  # noqa: F401
from kafka import Cluster

PARTITIONS = 4
FEW = 1000  # records of the short runs
RUNS = 3
STARTS = 11
RUN_SECONDS = 300
SAMPLE_SECONDS = 0.005


class Run:
    """A program from its start to its end: `seconds`, `cpu_seconds`, `rss_bytes`, `threads`, `output`."""

    def __init__(self, command, stdin=None, sampled=True, discarded=False):
        self.rss_bytes = self.threads = 0
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            with open(stdin or os.devnull, "rb") as source:
                begin = time.perf_counter()
                process = subprocess.Popen(list(map(str, command)), stdin=source,
                                           stdout=subprocess.DEVNULL if discarded else output, stderr=errors)
                usage, status = self._await(process, begin, sampled)
                self.seconds = time.perf_counter() - begin
            output.seek(0)
            errors.seek(0)
            self.output = output.read().decode("utf-8", "replace")
            if status != 0:
                raise RuntimeError(f"{' '.join(map(str, command))}: status {status}: " +
                                   errors.read().decode("utf-8", "replace")[-2000:])
        self.cpu_seconds = usage.ru_utime + usage.ru_stime

    def _await(self, process, begin, sampled):
        while sampled:
            self._sample(process.pid)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid != 0:
                break
            if time.perf_counter() - begin > RUN_SECONDS:
                process.kill()
            time.sleep(SAMPLE_SECONDS)
        else:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage, process.returncode

    def _sample(self, pid):
        """Notes the peak of the memory since exec (what wait4 gives counts this program's, too) and the threads."""
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{pid}/status").read_text("ascii", "replace")
            fields = dict(line.split(":", 1) for line in status.splitlines())
            if "VmHWM" in fields:
                self.rss_bytes = max(self.rss_bytes, int(fields["VmHWM"].split()[0]) * 1024)
                self.threads = max(self.threads, int(fields["Threads"]))


class Bench:
    """A cluster with full topics, and the two programs."""

    def __init__(self, weir, peer, records, cluster, folder):
        self.weir, self.peer, self.records = weir, peer, records
        self._bootstrap = cluster.bootstrap
        self._folder = folder
        self._jobs = 0
        self._lines = {}

    def fill(self):
        """Makes the topics: `all`, `few` and `one` with records, `out` to write to."""
        topics = {"all": self.records, "few": FEW, "one": 1}
        commands = "".join(f"create {topic} {PARTITIONS}\n" for topic in (*topics, "out"))
        subprocess.run(jars.program("Tool", self._bootstrap), input=commands.encode(), stdout=subprocess.DEVNULL,
                       check=True)
        for topic, count in topics.items():
            command = jars.command(jars.kafka_tools(), "org.apache.kafka.tools.ProducerPerformance", [
                "--topic", topic, "--num-records", str(count), "--record-size", "100", "--throughput", "-1",
                "--producer-props", f"bootstrap.servers={self._bootstrap}"], fast=True)
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=True)
            self._lines[topic] = self._folder / f"lines-{topic}"
            with open(self._lines[topic], "w", encoding="ascii") as lines:
                lines.writelines(f"{n:0100}\n" for n in range(count))

    def copy(self, topic, options=()):
        """Copies with Weir; the run and its event `finished`."""
        self._jobs += 1
        job = f"job-{self._jobs}"
        run = Run([self.weir, "copy", "-b", self._bootstrap, "--from", topic, "--to", "out", "--job", job,
                   "--checkpoint-dir", self._folder / job, "--stop", "latest", "--json", "--quiet", *options])
        finished = json.loads(run.output.splitlines()[-1])
        return run, self._whole(run, finished["records_out"], topic), finished

    def peer_copy(self, topic):
        """Copies with the peer."""
        self._jobs += 1
        run = Run([self.peer, "copy", self._bootstrap, topic, "out", f"peer-{self._jobs}"])
        return run, self._whole(run, json.loads(run.output)["records"], topic)

    def consume(self, topic, options=("--stop", "latest"), sampled=True):
        """Reads with Weir."""
        return Run([self.weir, "consume", "-b", self._bootstrap, "--from", topic, "--quiet", *options],
                   sampled=sampled, discarded=True)

    def peer_consume(self, topic, verb="consume", sampled=True):
        """Reads with the peer."""
        return Run([self.peer, verb, self._bootstrap, topic], sampled=sampled)

    def produce(self, topic):
        """Writes as many lines as `topic` has records."""
        return Run([self.weir, "produce", "-b", self._bootstrap, "--to", "out"], stdin=self._lines[topic])

    def peer_produce(self, topic):
        """The same with the peer."""
        return Run([self.peer, "produce", self._bootstrap, "out"], stdin=self._lines[topic])

    def per_million(self, act):
        """CPU seconds for a million records: all minus few."""
        seconds = act("all").cpu_seconds - act("few").cpu_seconds
        return seconds / (self.records - FEW) * 1000000

    def _whole(self, run, copied, topic):
        expected = {"all": self.records, "few": FEW, "one": 1}[topic]
        if copied != expected:
            raise RuntimeError(f"{copied} of {expected} records were copied: {run.output}")
        return copied


def _alternately(acts, runs):
    """What each of `acts` gave in `runs` rounds; a first round, which warms up, does not count."""
    results = [[act() for act in acts] for _ in range(runs + 1)][1:]
    return list(zip(*results))


def _cpu(bench):
    figures = {}
    acts = {
        "copy": (lambda topic: bench.copy(topic)[0], lambda topic: bench.peer_copy(topic)[0]),
        "consume": (bench.consume, bench.peer_consume),
        "produce": (bench.produce, bench.peer_produce),
    }
    for name, (own, peer) in acts.items():
        owns, peers = _alternately([lambda: bench.per_million(own), lambda: bench.per_million(peer)], RUNS)
        figures[f"{name}_cpu_s_per_million"] = round(min(owns), 3)
        figures[f"peer_{name}_cpu_s_per_million"] = round(min(peers), 3)
    return figures


def _footprint(bench):
    own, _, finished = bench.copy("all")
    peer, _ = bench.peer_copy("all")
    return {"copy_rss_bytes": own.rss_bytes, "copy_threads": own.threads,
            "copy_records_per_second": round(finished["records_out"] / own.seconds),
            "peer_copy_rss_bytes": peer.rss_bytes, "peer_copy_threads": peer.threads,
            "peer_copy_records_per_second": round(bench.records / peer.seconds)}


def _latency(bench):
    pairs = {
        "first_record_ms": (lambda: bench.consume("all", ("-n", "1"), sampled=False),
                            lambda: bench.peer_consume("all", "first", sampled=False)),
        "copy_one_ms": (lambda: bench.copy("one")[0], lambda: bench.peer_copy("one")[0]),
    }
    figures = {}
    for name, acts in pairs.items():
        owns, peers = _alternately(acts, STARTS)
        figures[name] = round(statistics.median(run.seconds for run in owns) * 1000, 1)
        figures[f"peer_{name}"] = round(statistics.median(run.seconds for run in peers) * 1000, 1)
    return figures


def _transactions(bench):
    _, _, finished = bench.copy("all", ("--checkpoint-interval", "1"))
    return {"transactions_per_second": round(finished["transactions_committed"] / finished["seconds"], 1)}


def _peer_name(peer):
    name = subprocess.check_output([str(peer), "version"], encoding="utf-8").strip()
    return name + (" (Debian)" if os.path.exists("/etc/debian_version") else "")


def measure(weir, peer, records, version, say):
    """All figures of the part `copy`."""
    figures = {"kafka_version": version, "peer": _peer_name(peer)}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    try:
        say(f"starting Kafka {version}")
        with Cluster.start(version, fast=True) as cluster:
            bench = Bench(weir, peer, records, cluster, folder)
            say(f"writing {records} records")
            bench.fill()
            steps = {"CPU time": _cpu, "memory and threads": _footprint, "latency": _latency,
                     "transactions": _transactions}
            for name, step in steps.items():
                say(f"measuring {name}")
                figures.update(step(bench))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures
