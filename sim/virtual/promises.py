"""The promises of the design, each a check of its own on what a run shows: pins, flash, the broker's bytes, the people.

They do not ask the firmware why it did something: they know who stood at the door and what lies on flash.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firmware.controller import events as codes
from sim.mcu import chip as mcu
from sim.world.wiegand import card_bits

from . import flash
from .scheduler import MS, SECOND

if TYPE_CHECKING:
    from .building import VirtualBuilding
    from .controller import VirtualController
    from .doorway import Doorway

ANSWER_US = 150 * MS  # from the last bit of a card to the strike: a frame ends after 25 ms
CONTACT_US = 150 * MS  # from the last bounce of a contact to its event
SLACK_US = 500 * MS  # a strike that should have locked again


_READABLE = re.compile(rb'"(firmware|profiles|expires|result|digest)"')


@dataclass(frozen=True)
class Promise:
    number: int
    name: str
    sentence: str
    check: str  # the method of Promises that judges it


# Number 0 is no promise of the design: what any access controller must do, and these checks see on the way.
PROMISES = (
    Promise(0, "works", "Who has a right is let in; every tap and every move of a leaf is told once.", "leaf_moved"),
    Promise(1, "right", "A strike moves only for a grant, a good command or the exit button, and no longer.", "strike"),
    Promise(2, "record", "The event is on flash before the strike moves; with the exit button, just after.", "strike"),
    Promise(3, "log", "Nothing acknowledged is lost, nothing is counted twice, gaps are told.", "settled"),
    Promise(4, "network", "The door never waits for the network.", "recorded"),
    Promise(5, "power", "After a start every recorded event is there, the access list old or new.", "audit"),
    Promise(6, "safe", "Outputs are safe at every start.", "safe"),
    Promise(7, "link", "A link that comes back releases no door; late commands expire, replays do nothing.", "remote"),
    Promise(8, "revoked", "A revoked credential stops working within a second on a confirmed link.", "revoked"),
    Promise(9, "identifiers", "No name and no plain card number in flash, topics or messages.", "plain"),
)
NAMES = {one.number: one.name for one in PROMISES}
NOT_JUDGED = {
    10: "retention: the firmware has none yet",
    11: "an unaltered log: the events carry no chain yet",
    12: "updates: there are none yet",
}


@dataclass(frozen=True)
class Broken:
    """A promise that was broken. step: how many things had happened in the world before."""

    number: int
    step: int
    at: int
    what: str
    last: tuple[str, ...]

    def __str__(self) -> str:
        return f"promise {self.number} ({NAMES[self.number]}), step {self.step}, {self.at / SECOND:.6f} s: {self.what}"


class Promises:
    """Watches one building. knows(controller, version, digest): whether the cloud ever made that access list."""

    def __init__(self, building: "VirtualBuilding") -> None:
        self.building = building
        self.scheduler = building.scheduler
        self.broken: list[Broken] = []
        self.slowest_us = 0  # from a card's last bit to its grant
        self.judged: Counter[int] = Counter()  # how often each was judged
        self.release_ms = 5_000
        self.knows: Callable[[VirtualController, int, int], bool] | None = None
        self.on_broken: Callable[[Broken], None] | None = None
        self.recent: deque[Any] = deque(maxlen=24)
        self._taps: dict[tuple[str, int], deque[tuple[int, bool]]] = {}
        self._good_until: dict[tuple[str, int], int] = {}
        self._started: dict[str, int] = {}  # since when a board is at work
        self._leaf: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._on_flash: dict[str, deque[bytes]] = {}
        self._plain = _needles(building.description)

    def breaks(self, number: int, what: str) -> None:
        lines = tuple(f"{one.at / SECOND:.6f} {one.where} {one.what} {one.detail}" for one in self.recent)
        one = Broken(number, self.scheduler.happened, self.scheduler.now, what, lines)
        self.broken.append(one)
        if self.on_broken is not None:
            self.on_broken(one)

    # What happens at the doors.

    def tapped(self, where: str, door: int, right: bool) -> None:
        """A card's last bit is out. right: whether this person may pass here, as the world knows it."""
        self._taps.setdefault((where, door), deque(maxlen=8)).append((self.scheduler.now, right))

    def recorded(self, one: "VirtualController", event: tuple[Any, ...], raw: bytes) -> None:
        """4, and what the other checks need to know of an event that is on flash."""
        now, code, place = self.scheduler.now, event[2], (one.name, event[3])
        keep = self._on_flash.get(one.name)
        if keep is None:
            sectors = one.chip.flash["log"].size // flash.SECTOR
            keep = self._on_flash[one.name] = deque(maxlen=(sectors - 3) * 127)
        keep.append(raw)
        if not one.chip.on:
            return
        if code == codes.STARTED:
            if event[4] == mcu.WDT_RESET:
                self.breaks(0, f"{one.name}: the watchdog had to start the board")
            self.safe(one)
            self.audit(one)
            self._started[one.name] = now
        elif code in (codes.GRANTED, codes.RELEASED_REMOTE, codes.RELEASED_REX):
            self._good_until[place] = now + self.release_ms * MS
            self.scheduler.after(self.release_ms * MS + SLACK_US, self._locked_again, one, event[3])
            if code == codes.GRANTED:
                self._answered(place)
        elif code in (codes.DOOR_OPENED, codes.DOOR_FORCED, codes.DOOR_CLOSED):
            self._leaf.setdefault(place, []).append((now, code))

    def _answered(self, place: tuple[str, int]) -> None:
        since = [at for at, right in self._taps.get(place, ()) if right]
        if since:
            took = self.scheduler.now - since[-1]
            self.judged[4] += 1
            self.slowest_us = max(self.slowest_us, took)
            if took > ANSWER_US:
                self.breaks(4, f"{place[0]} door {place[1]}: a grant {took // MS} ms after the card")

    def strike(self, one: "VirtualController", door: "Doorway", event: tuple[int, int], by_button: bool) -> None:
        """1 and 2. event: code and time of the last event of that door on flash."""
        now, place = self.scheduler.now, (one.name, door.number)
        self.judged[1] += 1
        self.judged[2] += 1
        text = f"{one.name} door {door.number}: the strike moved"
        code, at = event
        by_record = at == now and code in (codes.GRANTED, codes.RELEASED_REMOTE)
        if not by_record and not by_button:
            self.breaks(2, f"{text} and no release is on record")
        if by_button and not by_record:
            self.scheduler.after(10 * MS, self._button_told, one, place, now, one.chip.starts)
        if not by_button and (self.building.verdicts.remote.get(place) != now):
            taps = self._taps.get(place, ())
            if not any(right and now - then <= SECOND for then, right in taps):
                self.breaks(1, f"{text} and nobody with a right stood there")
        if one.name not in self._started:
            self.breaks(6, f"{text} before the board was at work")

    def _button_told(self, one: "VirtualController", place: tuple[str, int], since: int, starts: int) -> None:
        code_until = self._good_until.get(place, 0)
        if one.chip.on and one.chip.starts == starts and code_until < since + self.release_ms * MS:
            self.breaks(2, f"{place[0]} door {place[1]}: released by the button and not on record")

    def _locked_again(self, one: "VirtualController", number: int) -> None:
        place = one.name, number
        self.judged[1] += 1
        if one.doors[number - 1].door.released and self.scheduler.now > self._good_until[place] + SLACK_US // 2:
            self.breaks(1, f"{one.name} door {number}: the strike did not lock again")

    def leaf_moved(self, one: "VirtualController", door: "Doorway") -> None:
        """0: a leaf moved; the last bounce of its contact is over."""
        self.scheduler.after(
            CONTACT_US, self._leaf_told, one, door, self.scheduler.now, door.door.open, door.moved_at, one.chip.starts
        )

    def _leaf_told(
        self, one: "VirtualController", door: "Doorway", since: int, is_open: bool, moved: int, starts: int
    ) -> None:
        place = one.name, door.number
        told = self._leaf.get(place, [])
        self._leaf[place] = [(at, code) for at, code in told if at > self.scheduler.now - SECOND]
        if door.moved_at != moved or not one.chip.on or one.chip.starts != starts:
            return
        if self._started.get(one.name, since) > since - SECOND or door.before_us < SECOND:
            return
        self.judged[0] += 1
        seen = [code for at, code in told if at >= moved]
        right = (codes.DOOR_OPENED, codes.DOOR_FORCED) if is_open else (codes.DOOR_CLOSED,)
        if len(seen) != 1 or seen[0] not in right:
            self.breaks(0, f"{one.name} door {door.number}: {'opened' if is_open else 'closed'}, and told {seen}")

    # What lies on flash.

    def stopped(self, name: str) -> None:
        """The board stopped."""
        self._started.pop(name, None)

    def safe(self, one: "VirtualController") -> None:
        """6, at the moment at which a start is on record."""
        self.judged[6] += 1
        for door in one.doors:
            strike = door.table["strike"]
            if door.door.released or one.chip.outputs.get(strike["pin"]) != 1 - strike["active"]:
                self.breaks(6, f"{one.name} door {door.number}: the strike is not safe at a start")

    def audit(self, one: "VirtualController") -> None:
        """5: what was recorded is there, and the access list is one that the cloud made."""
        self.judged[5] += 1
        there = flash.slots(flash.image(one.chip.flash["log"]))
        gone = [raw for raw in self._on_flash.get(one.name, ()) if raw not in there]
        if gone:
            self.breaks(5, f"{one.name}: {len(gone)} recorded events are not on flash after a start")
        self.access_list(one)
        self.plain(one)

    def access_list(self, one: "VirtualController") -> None:
        """5: what the slots hold is what the journal says, and a version that the cloud made."""
        said = flash.access_list(flash.image(one.chip.flash["acl"]))
        if said is None or said.version == 0:
            return
        if said.digest != said.held:
            self.breaks(5, f"{one.name}: access list {said.version} says {said.digest:016x}, holds {said.held:016x}")
        elif self.knows is not None and not self.knows(one, said.version, said.digest):
            self.breaks(5, f"{one.name}: access list {said.version}, {said.digest:016x} was never made by the cloud")

    def plain(self, one: "VirtualController") -> None:
        """9, on flash."""
        self.judged[9] += 1
        for label, part in one.chip.flash.items():
            found = self._plain.search(flash.image(part))
            if found is not None:
                self.breaks(9, f"{one.name}: {found.group()!r} stands in plain text in partition {label}")

    def carried(self, topic: str, payload: bytes) -> None:
        """9, in a message that the broker carries. There nothing at all is to be read."""
        found = _READABLE.search(payload) or self._plain.search(topic.encode())
        if found is not None:
            self.breaks(9, f"{found.group()!r} is to be read in a message under {topic}")
        else:
            self.sealed(payload)

    def sealed(self, message: bytes) -> None:
        """9, in a message before an end seals it."""
        found = self._plain.search(message)
        if found is not None:
            self.breaks(9, f"{found.group()!r} stands in plain text in a message")

    def revoked(self, one: "VirtualController", who: str, granted: bool) -> None:
        """8: a card taken away more than a second ago was held to a reader whose link is confirmed."""
        self.judged[8] += 1
        if granted:
            self.breaks(8, f"{one.name}: {who} was let in more than a second after the right was taken away")


def _needles(description: dict[str, Any]) -> re.Pattern[bytes]:
    """What must stand nowhere: names, cards as readers send them, as the firmware packs them, as people write them.

    Nothing shorter than five bytes: it would be found in encrypted text by chance.
    """
    found: set[bytes] = set()
    for who in description["people"] + description["strangers"]:
        card = who["card"]
        bits = card_bits(card)
        payload = int(bits[1:-1], 2)
        found.add(who["name"].encode())
        found.add(bits.encode())
        found.add(bytes((1, card["bits"])) + payload.to_bytes((card["bits"] + 5) // 8, "big"))
        found.update(str(number).encode() for number in (payload, card["number"]) if number > 999_999)
    return re.compile(b"|".join(re.escape(one) for one in sorted(_long(found))))


def _long(found: Iterable[bytes]) -> list[bytes]:
    return [one for one in found if len(one) >= 5]
