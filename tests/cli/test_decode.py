"""Decodes and encodes Kafka's own bytes with the tool: golden vectors both ways, and what is malformed."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = None
VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def run(*words, stdin=b""):
    done = subprocess.run([TOOL, *words], input=stdin, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def messages():
    """NAME DIRECTION VERSION and bytes in hexadecimal; data has its version in front."""
    for line in (VECTORS / "messages.txt").read_text("ascii").split("\n")[:-1]:
        name, direction, version, kind, text = line.split(" ")
        if kind != "frame":
            prefix = f"{int(version):04x}" if direction == "data" else ""
            yield f"{name} {direction} {version}", prefix + text.replace("-", "")


class Set:
    """A record set of the vectors: its bytes, and the documents of its batches and of its records."""
    TYPES = {"-1": "NoTimestampType", "0": "CreateTime", "1": "LogAppendTime"}

    def __init__(self, lines):
        self.name, self.hex = (line.split(" ", 1)[1] for line in lines[:2])
        self.batches, self.records = [], []
        left = bytes.fromhex(self.hex)
        for line in lines[2:]:
            word, *fields = line.split(" ")
            if word == "record":
                self.records.append(self.record(fields))
                self.batches[-1]["timestampType"] = self.records[-1]["timestampType"]
                continue
            size = 12 + int.from_bytes(left[8:12], "big")
            self.batches.append(self.batch(left[:size], fields))
            left = left[size:]

    def batch(self, data, fields):
        base, last, count, epoch, *producer, codec, transactional, control, largest = fields
        crc_at = 17 if data[16] == 2 else 12
        return {
            "magic": data[16], "sizeInBytes": len(data),
            "checksum": int.from_bytes(data[crc_at:crc_at + 4], "big"), "compression": codec,
            "baseOffset": int(base), "lastOffset": int(last), "count": None if count == "null" else int(count),
            "timestampType": "CreateTime", "maxTimestamp": int(largest),
            "deleteHorizonMs": int.from_bytes(data[27:35], "big") if "delete-horizon" in self.name else None,
            "producerId": int(producer[0]), "producerEpoch": int(producer[1]), "baseSequence": int(producer[2]),
            "isTransactional": transactional == "true", "isControl": control == "true",
            "partitionLeaderEpoch": int(epoch)}

    @staticmethod
    def bytes(text):
        return {"-": None, ".": ""}.get(text, text)

    def record(self, fields):
        offset, timestamp, kind, key, value, *headers = fields
        pairs = [header.split("=") for header in headers]
        return {"offset": int(offset), "timestamp": int(timestamp), "timestampType": self.TYPES[kind],
                "key": self.bytes(key), "value": self.bytes(value),
                "headers": [[bytes.fromhex(self.bytes(name)).decode(), self.bytes(content)] for name, content in pairs]}


def sets(*files):
    """Those of record batches, or of the files that are named."""
    parts = [part for name in files or ["records.txt"]
             for part in (VECTORS / name).read_text("ascii").split("\nend\n")[:-1]]
    return [Set(part.split("\n")) for part in parts]


class Messages(unittest.TestCase):
    def one(self, command, api, version, direction, stdin, *more):
        return run(command, "message", "--api", api, "--version", str(version), "--direction", direction, *more,
                   stdin=stdin)

    def test_golden_lines_there_and_back(self):
        names, texts = zip(*messages())
        self.assertGreater(len(names), 900)
        status, out, _ = run("decode", "message", "--lines", "--records",
                             stdin="".join(f"{n} {t}\n" for n, t in zip(names, texts)).encode())
        documents = out.decode().split("\n")[:-1]
        self.assertEqual((status, len(documents)), (0, len(names)))
        status, out, _ = run("encode", "message", "--lines",
                             stdin="".join(f"{n} {d}\n" for n, d in zip(names, documents)).encode())
        self.assertEqual(status, 0)
        for name, text, back in zip(names, texts, out.decode().split("\n")[:-1]):
            self.assertEqual(text, back, name)

    def test_json(self):
        status, out, _ = self.one("decode", "EndTxn", 3, "request", b"00 0161\n00", "--hex")
        self.assertEqual((status, out), (1, b'{"error":"WEIR_E_MALFORMED","offset":0}\n'))
        text = bytes.fromhex("0278" "0000000000000007" "0002" "01" "00")
        wanted = {"transactionalId": "x", "producerId": 7, "producerEpoch": 2, "committed": True}
        for stdin, more in ((text, ()), (text.hex(" ").encode() + b"\n", ("--hex",))):
            status, out, _ = self.one("decode", "EndTxn", 3, "request", stdin, *more)
            self.assertEqual((status, json.loads(out)), (0, wanted))
        self.assertEqual(self.one("encode", "EndTxn", 3, "request", out), (0, text, b""))
        self.assertEqual(self.one("encode", "EndTxn", 3, "request", out, "--hex")[1].decode(), text.hex() + "\n")

    def test_records(self):
        text = next(text for name, text in messages() if name == "Produce request 3" and len(text) > 60)
        size = self.one("decode", "Produce", 3, "request", text.encode(), "--hex")[1]
        full = self.one("decode", "Produce", 3, "request", text.encode(), "--hex", "--records")[1]
        part, whole = (json.loads(out)["topicData"][0]["partitionData"][0] for out in (size, full))
        self.assertEqual((part["recordsSizeInBytes"], "records" in part), (7, False))
        self.assertEqual(base64.b64decode(whole["records"]), b"records")

    def test_no_bytes(self):
        self.assertEqual(run("decode", "message", "--lines", stdin=b"ListGroups request 0 \nListGroups request 0\n"
                             b"ListGroups request 0 -"), (0, b"{}\n{}\n{}\n", b""))
        self.assertEqual(run("encode", "message", "--lines", stdin=b"ListGroups request 0 {}\n"), (0, b"\n", b""))
        self.assertEqual(self.one("decode", "ListGroups", 0, "request", b""), (0, b"{}\n", b""))
        self.assertEqual(self.one("encode", "ListGroups", 0, "request", b""),
                         (1, b'{"error":"WEIR_E_MALFORMED","offset":0}\n', b""))

    def lines(self, command, wanted):
        """Each line of input gives its line of output, whatever the others are."""
        status, out, error = run(command, "message", "--lines", stdin=b"".join(line + b"\n" for line in wanted))
        self.assertEqual((status, error), (1, b""))
        for line, answer in zip(wanted.items(), out.split(b"\n")[:-1], strict=True):
            self.assertEqual((line[0], json.loads(answer)), (line[0], line[1]))

    def test_malformed_bytes(self):
        def bad(why, offset=0):
            return {"error": "WEIR_E_" + why, "offset": offset}

        self.lines("decode", {
            b"": bad("MALFORMED"),
            b"Heartbeat": bad("MALFORMED"),
            b"Heartbeat response": bad("MALFORMED"),
            b"Heartbeat response x 0000": bad("MALFORMED"),
            b"Heartbeat response 0\0 0000": bad("MALFORMED"),
            b"Heartbeat response 0 0001": {"errorCode": 1},
            b"Heartbeat response 0 00": bad("MALFORMED"),
            b"Heartbeat response 0 00010": bad("MALFORMED", 2),
            b"Heartbeat response 0 000x": bad("MALFORMED", 1),
            b"Heartbeat response 0 0001\0": bad("MALFORMED", 2),
            b"Heartbeat response 0 000100": bad("MALFORMED", 2),
            b"Heartbeat response 99 0001": bad("VERSION"),
            b"Heartbeat response 65536 0001": bad("VERSION"),
            b"Heartbeat response -1 0001": bad("VERSION"),
            b"Heartbeat header 0 0001": bad("UNSUPPORTED"),
            b"Heartbeet response 0 0001": bad("UNSUPPORTED"),
            b"EndTxnMarker request 0 0000": bad("UNSUPPORTED"),
            b"EndTxnMarker data 0 000000000007": {"coordinatorEpoch": 7},
            b"EndTxnMarker data 0 000100000007": bad("VERSION", 2),
            b"ResponseHeader header 0 00000007": {"correlationId": 7},
            b"ListOffsets response 1 7fffffff": bad("MALFORMED"),
        })

    def test_malformed_json(self):
        self.lines("encode", {
            b"Heartbeat response 0": {"error": "WEIR_E_MALFORMED", "offset": 0},
            b'Heartbeat response 0 {"errorCode":': {"error": "WEIR_E_MALFORMED", "offset": 13},
            b'Heartbeat response 0 {"errorCode":1} x': {"error": "WEIR_E_MALFORMED", "offset": 16},
            b'Heartbeat response 0 {"throttleTimeMs":1}': {"error": "WEIR_E_VERSION", "offset": 1},
        })

    def test_large(self):
        topics = [{"topicId": "A" * 22, "name": f"t{n}"} for n in range(20000)]
        document = {"topics": topics, "allowAutoTopicCreation": True, "includeTopicAuthorizedOperations": False}
        status, text, _ = self.one("encode", "Metadata", 12, "request", json.dumps(document).encode())
        self.assertEqual((status, len(text) > 300000), (0, True))
        status, out, _ = self.one("decode", "Metadata", 12, "request", text)
        self.assertEqual((status, json.loads(out)), (0, document))

    def test_words(self):
        message = ("--api", "Fetch", "--version", "4", "--direction", "request")
        for words, named in ((message[2:], "--api"), (message[:4], "--direction"),
                             (("--lines", *message[:2]), "--lines"), (("--api", "Fetsh", *message[2:]), "'Fetch'"),
                             (("--api", "?", *message[2:]), "'?'"),
                             ((*message[:4], "--direction", "data"), "--direction"),
                             ((*message, "--version", "-1"), "--version"), ((*message, "x"), "'x'")):
            for command in ("decode", "encode"):
                status, out, error = run(command, "message", *words)
                self.assertEqual((status, out), (2, b""), words)
                self.assertIn(named, error.decode(), words)
        self.assertEqual(run("encode", "message", *message, "--records")[0], 2)

    def test_answers_come_at_once(self):
        with subprocess.Popen([TOOL, "decode", "message", "--lines"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as tool:
            for _ in range(3):
                tool.stdin.write(b"Heartbeat response 0 0001\n")
                tool.stdin.flush()
                self.assertEqual(tool.stdout.readline(), b'{"errorCode":1}\n')
            tool.stdin.close()
            self.assertEqual(tool.wait(20), 0)


class Records(unittest.TestCase):
    def test_golden_lines(self):
        known = sets("records.txt", "message-sets.txt")
        status, out, error = run("decode", "records", "--lines", stdin="".join(s.hex + "\n" for s in known).encode())
        self.assertEqual((status, error), (0, b""))
        for known_set, line in zip(known, out.split(b"\n")[:-1], strict=True):
            document = json.loads(line)
            self.assertEqual(document["batches"], known_set.batches, known_set.name)
            self.assertEqual(document["records"], known_set.records, known_set.name)

    def test_segment(self):
        known = sets("records.txt", "message-sets.txt")
        text = b"".join(bytes.fromhex(s.hex) for s in known)
        wanted = {"batches": [b for s in known for b in s.batches], "records": [r for s in known for r in s.records]}
        for cut in (b"", text[:16], text[:60], text[:3000]):
            status, out, _ = run("decode", "records", stdin=text + cut)
            self.assertEqual((status, json.loads(out) == wanted), (0, True), len(cut))
        self.assertEqual(run("decode", "records", "--hex", stdin=text.hex("\n", 30).encode())[1], out)

    def test_file(self):
        """From a file, which is not held, as from a pipe; it begins where the file is at."""
        known = [bytes.fromhex(s.hex) for s in sets("records.txt", "message-sets.txt")]
        text = b"".join(known * 30)
        self.assertGreater(len(text), 3 * 65536)
        broken = text[:-20] + b"\xff" + text[-19:]
        for data in (b"", text, text[:-1], text[:30000], text[:16], broken, broken[:10], b"\xff" * 70):
            with tempfile.TemporaryFile() as file:
                file.write(b"skipped" + data)
                file.seek(7)
                done = subprocess.run([TOOL, "decode", "records"], stdin=file, capture_output=True, timeout=60)
                self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_CUR), 7 + len(data))
            self.assertEqual((done.returncode, done.stdout, done.stderr), run("decode", "records", stdin=data))

    def test_memory(self):
        """A batch that comes to much takes little memory."""
        zeros = "00" * 100000
        record = {"timestamp": 1, "timestampType": "CreateTime", "key": None, "value": zeros, "headers": []}
        batch = {"magic": 2, "baseOffset": 0, "lastOffset": 199, "count": 200, "timestampType": "CreateTime",
                 "maxTimestamp": 1, "deleteHorizonMs": None, "producerId": -1, "producerEpoch": -1, "baseSequence": -1,
                 "isTransactional": False, "isControl": False, "partitionLeaderEpoch": -1}
        for codec in ("gzip", "zstd"):
            document = {"batches": [{**batch, "compression": codec}],
                        "records": [{**record, "offset": offset} for offset in range(200)]}
            packed = run("encode", "records", stdin=json.dumps(document).encode())[1]
            with tempfile.TemporaryFile() as file:
                file.write(packed)
                file.seek(0)
                with subprocess.Popen([TOOL, "decode", "records"], stdin=file, stdout=subprocess.PIPE) as tool:
                    printed, peak = 0, 0
                    while part := tool.stdout.read(1 << 20):
                        printed += len(part)
                        told = pathlib.Path(f"/proc/{tool.pid}/status").read_text("ascii")
                        peak = max([peak, *(int(line.split()[1]) for line in told.split("\n") if "VmHWM" in line)])
            self.assertEqual(tool.returncode, 0)
            self.assertGreater(printed, 200 * len(zeros))
            self.assertLess(peak, 30000, codec)  # KiB; the records are 20 MB, the document twice that

    def test_nothing(self):
        empty = b'{"batches":[],"records":[]}\n'
        self.assertEqual(run("decode", "records"), (0, empty, b""))
        self.assertEqual(run("decode", "records", "--hex", stdin=b"\n"), (0, empty, b""))
        self.assertEqual(run("decode", "records", "--lines", stdin=b"\n\n"), (0, empty * 2, b""))

    def test_malformed(self):
        plain, gzip = (next(bytes.fromhex(s.hex) for s in sets() if s.name == name) for name in ("none", "gzip"))
        marker = bytes.fromhex(sets()[-1].hex)
        cases = [
            (plain + marker[:-1] + b"\1", "MALFORMED", len(plain)),     # the checksum
            (plain + marker + b"\xff" * 30, "MALFORMED", len(plain) + len(marker)),
            (marker[:16] + b"\1" + marker[17:], "MALFORMED", 0),        # not what the format before KIP-98 looks like
            (marker[:16] + b"\3" + marker[17:], "MALFORMED", 0),        # a format that does not exist
            (resealed(plain, 21, b"\0\1"), "MALFORMED", 0),          # says gzip and is not
            (resealed(plain, 21, b"\0\7"), "UNSUPPORTED", 0),        # a codec that does not exist
            (marker + resealed(gzip, 21, b"\0\0"), "MALFORMED", len(marker)),
            (resealed(plain, 57, b"\0\0\0\1"), "MALFORMED", 0),      # fewer records than there are
            (plain + resealed(marker, 61, b"\x7f"), "MALFORMED", len(plain)),
        ]
        lines = b"".join(case[0].hex().encode() + b"\n" for case in cases) + b"0q\n" + marker.hex().encode() + b"\n"
        status, out, error = run("decode", "records", "--lines", stdin=lines)
        self.assertEqual((status, error), (1, b""))
        answers = [json.loads(line) for line in out.split(b"\n")[:-1]]
        wanted = [{"error": "WEIR_E_" + why, "offset": offset} for _, why, offset in cases]
        self.assertEqual(answers[:-1], [*wanted, {"error": "WEIR_E_MALFORMED", "offset": 0}])
        self.assertEqual(len(answers[-1]["records"]), 1)

    def test_words(self):
        for words in (("--api", "x"), ("x",), ("--hexx",)):
            self.assertEqual(run("decode", "records", *words)[:2], (2, b""))


class EncodeRecords(unittest.TestCase):
    """What `decode records` prints becomes bytes again."""

    def encode(self, document, *more):
        return run("encode", "records", *more, stdin=json.dumps(document).encode())

    def decode(self, data):
        return json.loads(run("decode", "records", stdin=data)[1])

    def assert_same(self, data, back, name):
        """Bytes, where they follow from the document, else header fields and records."""
        first, second = self.decode(data), self.decode(back)
        hidden = any(b["compression"] != "none" or (b["timestampType"] == "LogAppendTime" and b["magic"] == 2)
                     for b in first["batches"])
        if not hidden:
            self.assertEqual(data, back, name)
        for batch in [*first["batches"], *second["batches"]]:
            del batch["sizeInBytes"], batch["checksum"]
        self.assertEqual(first, second, name)

    def test_golden_lines_there_and_back(self):
        known = sets("records.txt", "message-sets.txt")
        documents = run("decode", "records", "--lines", stdin="".join(s.hex + "\n" for s in known).encode())[1]
        status, out, error = run("encode", "records", "--lines", stdin=documents)
        self.assertEqual((status, error), (0, b""))
        for known_set, line in zip(known, out.decode().split("\n")[:-1], strict=True):
            self.assert_same(bytes.fromhex(known_set.hex), bytes.fromhex(line), known_set.name)

    def test_segment(self):
        data = b"".join(bytes.fromhex(s.hex) for s in sets("records.txt", "message-sets.txt"))
        document = run("decode", "records", stdin=data)[1]
        status, back, error = run("encode", "records", stdin=document)
        self.assertEqual((status, error), (0, b""))
        self.assert_same(data, back, "segment")
        self.assertEqual(run("encode", "records", "--hex", stdin=document), (0, back.hex().encode() + b"\n", b""))

    def test_nothing(self):
        for text in (b'{"batches":[],"records":[]}', b' { "batches" : [ ] ,\n"records" : [ ] }\n'):
            self.assertEqual(run("encode", "records", stdin=text), (0, b"", b""))
            self.assertEqual(run("encode", "records", "--hex", stdin=text), (0, b"\n", b""))

    def test_edited(self):
        """Size and checksum are computed, so that a change is all that it takes."""
        marker, plain = (self.decode(bytes.fromhex(s.hex)) for s in sets() if s.name in ("marker-commit", "none"))
        if plain["batches"][0]["isControl"]:
            marker, plain = plain, marker
        plain["records"][0]["headers"] = [["a", None], ["a", ""], [{"base64": "/w=="}, "00"]]
        plain["records"][1]["value"] = "ab" * 5000
        for batch, change in ((plain["batches"][0], {"producerId": 2**63 - 1, "partitionLeaderEpoch": 7}),
                              (marker["batches"][0], {"deleteHorizonMs": 5, "producerEpoch": -1})):
            batch.update(change)
            batch["checksum"] = 1
            del batch["sizeInBytes"]
        for document in (plain, marker):
            status, data, _ = self.encode(document)
            self.assertEqual(status, 0)
            found = self.decode(data)
            self.assertEqual(found["records"], document["records"])
            del found["batches"][0]["sizeInBytes"]
            self.assertEqual({**found["batches"][0], "checksum": 1}, document["batches"][0])
            self.assertEqual(crc32c(data[21:]), found["batches"][0]["checksum"])

    def broken(self, name, *keys, **change):
        """The text of a document with members changed (or left out: ...), and where its first record begins."""
        document = self.decode(b"".join(bytes.fromhex(s.hex) for s in sets("records.txt", "message-sets.txt")
                                        if s.name == name))
        for part in keys:
            item = document[part][0]
            for key, value in change.items():
                if value is ...:
                    del item[key]
                else:
                    item[key] = value
        return json.dumps(document)

    def test_wrong_batches(self):
        old = "v1-none"
        for why, name, change in (
                ("MALFORMED", "none", {"magic": 3}), ("MALFORMED", "none", {"magic": "2"}),
                ("MALFORMED", "none", {"compression": "rar"}), ("MALFORMED", "none", {"surplus": 1}),
                ("MALFORMED", "none", {"baseOffset": ...}), ("MALFORMED", "none", {"baseOffset": -1}),
                ("MALFORMED", "none", {"lastOffset": 2**40}), ("MALFORMED", "none", {"count": None}),
                ("MALFORMED", "none", {"count": -1}), ("MALFORMED", "none", {"producerEpoch": 32768}),
                ("MALFORMED", "none", {"baseSequence": 2**31}), ("MALFORMED", "none", {"timestampType": "Time"}),
                ("MALFORMED", "none", {"isControl": 0}), ("MALFORMED", "none", {"deleteHorizonMs": 1.5}),
                ("VERSION", "none", {"timestampType": "NoTimestampType"}), ("VERSION", old, {"producerId": 1}),
                ("VERSION", old, {"isTransactional": True}), ("VERSION", old, {"timestampType": "NoTimestampType"}),
                ("MALFORMED", old, {"maxTimestamp": 5})):
            text = self.broken(name, "batches", **change)
            wanted = {"error": "WEIR_E_" + why, "offset": text.index("[") + 1}
            status, out, error = run("encode", "records", stdin=text.encode())
            self.assertEqual((status, json.loads(out), error), (1, wanted, b""), (name, change))

    def test_wrong_records(self):
        old = "v1-none"
        for why, name, change in (
                ("MALFORMED", "none", {"offset": 0}), ("MALFORMED", "none", {"offset": 2**40}),
                ("MALFORMED", "none", {"timestamp": None}), ("MALFORMED", "none", {"timestampType": "LogAppendTime"}),
                ("MALFORMED", "none", {"key": "0"}), ("MALFORMED", "none", {"key": "0x"}),
                ("MALFORMED", "none", {"value": 5}), ("MALFORMED", "none", {"value": ...}),
                ("MALFORMED", "none", {"headers": {}}), ("MALFORMED", "none", {"headers": [["a"]]}),
                ("MALFORMED", "none", {"headers": [[None, "00"]]}), ("MALFORMED", "none", {"headers": [["a", "0"]]}),
                ("MALFORMED", "none", {"headers": [[{"base64": "?"}, None]]}), ("MALFORMED", "none", {"surplus": 1}),
                ("MALFORMED", "log-append-time", {"timestamp": 1}), ("VERSION", old, {"headers": [["a", None]]})):
            text = self.broken(name, "records", **change)
            wanted = {"error": "WEIR_E_" + why, "offset": text.index('"records": [') + len('"records": [')}
            status, out, error = run("encode", "records", stdin=text.encode())
            self.assertEqual((status, json.loads(out), error), (1, wanted, b""), (name, change))

    def test_batches_and_records_disagree(self):
        document = json.loads(self.broken("none"))
        batch, records = document["batches"][0], document["records"]
        for batches, part, offset in (
                ([batch], records[:-1], len('{"batches": [')),
                ([{**batch, "count": len(records) - 1}], records, None),
                ([], records[:1], len('{"batches": [], "records": [')),
                ([batch], records[1::-1] + records[2:], None)):
            status, out, _ = self.encode({"batches": batches, "records": part})
            answer = json.loads(out)
            self.assertEqual((status, answer["error"]), (1, "WEIR_E_MALFORMED"))
            self.assertIn(offset, (None, answer["offset"]))

    def test_what_is_no_document(self):
        good = '{"batches":[],"records":[]}'
        for cut in range(len(good)):
            status, out, _ = run("encode", "records", stdin=good[:cut].encode())
            self.assertEqual((status, json.loads(out)["error"]), (1, "WEIR_E_MALFORMED"), good[:cut])
        lines = (good + "x", "[]", '{"records":[],"batches":[]}', '{"batches":[,],"records":[]}', "", good,
                 '{"batches":[],"records":[],"more":1}', '{"batches":[1],"records":[]}')
        status, out, error = run("encode", "records", "--lines", stdin="".join(f"{line}\n" for line in lines).encode())
        answers = out.split(b"\n")[:-1]
        self.assertEqual((status, error, answers[5]), (1, b"", b""))
        offsets = [json.loads(answer)["offset"] for answer in answers if answer]
        self.assertEqual(offsets, [len(good), 0, 1, 12, 0, len(good) - 1, 12])

    def test_words(self):
        for words in (("--api", "x"), ("x",), ("--hexx",)):
            self.assertEqual(run("encode", "records", *words)[:2], (2, b""))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def resealed(batch, at, data):
    """A batch with bytes replaced and a checksum that fits again."""
    batch = batch[:at] + data + batch[at + len(data):]
    return batch[:17] + crc32c(batch[21:]).to_bytes(4, "big") + batch[21:]


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
