"""A whole building in virtual time: controllers running the real firmware, doors, people, the broker and the cloud."""

import random
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from firmware.controller.events import GRANTED as GRANTED_CODE
from firmware.controller.events import TIME_TRUSTED
from sim.world import person
from sim.world.broker import Broker
from sim.world.building import Building, may_pass
from sim.world.tables import Board, Holder, Settings, Table
from sim.world.wiegand import card_bits

from .chip import Starved
from .controller import VirtualController
from .doorway import Doorway
from .emergencies import Emergencies
from .logged import LoggedEvent
from .net import VirtualNetwork
from .pace import INSTANT, Pace
from .post import Post
from .promises import Broken, Promises
from .scheduler import MS, SECOND, ScheduledCall, Scheduler
from .slots import WELL, DoesNotStart
from .verdicts import ANYTHING, DENIED, GRANTED, MISREAD, Verdicts

START = 1_795_305_600  # Unix seconds at the beginning of a world, if nothing else is said: 2026-11-22 00:00 UTC
# The cloud's worker polls every 100 ms and mostly finds nothing. Here it polls when the cloud says that something is
# due, and now and then. A sealed ping is the shortest message: it moves nothing.
POLL_US = 100 * MS
MOVED_US = 2_500 * MS  # after a message, for a cloud that does not say what is due
IDLE_US = 1_800 * SECOND
PING_BYTES = 26
STOCK_BYTES = 7 * 4096  # of the partition for the keys of deliveries
EDGE_S = 3  # a board's clock may be so wrong


class Cloud(Protocol):
    """The cloud end, given from outside: the simulator knows no database."""

    def on_message(self, topic: str, payload: bytes) -> bool | None: ...

    def poll(self) -> None: ...


class Planning(Protocol):
    """A cloud that knows when poll() has something to do next: Unix seconds, or None.

    Its on_message() tells whether that may be another time now.
    """

    def due(self) -> float | None: ...


Publish = Callable[[str, bytes], None]
CloudFactory = Callable[[Publish, Callable[[], float], Callable[[int], bytes]], Cloud]


@dataclass(frozen=True)
class Record:
    """One thing that happened. at: microseconds since the start; where: the controller, or "" for all of them."""

    at: int
    where: str
    what: str
    detail: tuple[Any, ...]


def _with(board: Board, bank: Table) -> Board:
    """A board with a bank of compartments, and a partition for the keys of its deliveries."""
    return {**board, "bank": bank, "flash": {**board["flash"], "bank": STOCK_BYTES}}


class VirtualBuilding:
    """description: as sim/world/building.py has it. settings: of each controller, as its enrolment made them.

    cloud(publish, now, urandom): makes the cloud end; None for a building without one. keep: whether records are kept.
    pace: how long things take on the boards. begins: Unix seconds. bank: `bank` of board.json at the first controller.
    """

    def __init__(
        self,
        description: Building,
        settings: list[Settings],
        board: Board,
        folder: Path,
        seed: int = 0,
        cloud: CloudFactory | None = None,
        visits_a_day: float = 200,
        keep: bool = True,
        pace: Pace = INSTANT,
        begins: int = START,
        bank: Table | None = None,
    ) -> None:
        self.description = description
        self.begins = begins
        self.scheduler = Scheduler(seed)
        self.network = VirtualNetwork(self.scheduler)
        self.broker = Broker()
        self.post = Post(self.scheduler, self.network, self.broker)
        self.records: list[Record] = []
        self.counts: Counter[str] = Counter()
        self.verdicts = Verdicts(lambda: self.scheduler.now, self._wrong)
        self.emergencies = Emergencies(lambda: self.scheduler.now, self._wrong)
        self.promises = Promises(self)
        self.promises.on_broken = self._broke
        self.faults: list[str] = []  # what must never happen, and did: a sentence each
        self.answers = array("I")  # of every grant: microseconds from the card's last bit to the strike
        self._read_at: dict[tuple[str, int], int] = {}  # by door: when a card's last bit was out
        self._muddled: dict[tuple[str, int], int] = {}  # by door: until when it is not sure what a board has read
        self.noise: Callable[[str], str] = str  # what a reader makes of a card's frame; by default what it is
        self._timely: set[str] = set()  # boards that trust their time
        self._keep = keep
        self._walking = False
        self._visits_a_day = visits_a_day
        self._moved: ScheduledCall | None = None  # the next poll of the cloud, and when
        self._moved_at = 0
        self._considering = False
        self._last_event: dict[tuple[str, int], tuple[int, int]] = {}  # where: code, when
        self.controllers = [
            VirtualController(
                one["name"],
                settings[i],
                board if bank is None or i else _with(board, bank),
                folder / f"controller-{i + 1}",
                self.scheduler,
                self.network,
                [door["name"] for door in one["doors"]],
                self._strike,
                self._event,
                self._crash,
                pace,
            )
            for i, one in enumerate(description["controllers"])
        ]
        for controller in self.controllers:
            self._watch(controller)
        self.doors = {door.name: (one, door) for one in self.controllers for door in one.doors}
        self.cloud: Cloud | None = None
        if cloud is not None:
            chance = self.scheduler.chance("cloud")
            self.cloud = cloud(self.post.publish, self.utc, chance.randbytes)
            self.post.subscribe("portvakt/+/up", self._cloud_hears)
            self._plan_poll(IDLE_US)

    def _watch(self, controller: VirtualController) -> None:
        """Lets the promises hear what happens at a board beside its events and its strikes."""
        promises = self.promises
        controller.chip.on_stop = partial(self._stopped, controller.name)
        for door in controller.doors:
            door.on_leaf = partial(promises.leaf_moved, controller)
            door.on_press = partial(promises.pressed, controller)
        controller.on_state = partial(promises.noted, controller)
        controller.on_start = partial(promises.slots.started, controller)
        if controller.bank is not None:
            promises.compartments.watch(controller, controller.bank)

    def utc(self) -> float:
        """Unix seconds, now."""
        return self.begins + self.scheduler.now / SECOND

    def start(self) -> None:
        """Power comes, people begin to walk."""
        for controller in self.controllers:
            controller.chip.power_on()
        self.walk()

    def run(self, seconds: float) -> None:
        self.scheduler.run(self.scheduler.now + int(seconds * SECOND))

    def run_until(self, done: Callable[[], bool], at_most_s: float, step_s: float = 60) -> bool:
        """Goes on in steps until done(), at the most so long. Whether it is done."""
        end = self.scheduler.now + int(at_most_s * SECOND)
        while not done():
            if self.scheduler.now >= end:
                return False
            self.run(step_s)
        return True

    def close(self) -> None:
        """Ends every task, so that nothing of this world runs when it is collected."""
        for controller in self.controllers:
            controller.chip.power_cut()

    def nudge(self) -> None:
        """Something was changed in the cloud."""
        if self.cloud is not None:
            self._plan_poll(IDLE_US if hasattr(self.cloud, "due") else POLL_US)

    # People.

    def walk(self) -> None:
        """People begin to come and go."""
        self._walking = True
        chance = random.Random(self.scheduler.chance("people").getrandbits(64))
        for one in person.people_of(self.description, self._visits_a_day, chance, self.begins):
            self._plan(one)

    def rest(self) -> None:
        """No visit begins any more."""
        self._walking = False

    def _plan(self, one: person.Person) -> None:
        visit = one.next_visit(self.scheduler.now // MS)
        self.scheduler.at(visit.at * MS, self._visit, one, visit)

    def _visit(self, one: person.Person, visit: person.Visit) -> None:
        if not self._walking:
            return
        for step in visit.steps:
            self.scheduler.after(step.after_ms * MS, self._step, visit, step)
        self._plan(one)

    def _step(self, visit: person.Visit, step: person.Step) -> None:
        controller, door = self.doors[visit.door]
        self.counts[step.do] += 1
        if step.do == person.TAP:
            self.tap(visit.door, visit.holder)
        elif step.do == person.MISREAD:
            self.tap(visit.door, visit.holder, card_bits(visit.holder["card"])[:-1])
        elif step.do == person.PUSH:
            door.push(step.stays_ms)
        elif step.do == person.FORCE:
            self.record(controller.name, "force", door.number)
            door.force(step.stays_ms)
        else:
            door.press(step.do == person.PRESS)

    def tap(self, door_name: str, holder: Holder, bits: str | None = None) -> None:
        """A card is held to the reader. bits: what the reader makes of it, when that is not the card's frame."""
        controller, door = self.doors[door_name]
        if bits is None and self.noise is not str:
            frame = card_bits(holder["card"])
            heard = self.noise(frame)
            bits = None if heard == frame else heard

        def read(began: int) -> None:
            utc, locked = int(self.utc()), self.emergencies.locked(controller.name)
            may = may_pass(holder, door_name, utc)
            allowed = bits is None and may
            right = allowed and not locked
            self.record(controller.name, "tap", door.number, holder["name"], right)
            if controller.chip.on:
                place = controller.name, door.number
                edges = {may_pass(holder, door_name, utc + way * EDGE_S) for way in (-1, 1)}
                unsure = bits is None and (bool(holder.get("unsure")) or len(edges) == 2) and not locked
                timeless = bool(holder.get("hours")) and controller.name not in self._timely
                unsure = unsure or (allowed and (timeless or self.emergencies.unsure(controller.name)))
                # Noise may add a bit, a pause take one: the card is read as it is, and its holder has the right.
                good = unsure or (may and not locked)
                unsure = not self.seen(controller, door, began) or unsure
                expected = ANYTHING if unsure else MISREAD if bits else GRANTED if right else DENIED
                self.verdicts.tapped(*place, expected)
                self.promises.tapped(*place, good)
                self._read_at[place] = self.scheduler.now

        door.tap(bits or card_bits(holder["card"]), read)

    def seen(self, controller: VirtualController, door: Doorway, began: int) -> bool:
        """Whether the board saw every bit of a card from `began` on, and is not still at one of which it did not."""
        chip = controller.chip
        if chip.lost_at >= began:
            self.counts["frames lost in a pause"] += 1
            self.muddled(controller, door)
        unheard = door.polled is not None and not door.polled.listened()
        if unheard or door.reader_fault is not None or door.reader_changed >= began:
            self.muddled(controller, door)
        if self.promises.slots.manner(controller.name) != WELL:
            return False
        return chip.booted < began and self._muddled.get((controller.name, door.number), -1) < began

    def muddled(self, controller: VirtualController, door: Doorway) -> None:
        """For a while it is not known what the board makes of what it reads there."""
        self._muddled[controller.name, door.number] = self.scheduler.now + 2 * SECOND

    # Power, network, broker.

    def power(self, controller: VirtualController, on: bool) -> None:
        self.record(controller.name, "power", on)
        if on:
            controller.chip.power_on()
        else:
            controller.chip.power_cut()

    def connect(self, controller: VirtualController, on: bool) -> None:
        """Wi-Fi of one controller."""
        self.record(controller.name, "network", on)
        controller.chip.set_access_point(on)

    # What happened.

    def record(self, where: str, what: str, *detail: Any) -> None:
        one = Record(self.scheduler.now, where, what, detail)
        self.promises.saw(one)
        if self._keep:
            self.records.append(one)

    def _stopped(self, name: str) -> None:
        self.verdicts.forget(name)
        self.emergencies.stopped(name)
        self.promises.stopped(name)

    def _event(self, controller: VirtualController, event: LoggedEvent, raw: bytes) -> None:
        code, door = event[2], event[3]
        self.counts["events"] += 1
        self.counts[f"code {code}"] += 1
        self._last_event[controller.name, door] = code, self.scheduler.now
        if controller.at_work:
            self.verdicts.recorded(controller.name, door, code, event[4], event[7])
        self.emergencies.recorded(controller.name, code, controller.name not in self.promises.started)
        (self._timely.add if event[5] & TIME_TRUSTED else self._timely.discard)(controller.name)
        self.record(controller.name, "event", *event[:6], event[7])
        self.promises.recorded(controller, event, raw)

    def _strike(self, controller: VirtualController, door: Doorway, released: bool) -> None:
        self.record(controller.name, "strike", door.number, released)
        if not released:
            return
        self.counts["releases"] += 1
        # The exit button is the exception: the strike first, the record at once after.
        by_button = door.pressed or self.scheduler.now - door.let_go_at < SECOND
        place = controller.name, door.number
        last = self._last_event.get(place, (0, -1))
        if last == (GRANTED_CODE, self.scheduler.now) and place in self._read_at:
            self.answers.append(self.scheduler.now - self._read_at.pop(place))
        self.promises.strike(controller, door, last, by_button)

    def _crash(self, controller: VirtualController, error: Exception) -> None:
        if isinstance(error, Starved):
            self.counts["ended without memory"] += 1
            return
        if isinstance(error, DoesNotStart):
            return
        self._wrong(f"{controller.name}: the firmware ended in {type(error).__name__}: {error}", "crash")

    def _wrong(self, sentence: str, check: str) -> None:
        self.promises.red(check, sentence)

    def _broke(self, broken: Broken) -> None:
        self.faults.append(f"at {broken.at / SECOND:.6f} s: {broken.what}")
        self.record("", "fault", broken.what)

    # The cloud.

    def _poll(self) -> None:
        """Polls, and again when something is due."""
        self._moved = None
        assert self.cloud is not None
        self.cloud.poll()
        self._plan_poll(IDLE_US)

    def _plan_poll(self, at_most_us: int) -> None:
        now = self.scheduler.now
        at = now + at_most_us
        if hasattr(self.cloud, "due"):
            due = cast(Planning, self.cloud).due()
            if due is not None:
                at = int((due - self.begins) * SECOND) + 1
        at = max(min(at, now + IDLE_US), now + POLL_US)
        if self._moved is not None:
            if self._moved_at <= at:
                return
            self._moved.cancel()
        self._moved_at = at
        self._moved = self.scheduler.at(at, self._poll)

    def _consider(self) -> None:
        """Messages came: something may be due that was not before."""
        self._considering = False
        self._plan_poll(IDLE_US)

    def _cloud_hears(self, topic: str, payload: bytes) -> None:
        assert self.cloud is not None
        moved = self.cloud.on_message(topic, payload)
        if not hasattr(self.cloud, "due"):
            if len(payload) > PING_BYTES:
                self._plan_poll(MOVED_US)
        elif moved is not False and not self._considering:
            self._considering = True
            self.scheduler.after(POLL_US, self._consider)
