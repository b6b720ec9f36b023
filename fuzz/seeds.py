#!/usr/bin/env python3
"""Makes the seeds in fuzz/corpus from the vectors in tests/vectors, which are Kafka's own bytes.

usage: fuzz/seeds.py [BUILD]

Inputs that a fuzzer found are left alone: seeds have names that begin with `seed-`, and only those are made anew. The
seeds of json_message and set_json come out of Weir itself: BUILD, if given, is a folder with
tests/conformance/codec-lines and tools/weir/weir.
"""

import gzip
import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
FILES, SMALL = 60, 4096  # seeds of a target at the most, and bytes of one
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def write(target, seeds):
    """seeds: name -> bytes."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("seed-*"):
        old.unlink()
    assert len(seeds) <= FILES, (target, len(seeds))
    for name, data in seeds.items():
        assert len(data) <= SMALL, (target, name)
        (folder / f"seed-{name}").write_bytes(data)


# ---- the vectors ----
def api_keys():
    header = (ROOT / "include/weir/proto.h").read_text("ascii")
    pairs = re.findall(r"WEIR_API_(\w+) = (\d+)", header)
    keys = {name.replace("_", "").lower(): int(key) for name, key in pairs}
    return {**keys, "apiversions": keys["versions"]}


def messages():
    """(name, direction, version, kind, bytes) of each vector."""
    for line in (ROOT / "tests/vectors/messages.txt").read_text("ascii").splitlines():
        name, direction, version, kind, *data = line.split(" ")
        yield name, direction, int(version), kind, bytes.fromhex("".join(data).strip("-."))


def batches(file="records.txt"):
    """Name -> bytes of a whole batch, or set of messages."""
    found, name = {}, None
    for line in (ROOT / "tests/vectors" / file).read_text("ascii").splitlines():
        word, _, rest = line.partition(" ")
        if word == "batch":
            name = rest
        elif word == "bytes":
            found[name] = bytes.fromhex(rest)
    return found


def thinned(items):
    """Evenly chosen ones, as many as a target may have."""
    count, every = min(FILES, len(items)), list(items.items())
    return dict(every[n * len(every) // count] for n in range(count))


# ---- seeds of each kind ----
def message_seeds(keys):
    """The newest filled request and response of each API, and some of the older versions."""
    filled = {(name, direction, version): data for name, direction, version, kind, data in messages()
              if kind == "filled" and direction in ("request", "response")}

    def prefixed(name, direction, version):
        return bytes([keys[name.lower()], direction == "response", version]) + filled[name, direction, version]

    newest = {}
    for name, direction, version in filled:
        newest[name, direction] = max(version, newest.get((name, direction), 0))
    best = {f"{name}-{direction}-{version}": prefixed(name, direction, version)
            for (name, direction), version in newest.items()}
    oldest = {f"{name}-{direction}-{version}": prefixed(name, direction, version)
              for name, direction, version in filled if version in (0, 3, 4)}
    return best, oldest


def frame_seeds(keys):
    seeds = {}
    for name, direction, version, kind, data in messages():
        if kind == "frame" and version % 4 == 0:
            head = b"\1" + bytes([keys[name.lower()], version]) if direction == "response" else b"\0"
            seeds[f"{name}-{direction}-{version}"] = head + data[4:]
    return thinned(seeds)


def data_seeds():
    kinds = ["RequestHeader", "ResponseHeader", "ConsumerProtocolSubscription", "ConsumerProtocolAssignment",
             "EndTxnMarker"]
    return {f"{name}-{version}-{kind}": bytes([kinds.index(name)]) + data
            for name, direction, version, kind, data in messages() if direction in ("data", "header")}


def text(data):
    return struct.pack(">I", len(data)) + data


def splits(count):
    body = b"WSPL" + struct.pack(">hI", 1, count)
    for n in range(count):
        topic = b"topic-%d" % n
        entry = struct.pack(">H", len(topic)) + topic + bytes(range(16)) + struct.pack(">iqqi", n, 10 * n, 1000, n - 1)
        body += struct.pack(">H", len(entry)) + entry
    return body + struct.pack(">I", crc32c(body))


def committables(count):
    body = b"WSNK" + struct.pack(">hI", 1, count)
    for n in range(count):
        name = b"job-0-%d" % n
        body += struct.pack(">H", len(name)) + name + struct.pack(">qhhqq", 7000 + n, n, 2, 4 + n, 100)
    return body


def checkpoint(number, finished):
    members = [b"job", b"0123456789abcdef", splits(2), splits(1), committables(not finished)]
    body = struct.pack(">QQB", number, number - 1, finished) + b"".join(text(member) for member in members)
    return b"WEIRCKPT" + struct.pack(">HI", 1, crc32c(body)) + body


def checkpoint_seeds():
    one, two = checkpoint(4, 0), checkpoint(5, 1)
    pairs = {"both": (one, two), "first": (one, b""), "second": (b"", two), "damaged": (one[:-1] + b"x", two),
             "none": (b"", b"")}
    return {name: struct.pack(">H", len(a)) + a + b for name, (a, b) in pairs.items()}


PROPERTIES = {
    "plain": b"# a comment\nbootstrap.servers=localhost:9092\nlinger.ms = 5\n! another\n\nbatch.size:16384\n",
    "escapes": b"key\\ with\\=signs \\u00e9\\ud83d\\ude00 \\t\\n\nlong=one \\\n   two \\\r\n   three\n",
    "bad": b"good=1\nbad=\\u12\n", "surrogate": b"a=\\ud800\n", "no-end": b"a=b\\",
}
RECORDS = {
    "consumed": b'{"topic":"t","partition":0,"offset":7,"timestamp":1700000000000,"timestamp_type":"create",'
                b'"key":"k","value":"v","headers":[["h","x"],["h",null]]}\n',
    "base64": b'{"key":{"base64":"AP8="},"value":null}\n{"value":{"base64":"="}}\n',
    "odd": b'{"value":"\\u0000\\ud83d\\ude00","partition":null,"timestamp":-1}\n{"valu":1}\n[]\nnull\n',
    "twice": b'{"key":"a","key":"b"}\n{"headers":[["a"]]}\n{"partition":2147483648}\n',
}
OPTIONS = {
    "client": b"\2bootstrap.servers=localhost:9092,[::1]:9093\nclient.id=me\nrequest.timeout.ms=30000\n",
    "sink": b"\1compression.type=zstd\nlinger.ms=5\nbatch.size=16384\ndelivery.guarantee=exactly-once\n",
    "source": b"\0isolation.level=read_committed\nfetch.max.bytes=1048576\nfetch.min.bytes=1\n",
    "sides": b"\2source.client.id=a\nsink.client.id=b\nsink.linger.ms=0\n",
    "bad": b"\2linger.ms=-1\nlingerms=1\nretries=99999999999999999999\nclient.id=\x01\xff\n=\n",
}


def codec_seeds(name, found):
    """Kafka's own compressed records, under a cap that suffices and one that does not."""
    packed = found[name][61:]
    seeds = {"whole": b"\x14" + packed, "capped": b"\x04" + packed, "cut": b"\x14" + packed[:-5]}
    if name == "gzip":
        seeds["two-members"] = b"\x10" + gzip.compress(b"a" * 300, mtime=0) + gzip.compress(b"b", mtime=0)
    return seeds


def message_set_seeds():
    """Kafka's own sets as they are, and the plain ones again as what a wrapper contains."""
    found = {name: data for name, data in batches("message-sets.txt").items() if len(data) < SMALL}
    seeds = {name: b"\0" + data for name, data in found.items()}
    for name, data in found.items():
        if name.endswith("none-produced"):
            seeds.update({f"{name}-wrapped-{how}": bytes([how, 4, 0]) + data for how in (1, 3)})
            seeds[name + "-not-numbered"] = b"\1\0\0" + data
    return seeds


# ---- a conversation: see broker.c for what the bytes say ----
def link_seeds():
    """ApiVersions, then Metadata as it lies in the vectors, in pieces of a size."""
    filled = {(name, version): data for name, direction, version, kind, data in messages()
              if kind == "filled" and direction == "response"}
    rows = b"".join(struct.pack(">hhhB", key, 0, top, 0) for key, top in ((3, 13), (18, 4)))
    versions = b"\0\0\3" + rows + bytes(5)
    seeds = {}
    for version in (9, 12, 13):
        stream = b""
        for correlation, body in enumerate((versions, b"\0" + filled["Metadata", version])):
            stream += struct.pack(">II", 4 + len(body), correlation) + body
        for size in (1, 7, 200):
            parts = [stream[at:at + size] for at in range(0, len(stream), size)]
            seeds[f"{version}-by-{size}"] = b"\0\0\0" + b"".join(b"\0" + bytes([len(part)]) + part for part in parts)
    seeds["refused"] = b"\xff" * 40
    seeds["closed"] = b"\0" + b"\x07\x08\x20\x00" * 10
    return seeds


def fetched(records, code=0):
    """An honest answer to Fetch with these records."""
    return b"\0" + struct.pack(">H", len(records)) + records + b"\0\0" + bytes([code])


def session_seeds(found):
    """ApiVersions, Metadata, ListOffsets for both ends (1000 and 1110), ApiVersions on the link for fetching, then
    fetches."""
    seeds = {}
    for below in (0, 5, 9):
        start = bytes([0, below, 0, 0, 0x03, 0xE8, 0, 0x04, 0x56, 0, below])
        for name in ("none", "gzip", "transactional", "marker-abort", "marker-commit", "retained-empty"):
            if len(found[name]) < SMALL // 2:
                seeds[f"{below}-{name}"] = start + fetched(found[name]) + fetched(b"") * 4
                seeds[f"{below}-{name}-later"] = start + fetched(b"") + b"\xC7" + fetched(found[name]) + fetched(b"")
        for code in (1, 2, 6, 70, 74, 76, 100):
            seeds[f"{below}-code-{code}"] = start + fetched(b"", code) + bytes(40)
    seeds["default"] = bytes(60)
    seeds["lost"] = b"\0\0\0" + b"\6\0" * 20
    return seeds


def sink_seeds():
    """All that opening asks for, then six checkpoints of three records, in both versions of transactions; and the same
    where one answer in the first of them says that something is wrong, or opening finds something."""
    seeds = {}
    checkpoint = b"\3" + bytes(14)
    for version, below in ((0, 0), (2, 128)):
        start = bytes([0, 0, below]) + bytes(25)
        seeds[f"v{version}"] = start + checkpoint * 6
        seeds[f"v{version}-restored"] = b"\1" + start[1:] + bytes(10) + checkpoint * 6
        seeds[f"v{version}-ledger"] = b"\1" + start[1:11] + b"\4\x20weir 3 line job-0-1 7 0" + bytes(60)
        seeds[f"v{version}-abort"] = start + b"\3\0\0\xf2" + bytes(20) + checkpoint * 3
        for at, code in enumerate((3, 14, 16, 45, 47, 48, 49, 51, 59, 67, 90), 2):
            wrong = checkpoint[:at] + bytes([128 + code]) + checkpoint[at + 1:]
            seeds[f"v{version}-code-{code}"] = start + wrong + checkpoint * 3
    return seeds


def json_seeds(build, keys):
    """The newest filled messages as JSON; nothing without a build, the seeds then stay as they are."""
    program = pathlib.Path(build) / "tests/conformance/codec-lines"
    newest = {(n, d): (v, data) for n, d, v, k, data in messages() if k == "filled" and d in ("request", "response")}
    seeds = {}
    for (name, direction), (version, data) in newest.items():
        line = f"{name} {direction} {version} {data.hex()}\n"
        run = subprocess.run([str(program), "decode", "--records"], input=line, text=True, check=True,
                             stdout=subprocess.PIPE)
        head = bytes([keys[name.lower()], direction == "response", version])
        seeds[f"{name}-{direction}"] = head + run.stdout.strip().encode()
    return thinned(seeds)


def set_json_seeds(build, found):
    """Documents of batches and of sets of messages."""
    sets = {**found, **message_set_seeds()}
    seeds = {}
    for name, data in sets.items():
        document = subprocess.run([pathlib.Path(build) / "tools/weir/weir", "decode", "records"], input=data,
                                  stdout=subprocess.PIPE, check=False).stdout
        if len(document) <= SMALL and len(seeds) < FILES:
            seeds[name] = document
    return seeds


def main():
    keys, found = api_keys(), batches()
    best, older = message_seeds(keys)
    write("message", thinned(best))
    write("roundtrip", thinned(older))
    write("message_json", thinned(best))
    write("frame", frame_seeds(keys))
    write("data", data_seeds())
    small = {name: data for name, data in found.items() if len(data) <= SMALL}
    pair = found["marker-commit"] + found["transactional"]
    write("batch", {**small, **({"two": pair} if len(pair) <= SMALL else {})})
    write("message_set", message_set_seeds())
    for name in COMPRESSIONS[1:]:
        write("codec_" + name, codec_seeds(name, found))
    write("splits", {f"of-{count}": splits(count) for count in (0, 1, 2, 5)})
    write("committables", {f"of-{count}": committables(count) for count in (0, 1, 4)})
    write("checkpoint", checkpoint_seeds())
    write("properties", PROPERTIES)
    write("records_json", RECORDS)
    write("options", OPTIONS)
    write("link", link_seeds())
    write("session", session_seeds(found))
    write("sink", sink_seeds())
    if len(sys.argv) > 1:
        write("set_json", set_json_seeds(sys.argv[1], found))
        write("json_message", json_seeds(sys.argv[1], keys))


if __name__ == "__main__":
    main()
