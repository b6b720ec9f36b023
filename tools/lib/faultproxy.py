"""A proxy between clients and brokers that knows where requests and responses begin and end, and does them harm.

Faults are armed one after the other at random moments of a seed; each strikes the next frame that is of its kind.
"""

import asyncio
import collections
import random
import struct
import threading

from processes import HOST

REQUEST, RESPONSE = "request", "response"
PIECE = 65536
# Which frames faults strike: the APIs on which exactly-once hangs come first. -1 is any.
_TARGETS = {0: 5, 1: 3, 3: 1, 10: 1, 22: 2, 24: 1, 26: 6, 28: 4, -1: 3}


class Kind:
    """A way to do harm. `cuts`: the connection is lost by it. `times`: how many are armed in a share of 100."""

    def __init__(self, side, cuts, times, strike):
        self.side, self.cuts, self.times, self.strike = side, cuts, times, strike


class Cut(Exception):
    """The connection is to be closed now."""


async def _drop(flow, _frame, _randomness):
    raise Cut


async def _cut_inside(flow, frame, randomness):
    await flow.write(frame.head)
    await flow.pass_on(min(frame.left, randomness.choice((0, 1, 7, 100, 5000))))
    raise Cut


async def _delay(_flow, _frame, randomness):
    await asyncio.sleep(randomness.uniform(0.01, 0.5))


async def _hold(_flow, _frame, randomness):
    await asyncio.sleep(randomness.uniform(1, 8))


async def _throttle(flow, frame, randomness):
    """The frame comes at a trickle."""
    rate = randomness.choice((2_000, 20_000, 200_000))  # bytes a second
    await flow.write(frame.head)
    frame.head = b""
    while frame.left > 0:
        piece = max(1, min(frame.left, rate // 50))
        await flow.pass_on(piece)
        frame.left -= piece
        await asyncio.sleep(0.02)
        rate *= 1.05


KINDS = {
    "request_dropped": Kind(REQUEST, True, 15, _drop),
    "request_cut": Kind(REQUEST, True, 10, _cut_inside),
    "response_dropped": Kind(RESPONSE, True, 25, _drop),
    "response_cut": Kind(RESPONSE, True, 10, _cut_inside),
    "request_delayed": Kind(REQUEST, False, 8, _delay),
    "response_delayed": Kind(RESPONSE, False, 8, _delay),
    "response_held": Kind(RESPONSE, False, 9, _hold),
    "throttled": Kind(RESPONSE, False, 5, _throttle),
    "refused": Kind(None, False, 10, None),
}
REFUSE_SECONDS = (0.2, 3)


class Frame:
    """A frame whose head has come and whose other `left` bytes have not."""

    def __init__(self, head, left, api):
        self.head, self.left, self.api = head, left, api


class Flow:
    """One direction of a connection."""

    def __init__(self, side, reader, writer, apis):
        self.side, self._reader, self._writer, self._apis = side, reader, writer, apis

    async def frame(self):
        """The next frame; requests leave behind which API their response will be of."""
        head = await self._reader.readexactly(8)
        size, = struct.unpack_from(">i", head)
        if self.side == REQUEST:
            key, = struct.unpack_from(">h", head, 4)
            self._apis.append(key)
        else:
            key = self._apis.popleft() if self._apis else -1
        return Frame(head, size - 4, key)

    async def write(self, data):
        """Sends bytes on."""
        self._writer.write(data)
        await self._writer.drain()

    async def pass_on(self, count):
        """Sends on the next `count` bytes of what comes."""
        while count > 0:
            data = await self._reader.read(min(count, PIECE))
            if not data:
                raise Cut
            count -= len(data)
            await self.write(data)


class Proxy:
    """Listens for several brokers; runs on a thread of its own from start() to stop()."""

    def __init__(self, ports, seed, seconds_per_fault):
        """`ports`: pairs of the port to listen on and the broker's own."""
        self._ports = list(ports)
        self._randomness = random.Random(seed)
        self._seconds_per_fault = seconds_per_fault
        self._armed = collections.deque()  # (name, api)
        self._refusing_until = 0.0
        self.struck = collections.Counter()  # name of the fault: how often it struck
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._connections = set()
        self._arming = None

    def start(self):
        """Returns when all ports listen."""
        self._thread.start()
        if not self._ready.wait(10):
            raise OSError("the proxy does not listen")

    def calm(self):
        """No more faults from now on."""
        self._loop.call_soon_threadsafe(self._calm)

    def stop(self):
        """Ends every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def cuts(self):
        """How many connections faults have cut."""
        return sum(count for name, count in self.struck.items() if KINDS[name].cuts)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        for listen, broker in self._ports:
            self._loop.run_until_complete(asyncio.start_server(
                lambda reader, writer, broker=broker: self._serve(reader, writer, broker), HOST, listen))
        self._arming = self._loop.create_task(self._arm())
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _calm(self):
        self._arming.cancel()
        self._armed.clear()
        self._refusing_until = 0.0

    async def _arm(self):
        names, weights = list(KINDS), [kind.times for kind in KINDS.values()]
        apis, shares = list(_TARGETS), list(_TARGETS.values())
        while True:
            await asyncio.sleep(self._randomness.expovariate(1 / self._seconds_per_fault))
            name = self._randomness.choices(names, weights)[0]
            if KINDS[name].side is None:
                self._refusing_until = self._loop.time() + self._randomness.uniform(*REFUSE_SECONDS)
                self._cut_one()
                continue
            if len(self._armed) > 8:  # what nothing has matched for long gives way
                self._armed.popleft()
            self._armed.append((name, self._randomness.choices(apis, shares)[0]))

    def _cut_one(self):
        """A refusal shows only to who connects: one connection goes."""
        for writer in list(self._connections)[:1]:
            writer.transport.abort()

    def _fault(self, side, api):
        """The armed fault that strikes this frame, or None."""
        for armed in self._armed:
            name, target = armed
            if KINDS[name].side == side and target in (-1, api):
                self._armed.remove(armed)
                return name
        return None

    async def _serve(self, reader, writer, broker):
        if self._loop.time() < self._refusing_until:
            self.struck["refused"] += 1
            writer.transport.abort()
            return
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(HOST, broker)
        except OSError:
            writer.transport.abort()
            return
        self._connections.add(writer)
        apis = collections.deque()
        flows = [self._loop.create_task(self._pump(Flow(REQUEST, reader, upstream_writer, apis))),
                 self._loop.create_task(self._pump(Flow(RESPONSE, upstream_reader, writer, apis)))]
        try:
            await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._connections.discard(writer)
            for flow in flows:
                flow.cancel()
            writer.transport.abort()
            upstream_writer.transport.abort()

    async def _pump(self, flow):
        try:
            while True:
                frame = await flow.frame()
                name = self._fault(flow.side, frame.api)
                if name is not None:
                    self.struck[name] += 1
                    await KINDS[name].strike(flow, frame, self._randomness)
                await flow.write(frame.head)
                await flow.pass_on(frame.left)
        except (Cut, OSError, asyncio.IncompleteReadError):
            return
