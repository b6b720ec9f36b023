"""Kafka's own definitions of requests, from its jars: what a script does not name is completed from them."""

import functools
import json
import re
import zipfile

import jars

_OLD = "3.9.2"  # knows the versions that Kafka 4 has dropped
_ENTITY_DEFAULTS = {"string": "", "bool": False, "records": None, "bytes": "", "uuid": "A" * 22}


@functools.lru_cache(maxsize=None)
def _messages(release, kind):
    """The definitions of one kind ("request") by the name of the API."""
    folder = jars.kafka(release).split(":")[0].rstrip("*")
    found = {}
    with zipfile.ZipFile(f"{folder}kafka-clients-{release}.jar") as jar:
        for name in jar.namelist():
            if name.startswith("common/message/") and name.endswith(f"{kind.title()}.json"):
                text = re.sub(r"^\s*//.*$", "", jar.read(name).decode(), flags=re.M)
                found[name[len("common/message/"):-len(f"{kind}.json")]] = json.loads(text)
    return found


def _within(version, text):
    """Whether a range as definitions write it ("3+", "0-5", "4", "none") has the version."""
    if text == "none":
        return False
    low, dash, high = text.partition("-")
    if low.endswith("+"):
        return version >= int(low[:-1])
    return int(low) <= version <= (int(high) if dash else int(low))


def definition(name, version):
    """The definition of a request in the newest Kafka that has the version; of the newest if none has it."""
    newest = _messages(jars.NEWEST, "request")[name]
    if _within(version, newest["validVersions"]):
        return newest
    return _messages(_OLD, "request").get(name, newest)


def key(name):
    """Kafka's number of an API."""
    return _messages(jars.NEWEST, "request")[name]["apiKey"]


def flexible(name, version):
    """Whether a version has the newer headers."""
    return _within(version, definition(name, version)["flexibleVersions"])


def _default(field, version):
    given = field.get("default")
    kind = field["type"]
    if given == "null" and not _within(version, field.get("nullableVersions", "none")):
        given = None
    if given == "null":
        return None
    if given is not None:
        if kind == "string":
            return given
        return str(given).lower() == "true" if kind == "bool" else int(str(given), 0)
    if kind.startswith("[]"):
        return []
    return _ENTITY_DEFAULTS.get(kind, 0)


def _complete(fields, structs, version, values):
    done = {}
    for field in fields:
        name = field["name"][0].lower() + field["name"][1:]
        if not _within(version, field["versions"]):
            continue
        value = values.get(name, _default(field, version))
        if "tag" in field and _within(version, field["taggedVersions"]) and name not in values:
            continue
        inner = field.get("fields") or structs.get(field["type"].removeprefix("[]"))
        if inner and isinstance(value, list):
            value = [_complete(inner, structs, version, item) for item in value]
        elif inner and isinstance(value, dict):
            value = _complete(inner, structs, version, value)
        done[name] = value
    return done


def complete(name, version, values):
    """The document of a request: members that the version lacks are left out, those that are not named get defaults."""
    message = definition(name, version)
    structs = {struct["name"]: struct["fields"] for struct in message.get("commonStructs", [])}
    return _complete(message["fields"], structs, version, values)
