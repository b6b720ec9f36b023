"""One run of `weir copy --json` as a child process that is watched, killed or awaited."""

import json
import os
import signal
import subprocess
import threading
import time

_MOVING = ("checkpoint", "progress", "finished")  # events that show the copy at work


class CopyRun:
    """A running `weir copy`. Its words for people go to `log`, an open file."""

    def __init__(self, command, log, on_event=None):
        """`on_event(event)` is called from the thread that reads: as long as it does not return, nothing is read."""
        self.began = time.monotonic()
        self.events = []  # (seconds since the start, event), in order
        self.status = None  # as of subprocess: negative is a signal
        self.cpu_seconds = 0.0
        self._on_event = on_event or (lambda event: None)
        self._news = threading.Condition()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                         start_new_session=True)
        self._reading = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        """The process; it may have ended."""
        return self._process.pid

    def wait_for(self, name, seconds, count=1):
        """The event `name` for the `count`-th time; None if the process ends, or `seconds` pass, before it."""
        with self._news:
            self._news.wait_for(lambda: len(self.all(name)) >= count or not self._reading, seconds)
            return next(iter(self.all(name)[count - 1:]), None)

    def event(self, name):
        """The first event `name` so far, or None."""
        return next(iter(self.all(name)), None)

    def all(self, name):
        """The events `name` so far, in order."""
        return [event for _, event in self.events if event.get("event") == name]

    def wait(self, seconds):
        """The exit status; None if the process still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while not self._reap(os.WNOHANG) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.status

    def send(self, number):
        """Sends a signal to a run that has not been awaited yet."""
        os.kill(self._process.pid, number)

    def kill(self):
        """SIGKILL. True if that is what ended it, after it had said that it started."""
        if self.status is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._reap(0)
        return self.status == -signal.SIGKILL and self.event("started") is not None

    def moving_ms(self):
        """Milliseconds from the start of the process to the first sign of a copy at work, or None."""
        return next((seconds * 1000 for seconds, event in self.events if event.get("event") in _MOVING), None)

    def _reap(self, flags):
        if self.status is None:
            pid, status, usage = os.wait4(self._process.pid, flags)
            if pid == 0:
                return False
            self.status = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            self._reader.join(5)
            self._process.stdout.close()
        return True

    def _read(self):
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # the line that a kill cut off
            with self._news:
                self.events.append((time.monotonic() - self.began, event))
                self._news.notify_all()
            self._on_event(event)
        with self._news:
            self._reading = False
            self._news.notify_all()
