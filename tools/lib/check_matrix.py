"""`tools/check --matrix`: weir with one release of Kafka after the other, and a table of what it can do with each."""

import argparse
import os
import re
import sys

import check_suites as suites

VERSIONS = ("0.10.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.0.1", "2.8.2", "3.3.2", "3.9.2", "4.3.1", "4.4.0")
ALL = ",".join(VERSIONS)
RELEASE_S = 240
_CELL = re.compile(r"^(ok|not ok) ([a-z-]+)(?:: (.*))?$", re.M)
_LACKING = "n.a.: "


def versions(text):
    """Those that VERSION[,VERSION] names: the type of an argument."""
    chosen = text.split(",")
    unknown = [version for version in chosen if version not in VERSIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is not one of {', '.join(VERSIONS)}")
    return chosen


def run(report, chosen, weir):
    """Runs the releases, each as a suite, and prints the table."""
    rows = {version: _release(report, version, weir) for version in chosen}
    report.say("\n".join(_table(rows)))


def _release(report, version, weir):
    """What one release gave: {feature: (whether it is as it should be, words)}, in order."""
    name = f"matrix-{version}"
    command = [sys.executable, "tests/matrix/release.py", version]
    report.suite(name, lambda log: suites.program(command, log, RELEASE_S, {"WEIR": weir}))
    with open(os.path.join(report.folder, name + ".log"), encoding="utf-8", errors="replace") as file:
        return {feature: (good == "ok", words) for good, feature, words in _CELL.findall(file.read())}


def _table(rows):
    """The lines of the table and, below it, the words that do not fit into a cell."""
    features = list(dict.fromkeys(feature for row in rows.values() for feature in row))
    lines = [["Kafka", *features]]
    notes = []
    for version, row in rows.items():
        cells = []
        for feature in features:
            good, words = row.get(feature, (False, "it did not get that far"))
            lacking = good and words.startswith(_LACKING)
            if words:
                notes.append(f"{version} {feature}: " + (f"not in this Kafka: {words.removeprefix(_LACKING)}"
                                                         if lacking else f"failed: {words}"))
            cells.append("ok, in part" if lacking else "ok" if good else "FAILED")
        lines.append([version, *cells])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["", *("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines), "",
            *notes, ""]
