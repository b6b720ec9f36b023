#!/usr/bin/env python3
"""A job in 12 MiB of memory that the caller owns: fixed_copy copies exactly once, and gives everything back."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafkatest import BUILD, check, equal, main  # noqa: E402


def run(case):
    """Runs the copy to its end; what it says of its memory."""
    done = subprocess.run([BUILD / "tests" / "kafka" / "fixed_copy", case.cluster.bootstrap, case.input, case.output,
                           case.job, case.checkpoints], capture_output=True, text=True, timeout=90, check=False)
    check(done.returncode == 0, f"status {done.returncode}: {done.stderr}")
    told = json.loads(done.stdout)
    equal(told["left"], 0, "bytes that were not given back")
    check(0 < told["peak"] <= told["memory"], f"{told}")
    return told


def test_copy(case):
    """Mixed input, then what has come since."""
    case.topics()
    visible = case.fill(40000)
    first = run(case)
    equal(first["records"], visible, "records of the first run")
    print(f"  {first['peak']} of {first['memory']} bytes at the peak, {first['takes']} allocations for "
          f"{first['records']} records", file=sys.stderr)
    visible += case.fill(5000, seed=2)
    run(case)
    case.judge(visible)


def test_many_partitions(case):
    """As many batches open at once as there are partitions."""
    case.topics(64)
    visible = case.fill(30000, "--partitions", 64)
    run(case)
    case.judge(visible)


def test_large_records(case):
    """Batches near the limit of a request."""
    case.topics(2)
    for partition in range(2):
        case.weir("produce", "--to", case.input, "--partition", partition, input=b"\n".join([b"x" * 1000000] * 20))
    run(case)
    case.judge(40)


if __name__ == "__main__":
    sys.exit(main("fixed", [test_copy, test_many_partitions, test_large_records]))
