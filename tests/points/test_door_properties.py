"""Whatever happens at a door, and in whatever order: when its strike may be released, and what may be told."""

import random
from itertools import pairwise
from typing import Any

import pytest

from firmware.controller import events as codes
from firmware.controller import ticks
from firmware.controller.points.door import EVACUATION, FREE
from firmware.controller.points.holding import hold
from tests.firmware.door_bench import CONTACT, REX, STRIKE, DoorBench

FIRE_IN = 16
OPENED = (codes.DOOR_OPENED, codes.DOOR_FORCED, codes.DOOR_UNASKED)
ANEW = 0  # told: from here on the door stands released, so that after it a leaf is watched anew
BOARD = {"inputs": [{"kind": "fire", "pin": FIRE_IN, "active": 0, "doors": [1], "relock": 3}]}
RULES: dict[str, tuple[Any, ...]] = {
    "release_ms": (500, 5000),
    "held_ms": (4000, 30000),
    "relock": ("time", "open", "close"),
    "relock_delay_ms": (0, 700),
    "pulse_ms": (50, 800),
    "warn_ms": (1000, 3000),
    "repeat_ms": (10000,),
    "unopened": (True, False),
    "forced": ("alarm", "event"),
    "rex": ("release", "hold", "shunt"),
}
DEEDS = (
    *("grant", "grant", "long grant", "open", "open", "close", "close", "bounce", "press", "let go", "wait", "wait"),
    *("fire", "no fire", "free", "not free", "evacuate", "all clear", "rules"),
)
WAITS = (0, 5, 31, 200, 1000, 6000, 40000)


def rules(chance: random.Random) -> dict[str, Any]:
    return {name: chance.choice(RULES[name]) for name in RULES if chance.random() < 0.4}


class Watched:
    """A bench that keeps what a slow observer beside the door would know."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.bench = DoorBench(fields, BOARD, levels={FIRE_IN: 1})
        self.free = self.evacuated = self.burning = False
        self.until = 0  # ms since the start: no release may last longer, but for what holds the door
        self.told: list[int] = []

    @property
    def ms(self) -> int:
        return ticks.diff(self.bench.chip.now, self.bench.start)

    def grants(self, ms: int) -> None:
        self.until = max(self.until, self.ms + ms)

    def does(self, what: str, ms: int, fields: dict[str, Any]) -> None:
        bench, release_ms = self.bench, self.fields.get("release_ms", 5000)
        now = bench.chip.now
        if what == "grant":
            self.grants(release_ms)
            bench.grant()
        elif what == "long grant":
            self.grants(12000)
            bench.grant(12000)
        elif what in ("open", "close"):
            bench.chip.input(CONTACT, int(what == "open"))
        elif what == "bounce":
            level = bench.chip.inputs[CONTACT]
            for one in (1 - level, level, 1 - level, level):
                bench.chip.input(CONTACT, one)
        elif what in ("press", "let go"):
            bench.chip.input(REX, int(what == "let go"))
        elif what in ("fire", "no fire"):
            self.burning = what == "fire"
            bench.chip.input(FIRE_IN, int(not self.burning))
            if not self.burning:
                self.grants(3000 + 60)
        elif what in ("free", "not free"):
            self.free = what == "free"
            hold(bench.door, FREE, self.free, now)
        elif what in ("evacuate", "all clear"):
            self.evacuated = what == "evacuate"
            hold(bench.door, EVACUATION, self.evacuated, now)
        elif what == "rules":
            self.fields = fields
            bench.follow(fields)
        if bench.chip.inputs[REX] == 0:
            self.grants(ms + release_ms + 60)
        if what in ("free", "evacuate", "fire"):
            self.told.append(ANEW)
        bench.run(ms)
        if bench.chip.inputs[REX] == 0:
            self.grants(self.fields.get("release_ms", 5000) + 60)
        self.told += bench.codes()


@pytest.mark.parametrize("first", range(0, 400, 40))
def test_a_strike_is_released_only_for_a_reason_and_every_opening_is_told_once(first: int) -> None:
    for seed in range(first, first + 40):
        chance = random.Random(seed)
        story(rules(chance), [(chance.choice(DEEDS), chance.choice(WAITS), rules(chance)) for _ in range(40)], seed)


def story(fields: dict[str, Any], steps: list[tuple[str, int, dict[str, Any]]], seed: int) -> None:
    watched = Watched(fields)
    bench = watched.bench
    for n, (what, ms, new) in enumerate(steps):
        watched.does(what, ms, new)
        place = f"seed {seed}, step {n}: {what}"
        holding = watched.free or watched.evacuated or watched.burning
        if bench.on(STRIKE):
            assert holding or watched.ms <= watched.until, f"{place}: released without a reason"
        elif holding:
            assert ms < 31, f"{place}: a door that is to stand released does not"
    told = [code for code in watched.told if code in (*OPENED, codes.DOOR_CLOSED)]
    for before, after in pairwise(told):
        assert (before in OPENED) != (after in OPENED), f"seed {seed}: opened twice, or shut twice"
    held = [code for code in watched.told if code in (ANEW, *OPENED, codes.DOOR_CLOSED, codes.DOOR_HELD)]
    for before, after in pairwise(held):
        assert (before, after) != (codes.DOOR_HELD, codes.DOOR_HELD), f"seed {seed}: held twice in one opening"
    # Everything over: the door locks, and the board has nothing left to do.
    for what in ("let go", "no fire", "not free", "all clear", "close"):
        watched.does(what, 31, {})
    watched.does("wait", 200000, {})
    assert not bench.on(STRIKE), f"seed {seed}: it does not lock any more"
    assert bench._deadline() is None, f"seed {seed}: the board goes round without need"
    fires = watched.told.count(codes.FIRE)
    assert fires == watched.told.count(codes.FIRE_OVER) == watched.told.count(codes.RELEASED_FIRE)
    assert watched.told.count(codes.DOOR_RELOCKED) <= fires
