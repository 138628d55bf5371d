"""A controller's rules as one JSON object: firmware/controller/access/README.md has the format.

Only what this controller needs: the profiles that its records name, the schedules that those and its doors name.
"""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Any
from zlib import crc32

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from firmware.controller.records import until_utc
from tools import heap

from .. import limits
from ..access_list import rights
from ..access_list.rights import Term
from ..models import AclEntry, Area, Controller, Door, DoorRules, Holiday, Profile, Schedule, Tenant
from ..services import clock
from ..services.refusal import Refusal, text
from . import area_occupancy, timing, zones

# What is kept free is for the longest list of a zone's changes, which a law may bring.
LONGEST = limits.RULES_BYTES - 912
RETENTION_DAYS = 90

# Field of DoorRules -> its default, which is not sent.
PLAIN = {
    "extended_ms": None,
    "offline_hours": None,
    "first_in": False,
    "passback": "",
    "passback_minutes": None,
    "interlock": None,
    "interlock_open": True,
    "relock": "time",
    "relock_delay_ms": None,
    "pulse_ms": None,
    "warn_ms": None,
    "repeat_ms": None,
    "unopened": False,
    "forced": "alarm",
    "rex": "release",
}


def content(controller_id: int) -> dict[str, Any]:
    """The fields of the wire's RULES message, without the version. Raises Refusal when a board takes no more."""
    controller = Controller.objects.select_related("site__tenant").get(pk=controller_id)
    fields = _content(controller, _profiles(controller))
    _check(fields, controller.board)
    return fields


def asked(controller: Controller, profiles: Collection[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """The same with these profiles in place of those that it has, and the number of each: for questions, not for a
    board. Zone and schedules as they are now."""
    numbers = {written: number for number, written in enumerate(profiles, 1)}
    return _content(controller, [(number, written) for written, number in numbers.items()]), numbers


def version(fields: dict[str, Any]) -> int:
    """A version made of the content, never 0: after a restore from backup no number can mean two things."""
    return crc32(json.dumps(fields, sort_keys=True).encode()) & 0x3FFFFFFF | 0x20000000


def refresh(controller_id: int) -> None:
    """Notes that the rules of a controller may have changed."""
    number = version(content(controller_id))
    Controller.objects.filter(pk=controller_id).exclude(rules_version=number).update(rules_version=number)


def refresh_tenant(tenant: int) -> None:
    """The same for every controller of a tenant: after a change of schedules or holidays."""
    for controller in Controller.objects.filter(site__tenant=tenant, lost_at=None).order_by("pk"):
        refresh(controller.pk)


def has_room(controller_id: int, profile: str) -> bool:
    """Whether a controller's rules bear one more profile that cuts schedules at the minute."""
    if not isinstance(json.loads(profile), dict):
        return True
    controller = Controller.objects.select_related("site__tenant").get(pk=controller_id)
    try:
        _check(_content(controller, [*_profiles(controller), (0xFFFF, profile)]), controller.board)
    except Refusal:
        return False
    return True


def prunable() -> Exists:
    """Of a controller: that it has profiles which no record names."""
    used = AclEntry.objects.filter(controller=OuterRef("controller"), profile=OuterRef("number"))
    return Exists(Profile.objects.filter(controller=OuterRef("pk")).exclude(Exists(used)))


def prune(controller_id: int) -> int:
    """Takes away profiles that no record names any more. Only when the board is known to hold just these records.

    Whether it follows the newest rules does not matter: it may have refused them for what goes out here.
    """
    with transaction.atomic():
        tenant = Controller.objects.filter(pk=controller_id).values_list("site__tenant", flat=True).first()
        Tenant.objects.select_for_update().filter(pk=tenant).first()  # no record comes to name one meanwhile
        held = Controller.objects.filter(pk=controller_id, acl_version=F("held_acl_version"))
        if not held.filter(acl_digest=F("held_acl_digest")).exists():
            return 0
        used = AclEntry.objects.filter(controller=controller_id).values("profile")
        gone, _ = Profile.objects.filter(controller=controller_id).exclude(number__in=used).delete()
        if gone:
            refresh(controller_id)
        return gone


def refused(controller_id: int, version: int, why: bytes) -> None:
    """Keeps what a board says is wrong with its rules; rules/faults.py says it in words."""
    said = why.decode(errors="replace").replace("\0", "")[:200]
    Controller.objects.filter(pk=controller_id).update(rules_refused=version, rules_fault=said)


class _Schedules:
    """The schedules of one controller under their numbers; those made here count down from 255."""

    def __init__(self, tenant: int, zone: str):
        self._rows = {row.number: row for row in Schedule.objects.filter(tenant=tenant).select_related("next")}
        self._by_pk = {row.pk: row for row in self._rows.values()}
        self._zone = zone
        self._made: dict[timing.Chain, int] = {}
        self.fields: dict[str, Any] = {}

    def of_row(self, pk: int | None) -> int:
        """A tenant's schedule, by its row; none: always."""
        return rights.ALWAYS if pk is None else self._use(self._by_pk[pk].number)

    def of_terms(self, terms: list[Term]) -> int:
        if len(terms) == 1 and not terms[0].begin and not terms[0].end:
            return self._use(terms[0].schedule)
        return self._make(timing.union([self._cut(term) for term in terms]))

    def _use(self, number: int) -> int:
        if number != rights.ALWAYS and str(number) not in self.fields:
            row = self._rows[number]
            self.fields[str(number)] = _link(timing.TimeLink(_times(row), row.first_day, row.last_day))
            if row.next is not None:
                self.fields[str(number)]["next"] = self._use(row.next.number)
        return number

    def _cut(self, term: Term) -> timing.Chain:
        chain = timing.ALWAYS if term.schedule == rights.ALWAYS else self._chain(self._rows[term.schedule])
        if term.begin:
            chain = timing.since(chain, _moment(term.begin), self._zone)
        return timing.until(chain, _moment(term.end), self._zone) if term.end else chain

    def _chain(self, row: Schedule) -> timing.Chain:
        links = (timing.TimeLink(_times(row), row.first_day, row.last_day),)
        return links if row.next is None else links + self._chain(self._rows[row.next.number])

    def _make(self, chain: timing.Chain) -> int:
        """The number of a chain's first link. Ends of chains are shared."""
        chain = chain or (timing.TimeLink(()),)
        if chain not in self._made:
            following = self._make(chain[1:]) if len(chain) > 1 else None
            number = 255 - len(self._made)
            self._made[chain] = number
            self.fields[str(number)] = _link(chain[0]) | ({} if following is None else {"next": following})
        return self._made[chain]


def _profiles(controller: Controller) -> list[tuple[int, str]]:
    return [*Profile.objects.filter(controller=controller).order_by("number").values_list("number", "content")]


def _content(controller: Controller, rows: Iterable[tuple[int, str]]) -> dict[str, Any]:
    """rows: the numbers of profiles and what they say."""
    tenant = controller.site.tenant
    schedules = _Schedules(tenant.pk, controller.site.zone)
    profiles = {str(number): _profile(written, schedules) for number, written in rows}
    doors = {
        str(door.number): _door(door, tenant.retention_days, tenant.pin_digits, schedules)
        for door in Door.objects.filter(controller=controller).select_related("rules").order_by("number")
    }
    fields: dict[str, Any] = {"profiles": profiles, "doors": doors}
    areas = _areas(controller, doors)
    if areas:
        fields["areas"] = areas
    if schedules.fields:
        told = zones.clock(controller.site.zone, clock.now())
        fields["zone"] = told.rule
        if told.changes:
            fields["zone_changes"] = [list(change) for change in told.changes]
        fields["schedules"] = schedules.fields
        holidays = [_holiday(row) for row in Holiday.objects.filter(tenant=tenant)]
        if holidays:
            fields["holidays"] = holidays
    return fields


def _profile(written: str, schedules: _Schedules) -> Any:
    said = rights.read(written)
    doors = {str(number): schedules.of_terms(terms) for number, terms in sorted(said["doors"].items())}
    if set(said) == {"doors"} and not any(doors.values()):
        return sorted(said["doors"])
    return said | {"doors": doors}


def _door(door: Door, retention_days: int, pin_digits: int, schedules: _Schedules) -> dict[str, Any]:
    fields: dict[str, Any] = {"release_ms": door.release_ms, "held_ms": door.held_ms}
    rules: DoorRules | None = getattr(door, "rules", None)
    if rules is None:
        return fields | {"retention_days": retention_days}
    own = rules.retention_days
    fields["retention_days"] = retention_days if own is None else own
    fields |= {name: getattr(rules, name) for name, plain in PLAIN.items() if getattr(rules, name) != plain}
    if rules.who:
        fields["who"] = [[what, schedules.of_row(pk)] for what, pk in rules.who]
        fields["pin_length"] = pin_digits
    for name, pk in (("free", rules.free_id), ("office", rules.office_id), ("rex_schedule", rules.rex_when_id)):
        if pk is not None:
            fields[name] = schedules.of_row(pk)
    if rules.two_person:
        fields["two_person"] = schedules.of_row(rules.two_person_when_id)
    if rules.leads_from_id != rules.leads_to_id:
        fields["passage"] = [area.number if area else 0 for area in (rules.leads_from, rules.leads_to)]
    return fields


def _areas(controller: Controller, doors: dict[str, Any]) -> dict[str, Any]:
    """The areas that doors of this controller lead to, where more is said of them than a number."""
    used = {number for fields in doors.values() for number in fields.get("passage", ())}
    shared = area_occupancy.shared(area_occupancy.passages(controller.site_id)) if used else {}
    found = {}
    for area in Area.objects.filter(site=controller.site, number__in=used):
        says = {"limit": area.limit, "forget_hours": area.forget_hours}
        found[str(area.number)] = {name: value for name, value in says.items() if value is not None}
        if area.number in shared:
            found[str(area.number)]["shared"] = True
    return {number: says for number, says in found.items() if says}


def _times(row: Schedule) -> tuple[tuple[int, int, int], ...]:
    return tuple((days, begin, end) for days, begin, end in row.times)


def _link(link: timing.TimeLink) -> dict[str, Any]:
    fields: dict[str, Any] = {"times": [list(interval) for interval in link.times]}
    if link.first is not None:
        fields["from"] = link.first.isoformat()
    if link.last is not None:
        fields["to"] = link.last.isoformat()
    return fields


def _holiday(row: Holiday) -> Any:
    first: date = row.first
    return first.isoformat() if first == row.last else [first.isoformat(), row.last.isoformat()]


def _moment(minutes: int) -> datetime:
    return datetime.fromtimestamp(until_utc(minutes), UTC)


def _check(fields: dict[str, Any], board: dict[str, Any]) -> None:
    """The limits of firmware/controller/access/README.md, as sentences."""
    objects = sum(isinstance(profile, dict) for profile in fields["profiles"].values())
    counts = [
        (
            len(fields.get("schedules", ())),
            limits.SCHEDULES,
            text("a controller takes %(most)d schedules, this needs %(n)d; use fewer"),
        ),
        (
            len(fields.get("holidays", ())),
            limits.HOLIDAYS,
            text("a controller takes %(most)d holidays, these are %(n)d; remove some"),
        ),
        (
            len(fields["profiles"]),
            limits.PROFILES,
            text("a controller takes %(most)d different sets of rights, this needs %(n)d; use fewer groups"),
        ),
        (
            objects,
            limits.OBJECTS,
            text("a controller takes %(most)d sets of rights with schedules or limits, this needs %(n)d; use fewer"),
        ),
        (
            len(json.dumps(fields | {"zone_changes": []}, separators=(",", ":"))) + 24,  # the version comes to it
            LONGEST,
            text("a controller takes rules of %(most)d bytes, this needs %(n)d; use fewer schedules or groups"),
        ),
    ]
    for n, most, said in counts:
        if n > most:
            raise Refusal(said, n=n, most=most)
    if not heap.has_room(board, fields):
        needs = -(-heap.needed(board, fields) // 1024)
        raise Refusal(
            "these rules need %(n)d KB of the controller's memory and it has %(most)d; use fewer kinds of rules on its "
            "doors, or a board with PSRAM",
            n=needs,
            most=heap.BUDGET // 1024,
        )
