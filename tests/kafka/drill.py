#!/usr/bin/env python3
"""Two minutes of tools/drill on three nodes: whether every record is there once, in order, in both topics.

How many faults strike in so short a time depends on the machine, so that the plan of the drill is not judged here, only
that some of each class did.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MINUTES = "2"
NONE_OF = ("lost", "duplicated", "torn", "misordered", "unexpected", "lingering")
SOME_OF = ("records", "client_kills", "broker_kills", "cut_connections")


def main():
    """Prints `ok` or `not ok` and the counts that tools/check reads."""
    run = subprocess.run([ROOT / "tools" / "drill", "--minutes", MINUTES, "--seed", "7"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, check=False)
    lines = run.stdout.decode().splitlines()
    facts = json.loads(lines[-1]) if lines else {}
    print(json.dumps(facts))
    passed = failed = 0
    for name in (*NONE_OF, *SOME_OF):
        good = name in facts and (facts[name] == 0) == (name in NONE_OF)
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok' if good else 'not ok'} {name}: {facts.get(name, 'no result')}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
