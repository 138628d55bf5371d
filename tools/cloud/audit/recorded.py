"""What the record of changes keeps of each kind of row: the one place that says it. Nothing secret is among it.

Own rather than a library: django-auditlog and django-simple-history know users only (no tokens, no tenants), keep each
row for itself where a change here is several, and know nothing of erasure; pghistory is for PostgreSQL alone.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import models

from ..models import (
    AccessGroup,
    AclChange,
    AclEntry,
    Alarm,
    Allotment,
    ApiToken,
    Area,
    Bank,
    Birth,
    Breach,
    BreachEntry,
    BreachNotice,
    Change,
    Command,
    Compartment,
    Controller,
    Credential,
    DataCopy,
    DataRequest,
    Delivery,
    Door,
    DoorRules,
    Erased,
    ErasedAt,
    Event,
    Exposure,
    Gap,
    Grant,
    GroupDoor,
    Guest,
    GuestDoor,
    HelpLetter,
    HelpMessage,
    HelpPolicy,
    HelpRequest,
    Holiday,
    Invitation,
    LogIn,
    LogKey,
    LogoutHeard,
    Look,
    Membership,
    Notice,
    Partner,
    PartnerCall,
    PartnerFeed,
    PartnerTold,
    Person,
    Picture,
    Profile,
    Progress,
    Reading,
    Release,
    RequestStep,
    ResidentPolicy,
    Rollout,
    RolloutBoard,
    Schedule,
    ScimGroup,
    ScimToken,
    ScimUser,
    Session,
    SignInLink,
    Site,
    Statement,
    Tenant,
    User,
    Webhook,
    WebhookCall,
)

Kind = Change.Kind
Values = dict[str, Any]

# Model -> the fields that are kept. Of a PIN that it is there, never which one.
FIELDS: dict[type[models.Model], tuple[str, ...]] = {
    Person: ("name", "active", "extended", "escort"),
    Credential: ("bits", "active", "valid_until"),
    Grant: ("valid_from", "valid_until", "uses"),
    AccessGroup: ("name", *AccessGroup.FLAGS),
    Schedule: ("name", "times", "first_day", "last_day", "next"),
    Holiday: ("name", "first", "last"),
    Door: ("name", *Door.SETTINGS),
    Area: ("number", "name", "limit", "forget_hours"),
    Site: ("name", "zone"),
    Controller: ("name", "lost_at", "replaced_by"),
    Tenant: (
        "name",
        "pin_digits",
        "retention_days",
        "retention_reason",
        "erase_after",
        "privacy_contact",
        "providers",
        "entra",
        "log_in_places",
    ),
    Membership: ("role", "until", "bound"),
    ApiToken: ("name", "role", "revoked_at"),
    ScimToken: ("name", "revoked_at"),
    Delivery: ("due_at",),
    Allotment: ("compartment", "hours", "valid_until", "ending"),
    DataRequest: ("kind", "state", "lifted_at"),
    Breach: ("scope", "since", "known_at", "told_at", "closed_at"),  # never what is written of it
}
# ... and rows that are a part of another one: what is kept of it has them too.
PARTS: dict[type[models.Model], tuple[str, ...]] = {
    GroupDoor: ("accessgroup", "door", "schedule"),
    DoorRules: tuple(field.name for field in DoorRules._meta.fields if field.name != "door"),
    User: ("is_active",),
    Webhook: ("url",),
    Partner: ("scopes",),
    Bank: ("name", "address", "latitude", "longitude"),
    ResidentPolicy: ("unlock", "guests", "guests_at_once", "guest_days", "parcels", "parcel_days", "birth_dates"),
    Birth: ("born", "guardian", "agreed_on", "claimed"),  # that there is one, never which
    Picture: ("content",),  # that there is one
    HelpPolicy: ("days",),
}
# What a service notes itself, as it is no row that stays and changes.
BY_HAND: dict[type[models.Model], str] = {
    Command: "commands: what was asked of a door or controller",
    Alarm: "alarms: that it was acknowledged",
    SignInLink: "links: that one was made, never which",
    HelpRequest: "help: that it was answered or closed, never what it says",
    Rollout: "updates: begun and ended, in each tenant whose controllers are in it",
}
NOT: dict[type[models.Model], str] = {
    Guest: "a guest's person and PIN are kept as anybody's, with who invited",
    GuestDoor: "as its guest",
    Invitation: "nothing of it may be left",
    HelpMessage: "as its request",
    HelpLetter: "follows from an answer",
    Compartment: "as its board says",
    Notice: "follows from what becomes of a delivery",
    WebhookCall: "follows from what becomes of a delivery, or happens at a partner's doors",
    PartnerFeed: "how far a partner is told",
    PartnerTold: "how far a partner is told",
    AclEntry: "follows from what is granted",
    AclChange: "follows from what is granted",
    Exposure: "follows from giving a controller up",
    Profile: "follows from what is granted",
    Event: "what controllers recorded",
    Gap: "what controllers recorded",
    LogKey: "what controllers said",
    Look: "a record itself",
    Change: "this record",
    PartnerCall: "a record itself",
    Reading: "a card of minutes; arming is a command, giving it makes a card",
    Progress: "how far the worker is",
    ScimUser: "what becomes of the person is kept of the person",
    ScimGroup: "what becomes of its people is kept of each of them",
    RequestStep: "a record itself",
    BreachEntry: "a record itself",
    BreachNotice: "as its breach: that one was saved is an entry there",
    DataCopy: "what its request says",
    Statement: "put together from settings, whose own changes are kept",
    ErasedAt: "what a controller reported",
    Erased: "a number of nobody, for backups",
    Session: "who is signed in",
    LogIn: "who signed in, for themselves",
    LogoutHeard: "that a provider's token was heard",
    Release: "the host's, of no tenant",
    RolloutBoard: "how far a rollout is",
}
# What is told of a row and is another one's: it was entered there, and is refused there.
ELSEWHERE: dict[str, str] = {Kind.DELIVERY: "bank", Kind.ALLOTMENT: "bank", Kind.CONTROLLER: "site"}


class RowState(NamedTuple):
    """A row as it stands in the database, as far as it is recorded."""

    kind: str
    tenant: int
    number: int
    name: str
    values: Values
    person: int | None = None
    hidden: bool = False


def whole(row: models.Model) -> tuple[type[models.Model], int | None]:
    """What a row is recorded as: itself, or what it is a part of."""
    if isinstance(row, GroupDoor):
        return AccessGroup, row.accessgroup_id
    if isinstance(row, DoorRules):
        return Door, row.door_id
    if isinstance(row, Bank):
        return Controller, row.controller_id
    if isinstance(row, Webhook | Partner):
        return ApiToken, row.token_id
    if isinstance(row, Birth | Picture):
        return Person, row.person_id
    if isinstance(row, ResidentPolicy | HelpPolicy):
        return Tenant, row.tenant_id
    return type(row), row.pk


def state(model: type[models.Model], pk: int | None) -> RowState | None:
    """None: there is no such row."""
    found = None if pk is None else states(model, [pk])
    return found[0] if found else None


def states(model: type[models.Model], pks: list[int]) -> list[RowState]:
    row = _ROWS[model]
    found = model._default_manager.filter(pk__in=pks).select_related(*row.related).order_by("pk")
    return [_state(one, row) for one in found]


class _Row(NamedTuple):
    """How a row is told: kind, name, tenant, whom it is about."""

    kind: Callable[[Any], Any]
    tenant: Callable[[Any], int]
    name: Callable[[Any], str] = str
    person: Callable[[Any], int | None] = lambda row: None
    more: Callable[[Any], Values] = lambda row: {}
    related: tuple[str, ...] = ()


def _state(row: Any, how: _Row) -> RowState:
    kind = how.kind(row)
    values = {name: value(getattr(row, name)) for name in FIELDS[type(row)]} | how.more(row)
    return RowState(kind, how.tenant(row), row.pk, how.name(row)[:254], values, how.person(row), kind == Kind.DURESS)


def value(of: Any) -> Any:
    """As JSON has it; another row by its name."""
    if isinstance(of, datetime | date):
        return of.isoformat()
    return str(of) if isinstance(of, models.Model) else of


def ending(number: int | None) -> str:
    """Enough of a card to tell it from others, too little to copy it: how its number ends, as log/words.py has it."""
    return "" if number is None else f"{number & 0xFFFF:05d}"[-3:]


def _places(row: Membership) -> Values:
    return {name: sorted(map(str, getattr(row, name).all())) for name in Membership.PLACES} if row.bound else {}


def _doors(group: AccessGroup) -> Values:
    places = group.places.select_related("door", "schedule").order_by("door__name", "door")
    doors = [[place.door.name, value(place.schedule)] for place in places]
    return {"doors": doors, "directory": ScimGroup.objects.filter(group=group).exists()}


def _rules(door: Door) -> Values:
    rules = DoorRules.objects.filter(door=door).first() or DoorRules(door=door)
    names = dict(Schedule.objects.filter(pk__in=[pk for _, pk in rules.who]).values_list("pk", "name"))
    said = {name: value(getattr(rules, name)) for name in PARTS[DoorRules] if name != "who"}
    return said | {"who": [[what, names.get(pk)] for what, pk in rules.who]}


def _policies(tenant: Tenant) -> Values:
    policy = ResidentPolicy.objects.filter(tenant=tenant).first() or ResidentPolicy(tenant=tenant)
    kept = HelpPolicy.objects.filter(tenant=tenant).first() or HelpPolicy(tenant=tenant)
    return {name: getattr(policy, name) for name in PARTS[ResidentPolicy]} | {"help_days": kept.days}


def _birth(person: Person) -> Values:
    row = Birth.objects.filter(person=person).first()
    return {"birth_date": row is not None and bool(row.born), "guardian": row is not None and bool(row.guardian)}


def _picture(person: Person) -> Values:
    return {"picture": Picture.objects.filter(person=person).exists()}


def _token(token: ApiToken) -> Values:
    said: Values = {"webhook": "".join(Webhook.objects.filter(token=token).values_list("url", flat=True))}
    if token.role == ApiToken.PARTNER:
        partner = Partner.objects.filter(token=token).first()
        doors = Door.objects.filter(partners__token=token).order_by("name").values_list("name", flat=True)
        said |= {"scopes": partner.scopes if partner else [], "doors": list(doors)}
    return said


def _board(controller: Controller) -> Values:
    doors = list(controller.doors.order_by("number").values_list("name", flat=True))
    bank = Bank.objects.filter(controller=controller).first()
    where = {"bank" if name == "name" else name: getattr(bank, name) for name in PARTS[Bank]} if bank else {}
    return {"site": controller.site.name, "doors": doors, **where}


_ROWS: dict[type[models.Model], _Row] = {
    Person: _Row(
        lambda row: Kind.PERSON,
        lambda row: row.tenant_id,
        person=lambda row: row.pk,
        more=lambda row: {"account": row.user_id is not None, **_birth(row), **_picture(row)},  # never which one
    ),
    Credential: _Row(
        lambda row: row.kind,
        lambda row: row.tenant_id,
        lambda row: ending(row.number),
        lambda row: row.person_id,
    ),
    Grant: _Row(
        lambda row: Kind.GRANT,
        lambda row: row.person.tenant_id,
        lambda row: row.group.name,
        lambda row: row.person_id,
        related=("person", "group"),
    ),
    AccessGroup: _Row(lambda row: Kind.GROUP, lambda row: row.tenant_id, more=_doors),
    Schedule: _Row(lambda row: Kind.SCHEDULE, lambda row: row.tenant_id, related=("next",)),
    Holiday: _Row(lambda row: Kind.HOLIDAY, lambda row: row.tenant_id),
    Door: _Row(
        lambda row: Kind.DOOR, lambda row: row.controller.site.tenant_id, more=_rules, related=("controller__site",)
    ),
    Area: _Row(lambda row: Kind.AREA, lambda row: row.site.tenant_id, related=("site",)),
    Site: _Row(lambda row: Kind.SITE, lambda row: row.tenant_id),
    Controller: _Row(
        lambda row: Kind.CONTROLLER, lambda row: row.site.tenant_id, more=_board, related=("site", "replaced_by")
    ),
    Tenant: _Row(lambda row: Kind.TENANT, lambda row: row.pk, more=_policies),
    Membership: _Row(
        lambda row: Kind.MEMBER,
        lambda row: row.tenant_id,
        lambda row: row.user.email,
        more=lambda row: {"active": row.user.is_active, **_places(row)},
        related=("user",),
    ),
    ApiToken: _Row(
        lambda row: Kind.TOKEN,
        lambda row: row.tenant_id,
        lambda row: row.name,
        more=_token,
    ),
    ScimToken: _Row(lambda row: Kind.TOKEN, lambda row: row.tenant_id),
    Allotment: _Row(
        lambda row: Kind.ALLOTMENT,
        lambda row: row.bank.controller.site.tenant_id,
        lambda row: row.person.name if row.person else "",
        lambda row: row.person_id,
        more=lambda row: {"bank": row.bank.name},
        related=("person", "bank__controller__site"),
    ),
    DataRequest: _Row(
        lambda row: Kind.REQUEST,
        lambda row: row.tenant_id,
        lambda row: row.person.name if row.person else "",
        lambda row: row.person_id,
        more=lambda row: {"deadline": value(row.due_at)},
        related=("person",),
    ),
    # "until" is another word's in audit/changing.py.
    Breach: _Row(
        lambda row: Kind.BREACH,
        lambda row: row.tenant_id,
        lambda row: str(row.controller or (row.token.name if row.token else "")),  # never whose account
        more=lambda row: {"breach_until": value(row.until)},
        related=("controller", "token"),
    ),
    # Whom it is for is sealed, and stays so.
    Delivery: _Row(
        lambda row: Kind.DELIVERY,
        lambda row: row.bank.controller.site.tenant_id,
        lambda row: str(row.number),
        more=lambda row: {"bank": row.bank.name},
        related=("bank__controller__site",),
    ),
}
