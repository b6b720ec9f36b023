"""How much of proto/ the tests reach: a build of its own with gcc's counters, read by Debian's gcovr.

gcovr and not gcov by hand: it adds up what several programs saw of one file, headers included, and leaves out the
branches of assertions, which no test can take.
"""

import glob
import json
import os

import check_suites as suites

FOLDER = "proto"
OPTIONS = ["-Db_coverage=true", "-Dbuildtype=debug", "-Dwerror=true"]
PACKAGES = {"gcovr": "gcovr"}
LEAST = {"line": 95, "branch": 90}  # percent
UNIT_S, GCOVR_S = 600, 300


def measure(root, build, log):
    """What gcovr says of the runs in `build`, as it stands in its summary; the lines missed go to the log."""
    summary = os.path.join(build, "coverage.json")
    suites.must(["gcovr", "--root", root, "--filter", os.path.join(root, FOLDER) + "/",
                 "--exclude-branches-by-pattern", r".*\bassert\(.*", "--json-summary", summary, "--txt", "-", build],
                log, GCOVR_S)
    with open(summary, encoding="utf-8") as file:
        return json.load(file)


def table(summary):
    """Lines for people: each file, then all of them."""
    rows = [*((file["filename"], file) for file in summary["files"]), ("total", summary)]
    yield f"{'':24}{'lines':>7}{'missed':>8}{'':8}{'branches':>10}{'missed':>8}"
    for name, row in rows:
        cells = [(row[f"{what}_total"], row[f"{what}_total"] - row[f"{what}_covered"], row[f"{what}_percent"] or 0)
                 for what in LEAST]
        (lines, unseen, reached), (branches, untaken, taken) = cells
        yield f"{name:24}{lines:7}{unseen:8}{reached:7.1f}%{branches:10}{untaken:8}{taken:7.1f}%"


def judge(report, root, build, log):
    """A test for lines and one for branches."""
    summary = measure(root, build, log)
    report.say("\n".join(table(summary)))
    failed = 0
    with open(log, "a", encoding="utf-8") as file:
        for what, least in LEAST.items():
            percent = summary[f"{what}_percent"]
            failed += percent < least
            print("ok" if percent >= least else "not ok", f"{what} coverage {percent} %, at least {least} %", file=file)
    return suites.Counts(len(LEAST) - failed, failed)


def run(report, root, build, jobs):
    """Builds with counters, runs all unit tests and the replay of all corpora, and judges what they reached."""
    def tests(log):
        suites.build(root, build, OPTIONS, log, jobs, {"CC": "gcc"})
        for path in glob.glob(os.path.join(build, "**", "*.gcda"), recursive=True):
            os.remove(path)  # of earlier runs
        return suites.meson_tests(build, log, jobs, UNIT_S, {})
    report.suite("coverage-tests", tests)
    report.suite("coverage", lambda log: judge(report, root, build, log))
