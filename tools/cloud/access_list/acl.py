"""Who may pass, as each controller's credential table should say it, and the numbered changes to it.

Everything here happens inside the transaction of whatever caused it.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Min

from firmware.controller import records
from firmware.controller.access.credential import (
    card_pin_value,
    card_value,
    credential_key,
    duress_value,
    pin_value,
)

from ..controllers.troubles import Troubles, Work
from ..models import AclChange, AclEntry, Controller, Credential, Profile, Tenant
from ..people import pins
from ..rules import rules
from ..sealing import UNREADABLE, Unreadable
from ..services.refusal import Refusal
from . import grants
from .grants import Granted
from .prepared import Given, Prepared
from .rights import Entitlement, minutes

Change = tuple[int, bytes, int]  # PUT or REMOVE, record, credential
_DUE = Prepared(
    lambda: Controller.objects.filter(acl_due__lte=Given("now")).order_by("pk").values_list("site__tenant", "pk")
)


class HeldCredential(NamedTuple):
    credential: int
    record: bytes


class Carried(NamedTuple):
    """What somebody can present: of which credential it is a record, and what its key is made of.

    value: None where that cannot be read. What a controller holds of it already is kept in line all the same, as its
    keys are there; only what would need a new key waits.
    """

    credential: int
    value: bytes | None
    until: int  # packed minutes


def difference(held: Mapping[bytes, HeldCredential], wanted: Mapping[bytes, HeldCredential]) -> list[Change]:
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

    people, controllers: which could be concerned; None: all of the tenant. A PIN or a board's key that cannot be read
    keeps nobody else from anything: its boards are due at once, and the worker tells of it (refresh_due).
    """
    return _refresh(tenant, now, people, controllers)[0]


def _refresh(
    tenant: int, now: datetime, people: Collection[int] | None, controllers: Collection[int] | None
) -> tuple[int, bool]:
    """As refresh(), and whether something could not be read."""
    with transaction.atomic():
        # One change of a tenant at a time, before anything is read: two at once then see one another.
        Tenant.objects.select_for_update().get(pk=tenant)
        rights = _rights(tenant, minutes(now), people)
        concerned = Controller.objects.filter(site__tenant=tenant).order_by("pk")
        if controllers is not None:
            concerned = concerned.filter(pk__in=controllers)
        elif people is not None:  # of a thousand boards, those where they may pass or could so far
            hold = AclEntry.objects.filter(credential__person__in=people, controller__site__tenant=tenant)
            concerned = concerned.filter(pk__in={*rights, *hold.values_list("controller", flat=True)})
        locked = list(concerned.select_for_update().values_list("pk", "table_key", "lost_at"))
        written, unread = 0, []
        for controller, table_key, lost_at in locked:
            here = {} if lost_at else rights.get(controller, {})  # a lost board may do nothing any more
            key = _read(table_key)
            written += _bring_in_line(controller, key, here, now, people)
            if here and (key is None or any(one.value is None for one in here)):
                unread.append(controller)
        Controller.objects.filter(pk__in=unread).update(acl_due=now)
        pins.check_cap(grants.pin_only(row[0] for row in locked))
        return written, bool(unread)


def _read(table_key: Any) -> bytes | None:
    try:
        return bytes(table_key)
    except Unreadable:
        return None


def refresh_due(now: datetime, troubles: Troubles | None = None) -> int:
    """Tables in which time itself has ended a right. Returns how many changes were written."""
    troubles = troubles or Troubles()
    due, written = _DUE.rows(now=now), 0
    for tenant, controller in due:
        if not troubles.rests(Work.RIGHTS, controller):
            with troubles.aside(Work.RIGHTS, controller):
                count, unread = _refresh(tenant, now, None, [controller])
                written += count
                if unread:  # all else is done
                    raise Unreadable(UNREADABLE)
    troubles.settle(Work.RIGHTS, {controller for _, controller in due})
    return written


def give_version(controller: int) -> None:
    """Gives a table that never had a version its first: what a controller holds then goes by a snapshot."""
    Controller.objects.filter(pk=controller, acl_version=0).update(acl_version=1)


def _rights(tenant: int, now: int, people: Collection[int] | None) -> dict[int, dict[Carried, Granted]]:
    """{controller: {what can be presented: what is granted to it there}}."""
    granted = grants.granted(tenant, people, now)
    cards = Credential.objects.filter(tenant=tenant, active=True, person__active=True, person__in=granted)
    carried: dict[int, dict[str, list[Credential]]] = {}
    for row in cards.order_by("pk"):
        carried.setdefault(row.person_id, {}).setdefault(row.kind, []).append(row)
    asks = grants.asks(tenant)
    rights: dict[int, dict[Carried, Granted]] = {}
    for person, held in carried.items():
        for controller, what in granted[person].items():
            kinds = {kind for door in what.doors for kind in asks.get((controller, door), ("card",))}
            for one in _presented(held, kinds, bool(what.flags.get("pin"))):
                rights.setdefault(controller, {})[one] = what.ending(one.until)
    return rights


def _presented(held: Mapping[str, list[Credential]], kinds: set[str], always_pin: bool) -> list[Carried]:
    """The records that somebody needs where doors ask for these kinds; none that no door could ask for."""
    cards = {row: bytes(card_value(row.bits, row.number)) for row in held.get("card", ())}
    codes = {row: _digits(row) for kind in ("pin", "duress") for row in held.get(kind, ())}
    alone, paired = kinds & {"pin", "card/pin"}, always_pin or "card+pin" in kinds
    found = [Carried(row.pk, value, minutes(row.valid_until)) for row, value in cards.items()]
    for row, digits in codes.items():
        duress = row.kind == Credential.Kind.DURESS
        end = minutes(row.valid_until)
        if alone:
            whole = duress_value(b"", digits) if duress and digits else digits and pin_value(digits)
            found.append(Carried(row.pk, whole, end))
        if paired:
            pair = duress_value if duress else card_pin_value
            found += [
                Carried(card.pk, digits and pair(value, digits), min(end, minutes(card.valid_until)))
                for card, value in cards.items()
            ]
    return found


def _digits(pin: Credential) -> bytes | None:
    try:
        return pins.digits(pin.sealed).encode()
    except Unreadable:
        return None


def _bring_in_line(
    controller: int,
    table_key: bytes | None,
    rights: dict[Carried, Granted],
    now: datetime,
    people: Collection[int] | None,
) -> int:
    entries = AclEntry.objects.filter(controller=controller)
    if people is not None:
        entries = entries.filter(credential__person__in=people)
    held = {
        bytes(key): HeldCredential(credential, records.pack_credential(bytes(key), profile, until))
        for key, credential, profile, until in entries.values_list("key", "credential", "profile", "until")
    }
    profiles = _Profiles(controller, minutes(now))
    wanted: dict[bytes, HeldCredential] = {}
    due: dict[bytes, int | None] = {}
    for carried, granted, key in _keys(table_key, rights, held):
        if key in wanted:
            raise Refusal("two cards have the same key on a controller; replace one of them")
        number, until, due[key] = profiles.of(granted)
        wanted[key] = HeldCredential(carried.credential, records.pack_credential(key, number, until))
    changes = difference(held, wanted)
    if changes:
        _write(controller, changes, now)
    if profiles.added:
        rules.refresh(controller)
    _keep_due(controller, due)
    return len(changes)


def _keys(
    table_key: bytes | None, rights: dict[Carried, Granted], held: dict[bytes, HeldCredential]
) -> Iterator[tuple[Carried, Granted, bytes]]:
    """Each with its key; of what cannot be read those that the controller holds, and no new one."""
    made = set()
    for carried, granted in rights.items():
        if table_key is not None and carried.value is not None:
            key = credential_key(table_key, carried.value)
            made.add(key)
            yield carried, granted, key
    for carried, granted in rights.items():
        if table_key is None or carried.value is None:
            mine = [key for key, one in held.items() if one.credential == carried.credential and key not in made]
            made.update(mine)
            for key in mine:
                yield carried, granted, key


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
    key, (profile, until) = bytes(change.record[:7]), records.unpack_credential(change.record)
    return AclEntry(controller_id=controller, credential_id=change.credential_id, key=key, profile=profile, until=until)


def _keep_due(controller: int, due: Mapping[bytes, int | None]) -> None:
    """Notes with each record when time alone changes it, and with the controller when the first does."""
    entries = AclEntry.objects.filter(controller=controller)
    rows = [row for row in entries.filter(key__in=list(due)).only("key", "due") if row.due != due[bytes(row.key)]]
    for row in rows:
        row.due = due[bytes(row.key)]
    AclEntry.objects.bulk_update(rows, ["due"])
    minutes = entries.aggregate(first=Min("due"))["first"]
    at = None if minutes is None else datetime.fromtimestamp(records.until_utc(minutes), UTC)
    Controller.objects.filter(pk=controller).update(acl_due=at)


class _Profiles:
    """The profile numbers of one controller; a new content gets the next number."""

    def __init__(self, controller: int, now: int):
        self._controller = controller
        self._now = now
        self._numbers = dict(Profile.objects.filter(controller=controller).values_list("content", "number"))
        self._found: dict[Granted, tuple[int, int, int | None]] = {}
        self.added = False

    def of(self, granted: Granted) -> tuple[int, int, int | None]:
        """(profile number, end of the record, when time changes either) for what is granted."""
        if granted not in self._found:
            right = granted.right(self._now)
            if right.content not in self._numbers and not rules.has_room(self._controller, right.content):
                right = granted.right(self._now, exact=False)
            self._found[granted] = self._number(right), right.until, right.due
        return self._found[granted]

    def _number(self, right: Entitlement) -> int:
        if right.content not in self._numbers:
            number = 1 + max(self._numbers.values(), default=0)
            if number > 0xFFFF:
                raise Refusal("this controller has used up its profile numbers; enrol it anew")
            Profile.objects.create(controller_id=self._controller, number=number, content=right.content)
            self._numbers[right.content] = number
            self.added = True
        return self._numbers[right.content]
