"""Bits that turn over at rest and sectors that wear out: what is still owed then, and until when.

An event in which one bit turned over is owed whole: its CRC-32 tells which bit it was. One in which two did is owed its
number, as an event that cannot be read. The access list is owed its cure: within two rounds of its scrub it holds
again what it says, or says that it does not.
"""

from typing import TYPE_CHECKING

from firmware.controller import events as codes
from firmware.controller import records

from . import flash
from .scheduler import SECOND

if TYPE_CHECKING:
    from .controller import VirtualController
    from .promises import Promises

CURED_US = 160 * SECOND  # of uninterrupted work for each sector: two rounds, eight pieces of a bucket, ten seconds
UNLOOKED = 3  # sectors of a partition that are not looked at: two of the journal, a spare one, at least
LOOK_US = 60 * SECOND
TOLD_US = 60 * SECOND
UNREADABLE = (0, codes.LOG_OVERWRITTEN, 0, 1, 0)  # time, code, door, extra, flags


class FlashErrors:
    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self._since: dict[str, int] = {}  # of each board whose access list is not cured: when the last bit turned over
        self._were: dict[tuple[str, int], tuple[bytes, bytes]] = {}  # slot of a log: what it was, what it is
        self._losses: dict[str, int] = {}  # of each board: its start in which something was lost
        self.unreadable: dict[str, set[int]] = {}  # of each board: events of which only the number is owed

    def turned(self, controller: "VirtualController", label: str, at: int, before: bytes, after: bytes) -> None:
        """A bit of a slot turned over."""
        if label == "log":
            self._log(controller, at, before, after)
        elif label == "acl":
            waits = controller.name in self._since
            self._since[controller.name] = self._scheduler.now
            if not waits:
                self._scheduler.after(LOOK_US, self._look, controller)

    def worn(self, controller: "VirtualController", label: str, sector: int) -> None:
        """A sector of a log takes nothing any more: what lies in it can be neither replaced nor made to expire."""
        if label == "log":
            self._promises.logs.worn(controller, sector)

    def lost(self, controller: "VirtualController") -> None:
        """A worn sector did not take what was programmed."""
        if controller.chip.on and self._losses.get(controller.name) != controller.chip.starts:
            self._losses[controller.name] = controller.chip.starts
            self._scheduler.after(TOLD_US, self._told_of, controller, controller.chip.starts)

    def _told_of(self, controller: "VirtualController", starts: int) -> None:
        if not controller.chip.on or controller.chip.starts != starts:
            return
        self._promises.checks["worn"] += 1
        for event in reversed(controller.recorded):
            if event[2] == codes.SECTOR_BAD:
                return
            if event[2] == codes.STARTED:
                break
        self._promises.red(
            "worn", f"{controller.name}: a sector did not take what was written, and that is not on record"
        )

    def ill(self, name: str) -> bool:
        """Whether the access list of that board may hold something else than it says."""
        return name in self._since

    def told(self, controller: "VirtualController", sequence: int, kept: tuple[int, ...] | None) -> bool:
        """Whether the cloud was told that this event cannot be read any more, and that is so."""
        return kept == UNREADABLE and sequence in self.unreadable.get(controller.name, ())

    def was(self, controller: "VirtualController", at: int, found: bytes) -> bytes:
        """What lay in that place of the log, where `found` lies, before bits turned over."""
        for n in range(0, len(found), records.EVENT):
            before, after = self._were.get((controller.name, at + n), (b"", None))
            if after == found[n : n + records.EVENT]:
                found = found[:n] + before + found[n + records.EVENT :]
        return found

    def _log(self, controller: "VirtualController", at: int, before: bytes, after: bytes) -> None:
        was, then = self._were.get((controller.name, at), (before, before))
        if then != before:  # something else lies there now
            was = before
        self._were[controller.name, at] = was, after
        self._promises.logs.forget(controller, was)
        bits = sum((a ^ b).bit_count() for a, b in zip(was, after, strict=True))
        if at % flash.SECTOR and any(was[:4]) and (bits > 1 or after[-1] == 0xFF):
            self.unreadable.setdefault(controller.name, set()).add(int.from_bytes(was[:4], "little"))

    def _look(self, controller: "VirtualController") -> None:
        said = flash.access_list(flash.image(controller.chip.flash["acl"]))
        if said is None or said.version == 0 or said.digest == said.held:
            del self._since[controller.name]
            self._promises.checks["rot"] += 1
            return
        rounds = CURED_US * (controller.chip.flash["acl"].size // flash.SECTOR - UNLOOKED)
        at_work = (
            controller.chip.on
            and self._scheduler.now - max(controller.chip.booted, self._since[controller.name]) >= rounds
        )
        if at_work:
            del self._since[controller.name]
            text = f"{controller.name}: access list {said.version} does not hold what it says, and its scrub has passed"
            self._promises.red("rot", text)
        else:
            self._scheduler.after(LOOK_US, self._look, controller)
