"""What was changed after a moment that is past: an answer about that moment goes by today, and says what it lacks.

Nothing is reckoned back. The record of changes tells what differs, as far as it is kept; who changed it is for owners.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from ..models import AccessGroup, Change, Door
from ..models.retention import CHANGES

Kind = Change.Kind

# Of a person's own rights. That their name or account changed is none.
_OWN = Q(kind__in=(Kind.GRANT, Kind.CARD, Kind.PIN)) | Q(kind=Kind.PERSON) & (
    Q(before__has_any_keys=["active", "extended", "escort"]) | Q(after__has_any_keys=["active", "extended", "escort"])
)
# Of the whole organisation: which doors a schedule counts at changes, too.
_OF_ALL = (Kind.SCHEDULE, Kind.HOLIDAY)


class Rule(NamedTuple):
    """What was changed last at a time. name: empty, where it does not show to whoever asks, or is nothing any more."""

    kind: str
    name: str
    at: datetime

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label)


@dataclass(frozen=True)
class Since:
    """people: whose own rights were changed. new: who was entered since. erased: somebody was erased since. whole: the
    record of changes goes back that far. changes: of rules, the last first."""

    people: set[int]
    new: set[int]
    erased: bool
    whole: bool
    changes: list[tuple[Rule, Any]]

    def rules(self, door: Door) -> list[Rule]:
        """What else was changed that has a say at a door: each once, the last first."""
        found: dict[tuple[str, Any], Rule] = {}
        groups: set[int] = set()
        if any(rule.kind == Kind.GROUP for rule, _ in self.changes):
            groups = set(AccessGroup.objects.filter(places__door=door).values_list("pk", flat=True))
        for rule, change in self.changes:
            if _concerns(change, door, groups):
                found.setdefault((rule.kind, change["object"]), rule)
        return list(found.values())


NOTHING = Since(set(), set(), False, True, [])


def of(tenant: int, at: datetime, now: datetime, groups: Collection[int] | None = None) -> Since:
    """groups: those that show to whoever asks; None: all."""
    if at >= now:
        return NOTHING
    later = Change.objects.filter(tenant=tenant, at__gt=at)
    own = later.filter(_OWN)
    return Since(
        set(own.filter(person__isnull=False).values_list("person", flat=True)),
        set(own.filter(kind=Kind.PERSON, what=Change.What.MADE).values_list("person", flat=True)) - {None},
        later.filter(erased=True).exists(),
        now - at < (CHANGES.period or timedelta()),
        list(_rules(later, at, groups)),
    )


def _rules(later: QuerySet[Change], at: datetime, groups: Collection[int] | None) -> Iterable[tuple[Rule, Any]]:
    kinds = (*_OF_ALL, Kind.GROUP, Kind.DOOR, Kind.AREA, Kind.SITE, Kind.CONTROLLER)
    rows = later.filter(kind__in=kinds).exclude(what=Change.What.ASKED).order_by("-pk")
    for row in rows.values("kind", "object", "name", "at", "before", "after"):
        if row["kind"] == Kind.HOLIDAY and not _is_near(row, at):
            continue
        shows = row["kind"] != Kind.GROUP or groups is None or row["object"] in groups
        yield Rule(row["kind"], row["name"] if shows else "", row["at"]), row


def _is_near(change: Any, at: datetime) -> bool:
    """Whether a holiday, as it was or is, is of that day, by whichever clock."""
    days = [said[name] for said in (change["before"], change["after"]) for name in ("first", "last") if said.get(name)]
    near = [(at + timedelta(days=way)).date().isoformat() for way in (-1, 1)]
    return not days or (min(days) <= near[1] and max(days) >= near[0])


def _concerns(change: Any, door: Door, groups: set[int]) -> bool:
    """groups: those that have the door now. One that had it then names it."""
    if change["kind"] in _OF_ALL:
        return True
    if change["kind"] == Kind.GROUP:
        return change["object"] in groups or any(
            door.name == name for said in (change["before"], change["after"]) for name, *_ in said.get("doors", ())
        )
    site = door.controller.site_id
    where = {Kind.DOOR: door.pk, Kind.CONTROLLER: door.controller_id, Kind.SITE: site}
    if change["kind"] in where:
        return bool(change["object"] == where[change["kind"]])
    rules = getattr(door, "rules", None)
    return rules is not None and change["object"] in (rules.leads_from_id, rules.leads_to_id)
