#!/usr/bin/env python3
"""The model of a cluster against real Kafka: all of tests/fidelity on the newest, a part of it on others."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = ["--kafka 4.4.0 --level 2", "--kafka 4.4.0 --level 0 --part 1/6", "--kafka 4.4.0 --level 1 --part 3/6",
          "--kafka 3.9.2 --part 5/6"]


def compare(options):
    """What tools/fidelity counts: plays that went alike, and those that did not."""
    run = subprocess.run([ROOT / "tools" / "fidelity", *options.split()], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, text=True)
    try:
        result = json.loads(run.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        print(f"not ok {options}: status {run.returncode}, and no result")
        return 0, 1
    return result["plays"] - result["differences"], result["differences"]


def main():
    """Prints the counts that tools/check reads."""
    counts = [compare(options) for options in ROUNDS]
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
