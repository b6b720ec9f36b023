"""Decodes the frames of connections with the tool: Kafka's golden frames, both directions side by side, and what is
malformed or cut off."""
import base64
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = None
VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"
FRAME = ("decode", "frame")
PRODUCE, METADATA, SASL_HANDSHAKE, API_VERSIONS, HEARTBEAT = 0, 3, 17, 18, 12


def run(*words, stdin=b""):
    """Status, documents and words for people."""
    done = subprocess.run([TOOL, *words], input=stdin, capture_output=True, timeout=60, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.split(b"\n")[:-1]], done.stderr.decode()


def frame(body):
    return struct.pack(">i", len(body)) + body


def request(key, version, number, body, client=b"c"):
    """A request frame with a header of version 1."""
    return frame(struct.pack(">hhih", key, version, number, len(client)) + client + body)


def response(number, body):
    """A response frame with a header of version 0."""
    return frame(struct.pack(">i", number) + body)


def heartbeat(number):
    return request(HEARTBEAT, 0, number, struct.pack(">h1sih1s", 1, b"g", 5, 1, b"m"))


def produce(number, acks):
    return request(PRODUCE, 3, number, struct.pack(">hhii", -1, acks, 1000, 0))


def golden(direction):
    """Name, version and bytes of Kafka's frames of one direction."""
    for line in (VECTORS / "messages.txt").read_text("ascii").split("\n")[:-1]:
        name, found, version, kind, text = line.split(" ")
        if kind == "frame" and found == direction:
            yield name, int(version), bytes.fromhex(text)


def error(offset, direction="request", why="MALFORMED", **more):
    return {"error": "WEIR_E_" + why, "offset": offset, "direction": direction, **more}


class Streams(unittest.TestCase):
    """One direction on standard input."""

    def test_golden_requests(self):
        known = list(golden("request"))
        stream = b"".join(text for _, _, text in known)
        status, documents, words = run(*FRAME, stdin=stream)
        self.assertEqual((status, words), (0, ""))
        for (name, version, text), document in zip(known, documents, strict=True):
            self.assertEqual([document[key] for key in ("direction", "api", "version", "sizeInBytes")],
                             ["request", name, version, len(text) - 4])
            self.assertEqual((document["correlationId"], document["clientId"]), (7, "weir"))
            back = subprocess.run([TOOL, "encode", "message", "--api", name, "--version", str(version),
                                   "--direction", "request"], input=json.dumps(document["body"]).encode(),
                                  capture_output=True, timeout=60, check=True).stdout if version % 5 == 0 else b""
            self.assertTrue(text.endswith(back), (name, version))
        self.assertEqual(run(*FRAME, "--hex", "--direction", "request", stdin=stream.hex("\n", 16).encode())[1],
                         documents)

    def test_golden_responses(self):
        known = list(golden("response"))
        self.assertGreater(len(known), 200)
        for name, version, text in known:
            if version % 4 != 0:
                continue
            status, documents, _ = run(*FRAME, "--api", name, "--version", str(version), "--direction", "response",
                                       stdin=text * 3)
            self.assertEqual((status, len(documents)), (0, 3), (name, version))
            self.assertEqual([documents[0][key] for key in ("direction", "api", "version", "sizeInBytes")],
                             ["response", name, version, len(text) - 4])
            self.assertNotIn("clientId", documents[0])

    def test_body_and_header(self):
        wanted = {"direction": "request", "api": "Heartbeat", "version": 0, "correlationId": -2, "clientId": "c",
                  "sizeInBytes": 21, "body": {"groupId": "g", "generationId": 5, "memberId": "m"}}
        self.assertEqual(run(*FRAME, stdin=heartbeat(-2)), (0, [wanted], ""))
        null = frame(struct.pack(">hhih", 16, 0, 1, -1))
        self.assertIsNone(run(*FRAME, stdin=null)[1][0]["clientId"])
        self.assertEqual(run(*FRAME), (0, [], ""))

    def test_records(self):
        topic = struct.pack(">i1h1si", 1, 1, b"t", 1) + struct.pack(">ii3s", 0, 3, b"abc")
        stream = request(PRODUCE, 3, 1, struct.pack(">hhi", -1, 1, 1000) + topic)
        for more, wanted in (((), {"index": 0, "recordsSizeInBytes": 3}),
                             (("--records",), {"index": 0, "records": base64.b64encode(b"abc").decode()})):
            part = run(*FRAME, *more, stdin=stream)[1][0]["body"]["topicData"][0]["partitionData"][0]
            self.assertEqual(part, wanted)

    def test_api_is_checked(self):
        stream = heartbeat(1) + produce(2, 1)
        status, documents, _ = run(*FRAME, "--api", "Heartbeat", "--version", "0", stdin=stream)
        self.assertEqual((status, documents[1:]), (1, [error(len(heartbeat(1)) + 4, why="UNSUPPORTED")]))
        status, documents, _ = run(*FRAME, "--api", "Produce", "--version", "4", stdin=produce(2, 1))
        self.assertEqual((status, documents), (1, [error(6, why="VERSION")]))

    def test_unsupported_version_of_api_versions(self):
        """The body is that of version 0, whatever was asked for."""
        keys = struct.pack(">i3h", 1, 18, 0, 4)
        for code, text in ((35, struct.pack(">h", 35) + keys), (0, struct.pack(">h", 0) + keys + struct.pack(">i", 9))):
            stream = response(5, text)
            document = run(*FRAME, "--api", "ApiVersions", "--version", "2", "--direction", "response",
                           stdin=stream)[1][0]
            self.assertEqual((document["version"], document["body"]["errorCode"], "throttleTimeMs" in document["body"]),
                             (0 if code else 2, code, not code))
        self.assertEqual(run(*FRAME, "--api", "ApiVersions", "--version", "99", "--direction", "response",
                             stdin=response(5, struct.pack(">h", 35) + keys))[0], 0)

    def test_goes_on_behind_what_is_malformed(self):
        good = heartbeat(1)
        cases = [
            (heartbeat(2)[:3] + b"\x16" + heartbeat(2)[4:] + b"\0", 25, "MALFORMED"),   # a byte too many
            (request(HEARTBEAT, 0, 3, b"\0\x09g"), 15, "MALFORMED"),     # a string runs over
            (request(999, 0, 4, b""), 4, "UNSUPPORTED"),
            (request(HEARTBEAT, 99, 5, b""), 6, "VERSION"),
            (frame(b"\0\x0c\0"), 6, "MALFORMED"),                      # not even a header
            (frame(b""), 4, "MALFORMED"),
        ]
        stream, wanted = b"", []
        for text, offset, why in cases:
            wanted.append(error(len(stream) + len(good) + offset, why=why))
            stream += good + text
        status, documents, _ = run(*FRAME, stdin=stream + good)
        self.assertEqual((status, len(documents)), (1, 2 * len(cases) + 1))
        self.assertEqual([document for document in documents if "error" in document], wanted)
        self.assertEqual(documents[1::2], wanted)

    def test_cut_off(self):
        good = heartbeat(1)
        for cut in range(1, len(good)):
            status, documents, _ = run(*FRAME, stdin=good + good[:cut])
            missing = 4 - cut if cut < 4 else len(good) - cut
            self.assertEqual((status, documents[1:]), (1, [error(len(good), missingBytes=missing)]), cut)
        hexed = (good + good[:-2]).hex().encode()
        self.assertEqual(run(*FRAME, "--hex", stdin=hexed)[1][1:], [error(len(good), missingBytes=2)])

    def test_sizes_that_cannot_be(self):
        for stream in (b"\xff\xff\xff\xff" + heartbeat(1), b"\x80\0\0\0"):
            self.assertEqual(run(*FRAME, stdin=stream), (1, [error(0)], ""))
        self.assertEqual(run(*FRAME, stdin=b"\x7f\xff\xff\xff"), (1, [error(0, missingBytes=0x7fffffff)], ""))

    def test_broken_digits(self):
        good = heartbeat(1)
        for tail in (b"0", b"0x", b"q", b"0000000q", b"000000050q", b"0 0"):
            status, documents, _ = run(*FRAME, "--hex", stdin=good.hex().encode() + b"\n" + tail)
            self.assertEqual((status, documents[1:]), (1, [error(len(good))]), tail)

    def test_memory_follows_the_largest_frame(self):
        """A stream of many frames and a size that is a lie fit into little memory."""
        many = heartbeat(1) * 400000 + b"\x7f\xff\xff\xff"
        sanitized = b"__asan_init" in pathlib.Path(TOOL).read_bytes()  # then it takes terabytes of addresses
        limit = "" if sanitized else "ulimit -v 60000; "
        done = subprocess.run(["sh", "-c", limit + 'exec "$0" decode frame', TOOL], input=many, capture_output=True,
                              timeout=120, check=False)
        lines = done.stdout.split(b"\n")
        self.assertEqual((done.returncode, len(lines), done.stderr), (1, 400002, b""))
        self.assertEqual(json.loads(lines[-2]), error(len(many) - 4, missingBytes=0x7fffffff))


class Connections(unittest.TestCase):
    """Both directions."""

    def both(self, requests, responses, *more):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("requests", "responses")]
            for path, text in zip(paths, (requests, responses)):
                path.write_bytes(text)
            return run(*FRAME, "--requests", str(paths[0]), "--responses", str(paths[1]), *more)

    def order(self, requests, responses, wanted, status=0):
        """What comes out: (direction, correlation id), or the text of an error's document."""
        found, documents, words = self.both(requests, responses)
        shown = [document if "error" in document else (document["direction"], document.get("correlationId"))
                 for document in documents]
        self.assertEqual((shown, found, words), (wanted, status, ""))
        return documents

    def test_each_response_behind_its_request(self):
        ids = (5, 6, 2**31 - 1, -2**31)
        requests, responses = (b"".join(map(make, ids))
                               for make in (heartbeat, lambda n: response(n, struct.pack(">h", n & 7))))
        wanted = [(direction, n) for n in ids for direction in ("request", "response")]
        documents = self.order(requests, responses, wanted)
        self.assertEqual(documents[1]["body"], {"errorCode": 5})
        self.assertEqual(self.both(requests.hex().encode(), responses.hex().encode(), "--hex")[1], documents)

    def test_produce_without_response(self):
        self.order(produce(1, 0) + produce(2, 1) + produce(3, 0) + heartbeat(4),
                   response(2, struct.pack(">ii", 0, 0)) + response(4, b"\0\0"),
                   [("request", 1), ("request", 2), ("response", 2), ("request", 3), ("request", 4), ("response", 4)])

    def test_requests_that_are_still_open(self):
        self.order(heartbeat(1) + heartbeat(2), response(1, b"\0\0"),
                   [("request", 1), ("response", 1), ("request", 2)])

    def test_responses_out_of_place(self):
        good = response(1, b"\0\0")
        self.order(heartbeat(1) + heartbeat(2), good + good + response(2, b"\0\0") + good,
                   [("request", 1), ("response", 1), ("request", 2), error(len(good) + 4, "response"),
                    ("response", 2), error(3 * len(good) + 4, "response")], 1)
        self.order(heartbeat(1) + heartbeat(2), response(2, b"\0\0"),
                   [("request", 1), error(4, "response"), ("request", 2), ("response", 2)], 1)
        self.order(heartbeat(1), frame(b"\0\0") + good,
                   [("request", 1), error(4, "response"), ("response", 1)], 1)

    def test_a_request_that_is_not_known(self):
        strange, good = request(999, 0, 1, b"x"), response(1, b"???")
        self.order(strange + heartbeat(2), good + response(2, b"\0\0"),
                   [error(4, why="UNSUPPORTED"), error(4, "response", "UNSUPPORTED"), ("request", 2), ("response", 2)],
                   1)
        self.order(request(HEARTBEAT, 99, 1, b"") + heartbeat(2), good + response(2, b"\0\0"),
                   [error(6, why="VERSION"), error(4, "response", "VERSION"), ("request", 2), ("response", 2)], 1)

    def test_cut_off(self):
        good = response(1, b"\0\0")
        self.order(heartbeat(1) + heartbeat(2) + heartbeat(3)[:-1], good + good[:-1],
                   [("request", 1), ("response", 1), ("request", 2),
                    error(len(good), "response", missingBytes=1),
                    error(2 * len(heartbeat(1)), missingBytes=1)], 1)

    def test_sasl_tokens(self):
        handshake = request(SASL_HANDSHAKE, 0, 1, struct.pack(">h5s", 5, b"PLAIN"))
        agreed = response(1, struct.pack(">hih5s", 0, 1, 5, b"PLAIN"))
        for tokens, replies in (([b"\0Alice\0secret"], [b""]), ([b"n,,n=u,r=a", b"c=biws"], [b"r=ab,s=,i=4096", b"v="]),
                                ([b"\x60\x81", b"", b"\x05\x04\0\xff"], [b"\x60\x82", b"\x05\x04\1"])):
            requests = handshake + b"".join(map(frame, tokens)) + heartbeat(2) + heartbeat(3)
            responses = agreed + b"".join(map(frame, replies)) + response(2, b"\0\0") + response(3, b"\0\0")
            status, documents, _ = self.both(requests, responses)
            self.assertEqual((status, len(documents)), (0, 6 + len(tokens) + len(replies)))
            for direction, texts in (("request", tokens), ("response", replies)):
                found = [document for document in documents if document["direction"] == direction]
                self.assertEqual([d["correlationId"] for d in found if "api" in d], [1, 2, 3])
                self.assertEqual([base64.b64decode(d["saslToken"]) for d in found if "api" not in d], texts)
            self.assertEqual([d.get("api") for d in run(*FRAME, stdin=requests)[1]],
                             ["SaslHandshake", *[None] * len(tokens), "Heartbeat", "Heartbeat"])

    def test_words(self):
        for words, named in ((("--api", "Fetch"), "--version"), (("--version", "1"), "--api"),
                             (("--direction", "response"), "--api"), (("--requests", "x"), "--responses"),
                             (("--responses", "x"), "--requests"), (("--direction", "data"), "--direction"),
                             (("--api", "Fetsh", "--version", "1"), "'Fetch'"),
                             (("--api", "RequestHeader", "--version", "1"), "'RequestHeader'"),
                             (("--requests", "x", "--responses", "y", "--api", "Fetch", "--version", "1"), "--api"),
                             (("--requests", "/no/such", "--responses", "/dev/null"), "/no/such"),
                             (("--requests", "/dev/null", "--responses", "/no/such"), "/no/such"), (("x",), "'x'")):
            status, documents, words_said = run(*FRAME, *words)
            self.assertEqual((status, documents), (2, []), words)
            self.assertIn(named, words_said, words)
        status, documents, words_said = run(*FRAME, "--requests", "/", "--responses", "/dev/null")
        self.assertEqual((status, documents), (1, []))
        self.assertIn("cannot read", words_said)


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
