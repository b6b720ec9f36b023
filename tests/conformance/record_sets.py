#!/usr/bin/env python3
"""Record sets of Weir against Kafka's own classes, in every format and codec: what Kafka writes is read by `weir decode
records`, and what `weir encode records` and the library write is read by Kafka, field by field.

usage: tests/conformance/record_sets.py [--seed N] [--count N]

Prints `ok NAME` or `not ok NAME: why` for every format, codec and kind of proof, and `N passed, N failed`. WEIR names
another program than build/tools/weir/weir. Needs a JDK, and Maven unless the jars are there."""

import argparse
import collections
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402

WEIR = pathlib.Path(os.environ.get("WEIR") or ROOT / "build" / "tools" / "weir" / "weir").resolve()
DUMP = WEIR.parents[2] / "tests" / "proto_records" / "dump_batches"
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
COMPUTED = ("sizeInBytes", "checksum")
T0 = 1700000000000
DUMPED = 9000  # records, at least, in each set of dump_batches
TOLD = 3  # differences that a line names


class Set:
    """A record set: what it is made of, its bytes in hexadecimal, and what Kafka reads in them."""

    def __init__(self, line):
        self.magic, self.codec, self.kind, self.hex, text = line.split(" ", 4)
        self.document = json.loads(text)
        self.group = f"magic {self.magic} {self.codec}"

    def follows_from_document(self):
        """Whether its bytes do: not those of a codec, nor the timestamps that LogAppendTime hides."""
        return all(batch["compression"] == "none" and (batch["magic"] < 2 or batch["timestampType"] == "CreateTime")
                   for batch in self.document["batches"])


class Report:
    """Counts tests, and the sets, records and differences in them."""

    def __init__(self):
        self.passed = self.failed = self.sets = self.records = self.differences = 0

    def say(self, name, faults, documents=()):
        """One test; it failed when there are faults."""
        records = sum(len(document["records"]) for document in documents)
        self.sets += len(documents)
        self.records += records
        self.differences += len(faults)
        size = f", {len(documents)} sets, {records} records" if documents else ""
        if faults:
            self.failed += 1
            more = f" (and {len(faults) - TOLD} more)" if len(faults) > TOLD else ""
            print(f"not ok {name}{size}: {'; '.join(faults[:TOLD])}{more}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}{size}", flush=True)


def lines_of(command, lines=(), statuses=(0, 1)):
    """The lines that a program prints, given lines."""
    process = subprocess.run(command, input="".join(f"{line}\n" for line in lines), capture_output=True,
                             encoding="utf-8", check=False)
    if process.returncode not in statuses:
        raise RuntimeError(f"{command[0]}: status {process.returncode}: {process.stderr[-2000:]}")
    return process.stdout.split("\n")[:-1]


def answers(command, lines):
    """One line for each."""
    found = lines_of(command, lines)
    if len(found) != len(lines):
        raise RuntimeError(f"{' '.join(command[-3:])}: {len(found)} answers to {len(lines)} lines")
    return found


class Judges:
    """Weir's command line and Kafka's classes, which both turn sets into documents."""

    def __init__(self, class_path):
        self.class_path = class_path

    def made_by_kafka(self, seed, count):
        """Sets of all formats, codecs and kinds."""
        return list(map(Set, lines_of(self.kafka("write", str(seed), str(count)), statuses=(0,))))

    def kafka(self, *arguments):
        return jars.command(self.class_path, "RecordSets", arguments)

    def read_by_kafka(self, sets):
        return [{"error": line} if line.startswith("- ") else json.loads(line)
                for line in answers(self.kafka("read"), sets)]

    @staticmethod
    def read_by_weir(sets):
        return list(map(json.loads, answers([str(WEIR), "decode", "records", "--lines"], sets)))

    @staticmethod
    def written_by_weir(documents):
        """Hexadecimal, or the document of an error."""
        return answers([str(WEIR), "encode", "records", "--lines"], list(map(json.dumps, documents)))


def short(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:40]}...({len(text)} characters)"


def differences(wanted, found, path=""):
    """What `found` has otherwise, as `path: this instead of that`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            yield from differences(wanted.get(key, "nothing"), found.get(key, "nothing"), f"{path}.{key}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path}: {len(found)} items instead of {len(wanted)}"
        for number, (one, other) in enumerate(zip(wanted, found)):
            yield from differences(one, other, f"{path}[{number}]")
    elif type(wanted) is not type(found) or wanted != found:
        yield f"{path}: {short(found)} instead of {short(wanted)}"


def told(names, wanted, found):
    """The differences of many documents, each with the name of its set."""
    return [f"{name}: {text}" for name, one, other in zip(names, wanted, found) for text in differences(one, other)]


def without_computed(documents):
    """The documents without what depends on how well a codec packs."""
    bare = copy.deepcopy(documents)
    for document in bare:
        for batch in document.get("batches", []):
            for member in COMPUTED:
                batch.pop(member, None)
    return bare


def groups_of(sets):
    """Formats and codecs, in the order that they come."""
    return list(dict.fromkeys(one.group for one in sets))


# ---- what Kafka writes ----
def other_bytes(name, one, text):
    """What is wrong with the bytes that Weir has written of the document of a set."""
    if not one.follows_from_document():
        return []
    if not one.hex.startswith(text):
        return [f"{name}: other bytes: {text[:80]}"]
    return [f"{name}: only {len(text) // 2} bytes"] if one.kind != "cut" and len(one.hex) != len(text) else []


def check_written_by_kafka(report, judges, sets):
    """Weir reads in them what Kafka reads, and writes of that what Kafka reads as the same."""
    found = judges.read_by_weir([one.hex for one in sets])
    back = judges.written_by_weir([one.document for one in sets])
    again = judges.read_by_kafka(back)
    for group in groups_of(sets):
        part = [number for number, one in enumerate(sets) if one.group == group]
        names = [f"{sets[number].kind} {number}" for number in part]
        documents, read, reread = ([of[number] for number in part]
                                   for of in ([one.document for one in sets], found, again))
        report.say(f"Kafka's sets read by Weir, {group}", told(names, documents, read), documents)
        faults = [fault for name, number in zip(names, part) for fault in other_bytes(name, sets[number], back[number])]
        faults += told(names, without_computed(documents), without_computed(reread))
        report.say(f"and written again for Kafka, {group}", faults, documents)


def check_kinds(report, sets):
    """That the sets are what they are called: a proof needs its cases."""
    batches = [batch for one in sets for batch in one.document["batches"]]
    records = [record for one in sets for record in one.document["records"]]
    headers = [header for record in records for header in record["headers"]]
    by_kind = collections.defaultdict(list)
    for one in sets:
        by_kind[one.kind].append(one)
    first = {one.document["batches"][0]["baseOffset"]: one for one in sets if one.document["batches"]}
    cases = {
        "null keys": any(record["key"] is None for record in records),
        "empty values": any(record["value"] == "" for record in records),
        "large values": any(len(record["value"] or "") > 2 * 65536 for record in records),
        "headers of the same name": any(len({name for name, _ in record["headers"]}) < len(record["headers"])
                                        for record in records),
        "headers that are null": any(value is None for _, value in headers),
        "timestamps that go back": any(one["timestamp"] > two["timestamp"] for one, two in zip(records, records[1:])),
        "LogAppendTime": any(batch["timestampType"] == "LogAppendTime" for batch in batches),
        "transactions": any(batch["isTransactional"] and not batch["isControl"] for batch in batches),
        "markers": {record["key"] for one in by_kind["transaction"] for record in one.document["records"]}
        >= {"00000000", "00000001"},
        "delete horizons": any(batch["deleteHorizonMs"] is not None for batch in batches),
        "gaps": any(batch["count"] is not None and 0 < batch["count"] <= batch["lastOffset"] - batch["baseOffset"]
                    for batch in batches),
        "empty batches": any(batch["count"] == 0 for batch in batches),
        "cut-off tails": all(len(one.hex) // 2 > sum(batch["sizeInBytes"] for batch in one.document["batches"])
                             for one in by_kind["cut"]),
        "several batches": any(len(one.document["batches"]) > 3 for one in sets),
        "many offsets": len(first) > len(sets) // 3,
    }
    report.say("the sets hold every case", [f"no {name}" for name, there in cases.items() if not there])


# ---- what Weir writes ----
class Writer:
    """Random documents, to be written by Weir."""

    def __init__(self, seed, magic, codec):
        self.random, self.magic, self.codec = random.Random(f"{seed} {magic} {codec}"), magic, codec
        self.offset = 0

    def bytes(self):
        kind = self.random.random()
        if kind < 0.2:
            return None if kind < 0.1 else ""
        size = int(self.random.expovariate(1 / 40)) if kind < 0.98 else self.random.randrange(100000)
        return self.random.randbytes(size).hex() if kind < 0.6 else f"{self.random.randrange(256):02x}" * size

    def timestamp(self):
        return self.random.choice([-1, 0, 2**63 - 1, *[T0 + self.random.randrange(-2**31, 2**40)] * 5])

    def record(self, kind, appended):
        """At the next offset, with a gap in front now and then."""
        self.offset += self.random.choice([0] * 9 + [self.random.randrange(1, 5000)])
        names = self.random.choices(["", "a", "b\u00e9\u65e5", "\U0001d11e\"\\\n"], k=self.random.choice([0, 0, 1, 4]))
        record = {"offset": self.offset, "timestamp": self.timestamp() if appended is None else appended,
                  "timestampType": kind, "key": self.bytes(), "value": self.bytes(),
                  "headers": [[name, self.bytes()] for name in names if self.magic == 2]}
        self.offset += 1
        return {**record, "timestamp": -1} if self.magic == 0 else record

    def batch(self):
        """A batch and its records."""
        appends = self.magic > 0 and self.random.random() < 0.3
        kind = "NoTimestampType" if self.magic == 0 else "LogAppendTime" if appends else "CreateTime"
        appended = T0 + self.random.randrange(2**40) if appends else None
        base = self.offset
        count = 1 if self.magic < 2 and self.codec == "none" else self.random.randrange(1, 40)
        records = [self.record(kind, appended) for _ in range(count)]
        batch = {
            "magic": self.magic, "compression": self.codec, "baseOffset": records[0]["offset"],
            "lastOffset": records[-1]["offset"], "count": None, "timestampType": kind,
            "maxTimestamp": max(record["timestamp"] for record in records), "deleteHorizonMs": None, "producerId": -1,
            "producerEpoch": -1, "baseSequence": -1, "isTransactional": False, "isControl": False,
            "partitionLeaderEpoch": -1}
        return self.extended(batch, base, records) if self.magic == 2 else (batch, records)

    def extended(self, batch, base, records):
        """The same with what only magic 2 has; one in ten has lost its records."""
        chance, below = self.random.random, self.random.randrange
        self.offset += self.random.choice([0, below(100)])
        records = records if chance() < 0.9 else []
        more = {"baseOffset": base, "lastOffset": self.offset - 1, "count": len(records),
                "deleteHorizonMs": below(2**45) if chance() < 0.3 else None,
                "producerId": below(2**63) if chance() < 0.5 else -1, "producerEpoch": below(-1, 2**15),
                "baseSequence": below(-1, 2**31), "isTransactional": chance() < 0.3, "isControl": chance() < 0.1,
                "partitionLeaderEpoch": below(-1, 2**31)}
        return {**batch, **more}, records

    def document(self):
        self.offset = self.random.choice([0, self.random.randrange(2**31), self.random.randrange(2**62)])
        pairs = [self.batch() for _ in range(self.random.randrange(1, 6))]
        return {"batches": [batch for batch, _ in pairs], "records": [r for _, records in pairs for r in records]}


def check_written_by_weir(report, judges, groups, seed, count):
    """Kafka reads in random sets what Weir was told to write."""
    writers = [Writer(seed, int(group.split(" ")[1]), group.split(" ")[2]) for group in groups]
    documents = [writer.document() for writer in writers for _ in range(count)]
    sets = judges.written_by_weir(documents)
    read, own = judges.read_by_kafka(sets), judges.read_by_weir(sets)
    for number, group in enumerate(groups):
        part = slice(number * count, (number + 1) * count)
        names = [f"set {n}" for n in range(count)]
        faults = told(names, documents[part], without_computed(read[part])) + told(names, read[part], own[part])
        report.say(f"Weir's sets read by Kafka, {group}", faults, documents[part])


def check_written_by_library(report, judges):
    """The same of what the library's writers of batches and messages make."""
    lines = lines_of([str(DUMP)])
    names, sets = ([line[len(word):] for line in lines if line.startswith(word)] for word in ("batch ", "bytes "))
    read = judges.read_by_kafka(sets)
    faults = told(names, read, judges.read_by_weir(sets))
    faults += [f"{name}: Kafka reads too little" for name, one in zip(names, read)
               if len(one.get("records", [])) < DUMPED]
    report.say("what the library's writers make, read by both", faults, read)


# ---- that this can fail ----
def wrong_documents(document):
    """Documents that differ in one field: its path, and the document."""
    changes = [("batches", "partitionLeaderEpoch", 77), ("batches", "producerId", 5), ("batches", "producerEpoch", 6),
               ("batches", "baseSequence", 8), ("batches", "isTransactional", True), ("batches", "isControl", True),
               ("batches", "maxTimestamp", 9), ("batches", "deleteHorizonMs", 10), ("batches", "lastOffset", 10**6),
               ("batches", "compression", "gzip"), ("records", "offset", 3), ("records", "timestamp", 4),
               ("records", "key", None), ("records", "value", "00"), ("records", "headers", [["b", None], ["a", "31"]]),
               ("records", "headers", [["a", "31"], ["b", ""]]), ("records", "headers", [["a", "31"]])]
    for part, member, value in changes:
        wrong = copy.deepcopy(document)
        wrong[part][-1][member] = value
        yield f"{part}[0].{member}", wrong


def check_that_it_tells(report, judges):
    """Sets that are written with one wrong field each: Kafka reads it, and the comparison names it."""
    batch = {"magic": 2, "compression": "none", "baseOffset": 0, "lastOffset": 9, "count": 1,
             "timestampType": "CreateTime", "maxTimestamp": 1, "deleteHorizonMs": None, "producerId": -1,
             "producerEpoch": -1, "baseSequence": -1, "isTransactional": False, "isControl": False,
             "partitionLeaderEpoch": -1}
    record = {"offset": 0, "timestamp": 1, "timestampType": "CreateTime", "key": "", "value": None,
              "headers": [["a", "31"], ["b", None]]}
    right = {"batches": [batch], "records": [record]}
    paths, documents = zip(*wrong_documents(right))
    sets = judges.written_by_weir([right, *documents])
    for judge, read in (("Kafka", judges.read_by_kafka(sets)), ("Weir", judges.read_by_weir(sets))):
        bare = without_computed(read)
        report.say(f"a right set is not told, by {judge}", told(["set"], [right], bare))
        for path, found in zip(paths, bare[1:]):
            faults = told(["set"], [right], [found])
            good = len(faults) > 0 and all(fault.startswith("set: " + path) for fault in faults)
            report.say(f"a wrong field is told: {path}, by {judge}", [] if good else [f"told: {faults}"])
    flipped = sets[0][:-2] + ("00" if sets[0][-2:] != "00" else "01")
    told_by = [judge([flipped])[0].get("error", "") for judge in (judges.read_by_kafka, judges.read_by_weir)]
    report.say("a wrong byte is told by both", [] if all(told_by) else [f"told: {told_by}"])


def main():
    parser = argparse.ArgumentParser(usage="tests/conformance/record_sets.py [--seed N] [--count N]",
                                     description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1, help="of all random sets")
    parser.add_argument("--count", type=int, default=3, help="sets of each format, codec and kind")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["javac", "-Xlint:all,-processing", "-Werror", "-cp", jars.kafka(), "-d", folder,
                        str(ROOT / "tests" / "conformance" / "RecordSets.java")], check=True)
        judges = Judges(f"{folder}:{jars.kafka()}")
        sets = judges.made_by_kafka(options.seed, options.count)
        wanted = {f"magic {magic} {codec}" for magic in range(3) for codec in CODECS if magic == 2 or codec != "zstd"}
        report.say("all formats and codecs are there", sorted(wanted ^ set(groups_of(sets))))
        check_kinds(report, sets)
        check_written_by_kafka(report, judges, sets)
        check_written_by_weir(report, judges, groups_of(sets), options.seed, 4 * options.count)
        check_written_by_library(report, judges)
        check_that_it_tells(report, judges)
    print(f"{report.sets} sets, {report.records} records, {report.differences} differences")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
