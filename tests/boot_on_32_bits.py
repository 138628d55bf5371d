"""Runs boot.py on 32-bit MicroPython with every piece of a board.json: no piece is taken for the whole."""

# mypy: ignore-errors
# ruff: noqa: PTH123

import json
import sys

from sim.mcu import machine
from sim.mcu.chip import Chip, use

sys.modules["machine"] = machine
DOORS = [{"strike": {"pin": 25, "active": 1}}, {"strike": {"pin": 26, "active": 1}}]
BANK = {"locks": {"enable": 27, "reset": 32}}
BOARD = json.dumps({"doors": DOORS, "inputs": [{"pin": 4}], "bank": BANK})


class Levels(Chip):
    """The levels of its outputs."""

    def moved(self, n, level):
        self.levels[n] = level


def put(name, text):
    with open(name, "w") as file:
        file.write(text)


def start(board):
    """The levels of the outputs after a start, None when board.json was refused."""
    chip = Levels(b"bench1")
    chip.levels = {}
    use(chip)
    put("/board.json", board)
    try:
        exec(boot, {})
    except ValueError:
        assert not chip.levels
        return None
    return chip.levels


with open("firmware/boot.py") as file:
    boot = file.read()
put("/current", "0123456789ab")
ends = iter(range(len(BOARD)))


def step():
    """The next piece, at the end the whole. Whether there is more."""
    for end in ends:
        assert start(BOARD[:end]) is None, BOARD[:end]
        return True
    assert start(BOARD) == {25: 0, 26: 0, 27: 1, 32: 0}
    assert start(json.dumps({"doors": DOORS})) == {25: 0, 26: 0}
    print(len(BOARD), "pieces")
    return False
