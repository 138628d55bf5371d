"""Promise 0 at the leaves: every movement is told once, as what it is, and one that stands open too long."""

from typing import TYPE_CHECKING

from firmware.controller import events as codes

from .scheduler import MS, SECOND

if TYPE_CHECKING:
    from .controller import VirtualController
    from .doorway import Doorway
    from .promises import Promises

CONTACT_US = 150 * MS  # from the last bounce of a contact to its event, in which nothing holds the interpreter for long
HELD_US = 2 * SECOND  # how late it may be told that a leaf stands open

_TOLD = (codes.DOOR_OPENED, codes.DOOR_FORCED, codes.DOOR_CLOSED)


class Leaves:
    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self._told: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._held: dict[tuple[str, int], int] = {}  # when it was last told that a leaf is held open

    def recorded(self, controller: "VirtualController", code: int, number: int) -> None:
        """An event is on flash."""
        if code in _TOLD:
            self._told.setdefault((controller.name, number), []).append((self._scheduler.now, code))
        elif code == codes.DOOR_HELD:
            self._held_told(controller, number)

    def _held_told(self, controller: "VirtualController", number: int) -> None:
        """Once for each time that a leaf stands open: a reader of the log takes the next for another time."""
        self._promises.checks["held once"] += 1
        before = self._held.get((controller.name, number), -1)
        if before >= controller.doors[number - 1].moved_at:
            self._promises.red("held once", f"{controller.name} door {number}: the same standing leaf was told twice")
        self._held[controller.name, number] = self._scheduler.now

    def moved(self, controller: "VirtualController", door: "Doorway") -> None:
        """A leaf moved; the last bounce of its contact is over."""
        since = self._scheduler.now, door.moved_at
        self._scheduler.after(
            CONTACT_US, self._was_told, controller, door, *since, door.door.open, controller.chip.starts
        )

    def _was_told(
        self, controller: "VirtualController", door: "Doorway", since: int, moved: int, is_open: bool, starts: int,
        waited: int = 0,
    ) -> None:  # fmt: skip
        now, place = self._scheduler.now, (controller.name, door.number)
        held = controller.chip.held_since(since)
        if held - waited > MS:  # an erase takes up to 400 ms
            self._scheduler.after(held - waited, self._was_told, controller, door, since, moved, is_open, starts, held)
            return
        told = self._told.get(place, [])
        self._told[place] = [(at, code) for at, code in told if at > now - SECOND]
        if not self._still(controller, door, moved, starts):
            return
        if self._promises.started.get(controller.name, since) > since - SECOND or door.before_us < SECOND:
            return
        self._promises.checks["leaf"] += 1
        seen = [code for at, code in told if at >= moved]
        right = (codes.DOOR_OPENED, codes.DOOR_FORCED) if is_open else (codes.DOOR_CLOSED,)
        if len(seen) != 1 or seen[0] not in right:
            text = f"{controller.name} door {door.number}: {'opened' if is_open else 'closed'}, and told {seen}"
            self._promises.red("leaf", text)
        elif seen[0] == codes.DOOR_OPENED:
            wait = self._promises.held_ms * MS + HELD_US
            self._scheduler.at(max(now, moved + wait), self._stands_open, controller, door, moved, starts)

    def _stands_open(self, controller: "VirtualController", door: "Doorway", moved: int, starts: int) -> None:
        if not self._still(controller, door, moved, starts) or self._promises.stays_released(
            controller, door.number, moved
        ):
            return
        self._promises.checks["held open"] += 1
        if self._held.get((controller.name, door.number), -1) < moved:
            text = f"{controller.name} door {door.number}: it stands open, and nobody was told"
            self._promises.red("held open", text)

    def _still(self, controller: "VirtualController", door: "Doorway", moved: int, starts: int) -> bool:
        return door.moved_at == moved and controller.chip.on and controller.chip.starts == starts
