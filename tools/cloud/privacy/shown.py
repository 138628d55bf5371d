"""A request in words: how it stands, by when, and its receipt."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import DataRequest, ErasedAt, RequestStep, User
from ..services import clock, local_time
from .requests import SOON

Kind, State, What = DataRequest.Kind, DataRequest.State, RequestStep.What

# State -> look and icon of its badge.
LOOKS = {State.DONE: ("good", "check"), State.REFUSED: ("", "cross"), State.TAKEN_BACK: ("", "back")}
# What was erased in the database, as a receipt says it.
COUNTS: dict[str, Any] = {
    "cards": gettext_lazy("cards and PINs"),
    "groups": gettext_lazy("accesses"),
    "events": gettext_lazy("events of the log, which name nobody now and keep number and chain"),
    "parcels": gettext_lazy("parcels’ texts"),
    "changes": gettext_lazy("entries of who changed what, which say no name and no value now"),
    "looks": gettext_lazy("entries of who looked, which say no name now"),
    "account": gettext_lazy("the account, with its address, sign-ins and sessions"),
}
# What a person asks for -> what they get, and what they lose by it: read before they ask.
MEANS: dict[str, Any] = {
    Kind.ACCESS: gettext_lazy("Everything that is kept of you, as files."),
    Kind.CORRECTION: gettext_lazy("Something that is kept of you is wrong. Write what, and how it should be."),
    Kind.ERASURE: gettext_lazy(
        "Everything that is kept of you is erased, and your cards and codes stop working. Nobody can take this back."
    ),
    Kind.RESTRICTION: gettext_lazy(
        "What is kept of you stays, and nobody sees it but you and those who handle your request. Doors go on."
    ),
    Kind.OBJECTION: gettext_lazy(
        "You do not agree that something is kept or used. Write what, and why. "
        "From now on you are in no figures of use, and no partner is told of you."
    ),
    Kind.PORTABILITY: gettext_lazy("What you gave us, in a form that another system reads."),
    Kind.WITHDRAWAL: gettext_lazy(
        "You agreed to something and do so no longer. A birth date and a profile picture are erased at once. "
        "Is it anything else, write what."
    ),
    Kind.COMPLAINT: gettext_lazy(
        "Something is not done right with your data. You may also turn to the data protection authority."
    ),
}


def lines(rows: Iterable[DataRequest]) -> list[dict[str, Any]]:
    """Each as a line of a list, which asks nothing more of the database."""
    found = list(rows)
    zones = local_time.of_tenants({row.tenant_id for row in found})
    return [_line(row, zones[row.tenant_id][0]) for row in found]


def request(row: DataRequest, names: bool = True) -> dict[str, Any]:
    """names: whether who did something is told by name; else by what they are."""
    return _line(row, local_time.of_tenant(row.tenant_id)[0]) | {
        "said": bytes(row.said).decode(),
        "answer": bytes(row.answer).decode(),
        "steps": [_step(one, row, names) for one in row.steps.select_related("user", "token")],
        "erased": _erased(row, names) if row.erased_at else None,
    }


def _line(row: DataRequest, zone: str) -> dict[str, Any]:
    now = clock.now()
    look, icon = LOOKS.get(State(row.state), ("", "clock"))
    open_, going = row.state == State.OPEN, row.state in DataRequest.GOING
    over = going and row.due_at <= now
    if over:
        look, icon = "bad", "bell"
    elif going and row.due_at <= now + SOON:
        look = "warn"
    return {
        "row": row,
        "zone": zone,
        "open": open_,
        "lifts": row.stands and not open_,
        "going": going,
        "overdue": over,
        "look": look,
        "icon": icon,
        "text": _left(row, now) if open_ or over else _("In force") if row.stands else row.get_state_display(),
    }


def _erased(row: DataRequest, names: bool) -> dict[str, Any]:
    """What was done where. names: whether controllers and partners are named, to those who know them anyhow."""
    counts = row.receipt.get("counts", {})
    rows = row.controllers.select_related("controller")
    return {
        "counts": [(counts[name], text) for name, text in COUNTS.items() if counts.get(name)],
        "controllers": [_controller(one, n, names) for n, one in enumerate(rows, 1)],
        "directory": row.receipt.get("directory", False),
        "partners": row.receipt.get("partners", []) if names else len(row.receipt.get("partners", [])),
    }


def _controller(one: ErasedAt, number: int, names: bool) -> dict[str, Any]:
    lost = one.controller.lost_at is not None and one.held_at is None
    return {
        "row": one,
        "name": one.controller.name if names else _("Controller %(n)d") % {"n": number},
        "look": "good" if one.held_at else "bad" if lost else "warn",
        "icon": "check" if one.held_at else "cross" if lost else "clock",
        "lost": lost,
    }


def _left(row: DataRequest, now: datetime) -> str:
    days = (row.due_at - now).days
    if row.due_at <= now:
        late = (now - row.due_at).days
        return ngettext("overdue by %(n)d day", "overdue by %(n)d days", late) % {"n": late} if late else _("overdue")
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}


def _step(one: RequestStep, row: DataRequest, names: bool) -> dict[str, Any]:
    told = {What.MADE: row.get_way_display(), What.EXTENDED: row.extension, What.LIFTED: row.lifting}
    more = told.get(What(one.what), "")
    return {"row": one, "what": one.get_what_display(), "by": _by(one, row, names), "more": more}


def _by(one: RequestStep, row: DataRequest, names: bool) -> str:
    mine = one.what == What.MADE and row.way == DataRequest.Way.OWN
    themself = row.person is not None and one.user_id is not None and one.user_id == row.person.user_id
    themself = themself or (one.what == What.LIFTED and not row.lifting)
    if mine or themself or one.what in (What.TAKEN_BACK, What.FETCHED):
        return _("the person")
    user: User | None = one.user
    if not names:
        return _("those who look after the house")
    return user.get_full_name() if user else one.token.name if one.token else "Portvakt"
