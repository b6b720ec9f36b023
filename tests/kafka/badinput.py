#!/usr/bin/env python3
"""What goes wrong around `weir copy`: the exit status, words that say what to do, and no state lost."""

import contextlib
import http.server
import os
import pathlib
import random
import resource
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafkatest import Checkpoint, Skipped, check, equal, main, says, until  # noqa: E402

IMPATIENT = ("-X", "default.api.timeout.ms=3000")


def refused(case, status, words, *options, untouched=True, **replaced):
    """Runs a copy that has to fail with that status and say these words; it must write nothing."""
    before = case.tool.ask("offsets", case.output)["latest"] if untouched else None
    run = case.copy(*options, **replaced)
    run.ends(status, seconds=30)
    says(run.words, *words)
    if untouched:
        equal(case.tool.ask("offsets", case.output)["latest"], before, "offsets of the output")
    return run


def plain_input(case, records=200, seed=1):
    """The topics with some records; how many."""
    if seed == 1:
        case.topics()
    return case.fill(records, "--compression", "none", "--transactional-share", 0, seed=seed)


# ---- topics ----
def test_unknown_input_topic(case):
    plain_input(case)
    run = refused(case, 2, ("no-such-topic", "create it", "--from"), **{"from": "no-such-topic"})
    says(run.event("failed")["error"], "no-such-topic")


def test_unknown_output_topic(case):
    plain_input(case)
    refused(case, 2, ("output topic", "no-such-topic", "topics create"), to="no-such-topic", untouched=False)


def test_unknown_topic_beside_a_known_one(case):
    plain_input(case)
    refused(case, 2, ("no-such-topic",), **{"from": f"{case.input},no-such-topic"})


def test_output_with_fewer_partitions(case):
    case.tool.ask("create", case.input, 4)
    case.tool.ask("create", case.output, 2)
    refused(case, 2, (case.output, "2 partitions", "partition 2", "at least as many"))


def test_invalid_topic_name(case):
    plain_input(case)
    refused(case, 2, ("a/b",), **{"from": "a/b"})


# ---- brokers ----
def test_no_broker(case):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        refused(case, 1, (address, "refused"), *IMPATIENT, bootstrap=address, untouched=False)


def test_unknown_host(case):
    refused(case, 1, ("no-such-host.invalid",), *IMPATIENT, bootstrap="no-such-host.invalid:9092", untouched=False)


def test_malformed_address(case):
    for address in ("localhost", "localhost:port", "localhost:70000", ":9092"):
        refused(case, 2, (address, "HOST:PORT"), bootstrap=address, untouched=False)


@contextlib.contextmanager
def http_server():
    """The address of an HTTP server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        server.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_http_server_that_refuses(case):
    """As servers do that do not wait for the end of a line."""
    class Refusing(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        refused(case, 1, (address, "answers in HTTP", "port"), *IMPATIENT, bootstrap=address, untouched=False)
        server.shutdown()


@contextlib.contextmanager
def tls_server(folder):
    """The address of a server that speaks TLS."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                    "-keyout", folder / "key", "-out", folder / "certificate"], check=True, capture_output=True)
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(folder / "certificate", folder / "key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with contextlib.suppress(OSError):
                        settings.wrap_socket(connection, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_http_server(case):
    with http_server() as address:
        refused(case, 1, (address, "HTTP"), *IMPATIENT, bootstrap=address, untouched=False)


def test_tls_server(case):
    with tls_server(case.folder) as address:
        refused(case, 1, (address, "TLS"), *IMPATIENT, bootstrap=address, untouched=False)


def test_silent_server(case):
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        refused(case, 1, (address,), *IMPATIENT, "-X", "socket.connection.setup.timeout.ms=1000", bootstrap=address,
                untouched=False)


def test_broker_away_for_a_while(case):
    """The only broker crashes and comes back: the same process goes on."""
    case.topics()
    visible = case.fill(3000, "--compression", "none")
    run = case.copy(stop="never")
    run.must("checkpoint", count=2)
    case.cluster.kill(1)
    time.sleep(12)  # the outage that is the subject
    equal(run.wait(0), None, f"exit status of the copy ({run.words})")
    case.cluster.restart(1)
    visible += case.fill(3000, "--compression", "none", seed=2)
    until(lambda: finished(run, visible) or run.wait(0) is not None, 60, "the copy goes on")
    says(run.words, "waiting", "refused")
    run.send(signal.SIGTERM)
    run.ends(0, "stopped")
    equal(len(run.all("started")), 1, "starts of the job")
    case.judge(visible)


def finished(run, records):
    """Whether the copy says that it has written so many."""
    return any(event["records_out"] >= records for event in run.all("progress"))


# ---- instances ----
def test_second_instance(case):
    plain_input(case)
    first = case.copy(stop="never")
    first.must("checkpoint")
    before = case.files()
    refused(case, 4, (case.job, "already running", str(first.pid)), untouched=False)
    equal(case.files(), before, "checkpoint files")
    first.send(signal.SIGTERM)
    first.ends(0, "stopped")


# ---- checkpoints ----
def two_checkpoints(case):
    """Copies in two runs, so that both files hold a checkpoint; how many records are visible."""
    visible = plain_input(case)
    case.finish()
    visible += plain_input(case, seed=2)
    case.finish()
    equal(len(case.files()), 2, "checkpoint files")
    return visible


def flipped(content, at):
    """The bytes with one bit changed."""
    changed = bytearray(content)
    changed[at % len(changed)] ^= 0x10
    return bytes(changed)


def test_newest_checkpoint_damaged(case):
    """The older file is whole and is used, unless the brokers know of a newer commit: then nothing is written twice."""
    visible = two_checkpoints(case)
    newest = case.newest()
    newest.write_bytes(flipped(newest.read_bytes(), 100))
    run = case.copy()
    status = run.wait(30)
    says(run.words, "damaged")
    if status == 0:
        says(run.words, "other one")
    else:
        equal(status, 1, "exit status")
        says(run.words, "already committed", "--fresh")
    case.judge(visible)


def test_older_checkpoint_damaged(case):
    """The newest file is all that is needed."""
    visible = two_checkpoints(case)
    older, = set(case.files()) - {case.newest()}
    older.write_bytes(flipped(older.read_bytes(), -3))
    run = case.finish()
    says(run.words, "damaged")
    visible += plain_input(case, seed=3)
    case.finish()
    case.judge(visible)


def all_damaged(case, damage):
    """Replaces the files by damage(their bytes): the copy must not start and must leave them alone."""
    for path, content in case.files().items():
        path.write_bytes(damage(content))
    before = case.files()
    run = refused(case, 1, ("no checkpoint", str(case.checkpoints), "--fresh"))
    equal(case.files(), before, "checkpoint files")
    return run


def test_both_checkpoints_damaged(case):
    two_checkpoints(case)
    whole = case.files()
    for at in (0, 9, 12, 20, 60, -1):
        for path, content in whole.items():
            path.write_bytes(content)
        all_damaged(case, lambda content, at=at: flipped(content, at))


def test_hostile_checkpoints(case):
    """Cut off, random, and with lengths that are lies under a right checksum."""
    two_checkpoints(case)
    whole = case.files()
    chance = random.Random(3)
    damages = [lambda content: content[:7], lambda content: content[:len(content) // 2], lambda content: b"\0" * 100,
               lambda content: chance.randbytes(5000), lambda content: b"WEIRCKPT" + chance.randbytes(500),
               lambda content: content + b"\0", lambda content: with_length(content, Checkpoint.HEADER.size, 0xffffffff),
               lambda content: with_length(content, Checkpoint.HEADER.size, 0x7fffffff)]
    for damage in damages:
        for path, content in whole.items():
            path.write_bytes(content)
        all_damaged(case, damage)


def with_length(content, at, length):
    """The checkpoint with another length at that place, and the checksum made right."""
    changed = content[:at] + length.to_bytes(4, "big") + content[at + 4:]
    return changed[:10] + crc32c(changed[14:]).to_bytes(4, "big") + changed[14:]


def crc32c(data):
    """CRC-32C, bit by bit."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def test_checkpoint_of_another_job(case):
    two_checkpoints(case)
    before = case.files()
    refused(case, 1, ("belongs to job", case.job, "--checkpoint-dir"), job="somebody-else")
    equal(case.files(), before, "checkpoint files")


def test_checkpoint_folder_that_cannot_be(case):
    plain_input(case)
    file = case.folder / "a-file"
    file.write_text("not a folder", "utf-8")
    refused(case, 1, (str(file),), checkpoints=file)


# ---- disks ----
@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of that size at the folder."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True,
                             check=False)
    if mounted.returncode != 0:
        raise Skipped(f"cannot mount: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_full_disk(case):
    """No room for a checkpoint: the job ends, the one before it is whole; with room again the job goes on."""
    with small_disk(case.checkpoints, "64k"):
        visible = plain_input(case)
        case.finish()
        visible += plain_input(case, 3000, seed=2)
        filler = case.checkpoints / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)
        before = case.files()
        run = case.copy()
        last = run.ends(1, "failed", 30)
        says(last["error"], str(case.checkpoints), "space", "before this one is whole")
        equal(case.files(), before, "checkpoint files")
        filler.unlink()
        case.finish()
        case.judge(visible)


def test_file_size_limit(case):
    """The same with a limit on the size of files, reached in the middle of a run."""
    visible = plain_input(case)
    run = case.copy(stop="never", before=("sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"))
    run.must("checkpoint", count=2)
    resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (20, 20))
    visible += plain_input(case, 3000, seed=2)
    last = run.ends(1, "failed", 30)
    says(last["error"], str(case.checkpoints), "before this one is whole")
    case.finish()
    case.judge(visible)


def test_read_only_checkpoints(case):
    """A folder that may not be written to is found out before anything is read."""
    plain_input(case)
    case.checkpoints.mkdir()
    case.checkpoints.chmod(0o500)
    if os.access(case.checkpoints, os.W_OK):
        raise Skipped("this user may write everywhere")
    refused(case, 1, (str(case.checkpoints),))


# ---- limits ----
def test_transaction_timeout_above_the_brokers(case):
    plain_input(case)
    refused(case, 2, ("transaction.timeout.ms", "900001", "900000", "transaction.max.timeout.ms"),
            "-X", "transaction.timeout.ms=900001")


def test_budget_too_small(case):
    plain_input(case)
    refused(case, 2, ("fetch.max.bytes", "16777216", "budget"), "-X", "fetch.max.bytes=16777216")


def test_record_above_the_topics_limit(case):
    """Named with topic, partition and size; what came before it is not lost."""
    case.tool.ask("create", case.input, 1)
    case.tool.ask("create", case.output, 1, "max.message.bytes=2000")
    case.weir("produce", "--to", case.input, input=b"small\n" + b"x" * 5000 + b"\nlast\n")
    run = case.copy()
    last = run.ends(1, "failed", 30)
    says(last["error"], case.output, "partition 0", "2000", "max.message.bytes")
    check("50" in last["error"], f"the record's size is not in: {last['error']}")
    case.tool.ask("alter", case.output, "max.message.bytes=100000")
    case.finish()
    case.judge(3)


# ---- configuration ----
def test_configuration(case):
    for words, *options in (
            (("fetch.max.byte", "fetch.max.bytes"), "-X", "fetch.max.byte=100000"),
            (("fetch.max.bytes", "1024"), "-X", "fetch.max.bytes=12"),
            (("linger.ms", "soon"), "-X", "linger.ms=soon"),
            (("compression.type", "zstd"), "-X", "compression.type=brotli"),
            (("linger.ms", "sink"), "-X", "source.linger.ms=5"),
            (("isolation.level", "source"), "-X", "sink.isolation.level=read_committed"),
            (("no-such-file",), "-F", "/no-such-file"),
            (("--no-such-option",), "--no-such-option"),
            (("--from-pattern",), "--from-pattern", "in.*"),
            (("--stop", "never|latest"), "--stop", "tomorrow"),
            (("--delivery", "exactly-once"), "--delivery", "twice"),
            (("checkpoint-interval",), "--checkpoint-interval", "0"),
            (("parallelism",), "--parallelism", "2"),
            (("job",), "--job", "a/b"),
            (("delivery.timeout.ms",), "-X", "delivery.timeout.ms=1000", "-X", "request.timeout.ms=60000")):
        refused(case, 2, words, *options, untouched=False)
    refused(case, 2, ("--from",), untouched=False, **{"from": None})
    refused(case, 2, ("--to",), untouched=False, to=None)
    refused(case, 2, ("--bootstrap",), untouched=False, bootstrap=None)


if __name__ == "__main__":
    sys.exit(main("badinput", [value for name, value in list(globals().items()) if name.startswith("test_")]))
