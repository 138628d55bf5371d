"""The far ends of tap_links_live.py, in a process of their own: a port for each board, and what is wrong with it.

    python -m tools.bench.links_child FILE

FILE: JSON {"rules", "cards", "boards": [{"state", "settings"}]}. Prints the ports as one line of JSON; when a line
comes in on standard input, what is to go wrong goes wrong, and a second line asks for the figures of the far ends.
"""

import asyncio
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from sim.world.broker import Broker, Client
from tools.bench.cloud_stub import CloudStub

DELAY_S = 0.025  # of every piece, each way
FORGETS_S = 10.0


class BrokerPlace:
    """One board's broker. state: what is wrong once it goes wrong."""

    def __init__(self, state: str, settings: dict[str, Any], cards: list[Any], rules: bytes) -> None:
        self.state = state
        self.wrong = False
        self.broker = Broker()
        self.end = CloudStub(settings, self._publish, time.time, os.urandom, [(a, b) for a, b in cards], rules)
        self.broker.subscribe("portvakt/+/up", lambda topic, payload: self.end.receive(payload))
        self._lines: list[tuple[Client, asyncio.StreamWriter]] = []
        self._deaf: set[Client] = set()

    def _publish(self, topic: str, payload: bytes) -> None:
        self.broker.publish(topic, payload)

    async def serve(self) -> int:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def go_wrong(self) -> None:
        self.wrong = True
        if self.state == "snapshot in progress":
            self.end.mode = "snapshot"
        elif self.state == "10,000 events to send":
            self.end.mode = "events"
        if self.state in ("half-open", "black hole"):
            self._forget()
        elif self.state != "idle":
            for _, writer in self._lines:
                writer.transport.abort()

    def _forget(self) -> None:
        """The connections stand, and nobody is at their other end."""
        for client, _ in self._lines:
            if client not in self._deaf:
                self._deaf.add(client)
                client.lost(_ms())
        self._lines.clear()
        if self.state == "half-open":
            asyncio.get_running_loop().call_later(FORGETS_S, self._forget)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        silent = self.wrong and self.state in ("silent broker", "TLS stall", "black hole")

        def send(data: bytes) -> None:
            loop.call_later(DELAY_S, _write, writer, data)

        client = self.broker.accept(send, writer.close)
        if silent:
            self._deaf.add(client)
        self._lines.append((client, writer))
        try:
            while data := await reader.read(4096):
                if client not in self._deaf:
                    loop.call_later(DELAY_S, partial(self._receive, client, data))
        except (OSError, asyncio.CancelledError):
            pass
        client.lost(_ms())
        writer.close()

    def _receive(self, client: Client, data: bytes) -> None:
        if client not in self._deaf:
            client.receive(data, _ms())


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


def _ms() -> int:
    return time.monotonic_ns() // 1_000_000


async def main(file: str) -> None:
    plan = json.loads(Path(file).read_text())
    places = [
        BrokerPlace(one["state"], one["settings"], plan["cards"], plan["rules"].encode()) for one in plan["boards"]
    ]
    print(json.dumps([await place.serve() for place in places]), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    if await lines.readline():
        for place in places:
            place.go_wrong()
    await lines.readline()
    print(json.dumps({place.state: [place.end.stored, place.end.parts] for place in places}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
