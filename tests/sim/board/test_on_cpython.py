"""A board without the MicroPython wheel: the same launcher on CPython, its files in a folder."""

import asyncio
from pathlib import Path

import pytest

from sim.board.bench import Bench, powered

BOOT = b"""
import json, sys
with open("/board.json") as file:
    print("board", json.load(file)["name"])
with open("/current") as file:
    sys.path.insert(0, "/slots/" + file.read().strip())
"""
MAIN = b"""
import os, time, _thread
from machine import Pin, WDT, reset_cause
from controller.app import NAME
import esp32
print("main", NAME, sorted(os.listdir("/slots")), reset_cause())
log = esp32.Partition("log")
seen = bytearray(1)
log.readblocks(0, seen, 5)
print("log", seen[0])
log.writeblocks(0, bytes([seen[0] & 0x0f]), 5)
dog = WDT(timeout=2000)
out = Pin(25, Pin.OUT, value=0)
Pin(34, Pin.IN).irq(lambda pin: out.value(pin.value()), Pin.IRQ_RISING)
_thread.stack_size(8192)
_thread.start_new_thread(lambda: print("beside"), ())
while out.value() == 0:
    time.sleep_ms(50)
    dog.feed()
before = time.ticks_ms()
print("released", 0 <= time.ticks_diff(time.ticks_ms(), before) < 1000)
"""
FILES = {
    "/boot.py": BOOT,
    "/main.py": MAIN,
    "/board.json": b'{"name": "folder"}',
    "/current": b"one\n",
    "/slots/one/controller/__init__.py": b"",
    "/slots/one/controller/app.py": b"NAME = 'app'\n",
}


def test_the_same_board_in_a_folder(tmp_path: Path) -> None:
    async def story() -> None:
        async with powered(tmp_path, "cpython") as bench:
            await fill(bench)
            await bench.printed("board folder")
            await bench.printed("main app ['one'] 1")
            await bench.printed("log 255")
            await bench.printed("beside")
            bench.board.set_input(34, 1)
            await bench.printed("released True")
            await bench.until(lambda: (25, 1) in bench.moves, "strike moved")
            # main.py has ended and nobody feeds the watchdog any more.
            await bench.printed("main app ['one'] 3")
            await bench.printed("log 15")
            assert bench.board.restarts == 1

    asyncio.run(story())


async def fill(bench: Bench) -> None:
    await bench.board.power_cut()
    bench.board.install_files(FILES)
    await bench.board.power_on()


def test_nothing_is_installed_outside_the_board(tmp_path: Path) -> None:
    async def story() -> None:
        async with powered(tmp_path / "board", "cpython") as bench:
            with pytest.raises(ValueError, match="does not lie on the board"):
                bench.board.install_files({"/../../elsewhere": b""})

    asyncio.run(story())
    assert not (tmp_path / "elsewhere").exists()


def test_an_interpreter_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="micropython"):
        Bench(tmp_path, "lua")
