#!/usr/bin/env python3
"""Prints what Kafka's message definitions say of every field, a line each, for tests/proto/test_schema.c.

usage: schema.py kafka-clients-4.4.0.jar kafka-clients-3.9.2.jar >schema.txt
The older definitions give the fields of versions that 4.x has dropped."""
import json
import re
import sys
import zipfile

# The APIs in order of key, with the oldest version that Weir speaks.
APIS = {
    "Produce": 3, "Fetch": 4, "ListOffsets": 1, "Metadata": 0, "OffsetCommit": 2, "OffsetFetch": 1,
    "FindCoordinator": 0, "ApiVersions": 0, "CreateTopics": 2, "DeleteTopics": 0, "InitProducerId": 0,
    "OffsetForLeaderEpoch": 0, "AddPartitionsToTxn": 0, "AddOffsetsToTxn": 0, "EndTxn": 0, "TxnOffsetCommit": 0,
    "DescribeConfigs": 0, "DescribeTransactions": 0, "ListTransactions": 0,
}
UP = 127
DEFAULTS = {"": "0", "false": "0", "true": "1", "0x7fffffff": "2147483647"}


def load(jar, name):
    text = jar.read(f"common/message/{name}.json").decode()
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))


def versions(text):
    if text == "none":
        return UP, -1
    first, _, last = text.rstrip("+").partition("-")
    return int(first), UP if text.endswith("+") else int(last or first)


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def merge(fields, old_fields, oldest):
    """Puts back the fields that a newer definition has dropped together with their versions."""
    names = {f["name"]: f for f in fields}
    merged = []
    pending = list(fields)
    for old in old_fields:
        if old["name"] not in names:
            if versions(old["versions"])[1] >= oldest:
                merged.append(old)
            continue
        while pending and pending[0]["name"] not in (f["name"] for f in merged):
            field = pending.pop(0)
            merged.append(field)
            if field["name"] == old["name"]:
                field["fields"] = merge(field.get("fields", []), old.get("fields", []), oldest)
                break
    return merged + pending


def show(path, fields, structs, oldest):
    for field in fields:
        first, last = versions(field["versions"])
        if last < oldest:
            continue
        kind = field["type"]
        item = kind.lstrip("[]")
        inner = field.get("fields") or structs.get(item)
        default = str(field.get("default", "null" if kind == "records" else "0")).lower()
        nullable = versions(field.get("nullableVersions", "none"))[0]
        print(f"{path}.{snake(field['name'])}", kind.replace(item, "struct") if inner else kind,
              f"{first}-{'up' if last == UP else last}", f"nullable {'never' if nullable == UP else nullable}",
              f"tag {field.get('tag', 'none')}", f"default {DEFAULTS.get(default, default)}",
              "ignorable" if field.get("ignorable") else "kept")
        if inner:
            show(f"{path}.{snake(field['name'])}", inner, structs, oldest)


def main(jar, old_jar):
    for api, oldest in APIS.items():
        for name in (api + "Request", api + "Response"):
            message = load(jar, name)
            fields = message["fields"]
            valid = versions(message["validVersions"])
            if oldest < valid[0]:
                fields = merge(fields, load(old_jar, name)["fields"], oldest)
            print(name, f"{oldest}-{valid[1]}", f"flexible {versions(message['flexibleVersions'])[0]}")
            show(name, fields, {s["name"]: s["fields"] for s in message.get("commonStructs", [])}, oldest)


if __name__ == "__main__":
    main(zipfile.ZipFile(sys.argv[1]), zipfile.ZipFile(sys.argv[2]))
