"""The board with supervised lines on real MicroPython: installed as an installer does it, and then it burns."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.board.host import VirtualBoard
from tools import boards

ROOT = Path(__file__).resolve().parents[2]
NAME = "esp32-two-door-supervised"
SETTINGS: dict[str, Any] = {
    "controller": "00112233445566ff",
    "link_secret": "5e" * 32,
    "table_key": "7a" * 32,
    "broker": {"host": "127.0.0.1", "port": 1, "user": "", "password": ""},
    "wifi": {"name": "test", "password": "not-a-secret"},
}
CLOSED, OPEN = 1_031_000, 1_571_000  # microvolts of a supervised line
CONTACTS, BUTTONS, FIRE, BATTERY, STRIKES = (34, 35), (32, 33), 39, 36, (25, 26)


async def until(true: Callable[[], bool], what: str, board: VirtualBoard) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not {what} within 20 s; the board says:\n" + "\n".join(board.log_tail))


@pytest.mark.micropython
def test_it_is_installed_starts_and_releases_its_doors_when_it_burns(tmp_path: Path) -> None:
    settings = tmp_path / "enrolled.json"
    settings.write_text(json.dumps(SETTINGS))
    levels: dict[int, int] = {}

    async def run() -> None:
        board = VirtualBoard("test", boards.load(NAME), tmp_path / "board", levels.__setitem__)
        for pin in (4, 13, 14, 27):  # tamper switches and the supply's contact: closed
            board.set_input(pin, 0)
        for pin in (16, 17, 18, 19):  # reader lines at rest
            board.set_input(pin, 1)
        for pin, uv in ((FIRE, CLOSED), (BATTERY, 2_090_000)):
            board.set_volts(pin, uv)
        for pins, uv in ((CONTACTS, CLOSED), (BUTTONS, OPEN)):
            for pin in pins:
                board.set_volts(pin, uv)
        await board.start()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tools", "install", "--board", NAME, "--port", board.port, "--json"),
                *("--settings", str(settings)),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            _, said = await process.communicate()
            assert process.returncode == 0, said.decode()
            await until(lambda: all(levels.get(pin) == 0 for pin in STRIKES), "locked", board)
            await until(lambda: board.restarts >= 1 and board.alive, "started", board)
            board.set_volts(BUTTONS[0], CLOSED)  # somebody leaves through the first door
            await until(lambda: levels[STRIKES[0]] == 1, "released by the button", board)
            assert levels[STRIKES[1]] == 0
            board.set_volts(BUTTONS[0], OPEN)
            board.set_volts(FIRE, OPEN)
            await until(lambda: all(levels[pin] == 1 for pin in STRIKES), "released by fire", board)
        finally:
            await board.stop()

    asyncio.run(asyncio.wait_for(run(), 100))
