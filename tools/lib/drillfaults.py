"""What the drill does to processes: clients and brokers that are killed, stopped for a while, or restarted."""

import os
import random
import signal
import threading
import time

from drilljob import PREFIX, TRANSACTION_TIMEOUT_MS
from kafkatest import Failure
from processes import ProcessError

START_SECONDS = 90
WHOLE_SECONDS = 90
IDS = 4  # transactional ids of the job


class ClientFaults:
    """One life of the job after the other, each ended by a fault."""

    LIFE_SECONDS = (0.3, 11)
    PAUSE_SECONDS = (0.1, 14)
    TORN_EVERY = 4  # kills

    def __init__(self, job, tool, seed, say):
        self._job, self._tool, self._say = job, tool, say
        self._randomness = random.Random(seed)
        self.counts = {"client_kills": 0, "client_pauses": 0, "client_stops": 0, "client_failures": 0}
        self.torn, self.torn_checks, self.recoveries_ms = 0, 0, []
        self._kills_looked_at = 0

    def one_life(self, end, brokers):
        """Starts the job, lets it work, then hurts it. It is not running when this returns."""
        randomness = self._randomness
        run = self._job.start()
        if randomness.random() < 0.1:  # in the middle of recovery
            run.wait(randomness.uniform(0.01, 0.3))
        elif run.wait_for("started", START_SECONDS) is not None:
            self._work(run, min(randomness.uniform(*self.LIFE_SECONDS), max(1.0, end - time.monotonic())))
        moved = run.moving_ms()
        if moved is not None and len(self._job.runs) > 1:
            self.recoveries_ms.append(moved)
        self._end(run)
        if self.counts["client_kills"] >= self._kills_looked_at + self.TORN_EVERY:
            self._look_for_torn(brokers)
        if randomness.random() < 0.06:
            time.sleep(TRANSACTION_TIMEOUT_MS / 1000 + 2)  # the broker aborts what was prepared

    def _work(self, run, seconds):
        if self._randomness.random() < 0.2:
            run.wait(seconds / 2)
            if run.status is None:
                run.send(signal.SIGSTOP)
                time.sleep(self._randomness.uniform(*self.PAUSE_SECONDS))
                run.send(signal.SIGCONT)
                self.counts["client_pauses"] += 1
            seconds /= 2
        run.wait(seconds)

    def _end(self, run):
        if run.wait(0) is None and self._randomness.random() < 0.08:
            run.send(signal.SIGTERM)
            if run.wait(self._randomness.uniform(0.05, 3)) is not None:
                self.counts["client_stops"] += 1
                return
        running = run.wait(0) is None
        run.kill()
        if running:
            self.counts["client_kills"] += 1
        else:
            self.counts["client_failures"] += 1
            self._say(f"the job ended by itself with status {run.status}: {self._job.words()}")

    def _look_for_torn(self, brokers):
        """While the job is dead both topics must end with the same record in each partition. Without all brokers there
        is nothing to see; then after a later kill."""
        if not brokers.whole.acquire(timeout=3):
            return
        try:
            for pause in (0.5, 2, 5):  # what was decided may still be on its way
                time.sleep(pause)
                out, twin = (self._tool.ask("tails", topic)["tails"] for topic in ("out", "twin"))
                if out == twin:
                    break
        finally:
            brokers.whole.release()
        self.torn_checks += 1
        self._kills_looked_at = self.counts["client_kills"]
        if out != twin:
            self.torn += sum(a != b for a, b in zip(out, twin))
            self._say(f"torn: {out} but {twin}")


class BrokerFaults:
    """Hurts one broker at a time, on a thread of its own; the next one only when all replicas are in sync again."""

    GAP_SECONDS = (3, 18)
    KILLS_PER_SECOND = 1.4 / 60  # where there were fewer so far, a kill is next
    DOWN_SECONDS = (0.5, 6)
    PAUSE_SECONDS = (0.5, 9)

    def __init__(self, cluster, tool, seed, say):
        self._cluster, self._tool, self._say = cluster, tool, say
        self._randomness = random.Random(seed)
        self.counts = {"broker_kills": 0, "broker_pauses": 0, "broker_restarts": 0}
        self.failure = None
        self.whole = threading.Lock()  # held by whoever needs all brokers up, or takes one down
        self._thread = None

    def start(self, end):
        """Until the monotonic time `end`."""
        self._thread = threading.Thread(target=self._run, args=(end,), daemon=True)
        self._thread.start()

    def join(self):
        """Waits until the last broker stands again."""
        self._thread.join(2 * START_SECONDS)

    def _run(self, end):
        began = time.monotonic()
        try:
            while True:
                time.sleep(self._randomness.uniform(*self.GAP_SECONDS))
                if time.monotonic() > end:
                    return
                with self.whole:
                    self._deed(time.monotonic() - began)()
                    self._await_whole()
        except (Failure, ProcessError, OSError) as error:
            self.failure = error

    def _deed(self, seconds):
        """What to do to a broker, so many seconds after the first gap."""
        deeds = {self._kill: 10, self._pause: 5, self._restart_all: 1}
        if self.counts["broker_kills"] < int(seconds * self.KILLS_PER_SECOND):
            return self._kill
        return self._randomness.choices(list(deeds), deeds.values())[0]

    def _victim(self):
        """A node that matters: a leader, the coordinator of an id in use, the active controller."""
        choice = self._randomness.randrange(4)
        if choice == 0:
            return self._randomness.choice(self._tool.ask("leaders", "out")["leaders"])
        if choice == 1:
            answer = self._asked("coordinator", f"{PREFIX}-0-{self._randomness.randrange(IDS)}")
            return answer.get("node", self._cluster.nodes[0])
        if choice == 2:
            return self._tool.ask("controller")["node"]
        return self._randomness.choice(self._cluster.nodes)

    def _asked(self, *words):
        """An answer that may be an error, of an id that nobody has used so far."""
        try:
            return self._tool.ask(*words)
        except Failure:
            return {}

    def _kill(self):
        node = self._victim()
        self._cluster.kill(node)
        self.counts["broker_kills"] += 1
        time.sleep(self._randomness.uniform(*self.DOWN_SECONDS))
        self._cluster.restart(node)

    def _pause(self):
        pid = self._cluster.pid(self._victim())
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self._randomness.uniform(*self.PAUSE_SECONDS))
        os.kill(pid, signal.SIGCONT)
        self.counts["broker_pauses"] += 1

    def _restart_all(self):
        """A rolling restart."""
        for node in self._cluster.nodes:
            self._cluster.restart(node)
            self._await_whole()
        self.counts["broker_restarts"] += len(self._cluster.nodes)

    def _await_whole(self):
        deadline = time.monotonic() + WHOLE_SECONDS
        answer = {}
        while time.monotonic() < deadline:
            answer = self._asked("behind")
            if answer and not answer["out_of_sync"] and not answer["without_leader"]:
                return
            time.sleep(0.3)
        raise Failure(f"replicas are not in sync {WHOLE_SECONDS} s after a fault: {answer}")
