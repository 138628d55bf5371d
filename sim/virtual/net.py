"""TCP in virtual time, as a MicroPython socket shows it: latency, lines that go dead, errors with errno."""

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from .flash import Readable, Writable
from .scheduler import MS, SECOND, Scheduler, Task

if TYPE_CHECKING:
    from .chip import VirtualChip

SEND_BUFFER = 5_744  # bytes under way before write() blocks; TCP_SND_BUF of the ESP32 port's lwIP
CONNECT_US = 18 * SECOND  # how long lwIP tries when the firmware set no timeout
ADDRESS = "10.0.0.1"


class VirtualConnection:
    """A TCP connection. `receive`, `closed` are the far end's ears; a Socket is the near end.

    Bytes arrive in order. While the line is dead (`alive` says) nothing arrives; what was sent does later.
    """

    def __init__(self, network: "VirtualNetwork", alive: Callable[[], bool]) -> None:
        self.network = network
        self.alive = alive
        self.receive: Callable[[bytes], None] = lambda data: None
        self.closed: Callable[[], None] = lambda: None
        self.near: VirtualSocket | None = None
        self.open = True
        self._held: list[tuple[bool, bytes | None]] = []
        self._last = [0, 0]  # when the last piece of each way arrives
        self.under_way = 0  # bytes up that have not arrived

    def up(self, data: bytes | None) -> None:
        """From the chip. None: the chip closed."""
        if data is not None:
            self.under_way += len(data)
        self._carry(True, data)

    def down(self, data: bytes) -> None:
        """From the far end."""
        if self.open:
            self._carry(False, data)

    def close(self) -> None:
        """The far end closes."""
        if not self.open:
            return
        self.open = False
        if self.near is None:
            self.network.lines.pop(self, None)
        else:
            self._carry(False, None)

    def revive(self) -> None:
        """The line may be alive again: what was held goes on its way."""
        held, self._held = self._held, []
        for upward, data in held:
            self._carry(upward, data)

    def _carry(self, upward: bool, data: bytes | None) -> None:
        network, last = self.network, self._last
        arrives = network.scheduler.now + network.latency()
        if arrives < last[upward]:
            arrives = last[upward]
        last[upward] = arrives
        network.scheduler.surely(arrives, self._arrive, upward, data)

    def _arrive(self, upward: bool, data: bytes | None) -> None:
        if self._held or not self.alive():
            self._held.append((upward, data))
            return
        if not upward:
            if self.near is not None:
                self.near.arrived(data)
            return
        if data is not None:
            self.under_way -= len(data)
        if self.near is not None:
            self.near.room()
        if data is None:
            self.network.lines.pop(self, None)
        if not self.open:
            return
        if data is None:
            self.open = False
            self.closed()
        else:
            self.receive(data)

    def lost(self) -> None:
        """The chip is gone without a word: the far end goes on until it gives up by itself."""
        self.near = None
        self.alive = lambda: False
        if not self.open:
            self.network.lines.pop(self, None)

    def reset(self) -> None:
        """Both ends learn at once that the connection is gone."""
        self.network.lines.pop(self, None)
        was_open, self.open = self.open, False
        if self.near is not None:
            self.near.broken()
        if was_open:
            self.closed()


class VirtualNetwork:
    """Listeners by address, and how long bytes travel. Names resolve to one address."""

    def __init__(self, scheduler: Scheduler, base_us: int = 8 * MS, jitter_us: int = 6 * MS) -> None:
        self.scheduler = scheduler
        self.lines: dict[VirtualConnection, None] = {}
        self.dead: set[str] = set()  # chips whose line carries nothing, though Wi-Fi is there: a black hole
        self.dns = True
        self.slow_us = 0  # everything takes up to so much longer
        self.stuck: set[str] = set()  # chips whose resolver never answers, as lwIP's may
        self.on_hang: Callable[[VirtualChip], None] = lambda chip: None
        self.line: Callable[[VirtualChip, Callable[[], bool]], VirtualConnection] = lambda chip, alive: (
            VirtualConnection(self, alive)
        )
        self._base_us = base_us
        self._jitter_us = jitter_us
        self._listening: dict[int, Callable[[VirtualConnection], None]] = {}
        self._random = scheduler.chance("network").random

    def latency(self) -> int:
        slow = int(self._random() * self.slow_us) if self.slow_us else 0
        return self._base_us + int(self._random() * self._jitter_us) + slow

    def listen(self, port: int, accept: Callable[[VirtualConnection], None]) -> None:
        self._listening[port] = accept

    def deafen(self, port: int) -> None:
        """There is no listener any more; lines that are open stay so."""
        self._listening.pop(port, None)

    def alive(self, chip: "VirtualChip") -> bool:
        return chip.access_point and chip.name not in self.dead

    def revive(self) -> None:
        """To be called when a line that was dead may carry again."""
        for line in [line for line in self.lines if line.alive()]:
            line.revive()

    def connect(self, port: int, chip: "VirtualChip") -> VirtualConnection | None:
        """None when there is no listener."""
        accept = self._listening.get(port)
        if accept is None:
            return None
        line = self.line(chip, lambda: self.alive(chip))
        self.lines[line] = None
        accept(line)
        return line


class VirtualSocket:
    """Follows ports/esp32/modsocket.c: read() fills what was asked for unless the far end closes."""

    def __init__(self, chip: "VirtualChip", network: VirtualNetwork) -> None:
        self._chip = chip
        self._network = network
        self._line: VirtualConnection | None = None
        self._timeout: int | None = None  # us; None waits for ever, 0 not at all
        self._inbox = bytearray()
        self._ended = False
        self._error: int | None = None
        self._closed = False
        self._waiting: Task | None = None
        self.watched: Task | None = None  # the task that waits until there is something to read

    def connect(self, address: tuple[str, int]) -> None:
        self._check()
        chip, scheduler = self._chip, self._chip.scheduler
        if not chip.station():
            raise OSError(errno.EHOSTUNREACH, "no Wi-Fi")
        round_trip = self._network.latency() + self._network.latency()
        patience = CONNECT_US if self._timeout is None else self._timeout
        if not self._network.alive(chip) or round_trip > patience:
            scheduler.block(scheduler.now + patience)
            raise OSError(errno.ETIMEDOUT, "connect")
        scheduler.block(scheduler.now + round_trip)
        self._line = self._network.connect(address[1], chip)
        if self._line is None:
            raise OSError(errno.ECONNREFUSED, "connect")
        self._line.near = self
        chip.hold(chip.pace.handshake_us, "handshake")

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = None if seconds is None else int(seconds * 1_000_000)

    def setblocking(self, on: bool) -> None:
        self.settimeout(None if on else 0)

    def setsockopt(self, *_: object) -> None:
        pass

    def write(self, data: Readable | str, length: int | None = None) -> int | None:
        if isinstance(data, str):
            data = data.encode()  # MicroPython takes text for bytes, and umqtt.simple leans on it
        piece = bytes(data if length is None else memoryview(data)[:length])
        until = self._until()
        while True:
            self._check()
            line = self._line
            if line is None:
                raise OSError(errno.ENOTCONN, "write")
            if self._ended:
                self._error = errno.ECONNRESET
                continue
            if line.under_way + len(piece) <= SEND_BUFFER or not line.under_way:
                line.up(piece)
                return len(piece)
            if self._timeout == 0:
                return None
            if not self._wait(until):
                raise OSError(errno.ETIMEDOUT, "write")

    def send(self, data: Readable | str) -> int:
        sent = self.write(data)
        if sent is None:
            raise OSError(errno.EAGAIN, "send")
        return sent

    sendall = send

    def read(self, n: int | None = None) -> bytes | None:
        """n bytes; fewer when the far end closed. Not blocking: what there is, None when that is nothing."""
        if n is not None and len(self._inbox) >= n:
            self._check()
            return self._take(n)
        until = self._until()
        while not self._ended and (n is None or len(self._inbox) < n):
            self._check()
            if self._timeout == 0:
                return self._take(n) if self._inbox else None
            if not self._wait(until):
                # What had come is lost to the caller, as stream_read_generic of py/stream.c does it.
                self._inbox.clear()
                raise OSError(errno.ETIMEDOUT, "read")
        self._check()
        return self._take(n)

    def readinto(self, buffer: Writable, n: int | None = None) -> int | None:
        data = self.read(len(buffer) if n is None else n)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def recv(self, n: int) -> bytes:
        """What there is, at the most n bytes; nothing when the far end closed."""
        until = self._until()
        while not self._inbox and not self._ended:
            self._check()
            if self._timeout == 0:
                raise OSError(errno.EAGAIN, "recv")
            if not self._wait(until):
                raise OSError(errno.ETIMEDOUT, "recv")
        self._check()
        return self._take(n)

    def recv_into(self, buffer: Writable, n: int = 0) -> int:
        data = self.recv(n or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readable(self) -> bool:
        """Whether read() would not wait: bytes are here, or the end, or an error."""
        return bool(self._inbox) or self._ended or self._closed or self._error is not None

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._chip.sockets.open.pop(self, None)
        if self._line is not None:
            self._line.near = None
            self._line.up(None)

    def lost(self) -> None:
        """The chip stopped."""
        self._closed = True
        if self._line is not None:
            self._line.lost()

    def is_of(self, chip: "VirtualChip") -> bool:
        return self._chip is chip

    # For the line.

    def arrived(self, data: bytes | None) -> None:
        if data is None:
            self._ended = True
        else:
            self._inbox += data
        self.moved()

    def broken(self) -> None:
        self._error = errno.ECONNRESET
        self.moved()

    def moved(self) -> None:
        """There is something to read, or the end."""
        self.room()
        if self.watched is not None:
            self._chip.readable(self.watched)

    def room(self) -> None:
        """The task that waits at this socket looks again."""
        if self._waiting is not None:
            self._waiting.wake(self._chip.pace.wake_us)

    def _take(self, n: int | None) -> bytes:
        inbox = self._inbox
        if n is None or n >= len(inbox):
            piece = bytes(inbox)
            inbox.clear()
        else:
            piece = bytes(inbox[:n])
            del inbox[:n]
        return piece

    def _until(self) -> int | None:
        return None if self._timeout is None else self._chip.scheduler.now + self._timeout

    def _wait(self, until: int | None) -> bool:
        scheduler = self._chip.scheduler
        if until is not None and until <= scheduler.now:
            return False
        self._waiting = scheduler.running
        woken = scheduler.block(until)
        self._waiting = None
        return woken

    def _check(self) -> None:
        chip = self._chip
        if not chip.on or chip.starve_in is not None:
            chip.check()
        if self._closed:
            raise OSError(errno.EBADF, "socket is closed")
        if self._error is not None:
            raise OSError(self._error, "connection lost")


class VirtualSockets:
    """The module, as one chip has it."""

    AF_INET = 2
    SOCK_STREAM = 1
    SOL_SOCKET = 1
    SO_REUSEADDR = 2
    IPPROTO_TCP = 6
    TCP_NODELAY = 1

    def __init__(self, chip: "VirtualChip", network: VirtualNetwork) -> None:
        self._chip = chip
        self._network = network
        self.open: dict[VirtualSocket, None] = {}

    def socket(self, *_: object) -> VirtualSocket:
        self._chip.check()
        made = VirtualSocket(self._chip, self._network)
        self.open[made] = None
        return made

    def getaddrinfo(self, host: str, port: int, *_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        scheduler = self._chip.scheduler
        self._chip.check()
        scheduler.block(scheduler.now + self._network.latency())
        if self._chip.name in self._network.stuck:
            self._network.on_hang(self._chip)
        while self._chip.name in self._network.stuck:
            scheduler.block(scheduler.now + 60 * SECOND)
        if not (self._network.dns and self._chip.station() and self._network.alive(self._chip)):
            raise OSError(-202, "name not resolved")  # EAI_FAIL of lwIP
        return [(self.AF_INET, self.SOCK_STREAM, 0, "", (ADDRESS, port))]

    def revive(self) -> None:
        """The chip's line carries again."""
        self._network.revive()

    def drop_all(self) -> None:
        """The chip stopped: it answers no more, and the far ends learn nothing."""
        for socket in list(self.open):
            socket.lost()
        self.open.clear()
