"""Real Apache Kafka (KRaft) on this machine: a cluster of one or three nodes that can be killed and restarted."""

import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import jars

CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"
HOST = "127.0.0.1"
START_SECONDS = 90
STOP_SECONDS = 20
_STATE_FILE = "cluster.json"
# Below the range from which the kernel takes local ports of outgoing connections (32768 up): a node that restarts
# finds its port free.
_PORTS = range(20000, 32000)


class ClusterError(Exception):
    """A cluster that could not be started, found or stopped."""


def _free_ports(count):
    """`count` different ports that nothing listens on."""
    found = []
    while len(found) < count:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def _receive(connection, size):
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise OSError("connection closed")
        data += chunk
    return data


def brokers_in_metadata(port):
    """The node ids in the metadata of the broker at `port`; empty if it does not answer."""
    request = struct.pack(">hhih4si", 3, 1, 1, 4, b"weir", 0)  # Metadata v1, no topics
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.settimeout(3)
            connection.sendall(struct.pack(">i", len(request)) + request)
            size, = struct.unpack(">i", _receive(connection, 4))
            return _broker_ids(_receive(connection, size))
    except (OSError, struct.error):
        return set()


def _broker_ids(response):
    """The node ids of a Metadata v1 response that begins with its correlation id."""
    _, count = struct.unpack_from(">ii", response)
    at, ids = 8, set()
    for _ in range(count):
        node, host_size = struct.unpack_from(">ih", response, at)
        at += 6 + host_size + 4
        rack_size, = struct.unpack_from(">h", response, at)
        at += 2 + max(rack_size, 0)
        ids.add(node)
    return ids


def _birth(pid):
    """When process `pid` began, in clock ticks since boot; None if it is gone. Tells a reused pid from the old one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Cluster:
    """A cluster in a folder. Everything needed to find it again is in the folder's cluster.json."""

    def __init__(self, folder, state):
        self.folder = pathlib.Path(folder)
        self._state = state
        self._children = {}

    @classmethod
    def start(cls, version=jars.NEWEST, nodes=1, transaction_version=None, folder=None, config=(), fast=False):
        """Makes, starts and awaits a cluster. `config`: "KEY=VALUE" items for every node's server.properties, `fast`:
        JVM settings for throughput. Without `folder` a temporary one is made, and removed by stop()."""
        options = _format_options(version, transaction_version)
        jars.kafka(version)
        temporary = folder is None
        path = pathlib.Path(tempfile.mkdtemp(prefix="weir-kafka-") if temporary else folder).resolve()
        path.mkdir(parents=True, exist_ok=True)
        if (path / _STATE_FILE).exists():
            raise ClusterError(f"{path} holds a cluster already")
        ports = _free_ports(2 * nodes)
        members = {str(i + 1): {"port": ports[2 * i], "controller_port": ports[2 * i + 1], "pid": None, "birth": None}
                   for i in range(nodes)}
        cluster = cls(path, {"version": version, "temporary": temporary, "fast": fast, "nodes": members})
        try:
            cluster._format(options, config)
            for node in cluster.nodes:
                cluster._launch(node)
            cluster.wait()
        except BaseException:
            cluster.stop()
            raise
        return cluster

    @classmethod
    def open(cls, folder):
        """The cluster that start() made in `folder`."""
        try:
            state = json.loads((pathlib.Path(folder) / _STATE_FILE).read_text("utf-8"))
        except OSError as error:
            raise ClusterError(f"{folder}: no cluster here ({error.strerror})") from error
        return cls(pathlib.Path(folder).resolve(), state)

    @property
    def version(self):
        """The Kafka version of the brokers."""
        return self._state["version"]

    @property
    def nodes(self):
        """The node ids, from 1."""
        return [int(node) for node in self._state["nodes"]]

    @property
    def bootstrap(self):
        """bootstrap.servers of all nodes."""
        return ",".join(f"{HOST}:{member['port']}" for member in self._state["nodes"].values())

    def pid(self, node):
        """The process of a node; None if it does not run."""
        member = self._member(node)
        if node in self._children:
            self._children[node].poll()  # reaps it, should it have ended
        running = member["pid"] is not None and _birth(member["pid"]) == member["birth"]
        return member["pid"] if running else None

    def describe(self):
        """What `tools/kafka start` and `status` print."""
        pids = {node: self.pid(node) for node in self.nodes}
        return {"bootstrap": self.bootstrap, "dir": str(self.folder), "version": self.version, "nodes": len(pids),
                "pids": [pid for pid in pids.values() if pid],
                "running": [node for node, pid in pids.items() if pid],
                "ready": all(self._answers(node, set(pids)) for node in pids)}

    def kill(self, node):
        """SIGKILL: a crash. Returns when the process is gone."""
        self._end(node, signal.SIGKILL)

    def terminate(self, node):
        """SIGTERM: a controlled shutdown; SIGKILL if that takes too long."""
        self._end(node, signal.SIGTERM)

    def restart(self, node):
        """Starts a node again (after a controlled shutdown, should it run) and waits for all that run."""
        self.terminate(node)
        self._launch(node)
        self.wait()

    def wait(self, seconds=START_SECONDS):
        """Waits until every running node answers and lists every running node."""
        deadline = time.monotonic() + seconds
        expected = {node for node in self.nodes if self.pid(node)}
        waiting = set(expected)
        while waiting:
            for node in list(waiting):
                if self.pid(node) is None:
                    raise ClusterError(f"node {node} ended while starting:\n{self._log_tail(node)}")
                if self._answers(node, expected):
                    waiting.discard(node)
            if waiting and time.monotonic() > deadline:
                raise ClusterError(f"nodes {sorted(waiting)} not ready after {seconds} s")
            time.sleep(0.05)

    def stop(self, keep=False):
        """Ends every node. A temporary folder goes with them, unless `keep`; the other kind stays, cleanly shut."""
        discard = self._state["temporary"] and not keep
        how = self.kill if discard else self.terminate
        with concurrent.futures.ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(how, self.nodes))
        if discard:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _member(self, node):
        try:
            return self._state["nodes"][str(node)]
        except KeyError:
            raise ClusterError(f"no node {node}; there are {self.nodes}") from None

    def _answers(self, node, expected):
        return expected <= brokers_in_metadata(self._member(node)["port"])

    def _properties_file(self, node):
        return self.folder / f"node-{node}" / "server.properties"

    def _log_tail(self, node):
        log = (self.folder / f"node-{node}" / "log").read_text("utf-8", "replace")
        return "\n".join(log.splitlines()[-20:])

    def _save(self):
        fresh = self.folder / (_STATE_FILE + ".new")
        fresh.write_text(json.dumps(self._state, indent=1), "utf-8")
        fresh.rename(self.folder / _STATE_FILE)

    def _format(self, options, config):
        """Writes every node's server.properties and formats its data folder, all nodes at once."""
        running = []
        for node in self.nodes:
            path = self._properties_file(node)
            path.parent.mkdir()
            properties = {**self._properties(node), **dict(item.split("=", 1) for item in config)}
            path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), "utf-8")
            arguments = ["format", "-t", CLUSTER_ID, "-c", str(path), *options]
            running.append(subprocess.Popen(
                jars.command(jars.kafka(self.version), "kafka.tools.StorageTool", arguments),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        outputs = [(process.communicate()[0], process.returncode) for process in running]
        for output, status in outputs:
            if status != 0:
                raise ClusterError("format failed:\n" + output.decode("utf-8", "replace"))

    def _launch(self, node):
        arguments = [str(self._properties_file(node))]
        command = jars.command(jars.kafka(self.version), "kafka.Kafka", arguments, fast=self._state["fast"],
                               log_level="warn")
        with open(self.folder / f"node-{node}" / "log", "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                     start_new_session=True)
        self._children[node] = child
        self._member(node).update(pid=child.pid, birth=_birth(child.pid))
        self._save()

    def _end(self, node, signal_number):
        pid = self.pid(node)
        if pid is None:
            return
        os.kill(pid, signal_number)
        if not self._gone(node, STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            if not self._gone(node, STOP_SECONDS):
                raise ClusterError(f"node {node} (process {pid}) does not end")

    def _gone(self, node, seconds):
        deadline = time.monotonic() + seconds
        while self.pid(node) is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _properties(self, node):
        """server.properties of a node: small, quick to start and quick to notice a dead neighbour."""
        member = self._member(node)
        nodes = self._state["nodes"]
        replicas, in_sync, partitions = (1, 1, 1) if len(nodes) == 1 else (3, 2, 3)
        address = f"PLAINTEXT://{HOST}:{member['port']}"
        return {
            "process.roles": "broker,controller",
            "node.id": node,
            "broker.rack": f"r{node}",
            "controller.quorum.voters": ",".join(f"{i}@{HOST}:{m['controller_port']}" for i, m in nodes.items()),
            "listeners": f"{address},CONTROLLER://{HOST}:{member['controller_port']}",
            "advertised.listeners": address,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": self.folder / f"node-{node}" / "data",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": partitions,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": partitions,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            "group.initial.rebalance.delay.ms": 0,
            "log.cleaner.dedupe.buffer.size": 2097152,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "auto.create.topics.enable": "false",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "replica.lag.time.max.ms": 3000,
        }


def _format_options(version, transaction_version):
    """What StorageTool takes to make a cluster of that transaction.version; None is the version's own default."""
    if transaction_version is None:
        return []
    if int(version.split(".")[0]) < 4:
        if transaction_version == 0:
            return []
        raise ClusterError(f"Kafka {version} knows no transaction.version {transaction_version}")
    return ["-f", f"transaction.version={transaction_version}"]
