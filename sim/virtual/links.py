"""Promises 3, 6 and 8 on the way to the cloud: events arrive, a hanging loop is restarted, what is revoked stops."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firmware.controller.access.credential import card_value, credential_key
from sim.world.wiegand import payload

from . import flash
from .scheduler import MS, SECOND
from .slots import WELL

if TYPE_CHECKING:
    from .building import Record
    from .controller import VirtualController
    from .promises import Promises

ARRIVES_US = 60 * SECOND  # an event on a calm link
LONGEST_LOOK_US = 900 * SECOND
RECOVERY_US = 120 * SECOND  # after something was mended, a link is back
REVOKED_US = 1_050 * MS  # the design says a second
CONFIRMED_S = 5.0
HANGS_US = 11 * 60 * SECOND  # the firmware gives its network loop ten minutes

_UNREST = {"power", "network", "black hole", "broker", "torn write"}  # records after which a link may be gone

Calm = tuple[Any, ...]


class Links:
    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self._unrest: Counter[str] = Counter()
        self._last: dict[str, int] = {}  # of each controller, "" for all: when there was unrest
        self._looking: dict[str, int] = {}  # of each controller: which event should come
        self.told: dict[str, int] = {}  # of each controller: up to which event the cloud last said that it has all
        self.behind: Counter[str] = Counter()  # of each controller: how many events it was ahead of that at the most

    def saw(self, record: "Record") -> None:
        if record.what in _UNREST:
            self._unrest[record.where] += 1
            self._last[record.where] = record.at

    def calm(self, one: "VirtualController") -> Calm | None:
        """None while the link may be down. The same value later: it was calm in between."""
        building, now = self._promises.building, self._scheduler.now
        if not (one.chip.on and building.network.alive(one.chip) and building.post.up and building.network.dns):
            return None
        if max(self._last.get(one.name, -RECOVERY_US), self._last.get("", -RECOVERY_US)) > now - RECOVERY_US:
            return None
        faults = self._promises.faults
        if (faults is not None and not faults.calm(one.name)) or self._promises.flash_errors.ill(one.name):
            return None
        if self._promises.slots.manner(one.name) != WELL:
            return None
        felt = () if faults is None else (faults.disturbed.get(one.name), faults.disturbed.get(""))
        return self._unrest[one.name], self._unrest[""], one.chip.starts, *felt

    # 3: events arrive.

    def recorded(self, one: "VirtualController", sequence: int) -> None:
        self.behind[one.name] = max(self.behind[one.name], sequence - self.told.get(one.name, 0))
        if self._promises.acknowledged is not None and one.name not in self._looking:
            self._looking[one.name] = sequence
            self._scheduler.after(ARRIVES_US, self._look, one, self.calm(one), ARRIVES_US)

    def _look(self, one: "VirtualController", before: Calm | None, pause: int) -> None:
        assert self._promises.acknowledged is not None
        wanted, calm = self._looking[one.name], self.calm(one)
        if calm is not None:
            self._promises.checks["late"] += 1
        if self._promises.acknowledged(one) >= wanted:
            del self._looking[one.name]
            last = one.recorded[-1][0]
            if last > wanted:
                self.recorded(one, last)
        elif calm is not None and calm == before:
            del self._looking[one.name]
            self._promises.red("late", f"{one.name}: event {wanted} has not come to the cloud on a calm link")
        else:
            pause = ARRIVES_US if calm is not None else min(2 * pause, LONGEST_LOOK_US)
            self._scheduler.after(pause, self._look, one, calm, pause)

    # 6: a network loop that hangs.

    def hangs(self, one: "VirtualController", still: Callable[[], bool]) -> None:
        """The network loop of a board has begun to wait for something that never comes."""
        self._scheduler.after(HANGS_US, self._hung, one, one.chip.starts, still)

    def _hung(self, one: "VirtualController", starts: int, still: Callable[[], bool]) -> None:
        self._promises.checks["hanging"] += 1
        if one.chip.on and one.chip.starts == starts and still():
            self._promises.red("hanging", f"{one.name}: its network loop hangs, and the board was not started again")

    # 8: what is revoked.

    def taken(self, one: "VirtualController", holder: dict[str, Any], still: Callable[[], bool]) -> None:
        calm = self.calm(one)
        heard = self._promises.heard
        if calm is None or heard is None or not heard(one, CONFIRMED_S):
            return
        key = _key(one, holder["card"])
        held = self._held(one, key)
        if held is not None:
            self._scheduler.after(REVOKED_US, self._gone, one, holder["name"], key, held, calm, still)

    def _gone(
        self, one: "VirtualController", who: str, key: bytes, held: bytes, calm: Calm, still: Callable[[], bool]
    ) -> None:
        if still() and self.calm(one) == calm:
            self.revoked(one, who, self._held(one, key) == held)

    def revoked(self, one: "VirtualController", who: str, granted: bool) -> None:
        self._promises.checks["revoked"] += 1
        if granted:
            text = f"{one.name}: {who} still had the right more than a second after it was taken away"
            self._promises.red("revoked", text)

    def _held(self, one: "VirtualController", key: bytes) -> bytes | None:
        return flash.credential(flash.image(one.chip.flash["acl"]), key)


def _key(one: "VirtualController", card: dict[str, int]) -> bytes:
    value = card_value(card["bits"], payload(**card))
    return bytes(credential_key(bytes.fromhex(one.settings["table_key"]), value))
