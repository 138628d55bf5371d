"""Many controllers in one process, each with the firmware's own application and a connection of its own to a broker.

    python -m tools.bench.fleet FILE

FILE: JSON {"port", "settings": [of each board]}. Prints a line of JSON for each change of a board's access list:
[board, version, digest, time.monotonic()]. Ends with its standard input. Of umqtt.simple a thin stand-in is here: a
socket that blocks would need a thread for each board.
"""

import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from firmware.controller import ticks
from firmware.controller.cloud import wire
from sim.fuzz.board import HandBoard
from sim.mcu.chip import PERIOD, use
from sim.world.broker import CONNECT, PUBLISH, SUBSCRIBE, PacketReader, packet, text
from tools import umqtt

KEEPALIVE_S = 30
LONGEST_S = 2.0  # between two rounds of a board
START_S = 20.0  # within which they come, one after the other
ROUNDS = 12  # of a board, before another one has its turn


class FleetBoard(asyncio.Protocol):
    """One controller: its firmware, and its end of MQTT."""

    def __init__(self, place: int, settings: dict[str, Any], folder: Path, port: int) -> None:
        folder.mkdir()
        self.place = place
        self.hand = HandBoard(folder, Random(place), settings)
        self._began = time.monotonic_ns() // 1_000_000 - self.hand.chip.time
        self._up, self._down = wire.topics(settings["controller"])
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._next: asyncio.TimerHandle | None = None
        self._told = (-1, -1)

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        name = text(self.hand.name)
        transport.write(packet(CONNECT, 0, text("MQTT") + bytes((4, 2, 0, KEEPALIVE_S)) + name))
        transport.write(packet(SUBSCRIBE, 2, b"\x00\x01" + text(self._down) + b"\x00"))
        self._at_work()
        self.hand.session.begin(self.hand.chip.time)
        self._serve()

    def connection_lost(self, error: Exception | None) -> None:
        print(f"board {self.place} lost its broker", file=sys.stderr)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while (whole := _packet(data, at)) is not None:
            first, body, at = whole
            if first >> 4 == PUBLISH:
                reader = PacketReader(body)
                reader.text()
                self._at_work()
                self.hand.session.receive(reader.rest(), self.hand.chip.time)
                self._serve()
        self._rest = data[at:]

    def _at_work(self) -> None:
        """What follows happens on this board, now."""
        use(self.hand.chip)
        self.hand.chip.time = (time.monotonic_ns() // 1_000_000 - self._began) % PERIOD

    def _serve(self) -> None:
        hand, loop = self.hand, self.hand.loop
        assert self._transport is not None
        if self._next is not None:
            self._next.cancel()
        for _ in range(ROUNDS):
            self._at_work()
            hand.turn()
            for message in hand.sent:
                self._transport.write(packet(PUBLISH, 0, text(self._up) + message))
            hand.sent.clear()
            busy = loop._pending() or hand.sync._outbox.waiting()
            if not busy and not ticks.passed(loop.sync._work_at, hand.chip.time):
                break
        table = loop.table
        if (table.version, table.digest) != self._told:
            self._told = table.version, table.digest
            print(json.dumps([self.place, *self._told, time.monotonic()]), flush=True)
        due = ticks.soonest(hand.session.due(), loop.deadline())
        wait = LONGEST_S if due is None else min(LONGEST_S, max(0.001, ticks.diff(due, hand.chip.time) / 1000))
        self._next = asyncio.get_running_loop().call_later(wait, self._serve)


def _packet(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """(first byte, body, where the next one begins) of a whole packet, if there is one."""
    length = shift = 0
    for n in range(at + 1, min(at + 5, len(data))):
        length |= (data[n] & 127) << shift
        shift += 7
        if not data[n] & 128:
            end = n + 1 + length
            return (data[at], data[n + 1 : end], end) if end <= len(data) else None
    return None


async def main(file: str) -> None:
    sys.path.insert(0, str(umqtt.path()))
    plan = json.loads(Path(file).read_text())
    with tempfile.TemporaryDirectory(prefix="portvakt-boards-") as folder:
        boards = []
        for place, settings in enumerate(plan["settings"]):
            boards.append(FleetBoard(place, settings, Path(folder) / str(place), plan["port"]))
            gc.freeze()  # each board collects its garbage when it starts: not that of all before it
        print(json.dumps("built"), flush=True)
        for board in boards:
            await board.connect()
            await asyncio.sleep(START_S / len(boards))
        end = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(end), sys.stdin)
        await end.read()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
