"""A virtual board on the bench: power, the real mpremote, and waiting for what it says. For tests."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from .host import VirtualBoard

BOARD: dict[str, Any] = {
    "name": "virtual-two-door",
    "flash": {"acl": 16384, "log": 16384, "state": 8192, "littlefs": 524288},
    "doors": [{"strike": {"pin": 25, "active": 1}}, {"strike": {"pin": 26, "active": 0}}],
}
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))


class Bench:
    """The board, and everything it did to its outputs: moves [(pin, level)]. starts: how often it said hello."""

    def __init__(self, folder: Path, interpreter: str = "micropython") -> None:
        self.moves: list[tuple[int, int]] = []
        self.starts = 0
        self.board = VirtualBoard(
            "bench", BOARD, folder, lambda *move: self.moves.append(move), interpreter, on_start=self._started
        )

    def _started(self) -> None:
        self.starts += 1

    async def until(self, true: Callable[[], Any], what: str, seconds: float = 40) -> None:
        """Waits until it is true; fails with the board's last words."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError(f"not {what} in {seconds} s; the board says:\n" + "\n".join(self.board.log_tail))
            await asyncio.sleep(0.02)

    async def printed(self, text: str, seconds: float = 40) -> None:
        """Waits for a line on the serial port, and forgets the lines up to it."""
        await self.until(lambda: any(text in line for line in self.board.log_tail), f"printed: {text}", seconds)
        while text not in self.board.log_tail.popleft():
            pass

    async def mpremote(self, *verb: str, resume: bool = True) -> str:
        """The real mpremote on the board's serial port."""
        process = await asyncio.create_subprocess_exec(
            *[MPREMOTE, "connect", self.board.port, *(["resume"] if resume else []), *verb],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), 90)
        except TimeoutError:
            process.kill()
            out, _ = await process.communicate()
        assert process.returncode == 0, f"mpremote {verb} ended with {process.returncode}: {out.decode()}"
        return out.decode()

    async def install(self, main: str, *, boot: str = "") -> None:
        """Puts main.py on the running board and resets it."""
        await self.mpremote("exec", f"f=open('/boot.py','w');f.write({boot!r});f.close()")
        await self.mpremote("exec", f"f=open('/main.py','w');f.write({main!r});f.close()")
        starts = self.starts
        await self.mpremote("reset")
        await self.until(lambda: self.starts > starts, "started again")


@asynccontextmanager
async def powered(folder: Path, interpreter: str = "micropython") -> AsyncIterator[Bench]:
    bench = Bench(folder, interpreter)
    await bench.board.start()
    try:
        await bench.until(lambda: bench.board.alive, "alive")
        yield bench
    finally:
        await bench.board.stop()


def run(folder: Path, story: Callable[[Bench], Coroutine[Any, Any, None]], interpreter: str = "micropython") -> None:
    """Runs a story with a board under power."""

    async def whole() -> None:
        async with powered(folder, interpreter) as bench:
            await story(bench)

    asyncio.run(whole())
