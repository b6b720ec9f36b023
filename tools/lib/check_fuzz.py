"""A few seconds of libFuzzer with sanitizers for every target of fuzz/, through tools/fuzz."""

import json

import check_suites as suites

SECONDS = 3
LIMIT_S = 900


def run(log):
    """A test for each target; an input that crashes one stays where its line in the log says."""
    status = suites.execute(["tools/fuzz", "--seconds", str(SECONDS)], log, LIMIT_S)
    with open(log, encoding="utf-8", errors="replace") as file:
        results = [json.loads(line) for line in file if line.startswith('{"target"')]
    crashed = sum(result["crashes"] > 0 for result in results)
    if status and not crashed:
        raise suites.Crashed(f"status {status}: tools/fuzz")
    return suites.Counts(len(results) - crashed, crashed)
