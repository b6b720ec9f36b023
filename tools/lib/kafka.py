"""Real Apache Kafka on this machine: a cluster of one or three nodes that can be killed and restarted."""

import concurrent.futures
import json
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import jars
import server_properties
from processes import HOST, Process, ProcessError, free_ports
from zookeeper import ZooKeeper

CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ"
START_SECONDS = 90
_STATE_FILE = "cluster.json"


class ClusterError(ProcessError):
    """A cluster that could not be started, found or stopped."""


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


def _new_state(version, nodes, temporary, fast, proxied):
    """What cluster.json holds of a cluster that has not begun: the ports are chosen, no process runs."""
    state = {"version": version, "temporary": temporary, "fast": fast}
    if server_properties.uses_zookeeper(version):
        *ports, port = free_ports(nodes + 1)
        state["zookeeper"] = {"port": port}
        state["nodes"] = {str(i + 1): {"port": ports[i]} for i in range(nodes)}
    else:
        roles = ["port", "controller_port", *(["proxied_port", "proxy_port"] if proxied else [])]
        ports = iter(free_ports(len(roles) * nodes))
        state["nodes"] = {str(i + 1): {role: next(ports) for role in roles} for i in range(nodes)}
    return state


class Cluster:
    """A cluster in a folder. Everything needed to find it again is in the folder's cluster.json."""

    def __init__(self, folder, state):
        self.folder = pathlib.Path(folder)
        self._state = state
        self._processes = {int(node): Process(f"node {node}", self._folder_of(node), member)
                           for node, member in state["nodes"].items()}
        self._zookeeper = ZooKeeper(self.folder, state["zookeeper"]) if "zookeeper" in state else None

    @classmethod
    def start(cls, version=jars.NEWEST, nodes=1, transaction_version=None, folder=None, config=(), fast=False,
              proxied=False):
        """Makes, starts and awaits a cluster. `config`: "KEY=VALUE" items for every node's server.properties, `fast`:
        JVM settings for throughput, `proxied`: with a second listener for clients behind a proxy. Without `folder` a
        temporary one is made, and removed by stop()."""
        options = _format_options(version, transaction_version)
        jars.kafka(version)
        temporary = folder is None
        path = pathlib.Path(tempfile.mkdtemp(prefix="weir-kafka-") if temporary else folder).resolve()
        path.mkdir(parents=True, exist_ok=True)
        if (path / _STATE_FILE).exists():
            raise ClusterError(f"{path} holds a cluster already")
        cluster = cls(path, _new_state(version, nodes, temporary, fast, proxied))
        try:
            cluster._prepare(options, config)
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

    @property
    def proxied(self):
        """For each node of a proxied cluster the port on which its proxy is to listen, and the port behind that."""
        return {int(node): (member["proxy_port"], member["proxied_port"])
                for node, member in self._state["nodes"].items()}

    @property
    def zookeeper(self):
        """zookeeper.connect; None for a cluster of KRaft."""
        return self._zookeeper and self._zookeeper.address

    def pid(self, node):
        """The process of a node; None if it does not run."""
        return self._process(node).pid

    def describe(self):
        """What `tools/kafka start` and `status` print."""
        pids = {node: self.pid(node) for node in self.nodes}
        return {"bootstrap": self.bootstrap, "dir": str(self.folder), "version": self.version, "nodes": len(pids),
                "pids": [pid for pid in pids.values() if pid],
                "running": [node for node, pid in pids.items() if pid],
                "ready": all(self._answers(node, set(pids)) for node in pids)}

    def kill(self, node):
        """SIGKILL: a crash. Returns when the process is gone."""
        self._process(node).end(signal.SIGKILL)

    def terminate(self, node):
        """SIGTERM: a controlled shutdown; SIGKILL if that takes too long."""
        self._process(node).end(signal.SIGTERM)

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
                    raise ClusterError(f"node {node} ended while starting:\n{self._process(node).log_tail()}")
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
        if self._zookeeper:
            self._zookeeper.stop()
        if discard:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _process(self, node):
        try:
            return self._processes[node]
        except KeyError:
            raise ClusterError(f"no node {node}; there are {self.nodes}") from None

    def _answers(self, node, expected):
        return expected <= brokers_in_metadata(self._state["nodes"][str(node)]["port"])

    def _folder_of(self, node):
        return self.folder / f"node-{node}"

    def _properties_file(self, node):
        return self._folder_of(node) / "server.properties"

    def _save(self):
        fresh = self.folder / (_STATE_FILE + ".new")
        fresh.write_text(json.dumps(self._state, indent=1), "utf-8")
        fresh.rename(self.folder / _STATE_FILE)

    def _prepare(self, options, config):
        """Writes every node's server.properties, and formats its data folder with `options` if it is of KRaft."""
        overrides = dict(item.split("=", 1) for item in config)
        for node in self.nodes:
            self._folder_of(node).mkdir()
            properties = server_properties.make(self.version, node, self._folder_of(node), self._state["nodes"],
                                                self.zookeeper)
            self._properties_file(node).write_text(
                "".join(f"{key}={value}\n" for key, value in {**properties, **overrides}.items()), "utf-8")
        if not self._zookeeper:
            self._format(options)

    def _format(self, options):
        """Formats the data folders, all nodes at once."""
        running = []
        for node in self.nodes:
            arguments = ["format", "-t", CLUSTER_ID, "-c", str(self._properties_file(node)), *options]
            running.append(subprocess.Popen(
                jars.command(jars.kafka(self.version), "kafka.tools.StorageTool", arguments),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        outputs = [(process.communicate()[0], process.returncode) for process in running]
        for output, status in outputs:
            if status != 0:
                raise ClusterError("format failed:\n" + output.decode("utf-8", "replace"))

    def _launch(self, node):
        """Starts a node, and first the ZooKeeper that it needs."""
        process = self._process(node)
        if self._zookeeper:
            if not self._zookeeper.running():
                self._zookeeper.launch(self.version)
                self._save()
            self._zookeeper.forget(node)
        process.launch(jars.command(jars.kafka(self.version), "kafka.Kafka", [str(self._properties_file(node))],
                                    fast=self._state["fast"], log_level="warn"))
        self._save()


def _format_options(version, transaction_version):
    """What StorageTool takes to make a cluster of that transaction.version; None is the version's own default."""
    if transaction_version is None:
        return []
    if int(version.split(".")[0]) < 4:
        if transaction_version == 0:
            return []
        raise ClusterError(f"Kafka {version} knows no transaction.version {transaction_version}")
    return ["-f", f"transaction.version={transaction_version}"]
