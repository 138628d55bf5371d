"""Promises 3, 6 and 8 on the way to the cloud: events arrive, a hanging loop is restarted, what is revoked stops."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware.controller.access.credential import card_value, credential_key
from sim.world.tables import Card, Holder
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

Calm = tuple[int | None, ...]  # equal later: nothing has happened to the link in between


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

    def calm(self, controller: "VirtualController") -> Calm | None:
        """None while the link may be down. The same value later: it was calm in between."""
        building, now = self._promises.building, self._scheduler.now
        if not (
            controller.chip.on and building.network.alive(controller.chip) and building.post.up and building.network.dns
        ):
            return None
        if max(self._last.get(controller.name, -RECOVERY_US), self._last.get("", -RECOVERY_US)) > now - RECOVERY_US:
            return None
        faults = self._promises.faults
        if (faults is not None and not faults.calm(controller.name)) or self._promises.flash_errors.ill(
            controller.name
        ):
            return None
        if self._promises.slots.manner(controller.name) != WELL:
            return None
        felt = () if faults is None else (faults.disturbed.get(controller.name), faults.disturbed.get(""))
        return self._unrest[controller.name], self._unrest[""], controller.chip.starts, *felt

    # 3: events arrive.

    def recorded(self, controller: "VirtualController", sequence: int) -> None:
        self.behind[controller.name] = max(self.behind[controller.name], sequence - self.told.get(controller.name, 0))
        if self._promises.acknowledged is not None and controller.name not in self._looking:
            self._looking[controller.name] = sequence
            self._scheduler.after(ARRIVES_US, self._look, controller, self.calm(controller), ARRIVES_US)

    def _look(self, controller: "VirtualController", before: Calm | None, pause: int) -> None:
        assert self._promises.acknowledged is not None
        wanted, calm = self._looking[controller.name], self.calm(controller)
        if calm is not None:
            self._promises.checks["late"] += 1
        if self._promises.acknowledged(controller) >= wanted:
            del self._looking[controller.name]
            last = controller.recorded[-1][0]
            if last > wanted:
                self.recorded(controller, last)
        elif calm is not None and calm == before:
            del self._looking[controller.name]
            self._promises.red("late", f"{controller.name}: event {wanted} has not come to the cloud on a calm link")
        else:
            pause = ARRIVES_US if calm is not None else min(2 * pause, LONGEST_LOOK_US)
            self._scheduler.after(pause, self._look, controller, calm, pause)

    # 6: a network loop that hangs.

    def hangs(self, controller: "VirtualController", still: Callable[[], bool]) -> None:
        """The network loop of a board has begun to wait for something that never comes."""
        self._scheduler.after(HANGS_US, self._hung, controller, controller.chip.starts, still)

    def _hung(self, controller: "VirtualController", starts: int, still: Callable[[], bool]) -> None:
        self._promises.checks["hanging"] += 1
        if controller.chip.on and controller.chip.starts == starts and still():
            self._promises.red(
                "hanging", f"{controller.name}: its network loop hangs, and the board was not started again"
            )

    # 8: what is revoked.

    def taken(self, controller: "VirtualController", holder: Holder, still: Callable[[], bool]) -> None:
        calm = self.calm(controller)
        heard = self._promises.heard
        if calm is None or heard is None or not heard(controller, CONFIRMED_S):
            return
        key = key_of(controller, holder["card"])
        held = self._held(controller, key)
        if held is not None:
            self._scheduler.after(REVOKED_US, self._gone, controller, holder["name"], key, held, calm, still)

    def _gone(
        self, controller: "VirtualController", who: str, key: bytes, held: bytes, calm: Calm, still: Callable[[], bool]
    ) -> None:
        if still() and self.calm(controller) == calm:
            self.revoked(controller, who, self._held(controller, key) == held)

    def revoked(self, controller: "VirtualController", who: str, granted: bool) -> None:
        self._promises.checks["revoked"] += 1
        if granted:
            text = f"{controller.name}: {who} still had the right more than a second after it was taken away"
            self._promises.red("revoked", text)

    def _held(self, controller: "VirtualController", key: bytes) -> bytes | None:
        return flash.credential(flash.image(controller.chip.flash["acl"]), key)


def key_of(controller: "VirtualController", card: Card) -> bytes:
    value = card_value(card["bits"], payload(**card))
    return bytes(credential_key(bytes.fromhex(controller.settings["table_key"]), value))
