"""The promises of the design, each judged by what a run shows: pins, flash, the broker's bytes, the people.

The checks do not ask the firmware why it did something: they know which card was held there and what lies on flash.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.controller import events as codes
from sim.mcu import chip as mcu
from sim.world.tables import Holder

from . import flash
from .checks import CHECKS, NAMES
from .compartments import CompartmentChecks
from .flash_errors import FlashErrors
from .leaves import Leaves
from .links import Links
from .logged import LoggedEvent
from .logs import Logs
from .own import OwnChecks
from .parcels import ParcelChecks
from .scheduler import SECOND
from .sealed import SealedMessages
from .slots import Slots
from .strikes import Strikes

if TYPE_CHECKING:
    from .building import Record, VirtualBuilding
    from .chip import VirtualChip
    from .controller import VirtualController
    from .doorway import Doorway
    from .faults import FaultInjector

CLOCK_S = 7  # a board takes an answer about the time that is up to 5 s old
DRIFT_PPM = 60  # a crystal, and the simulator's worst
ACKNOWLEDGED, BOOTS = 1, 2  # kinds of the state journal; see storage/state.py


@dataclass(frozen=True)
class Broken:
    """A promise that was broken. step: how many things had happened in the world before."""

    number: int
    step: int
    at: int
    what: str
    last: tuple[str, ...]
    check: str = ""

    def __str__(self) -> str:
        named = f"{self.number} ({NAMES[self.number]})" + (f", check {self.check!r}" if self.check else "")
        return f"promise {named}, step {self.step}, {self.at / SECOND:.6f} s: {self.what}"


class Promises:
    """Watches one building.

    knows(controller, version, digest): whether the cloud ever made that access list.
    acknowledged(controller): up to which event the cloud told it that it has all. heard(controller, seconds): whether
    the cloud heard it so lately. faults: those that a controller may feel. What is None is not judged.
    """

    def __init__(self, building: "VirtualBuilding") -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.broken: list[Broken] = []
        self.checks: Counter[str] = Counter()  # how often each check judged
        self.release_ms, self.held_ms = 5_000, 30_000
        self.knows: Callable[[VirtualController, int, int], bool] | None = None
        self.acknowledged: Callable[[VirtualController], int] | None = None
        self.heard: Callable[[VirtualController, float], bool] | None = None
        self.faults: FaultInjector | None = None
        self.on_broken: Callable[[Broken], None] | None = None
        self.recent: deque[Record] = deque(maxlen=24)
        self.started: dict[str, int] = {}  # since when a board is at work
        self.strikes = Strikes(self)
        self.leaves = Leaves(self)
        self.compartments = CompartmentChecks(self)
        self.parcels = ParcelChecks(self)
        self.own = OwnChecks(self)
        self.links = Links(self)
        self.logs = Logs(self)
        self.flash_errors = FlashErrors(self)
        self.slots = Slots(self)
        building.verdicts.damaged = self.flash_errors.ill
        self.messages = SealedMessages(building.description, self.red)
        building.network.on_hang = self._hangs
        self._noted: dict[tuple[str, int], int] = {}  # of each board's journal: the last value of a kind

    @property
    def judged(self) -> Counter[int]:
        """How often each promise was judged."""
        count: Counter[int] = Counter()
        for name, times in self.checks.items():
            count[CHECKS[name][0]] += times
        return count

    @property
    def slowest_us(self) -> int:
        """From a card's last bit to its grant."""
        return self.strikes.slowest_us

    def red(self, check: str, what: str) -> None:
        """A check found something."""
        self.breaks(CHECKS[check][0], what, check)

    def breaks(self, number: int, what: str, check: str = "") -> None:
        lines = tuple(f"{one.at / SECOND:.6f} {one.where} {one.what} {one.detail}" for one in self.recent)
        one = Broken(number, self.scheduler.happened, self.scheduler.now, what, lines, check)
        self.broken.append(one)
        if self.on_broken is not None:
            self.on_broken(one)

    # What the building tells.

    def saw(self, record: "Record") -> None:
        """Something happened."""
        self.recent.append(record)
        self.links.saw(record)

    def tapped(self, where: str, door: int, right: bool) -> None:
        """A card's last bit is out. right: whether this person may pass here, as the world knows it."""
        self.strikes.tapped(where, door, right)

    def strike(self, controller: "VirtualController", door: "Doorway", event: tuple[int, int], by_button: bool) -> None:
        """A strike was released. event: code and time of the last event of that door on flash."""
        self.strikes.moved(controller, door, event, by_button)

    def stays_released(self, controller: "VirtualController", door: int, since: int | None = None) -> bool:
        """Whether fire or an evacuation keeps it released, or let go of it a moment ago. since: or ever since then."""
        return controller.inputs.burns(door, since) or self.building.emergencies.evacuated(controller.name, since)

    def pressed(self, controller: "VirtualController", door: "Doorway") -> None:
        """A person presses the exit button."""
        self.strikes.pressed(controller, door)

    def leaf_moved(self, controller: "VirtualController", door: "Doorway") -> None:
        """A leaf moved; the last bounce of its contact is over."""
        self.leaves.moved(controller, door)

    def stopped(self, name: str) -> None:
        """The board stopped."""
        self.started.pop(name, None)
        self.compartments.stopped(name)
        self.parcels.stopped(name)

    def recorded(self, controller: "VirtualController", event: LoggedEvent, raw: bytes) -> None:
        """An event is on flash."""
        self.logs.recorded(controller, raw, controller.placed)
        if not controller.at_work:
            return
        self._timed(controller, event)
        if event[2] == codes.STARTED:
            if event[4] == mcu.WDT_RESET and self.slots.before.get(controller.name) != "hangs":
                self.red("crash", f"{controller.name}: the watchdog had to start the board")
            self.safe(controller)
            self.audit(controller)
            self.started[controller.name] = self.scheduler.now
        self.strikes.recorded(controller, event[2], event[3])
        self.leaves.recorded(controller, event[2], event[3])
        self.parcels.recorded(controller, event)
        self.own.recorded(controller, event)
        self.compartments.recorded(controller, event)
        self.links.recorded(controller, event[0])

    def _timed(self, controller: "VirtualController", event: LoggedEvent) -> None:
        """0: a time that the board trusts is right."""
        utc, trusted = event[1], event[5] & codes.TIME_TRUSTED
        if not trusted and not utc:
            return
        self.checks["time"] += 1
        # More than an hour without an answer, and the drift since then counts as well.
        running_s = (self.scheduler.now - controller.chip.booted) / SECOND
        wrong = abs(utc - self.building.utc())
        if not trusted or wrong > CLOCK_S + running_s * DRIFT_PPM / 1e6:
            how = f"{wrong:.0f} s wrong" if trusted else "and its time is not to be trusted"
            self.red("time", f"{controller.name}: event {event[0]} says {utc}, {how}")

    def noted(self, controller: "VirtualController", kind: int, value: int) -> None:
        """5: a number is in the state journal."""
        if kind not in (ACKNOWLEDGED, BOOTS):
            return
        self.checks["journal"] += 1
        before = self._noted.get((controller.name, kind), 0)
        self._noted[controller.name, kind] = value
        if kind == BOOTS and value not in (before, before + 1):
            self.red("journal", f"{controller.name}: start {value} comes after start {before}")
        last = controller.recorded[-1][0] if controller.recorded else 0
        if kind == ACKNOWLEDGED and value & 0xFFFFFFFF > last:
            text = f"{controller.name}: it notes that the cloud has event {value & 0xFFFFFFFF}, and recorded {last}"
            self.red("journal", text)

    # What lies on flash.

    def safe(self, controller: "VirtualController") -> None:
        """6, at the moment at which a start is on record."""
        self.checks["safe"] += 1
        for door in controller.doors:
            strike = door.table["strike"]
            if self.stays_released(controller, door.number):
                continue
            if door.door.released or controller.chip.outputs.get(strike["pin"]) != 1 - strike["active"]:
                self.red("safe", f"{controller.name} door {door.number}: the strike is not safe at a start")

    def audit(self, controller: "VirtualController") -> None:
        """5, 10, 11: what was recorded is there until its time is over, and the access list is one of the cloud's."""
        self.logs.audit(controller)
        self.logs.keys(controller)
        self.access_list(controller)
        self.plain(controller)

    def access_list(self, controller: "VirtualController") -> None:
        """5: what the slots hold is what the journal says, and a version that the cloud made."""
        self.checks["access list"] += 1
        said = flash.access_list(flash.image(controller.chip.flash["acl"]))
        if said is None or said.version == 0:
            return
        named = f"{controller.name}: access list {said.version}"
        if said.digest != said.held:
            if self.flash_errors.ill(controller.name):
                return
            self.red("access list", f"{named} says {said.digest:016x}, holds {said.held:016x}")
        elif self.knows is not None and not self.knows(controller, said.version, said.digest):
            self.red("access list", f"{named}, {said.digest:016x} was never made by the cloud")

    def plain(self, controller: "VirtualController") -> None:
        """9, on flash."""
        self.checks["plain"] += 1
        for label, part in controller.chip.flash.items():
            found = self.messages.plain.search(flash.image(part))
            if found is not None:
                self.red("plain", f"{controller.name}: {found.group()!r} stands in plain text in partition {label}")

    # What travels.

    def carried(self, topic: str, payload: bytes) -> None:
        """9, in a message that the broker carries. There nothing at all is to be read."""
        self.messages.carried(topic, payload)
        self.checks["key stream"] = self.messages.judged

    def sealed(self, message: bytes) -> None:
        """9, in a message before an end seals it."""
        self.messages.inside(message)

    def opened(self, end: object, sealed: bytes) -> None:
        """7: an end of a channel took a message."""
        self.checks["replay"] += 1
        self.messages.opened(end, sealed)

    def taken(self, controller: "VirtualController", holder: Holder, still: Callable[[], bool]) -> None:
        """8: a holder has just lost a right at this board. still(): whether that is so a second later."""
        self.links.taken(controller, holder, still)

    def _hangs(self, chip: "VirtualChip") -> None:
        one = next(controller for controller in self.building.controllers if controller.chip is chip)
        self.links.hangs(one, lambda: chip.name in self.building.network.stuck)

    def revoked(self, controller: "VirtualController", who: str, granted: bool) -> None:
        """8: a card taken away more than a second ago was held to a reader whose link is confirmed."""
        self.links.revoked(controller, who, granted)
