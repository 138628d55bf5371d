"""A board with MicroPython's own partition table: its stores lie in files, and its doors still open."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from sim.board.host import VirtualBoard
from tests.tools.test_supervised_board import ROOT, SETTINGS, until
from tools import boards

NAME = "esp32-two-door-stock"


@pytest.mark.micropython
def test_it_is_installed_says_its_limits_and_keeps_its_log_in_files(tmp_path: Path) -> None:
    settings = tmp_path / "enrolled.json"
    settings.write_text(json.dumps(SETTINGS))
    table = boards.load(NAME)
    door = table["doors"][0]
    levels: dict[int, int] = {}
    printed: list[str] = []

    async def run() -> None:
        board = VirtualBoard("test", table, tmp_path / "board", levels.__setitem__)
        for one in table["doors"]:
            for pin in (one["reader"]["d0"], one["reader"]["d1"], one["rex"]["pin"]):
                board.set_input(pin, 1)
            board.set_input(one["contact"]["pin"], 1 - one["contact"]["open"])
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
            await until(lambda: board.restarts >= 1 and board.alive, "started", board)
            await until(lambda: any("link:" in line for line in board.log_tail), "at work", board)
            assert levels[door["strike"]["pin"]] == 1 - door["strike"]["active"]
            for level in (door["rex"]["active"], 1 - door["rex"]["active"]):
                board.set_input(door["rex"]["pin"], level)
                await asyncio.sleep(0.3)
            await until(lambda: levels[door["strike"]["pin"]] == door["strike"]["active"], "released", board)
            printed.extend(board.log_tail)
        finally:
            await board.stop()

    asyncio.run(asyncio.wait_for(run(), 100))
    assert any("no partition log" in line for line in printed), printed
