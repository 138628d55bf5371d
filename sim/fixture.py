"""The pytest fixture `building`: a whole building, running the real firmware in virtual time, for your own tests.

In your conftest.py, or in the test's own file:

    pytest_plugins = ["sim.fixture"]

A test then asks for `building` and gets three controllers with six doors and ten people, powered, connected and in
sync with a cloud that lives in memory. Nothing waits: a week takes seconds.

    def test_who_moves_out_is_locked_out(building):
        assert building.tap("Garasje", "Ingrid Solheim") == "granted"
        assert building.tap("Garasje", "Sofie Dahl") == "denied: unknown card"

        building.cut_network("Garasje")
        building.revoke("Ingrid Solheim")
        assert building.tap("Garasje", "Ingrid Solheim") == "granted"  # the board cannot know yet
        building.mend_network("Garasje")
        building.wait(10)
        assert building.tap("Garasje", "Ingrid Solheim") == "denied: unknown card"

        building.cut_power("Garasje")
        assert building.tap("Garasje", "Ingrid Solheim") == "nothing"
        building.restore_power("Garasje")
        building.wait(60)
        assert [event.what for event in building.events("Garasje")] == [
            "granted", "denied: unknown card", "granted", "denied: unknown card",
        ]
        assert building.all_stored()

Doors can have rules of their own, as firmware/controller/access/README.md names them, people PINs, hours and an end;
the building can be locked down, be evacuated, or burn.

    def test_card_and_pin_after_hours(make_building):
        building = make_building(begins=datetime(2026, 11, 23, 16, 59, tzinfo=UTC), board="esp32-two-door-supervised")
        building.rules("Garasje", who=[["card+pin", 0]], pin_length=4)
        building.give_pin("Ingrid Solheim", "4711")
        assert building.tap("Garasje", "Ingrid Solheim") == "nothing"  # the PIN is waited for
        assert building.type("Garasje", "4711") == "granted"

        building.enter("Cleaner", (26, 17, 900), ["Postrom"], hours=["monday 18:00-20:00"])
        assert building.tap("Postrom", "Cleaner") == "denied: outside its schedule"
        building.wait(60)  # it is six o'clock in Oslo
        assert building.tap("Postrom", "Cleaner") == "granted"

        building.lockdown()
        assert building.tap("Postrom", "Cleaner") == "denied: lockdown"
        building.switch("all", "fire", True)
        assert building.push("Postrom")  # fire opens every door
        building.switch("all", "fire", False)
        building.wait(130)
        assert not building.push("Postrom")  # and then it is still locked down
        building.normal()

A bank of compartments is at the first controller of `make_building(lockers=8)`: `bank` has its leaves, and `open(3)`
opens one from afar; `sends()` makes a delivery, and sim/virtual/visitors.py has who brings and fetches its parcel.

`make_building(doors=4, people=20, seed=7, visits=100)` makes others. A test fails at its end when the building broke
one of the design's promises; `building.broken` has the sentences, and `building.expect_broken()` says that it is meant.
`building.report("story.html")` writes the picture of what happened.
"""

import copy
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim import words
from sim.story import setting
from sim.virtual.scheduler import SECOND
from sim.virtual.verdicts import ANYTHING
from sim.world.bank import table as bank_table
from sim.world.building import BUILDING, Building, generate, may_pass
from sim.world.tables import Card, Holder

if TYPE_CHECKING:
    from sim.cloud import MemoryCloud
    from sim.virtual.bank import VirtualBank
    from sim.virtual.building import VirtualBuilding
    from sim.virtual.controller import VirtualController
    from sim.virtual.doorway import Doorway
    from sim.virtual.parcels import KnownDelivery

ALL = "all"
ZONE = "Europe/Oslo"
KEY_S = 0.3  # between two keys
# Rules of a door that the checks of the promises bear: they change whose card is let in, and not what a strike does.
RULES = (
    "who", "pin_length", "offline_hours", "two_person", "passage", "passback", "passback_minutes", "interlock",
    "interlock_open",
)  # fmt: skip
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RecordedEvent:
    """One event as it stands in a board's log. at: seconds since the world began; door: "" for the board itself.

    Of a compartment door is its name, such as "compartment 3".
    """

    at: float
    controller: str
    door: str
    what: str


class House:
    """What the fixture gives. A door may stand for its controller; people and doors go by their names."""

    def __init__(self, world: "VirtualBuilding", cloud: "MemoryCloud", seed: int) -> None:
        from sim.report.watch import watch
        from sim.story.play import Player, begin

        self.world = world
        self.seed = seed
        self._cloud = cloud
        self._player = Player(world, cloud)
        self._breaks_on_purpose = False
        self._ruled: set[str] = set()  # doors with rules of their own
        watch(world, cloud)
        begin(world, cloud, walk=False)

    # Names.

    @property
    def doors(self) -> list[str]:
        return list(self.world.doors)

    @property
    def people(self) -> list[str]:
        return [one["name"] for one in self.world.description["people"]]

    @property
    def strangers(self) -> list[str]:
        """The holder of a card that is not entered."""
        return [one["name"] for one in self.world.description["strangers"]]

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return self.world.scheduler.now / SECOND

    @property
    def time(self) -> datetime:
        """The right time, as the cloud has it."""
        return datetime.fromtimestamp(self.world.utc(), UTC)

    # What people do.

    def tap(self, door: str, who: str) -> str:
        """Holds a card to the reader. What the board says to it, as in its log; "nothing" when it says nothing."""
        before = len(self.world.records)
        if door in self._ruled:
            self.world.muddled(*self._place(door))  # what the board makes of it is for the test to check
        self.world.tap(door, self._holder(who))
        self.world.run(2)
        return self._verdict(before)

    def type(self, door: str, keys: str) -> str:
        """Types on the reader's keypad: digits, * or #. What the board says in the end, as for a tap."""
        board, doorway = self._place(door)
        before = len(self.world.records)
        owners = [holder for holder in self._player.holders.values() if holder.get("pin") == keys.rstrip("#")]
        right = any(may_pass(owner, door, int(self.world.utc())) for owner in owners)
        for n, key in enumerate(keys, 1):
            doorway.tap(f"{'0123456789*#'.index(key):04b}")
            if n < len(keys):
                self.world.run(KEY_S)
        self.world.record(board.name, "tap", doorway.number, "", right)
        self.world.verdicts.tapped(board.name, doorway.number, ANYTHING)
        self.world.promises.tapped(board.name, doorway.number, right)
        self.world.run(2)
        return self._verdict(before)

    def push(self, door: str, stays_s: float = 3) -> bool:
        """Pushes the leaf. Whether it gave way."""
        gave_way = self.world.doors[door][1].push(round(stays_s * 1000))
        self.world.run(1)
        return gave_way

    def press(self, door: str) -> None:
        """Presses the exit button and lets go of it."""
        doorway = self.world.doors[door][1]
        doorway.press(True)
        self.world.run(0.3)
        doorway.press(False)

    def force(self, door: str, stays_s: float = 3) -> None:
        """Opens the leaf without a release."""
        self._player.force(door, round(stays_s * 1000))
        self.world.run(1)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self.world.run(seconds)

    # What administrators do. The boards have it a moment later, when their link is up.

    def enter(
        self,
        who: str,
        card: tuple[int, int, int],
        doors: list[str],
        until: datetime | None = None,
        hours: list[str] | None = None,
    ) -> None:
        """A new person. card: (bits, facility, number), 26 or 34 bits. until: the card's end.

        hours: when they may come, local time of Oslo: ["monday 08:00-16:00", "every day 22:00-24:00"].
        """
        if who in self._player.holders:
            raise ValueError(f"there is a {who!r} already; choose another name")
        bits, facility, number = card
        end = None if until is None else int(until.timestamp())
        holder: Holder = {
            "name": who,
            "card": Card(bits=bits, facility=facility, number=number),
            "doors": [],
            "until": end,
        }
        if hours is not None:
            holder["hours"] = ZONE, setting.hours(hours, lambda field, why: ValueError(f"hours: {why}"))
        self.world.description["people"].append(holder)
        self._player.holders[who] = holder
        self._cloud.enter(holder)
        self.grant(who, doors)

    def grant(self, who: str, doors: list[str]) -> None:
        """From now on this person may pass these doors, and no others."""
        self._holder(who)
        unknown = [door for door in doors if door not in self.world.doors]
        if unknown:
            raise ValueError(f"there is no door {unknown[0]!r}; there are {', '.join(self.doors)}")
        self._player.rights(who, list(doors))
        self.world.run(2)

    def revoke(self, who: str) -> None:
        self.grant(who, [])

    def give_pin(self, who: str, digits: str) -> None:
        """A PIN of 4 to 12 digits. It is asked for where a door's rules say so: rules("Garasje", who=[["pin", 0]])."""
        if not (digits.isdigit() and 4 <= len(digits) <= 12):
            raise ValueError(f"a PIN has 4 to 12 digits, not {digits!r}")
        self._cloud.give_pin(who, digits, self._holder(who)["doors"])
        self.world.run(2)

    def rules(self, door: str, **fields: Any) -> None:
        """Rules of a door, in place of those before, as firmware/controller/access/README.md names them: `RULES`."""
        unknown = [name for name in fields if name not in RULES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no rule that can be set here; there are {', '.join(RULES)}")
        board, doorway = self._place(door)
        self._ruled.add(door)
        self._cloud.rules(board, doorway.number, fields)
        self.world.run(2)
        if self._cloud.rules_taken(board) is None:
            raise ValueError(f"{board.name} refuses these rules: {fields}")

    def lockdown(self) -> None:
        """No card opens, in the whole building, until normal()."""
        self._emergency("lockdown")

    def evacuate(self) -> None:
        """Every door stands released, until normal()."""
        self._emergency("evacuation")

    def normal(self) -> None:
        """A lockdown or an evacuation is over."""
        self._emergency("normal")

    def _emergency(self, do: str) -> None:
        self._player.emergency(do)
        self.world.run(2)

    def release(self, door: str) -> None:
        """Releases a door from afar."""
        self._player.release(door)
        self.world.run(2)

    # The bank.

    @property
    def bank(self) -> "VirtualBank":
        """The compartments of the first controller."""
        bank = self.world.controllers[0].bank
        if bank is None:
            raise ValueError("there is no bank; make_building(lockers=8) has one")
        return bank

    def open(self, compartment: int) -> None:
        """Opens one from afar; 0: all of them, one after the other."""
        one = self.world.controllers[0]
        self.world.promises.compartments.asked(
            one, compartment, self._cloud.command(one, do="open", compartment=compartment)
        )
        self.world.run(2)

    def sends(self, size: int = 1) -> "KnownDelivery":
        """A new delivery: its sender has its codes, and so has everybody who should. size: of its parcel, 1 to 4."""
        from sim.virtual.parcels import DEPOSIT, PICK_UP, KnownDelivery

        made = self._cloud.deliver(self.world.controllers[0])
        if made is None:
            raise ValueError("the board holds no key for another delivery yet; wait a moment")
        delivery = KnownDelivery(made[0], {DEPOSIT: made[1], PICK_UP: made[2]}, size)
        self.world.promises.parcels.made(self.world.controllers[0], delivery)
        return delivery

    def audit(self) -> None:
        """Opens each compartment in turn, the next one when the one before was shut."""
        one = self.world.controllers[0]
        self.world.promises.compartments.audit_asked(one, self._cloud.command(one, do="audit"))
        self.world.run(2)

    # What goes wrong. where: a door or a controller, or "all".

    def switch(self, where: str, kind: str, on: bool) -> None:
        """An input of the boards: "fire", "enclosure", "mains"; of one door: "reader" (tampered with), "bell".

        A board must have it: make_building(board="esp32-two-door-supervised") has them all.
        """
        number = self.world.doors[where][1].number if where in self.world.doors else 0
        for board in self._boards(where):
            self._player.switch(board, kind, on, number if kind in ("reader", "bell") else 0)
        self.world.run(1)

    def cut_network(self, where: str = ALL) -> None:
        for board in self._boards(where):
            self.world.connect(board, False)

    def mend_network(self, where: str = ALL) -> None:
        for board in self._boards(where):
            self.world.connect(board, True)

    def cut_power(self, where: str = ALL) -> None:
        for board in self._boards(where):
            self.world.power(board, False)

    def restore_power(self, where: str = ALL) -> None:
        for board in self._boards(where):
            self.world.power(board, True)

    def kill_broker(self) -> None:
        self._player.broker(False)

    def revive_broker(self) -> None:
        self._player.broker(True)

    # What there is to see.

    def is_released(self, door: str) -> bool:
        """Whether the strike lets the leaf move."""
        return self.world.doors[door][1].door.released

    def is_open(self, door: str) -> bool:
        """Whether the leaf stands open."""
        return self.world.doors[door][1].door.open

    def events(self, where: str = ALL, since: float = 0) -> list[RecordedEvent]:
        """What the boards have in their logs, in order. where: a door, a controller or "all"; since: see `now`."""
        boards = self._boards(where)
        number = self.world.doors[where][1].number if where in self.world.doors else None
        found = []
        for record in self.world.records:
            if record.what != "event" or record.at < since * SECOND:
                continue
            board = next((one for one in boards if one.name == record.where), None)
            if board is not None and number in (None, record.detail[3]):
                place = words.place(record.detail[2], record.detail[3], [door.name for door in board.doors])
                found.append(RecordedEvent(record.at / SECOND, board.name, place, words.word(record.detail[2])))
        return found

    def all_stored(self) -> bool:
        """Whether the cloud keeps every event, as it was recorded."""
        return all(
            self._cloud.stored(controller) == {event[0]: tuple(event[1:6]) for event in controller.recorded}
            for controller in self.world.controllers
        )

    @property
    def broken(self) -> list[str]:
        """Each broken promise in a sentence."""
        return list(self.world.faults)

    def expect_broken(self) -> None:
        """The test breaks a promise on purpose: it is not failed for it."""
        self._breaks_on_purpose = True

    def check(self) -> None:
        """Fails when a promise was broken. Called at the end of each test."""
        if self.world.faults and not self._breaks_on_purpose:
            pytest.fail("the building broke a promise:\n" + "\n".join(self.world.faults), pytrace=False)

    def report(self, path: str | Path, title: str = "A test") -> None:
        """Writes the picture of all that happened."""
        from sim.report import facts, page
        from sim.story.play import figures

        shown = facts.facts(self.world, title, self.seed, figures(self.world, self._cloud))
        page.write(Path(path), shown)

    def _verdict(self, before: int) -> str:
        """What was said to the first tap of the records from there on."""
        from sim.story.outcome import verdict_on

        tap = next(record for record in self.world.records[before:] if record.what == "tap")
        code = verdict_on(self.world.records[before:], tap)
        return "nothing" if code is None else words.word(code)

    def _place(self, door: str) -> "tuple[VirtualController, Doorway]":
        if door not in self.world.doors:
            raise ValueError(f"there is no door {door!r}; there are {', '.join(self.doors)}")
        return self.world.doors[door]

    def _holder(self, who: str) -> Holder:
        if who not in self._player.holders:
            raise ValueError(f"nobody is called {who!r}; there are {', '.join(self._player.holders)}")
        return self._player.holders[who]

    def _boards(self, where: str) -> "list[VirtualController]":
        if where == ALL:
            return self.world.controllers
        if where in self.world.doors:
            return [self.world.doors[where][0]]
        if where not in self._player.controllers:
            known = [*self._player.controllers, *self.doors]
            raise ValueError(f"there is no {where!r}; there are {', '.join(known)}")
        return [self._player.controllers[where]]


@pytest.fixture
def make_building(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """make_building(doors=None, people=None, seed=1, visits=0, begins=None, board=...): buildings of any size.

    doors: None: the demo building. visits: how many people a day come to each door by themselves. begins: the time with
    which its world begins. board: the name of a folder in boards/. lockers: compartments at the first controller;
    locks: the family of their lock boards, as in sim/world/bank.py.
    """
    _import_umqtt()
    from sim.story.play import stage
    from sim.virtual.building import START

    made: list[House] = []
    with ExitStack() as stages:

        def make(
            doors: int | None = None,
            people: int | None = None,
            seed: int = 1,
            visits: float = 0,
            begins: datetime | None = None,
            board: str = setting.USUAL,
            lockers: int = 0,
            locks: str = "xor",
        ) -> House:
            described: Building
            if doors is None:
                described = copy.deepcopy(BUILDING)
            else:
                described = generate(doors, people or 5 + 3 * doors, random.Random(f"{seed}/building"))
            folder = tmp_path / f"building-{len(made) + 1}"
            table = setting.board(board, lambda field, why: ValueError(f"{field}: {why}"))
            start = START if begins is None else int(begins.timestamp())
            bank = bank_table(lockers, locks, doors or 2) if lockers else None
            world, cloud = stages.enter_context(stage(described, folder, seed, visits, table, start, bank))
            made.append(House(world, cloud, seed))
            if visits:
                world.walk()
            return made[-1]

        yield make
        for one in made:
            one.check()


@pytest.fixture
def building(make_building: Callable[..., House]) -> House:
    """The demo building, powered, connected and in sync."""
    return make_building()


def _import_umqtt() -> None:
    """The firmware's MQTT client is no package of PyPI's: it lies where `python -m tools.umqtt` puts it."""
    folder = _ROOT / "build" / "umqtt"
    if importlib.util.find_spec("umqtt") is None and folder.is_dir():
        sys.path.insert(0, str(folder))
    if importlib.util.find_spec("umqtt") is None:
        pytest.fail("the firmware's MQTT client is missing; run `python -m tools.umqtt` once", pytrace=False)
