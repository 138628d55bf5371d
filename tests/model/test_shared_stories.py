"""Shared compartments as a state machine: what people leave in them is theirs until they take it, whatever happens.

Power goes at any flash operation, locks jam, times end, people leave and come again, an administrator looks into them.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller import bank
from firmware.controller import events as codes
from firmware.controller.points.why import ASKED
from sim.mcu.flash import NorFlash, PowerCut
from sim.world.lock_chips import Locks
from tests.firmware import parcel_bench
from tests.firmware.card_bench import KARI, NILS, OLA, CardBench, card, entry
from tests.model.test_mutants import changed
from tests.model.test_parcels import CUTS, Line, Power

STORIES = int(os.environ.get("STORIES", "12"))  # STORIES=3000 .venv/bin/pytest -n0 -q --timeout 0 tests/model/...
COUNT, SHARED, MINUTES = 8, (1, 2, 3), 3
PEOPLE = st.sampled_from((KARI, OLA, NILS))
DOORS = st.sampled_from(SHARED)


class LyingLine(Line):
    """lies: compartments whose contact says open whatever the leaf does."""

    def __init__(self, world: Any, lies: set[int]) -> None:
        super().__init__(world)
        self.lies = lies

    def contacts(self) -> list[bool]:
        return [is_open or n in self.lies for n, is_open in enumerate(self.world.doors, 1)]

    def is_open(self, n: int) -> bool:
        return self.contacts()[n - 1]


class Shared(RuleBasedStateMachine):
    """things: {compartment: whose lie in it}, as seen from outside. lies: whose contact says open."""

    def __init__(self) -> None:
        super().__init__()
        self.was = parcel_bench.nor_flash, bank.locks
        parcel_bench.nor_flash = NorFlash  # type: ignore[assignment]  # in memory: quicker
        self.world: Any = Locks(COUNT, lambda: 0)
        self.world.opened = self._pulse  # type: ignore[assignment]
        self.lies: set[int] = set()
        bank.locks = lambda table, now: LyingLine(self.world, self.lies)
        self.bench: Any = CardBench(locks=self.world)
        self.bench.allot(*[entry(n, n + 10, kind=2, until=1440 + MINUTES) for n in SHARED])
        self.things: dict[int, int] = {}

    def _pulse(self, lock: int, now_us: int) -> None:
        if lock not in self.world.jams:
            self.world.doors[lock - 1] = True

    def _does(self, cut: int | None, act: Any) -> list[int]:
        """Which doors popped."""
        before = list(self.world.doors)
        if cut is None:
            act()
        else:
            power = Power(self.bench.flash, cut)
            try:
                act()
                self.bench.run(3000)
            except PowerCut:
                pass
            power.over()
            self.bench = self.bench.again()
        self.bench.run(5000)
        return [n + 1 for n in range(COUNT) if self.world.doors[n] and not before[n]]

    def _theirs(self, door: int, who: int) -> None:
        assert self.things.get(door, who) == who, f"door {door} opens to {who}, and others' things lie there"

    @rule(who=PEOPLE, cut=CUTS, shuts=st.booleans())
    def taps(self, who: int, cut: int | None, shuts: bool) -> None:
        """Whatever opens to them they put something into; also where it stands open already."""
        popped = self._does(cut, lambda: self.bench.tap_bank(who))
        assert len(popped) <= 1, popped
        held = self._held(who)
        for door in popped or [n for n in held if self.world.doors[n - 1] and cut is None and not self._over(n)]:
            self._theirs(door, who)
            self.things[door] = who
        if shuts:
            self.shuts_all()

    @rule(who=PEOPLE, cut=CUTS, shuts=st.booleans())
    def leaves(self, who: int, cut: int | None, shuts: bool) -> None:
        def act() -> None:
            self.bench.type("0")
            self.bench.tap_bank(who)

        popped = self._does(cut, act)
        for door in popped:
            self._theirs(door, who)
        for door in popped or [n for n in SHARED if self.world.doors[n - 1] and self.things.get(n) == who]:
            self.things.pop(door, None)
        if shuts:
            self.shuts_all()
        for door in set(popped) - self.lies if shuts and cut is None else ():
            assert self._own().is_free(door), f"{who} has left {door}, and it is not free"

    @rule(cut=CUTS)
    def shuts_all(self, cut: int | None = None) -> None:
        def act() -> None:
            for n in range(1, COUNT + 1):
                if self.world.doors[n - 1]:
                    self.bench.shut(n)

        self._does(cut, act)

    @rule(door=DOORS)
    def jams(self, door: int) -> None:
        self.world.jams ^= {door}

    @rule(door=DOORS)
    def lies_or_is_mended(self, door: int) -> None:
        self.lies ^= {door}
        self._does(None, lambda: None)

    @rule()
    def time_goes_by(self) -> None:
        self.bench.run((MINUTES + 1) * 60000)

    @rule(door=DOORS, late=st.booleans(), who=PEOPLE)
    def looked_into(self, door: int, late: bool, who: int) -> None:
        """An administrator empties one and says so. late: somebody may have left and come again in between."""
        turn = self._turn(door)
        self._does(None, lambda: self.bench.bank.compartments.ask(door, ASKED))
        if self.world.doors[door - 1] and not late:
            self.things.pop(door, None)
        self.shuts_all()
        if late:
            self.leaves(who, None, True)
            self.taps(who, None, True)
            if self._turn(door) == turn:
                return
        elif door in self.things:
            return  # it did not open
        self.bench.command("empty", compartment=door, turn=turn)

    def _turn(self, door: int) -> int:
        turns = [event[2] for event in self.bench.last_events(codes.ALLOTMENT_TAKEN) if event[1] == door]
        return turns[-1] if turns else 0

    def _own(self) -> Any:
        return self.bench.bank._parcels._cards.allotments

    def _held(self, who: int) -> list[int]:
        return [n for n in SHARED if self._own().get(n).has(card(who))]

    def _over(self, door: int) -> bool:
        events = self.bench.last_events(codes.ALLOTMENT_NONE, codes.COMPARTMENT_RELEASED)
        return bool(events) and events[-1][:3] == (codes.ALLOTMENT_NONE, door, 2)

    @invariant()
    def what_lies_there_is_of_who_has_it(self) -> None:
        for door, who in self.things.items():
            assert self._own().get(door).has(card(who)), f"{who}'s things lie in {door}, and it is not theirs"
            assert not self._own().is_free(door), f"things lie in {door}, and it is free"

    @invariant()
    def nobody_has_two(self) -> None:
        for who in (KARI, OLA, NILS):
            assert len(self._held(who)) <= 1, f"{who} has {self._held(who)}"

    def teardown(self) -> None:
        try:
            self.world.jams.clear()
            self.lies.clear()
            for _ in range(2):
                self.shuts_all()
            for door, who in sorted(self.things.items()):
                popped = self._does(None, lambda who=who: (self.bench.type("0"), self.bench.tap_bank(who)))
                assert popped == [door], f"{who} gets {popped}, and their things lie in {door}"
                self.shuts_all()
                assert self._own().is_free(door), f"{door} was left, and is not free"
        finally:
            parcel_bench.nor_flash, bank.locks = self.was
            self.bench.clean()


TestShared = Shared.TestCase
TestShared.settings = settings(
    max_examples=STORIES,
    database=None,
    stateful_step_count=12,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)

OWN = "own_compartments"
ALLOTMENTS = "storage.allotments"
TAPS = {who: ("taps", {"who": who, "cut": None, "shuts": True}) for who in (KARI, OLA, NILS)}
LIES = ("lies_or_is_mended", {"door": 1})
LEAVES = ("leaves", {"who": KARI, "cut": None, "shuts": True})
BROKEN = [
    ("the first one is given to everybody", OWN, "if self._is_free(n)]", "]", (TAPS[KARI], TAPS[OLA])),
    ("a start does not know who took one", ALLOTMENTS, "            self._know(self.get(n))\n", "            pass\n",
     (TAPS[KARI], ("taps", {"who": OLA, "cut": 0, "shuts": True}), TAPS[OLA])),
    ("it is free when its time is over", OWN, "            why = _OVER\n",
     "            one.give_back()\n            self.allotments.set(one)\n            why = _OVER\n",
     (TAPS[KARI], ("time_goes_by", {}), TAPS[KARI])),
    ("any opening past its time", OWN, "if code == COMPARTMENT_OPENED:",
     "if code == COMPARTMENT_CLOSED:",
     (("jams", {"door": 1}), TAPS[KARI], TAPS[KARI])),
    ("it is free as soon as who leaves says so", OWN, "        if not self._ask(one.number, key, LEFT):\n",
     "        self._free(one, now)\n        if not self._ask(one.number, key, LEFT):\n", (TAPS[KARI], LEAVES)),
    ("who comes again has left", OWN, "        self._left.discard(one.number)  # who", "        # who",
     (TAPS[KARI], ("leaves", {"who": KARI, "cut": None, "shuts": False}), TAPS[KARI])),
    ("who leaves though nothing proves that it opened has left", OWN,
     "            self._left.discard(n)\n        elif code == COMPARTMENT_CLOSED",
     "        elif code == COMPARTMENT_CLOSED",
     (TAPS[KARI], ("jams", {"door": 1}), LIES, ("leaves", {"who": KARI, "cut": None, "shuts": False}), LIES)),
    ("any time is meant", OWN, "one.kind != SHARED or one.turn() != turn:", "one.kind != SHARED:", (
        TAPS[KARI], LEAVES, ("looked_into", {"door": 1, "late": True, "who": OLA}))),
    ("who gave it back still has it", ALLOTMENTS,
     "self.keys = _NO_KEYS[: _KEY + 4] + self.keys[_KEY + 4 :]", "pass", (TAPS[KARI], LEAVES)),
]  # fmt: skip


def tell(*steps: tuple[str, dict[str, Any]]) -> None:
    story = Shared()
    try:
        for name, how in steps:
            getattr(story, name)(**how)
            story.what_lies_there_is_of_who_has_it()
            story.nobody_has_two()
    finally:
        story.teardown()


@pytest.mark.parametrize(
    ("name", "right", "wrong", "story"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN]
)
def test_it_is_seen(name: str, right: str, wrong: str, story: tuple[Any, ...]) -> None:
    tell(*story)
    with changed(name, right, wrong), pytest.raises(AssertionError):
        tell(*story)
