"""The ZooKeeper that brokers before Kafka 3.3 need: one server, in the folder of their cluster."""

import signal
import socket
import time

import jars
from processes import HOST, Process, ProcessError

SESSION_MS = 3000  # how long the registration of a broker that crashed stays
_TICK_MS = 500
_READY_SECONDS = 60


class ZooKeeper:
    """A server whose process and port are in `record`, which its cluster keeps."""

    def __init__(self, folder, record):
        self._folder, self._port = folder / "zookeeper", record["port"]
        self._process = Process("ZooKeeper", self._folder, record)

    @property
    def address(self):
        """Brokers' zookeeper.connect."""
        return f"{HOST}:{self._port}"

    def launch(self, version):
        """Starts it, from the jars of Kafka `version`."""
        self._folder.mkdir(exist_ok=True)
        file = self._folder / "zookeeper.properties"
        file.write_text(f"dataDir={self._folder}/data\nclientPort={self._port}\nclientPortAddress={HOST}\n"
                        f"tickTime={_TICK_MS}\nadmin.enableServer=false\n4lw.commands.whitelist=dump\n", "utf-8")
        self._process.launch(jars.command(jars.kafka(version), "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                                          [str(file)], log_level="warn"))

    def stop(self, number=signal.SIGTERM):
        """Ends it."""
        self._process.end(number)

    def forget(self, node):
        """Waits until it answers and knows nothing of a broker; one that crashed cannot register again before that."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self._lacks(node):
            if not self.running():
                raise ProcessError(f"ZooKeeper ended:\n{self._process.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessError(f"ZooKeeper: not ready for node {node} after {_READY_SECONDS} s")
            time.sleep(0.05)

    def running(self):
        """Whether its process runs."""
        return self._process.pid is not None

    def _lacks(self, node):
        registered = self._ask("dump").split()  # empty if it does not answer
        return bool(registered) and f"/brokers/ids/{node}" not in registered

    def _ask(self, word):
        """The answer to one of its four-letter commands; empty if it gives none."""
        answer = b""
        try:
            with socket.create_connection((HOST, self._port), timeout=3) as connection:
                connection.sendall(word.encode())
                while chunk := connection.recv(4096):
                    answer += chunk
        except OSError:
            pass
        return answer.decode("utf-8", "replace")
