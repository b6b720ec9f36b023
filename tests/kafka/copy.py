#!/usr/bin/env python3
"""`weir copy` against one node of the newest Kafka: what arrives, after crashes too, is what was there, once."""

import json
import pathlib
import random
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from copycases import test_committed_before_the_kill, test_killed_between_checkpoint_and_commit  # noqa: E402, F401
from kafkatest import PARTITIONS, check, equal, main, says, until  # noqa: E402


def test_killed_at_random_moments(case):
    """Kills at any moment while transactional input flows, a fifth of it aborted."""
    case.topics()
    flow = case.flow(40000, 8)
    moments = random.Random(7)
    for _ in range(6):
        run = case.copy(stop="never")
        run.must("started")
        run.wait(moments.uniform(0.05, 1.3))
        check(run.kill(), f"the copy ended by itself: {run.words}")
    visible = flow.visible()
    case.finish()
    verdict = case.judge(visible)
    check(verdict["input_aborted"] > 0, "no record of the input was aborted: the test proves nothing")


def test_killed_at_checkpoints(case):
    """Kills as soon as a checkpoint is told, when its transaction is being committed."""
    case.topics()
    flow = case.flow(20000, 4)
    for _ in range(6):
        run = case.copy(stop="never")
        run.must("checkpoint", count=2)
        check(run.kill(), f"the copy ended by itself: {run.words}")
    visible = flow.visible()
    case.finish()
    case.judge(visible)


def test_killed_while_starting(case):
    """Kills in the middle of recovery, after a transaction was prepared."""
    case.topics()
    visible = case.fill(10000)
    case.hold_prepared().kill()
    for milliseconds in (3, 6, 10, 15, 20, 30, 40, 60, 90):
        run = case.copy()
        run.wait(milliseconds / 1000)
        run.kill()
    case.finish()
    case.judge(visible)


def test_paused_longer_than_the_transaction_timeout(case):
    """The broker aborts what was prepared; its records are read and written again, and that is said."""
    case.topics()
    flow = case.flow(20000, 6)
    timeout = ("-X", "transaction.timeout.ms=3000")
    for number in range(3):
        run = case.hold_prepared(*timeout)
        check(run.kill(), f"the copy ended by itself: {run.words}")
        flow.visible()
        until(lambda: not case.open_transactions(), 20, "the broker aborts the transaction")
        run = case.copy(*timeout, stop="never")
        equal(run.must("recovered")["lost"], 1, "transactions that recovery found aborted")
        run.must("started")
        says(" ".join(run.warnings()), "transaction.timeout.ms", "again")
        if number < 2:
            run.kill()
            case.fill(2000, "--compression", "none", seed=number + 2)
    run.kill()
    case.finish()
    case.judge()


def test_aborted_under_a_running_copy(case):
    """The copy is stopped for longer than transaction.timeout.ms, then goes on in the same process or is run again."""
    case.topics()
    flow = case.flow(20000, 4)
    timeout = ("-X", "transaction.timeout.ms=2000")
    run = case.hold_prepared(*timeout)
    visible = flow.visible()
    until(lambda: not case.open_transactions(), 20, "the broker aborts the transaction")
    run.release()
    run.must("started", count=2)
    says(" ".join(run.warnings()), "transaction.timeout.ms")
    run.send(signal.SIGTERM)
    run.ends(0, "stopped")
    case.finish()
    case.judge(visible)


def test_asleep_longer_than_the_transaction_timeout(case):
    """A copy that slept in the middle of a transaction is not fenced by anybody: it goes on in the same process."""
    case.topics()
    visible = case.fill(2000, "--compression", "none")
    run = case.copy("-X", "transaction.timeout.ms=2000", stop="never", checkpoint_interval=60000)
    until(case.open_transactions, 20, "the copy opens a transaction")
    run.send(signal.SIGSTOP)
    until(lambda: not case.open_transactions(), 20, "the broker aborts the transaction")
    visible += case.fill(2000, "--compression", "none", seed=2)
    run.send(signal.SIGCONT)
    run.must("started", count=2)
    says(" ".join(run.warnings()), "aborted")
    run.send(signal.SIGTERM)
    run.ends(0, "stopped")
    case.finish()
    case.judge(visible)


def test_second_run_has_nothing_to_do(case):
    """`--stop latest` twice: the second run ends at once."""
    case.topics()
    visible = case.fill(5000)
    equal(case.finish().event("finished")["records_out"], visible, "records written by the first run")
    second = case.finish()
    equal(second.event("finished")["records_in"], 0, "records read by the second run")
    check(second.event("finished")["seconds"] < 1, f"the second run took {second.event('finished')['seconds']} s")
    case.judge(visible)


def test_later_records_are_copied_by_later_runs(case):
    """Each run with `--stop latest` copies what has come since."""
    case.topics()
    visible = 0
    for seed in range(1, 4):
        added = case.fill(2000, "--compression", "lz4", seed=seed)
        equal(case.finish().event("finished")["records_in"], added, f"records read by run {seed}")
        visible += added
    case.judge(visible)


def test_sigterm(case):
    """A run that is asked to stop commits what it has read; the next one goes on there."""
    case.topics()
    flow = case.flow(20000, 4)
    copied = 0
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        run = case.copy(stop="never")
        run.must("checkpoint", count=3)
        run.send(number)
        last = run.ends(0, "stopped", 10)
        equal(last["records_in"], last["records_out"], "records in and out")
        copied += last["records_out"]
    visible = flow.visible()
    check(0 < copied < visible, f"{copied} of {visible} records copied when stopped: the test proves nothing")
    equal(case.open_transactions(), [], "open transactions")
    equal(case.finish().event("finished")["records_out"], visible - copied, "records left for the last run")
    case.judge(visible)


def test_at_least_once(case):
    """Nothing is lost over kills, and no transaction is used."""
    case.topics()
    flow = case.flow(20000, 4)
    for _ in range(3):
        run = case.copy("--delivery", "at-least-once", stop="never")
        run.must("checkpoint", count=3)
        check(run.kill(), f"the copy ended by itself: {run.words}")
    visible = flow.visible()
    case.finish("--delivery", "at-least-once")
    case.judge(visible, allowed=("duplicated", "misordered"))
    equal(case.tool.ask("transactions", f"{case.job}-0-")["transactions"], [], "transactional ids")


def test_without_guarantee(case):
    """Delivery `none` copies everything when nothing goes wrong."""
    case.topics()
    visible = case.fill(5000)
    case.finish("--delivery", "none")
    case.judge(visible)


def test_compression(case):
    """Every codec on the way out; every codec is on the way in."""
    case.topics()
    visible = case.fill(10000)
    sizes = {}
    for codec in ("none", "gzip", "lz4", "zstd", "snappy"):
        output = f"{case.output}-{codec}"
        case.tool.ask("create", output, PARTITIONS, "retention.ms=-1")
        case.finish("-X", f"compression.type={codec}", to=output, job=f"{case.job}-{codec}",
                    checkpoints=case.folder / codec)
        case.judge(visible, output=output)
        sizes[codec] = stored_bytes(case, output)
    check(all(sizes[codec] < sizes["none"] for codec in sizes if codec != "none"), f"not compressed: {sizes}")


def stored_bytes(case, topic):
    """The size of the topic's segments on the broker's disk."""
    data = case.cluster.folder / "node-1" / "data"
    return sum(path.stat().st_size for path in data.glob(f"{topic}-*/*.log"))


ODD_RECORDS = [
    {"key": None, "value": None},
    {"key": "", "value": ""},
    {"key": None, "value": "no key"},
    {"key": "a tombstone", "value": None},
    {"key": "old", "value": "from the first day", "timestamp": 0},
    {"key": "old", "value": "from 2001", "timestamp": 1000000000000},
    {"key": "headers", "value": "twice", "headers": [["a", "1"], ["b", "2"], ["a", "1"], ["a", None], ["", ""]]},
    {"key": "unicode", "value": "žluťoučký kůň ✓ 𝄞", "headers": [["ключ", "値"]]},
    {"key": "large", "value": "x" * 900000},
    {"key": "after", "value": "the large one"},
]


def test_odd_records(case):
    """Nulls, empty texts, repeated headers, old timestamps and large records arrive as they were."""
    case.topics()
    lines = "".join(json.dumps({**record, "partition": n % PARTITIONS}) + "\n" for n, record in enumerate(ODD_RECORDS))
    case.weir("produce", "--json", "--to", case.input, input=lines.encode())
    case.finish()
    case.judge(len(ODD_RECORDS))
    found = {p: [r for r in case.records() if r["partition"] == p] for p in range(PARTITIONS)}
    for n, record in enumerate(ODD_RECORDS):
        arrived = found[n % PARTITIONS][n // PARTITIONS]
        for member in record:
            equal(arrived[member], record[member], f"{member} of record {n}")


def test_empty_topic(case):
    """There is nothing to copy, and that is no error."""
    case.topics()
    equal(case.finish().event("finished")["records_in"], 0, "records")
    equal(case.finish().event("finished")["records_in"], 0, "records of a second run")
    visible = case.fill(500, "--compression", "none")
    case.finish()
    case.judge(visible)


def test_nothing_but_aborted(case):
    """An input of which nothing is visible ends all the same."""
    case.topics()
    case.fill(2000, "--transactional-share", 1, "--aborted-share", 1)
    equal(case.finish().event("finished")["records_in"], 0, "records")
    case.judge(0)


def test_several_inputs(case):
    """Three topics into one: everything once, each input partition in order."""
    case.topics()
    inputs = [f"{case.input}-{letter}" for letter in "abc"]
    expected = []
    for topic in inputs:
        case.tool.ask("create", topic, PARTITIONS)
        for partition in range(PARTITIONS):
            values = [f"{topic}-{partition}-{n}" for n in range(200)]
            expected += values
            case.weir("produce", "--to", topic, "--partition", partition, input="\n".join(values).encode())
    names = ",".join(inputs)
    case.hold_prepared(**{"from": names}).kill()
    case.finish(**{"from": names})
    found = case.records()
    equal(sorted(record["value"] for record in found), sorted(expected), "values")
    for topic in inputs:
        for partition in range(PARTITIONS):
            values = [r["value"] for r in found if r["partition"] == partition and r["value"].startswith(topic + "-")]
            equal(values, [f"{topic}-{partition}-{n}" for n in range(200)], f"order of {topic} partition {partition}")


def test_zombie(case):
    """A copy that slept while another one took its place is fenced: status 4, and nothing of it becomes visible."""
    case.topics()
    case.fill(3000, "--compression", "none")
    zombie = case.copy(stop="never")
    zombie.must("checkpoint", count=2)
    zombie.send(signal.SIGSTOP)
    other = case.finish(checkpoints=case.folder / "other")
    equal(other.event("started")["restored_checkpoint"], None, "checkpoint of the other instance")
    case.fill(3000, "--compression", "none", seed=2)
    before = case.tool.ask("offsets", case.output)["stable"]
    zombie.send(signal.SIGCONT)
    last = zombie.ends(4, "failed", 30)
    says(last["error"], "another instance")
    equal(case.tool.ask("offsets", case.output)["stable"], before, "stable offsets of the output")
    case.finish(checkpoints=case.folder / "other")
    verdict = case.judge(allowed=("duplicated", "misordered"))
    check(verdict["unexpected"] == 0, f"{verdict}")


def test_zombie_with_the_same_checkpoint(case):
    """The same, where the other copy goes on from a copy of the sleeper's files: not even a young one writes again."""
    case.topics()
    visible = case.fill(3000, "--compression", "none")
    zombie = case.copy(stop="never")
    zombie.must("checkpoint", count=2)
    zombie.send(signal.SIGSTOP)
    other = case.folder / "other"
    other.mkdir(mode=0o700)
    for path, content in case.files().items():
        (other / path.name).write_bytes(content)
    visible += case.fill(3000, "--compression", "none", seed=2)
    case.finish(checkpoints=other)
    zombie.send(signal.SIGCONT)
    says(zombie.ends(4, "failed", 30)["error"], "committed")
    case.finish(checkpoints=other)
    case.judge(visible)


def test_requests_of_a_dead_run_come_late(case):
    """Ids that get a newer epoch from nobody who writes, soon after the start: the copy starts over by itself."""
    case.topics()
    flow = case.flow(20000, 4)
    run = case.copy(stop="never")
    run.must("checkpoint", count=3)
    case.weir("produce", "--to", case.output, "--transactional-id", case.job)  # InitProducerId for each
    before = len(run.all("checkpoint"))
    run.must("checkpoint", count=before + 3)
    check(run.warnings(), "the copy has not noticed that its ids were taken")
    visible = flow.visible()
    run.send(signal.SIGTERM)
    run.ends(0, "stopped")
    case.finish()
    case.judge(visible)


def test_going_back_is_refused(case):
    """A restored copy of an older checkpoint would write twice: nothing is written, nothing is overwritten."""
    case.topics()
    case.fill(2000, "--compression", "none")
    case.finish()
    old = case.files()
    case.fill(2000, "--compression", "none", seed=2)
    case.finish()
    before = case.tool.ask("offsets", case.output)
    for path, content in old.items():
        path.write_bytes(content)
    last = case.copy().ends(1, "failed")
    says(last["error"], "already committed", "--fresh")
    equal(case.files(), old, "checkpoint files")
    equal(case.tool.ask("offsets", case.output), before, "offsets of the output")


def test_fresh(case):
    """--fresh asks for --yes, then copies everything once more."""
    case.topics()
    visible = case.fill(1000, "--compression", "none")
    case.finish()
    says((refused := case.copy("--fresh")) and (refused.ends(2) or refused.words), "--yes")
    equal(case.finish("--fresh", "--yes").event("finished")["records_out"], visible, "records written anew")
    equal(case.judge(allowed=("duplicated", "misordered"))["delivered"], 2 * visible, "records in the output")
    equal(case.finish().event("finished")["records_in"], 0, "records read afterwards")


if __name__ == "__main__":
    sys.exit(main("copy", [value for name, value in list(globals().items()) if name.startswith("test_")]))
