"""Groups of a directory: access groups here. It chooses who is in them; which doors they have, and when, stays ours.

A directory sees the groups that it made, and those that an owner has let it look after.
"""

from collections.abc import Collection, Iterable
from typing import Any

from scim2_models import (
    InvalidValueException,
    Meta,
    NotFoundException,
    Reference,
    UniquenessException,
)

from ..audit import changes
from ..models import AccessGroup, Grant, ScimGroup, ScimUser, Tenant, lock
from ..people import bulk
from ..people import groups as access_groups
from ..people.bulk import PersonWork
from ..services import clock, entered
from .messages import LONGEST, Group, Member, version

NAME = 100


def rows(tenant: Tenant) -> Any:
    return ScimGroup.objects.filter(tenant=tenant).select_related("group").order_by("pk")


def find(tenant: Tenant, number: str, locked: bool = False) -> ScimGroup:
    found = rows(tenant).filter(pk=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0)
    row = (found.select_for_update(of=("self",)) if locked else found).first()
    if row is None:
        raise NotFoundException(detail="There is no such group here.")
    return row


def resources(found: Iterable[ScimGroup], base: str, members: bool = True) -> list[Group]:
    """As they are told. members: False where the directory does not want them: of a large group that is most of it."""
    groups = list(found)
    who: dict[int, list[Any]] = {}
    if members:
        grants = Grant.objects.filter(group__in=[row.group_id for row in groups], person__scim__isnull=False)
        for group, number in grants.order_by("pk").values_list("group", "person__scim"):
            who.setdefault(group, []).append(Member(value=str(number), ref=Reference(f"{base}/Users/{number}")))
    return [_resource(row, base, who.get(row.group_id)) for row in groups]


def resource(row: ScimGroup, base: str) -> Group:
    return resources([row], base)[0]


def _resource(row: ScimGroup, base: str, members: Any) -> Group:
    meta = Meta(
        resource_type="Group",
        created=row.created_at,
        last_modified=row.modified_at,
        location=f"{base}/Groups/{row.pk}",
    )
    group = Group(
        id=str(row.pk),
        external_id=row.external_id or None,
        display_name=row.group.name,
        members=members,
        meta=meta,
    )
    meta.version = version(group)
    group.meta = meta
    return group


def create(tenant: Tenant, said: Group) -> ScimGroup:
    """A group without doors, until somebody here gives it some."""
    with changes.together():
        name = _checked(said)
        _check_once(tenant, name, None)
        group = access_groups.save(AccessGroup(tenant=tenant), name, {}, {})
        row = ScimGroup(tenant=tenant, group=group, external_id=said.external_id or "")
        row.created_at = row.modified_at = clock.now()
        row.save()
        _choose(row, _members(said))
    return row


def change(row: ScimGroup, after: Group, members: bool = True) -> ScimGroup:
    """row: locked. members: whether those of `after` are all that are to be in it."""
    with changes.together():
        name = _checked(after)
        group = lock(row.group)
        if group.name != name:
            _check_once(row.tenant, name, group.pk)
            places = dict(group.places.values_list("door", "schedule"))
            access_groups.save(group, name, {}, places)
        if members:
            _choose(row, _members(after))
        row.external_id, row.modified_at = after.external_id or "", clock.now()
        row.save()
    return row


def remove(row: ScimGroup) -> None:
    """The directory lets go of it: its users leave. The group itself goes where it has no doors and nobody else."""
    with changes.together():
        group = lock(row.group)
        _choose(row, set())
        row.delete()
        if not group.places.exists() and not group.grants.exists():
            access_groups.remove(group)


def let(group: AccessGroup, may: bool) -> None:
    """Whether the tenant's directory looks after who is in a group. Who is in it stays."""
    with changes.of(group):
        lock(group)
        if not may:
            ScimGroup.objects.filter(group=group).delete()
        elif not ScimGroup.objects.filter(group=group).exists():
            now = clock.now()
            ScimGroup.objects.create(tenant_id=group.tenant_id, group=group, created_at=now, modified_at=now)


def _checked(said: Group) -> str:
    name = " ".join((said.display_name or "").split())
    if not 0 < len(name) <= NAME or len(said.external_id or "") > LONGEST:
        raise InvalidValueException(detail=f"A group needs a displayName of at most {NAME} letters.")
    entered.lines(name, said.external_id)
    return name


def _check_once(tenant: Tenant, name: str, but: int | None) -> None:
    if AccessGroup.objects.filter(tenant=tenant, name=name).exclude(pk=but).exists():
        raise UniquenessException(
            detail="There is an access group of this name already; an owner may let the directory look after it."
        )


def _members(said: Group) -> set[str]:
    return {str(one.value) for one in said.members or () if one.value is not None}


def _choose(row: ScimGroup, wanted: Collection[str]) -> None:
    """Who is in it, of the directory's users: people that were put into it here stay. Said to doors once."""
    numbers = {int(one) for one in wanted if one.isascii() and one.isdigit() and len(one) < 19}
    chosen = dict(ScimUser.objects.filter(tenant=row.tenant_id, pk__in=numbers).values_list("pk", "person"))
    if len(chosen) < len(wanted):
        raise InvalidValueException(detail="A member is no user here; provision users before their groups.")
    held = {
        grant.person_id: grant for grant in Grant.objects.filter(group=row.group_id, person__scim__tenant=row.tenant_id)
    }
    concerned = held.keys() ^ set(chosen.values())
    works = []
    for person in bulk.lock(row.tenant_id, concerned):
        if person.pk in held:
            works.append(PersonWork(person, left=[held[person.pk]]))
        else:
            works.append(PersonWork(person, grants=[Grant(person=person, group=row.group)]))
    bulk.carry_out(row.tenant_id, works)
