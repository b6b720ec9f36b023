"""A client that does what a script says, on a broker, real or not, and keeps a trace."""

import json
import re
import struct

import messages
import schema
import servers
import shown

BUSY = {14, 15, 16, 51}  # codes that a request is sent again for
TRIES = 500
PAUSE_MS = 20
PENDING_MS = 200  # without an answer for so long a request is held
_WORD = re.compile(r'(?:"[^"]*"|\S)+')
_REFERENCE = re.compile(r"\$(\w+)((?:\.\w+)+)(?:\+(\d+))?")
_SETTLED = {"Empty", "CompleteCommit", "CompleteAbort"}  # states of transactions whose markers are written


class Trouble(Exception):
    """A script that cannot go on."""


class Client:
    """Actions on a server."""

    def __init__(self, server, tools, prefix):
        self._server = server
        self._tools = tools
        self._shown = shown.Shown(lambda digits: tools.records("decode", digits), prefix)
        self._known = {}    # responses by the label that a script gave them
        self._ids = {}      # of topics, by name
        self._waiting = {}  # what was asked by `later`, by label
        self._count = 0     # of requests
        self.trace = []
        self._verbs = {"wait": self._wait, "later": self._later, "pending": self._pending, "await": self._await,
                       "until": self._until, "raw": self._raw, "close": self._close}

    # ---- requests ----

    def send(self, name, version, values, connection="main"):
        """Sends a request."""
        if "topic" in values and isinstance(values["topic"], str) and name not in ("Metadata", "DeleteTopics"):
            values = {"topic_id": self._ids.get(values["topic"], messages.NO_ID), **values}
        document = schema.complete(name, version, messages.fill(
            name, version, values, lambda text: self._tools.records("encode", text)))
        encoded = self._tools.message("encode", name, "request", version, json.dumps(document))
        if encoded.startswith("{"):
            raise Trouble(f"{name} {version}: {encoded} in {document}")
        self._send_bytes(schema.key(name), version, schema.flexible(name, version), bytes.fromhex(encoded), connection)

    def _send_bytes(self, key, version, flexible, body, connection):
        self._count += 1
        header = struct.pack(">hhih", key, version, self._count, 4) + b"weir" + (b"\0" if flexible else b"")
        self._server.send(connection, struct.pack(">i", len(header) + len(body)) + header + body)

    def _decoded(self, name, version, frame):
        skip = 5 if schema.flexible(name, version) and name != "ApiVersions" else 4
        text = self._tools.message("decode", name, "response", version, frame[skip:].hex())
        document = json.loads(text)
        if "error" in document:
            raise Trouble(f"{name} {version}: {text} in the response {frame.hex()}")
        return document

    def ask(self, name, version, values):
        """Sends a request; the response as a document, or what there is instead."""
        self.send(name, version, values)
        if name == "Produce" and values.get("acks", -1) == 0:
            return "no answer"
        return self._answer(name, version, "main")

    def _answer(self, name, version, connection):
        try:
            frame = self._server.receive(connection)
        except servers.Closed:
            return "closed"
        if frame is None:
            raise Trouble(f"no response to {name} {version}")
        return self._decoded(name, version, frame)

    def settled(self, name, version, values):
        """The same, again and again while the broker is busy."""
        for _ in range(TRIES):
            document = self.ask(name, version, values)
            if not BUSY & set(shown.codes(document)):
                break
            self._server.wait(PAUSE_MS)
        return document

    def _await_topic(self, name, count=1):
        """Waits until a topic that was just made, or got more partitions, can be used everywhere; learns its id."""
        for _ in range(TRIES):
            topic, = self.ask("Metadata", 12, {"topic": name})["topics"]
            numbers = [partition["partitionIndex"] for partition in topic["partitions"]]
            if len(numbers) >= count and not set(shown.codes(topic)) & {3, 5}:
                self._ids[name] = topic["topicId"]
                offsets = self.ask("ListOffsets", 7, {"topic": name, "partitions": numbers, "at": -1})
                if not {3, 5, 6} & set(shown.codes(offsets)):
                    return
            self._server.wait(PAUSE_MS)
        raise Trouble(f"topic {name} does not come up")

    def _await_no_topic(self, name):
        for _ in range(TRIES):
            if 3 in shown.codes(self.ask("Metadata", 12, {"topic": name})):
                return
            self._server.wait(PAUSE_MS)

    def prepare(self, name):
        """What every script finds: a topic, and coordinators."""
        self.settled("CreateTopics", 5, {"topic": f"{name}-t"})
        self._await_topic(f"{name}-t")
        for kind in (0, 1):  # makes the coordinators' topics
            self.settled("FindCoordinator", 4, {"kind": kind, "key": name})
        self.settled("InitProducerId", 4, {"id": name + "-first"})
        self.settled("OffsetFetch", 7, {"group": name + "-first", "topic": name + "-t"})

    # ---- lines of a script ----

    def _refer(self, match):
        value = self._known[match[1]]
        for step in match[2][1:].split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value + int(match[3]) if match[3] else value

    def _value(self, text):
        """A value of a script: JSON, or a text; in either $LABEL.MEMBER.MEMBER+N stands for part of a response."""
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self._refer(whole)
        text = _REFERENCE.sub(lambda match: str(self._refer(match)), text)
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _values(self, words):
        pairs = dict(word.split("=", 1) for word in words)
        return {key: self._value(value) for key, value in pairs.items()}

    def do(self, line):
        """One line of a script."""
        words = _WORD.findall(line)
        if words[0] in self._verbs:
            self._verbs[words[0]](line, words[1:])
            return
        label, name, version, *rest = words
        values = self._values(rest)
        patient = not values.pop("once", False)
        ask = self.settled if patient else self.ask
        self._keep(line, label, name, ask(name, int(version), values))
        self._follow(name, values, self._known[label])

    def _keep(self, line, label, name, document):
        self._known[label] = document
        if not isinstance(document, str):
            document = json.dumps(self._shown.response(name, document), sort_keys=True)
        self.trace.append((line, document))

    def _follow(self, name, values, document):
        """After a change of topics waits until it is seen everywhere."""
        topics = values.get("topic")
        for topic in topics if isinstance(topics, list) else [topics]:
            if name in ("CreateTopics", "CreatePartitions") and set(shown.codes(document)) == {0}:
                if not values.get("validate"):
                    self._await_topic(topic, values.get("count", 1))

        for deleted in document["responses"] if name == "DeleteTopics" else []:
            if deleted["errorCode"] == 0:
                self._await_no_topic(deleted["name"])

    def _wait(self, _, words):
        """`wait 500`"""
        self._server.wait(int(words[0]))

    def _later(self, line, words):
        """`later LABEL API VERSION VALUES`: on a connection of its own; the response is not awaited."""
        label, name, version, *rest = words
        self.send(name, int(version), self._values(rest), label)
        self._waiting[label] = (line, name, int(version))

    def _pending(self, line, words):
        """`pending LABEL`: whether what was asked by `later` is held. An answer that has come is kept."""
        _, name, version = self._waiting[words[0]]
        frame = self._server.receive(words[0], PENDING_MS)
        if frame is None:
            self.trace.append((line, "no answer yet"))
        else:
            self._keep(line, words[0], name, self._decoded(name, version, frame))

    def _await(self, _, words):
        """`await LABEL`"""
        line, name, version = self._waiting.pop(words[0])
        self._keep(line, words[0], name, self._answer(name, version, words[0]))

    def _until(self, _, words):
        """`until ID [STATE]`: waits until the transaction is in the state; in any with no marker to come."""
        wanted = set(words[1:]) or _SETTLED
        for _ in range(TRIES):
            states = self.ask("DescribeTransactions", 0, {"id": words[0]})["transactionStates"]
            if states[0]["transactionState"] in wanted:
                return
            self._server.wait(PAUSE_MS)
        raise Trouble(f"{words[0]} is not {wanted} but {states}")

    def _raw(self, line, words):
        """`raw KEY VERSION HEX`: a body as it is, and the response's bytes behind the correlation id."""
        key, version, *body = words
        self._send_bytes(int(key), int(version), False, bytes.fromhex("".join(body)), "raw")
        try:
            frame = self._server.receive("raw")
            self.trace.append((line, "no answer" if frame is None else frame[4:].hex()))
        except servers.Closed:
            self.trace.append((line, "closed"))

    def _close(self, _, words):
        """`close LABEL`: closes the connection on which `later` asked."""
        self._waiting.pop(words[0], None)
        self._server.hang_up(words[0])
