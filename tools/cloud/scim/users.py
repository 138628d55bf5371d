"""Users of a directory: people here. What is switched off there passes no door here, in the same transaction."""

from collections.abc import Iterable
from typing import Any

from scim2_models import (
    GroupMembership,
    InvalidValueException,
    Meta,
    NotFoundException,
    Reference,
    UniquenessException,
)

from ..audit import changes
from ..models import Grant, Person, ScimUser, Tenant, lock
from ..people import people
from ..services import clock, entered
from .messages import LONGEST, Name, User, version

NAME = 100  # of a person


def rows(tenant: Tenant) -> Any:
    return ScimUser.objects.filter(tenant=tenant).select_related("person").order_by("pk")


def find(tenant: Tenant, number: str, locked: bool = False) -> ScimUser:
    found = rows(tenant).filter(pk=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0)
    row = (found.select_for_update(of=("self",)) if locked else found).first()
    if row is None:
        raise NotFoundException(detail="There is no such user here.")
    return row


def resources(found: Iterable[ScimUser], base: str) -> list[User]:
    """As they are told, with the groups that a directory chooses."""
    users = list(found)
    groups: dict[int, list[GroupMembership]] = {}
    grants = Grant.objects.filter(person__in=[row.person_id for row in users], group__scim__isnull=False)
    for person, number, name in grants.order_by("pk").values_list("person", "group__scim", "group__name"):
        membership = GroupMembership(
            value=str(number), ref=Reference(f"{base}/Groups/{number}"), display=name, type="direct"
        )
        groups.setdefault(person, []).append(membership)
    return [_resource(row, base, groups.get(row.person_id)) for row in users]


def resource(row: ScimUser, base: str) -> User:
    return resources([row], base)[0]


def _resource(row: ScimUser, base: str, groups: list[GroupMembership] | None) -> User:
    said = row.said
    meta = Meta(
        resource_type="User",
        created=row.created_at,
        last_modified=row.modified_at,
        location=f"{base}/Users/{row.pk}",
    )
    user = User(
        id=str(row.pk),
        external_id=row.external_id or None,
        user_name=row.user_name,
        name=Name(**said["name"]) if said.get("name") else None,
        display_name=said.get("display_name"),
        active=said.get("active"),
        groups=groups,
        meta=meta,
    )
    meta.version = version(user)
    user.meta = meta
    return user


def create(tenant: Tenant, user: User) -> ScimUser:
    """Somebody new. Who is here already without the directory stays a person of their own, until joining.py."""
    with changes.together():
        row = ScimUser(tenant=tenant, created_at=clock.now(), modified_at=clock.now())
        _say(row, user)
        row.said["active"] = user.active is not False
        _check_once(row)
        row.person = people.enter(tenant.pk, name=name(row), active=user.active is not False)
        row.save()
    return row


def change(row: ScimUser, after: User) -> ScimUser:
    """row: locked.

    Who is switched off in the directory is so here, always. Who was switched off here stays so until the directory
    switches them off and on: that it says again that somebody works there is no news.
    """
    with changes.together():
        before, was = name(row), row.said.get("active")
        _say(row, after)
        _check_once(row)
        person = lock(row.person)
        fields: dict[str, Any] = {}
        if name(row) != before and person.name != name(row):
            fields["name"] = name(row)
        if person.active != after.active and (after.active is False or (after.active and not was)):
            fields["active"] = after.active
        if fields:
            people.change(person, **fields)
        row.modified_at = clock.now()
        row.save()
    return row


def remove(row: ScimUser) -> None:
    """The directory knows them no more: they pass no door and are in no group. Erasing is for an administrator."""
    with changes.together():
        person: Person = lock(row.person)
        if person.active:
            people.change(person, active=False)
        people.put_into(person, [])
        row.delete()


def _say(row: ScimUser, user: User) -> None:
    names = user.name.model_dump(exclude_none=True, by_alias=False, scim_ctx=None) if user.name else {}
    said: dict[str, Any] = {
        "name": {key: names[key] for key in ("formatted", "family_name", "given_name") if names.get(key)}
    }
    if user.active is not None:
        said["active"] = user.active
    said |= {"display_name": user.display_name} if user.display_name else {}
    row.user_name, row.external_id = (user.user_name or "").strip(), user.external_id or ""
    row.user_key = row.user_name.casefold()
    for what in (row.user_key, row.user_name, row.external_id, user.display_name or "", *said["name"].values()):
        if len(what) > LONGEST:
            raise InvalidValueException(detail=f"A name or number has at most {LONGEST} letters here.")
    entered.lines(row.user_name, row.external_id, said)
    if not row.user_name:
        raise InvalidValueException(detail="A user needs a userName.")
    row.said = said


def name(row: ScimUser) -> str:
    """What a person is called: as the directory shows them, else their names, else the userName."""
    names = row.said.get("name", {})
    both = " ".join(part for part in (names.get("given_name"), names.get("family_name")) if part)
    shown = row.said.get("display_name") or names.get("formatted") or both or row.user_name or ""
    return " ".join(str(shown).split())[:NAME] or row.user_name[:NAME]


def _check_once(row: ScimUser) -> None:
    if ScimUser.objects.filter(tenant=row.tenant_id, user_key=row.user_key).exclude(pk=row.pk).exists():
        raise UniquenessException(detail="There is a user of this userName already.")
