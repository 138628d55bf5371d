"""The world's end of the wire to a board: text lines over one loopback connection, which the board opens.

board to world: `hello <name> <interpreter> <version>` first; `p <pin> <level>` an output moved; `f <timeout_ms>` the
watchdog was armed or fed; `r [cause]` it resets itself; `u <uart> <hex>` bytes out of a serial port;
`h <used> <free>` bytes of heap, when asked (MicroPython only).
world to board: `p <pin> <level>` an input level; `a <pin> <microvolts>` what the ADC finds there; `b <d0> <d1> <bits>`
Wiegand pulses; `n <0|1>` access point in reach; `u <uart> <hex>` bytes into a serial port; `h` asks for the heap.
After hello come all levels and voltages, then `n`: the board goes on.
"""

import asyncio
from collections.abc import Callable


class WorldWire:
    """Listens for one board. on_line(words) hears it; the levels are told to every board that says hello."""

    def __init__(self, on_line: Callable[[list[str]], None]) -> None:
        self._on_line = on_line
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.levels: dict[int, int] = {}
        self.volts: dict[int, int] = {}
        self.network = True
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._board, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.hang_up()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def hang_up(self) -> None:
        """The board's process has ended."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def tell(self, line: str) -> None:
        """Nothing happens while no board is there: what lasts is told again after its hello."""
        if self._writer is not None:
            self._writer.write(line.encode() + b"\n")

    async def _board(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for line in reader:
                words = line.decode().split()
                if words[0] == "hello":
                    self.hang_up()
                    self._writer = writer
                    for pin, level in self.levels.items():
                        self.tell(f"p {pin} {level}")
                    for pin, uv in self.volts.items():
                        self.tell(f"a {pin} {uv}")
                    self.tell(f"n {int(self.network)}")
                if self._writer is writer:
                    self._on_line(words)
        except ConnectionError:
            pass  # the process was killed; the supervisor sees it end
        finally:
            writer.close()
