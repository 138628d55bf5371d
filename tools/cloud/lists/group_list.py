"""A list of access groups: their name, what they allow, their doors and when. In and out."""

from typing import Any

from django.db import transaction

from tools.terminal import Problem

from ..audit import changes
from ..models import AccessGroup, Door, Schedule, Tenant
from ..people import groups
from ..services.refusal import Refusal
from . import columns, report
from .report import Report, Row, said
from .tables import Table


def carry_out(tenant: Tenant, table: Table, keep: bool, apart: bool = False) -> Report:
    """keep: False tries it and undoes everything. apart: rows that are right are kept also where others are refused."""
    names = columns.known(table.header, columns.GROUPS)
    found = Report([])
    with transaction.atomic(), changes.together():
        known = _Known(tenant)
        for line, cells in table.rows:
            row = Row(line, str(cells.get(next((n for n, our in names.items() if our == "name"), ""), ""))[:100])
            found.rows.append(row)
            try:
                with transaction.atomic():
                    _do(known, row, columns.said(cells, names))
            except Problem as problem:
                row.refuse(problem)
        found.done = keep and (apart or not found.refused)
        if not found.done:
            transaction.set_rollback(True)
    return found


class _Known:
    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.seen: dict[int, int] = {}  # group: the line that it was in
        self.groups = {group.pk: group for group in AccessGroup.objects.filter(tenant=tenant).select_for_update()}
        self.doors: dict[str, list[Door]] = {}
        self.door_numbers: dict[int, Door] = {}
        for door in Door.objects.of(tenant).select_related("controller"):
            self.door_numbers[door.pk] = door
            if door.controller.lost_at is None:
                self.doors.setdefault(door.name.casefold(), []).append(door)
        schedules = list(Schedule.objects.filter(tenant=tenant))
        self.schedules = {f"#{row.pk}": row for row in schedules} | {row.name.casefold(): row for row in schedules}

    def group(self, cells: dict[str, Any]) -> AccessGroup:
        if "id" in cells:
            number = columns.number("id", cells["id"], 1, (1 << 63) - 1)
            if number not in self.groups:
                raise Refusal("there is no group with the number %(id)d; leave it empty for a new one", id=number)
            return self.groups[number]
        name = str(cells.get("name", "")).strip().casefold()
        named = [group for group in self.groups.values() if group.name.casefold() == name]
        return named[0] if named else AccessGroup(tenant=self.tenant)

    def places(self, cell: Any) -> dict[int, int | None]:
        """Doors as "Door", or "Door@Schedule"; by a number as #12 where several are called so."""
        found: dict[int, int | None] = {}
        for one in columns.several(cell):
            name, at, schedule = one.partition("@")
            door = self._door(name.strip())
            found[door.pk] = self._schedule(schedule.strip()).pk if at else None
        return found

    def _door(self, name: str) -> Door:
        if name.startswith("#") and name[1:].isdigit() and int(name[1:]) in self.door_numbers:
            return self.door_numbers[int(name[1:])]
        those = self.doors.get(name.casefold(), [])
        if len(those) != 1:
            raise Refusal(
                "%(n)d doors are called %(name)s; correct the name, or give the number of the door as #12",
                n=len(those),
                name=name[:60] or "–",
            )
        return those[0]

    def _schedule(self, name: str) -> Schedule:
        found = self.schedules.get(name.casefold())
        if found is None:
            raise Refusal("there is no schedule %(name)s; make it first, or correct its name", name=name[:60] or "–")
        return found


def _do(known: _Known, row: Row, cells: dict[str, Any]) -> None:
    group = known.group(cells)
    new = group.pk is None
    held = {} if new else dict(group.places.values_list("door", "schedule"))
    flags = {flag: columns.yes(flag, cells[flag]) for flag in AccessGroup.FLAGS if flag in cells}
    name = " ".join(str(cells.get("name", group.name)).split())
    doors = known.places(cells["doors"]) if "doors" in cells else held
    if len(name) > 100:
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=100)
    row.name = row.name or name
    same = not new and name == group.name and doors == held
    if same and all(getattr(group, flag) == value for flag, value in flags.items()):
        return
    if not new and known.seen.setdefault(group.pk, row.line) != row.line:
        raise Refusal("line %(line)d is about the same group; leave one of the two", line=known.seen[group.pk])
    groups.save(group, name, flags, doors)
    known.groups[group.pk] = group
    known.seen[group.pk] = row.line
    row.what = report.MADE if new else report.CHANGED
    row.does.append(said(report.GROUP_MADE if new else report.GROUP_CHANGED))


def _is_plain(name: str) -> bool:
    """Whether nothing in it separates."""
    return not any(sign in name for sign in ";|\n@#") and name == name.strip()


def export(tenant: Tenant) -> list[dict[str, Any]]:
    """Every group, as a list that is read in again without a change."""
    named: dict[str, int] = {}
    for name in Door.objects.of(tenant).filter(controller__lost_at=None).values_list("name", flat=True):
        named[name.casefold()] = named.get(name.casefold(), 0) + 1
    found = []
    for group in AccessGroup.objects.filter(tenant=tenant).prefetch_related("places__door", "places__schedule"):
        doors = []
        for place in sorted(group.places.all(), key=lambda place: (place.door.name, place.door_id)):
            name = place.door.name
            one = name if named.get(name.casefold()) == 1 and _is_plain(name) else f"#{place.door_id}"
            when = place.schedule
            doors.append(f"{one}@{when.name if _is_plain(when.name) else f'#{when.pk}'}" if when else one)
        flags = {flag: getattr(group, flag) for flag in AccessGroup.FLAGS}
        found.append({"id": group.pk, "name": group.name, "doors": doors, **flags})
    return found
