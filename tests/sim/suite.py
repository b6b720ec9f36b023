#!/usr/bin/env python3
"""The simulator as a suite of tools/check.

usage: tests/sim/suite.py lives PROGRAM        10,000 lives, every crash point, allocations that fail, and half of the
                                               old bugs put back
       tests/sim/suite.py traces PROGRAM...    builds by other compilers and with sanitizers live the same lives

PROGRAM is a build of tests/sim/sim. Prints `ok NAME` or `not ok NAME: why` and closes with `N passed, N failed`.
"""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS, TRACED, STARVED = 10000, 100, 4
BUGS = 20  # at the least, that are put back


class Failed(Exception):
    pass


def report(command):
    """What the simulator says in the end."""
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    if not output.strip():
        raise Failed("no report")
    return json.loads(output.splitlines()[-1])


def sound(command):
    result = report(command)
    for violation in result["violations"]:
        print(violation)
    if result["violation_count"]:
        raise Failed(f"{result['violation_count']} violations")


def museum():
    result = report([sys.executable, os.path.join(ROOT, "tools", "sim"), "--museum", "--quick"])
    print(f"{result['caught']} of {result['bugs']} old bugs caught, the last in {result['worst_seconds']} s")
    if result["missed"] or result["bugs"] < BUGS:
        raise Failed(f"of {result['bugs']} bugs, not caught: {result['missed']}")


def same_trace(first, other):
    hashes = [report([program, "--seeds", str(TRACED)])["trace_hash"] for program in (first, other)]
    if hashes[0] != hashes[1]:
        raise Failed(f"{hashes[0]} is not {hashes[1]}")


def tests(mode, programs):
    if mode == "lives":
        return {
            "lives": lambda: sound([programs[0], "--seeds", str(SEEDS)]),
            "crash-points": lambda: sound([programs[0], "--crash-points"]),
            "allocations": lambda: sound([programs[0], "--allocations", "--seeds", str(STARVED)]),
            "museum": museum,
        }
    return {f"trace-{n}": lambda program=program: same_trace(programs[0], program)
            for n, program in enumerate(programs[1:], 1)}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("lives", "traces"):
        sys.exit(__doc__)
    passed = failed = 0
    for name, test in tests(sys.argv[1], sys.argv[2:]).items():
        try:
            test()
            passed += 1
            print(f"ok {name}", flush=True)
        except Failed as error:
            failed += 1
            print(f"not ok {name}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
