"""The demo on a real Kafka: its own producers fill the input, its own consumer compares."""

import json
import subprocess

import jars
import packages
from kafka import Cluster

# Beside what builds weir.
PACKAGES = packages.JAVA
TARGETS = ()
PERFORMANCE_SHARE = 0.15  # of the records: written by Kafka's ProducerPerformance


class Input:
    """What fills the input topic: our own paced mix of records and Kafka's ProducerPerformance, side by side."""

    def __init__(self, options, bootstrap, seconds, partitions, folder):
        self._benchmark_records = int(options.records * PERFORMANCE_SHARE)
        mixed = options.records - self._benchmark_records
        self._report = folder / "input"
        self._processes = [
            self._start(folder / "input", jars.program(
                "Input", "--bootstrap", bootstrap, "--topic", "in", "--partitions", partitions, "--records", mixed,
                "--seconds", seconds, "--seed", options.seed)),
            self._start(folder / "producer-performance", jars.command(
                jars.kafka_tools(), "org.apache.kafka.tools.ProducerPerformance",
                ["--topic", "in", "--num-records", str(self._benchmark_records), "--record-size", "100",
                 "--throughput", str(max(1, int(self._benchmark_records / seconds))), "--producer-props",
                 f"bootstrap.servers={bootstrap}", "--transactional-id", "producer-performance",
                 "--transaction-duration-ms", "200"])),
        ]

    @staticmethod
    def _start(path, command):
        with open(path, "wb") as output, open(f"{path}.log", "wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                                    start_new_session=True)

    @property
    def flows(self):
        """Whether records are still coming."""
        return any(process.poll() is None for process in self._processes)

    def visible(self):
        """Waits for the end; how many records read_committed must show."""
        statuses = [process.wait() for process in self._processes]
        if any(statuses):
            raise RuntimeError(f"the input failed, see {self._report}.log and its neighbours: {statuses}")
        finished = json.loads(self._report.read_text("utf-8").splitlines()[-1])
        return finished["visible"] + self._benchmark_records

    def end(self):
        """Ends what still runs."""
        for process in self._processes:
            process.kill()
            process.wait()


class Scene:
    """The brokers, and who writes and who compares."""

    broker = "kafka"

    def __init__(self, options, _weir, folder, partitions, _build_folder):
        jars.kafka(options.kafka_version)
        jars.kafka_tools()
        jars.programs()
        self.version = options.kafka_version
        self._options, self._folder, self._partitions = options, folder, partitions
        self._cluster = Cluster.start(options.kafka_version, options.nodes, options.transaction_version)
        self.bootstrap = self._cluster.bootstrap
        try:
            self._create_topics()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Ends the brokers."""
        self._cluster.stop(keep=self._options.keep)

    def _create_topics(self):
        """No retention, for the input holds records with old timestamps."""
        commands = "".join(f"create {topic} {self._partitions} retention.ms=-1\n" for topic in ("in", "out"))
        subprocess.run(jars.program("Tool", self.bootstrap), input=commands.encode(), stdout=subprocess.DEVNULL,
                       check=True)

    def input(self, seconds):
        """Begins to fill the topic."""
        return Input(self._options, self.bootstrap, seconds, self._partitions, self._folder)

    def judge(self):
        """What Kafka's own consumer and Admin say about the two topics."""
        command = jars.program("Judge", "--bootstrap", self.bootstrap, "--input", "in", "--output", "out")
        return json.loads(subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)
