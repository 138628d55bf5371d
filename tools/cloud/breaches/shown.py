"""A breach in words: the clock, whom it concerns and with what, what was done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import Breach, BreachEntry, Person, User
from ..models.breaches import TO_TELL
from ..models.retention import TABLE
from ..services import clock, local_time
from . import recorded
from .affected import Affected

SOON = timedelta(hours=24)
NAMED = 50  # people on the page; all of them are in the list
DONE = 50
# What one row of a list of people says; also the columns of the file.
COLUMNS = ("kind", "number", "name", "email", "since", "data", "looked_at", "removed_before")


def line(row: Breach, zone: str) -> dict[str, Any]:
    """As a line of a list."""
    return {"row": row, "zone": zone, "name": name(row), "clock": clock_of(row)}


def name(row: Breach) -> str:
    """What is affected, by name."""
    of = row.account.get_full_name() if row.account else row.token.name if row.token else row.controller
    scope = str(row.get_scope_display())
    return scope if row.scope == Breach.Scope.WHOLE else f"{scope}: {of or _('gone since')}"


def clock_of(row: Breach) -> dict[str, Any]:
    """How it stands with the 72 hours. part: how much of them is over, of a hundred."""
    now = clock.now()
    at = row.told_at or now
    part = max(0, min(100, int((at - row.known_at) / TO_TELL * 100)))
    if row.told_at is not None:
        in_time = row.told_at <= row.due_at
        text = _("In time") if in_time else _("Late, with the reason")
        return {"look": "good" if in_time else "warn", "icon": "check", "text": text, "part": part, "runs": False}
    left = row.due_at - now
    if left <= timedelta(0):
        text, look, icon = _("Overdue by %(time)s") % {"time": _hours(-left)}, "bad", "bell"
    else:
        text, look, icon = _("%(time)s left") % {"time": _hours(left)}, "warn" if left <= SOON else "", "clock"
    return {"look": look, "icon": icon, "text": text, "part": part, "runs": True}


def kinds(affected: Affected) -> list[dict[str, Any]]:
    """Which data: how many records, and which fields of them."""
    found = []
    for one in affected.kinds:
        records = ngettext("%(n)d record", "%(n)d records", one.rows) % {"n": one.rows}
        found.append({"kind": one.kept.kind, "records": records, "fields": one.fields})
    return found


def people(affected: Affected, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Whom it concerns, by name, then accounts of nobody among them. most: so many at most of each."""
    looked = recorded.looked_at(affected.breach)
    told = {**affected.people, **affected.perhaps}
    seen: set[int] = set()
    rows = Person.objects.filter(tenant=affected.breach.tenant_id).select_related("user").order_by("name", "pk")
    for row in _some(rows, told, most):
        if row.user_id is not None:
            seen.add(row.user_id)
        yield {
            "kind": "person",
            "number": row.pk,
            "name": row.name,
            "email": row.user.email if row.user else "",
            "since": affected.came(row.pk),
            "data": _data(told[row.pk] | affected.accounts.get(row.user_id or 0, set())),
            "looked_at": looked.get(row.pk, 0),
            "removed_before": row.pk in affected.perhaps,
        }
    for user in _some(User.objects.order_by("email"), affected.accounts, most):
        if user.pk not in seen:
            yield {
                "kind": "account",
                "number": user.pk,
                "name": user.name,
                "email": user.email,
                "since": affected.breach.since,
                "data": _data(affected.accounts[user.pk]),
                "looked_at": 0,
                "removed_before": False,
            }


def entries(row: Breach) -> list[dict[str, Any]]:
    told = row.entries.select_related("user")
    return [_entry(one, row) for one in told]


def _entry(one: BreachEntry, row: Breach) -> dict[str, Any]:
    return {
        "row": one,
        "what": one.get_what_display(),
        "note": bytes(one.note).decode(),
        "by": one.user.get_full_name() if one.user else _("on the command line"),
        "counts": whom(one.counts) if one.counts else "",
    }


def whom(counts: dict[str, int]) -> str:
    """How many people and accounts."""
    people, accounts = counts.get("people", 0), counts.get("accounts", 0)
    said = ngettext("%(n)d person", "%(n)d people", people) % {"n": people}
    if accounts:
        said += ", " + ngettext("%(n)d account", "%(n)d accounts", accounts) % {"n": accounts}
    return said


def zone_of(row: Breach) -> str:
    return local_time.of_tenant(row.tenant_id)[0]


def _some(rows: Any, wanted: dict[int, Any], most: int | None) -> Iterator[Any]:
    """Of ordered rows those that are wanted; in one pass, as there may be more than a statement takes numbers."""
    left = len(wanted) if most is None else min(most, len(wanted))
    for one in rows.iterator(chunk_size=1000) if left else ():
        if one.pk in wanted:
            yield one
            left -= 1
            if not left:
                return


def _data(places: set[int]) -> list[str]:
    return [str(TABLE[place].kind) for place in sorted(places)]


def _hours(span: timedelta) -> str:
    hours, minutes = int(span.total_seconds() // 3600), int(span.total_seconds() // 60)
    if hours < 1:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
