"""server.properties of brokers of every age: small, quick to start and quick to notice a dead neighbour. They hold only
keys that the version knows."""

import jars
import zookeeper
from processes import HOST


def uses_zookeeper(version):
    """Whether brokers of that version are started with ZooKeeper; the others are KRaft."""
    return jars.release(version) < (3, 3)


def make(version, node, folder, members, zookeeper_address):
    """The properties of a node. `members`: the nodes by id as text, each with "port", for KRaft "controller_port", and
    "proxied_port" with "proxy_port" where there is a listener for clients that come through a proxy. `folder`: for its
    data."""
    properties = {"log.dirs": folder / "data", "broker.rack": f"r{node}", **_limits(), **_replication(version, members)}
    if uses_zookeeper(version):
        return {**properties, **_zookeeper(node, members, zookeeper_address)}
    return {**properties, **_kraft(node, members), **_proxied(node, members)}


def _limits():
    return {
        "log.cleaner.dedupe.buffer.size": 2097152,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "auto.create.topics.enable": "false",
        "replica.lag.time.max.ms": 3000,
    }


def _replication(version, members):
    """How the topics are kept: those of users, and those of Kafka that the version has."""
    replicas, in_sync, partitions = (1, 1, 1) if len(members) == 1 else (3, 2, 3)
    properties = {
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": partitions,
    }
    if jars.release(version) >= (0, 11):
        properties.update({
            "group.initial.rebalance.delay.ms": 0,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": partitions,
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        })
    if jars.release(version) >= (4,):
        properties.update({
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
        })
    return properties


def _address(members, node):
    return f"PLAINTEXT://{HOST}:{members[str(node)]['port']}"


def _zookeeper(node, members, address):
    return {
        "broker.id": node,
        "listeners": _address(members, node),
        "zookeeper.connect": address,
        "zookeeper.session.timeout.ms": zookeeper.SESSION_MS,
        "delete.topic.enable": "true",  # the default since 1.0
    }


def _kraft(node, members):
    address = _address(members, node)
    return {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": ",".join(f"{i}@{HOST}:{m['controller_port']}" for i, m in members.items()),
        "listeners": f"{address},CONTROLLER://{HOST}:{members[str(node)]['controller_port']}",
        "advertised.listeners": address,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
    }


def _proxied(node, members):
    """A second listener, whose clients are sent to the proxy's ports instead of the brokers' own."""
    member = members[str(node)]
    if "proxy_port" not in member:
        return {}
    own = _kraft(node, members)
    return {
        "listeners": f"{own['listeners']},PROXIED://{HOST}:{member['proxied_port']}",
        "advertised.listeners": f"{own['advertised.listeners']},PROXIED://{HOST}:{member['proxy_port']}",
        "listener.security.protocol.map": own["listener.security.protocol.map"] + ",PROXIED:PLAINTEXT",
    }
