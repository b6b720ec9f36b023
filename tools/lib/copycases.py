"""Tests of a copy that hold under every transaction version: suites in tests/kafka run them on several clusters."""

from kafkatest import check, equal


def test_killed_between_checkpoint_and_commit(case):
    """What was prepared is committed by the next run, which may be killed at the same place."""
    case.topics()
    flow = case.flow(10000, 3)
    for number in range(3):
        run = case.hold_prepared()
        check(run.kill(), f"the copy ended by itself: {run.words}")
        if number > 0:
            equal(run.must("recovered")["committed"], 1, "transactions that recovery committed")
    visible = flow.visible()
    case.finish()
    case.judge(visible)


def test_committed_before_the_kill(case):
    """What the restored checkpoint holds has been committed: recovery finds that out and does not write it again."""
    case.topics()
    visible = case.fill(2000, "--compression", "none")
    case.hold_prepared().kill()
    prepared = case.files()
    case.finish()
    for path in case.files():
        path.unlink()
    for path, content in prepared.items():
        path.write_bytes(content)
    run = case.finish()
    equal(run.must("recovered")["already_committed"], 1, "transactions that recovery found committed")
    case.judge(visible)
