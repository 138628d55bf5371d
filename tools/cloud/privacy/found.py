"""Everything that is kept of a person, found by what each model says of itself (models/personal.py).

For them alone: what points at somebody else is left out, so are secrets, and what tells of duress: somebody who is
forced may be forced to show this, too.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import BinaryField, DateField, ForeignKey, Model, Q, QuerySet

from ..alarms import codes
from ..lockers.about import GIVER, legible
from ..log import words
from ..models import (
    AccessGroup,
    Area,
    Bank,
    Controller,
    Credential,
    Delivery,
    Door,
    Event,
    Person,
    Picture,
    Reach,
    Schedule,
    Scoped,
    Site,
    Tenant,
    User,
)
from ..models.personal import Personal, personal
from ..sealing import SealedField, Unreadable
from ..services import local_time

# Rows that a copy names where others refer to them; nobody is among them.
NAMED = (Tenant, Site, Controller, Door, AccessGroup, Bank, Schedule, Area, Credential)
DURESS = Q(credential__kind=Credential.Kind.DURESS)
Row = dict[str, Any]


class Found(NamedTuple):
    """The rows of one model that are somebody's."""

    model: type[Model]
    said: Personal
    rows: QuerySet[Any]

    @property
    def name(self) -> str:
        return self.model._meta.model_name or ""


def of(person: Person, themself: bool, reach: Reach | None = None) -> Iterator[Found]:
    """By model, of those that have a way to them. themself: rows of the account too, which nobody else sees.

    reach: of who takes it for them, and looks after some places only: what shows to them.
    """
    for model in sorted(apps.get_models(), key=lambda one: one._meta.label):
        said = personal(model)
        if said is None:
            continue
        mine = Q(pk__in=())
        for way in said.person:
            mine |= Q(**{way: person.pk})
        if themself and person.user_id is not None:
            account = Q(pk__in=())
            for way in said.account:
                account |= Q(**{way: person.user_id})
            tenant = getattr(model, "TENANT_PATH", None)
            mine |= account & Q(**{tenant: person.tenant_id}) if tenant else account
        found = model._base_manager.filter(mine).distinct().order_by("pk")
        if reach is not None:
            shows: Any = model._default_manager.all()
            found = found.filter(pk__in=shows.seen(reach).values("pk") if isinstance(shows, Scoped) else ())
        yield Found(model, said, _told(model, found))


def rows(found: Found, person: Person) -> Iterator[Row]:
    """As a copy says them: every field that is theirs or plain, times by the clock of the place."""
    home = ZoneInfo(local_time.of_tenant(person.tenant_id)[0])
    fields = [field for field in found.model._meta.concrete_fields if _shows(field, found)]
    related = [field.name for field in fields if field.is_relation and _names(field)]
    related += ["controller__site"] if "controller" in related else []
    doors = dict(_doors(person.tenant_id)) if found.model is Event else {}
    readers = [(field.name, _reader(field, found.model, person)) for field in fields]
    for row in found.rows.prefetch_related(*related).iterator(chunk_size=2000):  # few places, many rows of each
        zone = ZoneInfo(row.controller.site.zone) if "controller" in related and row.controller else home
        said = {name: read(row, zone) for name, read in readers}
        if isinstance(row, Event):
            said["door"] = doors.get((row.controller_id, row.door_number), "")
        yield said


def _doors(tenant: int) -> Iterator[tuple[tuple[int, int], str]]:
    for controller, number, name in Door.objects.of(tenant).values_list("controller", "number", "name"):
        yield (controller, number), name


def _told(model: type[Model], rows: QuerySet[Any]) -> QuerySet[Any]:
    """Without what tells of duress. An event of it stays, as the grant that it looked like."""
    secret = getattr(model, "SECRET", None)
    if secret is not None:
        rows = rows.exclude(secret[0])
    names = {field.name for field in model._meta.concrete_fields}
    return rows.exclude(DURESS) if "credential" in names and model is not Event else rows


def _shows(field: Any, found: Found) -> bool:
    said = found.said
    if field.name in {*said.secret, *said.acts, *said.others}:
        return False
    if not field.is_relation:
        return not field.primary_key
    return field.related_model in (Person, User) or _names(field)


def _names(field: Any) -> bool:
    return isinstance(field, ForeignKey) and field.related_model in NAMED


def _reader(field: Any, model: type[Model], person: Person) -> Callable[[Any, ZoneInfo], Any]:
    """How a field of any row is said: chosen once, for there may be a hundred thousand of them."""
    name = field.name
    if field.is_relation and field.related_model in (Person, User):
        mine = person.pk if field.related_model is Person else person.user_id
        # Nobody else is named.
        return lambda row, zone: "you" if mine is not None and getattr(row, field.attname) == mine else None
    if model is Event and name == "code":
        return lambda row, zone: codes.NAMES.get(codes.shown(row.code, False), str(row.code))
    if model is Delivery and name == "about":
        return lambda row, zone: _about(row, person)
    if model is Picture and name == "content":
        return lambda row, zone: b64encode(row.content).decode()
    if field.is_relation:
        return lambda row, zone: _named(getattr(row, name))
    if isinstance(field, SealedField):
        return lambda row, zone: _opened(getattr(row, name))
    if isinstance(field, DateField | BinaryField):
        return lambda row, zone: _plain(getattr(row, name), zone)
    return lambda row, zone: getattr(row, name)


def _named(value: Any) -> Any:
    if isinstance(value, Credential):
        return words.credential(value, False)
    if isinstance(value, AccessGroup):
        return {"name": value.name, "doors": list(value.doors.order_by("name").values_list("name", flat=True))}
    return None if value is None else str(value)


def _about(row: Delivery, person: Person) -> Row:
    """What it is, and of the two whom it is about the one that it is for."""
    mine = row.recipient_id == person.pk
    said = asdict(legible(row))
    return {name: text for name, text in said.items() if text and (name == "description" or (name in GIVER) != mine)}


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        try:
            return value.astimezone(zone).isoformat(timespec="seconds")
        except OverflowError:  # kept before there were bounds
            return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else bytes(value).hex()


def _opened(value: Any) -> str | None:
    """None: it was sealed under another key, and nobody can read it any more."""
    try:
        return bytes(value or b"").decode("utf-8", "replace")
    except Unreadable:
        return None
