#!/usr/bin/env python3
"""Lets the system calls of `weir copy` fail, one in each run, and the process die before each of them.

usage: syscalls.py BUILD [--seconds N] [--seed N] [--only REGEX] [CASE...]

BUILD is a folder that meson has built, with sanitizers or without. A case is "SCENARIO CALL N WHAT", with " on" behind
it when the later calls fail too: the N-th CALL of a small exactly-once copy from a weir-devbroker says WHAT (the name
of an error, or as in syscalls.c). The run must end by itself with status 0 or 1, where 4 and death have a cause (a
failure that lasts may need a second SIGTERM); it may wait, but not keep the machine busy. Then the copy runs
undisturbed to its end, and the output must hold every record once and in order, with no transaction open. Without CASE
all cases are tried, in an order that --seed decides, until --seconds have passed; --only leaves those in which it is
found.
Prints `not ok CASE: why` for what is wrong, `ok` for each kind of case, and closes with `N passed, N failed`.
"""

import argparse
import collections
import concurrent.futures
import errno
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

RECORDS = 100   # of each partition
PARTITIONS = 2
WORKERS = 2
TOPICS = 50     # outputs, and so cases, that one broker serves
LIMIT_S = 30    # for one run
PATIENCE_S = 3  # with a failure that lasts, before the run is told to stop
GRACE_S = 5     # then, before it is told again
CPU_S = 1.5     # that a run may use at most, sanitizers included
STATUS_SANITIZER = 99

SETTINGS = {
    "batch.size": 1024, "max.partition.fetch.bytes": 1024, "fetch.max.wait.ms": 20, "request.timeout.ms": 500,
    "default.api.timeout.ms": 3000, "delivery.timeout.ms": 2000, "socket.connection.setup.timeout.ms": 1000,
    "reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 50, "retry.backoff.ms": 5, "retry.backoff.max.ms": 50,
}
# What the manual pages say a call can fail with in the way it is used here. Left out are errors of a wrong argument,
# and those that would be untrue: ENOENT of a file that is there.
SAYS = {
    "socket": "EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT",
    "setsockopt": "EBADF EINVAL ENOPROTOOPT ENOMEM",
    "connect": "EACCES EPERM EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY ECONNREFUSED EHOSTUNREACH EINTR "
               "EISCONN ENETUNREACH ENOBUFS ETIMEDOUT",
    "getsockopt": "EBADF EINVAL ENOBUFS ENOPROTOOPT",
    "getsockname": "EBADF EINVAL ENOBUFS",
    "getpeername": "EBADF ENOBUFS ENOTCONN",
    "sendmsg": "EAGAIN ECONNRESET EHOSTUNREACH EINTR ENETDOWN ENETUNREACH ENOBUFS ENOMEM EPIPE ETIMEDOUT one half",
    "recv": "EAGAIN ECONNREFUSED ECONNRESET EHOSTUNREACH EINTR ENOMEM ENOTCONN ETIMEDOUT zero one half",
    "poll": "EAGAIN EINTR EINVAL ENOMEM zero",
    "getaddrinfo": "EAI_ADDRFAMILY EAI_AGAIN EAI_FAIL EAI_FAMILY EAI_MEMORY EAI_NODATA EAI_NONAME EAI_SERVICE "
                   "EAI_SYSTEM",
    "open": "EACCES EINTR EIO ELOOP EMFILE ENFILE ENODEV ENOENT ENOMEM ENOTDIR ENXIO EPERM",
    "openat": "EACCES EDQUOT EINTR EIO EISDIR ELOOP EMFILE ENFILE ENOMEM ENOSPC EPERM EROFS",
    "close": "EDQUOT EINTR EIO ENOSPC",
    "read": "EAGAIN EINTR EIO EISDIR zero one half",
    "pread": "EINTR EIO zero one half",
    "write": "EAGAIN EDQUOT EFBIG EINTR EIO ENOSPC EPERM zero one half",
    "fstat": "EIO ENOMEM EOVERFLOW",
    "fsync": "EDQUOT EINTR EINVAL EIO ENOSPC EROFS",
    "ftruncate": "EFBIG EINTR EINVAL EIO EPERM",
    "flock": "EINTR ENOLCK EWOULDBLOCK",
    "mkdir": "EACCES EDQUOT EMLINK ENOMEM ENOSPC ENOTDIR EPERM EROFS",
    "access": "EACCES EIO ENOMEM",
    "renameat": "EACCES EBUSY EDQUOT EIO ENOMEM ENOSPC EPERM EROFS",
    "unlinkat": "EACCES EBUSY EIO ENOMEM EPERM EROFS",
}
# A call may say these and be made again at once: for ever would not be a failure of this program.
PASSING = {"EINTR", "EAGAIN", "zero"}


class Wrong(Exception):
    """What a case has shown to be wrong."""


class Case(NamedTuple):
    scenario: str
    call: str
    number: int
    what: str
    lasting: bool = False

    def __str__(self):
        return f"{self.scenario} {self.call} {self.number} {self.what}" + (" on" if self.lasting else "")

    @classmethod
    def parse(cls, text):
        """The case that str() has printed."""
        scenario, call, number, what, *on = text.split()
        return cls(scenario, call, int(number), what, on == ["on"])

    def script(self):
        """What syscalls.c is told."""
        names = socket if self.what.startswith("EAI_") else errno
        what = getattr(names, self.what, self.what)
        return f"{self.call} {self.number} {int(what) if what is not self.what else what}" + " on" * self.lasting

    def statuses(self):
        """Those with which the run may end."""
        if self.what == "kill":
            return {-signal.SIGKILL, 0}  # 0: it made fewer calls than the run that was counted
        locked = self.call == "flock" and self.what == "EWOULDBLOCK"
        return {0, 1} | ({4} if locked else set()) | ({-signal.SIGTERM} if self.lasting else set())


class Ended(NamedTuple):
    status: int
    cpu_s: float
    words: str  # for people


class Broker:
    """A weir-devbroker with the input and many empty output topics."""

    def __init__(self, build, folder):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.used = 0
        self._build = build
        self._process = subprocess.Popen(
            [build / "tools/devbroker/weir-devbroker", "--port", "0", "--topic", f"in:{PARTITIONS}",
             *(word for n in range(TOPICS) for word in ("--topic", f"out{n}:{PARTITIONS}"))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.bootstrap = json.loads(self._process.stdout.readline())["bootstrap"]
        for partition in range(PARTITIONS):
            lines = "".join(f"{n} {'x' * 90}\n" for n in range(RECORDS))
            self.tool(["produce", "--to", "in", "--partition", str(partition), "-X", "batch.size=1024"], lines)

    def tool(self, words, text=""):
        """What a command of weir prints."""
        done = subprocess.run([self._build / "tools/weir/weir", *words, "-b", self.bootstrap], input=text, text=True,
                              capture_output=True, timeout=LIMIT_S, check=False)
        if done.returncode:
            raise Wrong(f"weir {' '.join(words)}: status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def end(self):
        """Ends it and removes its folder."""
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self.folder)


class Copy:
    """A job that copies the input to an output topic of its own, run after run."""

    def __init__(self, build, broker):
        self._broker = broker
        self._topic = f"out{broker.used}"
        broker.used += 1
        port = broker.bootstrap.rsplit(":", 1)[1]
        self._command = [build / "tests/posix/weir_syscalls", "copy", "--from", "in", "--to", self._topic, "--stop",
                         "latest", "--checkpoint-interval", "1", "--checkpoint-dir", broker.folder / self._topic / "c",
                         "-q", "-b", f"localhost:{port}"]
        for key, value in SETTINGS.items():
            self._command += ["-X", f"{key}={value}"]

    def run(self, script=None, patience_s=LIMIT_S, trace=None):
        """One run, told to stop when it takes longer than that."""
        more = {"ASAN_OPTIONS": f"detect_leaks=1:exitcode={STATUS_SANITIZER}", "UBSAN_OPTIONS": "halt_on_error=1"}
        more.update({"WEIR_SYSCALL": script} if script else {}, **({"WEIR_SYSCALL_TRACE": trace} if trace else {}))
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=words, env={**os.environ, **more})
            status, usage = self._wait(process, patience_s)
            words.seek(0)
            text = words.read().decode("utf-8", "replace")
        cpu_s = usage.ru_utime + usage.ru_stime
        if re.search(r"Sanitizer|runtime error|Assertion", text):
            raise Wrong(f"status {status}:\n{text}")
        return Ended(status, cpu_s, text.strip())

    @staticmethod
    def _wait(process, patience_s):
        """Status and usage. The first SIGTERM asks for an end in good order, which may take a broker; a second one is
        to end the process at once."""
        for limit_s, number in (patience_s, signal.SIGTERM), (GRACE_S, signal.SIGTERM), (1, signal.SIGKILL), (1, None):
            deadline = time.monotonic() + limit_s
            while time.monotonic() < deadline:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    return process.returncode, usage
                time.sleep(0.002)
            if number is not None:
                os.kill(process.pid, number)
        raise Wrong("does not even end by SIGKILL")

    def check(self):
        """Every record is in the output once and in order, and no transaction is open."""
        found = collections.defaultdict(list)
        for line in self._broker.tool(["consume", "--from", self._topic, "--stop", "latest", "-q", "--format",
                                       "%p %s\n"]).splitlines():
            partition, number, _ = line.split(" ", 2)
            found[int(partition)].append(int(number))
        for partition in range(PARTITIONS):
            if found[partition] != list(range(RECORDS)):
                raise Wrong(f"partition {partition} of the output holds {found[partition]}")
        for line in self._broker.tool(["transactions", "list", "--job", self._topic]).splitlines():
            if line.split()[1] not in ("Empty", "CompleteCommit", "CompleteAbort"):
                raise Wrong(f"left behind: {line}")


def scenarios(build, broker):
    """Name -> the runs before, each as a script that kills it; and the calls of the run that is to be hurt."""
    def trace(before):
        copy, file = Copy(build, broker), broker.folder / "trace"
        for script in before:
            copy.run(script)
        file.unlink(missing_ok=True)
        copy.run(trace=str(file))
        return file.read_text("ascii").split()

    def dies_at_commit(calls, save):
        """Just after a checkpoint has got its name: its transaction is prepared, and not committed."""
        renamed = [n for n, call in enumerate(calls) if call == "renameat"][save]
        return f"fsync {calls[:renamed].count('fsync') + 1} kill"
    fresh = trace([])
    prepared = [dies_at_commit(fresh, 2)]
    return {"fresh": ([], fresh), "prepared": (prepared, trace(prepared))}


def cases_of(scenario, calls):
    """All cases of a scenario."""
    counts = collections.Counter(calls)
    for number in range(1, len(calls) + 1):
        yield Case(scenario, "any", number, "kill")
    for call, count in counts.items():
        for number in range(1, count + 1):
            for what in SAYS[call].split():
                yield Case(scenario, call, number, what)
                if what not in PASSING:
                    yield Case(scenario, call, number, what, True)


class Trial:
    """Runs cases on several brokers and counts."""

    def __init__(self, build, folder, deadline):
        self._build, self._folder, self._deadline = build, folder, deadline
        self._brokers = threading.local()
        self._all, self._lock = [], threading.Lock()
        self.passed, self.failed = collections.defaultdict(collections.Counter), 0  # of a kind: by status
        broker = self._broker()
        self.scenarios = scenarios(build, broker)

    def _broker(self):
        broker = getattr(self._brokers, "own", None)
        if broker is None or broker.used == TOPICS:
            if broker is not None:
                broker.end()
            broker = self._brokers.own = Broker(self._build, self._folder)
            with self._lock:
                self._all = [each for each in self._all if each.used < TOPICS] + [broker]
        return broker

    def _try(self, case):
        copy = Copy(self._build, self._broker())
        for script in self.scenarios[case.scenario][0]:
            copy.run(script)
        ended = copy.run(case.script(), PATIENCE_S if case.lasting else LIMIT_S)
        if ended.status not in case.statuses():
            raise Wrong(f"status {ended.status}: {ended.words}")
        if ended.status == 1 and not ended.words:
            raise Wrong("status 1 without a word")
        if ended.cpu_s > CPU_S:
            raise Wrong(f"{ended.cpu_s:.1f} s of CPU, status {ended.status}: {ended.words}")
        again = copy.run()
        if again.status:
            raise Wrong(f"status {ended.status}, and undisturbed {again.status}: {again.words}")
        copy.check()
        return ended.status

    def one(self, case):
        """Tries a case unless the time is over."""
        if time.monotonic() > self._deadline:
            return
        try:
            status = self._try(case)
        except Exception as wrong:  # whatever it is, the other cases go on
            with self._lock:
                self.failed += 1
                print(f"not ok {case}: {wrong}", flush=True)
        else:
            with self._lock:
                self.passed[f"{case.scenario} {case.call}{' on' if case.lasting else ''}"][status] += 1

    def end(self):
        """Ends all brokers."""
        for broker in self._all:
            broker.end()


def main():
    parser = argparse.ArgumentParser(usage="syscalls.py BUILD [--seconds N] [--seed N] [--only REGEX] [CASE...]",
                                     description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="no case begins later")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", metavar="REGEX", default="")
    parser.add_argument("case", nargs="*", type=Case.parse)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weir-syscalls-") as folder:
        trial = Trial(options.build.resolve(), folder, time.monotonic() + options.seconds)
        cases = options.case or [case for name, (_, calls) in trial.scenarios.items() for case in cases_of(name, calls)
                                 if re.search(options.only, str(case))]
        random.Random(options.seed).shuffle(cases)
        print(f"{len(cases)} cases, seed {options.seed}", flush=True)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(trial.one, cases))
        trial.end()
    for kind, statuses in sorted(trial.passed.items()):
        print(f"ok {kind}:", ", ".join(f"{count} with status {status}" for status, count in sorted(statuses.items())))
    print(f"{sum(count.total() for count in trial.passed.values())} passed, {trial.failed} failed")
    return 1 if trial.failed or not trial.passed else 0


if __name__ == "__main__":
    sys.exit(main())
