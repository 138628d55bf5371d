"""The network between a board and its broker, as a TCP proxy that can be cut or turned into a black hole."""

import asyncio
import os
import random
import socket
from collections import Counter

PASS = "pass"  # everything travels
CUT = "cut"  # open connections end, new ones are refused
BLACK_HOLE = "black hole"  # connections stay and new ones are taken, but nothing travels

# What can be planned for a byte, of whichever way.
BREAK = "cut, both ends learn"
HOLE = "black hole"
HALF = "one way is lost"
GARBAGE, BIT, MISSING, DRIP = "garbage", "a bit", "bytes are missing", "slow drip"
KINDS = (BREAK, HOLE, HALF, GARBAGE, BIT, MISSING, DRIP)

_CHUNK = 4096


class Network:
    """Listens on a loopback port of its own and carries every connection to `host`:`port`.

    The port stays the same through cuts: a second socket, bound but never listening, holds it.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.state = PASS
        self.carried = 0  # bytes that travelled, both ways
        self.turns = 0  # how often the one end spoke after the other: two are a round trip
        self.delay_s = 0.0  # how long everything takes, one way
        self.cuts: Counter[str] = Counter()  # what was planned and has happened
        self.gap_s = 0.0  # between two bytes
        self.planned: tuple[str, int] | None = None  # one of KINDS, after so many more bytes
        self._lost: set[asyncio.StreamReader] = set()  # nothing that comes from there travels any more
        self._last: asyncio.StreamReader | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._holder = _bound(0)

    @property
    def port(self) -> int:
        return int(self._holder.getsockname()[1])

    async def start(self) -> None:
        await self._listen()

    async def stop(self) -> None:
        self.state = CUT
        self._close()
        self._holder.close()
        self._flowing.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def set(self, state: str) -> None:
        """Goes over to PASS, CUT or BLACK_HOLE.

        After a black hole what was held back still arrives, as after a short fault of a real network.
        """
        if state == self.state:
            return
        before, self.state = self.state, state
        if state == CUT:
            self._close()
        elif before == CUT:
            await self._listen()
        if state == BLACK_HOLE:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def _listen(self) -> None:
        listener = _bound(self.port)
        self._server = await asyncio.start_server(self._connected, sock=listener)

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self.state == CUT:  # taken by the kernel a moment before the cut
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            await self._carry(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            return  # the broker is away: the board sees its connection end
        if self.state == CUT:
            far_writer.transport.abort()
            return
        self._writers.add(far_writer)
        pumps = [
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        ]
        try:
            # The first end that closes ends both ways: MQTT knows no half-closed connection.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers.discard(far_writer)
            far_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                if self.planned is not None:
                    data = self._count(reader, data)
                if reader in self._lost:
                    continue
                self.carried += len(data)
                self.turns += self._last is not reader
                self._last = reader
                if self.delay_s:
                    asyncio.get_running_loop().call_later(self.delay_s, _write, writer, data)
                    continue
                for piece in [data[n : n + 1] for n in range(len(data))] if self.gap_s else [data]:
                    await asyncio.sleep(self.gap_s)
                    writer.write(piece)
                    await writer.drain()
        except OSError:
            return  # one end was cut: that ends the connection, which _carry sees to

    def _count(self, reader: asyncio.StreamReader, data: bytes) -> bytes:
        """Bytes on their way; what is planned happens when its byte has come. What of them is to go on."""
        assert self.planned is not None
        kind, left = self.planned
        if left > len(data):
            self.planned = kind, left - len(data)
            return data
        self.planned = None
        self.cuts[kind] += 1
        loop = asyncio.get_running_loop()
        before, rest = data[:left], data[left:]
        if kind == BREAK:
            loop.call_soon(self._break)
            return before
        if kind == HOLE:
            self._flowing.clear()
            loop.call_later(random.uniform(1, 15), self._flowing.set)
        elif kind == HALF:
            loop.call_soon(self._lost.add, reader)
            return before
        elif kind == GARBAGE:
            rest = os.urandom(random.randrange(1, 60)) + rest
        elif kind == BIT:
            rest = bytes(one ^ (n == 0) << random.randrange(8) for n, one in enumerate(rest or b"\0"))
        elif kind == MISSING:
            rest = rest[random.randrange(1, 40) :]
        else:
            self.gap_s = random.uniform(0.002, 0.1)
            loop.call_later(random.uniform(1, 5), setattr, self, "gap_s", 0.0)
        return before + rest

    def mend(self) -> None:
        """Nothing is planned any more, and what was slowed or held goes on."""
        self.planned = None
        self.gap_s = 0.0
        self._lost.clear()
        if self.state != BLACK_HOLE:
            self._flowing.set()

    def _break(self) -> None:
        """Every connection ends at once; new ones are taken."""
        for writer in list(self._writers):
            writer.transport.abort()


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    return sock
