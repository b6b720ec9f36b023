#!/usr/bin/env python3
"""`weir groups` with groups of Kafka's own consumer, of both protocols, and of a copy."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from kafkatest import Tool, check, equal, main, says, until  # noqa: E402

PROTOCOLS = ("classic", "consumer")
# Everybody may do everything that no rule is about.
AUTHORIZER = ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
              "allow.everyone.if.no.acl.found=true")


class Member:
    """Kafka's consumer as the only member of a group, that has read and committed what is in a topic."""

    def __init__(self, case, group, topic, count, *properties):
        with open(case.folder / f"{group}.log", "wb") as log:
            self._tool = Tool(case.cluster.bootstrap, log, "Witness")
        self.group, self.committed = group, None
        try:
            self.committed = self._tool.ask("join", group, topic, count, *properties)["committed"]
        except BaseException:
            self._tool.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tool.end()

    def leave(self):
        """Ends the membership as a consumer does that is closed."""
        self._tool.ask("leave", self.group)


def some_input(case, records=30):
    """A topic of two partitions with records; their number."""
    case.topics(2)
    lines = b"".join(b'{"value": "%d", "partition": %d}\n' % (n, n % 3 // 2) for n in range(records))
    case.weir("produce --json", "--to", case.input, input=lines)
    return records


def test_list(case):
    """Every group with its type, state and coordinator."""
    count = some_input(case)
    groups = [f"{case.name}-{protocol}" for protocol in PROTOCOLS]
    with Member(case, groups[0], case.input, count), \
            Member(case, groups[1], case.input, count, "group.protocol=consumer"):
        listed = {entry["group"]: entry for entry in case.lines("groups list --json")}
        for group, protocol in zip(groups, PROTOCOLS):
            entry = listed[group]
            equal((entry["type"].lower(), entry["state"], entry["protocol_type"], entry["coordinator"]),
                  (protocol, "Stable", "consumer", 1), group)
        text = [line for line in case.weir("groups list")[0].splitlines() if line.startswith(case.name)]
        equal([line.split()[:2] for line in text], [[group, "Stable"] for group in groups], "lines, sorted")


def test_describe(case):
    """State, protocol, members and what is assigned to them, for both protocols and a static member."""
    count = some_input(case)
    for protocol, assignor in zip(PROTOCOLS, ("range", "uniform")):
        group = f"{case.name}-{protocol}"
        with Member(case, group, case.input, count, f"group.protocol={protocol}", "group.instance.id=fixed"):
            described, = case.lines("groups describe --json", group)
            expected = {"group": group, "type": protocol, "state": "Stable", "protocol_type": "consumer",
                        "protocol": assignor, "coordinator": 1}
            equal({key: described[key] for key in expected}, expected, "the group")
            member, = described["members"]
            equal((member["client_id"], member["instance"], member["host"]), (f"{group}-client", "fixed", "/127.0.0.1"),
                  "the member")
            equal(sorted((part["topic"], part["partition"]) for part in member["assignment"]),
                  [(case.input, 0), (case.input, 1)], "its assignment")
            equal(("epoch" in described, "epoch" in member), (protocol == "consumer",) * 2, "whether there are epochs")
            head, line, assigned = case.weir("groups describe", group)[0].splitlines()
            says(head, group, "Stable", protocol, assignor, "1 members")
            says(line, member["member"], "fixed", f"{group}-client", "127.0.0.1")
            equal(assigned, f"    {case.input}: 0 1", "its assignment as text")


def test_offsets(case):
    """Committed offset, end and lag, while the group lives and when it is empty."""
    count = some_input(case)
    for protocol in PROTOCOLS:
        group = f"{case.name}-{protocol}"
        with Member(case, group, case.input, count, f"group.protocol={protocol}") as member:
            ends = list(member.committed)
            equal(sum(ends), count, "what is committed")
            for state in ("Stable", "Empty"):
                case.weir("produce --partition 1", "--to", case.input, input=b"late\n")
                ends[1] += 1
                count += 1
                found = case.lines("groups offsets --json", group)
                equal([(o["topic"], o["partition"], o["committed"], o["end"], o["lag"]) for o in found],
                      [(case.input, p, member.committed[p], ends[p], ends[p] - member.committed[p]) for p in (0, 1)],
                      "offsets")
                if state == "Stable":
                    member.leave()
                    until(lambda: case.lines("groups describe --json", group)[0]["state"] == "Empty", 10, "empty")
        says(case.weir("groups offsets", group)[0].splitlines()[1], f"{case.input} partition 1:",
             f"committed {member.committed[1]}, end {ends[1]}, lag 2")


def test_ledger_of_a_copy(case):
    """What a copy leaves in its group has metadata."""
    case.topics()
    case.fill(1000)
    case.finish()
    entry, = case.lines("groups offsets --json", f"{case.job}-0")
    check(entry["metadata"] and entry["committed"] > 0, f"{entry}")
    says(case.weir("groups offsets", f"{case.job}-0")[0], entry["metadata"])
    described, = case.lines("groups describe --json", f"{case.job}-0")
    equal((described["state"], described["members"]), ("Empty", []), "the group")


def test_unknown_groups(case):
    """They are named; the others of the same command are shown all the same."""
    count = some_input(case)
    group = f"{case.name}-known"
    with Member(case, group, case.input, count):
        for command in ("describe", "offsets"):
            out, err = case.weir(f"groups {command} no-such-group", group, status=1)
            says(err, "no-such-group")
            says(out, group if command == "describe" else case.input)


def test_not_authorized(case):
    """A group that nobody may look at; the others are shown all the same."""
    count = some_input(case)
    group = f"{case.name}-denied"
    subprocess.run(jars.command(jars.kafka_tools(), "org.apache.kafka.tools.AclCommand", [
        "--bootstrap-server", case.cluster.bootstrap, "--add", "--deny-principal", "User:*", "--group", group]),
        stdout=subprocess.DEVNULL, check=True)
    with Member(case, f"{case.name}-open", case.input, count):
        for command in ("describe", "offsets"):
            out, err = case.weir(f"groups {command} -X default.api.timeout.ms=3000", group, f"{case.name}-open",
                                 status=1)
            says(err, group, "GROUP_AUTHORIZATION_FAILED", "not authorized")
            says(out, f"{case.name}-open" if command == "describe" else case.input)


if __name__ == "__main__":
    sys.exit(main("groups", [value for name, value in list(globals().items()) if name.startswith("test_")],
                  config=AUTHORIZER))
