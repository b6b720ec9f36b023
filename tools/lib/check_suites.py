"""Runs suites of tests, each in its own process group, and reports them in the form that tools/check promises."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from typing import NamedTuple

HEARTBEAT_S = 30
GRACE_S = 15
MARK = "WEIR_CHECK_STEP"  # environment variable
SETUP_S, COMPILE_S = 120, 600
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)


class Counts(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other):
        return Counts(*(a + b for a, b in zip(self, other)))


class Crashed(Exception):
    """A command ended with a status, or by a signal or a time limit, that its output does not account for."""


class Report:
    """Prints what happens, from several threads, and adds it up."""

    def __init__(self, folder):
        self.folder = folder  # of the logs
        self.lock, self.total, self.running = threading.Lock(), Counts(), {}
        self.started = time.monotonic()
        self.ended = threading.Event()
        threading.Thread(target=self.heartbeat, daemon=True).start()

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def heartbeat(self):
        while not self.ended.wait(HEARTBEAT_S):
            with self.lock:
                steps = [f"{name} for {time.monotonic() - since:.0f} s" for name, since in self.running.items()]
                if self.ended.is_set():
                    return
                print(f"... {time.monotonic() - self.started:.0f} s, running: {', '.join(steps)}", flush=True)

    def finish(self):
        """Nothing is printed after this."""
        with self.lock:
            self.ended.set()

    def suite(self, name, run):
        """Runs a suite: run(log) gives its Counts and appends its output to the file log. True when none failed."""
        log = os.path.join(self.folder, name + ".log")
        self.running[name] = since = time.monotonic()
        with open(log, "wb"):
            pass
        try:
            counts = run(log)
            why = "" if sum(counts) else "ran no test"
        except Exception as error:  # whatever it is, the other suites go on
            counts, why = getattr(error, "counts", Counts()), str(error)
        if why:
            counts = counts.plus(Counts(failed=1))
        with self.lock:
            del self.running[name]
            self.total = self.total.plus(counts)
            if counts.failed:
                with open(log, encoding="utf-8", errors="replace") as file:
                    print(f"----- {name}\n{file.read().rstrip()}\n----- {name} failed" + (why and f": {why}"))
            print(f"suite {name}: {counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped, "
                  f"{time.monotonic() - since:.1f} s", flush=True)
        return not counts.failed


groups = set()  # process groups that run now
groups_lock = threading.Lock()


def end_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


def end_all():
    """Ends what still runs; for when tools/check itself is told to end."""
    with groups_lock:
        for group in groups:
            end_group(group, signal.SIGTERM)
        time.sleep(3 if groups else 0)
        for group in groups:
            end_group(group, signal.SIGKILL)
            end_left_behind(group)


def mark(group):
    """What tells the descendants of a process, brokers in sessions of their own included, from all others."""
    return f"{MARK}={os.getpid()}.{group}"


def end_left_behind(group):
    """Ends the descendants that a command left running; returns their number. Linux only."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark(group).encode() in file.read().split(b"\0"):
                    os.kill(int(pid), signal.SIGKILL)
                    count += 1
        except OSError:
            pass  # it has ended, or is not ours
    return count


def execute(command, log, limit_s, env=None):
    """Runs a command with its output appended to log; returns its status. Crashed when the limit passes."""
    # The shell replaces itself by the command, so its process id, which marks all descendants, stays.
    shell = ["sh", "-c", f'export {MARK}="$0.$$"; exec "$@"', str(os.getpid()), *command]
    with open(log, "ab") as output, open(os.devnull, "rb") as nothing:
        process = subprocess.Popen(shell, stdin=nothing, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True, env=dict(os.environ, **(env or {})))
    with groups_lock:
        groups.add(process.pid)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        end_group(process.pid, signal.SIGTERM)  # so that it can stop its brokers
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        raise Crashed(f"not done after {limit_s} s: {' '.join(command)}") from None
    finally:
        end_group(process.pid, signal.SIGKILL)
        process.wait()
        left = end_left_behind(process.pid)
        if left:
            print(f"... killed {left} processes that were left running by: {' '.join(command)}", flush=True)
        with groups_lock:
            groups.discard(process.pid)


def must(command, log, limit_s, env=None):
    status = execute(command, log, limit_s, env)
    if status:
        raise Crashed(f"status {status}: {' '.join(command)}")


def build(root, folder, options, log, jobs, env, targets=()):
    """Builds Weir, all of it or some targets, in a folder with the options of meson. One of an earlier run is used
    again if it can be."""
    setup = ["meson", "setup", *options, folder, root]
    fresh = not os.path.exists(os.path.join(folder, "build.ninja"))
    if fresh or execute([*setup, "--reconfigure"], log, SETUP_S, env):
        shutil.rmtree(folder, ignore_errors=True)
        must(setup, log, SETUP_S, env)
    must(["ninja", "-C", folder, "-j", str(jobs), *targets], log, COMPILE_S)


def counted(output):
    """What the output of a test program says of itself, or None."""
    if found := CHECK_LINE.findall(output):
        checks, failures, errors = (sum(int(row[n]) for row in found) for n in range(3))
        return Counts(checks - failures - errors, failures + errors)
    if found := CLOSING.findall(output):
        return Counts(*(int(number or 0) for number in found[-1]))
    return None


def program(command, log, limit_s, env=None):
    """Counts of a program that prints `ok NAME` and `not ok NAME: why` and closes with `N passed, N failed`."""
    error = None
    try:
        status = execute(command, log, limit_s, env)
    except Crashed as crash:
        status, error = None, crash
    with open(log, encoding="utf-8", errors="replace") as file:
        output = file.read()
    closing = CLOSING.fullmatch(output.rstrip().split("\n")[-1])
    refused = len(re.findall(r"^not ok\b", output, re.M))
    if closing:
        counts = Counts(*(int(number or 0) for number in closing.groups()))
    else:
        counts = Counts(len(re.findall(r"^ok\b", output, re.M)), refused)
        error = error or Crashed(f"status {status}, without a closing line")
    if not error and refused > counts.failed:
        error = Crashed(f"{refused} tests are not ok, {counts.failed} admitted")
    if not error and bool(status) != bool(counts.failed):
        error = Crashed(f"status {status}")
    if error:
        error.counts = counts
        raise error
    return counts


def meson_counts(build):
    """Adds up meson's log: the tests inside its programs where they are counted, else the programs."""
    total = Counts()
    with open(os.path.join(build, "meson-logs", "testlog.json"), encoding="utf-8") as file:
        for test in map(json.loads, file):
            counts = counted(test.get("stdout") or "") or Counts()
            if test["result"] == "SKIP":
                counts = Counts(skipped=1)
            elif test["result"] in ("OK", "EXPECTEDFAIL"):
                counts = counts if sum(counts) else Counts(passed=1)
            elif not counts.failed:
                counts = counts.plus(Counts(failed=1))
            total = total.plus(counts)
    return total


def meson_tests(build, log, jobs, limit_s, env):
    """Runs the unit tests of a build."""
    results = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(results):
        os.remove(results)
    command = ["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--num-processes", str(jobs),
               "--timeout-multiplier", "8"]  # of 30 s: sanitizers and a busy machine
    status = execute(command, log, limit_s, env)
    counts = meson_counts(build) if os.path.exists(results) else Counts()
    if status and not counts.failed:
        error = Crashed(f"status {status}: {' '.join(command)}")
        error.counts = counts
        raise error
    return counts
