"""The board's serial line: a pseudo-terminal that mpremote opens, and the lines that passed over it."""

import asyncio
import fcntl
import os
import pty
import re
import tty
from collections import deque
from collections.abc import Callable

HELD = 65536  # bytes of output kept for a slow reader
PATIENCE_S = 1.0  # a reader that takes nothing for so long is none: the output is dropped, as on a real line
# Of the raw prompt's protocol: what a program printed stands after it.
NOISE = re.compile(rb"[\x00-\x08\x0e-\x1f]")
CTRL_A, CTRL_B = 1, 2


class SerialLine:
    """raw: whether the other end last asked for the raw prompt (Ctrl-A) or the friendly one (Ctrl-B)."""

    def __init__(self, on_key: Callable[[bytes], None], tail: deque[str]) -> None:
        self._on_key = on_key
        self._tail = tail
        self._line = b""
        self._out = bytearray()
        self._room = asyncio.Event()
        self._room.set()
        self._alone = False  # nobody reads
        self.raw = False
        # The far end stays open here too, so that the line outlives the programs that open and close it.
        self._near, self._far = pty.openpty()
        tty.setraw(self._far)
        self.path = os.ttyname(self._far)
        flags = fcntl.fcntl(self._near, fcntl.F_GETFL)
        fcntl.fcntl(self._near, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._near, self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._near)
        self._loop.remove_writer(self._near)
        os.close(self._near)
        os.close(self._far)

    def _read(self) -> None:
        try:
            data = os.read(self._near, 4096)
        except BlockingIOError:
            return
        for byte in data:
            if byte in (CTRL_A, CTRL_B):
                self.raw = byte == CTRL_A
        self._on_key(data)

    async def write(self, data: bytes) -> None:
        """What the board prints. Waits while a reader is slow, forgets the output when there is none."""
        self._remember(data)
        self._out += data
        self._send()
        while len(self._out) > HELD and not self._alone:
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), PATIENCE_S)
            except TimeoutError:
                self._alone = True
        del self._out[:-HELD]

    def _send(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(self._near, self._out[:4096])]
                self._alone = False
                self._room.set()
            self._loop.remove_writer(self._near)
        except BlockingIOError:
            self._loop.add_writer(self._near, self._send)

    def _remember(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        self._line = self._line[-1000:]
        for line in lines:
            text = NOISE.split(line)[-1].decode(errors="replace").rstrip()
            if text not in ("", ">>>", ">"):
                self._tail.append(text)
