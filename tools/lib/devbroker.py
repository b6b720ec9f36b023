"""weir-devbroker as a child process: started, killed, started again on the same folder and ports."""

import json
import os
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the build that the program WEIR is from.
BUILD = pathlib.Path(os.environ["WEIR"]).resolve().parents[2] if "WEIR" in os.environ else ROOT / "build"
PROGRAM = BUILD / "tools/devbroker/weir-devbroker"
STOP_SECONDS = 10


class DevBroker:
    """A running weir-devbroker. `options`: further words of its command line; `program`: another build of it."""

    def __init__(self, *options, port=0, program=PROGRAM):
        began = time.monotonic()
        self._process = subprocess.Popen([program, "--port", str(port), *map(str, options)], stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        self.seconds_to_start = time.monotonic() - began
        if not line:
            raise RuntimeError(f"weir-devbroker: {self._process.communicate()[1].strip()}")
        self.bootstrap = json.loads(line)["bootstrap"]
        self.port = int(self.bootstrap.rsplit(":", 1)[1])

    def peak_memory(self):
        """The most bytes that it has held."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def kill(self):
        """As a crash does."""
        self._process.kill()
        self._process.communicate()

    def stop(self):
        """Asks it to end; its status."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.communicate(timeout=STOP_SECONDS)
        return self._process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
