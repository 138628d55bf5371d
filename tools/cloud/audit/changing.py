"""Entries of the record of changes in words: who, what, and each value as it was and as it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Breach, Change, Command, DataRequest, DoorRules, HelpRequest, Person, Role, Rollout
from ..rules.forms import ASKED, FLAGS, DoorForm
from ..services import local_time

Kind, What = Change.Kind, Change.What
ICONS = {What.MADE: "plus", What.CHANGED: "edit", What.REMOVED: "cross", What.ASKED: "unlock"}
PAGES = {
    Kind.DOOR: "pages:door",
    Kind.GROUP: "pages:group",
    Kind.SCHEDULE: "pages:schedule",
    Kind.CONTROLLER: "pages:controller",
    Kind.DELIVERY: "pages:delivery",
    Kind.REQUEST: "pages:request",
    Kind.BREACH: "pages:breach",
}
# What is recorded of a row (audit/recorded.py) -> what it is called.
LABELS: dict[str, Any] = {
    **FLAGS,
    **{name: field.label for name, field in DoorForm.base_fields.items()},
    "release_ms": gettext_lazy("Unlocked for"),
    "held_ms": gettext_lazy("Counts as held open after"),
    "extended_ms": gettext_lazy("For those who need longer"),
    "warn_ms": gettext_lazy("Warning before held open"),
    "repeat_ms": gettext_lazy("Held open is said again every"),
    "relock_delay_ms": gettext_lazy("Locks after a delay of"),
    "pulse_ms": gettext_lazy("Pulse to the strike"),
    "rex_when": gettext_lazy("Exit button at"),
    "first_in": gettext_lazy("Unlocked only after the first person came in"),
    "two_person_when": gettext_lazy("Two people together at"),
    "leads_to": gettext_lazy("Leads to"),
    "directory": gettext_lazy("Who is in it is chosen by the directory"),
    "directory_person": gettext_lazy("Looked after by the directory"),
    "passback_minutes": gettext_lazy("Anti-passback for minutes"),
    "interlock_open": gettext_lazy("An open door counts for the interlock"),
    "retention_days": gettext_lazy("Log kept for days"),
    "privacy_contact": gettext_lazy("Whom people ask about their data"),
    "erase_after": gettext_lazy("Erased by itself, days after the last right"),
    "retention_reason": gettext_lazy("Why it is kept so long"),
    "who": gettext_lazy("Asks for"),
    "name": gettext_lazy("Name"),
    "active": gettext_lazy("Active"),
    "extended": gettext_lazy("Doors stay unlocked longer"),
    "escort": gettext_lazy("Escort"),
    "bits": gettext_lazy("Bits"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_until": gettext_lazy("Valid until"),
    "uses": gettext_lazy("Number of passages"),
    "times": gettext_lazy("Times"),
    "first_day": gettext_lazy("Counts from"),
    "last_day": gettext_lazy("Counts until"),
    "next": gettext_lazy("Or also"),
    "first": gettext_lazy("First day"),
    "last": gettext_lazy("Last day"),
    "number": gettext_lazy("Number"),
    "limit": gettext_lazy("At most so many people"),
    "forget_hours": gettext_lazy("Forget who went in after hours"),
    "zone": gettext_lazy("Time zone"),
    "site": gettext_lazy("Site"),
    "doors": gettext_lazy("Doors"),
    "lost_at": gettext_lazy("Reported lost"),
    "replaced_by": gettext_lazy("Replaced by"),
    "link_secret": gettext_lazy("Link secret"),
    "pin_digits": gettext_lazy("Digits of a PIN"),
    "role": gettext_lazy("Role"),
    "providers": gettext_lazy("Sign-in through"),
    "entra": gettext_lazy("Directory of Entra ID"),
    "log_in_places": gettext_lazy("Roughly where a log-in came from is kept"),
    "bound": gettext_lazy("Only at chosen places"),
    "sites": gettext_lazy("Sites"),
    "banks": gettext_lazy("Banks"),
    "revoked_at": gettext_lazy("Revoked"),
    "minutes": gettext_lazy("Minutes"),
    "until": gettext_lazy("Until"),
    "refused": gettext_lazy("Refused"),
    "do": gettext_lazy("Command"),
    "alarm": gettext_lazy("Alarm"),
    "acknowledged": gettext_lazy("Acknowledged"),
    "percent": gettext_lazy("Percent of the controllers"),
    "controllers": gettext_lazy("Controllers"),
    "state": gettext_lazy("State"),
    "why": gettext_lazy("Why"),
    "sessions": gettext_lazy("Sessions ended"),
    "due_at": gettext_lazy("To be picked up by"),
    "deadline": gettext_lazy("To be answered by"),
    "kind": gettext_lazy("Asked for"),
    "lifted_at": gettext_lazy("Holds no longer since"),
    "bank": gettext_lazy("Bank"),
    "address": gettext_lazy("Address"),
    "latitude": gettext_lazy("Latitude"),
    "longitude": gettext_lazy("Longitude"),
    "compartment": gettext_lazy("Compartment"),
    "delivery": gettext_lazy("Delivery"),
    "ending": gettext_lazy("Taken back"),
    "hours": gettext_lazy("Shared, hours"),
    "webhook": gettext_lazy("Webhook"),
    "scopes": gettext_lazy("May ask for"),
    "account": gettext_lazy("An account for their own page"),
    "unlock": gettext_lazy("Residents unlock doors on their page"),
    "guests": gettext_lazy("Residents invite guests"),
    "guests_at_once": gettext_lazy("Guests at once of a resident"),
    "guest_days": gettext_lazy("Days that a guest may pass"),
    "parcels": gettext_lazy("Residents leave parcels for others, send back and take more time"),
    "parcel_days": gettext_lazy("Days that a resident may let a parcel lie"),
    "birth_dates": gettext_lazy("Birth dates are taken over from the sign-in, where its provider tells them"),
    "birth_date": gettext_lazy("Birth date"),
    "picture": gettext_lazy("Profile picture"),
    "guardian": gettext_lazy("A guardian's word"),
    "scope": gettext_lazy("What is affected"),
    "since": gettext_lazy("From"),
    "breach_until": gettext_lazy("Until"),
    "known_at": gettext_lazy("Known since"),
    "told_at": gettext_lazy("The authority was told, or need not be"),
    "closed_at": gettext_lazy("Closed"),
    "help_days": gettext_lazy("Days that closed requests for help are kept"),
}
_PLACE = {name: number for number, name in enumerate(LABELS)}
CHOICES: dict[str, dict[Any, Any]] = {
    "escort": dict(Person.Escort.choices),
    "passback": dict(DoorRules.Passback.choices),
    "relock": dict(DoorRules.Relock.choices),
    "forced": dict(DoorRules.Forced.choices),
    "rex": dict(DoorRules.Rex.choices),
    "role": dict(Role.choices),
    "state": dict(Rollout.State.choices) | dict(HelpRequest.State.choices) | dict(DataRequest.State.choices),
    "kind": dict(DataRequest.Kind.choices),
    "scope": dict(Breach.Scope.choices),
    "do": {**dict(Command.Do.choices), "take back": gettext_lazy("take back"), "move": gettext_lazy("move")},
    "birth_date": {"new": gettext_lazy("another one")},
    "link_secret": {"new": gettext_lazy("a new one is on its way")},
}
MOMENTS = (
    "due_at", "lifted_at", "deadline", "valid_from", "valid_until", "lost_at", "revoked_at", "since", "breach_until",
    "known_at", "told_at", "closed_at",
)  # fmt: skip
DATES = ("first_day", "last_day", "first", "last")
HOLIDAYS = 128  # of a schedule's days


def row(change: Change, zone: str) -> dict[str, Any]:
    """zone: by whose clock the times are."""
    asked = change.after.get("do") if change.what == What.ASKED else None
    return {
        "change": change,
        "zone": zone,
        "icon": ICONS[What(change.what)],
        "by": by(change),
        "way": change.get_way_display() if change.way in (Change.Way.API, Change.Way.COMMAND) else "",
        "kind": change.get_kind_display(),
        "what": CHOICES["do"].get(asked, asked) if asked else change.get_what_display(),
        "name": name(change),
        "page": page(change),
        "values": values(change, zone),
    }


def by(change: Change) -> str:
    if change.token:
        return change.token.name
    return change.user.get_full_name() if change.user else change.account or "Portvakt"


def name(change: Change) -> str:
    if change.erased:
        return _("somebody who is erased")
    if change.kind == Kind.CARD and change.name:
        return _("Card ending in %(end)s") % {"end": change.name}
    # Whose account it was is never kept: that there was one is all that a link can say.
    return change.name or (str(change.get_kind_display()) if change.kind == Kind.BREACH else "")


def page(change: Change) -> str:
    """Where it is, if it still is anywhere and has a page of its own."""
    if change.kind == Kind.PERSON and change.person_id:
        return reverse("pages:person", args=[change.person_id])
    there = PAGES.get(Kind(change.kind))
    gone = change.what == What.REMOVED
    return reverse(there, args=[change.object]) if there and change.object and not gone else ""


def values(change: Change, zone: str) -> list[tuple[Any, str, str]]:
    """(what it is called, as it was, as it is). Of something new or gone only what says something.

    In the order of the labels: PostgreSQL keeps the fields of a JSON object in one of its own.
    """
    found = []
    for field in sorted({**change.before, **change.after}, key=lambda name: _PLACE.get(name, len(_PLACE))):
        was, now = change.before.get(field), change.after.get(field)
        if field == "do" or (change.what != What.CHANGED and was in NOTHING and now in NOTHING):
            continue
        if field == "name" and change.what != What.CHANGED:
            continue  # it stands beside
        before = value(field, was, zone) if field in change.before else ""
        found.append((LABELS.get(field, field), before, value(field, now, zone)))
    return found


NOTHING: tuple[Any, ...] = (None, "", False, [])


def value(field: str, of: Any, zone: str) -> str:
    """One value; "–" is none."""
    if of is None or of == "" or of == []:
        return "–"
    if isinstance(of, bool):
        return _("yes") if of else _("no")
    if field in CHOICES:
        return str(CHOICES[field].get(of, of))
    written = WRITTEN.get(field)
    if written is not None:
        return written(of, zone)
    if field.endswith("_ms") and isinstance(of, int):
        return _("%(n)s s") % {"n": formats.number_format(of / 1000, 1 if of % 1000 else 0)}
    return str(of)


def _moment(of: Any, zone: str) -> str:
    at = datetime.fromtimestamp(of, local_time.UTC) if isinstance(of, int) else parse_datetime(of)
    return formats.date_format(local_time.there(at, zone), "DATETIME_FORMAT") if at else str(of)


def _date(of: Any, zone: str) -> str:
    day = parse_date(of)
    return formats.date_format(day, "DATE_FORMAT") if day else str(of)


def _until(of: Any, zone: str) -> str:
    return _moment(of, zone) if of else _("until another command")


def _names(of: Any, zone: str) -> str:
    return ", ".join(map(str, of))


def _doors(of: Any, zone: str) -> str:
    return ", ".join(_at(*one) if isinstance(one, list) else str(one) for one in of)


def _asked(of: Any, zone: str) -> str:
    return ", ".join(_at(str(ASKED.get(what, what)), when) for what, when in of)


def _at(what: str, schedule: str | None) -> str:
    return f"{what} ({schedule})" if schedule else what


def _times(of: Any, zone: str) -> str:
    """Mon Tue 08:00–16:00"""
    said = []
    for days, begin, end in of:
        named = [str(WEEKDAYS_ABBR[bit]) for bit in range(7) if days >> bit & 1]
        named += [_("Holidays")] if days & HOLIDAYS else []
        said.append(f"{' '.join(named)} {begin // 60:02d}:{begin % 60:02d}–{end // 60:02d}:{end % 60:02d}")
    return ", ".join(said)


WRITTEN: dict[str, Callable[[Any, str], str]] = {
    **dict.fromkeys(MOMENTS, _moment),
    **dict.fromkeys(DATES, _date),
    "until": _until,
    "doors": _doors,
    "sites": _names,
    "providers": _names,
    "banks": _names,
    "who": _asked,
    "times": _times,
}
