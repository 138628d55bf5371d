"""The log as a table to take along: an entry a row, oldest first, what is missing as a row of its own."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..alarms import codes
from ..doors import door_status
from ..models import Door, Event, Gap
from . import words

MOST = 50_000  # entries at once: some 10 MB
COLUMNS = (
    "time", "time_confirmed", "received", "site", "controller", "epoch", "sequence", "door", "event", "text", "person",
    "credential",
)  # fmt: skip


def rows(
    events: Iterable[Event], gaps: Iterable[Gap], seen_doors: Iterable[Door], all_of_it: set[int]
) -> Iterator[dict[str, Any]]:
    """Entries as COLUMNS says, times by the clock of each site. all_of_it: the tenants whose duress may be told."""
    doors = {(door.controller_id, door.number): door.name for door in seen_doors}
    before = {(gap.controller_id, gap.epoch, gap.last + 1): gap for gap in gaps}
    for event in events:
        gap = before.get((event.controller_id, event.epoch, event.sequence))
        if gap is not None:
            yield _missing(gap)
        yield _entry(event, doors, event.controller.site.tenant_id in all_of_it)


def _entry(event: Event, doors: dict[tuple[int, int], str], everything: bool) -> dict[str, Any]:
    site = event.controller.site
    code = codes.shown(event.code, everything)
    door = doors.get((event.controller_id, event.door_number), "")
    return {
        "time": event.utc and door_status.local(event.utc, site.zone),
        "time_confirmed": event.time_trusted,
        "received": door_status.local(event.received_at, site.zone),
        "site": site.name,
        "controller": event.controller.name,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "door": words.compartment(event.compartment, event.controller.name) if event.compartment else door,
        "event": codes.NAMES.get(code, str(code)),
        "text": words.sentence(code, event.extra, event.credential is not None, event.count),
        "person": event.credential.person.name if event.credential else "",
        "credential": words.credential(event.credential, everything) if event.credential else "",
    }


def _missing(gap: Gap) -> dict[str, Any]:
    site = gap.controller.site
    return dict.fromkeys(COLUMNS) | {
        "received": door_status.local(gap.noticed_at, site.zone),
        "site": site.name,
        "controller": gap.controller.name,
        "epoch": gap.epoch,
        "sequence": f"{gap.first}-{gap.last}",
        "event": "gap",
        "text": words.missing(gap.last - gap.first + 1),
    }
