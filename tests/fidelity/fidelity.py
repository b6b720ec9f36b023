"""The scripts: read, run on the model and on real Kafka, compared. tools/fidelity is the command for it."""

import collections
import concurrent.futures
import itertools
import json
import pathlib
import queue
import sys
import time

import client
import servers
from kafka import Cluster
from meant import MEANT

SCRIPTS = pathlib.Path(__file__).resolve().parent / "scripts"
LANES = 6  # scripts at a time: most of their time they wait
SHOWN = 5  # differences, of a script and of a response

Play = collections.namedtuple("Play", "label lines alone")
Play.__doc__ = "A script with its parameter filled in; `alone`: no other runs beside it."


class Script:
    """A file. Its head has `levels 0 2` (transaction versions), and may have `kafka 4` (a major version), `alone` and
    `each v 3 9 13+` (one play for each value of %v, those with + for Kafka 4 only)."""

    def __init__(self, path):
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        self.name = path.stem
        self._head = {}
        while lines and lines[0].split()[0] in ("levels", "kafka", "each", "alone"):
            word, *values = lines.pop(0).split()
            self._head[word] = values
        self._lines = lines

    def plays(self, version, level):
        """What it comes to on a cluster."""
        major = version.split(".", maxsplit=1)[0]
        if str(level) not in self._head.get("levels", "012") or major not in self._head.get("kafka", "34"):
            return []
        lines = [line for line in self._lines if line[:2] not in ("3|", "4|") or line[0] == major]
        lines = [line[2:].strip() if line[:2] in ("3|", "4|") else line for line in lines]
        if "each" not in self._head:
            return [Play(self.name, lines, "alone" in self._head)]
        name, *values = self._head["each"]
        values = [value.rstrip("+") for value in values if major == "4" or not value.endswith("+")]
        return [Play(f"{self.name}.{name}{value}", [line.replace(f"%{name}", value) for line in lines],
                     "alone" in self._head) for value in values]


def run(server, tools, play):
    """The trace of a play."""
    name = f"of-{play.label}."
    actor = client.Client(server, tools, name)
    try:
        actor.prepare(name)
        for line in play.lines:
            actor.do(line.replace("@", name))
    except (client.Trouble, KeyError, IndexError, TypeError, ValueError, OSError) as error:
        actor.trace.append(("script", f"stopped: {type(error).__name__} {error}"))
    finally:
        server.close()
    return actor.trace


def differences(play, model, real):
    """The lines on which they differ, but for those where that is meant: (line, model's, Kafka's)."""
    found = []
    for ours, theirs in itertools.zip_longest(model, real, fillvalue=("", "nothing")):
        if ours != theirs and (play.label.split(".")[0], (theirs[0] or ours[0]).split()[0]) not in MEANT:
            found.append((theirs[0] or ours[0], ours[1], theirs[1]))
    return found


def _members(value, path=""):
    """The leaves of a document by their path."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list) and value:
        parts = enumerate(value)
    else:
        return {path[1:]: value}
    return {where: leaf for key, part in parts for where, leaf in _members(part, f"{path}.{key}").items()}


def _parsed(text):
    try:
        return _members(json.loads(text))
    except ValueError:
        return {"": text}


def explain(ours, theirs):
    """What differs between two responses, and no more."""
    ours, theirs = _parsed(ours), _parsed(theirs)
    paths = [path for path in {**theirs, **ours} if ours.get(path, "absent") != theirs.get(path, "absent")]
    return "".join(f"    {path}: {ours.get(path, 'absent')!r}, Kafka: {theirs.get(path, 'absent')!r}\n"
                   for path in paths[:SHOWN])


class Round:
    """All plays on one cluster."""

    def __init__(self, version, level, port):
        self._version, self._level, self._port = version, level, port
        self._tools = queue.SimpleQueue()
        for _ in range(LANES):
            self._tools.put(servers.Tools())

    def compare(self, play):
        """Runs a play on both; what differs."""
        tools = self._tools.get()
        begun = time.monotonic()
        try:
            model = run(servers.Model(self._version, self._level), tools, play)
            real = run(servers.Broker(self._port), tools, play)
        finally:
            self._tools.put(tools)
        found = differences(play, model, real)
        stopped = [text for line, text in model[-1:] + real[-1:] if line == "script"]
        text = f"{'not ok' if found or stopped else 'ok'} {play.label} at {self._version}/{self._level}"
        text += f" ({len(real)} responses, {time.monotonic() - begun:.1f} s)\n"
        for line, ours, theirs in found[:SHOWN]:
            text += f"  {line}\n{explain(ours, theirs)}"
        sys.stderr.write(text + "".join(f"  {reason}\n" for reason in stopped))
        sys.stderr.flush()
        return len(found) or len(stopped)

    def close(self):
        """Ends the tools."""
        while not self._tools.empty():
            self._tools.get().close()


def run_all(version, level, scripts):
    """Compares all plays of scripts on one cluster: how many there were, how many differed."""
    plays = [play for script in scripts for play in script.plays(version, level)]
    if not plays:
        return 0, 0
    with Cluster.start(version, transaction_version=level) as cluster:
        stage = Round(version, level, int(cluster.bootstrap.rpartition(":")[2]))
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            counts = list(pool.map(stage.compare, [play for play in plays if not play.alone]))
        counts += map(stage.compare, [play for play in plays if play.alone])
        stage.close()
    return len(plays), sum(1 for count in counts if count)
