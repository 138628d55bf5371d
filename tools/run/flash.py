"""What a controller has recorded, read from the outside: every whole event on its log partition.

It looks at the raw flash, not through the firmware's own log: a fault there must not hide itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.controller.records import EVENT, unpack_event

_ERASED = b"\xff" * EVENT


@dataclass(frozen=True)
class Recorded:
    """One event as it lies on flash. key: None when it names no credential."""

    sequence: int
    utc: int
    code: int
    door: int
    extra: int
    flags: int
    key: bytes | None
    count: int


class FlashLog:
    """file: the partition's image."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.events: dict[int, Recorded] = {}  # by sequence number
        self._seen = b""

    def refresh(self) -> list[Recorded]:
        """Reads the flash again. Returns what is new, oldest first."""
        if not self.file.exists():
            return []
        data = self.file.read_bytes()
        fresh = [event for event in self._changed(data) if event.sequence not in self.events]
        self._seen = data
        fresh.sort(key=lambda event: event.sequence)
        for event in fresh:
            self.events[event.sequence] = event
        return fresh

    @property
    def last(self) -> int:
        return max(self.events, default=0)

    def gaps(self) -> int:
        """Sequence numbers missing between the first and the last: 0 unless the recording itself failed."""
        return self.last - min(self.events, default=1) + 1 - len(self.events)

    def _changed(self, data: bytes) -> Iterator[Recorded]:
        for at in range(0, len(data) - EVENT + 1, EVENT):
            slot = data[at : at + EVENT]
            if slot == _ERASED or slot == self._seen[at : at + EVENT]:
                continue
            event = unpack_event(slot)
            if event is not None and event[2]:  # 0: expired, nothing is left to tell
                yield Recorded(*event)
