"""Tells the controllers that share areas who was let in at the others, and whether that is all up to now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from firmware.controller.cloud import wire

from ..controllers.troubles import Troubles, Work
from ..models import Controller, Event
from ..rules import area_occupancy
from ..rules.area_occupancy import Door, Passage

HEAD = 2  # bytes before the entries
ENTRY = 12


class AreaSession(Protocol):
    """What is needed of a session."""

    pk: int
    behind: bool
    room: int

    def send(self, message: bytes) -> None: ...


@dataclass
class _Told:
    """One controller that shares an area. fresh: what it was told last of the others. lacks: some it was not told."""

    session: AreaSession
    site: int
    doors: dict[Door, int]
    fresh: bool = False
    lacks: bool = False

    def tell(self, passed: Sequence[Passage], fresh: bool) -> None:
        self.fresh = fresh
        entries = area_occupancy.entries(self.session.pk, passed) if passed else []
        most = (self.session.room - HEAD) // ENTRY
        pieces = [entries[at : at + most] for at in range(0, len(entries), most)] or [[]]
        for piece in pieces[:-1]:
            self.session.send(wire.packed(wire.PASSED, "<B", 0) + b"".join(piece))
        self.session.send(wire.packed(wire.PASSED, "<B", fresh) + b"".join(pieces[-1]))


class AreaOccupancy:
    """Driven by the ingest: begin() with each hello and new rules, stored() after events, poll() once a second."""

    def __init__(self) -> None:
        self._told: dict[int, _Told] = {}  # by controller

    def begin(self, session: AreaSession, now: datetime) -> None:
        """Everything that counts, to a controller whose session or rules are new."""
        self._told.pop(session.pk, None)
        site = Controller.objects.values_list("site", flat=True).get(pk=session.pk)
        leads = area_occupancy.passages(site)
        sharing = area_occupancy.shared(leads)
        if not any(session.pk in controllers for controllers in sharing.values()):
            return
        doors = area_occupancy.concerned(leads)
        self._told[session.pk] = told = _Told(session, site, doors)
        told.tell(area_occupancy.now_in(site, doors, now), fresh=False)

    def stored(self, controller: int, new: Collection[Event], troubles: Troubles) -> None:
        """Events of a controller have been committed: the others of its site are told at once, each for itself."""
        at = self._told.get(controller)
        if at is None:
            return
        passed = [
            Passage(event.credential_id, at.doors[controller, event.door_number], area_occupancy.minute_of(event.utc))
            for event in new
            if event.code in area_occupancy.GRANTS
            and event.utc
            and event.credential_id is not None
            and (controller, event.door_number) in at.doors
        ]
        if passed:
            for pk, other in self._told.items():
                if pk == controller or other.site != at.site:
                    continue
                other.lacks = other.lacks or troubles.rests(Work.AREAS, pk)
                if not other.lacks:
                    with troubles.aside(Work.AREAS, pk):
                        try:
                            other.tell(passed, other.fresh)
                        except Exception:
                            other.lacks = True  # it hears of all of them later, and now that something is missing
                            other.tell((), fresh=False)
                            raise

    def poll(self, live: Mapping[int, AreaSession], troubles: Troubles, now: datetime) -> None:
        """Says when one of those that share an area was lost or is back, and what one was not told when it happened."""
        partners: dict[int, set[int]] = {}
        for pk, told in list(self._told.items()):
            if live.get(pk) is not told.session:
                del self._told[pk]
                continue
            if troubles.rests(Work.AREAS, pk):
                continue
            with troubles.aside(Work.AREAS, pk):
                if told.site not in partners:
                    partners[told.site] = self._partners(told.site)
                others = partners[told.site] - {pk}
                fresh = all(other in live and not live[other].behind for other in others)
                if told.lacks:
                    told.tell(area_occupancy.now_in(told.site, told.doors, now), fresh)
                    told.lacks = False
                elif fresh != told.fresh:
                    told.tell((), fresh)
        troubles.settle(Work.AREAS, self._told)

    @staticmethod
    def _partners(site: int) -> set[int]:
        sharing = area_occupancy.shared(area_occupancy.passages(site))
        return {controller for controllers in sharing.values() for controller in controllers}
