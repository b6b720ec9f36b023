#!/usr/bin/env python3
"""Runs the same client actions against the model and against real Kafka, and compares what comes back.

usage: fidelity.py [--kafka VERSION] [--level N] [SCRIPT...]

Prints `ok SCRIPT at VERSION/N` or `not ok ...` with the first lines that differ, and closes with `N passed, N failed`.
WEIR names the weir tool of the build whose model is tried (default: build/tools/weir/weir).
"""

import argparse
import json
import os
import pathlib
import shlex
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafka import Cluster, HOST  # noqa: E402
import messages  # noqa: E402

WEIR = pathlib.Path(os.environ.get("WEIR") or ROOT / "build" / "tools" / "weir" / "weir").resolve()
PORT = WEIR.parents[2] / "tests" / "fidelity" / "fidelity_port"
SCRIPTS = pathlib.Path(__file__).resolve().parent / "scripts"
BUSY = {14, 15, 16, 51}  # codes that an action is tried again for
TRIES = 150


class Tool:
    """One `weir encode` or `weir decode` that stays."""

    def __init__(self, command):
        self._process = subprocess.Popen([str(WEIR), command, "message", "--lines"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, bufsize=1)

    def turn(self, name, direction, version, text):
        """A message in the other form."""
        self._process.stdin.write(f"{name} {direction} {version} {text}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


class Model:
    """The model behind its port."""

    def __init__(self, version, level):
        release = "3.9" if version.startswith("3.") else "4.4"
        self._process = subprocess.Popen([str(PORT), release, str(level)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, bufsize=1)

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def exchange(self, frame):
        """The response frame, without its size."""
        return bytes.fromhex(self._say("send " + frame.hex()))[4:]

    def wait(self, milliseconds):
        """Lets time pass."""
        self._say(f"wait {milliseconds}")

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()


class Broker:
    """A connection to a real broker."""

    def __init__(self, cluster):
        self._socket = socket.create_connection((HOST, int(cluster.bootstrap.rpartition(":")[2])), timeout=60)

    def exchange(self, frame):
        """The response frame, without its size."""
        self._socket.sendall(frame)
        size, = struct.unpack(">i", self._read(4))
        return self._read(size)

    def _read(self, size):
        data = b""
        while len(data) < size:
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise OSError("the broker closed the connection")
            data += chunk
        return data

    def wait(self, milliseconds):
        """Lets time pass."""
        time.sleep(milliseconds / 1000)

    def close(self):
        """Closes the connection."""
        self._socket.close()


class Client:
    """Actions on a broker, real or not; keeps a trace."""

    def __init__(self, server, tools):
        self._server = server
        self._encode, self._decode = tools
        self._known = {}  # responses by the name that a script gave them
        self._ids = {}    # producer ids in the order in which they appeared
        self.trace = []

    def ask(self, name, version, values):
        """Sends a request; the response as a document."""
        api, flexible = messages.API[name]
        document = messages.fill(name, version, values)
        encoded = self._encode.turn(name, "request", version, json.dumps(document))
        if encoded.startswith("{"):
            raise ValueError(f"{name} {version}: {encoded} in {document}")
        body = bytes.fromhex(encoded)
        header = struct.pack(">hhih", api, version, 1, 4) + b"weir" + (b"\0" if version >= flexible else b"")
        frame = self._server.exchange(struct.pack(">i", len(header) + len(body)) + header + body)
        skip = 5 if version >= flexible else 4
        return json.loads(self._decode.turn(name, "response", version, frame[skip:].hex()))

    def settled(self, name, version, values):
        """The same, again and again while the broker is busy."""
        for _ in range(TRIES):
            document = self.ask(name, version, values)
            if not BUSY & set(messages.codes(document)):
                break
            self._server.wait(20)
        return document

    def _value(self, text):
        """A value of a script: a number, true, false, null, a text, or $NAME.MEMBER+N of an earlier response."""
        if not text.startswith("$"):
            try:
                return json.loads(text)
            except ValueError:
                return text
        reference, plus, more = text[1:].partition("+")
        name, member = reference.split(".")
        return self._known[name][member] + (int(more) if plus else 0)

    def _shown(self, name, document):
        """What a trace keeps of a response."""
        shown = messages.show(name, document)
        if shown.get("producerId", -1) >= 0:
            shown["producerId"] = "id " + str(self._ids.setdefault(shown["producerId"], len(self._ids) + 1))
        return shown

    def do(self, line):
        """One line of a script."""
        words = shlex.split(line)
        if words[0] == "wait":
            self._server.wait(int(words[1]))
            return
        label, name, version, *rest = words
        values = dict(word.split("=", 1) for word in rest)
        values = {key: self._value(value) for key, value in values.items()}
        patient = not values.pop("once", False)
        document = self.settled(name, int(version), values) if patient else self.ask(name, int(version), values)
        self._known[label] = document
        self.trace.append(f"{line}\n    {json.dumps(self._shown(name, document), sort_keys=True)}")


def actions(path):
    """The levels that a script is for, and its lines."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return [int(level) for level in lines[0].split()[1:]], lines[1:]


def run(server, tools, name, lines):
    """The trace of a script."""
    client = Client(server, tools)
    topics = {"topic": f"{name}-t"}
    client.ask("CreateTopics", 4, topics)
    for kind in (0, 1):  # makes the coordinators' topics
        client.settled("FindCoordinator", 4, {"kind": kind, "key": name})
    client.settled("InitProducerId", 4, {"id": name + "-first"})
    client.settled("OffsetFetch", 7, {"group": name + "-first", "topic": topics["topic"]})
    server.wait(300)
    for line in lines:
        client.do(line.replace("@", name))
    server.close()
    return client.trace


def compare(name, model, real):
    """Prints how a script went; whether the traces are equal."""
    pairs = [(a, b) for a, b in zip(model, real) if a != b]
    print(f"{'not ok' if pairs else 'ok'} {name}")
    for ours, theirs in pairs[:3]:
        print(f"    model: {ours}\n    Kafka: {theirs}")
    return not pairs


def main():
    """Runs the scripts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kafka", default="4.4.0", help="version of the broker")
    parser.add_argument("--level", type=int, default=2, help="its transaction.version")
    parser.add_argument("scripts", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    good = bad = 0
    tools = Tool("encode"), Tool("decode")
    with Cluster.start(options.kafka, transaction_version=options.level) as cluster:
        for path in options.scripts or sorted(SCRIPTS.glob("*.txt")):
            levels, lines = actions(path)
            if options.level not in levels:
                continue
            model = run(Model(options.kafka, options.level), tools, path.stem, lines)
            real = run(Broker(cluster), tools, path.stem, lines)
            equal = compare(f"{path.stem} at {options.kafka}/{options.level}", model, real)
            good, bad = good + equal, bad + (not equal)
    for tool in tools:
        tool.close()
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
