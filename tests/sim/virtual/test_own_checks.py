"""What is promised to who has a compartment: cards and things in a world of their own, and each check can go red."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.controller import events as codes
from firmware.controller.points.why import AGAIN, ASKED, LEFT, OWN
from sim.virtual.links import key_of
from sim.virtual.logged import LoggedEvent
from sim.virtual.own import OwnChecks
from sim.virtual.parcels import GOOD_US, OPENS_US
from sim.virtual.scheduler import SECOND, Scheduler
from sim.world.bank import Bank

INGRID, OLA = 1, 2
HOLDERS: list[Any] = [
    {"name": name, "card": {"bits": 26, "facility": 17, "number": n}} for n, name in enumerate(("Ingrid", "Ola"), 1204)
]


class World:
    """A board, a bank of four, and what happens there."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.red: list[str] = []
        self.pulsed_at = -SECOND
        self.one: Any = SimpleNamespace(
            name="Skap", settings={"table_key": "00" * 32}, bank=SimpleNamespace(bank=Bank(4)),
            chip=SimpleNamespace(starts=1),
        )  # fmt: skip
        watched = SimpleNamespace(rests=lambda *_: True, was_quiet=lambda *_: True, pulsed_at=lambda *_: self.pulsed_at)
        self.checks: Counter[str] = Counter()
        promises: Any = SimpleNamespace(
            scheduler=self.scheduler,
            checks=self.checks,
            compartments=watched,
            red=lambda name, _: self.red.append(name),
        )
        self.own = OwnChecks(promises)
        self.own.knows(self.one, HOLDERS)

    def opens(self, n: int, who: int, why: int = OWN, pulse: int | None = None) -> None:
        key = key_of(self.one, HOLDERS[who - 1]["card"]) if why in (OWN, LEFT) else None
        self.own.recorded(self.one, LoggedEvent(1, 0, codes.COMPARTMENT_RELEASED, n, why, 0, key, 0))
        self.pulsed_at = self.scheduler.now
        self.own.pulsed(self.one, self.one.bank, n, pulse or why)

    def tells(self, code: int, n: int) -> None:
        self.own.recorded(self.one, LoggedEvent(1, 0, code, n, 1, 0, None, 0))

    def wait(self, us: int) -> None:
        self.scheduler.run(self.scheduler.now + us)


@pytest.fixture
def world() -> World:
    return World()


def test_who_holds_their_card_there_opens_what_is_theirs_and_leaves_it_to_another(world: World) -> None:
    world.own.held(world.one, INGRID, opens=3)
    world.opens(3, INGRID)
    world.own.put_in(world.one, 3, INGRID)
    world.wait(2 * OPENS_US)
    world.own.held(world.one, INGRID)
    world.opens(3, INGRID, LEFT)
    world.own.take_out(world.one, 3, INGRID)
    world.own.held(world.one, OLA)
    world.opens(3, OLA)
    assert world.red == [] and world.own.has(world.one, INGRID) == []
    assert (world.checks["own card"], world.checks["own things"], world.checks["own found"]) == (3, 3, 1)


def nobody_held_it(world: World) -> None:
    world.opens(2, OLA)


def a_minute_ago(world: World) -> None:
    world.own.held(world.one, OLA)
    world.wait(GOOD_US + SECOND)
    world.opens(2, OLA)


def anothers_things(world: World) -> None:
    world.own.put_in(world.one, 2, INGRID)
    world.own.held(world.one, OLA)
    world.opens(2, OLA)


def a_parcel(world: World) -> None:
    world.one.bank.bank[2].inside.append(4711)
    world.own.held(world.one, OLA)
    world.opens(2, OLA)


def a_second_pulse(world: World) -> None:
    world.own.held(world.one, OLA)
    world.opens(2, OLA)
    world.own.put_in(world.one, 2, INGRID)
    world.own.pulsed(world.one, world.one.bank, 2, AGAIN)


def it_stays_shut(world: World) -> None:
    world.own.held(world.one, INGRID, opens=3)
    world.wait(2 * OPENS_US)


def taken_and_shut(world: World) -> None:
    world.tells(codes.ALLOTMENT_TAKEN, 2)
    world.wait(2 * OPENS_US)


OF_OWN = {
    "own card": (nobody_held_it, a_minute_ago),
    "own things": (anothers_things, a_parcel, a_second_pulse),
    "own found": (it_stays_shut, taken_and_shut),
}


@pytest.mark.parametrize(("check", "breaks"), [(check, one) for check, found in OF_OWN.items() for one in found])
def test_each_check_goes_red(world: World, check: str, breaks: Any) -> None:
    breaks(world)
    assert world.red == [check]


def test_what_was_taken_and_is_free_again_has_to_open_to_nobody(world: World) -> None:
    world.tells(codes.ALLOTMENT_TAKEN, 2)
    world.tells(codes.ALLOTMENT_FREE, 2)
    world.wait(2 * OPENS_US)
    assert world.red == []


def test_who_opens_it_by_command_is_no_card_holder(world: World) -> None:
    world.own.put_in(world.one, 2, INGRID)
    world.own.held(world.one, INGRID)
    world.opens(2, INGRID)
    world.opens(2, 0, ASKED)
    world.own.take_out(world.one, 2)
    assert world.red == [] and world.checks["own things"] == 1
