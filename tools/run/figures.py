"""The figures of a running building: seen at the pins, lying on flash, stored in the database."""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min

from firmware.controller import events
from tools.cloud.doors.locks import LockState
from tools.cloud.doors.locks import locks as of_doors
from tools.cloud.models import Controller, Door, Event
from tools.cloud.services import clock

from .doors import DENIED, GRANTED, SILENT, LiveTap
from .flash import Recorded
from .words import KINDS


@dataclass
class PinFigures:
    """What was seen from outside the boards."""

    taps: int = 0
    granted: int = 0
    denied: int = 0
    unanswered: int = 0
    strike_ms: list[float] = field(default_factory=list)

    def count(self, tap: LiveTap) -> None:
        self.taps += 1
        self.granted += tap.verdict == GRANTED
        self.denied += tap.verdict == DENIED
        self.unanswered += tap.verdict == SILENT
        if tap.verdict == GRANTED and tap.strike_ms is not None:
            self.strike_ms.append(tap.strike_ms)


@dataclass(frozen=True)
class StoredEvents:
    """What the database holds of one controller."""

    rows: int
    distinct: int
    first: int
    last: int
    different: int  # events on flash that are stored as something else
    missing: int  # events on flash that are not stored
    kinds: Counter[str]
    grants: int
    refused: int  # messages, by the board or by the cloud

    @property
    def contiguous(self) -> bool:
        return self.rows == 0 or self.last - self.first + 1 == self.distinct


@dataclass(frozen=True)
class StoreProgress:
    """How far the database is with one controller; cheap enough to ask twice a second."""

    stored: int = 0
    newest: int = 0  # highest sequence number
    lost: int = 0  # holes below the newest stored event: what is still to come lies above it
    duplicated: int = 0


def progress(controller: str) -> StoreProgress:
    found = Event.objects.filter(controller__public_id=controller).aggregate(
        rows=Count("pk"),
        distinct=Count("sequence", distinct=True),
        first=Min("sequence"),
        last=Max("sequence"),
    )
    rows, distinct = found["rows"], found["distinct"]
    holes = found["last"] - found["first"] + 1 - distinct if rows else 0
    return StoreProgress(rows, found["last"] or 0, holes, rows - distinct)


def locks(controller: str) -> list[LockState]:
    """Whether each of its doors is locked, as the cloud has been told."""
    doors = Door.objects.filter(controller__public_id=controller).select_related("controller__site").order_by("number")
    return of_doors(list(doors), clock.now())


def stored(controller: str, on_flash: dict[int, Recorded]) -> StoredEvents:
    """Compares one controller's flash with the database, event for event."""
    fields = ("sequence", "utc", "code", Event.POINT, "extra", "key")
    rows = list(Event.objects.filter(controller__public_id=controller).values_list(*fields))
    held = {row[0]: row for row in rows}
    kinds = Counter(KINDS[row[2]] for row in rows if row[2] in KINDS)
    different = sum(_differs(held[n], event) for n, event in on_flash.items() if n in held)
    return StoredEvents(
        rows=len(rows),
        distinct=len(held),
        first=min(held, default=0),
        last=max(held, default=0),
        different=different,
        missing=sum(n not in held for n in on_flash),
        kinds=kinds,
        grants=sum(row[2] == events.GRANTED for row in rows),
        refused=sum(row[4] for row in rows if row[2] == events.MESSAGE_REFUSED) + _refused_by_cloud(controller),
    )


def _refused_by_cloud(controller: str) -> int:
    """But for what a cut link leaves behind, as the board itself counts: messages of a session that is over."""
    counts = Controller.objects.values_list("refused", flat=True).get(public_id=controller)
    return sum(count for why, count in counts.items() if why != "session")


def _differs(row: tuple[object, ...], event: Recorded) -> bool:
    _, utc, code, door, extra, key = row
    seconds = int(utc.timestamp()) if hasattr(utc, "timestamp") else 0
    held_key = bytes(key) if isinstance(key, (bytes, memoryview)) else None
    return (seconds, code, door, extra, held_key) != (
        event.utc,
        event.code,
        event.door,
        event.extra,
        event.key,
    )
