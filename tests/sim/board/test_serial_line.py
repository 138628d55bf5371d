"""The serial line of a virtual board: nothing lost for a reader, nothing waits where there is none."""

import asyncio
import os
import time
from collections import deque

from sim.board.serial import HELD, SerialLine


def test_a_slow_reader_gets_everything() -> None:
    async def story() -> bytes:
        line = SerialLine(lambda data: None, deque())
        reader = os.open(line.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        seen = b""

        async def read() -> None:
            nonlocal seen
            while len(seen) < len(sent):
                await asyncio.sleep(0.001)
                try:
                    seen += os.read(reader, 4096)
                except BlockingIOError:
                    continue

        reading = asyncio.create_task(read())
        for start in range(0, len(sent), 4096):
            await line.write(sent[start : start + 4096])
        await asyncio.wait_for(reading, 20)
        os.close(reader)
        line.close()
        return seen

    sent = bytes(range(256)) * (4 * HELD // 256)
    assert asyncio.run(story()) == sent


def test_without_a_reader_the_board_is_not_held_up() -> None:
    async def story() -> float:
        line = SerialLine(lambda data: None, deque())
        begin = time.monotonic()
        for _ in range(100):
            await line.write(b"x" * 4096)
        took = time.monotonic() - begin
        line.close()
        return took

    assert asyncio.run(story()) < 30  # held up it takes a second for each of more than eighty writes


def test_keys_reach_the_board_and_tell_which_prompt_is_wanted() -> None:
    async def story() -> None:
        keys: list[bytes] = []
        line = SerialLine(keys.append, deque())
        writer = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        os.write(writer, b"\r\x03\r\x01")
        while sum(map(len, keys)) < 4:
            await asyncio.sleep(0.01)
        assert b"".join(keys) == b"\r\x03\r\x01"
        assert line.raw
        os.write(writer, b"\x02")
        while sum(map(len, keys)) < 5:
            await asyncio.sleep(0.01)
        assert not line.raw
        os.close(writer)
        line.close()

    asyncio.run(asyncio.wait_for(story(), 10))


def test_the_tail_holds_lines_not_protocol() -> None:
    async def story() -> list[str]:
        tail: deque[str] = deque(maxlen=3)
        line = SerialLine(lambda data: None, tail)
        await line.write(b">R\x01\x80\x00\x01\x04first\r\n  sec")
        await line.write(b"ond\r\n>>> \r\n\x04\r\nthird\r\n")
        line.close()
        return list(tail)

    assert asyncio.run(story()) == ["first", "  second", "third"]
