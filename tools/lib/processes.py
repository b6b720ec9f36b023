"""Processes that may outlive whoever started them: found again by id and birth, ended by id; and ports for them."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import time

HOST = "127.0.0.1"
STOP_SECONDS = 20
# Below the range from which the kernel takes local ports of outgoing connections (32768 up): a process that restarts
# finds its port free.
_PORTS = range(20000, 32000)


class ProcessError(Exception):
    """A process that does not do what it is told."""


def free_ports(count):
    """`count` different ports that nothing listens on."""
    found = []
    while len(found) < count:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def _birth(pid):
    """When process `pid` began, in clock ticks since boot; None if it is gone. Tells a reused pid from the old one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Process:
    """A process in a folder of its own, which holds its log. `record` is a dictionary that outlives this object: what
    finds the process again is kept in it."""

    def __init__(self, name, folder, record):
        self.name, self.folder, self._record = name, pathlib.Path(folder), record
        self._child = None

    @property
    def pid(self):
        """The process; None if it does not run."""
        if self._child:
            self._child.poll()  # reaps it, should it have ended
        pid = self._record.get("pid")
        return pid if pid is not None and _birth(pid) == self._record["birth"] else None

    def launch(self, command):
        """Starts it."""
        with open(self.folder / "log", "ab") as log:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           cwd=self.folder.parent, start_new_session=True)
        self._record.update(pid=self._child.pid, birth=_birth(self._child.pid))

    def end(self, number):
        """Sends a signal that ends it, SIGKILL if that takes too long, and returns when it is gone."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, number)
        if not self._gone(STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            if not self._gone(STOP_SECONDS):
                raise ProcessError(f"{self.name} (process {pid}) does not end")

    def log_tail(self):
        """The last that it said."""
        return "\n".join((self.folder / "log").read_text("utf-8", "replace").splitlines()[-20:])

    def _gone(self, seconds):
        deadline = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True
