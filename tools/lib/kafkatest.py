"""Tests against real Kafka: a cluster for a suite, a topic pair and a job for each test, Kafka's own client as judge.

A suite is a list of functions f(case); main() runs them, or those that are named on the command line.
"""

import fcntl
import json
import os
import pathlib
import queue
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import jars
import packages
from copyjob import CopyRun
from kafka import Cluster

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR") or ROOT / "build" / "tools" / "weir" / "weir").resolve()
BUILD = WEIR.parents[2]
PARTITIONS = 4
START_SECONDS = 30
FINISH_SECONDS = 90
PIPE_BYTES = 4096  # one page, the least


class Failure(Exception):
    """A test that found something wrong."""


class Skipped(Exception):
    """A test that cannot run here."""


def check(good, text):
    """Fails the test unless `good`."""
    if not good:
        raise Failure(text)


def equal(found, expected, what):
    """Fails the test unless the two are equal."""
    check(found == expected, f"{what}: {found!r} instead of {expected!r}")


def says(text, *words):
    """Fails the test unless `text` holds each of the words, whatever their case."""
    missing = [word for word in words if str(word).lower() not in text.lower()]
    check(not missing, f"{missing} not in: {text.strip() or '(nothing)'}")


def until(condition, seconds, what):
    """Polls until condition() is true, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Tool:
    """The Java program Tool, or another that reads commands and answers with JSON, one process for all commands."""

    def __init__(self, bootstrap, log, program="Tool", version=jars.NEWEST):
        self._name = program
        self._process = subprocess.Popen(jars.program(program, bootstrap, version=version), stdin=subprocess.PIPE,
                                         text=True, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self._answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("event") != "progress":
                self._answers.put(answer)
        self._answers.put({"error": f"the Java program {self._name} ended"})

    def send(self, *words):
        """Gives a command; its answer comes with receive()."""
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def receive(self, seconds=FINISH_SECONDS):
        """The answer to the oldest command without one, an error of it included."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            raise Failure(f"no answer from the Java program {self._name} within {seconds} s") from None

    def ask(self, *words):
        """Gives a command and returns its answer, which must not be an error."""
        self.send(*words)
        answer = self.receive()
        check("error" not in answer, f"{self._name} {' '.join(map(str, words))}: {answer.get('error')}")
        return answer

    def end(self):
        """Ends the process and with it what it left open."""
        self._process.kill()
        self._process.wait()


class Copy(CopyRun):
    """A run of `weir copy`, whose words for people can be read too."""

    def __init__(self, command, log_path, on_event=None):
        self.log_path = log_path
        self._held = threading.Event()
        self._released = threading.Event()
        with open(log_path, "wb") as log:
            super().__init__(command, log, on_event)

    @property
    def words(self):
        """What it has said on stderr."""
        return self.log_path.read_text("utf-8", "replace")

    def must(self, name, seconds=START_SECONDS, count=1):
        """The event `name` for the `count`-th time, which has to come."""
        event = self.wait_for(name, seconds, count)
        check(event is not None, f"event {name!r} has not come {count} times (status {self.status}): {self.words}")
        return event

    def ends(self, status=0, event=None, seconds=FINISH_SECONDS):
        """Waits for the end, which has to be with that status and, if named, with that last event; the event."""
        found = self.wait(seconds)
        check(found is not None, f"still runs after {seconds} s: {self.words}")
        check(found == status, f"status {found} instead of {status}: {self.words}")
        last = self.events[-1][1] if self.events else {}
        check(event in (None, last.get("event")), f"ended with {last}, not with {event}")
        return last

    def warnings(self):
        """The texts of its warnings."""
        return [event["text"] for event in self.all("warning")]

    def hold(self, then):
        """To be called by on_event: fills the pipe, so that the next event blocks the process where it tells it, and
        calls then(). Returns upon release()."""
        try:
            fd = os.open(f"/proc/{self.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return  # it has ended
        try:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            while True:
                os.write(fd, b"\n")
        except BlockingIOError:
            pass
        finally:
            os.close(fd)
        then()
        self._held.set()
        self._released.wait()
        self._released.clear()

    def held(self, seconds=START_SECONDS):
        """Waits for hold()."""
        check(self._held.wait(seconds), f"the copy was not held (status {self.status}): {self.words}")

    def release(self):
        """Lets a process that is held go on."""
        self._held.clear()
        self._released.set()

    def kill(self):
        """SIGKILL, whether it is held or not; whether that is what ended it."""
        if self.status is None:
            self.send(signal.SIGKILL)
        self.release()
        return super().kill()


class Steady:
    """Input that is being written, a few seconds' worth at a time, until it is told to end."""

    BURST_SECONDS = 3

    def __init__(self, begin):
        """begin(n) starts the n-th Flow."""
        self._begin, self._ended, self._visible, self._error = begin, threading.Event(), 0, None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        number = 0
        try:
            while not self._ended.is_set():
                number += 1
                self._visible += self._begin(number).visible()
        except Failure as error:
            self._error = error

    def visible(self):
        """Ends the input; how many records read_committed must show."""
        self._ended.set()
        self._thread.join()
        if self._error:
            raise self._error
        return self._visible


class Checkpoint:
    """What a whole checkpoint file says."""

    HEADER = struct.Struct(">8sHIQQ?")  # magic, version, checksum, number, ledger, finished
    BLOBS = 5  # job, lineage, splits, splits of the checkpoint before, committables
    COUNT_AT = 6  # in the committables: behind magic and version

    def __init__(self, content):
        *_, self.number, _, _ = self.HEADER.unpack_from(content)
        at, blobs = self.HEADER.size, []
        for _ in range(self.BLOBS):
            size, = struct.unpack_from(">I", content, at)
            blobs.append(content[at + 4:at + 4 + size])
            at += 4 + size
        self.committables, = struct.unpack_from(">I", blobs[-1], self.COUNT_AT)


class Flow:
    """Input that is being written by Tool, which answers nothing else until it is done."""

    def __init__(self, tool, *options):
        self._tool, self._answer = tool, None
        tool.send("input", *options)

    def visible(self):
        """Waits for the end; how many records read_committed must show."""
        if self._answer is None:
            self._answer = self._tool.receive()
        check("error" not in self._answer, f"the input failed: {self._answer.get('error')}")
        return self._answer["visible"]


class Case:
    """What one test works with: topics NAME-in and NAME-out, the job NAME, a folder."""

    def __init__(self, bench, name):
        self.bench, self.cluster, self.tool, self.name = bench, bench.cluster, bench.tool, name
        self.input, self.output, self.job = f"{name}-in", f"{name}-out", name
        self.folder = bench.folder / name
        self.folder.mkdir()
        self.checkpoints = self.folder / "checkpoints"
        self.runs = []
        self._flow = None

    def topics(self, partitions=PARTITIONS, *configs):
        """Creates the two topics; old records stay in them."""
        for topic in (self.input, self.output):
            self.tool.ask("create", topic, partitions, "retention.ms=-1", *configs)

    def flow(self, records, seconds, *options, seed=1):
        """Begins to fill the input at an even pace, one record in five (about) in aborted transactions."""
        self._flow = Flow(self.tool, *self._input(records, seconds, seed), *options)
        return self._flow

    def _input(self, records, seconds, seed):
        return ("--topic", self.input, "--partitions", PARTITIONS, "--records", records, "--seconds", seconds,
                "--seed", seed)

    def fill(self, records, *options, seed=1):
        """Fills the input at once; how many records are visible."""
        return self.flow(records, 0, *options, seed=seed).visible()

    def steady(self, per_second, *options):
        """Begins to fill the input for as long as the test wants."""
        def begin(number):
            return Flow(self.tool, *self._input(Steady.BURST_SECONDS * per_second, Steady.BURST_SECONDS, number),
                        *options)

        self._flow = Steady(begin)
        return self._flow

    def command(self, *options, stop="latest", checkpoints=None, **replaced):
        """The command line of the copy."""
        values = {"from": self.input, "to": self.output, "job": self.job, "checkpoint-interval": 200, "stop": stop,
                  "bootstrap": self.cluster.bootstrap, "checkpoint-dir": checkpoints or self.checkpoints}
        values.update((key.replace("_", "-"), value) for key, value in replaced.items())
        chosen = [f"--{key.strip('-')}={value}" for key, value in values.items() if value is not None]
        return [str(WEIR), "copy", *chosen, "--json", "--quiet", *map(str, options)]

    def copy(self, *options, on_event=None, before=(), **replaced):
        """Starts the copy; `before` stands before its command line."""
        run = Copy([*before, *self.command(*options, **replaced)], self.folder / f"copy-{len(self.runs)}.log", on_event)
        self.runs.append(run)
        return run

    def finish(self, *options, **replaced):
        """Copies to the end of the input."""
        run = self.copy(*options, **replaced)
        run.ends(0, "finished")
        return run

    def hold_prepared(self, *options, **replaced):
        """Starts the copy and stops it where its checkpoint with a transaction is on disk and EndTxn is not sent."""
        attached, found, known = threading.Event(), threading.Event(), []

        def on_event(event):
            attached.wait()
            if event["event"] in ("started", "checkpoint", "progress") and not found.is_set():
                # A checkpoint that is written from here on cannot be told, and what follows does not happen.
                run.hold(lambda: known.append(self.newest_number()))

        run = self.copy(*options, on_event=on_event, **{"stop": "never", "checkpoint_interval": 400, **replaced})
        attached.set()
        deadline = time.monotonic() + START_SECONDS
        while True:
            run.held()
            if self.newest_within(1, known[-1]):
                found.set()
                return run
            check(time.monotonic() < deadline, f"no checkpoint with a transaction: {run.events}")
            run.release()

    def newest_within(self, seconds, number):
        """Whether a checkpoint with a transaction and a higher number is written, or is there, within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            file = max(map(Checkpoint, self.files().values()), key=lambda file: file.number, default=None)
            if file and file.number > number:
                return file.committables > 0
            time.sleep(0.01)
        return False  # if a copy is held, it is the event `progress` that is blocked

    def newest_number(self):
        """The highest number of a checkpoint file; 0 without any."""
        return max((Checkpoint(content).number for content in self.files().values()), default=0)

    def open_transactions(self):
        """The ids of the job's transactions that are open."""
        listed = self.tool.ask("transactions", f"{self.job}-0-")["transactions"]
        return [entry["transactional_id"] for entry in listed if entry["state"] in ("Ongoing", "PrepareAbort")]

    def files(self):
        """The checkpoint files and their bytes."""
        names = [self.checkpoints / f"checkpoint.{slot}" for slot in "ab"]
        return {path: path.read_bytes() for path in names if path.exists()}

    def newest(self):
        """The checkpoint file that was written last."""
        files = self.files()
        return max(files, key=lambda path: Checkpoint(files[path]).number)

    def judge(self, visible=None, input=None, output=None, upper=False, allowed=()):
        """Has Kafka's consumer compare; fails if anything but `allowed` differs, or transactions are open."""
        verdict = self.tool.ask("judge", "--input", input or self.input, "--output", output or self.output,
                                "--transactional-prefix", f"{self.job}-", "--upper", str(upper).lower())
        wrong = {key: verdict[key] for key in ("lost", "duplicated", "misordered", "open_transactions")
                 if verdict[key] and key not in allowed}
        check(not wrong, f"{wrong} in {verdict}; {self.bench.tool_words()}")
        if visible is not None:
            equal(verdict["visible"], visible, "visible records of the input")
        return verdict

    def weir(self, *words, input=b"", status=0, seconds=FINISH_SECONDS):
        """Runs another command of weir to its end, which has to be with that status; (stdout, stderr)."""
        command = [str(WEIR), *words[0].split(), *map(str, words[1:]), "-b", self.cluster.bootstrap]
        done = subprocess.run(command, input=input, capture_output=True, timeout=seconds, check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        check(done.returncode == status, f"weir {' '.join(map(str, words))}: status {done.returncode} instead of "
                                         f"{status}: {err}")
        return out, err

    def lines(self, *words, **options):
        """The JSON objects that a command of weir prints."""
        return [json.loads(line) for line in self.weir(*words, **options)[0].split("\n") if line]

    def records(self, topic=None, isolation="read_committed"):
        """The records of a small topic as Kafka's consumer sees them."""
        return self.tool.ask("records", topic or self.output, isolation)["records"]

    def end(self):
        """Ends what still runs."""
        for run in self.runs:
            run.kill()
        if self._flow:
            self._flow.visible()


def failed_because(error):
    """What to print of an exception that a test has raised."""
    return (str(error) if isinstance(error, Failure) else "".join(traceback.format_exception(error))).strip()


def test_name(test):
    """The name of a test function as it is printed."""
    return test.__name__.removeprefix("test_").replace("_", "-")


class Bench:
    """A cluster, the Java program Tool and a folder, for the tests of one suite."""

    def __init__(self, suite, variant="", **cluster):
        packages.install(packages.JAVA)
        self.suite, self.variant = suite, variant
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-test-"))
        self.cluster = Cluster.start(**cluster)
        try:
            with open(self.folder / "tool.log", "wb") as log:
                self.tool = Tool(self.cluster.bootstrap, log)
        except BaseException:
            self.cluster.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tool.end()
        self.cluster.stop()
        if not self.failed:
            shutil.rmtree(self.folder)
        else:
            print(f"kept: {self.folder}", file=sys.stderr)

    def tool_words(self):
        """The last that the Java program said for people."""
        return "\n".join((self.folder / "tool.log").read_text("utf-8", "replace").splitlines()[-10:])

    def run(self, test):
        """Runs a test and prints how it went."""
        name = test_name(test)
        case, began = Case(self, f"{self.suite}-{name}"), time.monotonic()
        name += f"-{self.variant}" if self.variant else ""
        try:
            try:
                test(case)
            finally:
                case.end()
        except Skipped as why:
            self.skipped += 1
            print(f"skipped {name}: {why}", flush=True)
        except Exception as error:  # whatever it is, the other tests go on
            self.failed += 1
            print(f"not ok {name}: {failed_because(error)}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)
        print(f"  {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def closing(*benches):
    """Prints the closing line; the exit status."""
    passed, failed, skipped = (sum(getattr(bench, key) for bench in benches) for key in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


def main(suite, tests, **cluster):
    """Runs the tests of a suite, on one cluster; the exit status."""
    return clusters(suite, tests, {"": cluster})


def clusters(suite, tests, configurations):
    """Runs the tests of a suite on one cluster after the other, {name: arguments of Cluster.start}."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    benches = []
    for name, cluster in configurations.items():
        with Bench(suite, name, **cluster) as bench:
            benches.append(bench)
            for test in tests:
                if len(sys.argv) < 2 or test_name(test) in sys.argv[1:]:
                    bench.run(test)
    return closing(*benches)
