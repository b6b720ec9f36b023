#!/usr/bin/env python3
"""Weir's codec against Kafka's own: the tables against the message definitions in the jars of Kafka's clients, and
bytes and JSON, both ways, against the classes that Kafka made of these definitions.

usage: tests/conformance/conformance.py [--seed N] [--count N]

Prints `ok NAME` or `not ok NAME: why` for every message, and `N passed, N failed`. The codec is compiled anew, with
sanitizers. Needs a C compiler, a JDK, and Maven unless the jars are there."""

import argparse
import collections
import concurrent.futures
import difflib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "lib"), str(pathlib.Path(__file__).resolve().parent)]
sys.dont_write_bytecode = True

import definitions  # noqa: E402
import jars  # noqa: E402

PROGRAM = ["tests/proto/walk.c", "tests/proto/describe.c", "tests/conformance/codec_lines.c"]
JAVA = ["tests/vectors/MessageVectors.java", "tests/conformance/Official.java"]
CFLAGS = ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Iinclude", "-Iproto",
          "-Itests/proto"]

# Rows that are made wrong one by one, and where that must be noticed: file, row, wrong row, the line that tells.
WRONG = [
    ("msg_txn.c", "ROW(producer_epoch, 5, UP, MINUS_1, IGNORABLE)", "ROW(producer_epoch, 4, UP, MINUS_1, IGNORABLE)",
     "EndTxnResponse.producer_epoch"),
    ("msg_txn.c", "ROW(duration_filter, 1, UP, MINUS_1, 0)", "ROW(duration_filter, 1, UP, ZERO, 0)",
     "ListTransactionsRequest.duration_filter"),
    ("msg_group.c", "ROW(reason, 8, UP, NONE, NULLABLE(8) | IGNORABLE)", "ROW(reason, 8, UP, NONE, NULLABLE(8))",
     "JoinGroupRequest.reason"),
    ("msg_fetch.c", "ROW(rack, 16, UP, NONE, NULLABLE(16))", "ROW(rack, 16, UP, NONE, NULLABLE(17))",
     "FetchResponse.node_endpoints.rack"),
    ("msg_fetch.c", "ROW(high_watermark, 18, UP, MAX_64, TAG(1) | IGNORABLE)",
     "ROW(high_watermark, 18, UP, MAX_64, TAG(2) | IGNORABLE)", "FetchRequest.topics.partitions.high_watermark"),
    ("msg_metadata.c", "ROW(include_cluster_authorized_operations, 8, 10, ZERO, 0)",
     "ROW(include_cluster_authorized_operations, 8, 11, ZERO, 0)",
     "MetadataRequest.include_cluster_authorized_operations"),
    ("msg_data.c", "NULLABLE(1) | IGNORABLE | CLASSIC", "NULLABLE(1) | IGNORABLE", "RequestHeader.client_id"),
    ("msg_sasl.c", "WEIR_API_SASL_AUTHENTICATE, \"SaslAuthenticate\", 0, 2, 0, 2, 2",
     "WEIR_API_SASL_AUTHENTICATE, \"SaslAuthenticate\", 0, 2, 0, 2, 1", "SaslAuthenticateRequest"),
    ("msg_consumer.c", "    ROW(member_type, 1, UP, MINUS_1, IGNORABLE),\n", "", "ConsumerGroupDescribeResponse.groups"
     ".members.member_type"),
    ("msg_versions.c", "    ROW(zk_migration_ready, 3,", "    ROW(error_code, 3, UP, ZERO, 0),\n"
     "    ROW(zk_migration_ready, 3,", "ApiVersionsResponse.error_code"),
]


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def say(self, name, faults):
        """One test; it failed when there are faults, of which the first few are told."""
        if faults:
            self.failed += 1
            more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
            print(f"not ok {name}: {'; '.join(faults[:3])}{more}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)


def run(command, text=None, statuses=(0,)):
    """The lines that a program prints, given `text`."""
    process = subprocess.run(command, input=text, capture_output=True, cwd=ROOT, encoding="utf-8", check=False)
    if process.returncode not in statuses:
        raise RuntimeError(f"{command[0]}: status {process.returncode}: {process.stderr[-2000:]}")
    return process.stdout.split("\n")[:-1]


class Codec:
    """codec-lines, built in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.compiler = os.environ.get("CC") or shutil.which("gcc") or "cc"
        self.sources = sorted((ROOT / "proto").glob("*.c")) + [ROOT / path for path in PROGRAM]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            self.objects = dict(zip(self.sources, pool.map(self.compiled, self.sources)))
        self.program = self.linked("codec-lines", self.objects)

    def compiled(self, source, name=None):
        target = self.folder / f"{name or source.stem}.o"
        run([self.compiler, *CFLAGS, "-c", str(source), "-o", str(target)])
        return target

    def linked(self, name, objects):
        program = self.folder / name
        run([self.compiler, *CFLAGS, *map(str, objects.values()), "-o", str(program)])
        return str(program)

    def with_row(self, number, file, row, wrong):
        """The program with a row replaced."""
        source = ROOT / "proto" / file
        text = source.read_text("utf-8")
        if row not in text:
            raise RuntimeError(f"{file} has no row {row}")
        changed = self.folder / f"wrong{number}.c"
        changed.write_text(text.replace(row, wrong, 1), "utf-8")
        return self.linked(f"wrong{number}", {**self.objects, source: self.compiled(changed)})


def differences(expected, lines):
    """What the tables say otherwise than Kafka's definitions, by message."""
    found = collections.defaultdict(list)
    matcher = difflib.SequenceMatcher(None, expected, lines, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            continue
        ours = {line.split(" ", 1)[0]: line for line in lines[k:m]}
        for line in expected[i:j]:
            path = line.split(" ", 1)[0]
            mine = ours.pop(path, None)
            said = mine.split(" ", 1)[1] if mine else "nothing"
            found[path.split(".")[0]].append(f"{path}: Kafka says {line.split(' ', 1)[1]}, the table {said}")
        for path, line in ours.items():
            found[path.split(".")[0]].append(f"{path}: Kafka says nothing here, the table {line.split(' ', 1)[1]}")
    return found


def check_definitions(report, codec):
    expected = list(definitions.lines())
    found = differences(expected, run([codec.program, "schema"]))
    names = definitions.messages()
    for name in names:
        report.say(f"definition of {name}", found.pop(name, []))
    report.say("no other messages", [fault for faults in found.values() for fault in faults])

    def judged(number):
        file, row, wrong, told = WRONG[number]
        faults = differences(expected, run([codec.with_row(number, file, row, wrong), "schema"]))
        return [] if any(f.startswith(told + ":") for fs in faults.values() for f in fs) else [f"not told: {wrong}"]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for wrong, faults in zip(WRONG, pool.map(judged, range(len(WRONG)))):
            report.say(f"a wrong row is told: {wrong[3]}", faults)


def canonical(document):
    return json.dumps(json.loads(document), sort_keys=True)


def message_name(line):
    name, direction = line.split(" ", 2)[:2]
    return name + direction.capitalize() if direction in ("request", "response") else name


def compare(lines, answers, told):
    """Collects by message what is wrong: `told(line, answer)` is what, or None."""
    if len(lines) != len(answers):
        raise RuntimeError(f"{len(answers)} answers to {len(lines)} lines")
    faults = collections.defaultdict(list)
    for line, answer in zip(lines, answers):
        fault = told(line, answer)
        if fault:
            faults[message_name(line)].append(f"version {line.split(' ')[2]}: {fault}")
    return faults


def merge(*collections_of_faults):
    merged = collections.defaultdict(list)
    for faults in collections_of_faults:
        for name, texts in faults.items():
            merged[name] += texts
    return merged


def say_all(report, title, lines, faults):
    counts = collections.Counter(map(message_name, lines))
    versions = {name: {line.split(" ")[2] for line in lines if message_name(line) == name} for name in counts}
    for name in definitions.messages():
        few = [] if counts[name] >= 5 * len(versions.get(name, "-")) else ["fewer than 5 messages a version"]
        report.say(f"{title} {name}: {len(versions.get(name, ()))} versions, {counts[name]} messages",
                   faults[name] + few)


def check_written_by_kafka(report, codec, official, seed, count):
    """What Kafka writes is read, written again, and printed as JSON; its JSON is read."""
    lines, documents = [], []
    for class_path, spans in official:
        command = jars.command(class_path, "Official", ["write", str(seed), str(count), *spans])
        for line in run(command):
            *start, document = line.split(" ", 4)
            lines.append(" ".join(start))
            documents.append(canonical(document))
    text = "\n".join(lines) + "\n"
    kafka = dict(zip(lines, documents))

    def other_json(line, answer):
        return None if canonical(answer) == kafka[line] else f"{line[-80:]}: Kafka has {kafka[line]}, Weir {answer}"

    def other_bytes(line, answer):
        return None if answer == line.split(" ")[3] else f"{line.split(' ')[3]} became {answer}"

    statuses = (0, 1)
    shown = compare(lines, run([codec.program, "decode"], text, statuses), other_json)
    recoded = compare(lines, run([codec.program, "recode"], text, statuses), other_bytes)
    full = run([codec.program, "decode", "--records"], text, statuses)
    back = "".join(f"{line.rsplit(' ', 1)[0]} {document}\n" for line, document in zip(lines, full))
    encoded = compare(lines, run([codec.program, "encode"], back, statuses), other_bytes)
    say_all(report, "written by Kafka,", lines, merge(shown, recoded, encoded))


def check_read_by_kafka(report, codec, official, count):
    """What Weir writes is read by Kafka, which writes the same and prints the same JSON."""
    lines = run([codec.program, "random", str(count)])
    printed = dict(zip(lines, run([codec.program, "decode"], "\n".join(lines) + "\n")))
    answers = {}
    for class_path, spans in official:
        known = set()
        for span in spans:
            name, numbers = span.split(":")
            first, last = map(int, numbers.split("-"))
            known |= {(name, str(version)) for version in range(first, last + 1)}
        mine = [line for line in lines if (line.split(" ")[0], line.split(" ")[2]) in known]
        answers.update(zip(mine, run(jars.command(class_path, "Official", ["read"]), "\n".join(mine) + "\n")))

    def told(line, answer):
        bytes_read = line.split(" ")[3]
        read, _, document = answer.partition(" ")
        if read != bytes_read:
            return f"{bytes_read} became {answer}"
        return None if canonical(document) == canonical(printed[line]) else f"{bytes_read} is {document}"

    say_all(report, "read by Kafka,", lines, compare(lines, [answers.get(line, "- not read") for line in lines], told))


def main():
    parser = argparse.ArgumentParser(usage="tests/conformance/conformance.py [--seed N] [--count N]",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of Kafka's random messages")
    parser.add_argument("--count", type=int, default=4, help="random messages of each version, from either side")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        codec = Codec(folder)
        check_definitions(report, codec)
        run(["javac", "-Xlint:all,-processing", "-Werror", "-cp", jars.kafka(), "-d", folder, *JAVA])
        class_paths = [f"{folder}:{jars.kafka(version)}" for version in definitions.VERSIONS]
        official = list(zip(class_paths, definitions.spans()))
        check_written_by_kafka(report, codec, official, options.seed, options.count)
        check_read_by_kafka(report, codec, official, max(5, options.count))
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
