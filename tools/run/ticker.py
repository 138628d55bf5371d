"""What happened lately, as the controllers recorded it and as the switches were turned."""

import time
from collections import deque
from dataclasses import dataclass

from firmware.controller import events
from tools.cloud.alarms import codes

_KEPT = 40
_SHOWN = 12
# The door's own opening and closing would drown the rest.
_QUIET = {
    events.DOOR_OPENED, events.DOOR_CLOSED, events.COMPARTMENT_OPENED, events.COMPARTMENT_CLOSED, events.CLOCK_SET,
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """what: an event code, or a text that words.py knows. person: empty, compartment: 0 when there is none."""

    at: float
    what: int | str
    place: str
    person: str = ""
    extra: int = 0
    compartment: int = 0

    @property
    def denied(self) -> bool:
        return self.what in codes.DENIED


class Ticker:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)

    def add(self, what: int | str, place: str, person: str = "", extra: int = 0, compartment: int = 0) -> None:
        if what not in _QUIET:
            self._entries.appendleft(Entry(time.time(), what, place, person, extra, compartment))

    def latest(self) -> list[Entry]:
        return list(self._entries)[:_SHOWN]
