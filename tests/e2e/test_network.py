"""The proxy between a board and its broker: passing, cut, black hole."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from sim.world.network import BLACK_HOLE, CUT, PASS, Network


@asynccontextmanager
async def echo_behind_a_network() -> AsyncIterator[Network]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    network = Network("127.0.0.1", server.sockets[0].getsockname()[1])
    await network.start()
    try:
        yield network
    finally:
        await network.stop()
        server.close()


def with_network(test: Callable[[Network], Awaitable[None]]) -> None:
    async def run() -> None:
        async with echo_behind_a_network() as network:
            await asyncio.wait_for(test(network), 10)

    asyncio.run(run())


async def said(network: Network, words: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
    writer.write(words)
    answer = await reader.readexactly(len(words))
    writer.close()
    return answer


def test_bytes_travel_both_ways() -> None:
    async def test(network: Network) -> None:
        assert await said(network, b"hello") == b"hello"
        assert network.carried == 10

    with_network(test)


def test_a_cut_ends_connections_refuses_new_ones_and_keeps_the_port() -> None:
    async def test(network: Network) -> None:
        port = network.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        await network.set(CUT)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await network.set(PASS)
        assert network.port == port
        assert await said(network, b"back") == b"back"

    with_network(test)


def test_a_black_hole_keeps_connections_and_lets_nothing_through() -> None:
    async def test(network: Network) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        await network.set(BLACK_HOLE)
        writer.write(b"b")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.2)
        await network.set(PASS)
        assert await reader.readexactly(1) == b"b"

    with_network(test)


def test_a_broker_that_is_away_ends_the_connection() -> None:
    async def test(network: Network) -> None:
        network.target = ("127.0.0.1", 1)
        reader, _ = await asyncio.open_connection("127.0.0.1", network.port)
        assert await reader.read() == b""

    with_network(test)
