"""The job that the drill hurts: tests/drill/twofold, run after run on one checkpoint folder."""

import collections

from copyjob import CopyRun

PREFIX = "drill"
# Short, so that some restarts come after it: the broker has aborted the prepared transaction then.
TRANSACTION_TIMEOUT_MS = 10_000
CHECKPOINT_MS = 250


class DrillJob:
    """The runs of the job so far."""

    def __init__(self, program, bootstrap, folder):
        checkpoint = folder / "checkpoint"
        checkpoint.mkdir()
        self._command = [str(program), "-b", bootstrap, "-j", PREFIX, "-d", str(checkpoint), "-i", str(CHECKPOINT_MS),
                         "-X", f"sink.transaction.timeout.ms={TRANSACTION_TIMEOUT_MS}"]
        self._log = folder / "job.log"
        self.runs = []

    def start(self, *more):
        """A new run."""
        with open(self._log, "ab") as log:
            self.runs.append(CopyRun([*self._command, *more, "in", "out,twin"], log))
        return self.runs[-1]

    def finish(self, seconds):
        """Runs to the end of the input, again where a run fails for reasons that pass; the last status."""
        for _ in range(3):
            run = self.start("-l")
            if run.wait(seconds) == 0:
                break
            run.kill()
        return run.status

    def transaction_version(self):
        """As the last run that started told."""
        for run in reversed(self.runs):
            if run.event("started"):
                return run.event("started")["transaction_version"]
        return None

    def ends(self):
        """How runs ended: text of the status (negative: the signal) and how often."""
        return dict(collections.Counter(str(run.status) for run in self.runs))

    def words(self):
        """The last words of the last run for people."""
        return " | ".join(self._log.read_text("utf-8", "replace").splitlines()[-5:])

    def end(self):
        """Ends what may still run."""
        for run in self.runs:
            run.kill()
