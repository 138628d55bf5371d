"""Who may pass, as each controller's credential table should say it, and the numbered changes to it.

Everything here happens inside the transaction of whatever caused it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Min

from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from tools.terminal import Problem

from ..models import AccessGroup, AclChange, AclEntry, Controller, Credential, Grant, Profile
from . import rules

Change = tuple[int, bytes, int]  # PUT or REMOVE, record, credential


class Right(NamedTuple):
    """What one credential may do at one controller: these doors, until (packed minutes)."""

    doors: tuple[int, ...]
    until: int


class Held(NamedTuple):
    credential: int
    record: bytes


@dataclass(frozen=True)
class Card:
    credential: int
    person: int
    value: bytes
    until: int


def right(ends: Mapping[int, int], now: int) -> Right | None:
    """The right that follows from the end of each door's grant. All in packed minutes.

    A record has one set of doors and one end. So it says the doors that are open now, until the first ends;
    then the next record is due. When all have ended it keeps them: the controller then says "expired" and not
    "unknown".
    """
    valid = {door: end for door, end in ends.items() if end > now}
    if valid:
        return Right(tuple(sorted(valid)), min(valid.values()))
    return Right(tuple(sorted(ends)), max(ends.values())) if ends else None


def difference(held: Mapping[bytes, Held], wanted: Mapping[bytes, Held]) -> list[Change]:
    """The changes from one table to another, by key. Removals come first: what is taken away never waits."""
    gone = sorted(key for key in held if key not in wanted)
    changed = sorted(key for key in wanted if held.get(key) != wanted[key])
    return [(records.REMOVE, held[key].record, held[key].credential) for key in gone] + [
        (records.PUT, wanted[key].record, wanted[key].credential) for key in changed
    ]


def refresh(
    tenant: int,
    now: datetime,
    people: Collection[int] | None = None,
    controllers: Collection[int] | None = None,
) -> int:
    """Brings tables in line with what is granted. Returns how many changes were written.

    people, controllers: which could be concerned; None: all of the tenant.
    """
    with transaction.atomic():
        concerned = Controller.objects.filter(site__tenant=tenant).order_by("pk")
        if controllers is not None:
            concerned = concerned.filter(pk__in=controllers)
        # Locked before anything is read: two changes at once then see one another.
        locked = list(concerned.select_for_update().values_list("pk", "table_key", "lost_at"))
        rights = _rights(tenant, _minutes(now), people)
        written = 0
        for controller, table_key, lost_at in locked:
            here = {} if lost_at else rights.get(controller, {})  # a lost board may do nothing any more
            written += _bring_in_line(controller, bytes(table_key), here, now, people)
        return written


def refresh_due(now: datetime) -> int:
    """Tables in which time itself has ended a right. Returns how many changes were written."""
    due = Controller.objects.filter(acl_due__lte=now).order_by("pk").values_list("site__tenant", "pk")
    return sum(refresh(tenant, now, controllers=[controller]) for tenant, controller in due)


def give_version(controller: int) -> None:
    """Gives a table that never had a version its first: what a controller holds then goes by a snapshot."""
    Controller.objects.filter(pk=controller, acl_version=0).update(acl_version=1)


def _minutes(moment: datetime | None) -> int:
    return records.until_minutes(None if moment is None else int(moment.timestamp()))


def _rights(tenant: int, now: int, people: Collection[int] | None) -> dict[int, dict[Card, Right]]:
    """{controller: {card: its right there}}."""
    cards = Credential.objects.filter(
        tenant=tenant, kind=Credential.Kind.CARD, active=True, person__active=True
    ).order_by("pk")
    grants = Grant.objects.filter(person__tenant=tenant)
    if people is not None:
        cards, grants = cards.filter(person__in=people), grants.filter(person__in=people)
    doors: dict[int, list[tuple[int, int]]] = {}
    group_doors = AccessGroup.doors.through.objects.filter(accessgroup__tenant=tenant)
    for group, controller, door in group_doors.values_list("accessgroup", "door__controller", "door__number"):
        doors.setdefault(group, []).append((controller, door))
    ends: dict[int, dict[int, dict[int, int]]] = {}  # person: controller: door: end
    for person, group, until in grants.values_list("person", "group", "valid_until"):
        for controller, door in doors.get(group, ()):
            at = ends.setdefault(person, {}).setdefault(controller, {})
            at[door] = max(at.get(door, 0), _minutes(until))
    rights: dict[int, dict[Card, Right]] = {}
    for pk, person, bits, number, until in cards.values_list("pk", "person", "bits", "number", "valid_until"):
        card = Card(pk, person, card_value(bits, number), _minutes(until))
        for controller, by_door in ends.get(person, {}).items():
            found = right({door: min(end, card.until) for door, end in by_door.items()}, now)
            if found is not None:
                rights.setdefault(controller, {})[card] = found
    return rights


def _bring_in_line(
    controller: int,
    table_key: bytes,
    rights: dict[Card, Right],
    now: datetime,
    people: Collection[int] | None,
) -> int:
    entries = AclEntry.objects.filter(controller=controller)
    if people is not None:
        entries = entries.filter(credential__person__in=people)
    held = {
        bytes(key): Held(credential, records.pack_credential(bytes(key), profile, until))
        for key, credential, profile, until in entries.values_list("key", "credential", "profile", "until")
    }
    profiles = _Profiles(controller)
    wanted: dict[bytes, Held] = {}
    for card, (doors, until) in rights.items():
        key = credential_key(table_key, card.value)
        if key in wanted:
            raise Problem("two cards have the same key on a controller; replace one of them")
        wanted[key] = Held(card.credential, records.pack_credential(key, profiles.number(doors), until))
    changes = difference(held, wanted)
    if changes:
        _write(controller, changes, now)
    if profiles.added:
        rules.refresh(controller)
    _note_due(controller, now)
    return len(changes)


def _write(controller: int, changes: list[Change], now: datetime) -> None:
    version, text = Controller.objects.filter(pk=controller).values_list("acl_version", "acl_digest").get()
    digest = int(text, 16)
    keys = [record[:7] for _, record, _ in changes]
    old = {bytes(e.key): e.record for e in AclEntry.objects.filter(controller=controller, key__in=keys)}
    rows = []
    for op, record, credential in changes:
        version += 1
        key = record[:7]
        if key in old:
            digest ^= records.credential_digest(old[key])
        if op == records.PUT:
            digest ^= records.credential_digest(record)
        rows.append(
            AclChange(
                controller_id=controller,
                version=version,
                op=op,
                record=record,
                key=key,
                digest=f"{digest:016x}",
                credential_id=credential,
                at=now,
            )
        )
    AclEntry.objects.filter(controller=controller, key__in=keys).delete()
    AclEntry.objects.bulk_create(_entry(controller, row) for row in rows if row.op == records.PUT)
    AclChange.objects.bulk_create(rows)
    Controller.objects.filter(pk=controller).update(acl_version=version, acl_digest=f"{digest:016x}")


def _entry(controller: int, change: AclChange) -> AclEntry:
    key, profile, until = records.unpack_credential(change.record)
    return AclEntry(controller_id=controller, credential_id=change.credential_id, key=key, profile=profile, until=until)


def _note_due(controller: int, now: datetime) -> None:
    ahead = AclEntry.objects.filter(controller=controller, until__gt=_minutes(now), until__lt=records.NO_END)
    minutes = ahead.aggregate(first=Min("until"))["first"]
    due = None if minutes is None else datetime.fromtimestamp(records.until_utc(minutes), now.tzinfo)
    Controller.objects.filter(pk=controller).update(acl_due=due)


class _Profiles:
    """The profile numbers of one controller; a new set of doors gets the next number."""

    def __init__(self, controller: int):
        self._controller = controller
        self._numbers: dict[str, int] = dict(
            Profile.objects.filter(controller=controller).values_list("doors", "number")
        )
        self.added = False

    def number(self, doors: tuple[int, ...]) -> int:
        name = ",".join(map(str, doors))
        if name not in self._numbers:
            number = 1 + max(self._numbers.values(), default=0)
            if number > 0xFFFF:
                raise Problem("this controller has used up its profile numbers; enrol it anew")
            Profile.objects.create(controller_id=self._controller, number=number, doors=name)
            self._numbers[name] = number
            self.added = True
        return self._numbers[name]
