"""What a script is run on: the model behind its port, or a real broker. Both have the same few verbs; connections have
names, and are made when they are first used."""

import contextlib
import os
import pathlib
import socket
import struct
import subprocess
import time

from processes import HOST

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR") or ROOT / "build" / "tools" / "weir" / "weir").resolve()
PORT = WEIR.parents[2] / "tests" / "fidelity" / "fidelity_port"
ANSWER_S = 20


class Closed(Exception):
    """The broker has closed the connection."""


class Model:
    """The model, in virtual time."""

    def __init__(self, version, level):
        release = "3.9" if version.startswith("3.") else "4.4"
        self._process = subprocess.Popen([str(PORT), release, str(level)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, bufsize=1)
        self._connections = {}

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def send(self, connection, frame):
        """Sends a frame, size included."""
        if connection not in self._connections:
            self._connections[connection] = self._say("open")
        self._say(f"send {self._connections[connection]} {frame.hex()}")

    def receive(self, connection, milliseconds=ANSWER_S * 1000):
        """The next response without its size; None when there is none in time."""
        answer = self._say(f"await {self._connections[connection]} {milliseconds}")
        if answer == "closed":
            del self._connections[connection]
            raise Closed
        return bytes.fromhex(answer)[4:] if answer != "none" else None

    def hang_up(self, connection):
        """Closes a connection."""
        self._say(f"close {self._connections.pop(connection)}")

    def wait(self, milliseconds):
        """Lets time pass."""
        self._say(f"wait {milliseconds}")

    def close(self):
        """Ends the process."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Broker:
    """A real broker."""

    def __init__(self, port):
        self._port = port
        self._sockets = {}

    def send(self, connection, frame):
        """Sends a frame, size included."""
        if connection not in self._sockets:
            self._sockets[connection] = socket.create_connection((HOST, self._port))
        self._sockets[connection].sendall(frame)

    def receive(self, connection, milliseconds=ANSWER_S * 1000):
        """The next response without its size; None when there is none in time."""
        link = self._sockets[connection]
        try:
            link.settimeout(milliseconds / 1000)
            size = self._read(link, 4)
            link.settimeout(ANSWER_S)
            return self._read(link, struct.unpack(">i", size)[0])
        except TimeoutError:
            return None
        except (Closed, ConnectionError):
            link.close()
            del self._sockets[connection]
            raise Closed from None

    @staticmethod
    def _read(link, size):
        data = b""
        while len(data) < size:
            chunk = link.recv(size - len(data))
            if not chunk:
                raise Closed
            data += chunk
        return data

    def hang_up(self, connection):
        """Closes a connection."""
        self._sockets.pop(connection).close()

    @staticmethod
    def wait(milliseconds):
        """Lets time pass."""
        time.sleep(milliseconds / 1000)

    def close(self):
        """Closes all connections."""
        for link in self._sockets.values():
            link.close()
        self._sockets = {}


class Tool:
    """One `weir encode` or `weir decode` that stays."""

    def __init__(self, *command):
        self._process = subprocess.Popen([str(WEIR), *command, "--lines"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, bufsize=1)

    def turn(self, text):
        """A line in the other form."""
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self):
        """Ends the process."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Tools:
    """The four of them."""

    def __init__(self):
        self._all = {
            "encode": Tool("encode", "message"), "decode": Tool("decode", "message", "--records"),
            "encode records": Tool("encode", "records"), "decode records": Tool("decode", "records")}

    def message(self, verb, name, direction, version, text):
        """A message in the other form."""
        return self._all[verb].turn(f"{name} {direction} {version} {text}")

    def records(self, verb, text):
        """A record set in the other form."""
        return self._all[f"{verb} records"].turn(text)

    def close(self):
        """Ends all."""
        for tool in self._all.values():
            tool.close()
