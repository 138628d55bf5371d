"""Promises 5, 10 and 11 in the event log on flash: what was recorded is there, in its chain, until its time is over.

It knows when each event was written, whatever the board takes the time to be.
"""

from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from sim.world.building import Building

from . import flash
from .scheduler import SECOND

if TYPE_CHECKING:
    from .controller import VirtualController
    from .promises import Promises

DAY_S = 86_400
GRACE_S = DAY_S  # within 24 hours of its end an event's content is gone
EARLY_S = 6 * 3_600  # a board's time may be so far ahead, if it ever is
AWAKE_S = 6 * 3_600  # a board that was without power needs time to go round its log
SPARE_KEYS = 3  # the head's, the one that is ready ahead, and one that the cloud does not have yet

_FLAGS, _DOOR, _CHAIN = 11, 9, slice(20, 28)  # of an event
_NEW_KEY, _BEGINS = 2, 4  # bits of its flags; see firmware/controller/events.py
_KEY = slice(16, 32)  # of a sector
_FREE = b"\xff" * 32  # an erased slot


class Logs:
    """retention(controller, door): days that an event is kept, None when it is kept for ever."""

    def __init__(self, promises: "Promises") -> None:
        self.retention: Callable[[VirtualController, int], int | None] = lambda one, door: None
        self._promises = promises
        self._scheduler = promises.scheduler
        self._written: dict[str, deque[tuple[int, bytes]]] = {}  # of each board: when, and what
        self._chain: dict[str, tuple[bytes, bytes]] = {}  # of each board: key, chain of the last event
        self._last: dict[str, int] = {}  # of each board: number of that event

    def recorded(self, controller: "VirtualController", raw: bytes, offset: int) -> None:
        """An event is on flash."""
        keep = self._written.get(controller.name)
        if keep is None:
            keep = self._written[controller.name] = deque(maxlen=self._room(controller))
        keep.append((self._scheduler.now, raw))
        self._chained(controller, raw, offset)

    def forget(self, controller: "VirtualController", raw: bytes) -> None:
        """That event is not looked for on flash any more. raw: as it was recorded, or what is left of it."""
        kept = self._written.get(controller.name, deque())
        for entry in [entry for entry in kept if raw in (entry[1], _expired(entry[1]))]:
            kept.remove(entry)

    def worn(self, controller: "VirtualController", sector: int) -> None:
        """That sector takes nothing any more: the log is so much shorter."""
        there = flash.slots(flash.image(controller.chip.flash["log"])[sector * flash.SECTOR :][: flash.SECTOR])
        kept = [entry for entry in self._written.get(controller.name, ()) if not {entry[1], _expired(entry[1])} & there]
        self._written[controller.name] = deque(kept, maxlen=self._room(controller))

    def _room(self, controller: "VirtualController") -> int:
        """How many events are owed to stay."""
        return max(1, controller.chip.flash["log"].size // flash.SECTOR - 3 - len(controller.parts["log"].worn)) * 127

    def audit(self, controller: "VirtualController") -> None:
        """5 and 10: every event is there, and gone when its time is over."""
        checks = self._promises.checks
        checks["events"] += 1
        there = flash.slots(flash.image(controller.chip.flash["log"]))
        gone, early, late = 0, 0, 0
        awake = self._scheduler.now - controller.chip.booted >= AWAKE_S * SECOND
        for at, raw in self._written.get(controller.name, ()):
            age, days = (self._scheduler.now - at) / SECOND, self.retention(controller, raw[_DOOR])
            if raw in there:
                if days is not None:
                    checks["retention"] += 1
                    late += awake and age > days * DAY_S + GRACE_S
            elif _expired(raw) in there:
                early += days is None or age < days * DAY_S - EARLY_S
            else:
                gone += 1
        if gone:
            self._promises.red("events", f"{controller.name}: {gone} recorded events are not on flash after a start")
        if early:
            self._promises.red("events", f"{controller.name}: {early} events are gone before their time was over")
        if late:
            self._promises.red(
                "retention", f"{controller.name}: {late} events are on flash a day after their time was over"
            )

    def keys(self, controller: "VirtualController") -> None:
        """11: a thief who reads the board today finds no key of the past."""
        self._promises.checks["old keys"] += 1
        log = flash.image(controller.chip.flash["log"])
        sectors = set(range(len(log) // flash.SECTOR)) - controller.parts["log"].worn
        found = [sector for sector in sorted(sectors) if _is_key(log[sector * flash.SECTOR :][_KEY])]
        if len(found) > SPARE_KEYS:
            self._promises.red("old keys", f"{controller.name}: chain keys lie in sectors {found} of the log")

    def _chained(self, controller: "VirtualController", raw: bytes, offset: int) -> None:
        """11: each event is bound to the one before."""
        self._promises.checks["chain"] += 1
        start = offset - offset % flash.SECTOR
        slot = bytearray(32)
        controller.chip.flash["log"].peek(start, slot)
        there = self._promises.flash_errors.was(controller, start, bytes(slot))[_KEY]
        key, before = self._chain.get(controller.name, (bytes(16), bytes(8)))
        number = int.from_bytes(raw[:4], "little")
        if raw[_FLAGS] & _BEGINS:
            key, before = there, bytes(8)
        elif number > self._last.get(controller.name, number) + 1:
            before = self._left(controller, offset) or before
        self._last[controller.name] = number
        chain = sha256(key + before + raw[:20]).digest()[:8]
        text = f"{controller.name}: event {number}"
        if chain != raw[_CHAIN]:
            self._promises.red("chain", f"{text} is not bound to the one before")
        if raw[_FLAGS] & _NEW_KEY:
            key = sha256(b"next" + key).digest()[:16]
            if key != there:
                self._promises.red("chain", f"{text} begins a sector whose key does not follow from the one before")
        self._chain[controller.name] = key, raw[_CHAIN]

    def _left(self, controller: "VirtualController", offset: int) -> bytes:
        """The chain of the event before, of which a power cut left all but the CRC-32: it never was on record, and
        keeps its number and its chain. b"": there is none."""
        log = flash.image(controller.chip.flash["log"])
        for _ in range(len(log) // len(_FREE)):
            offset = (offset - len(_FREE)) % len(log)
            slot = log[offset : offset + len(_FREE)]
            if offset % flash.SECTOR and any(slot) and slot != _FREE:
                return (
                    b"" if flash.is_whole(slot) else self._promises.flash_errors.was(controller, offset, slot)[_CHAIN]
                )
        return b""


def _expired(raw: bytes) -> bytes:
    """What is left of an event: its number and its chain."""
    return raw[:4] + bytes(16) + raw[_CHAIN] + bytes(4)


def _is_key(found: bytes) -> bool:
    """Not one bit or two of what is erased or zero: they turn over."""
    return 8 < sum(byte.bit_count() for byte in found) < 8 * len(found) - 8


def days_of(description: Building) -> Callable[["VirtualController", int], int | None]:
    """Retention as a building's description says it, for all its doors."""
    days: int | None = description.get("retention_days")
    return lambda one, door: days if door else None
