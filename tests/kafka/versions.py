#!/usr/bin/env python3
"""`weir copy` against brokers without transactions of the newest kind: transaction.version 0, and Kafka 3.9."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from copycases import test_committed_before_the_kill, test_killed_between_checkpoint_and_commit  # noqa: E402, F401
from kafkatest import check, clusters, equal, says, until  # noqa: E402


def test_killed_at_random_moments(case):
    """Kills at any moment while transactional input flows."""
    case.topics()
    flow = case.flow(20000, 6)
    moments = random.Random(11)
    for _ in range(4):
        run = case.copy(stop="never")
        equal(run.must("started")["transaction_version"], 0, "transaction.version")
        run.wait(moments.uniform(0.05, 1.3))
        check(run.kill(), f"the copy ended by itself: {run.words}")
    visible = flow.visible()
    case.finish()
    case.judge(visible)


def test_paused_longer_than_the_transaction_timeout(case):
    """The broker aborts what was prepared; its records are read and written again, and that is said."""
    case.topics()
    visible = case.fill(5000)
    timeout = ("-X", "transaction.timeout.ms=3000")
    run = case.hold_prepared(*timeout)
    check(run.kill(), f"the copy ended by itself: {run.words}")
    until(lambda: not case.open_transactions(), 20, "the broker aborts the transaction")
    run = case.finish(*timeout)
    equal(run.must("recovered")["lost"], 1, "transactions that recovery found aborted")
    says(" ".join(run.warnings()), "transaction.timeout.ms", "again")
    case.judge(visible)


if __name__ == "__main__":
    sys.exit(clusters(
        "versions", [value for name, value in list(globals().items()) if name.startswith("test_")],
        {"without-transaction-version": {"transaction_version": 0}, "kafka-3.9.2": {"version": "3.9.2"}}))
