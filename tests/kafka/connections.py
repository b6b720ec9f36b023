#!/usr/bin/env python3
"""`weir decode frame` of whole connections, as a proxy has recorded them: every frame of Weir's and of Kafka's clients,
and every response behind its request."""

import collections
import contextlib
import json
import pathlib
import socket
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

import jars  # noqa: E402
from kafkatest import WEIR, check, equal, main  # noqa: E402
from processes import HOST  # noqa: E402

COPY_SECONDS = 60
APIS = {"ApiVersions", "Metadata", "FindCoordinator", "InitProducerId", "ListOffsets", "Fetch", "Produce", "EndTxn"}


class Recorder(socketserver.ThreadingTCPServer):
    """Passes connections on to a broker and keeps what goes either way: folder/N.request and folder/N.response."""
    daemon_threads = False  # so that the end waits for the last byte
    allow_reuse_address = True

    def __init__(self, ports, folder):
        self.folder, self.broker, self._count, self._lock = folder, (HOST, ports[1]), 0, threading.Lock()
        super().__init__((HOST, ports[0]), socketserver.BaseRequestHandler)

    def finish_request(self, request, client_address):
        with self._lock:
            self._count += 1
            name = self.folder / str(self._count)
        with socket.create_connection(self.broker) as broker:
            back = threading.Thread(target=self._pass_on, args=(broker, request, name.with_suffix(".response")))
            back.start()
            self._pass_on(request, broker, name.with_suffix(".request"))
            back.join()

    @staticmethod
    def _pass_on(source, target, path):
        """Copies until the end of what comes from `source`; then `target` has had it all."""
        with open(path, "wb") as record, contextlib.suppress(OSError):
            while piece := source.recv(65536):
                record.write(piece)
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def recorded(case, name):
    """Records what is done in the block; gives the folder and the bootstrap address of the proxy."""
    ports, folder = case.cluster.proxied[1], case.folder / name
    folder.mkdir()
    with Recorder(ports, folder) as recorder:
        thread = threading.Thread(target=recorder.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield folder, f"{HOST}:{ports[0]}"
        finally:
            recorder.shutdown()
            thread.join()


def decoded(requests):
    """What `weir decode frame` says of a connection; it must be all of its bytes and nothing wrong."""
    responses = requests.with_suffix(".response")
    done = subprocess.run([WEIR, "decode", "frame", "--requests", requests, "--responses", responses],
                          capture_output=True, check=False)
    documents = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    wrong = [document for document in documents if "error" in document]
    equal((done.returncode, done.stderr, wrong[:3]), (0, b"", []), f"{requests}: status, words, errors")
    for path in (requests, responses):
        size = sum(document["sizeInBytes"] + 4 for document in documents if document["direction"] == path.suffix[1:])
        equal(size, path.stat().st_size, f"{path}: bytes in frames")
    return documents


def check_order(documents, name):
    """Each response comes behind its request, and at most the last requests have none."""
    open_requests = []
    for document in documents:
        if document["direction"] == "request":
            open_requests.append(document)
            continue
        check(open_requests, f"{name}: a response without request: {document}")
        request = open_requests.pop()
        equal(document["correlationId"], request["correlationId"], f"{name}: correlation id")
        same = document["version"] == request["version"] or document["body"].get("errorCode") == 35
        check(document["api"] == request["api"] and same, f"{name}: {request['api']} answered by {document['api']}")
        equal(open_requests, [], f"{name}: requests without response in the middle")


def check_connections(folder, wanted):
    """Decodes all connections of a folder; how many frames of each API there are."""
    apis = collections.Counter()
    for requests in sorted(folder.glob("*.request")):
        documents = decoded(requests)
        check_order(documents, requests.name)
        apis.update(document["api"] for document in documents)
    check(wanted <= set(apis), f"{sorted(wanted - set(apis))} not in {dict(apis)}")
    return apis


# ---- tests ----
def test_copy(case):
    """An exactly-once copy."""
    case.topics()
    visible = case.fill(5000)
    with recorded(case, "copy") as (folder, bootstrap):
        done = subprocess.run(case.command("--bootstrap", bootstrap), capture_output=True, timeout=COPY_SECONDS,
                              check=False)
        equal(done.returncode, 0, f"status of the copy: {done.stderr}")
    case.judge(visible)
    check_connections(folder, APIS)


def test_java_clients(case):
    """Kafka's admin client, producers with and without transactions, and consumer."""
    with recorded(case, "java") as (folder, bootstrap):
        for words in (["create", case.input, 2], ["input", "--topic", case.input, "--partitions", 2, "--records", 3000,
                                                  "--seconds", 0], ["records", case.input], ["transactions"]):
            done = subprocess.run(jars.program("Tool", bootstrap, *words), capture_output=True, timeout=COPY_SECONDS,
                                  check=False)
            equal(done.returncode, 0, f"status of {words}: {done.stdout[-500:]}")
    check_connections(folder, APIS | {"CreateTopics", "ListTransactions"})


def test_produce_without_acknowledgement(case):
    """Requests that have no response at all."""
    case.topics(1)
    with recorded(case, "acks") as (folder, bootstrap):
        lines = "".join(f"{number}\n" for number in range(500))
        properties = ["--producer-property", "acks=0", "--producer-property", "enable.idempotence=false",
                      "--producer-property", "batch.size=100"]
        subprocess.run(jars.command(jars.kafka_tools(), "org.apache.kafka.tools.ConsoleProducer",
                                    ["--bootstrap-server", bootstrap, "--topic", case.input, *properties]),
                       input=lines.encode(), capture_output=True, timeout=COPY_SECONDS, check=True)
    check_without_acknowledgement(folder)


def check_without_acknowledgement(folder):
    """That Produce requests with acks 0 are there, and responses behind other requests after them."""
    documents = [document for requests in folder.glob("*.request") for document in decoded(requests)]
    produced = [document for document in documents if document["api"] == "Produce"]
    check(len(produced) > 1 and all(document["direction"] == "request" and document["body"]["acks"] == 0
                                    for document in produced), f"{len(produced)} Produce frames")


TESTS = [test_copy, test_java_clients, test_produce_without_acknowledgement]

if __name__ == "__main__":
    sys.exit(main("connections", TESTS, proxied=True))
