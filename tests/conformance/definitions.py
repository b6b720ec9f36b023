#!/usr/bin/env python3
"""What Kafka's message definitions say of every field, a line each; tests/vectors/schema.txt is made with it.

usage: definitions.py >schema.txt

A version is looked up in the newest jar that has it: 3.9.2 knows what 4.x has dropped. All ranges are cut to the
versions of the message and of the struct around the field, so that a line says what matters and nothing else."""

import json
import pathlib
import re
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402

VERSIONS = (jars.NEWEST, "3.9.2")
APIS = """
    Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat LeaveGroup SyncGroup
    DescribeGroups ListGroups SaslHandshake ApiVersions CreateTopics DeleteTopics DeleteRecords InitProducerId
    OffsetForLeaderEpoch AddPartitionsToTxn AddOffsetsToTxn EndTxn WriteTxnMarkers TxnOffsetCommit DescribeConfigs
    SaslAuthenticate CreatePartitions DeleteGroups DescribeCluster DescribeProducers DescribeTransactions
    ListTransactions ConsumerGroupHeartbeat ConsumerGroupDescribe GetTelemetrySubscriptions PushTelemetry
    DescribeTopicPartitions
""".split()
DATA = "RequestHeader ResponseHeader ConsumerProtocolSubscription ConsumerProtocolAssignment EndTxnMarker".split()
DEFAULTS = {"": "0", "false": "0", "true": "1", "0x7fffffff": "2147483647"}
UP = 999


def versions(text):
    """The versions of "2", "2-4", "2+" or "none"."""
    if not text or text == "none":
        return set()
    first, _, last = text.rstrip("+").partition("-")
    return set(range(int(first), UP if text.endswith("+") else int(last or first) + 1))


def span(numbers, none):
    """The text of a range of versions."""
    if not numbers:
        return none
    first, last = min(numbers), max(numbers)
    if len(numbers) != last - first + 1:
        raise ValueError(f"versions with a gap: {sorted(numbers)}")
    return f"{first}-{last}"


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


class Definition:
    """One jar's definition of a message."""

    def __init__(self, jar, name):
        text = jar.read(f"common/message/{name}.json").decode()
        self.json = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
        self.versions = versions(self.json["validVersions"])
        self.flexible = versions(self.json["flexibleVersions"])
        self.structs = {s["name"]: s["fields"] for s in self.json.get("commonStructs", [])}
        self.fields = self.json["fields"]

    def inner(self, field):
        return field.get("fields") or self.structs.get(field["type"].removeprefix("[]"))


class Field:
    """All that the definitions of the message say of one field: (versions, the field's JSON, its definition) each."""

    def __init__(self, path):
        self.path, self.said = path, []

    def one(self, what, value, relevant=None):
        """What the newest definition says; an older one may say something else only where it does not matter."""
        values = [value(field) for numbers, field, _ in self.said if relevant is None or numbers & relevant]
        values = values or [value(self.said[0][1])]
        if len(set(values)) > 1:
            raise ValueError(f"{self.path}: {what} differs between definitions: {values}")
        return values[0]

    def present(self):
        return set().union(*(numbers & versions(field["versions"]) for numbers, field, _ in self.said))

    def line(self, around):
        present = self.present() & around
        nullable = set().union(*(numbers & versions(field.get("nullableVersions")) for numbers, field, _ in self.said))
        kind = self.one("type", lambda f: f["type"], present)
        default = self.one("default", lambda f: str(f.get("default", "null" if kind == "records" else "0")).lower())
        ignorable = self.one("ignorable", lambda f: bool(f.get("ignorable")), around - present)
        if any(definition.inner(field) for _, field, definition in self.said):
            kind = ("[]" if kind.startswith("[]") else "") + "struct"
        tag = self.one("tag", lambda f: f.get("tag", "none"), present)
        classic = self.one("flexibleVersions", lambda f: f.get("flexibleVersions") == "none", present)
        return (f"{self.path} {kind} {span(present, 'never')} nullable {span(nullable & present, 'never')} tag {tag} "
                f"default {DEFAULTS.get(default, default)} {'ignorable' if ignorable else 'kept'}"
                f"{' classic' if classic else ''}")


def merged(path, layers):
    """Fields in the order of the newest layer, with what only older ones have in its place. A layer is (versions,
    fields, definition)."""
    names, fields = [], {}
    for numbers, listed, definition in layers:
        previous = None
        for field in listed:
            name = snake(field["name"])
            if name not in fields:
                fields[name] = Field(f"{path}.{name}")
                names.insert(names.index(previous) + 1 if previous else 0, name)
            fields[name].said.append((numbers, field, definition))
            previous = name
    return [fields[name] for name in names]


def lines_of(path, layers, around):
    for field in merged(path, layers):
        present = field.present() & around
        if not present:
            continue
        yield field.line(around)
        inner = [(numbers, definition.inner(json), definition) for numbers, json, definition in field.said
                 if definition.inner(json)]
        if inner:
            yield from lines_of(field.path, inner, present)


def layers_of_message(name, opened):
    """The definitions of a message with the versions that each is to be asked about, the newest first."""
    layers, known = [], set()
    for jar in opened:
        if f"common/message/{name}.json" in jar.namelist():
            definition = Definition(jar, name)
            layers.append((definition.versions - known, definition.fields, definition))
            known |= definition.versions
    return layers, known


def lines_of_message(name, opened):
    layers, known = layers_of_message(name, opened)
    flexible = set().union(*(numbers & definition.flexible for numbers, _, definition in layers))
    yield f"{name} {span(known, 'never')} flexible {span(flexible, 'never')}"
    yield from lines_of(name, [layer for layer in layers if layer[0]], known)


def archives():
    """The jars of Kafka's clients, the newest first."""
    for version in VERSIONS:
        folder = jars.kafka_folder(version)
        yield zipfile.ZipFile(folder / f"kafka-clients-{version}.jar")


def messages():
    """The names of all definitions, in the order of Weir's tables."""
    return [api + direction for api in APIS for direction in ("Request", "Response")] + DATA


def spans():
    """For each jar, API and data as NAME:FIRST-LAST, as far as the jar is the newest that has the versions."""
    opened = list(archives())
    found = [[] for _ in opened]
    for name in APIS + DATA:
        layers, _ = layers_of_message(name + "Request" if name in APIS else name, opened)
        for texts, (numbers, _, _) in zip(found, layers):
            if numbers:
                texts.append(f"{name}:{span(numbers, 'never')}")
    return found


def lines():
    """Every message and every field that Weir knows, as Kafka defines it."""
    opened = list(archives())
    for name in messages():
        yield from lines_of_message(name, opened)


if __name__ == "__main__":
    print("\n".join(lines()))
