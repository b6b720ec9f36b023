#!/usr/bin/env python3
"""`weir copy` against three nodes that are killed under it: the same process goes on, and everything is there once."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafkatest import check, equal, main, until  # noqa: E402

RECOVERY_SECONDS = 40


def with_records(run):
    """How many checkpoints with records the copy has told."""
    return sum(event["transactions"] > 0 for event in run.all("checkpoint"))


def progresses(run, what):
    """Waits for two more checkpoints with records in them: the first may have been under way."""
    seen = with_records(run)
    until(lambda: with_records(run) >= seen + 2 or run.wait(0) is not None, RECOVERY_SECONDS, what)
    equal(run.wait(0), None, f"exit status of the copy ({run.words})")


def kill_each(case, nodes):
    """Copies while one node after the other is killed and started again; the judge has the last word."""
    steady = case.steady(1000, "--compression", "none,zstd")
    run = case.copy(stop="never")
    run.must("checkpoint", count=3)
    for node in nodes:
        case.cluster.kill(node)
        progresses(run, f"the copy goes on without node {node}")
        case.cluster.restart(node)
        progresses(run, f"the copy goes on with node {node} again")
    steady.visible()
    run.send(signal.SIGTERM)
    run.ends(0, "stopped")
    equal(len(run.all("started")), 1, "starts of the job")
    case.finish()
    case.judge()


def test_leaders_killed(case):
    """Two nodes that lead partitions of input and output."""
    case.topics()
    leaders = list(dict.fromkeys(case.tool.ask("leaders", case.output)["leaders"]))
    check(len(leaders) >= 2, f"the partitions have the leaders {leaders}")
    kill_each(case, leaders[:2])


def test_coordinators_killed(case):
    """The nodes that coordinate the transactions in use."""
    case.topics()
    case.fill(100, "--compression", "none")
    case.finish()
    nodes = [case.tool.ask("coordinator", f"{case.job}-0-{n}")["node"] for n in range(4)]
    kill_each(case, list(dict.fromkeys(nodes))[:2])


if __name__ == "__main__":
    sys.exit(main("nodes3", [test_leaders_killed, test_coordinators_killed], nodes=3))
