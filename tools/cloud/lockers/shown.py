"""Banks and deliveries as the pages show them: the picture of a bank, and who may see what of a delivery."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firmware.controller.access.codes import SLOTS
from firmware.controller.storage.allotments import KEYS

from ..doors import door_status
from ..guests.shown import qr as drawn
from ..models import Allotment, Bank, Compartment, Delivery, Notice, Right, User, visible
from ..pages import access, telling
from ..sealing import Unreadable
from ..services import clock
from . import about, layout, notices, shared
from .about import About
from .usage import Share

SCANNED = "PV"  # begins what a scanner takes for a code: firmware/controller/readers/scanner.py
OVER_SHOWN = 20  # deliveries that have ended, on the page of a bank
# How a compartment stands -> its icon, and what the legend calls it.
STATES = {
    "free": ("", gettext_lazy("Free")),
    "taken": ("parcel", gettext_lazy("With a parcel")),
    "overdue": ("clock", gettext_lazy("Overdue")),
    "shared": ("key", gettext_lazy("Shared, and free")),
    "own": ("people", gettext_lazy("Somebody’s")),
    "open": ("door-open", gettext_lazy("Open")),
    "fault": ("cross", gettext_lazy("Out of use")),
}
# State of a delivery -> colour and icon of its badge.
BADGES = {
    Delivery.State.MADE: ("", "clock"),
    Delivery.State.DEPOSITED: ("good", "parcel"),
    Delivery.State.PICKED_UP: ("", "check"),
    Delivery.State.CANCELLING: ("warn", "clock"),
    Delivery.State.CANCELLED: ("", "cross"),
    Delivery.State.RETURNED: ("", "back"),
}


@dataclass(frozen=True)
class Cell:
    """A compartment in the picture. state: as STATES has it. delivery: what lies in it, for who may see it."""

    row: Compartment
    state: str
    delivery: int | None

    @property
    def icon(self) -> str:
        return STATES[self.state][0]

    @property
    def text(self) -> Any:
        return STATES[self.state][1]


def banks(user: User) -> list[dict[str, Any]]:
    """Every bank that the user may see, with how many of its compartments are free, by size."""
    now = clock.now()
    rows = in_sight(visible(Bank, user)).select_related("controller__site")
    return [_bank(bank, now) for bank in rows.order_by("name", "pk")]


def in_sight(rows: QuerySet[Bank]) -> QuerySet[Bank]:
    """Without those whose board was reported lost, unless parcels lie there still, or a compartment is somebody's."""
    lying = Delivery.objects.filter(state=Delivery.State.DEPOSITED).values("bank")
    own = Allotment.objects.values("bank")
    return rows.filter(Q(controller__lost_at=None) | Q(pk__in=lying) | Q(pk__in=own))


def _bank(bank: Bank, now: datetime) -> dict[str, Any]:
    found = cells(bank, now)
    free = Counter(cell.row.size for cell in found if cell.state == "free")
    every = Counter(cell.row.size for cell in found)
    return {
        "bank": bank,
        "linked": door_status.linked(bank.controller, now),
        "free": sum(free.values()),
        "count": len(found),
        "sizes": [(Compartment.Size(size).label, free[size], every[size]) for size in layout.HEIGHTS if every[size]],
        "taken": sum(cell.state in ("taken", "overdue") for cell in found),
        "fault": sum(cell.state == "fault" for cell in found),
    }


def cells(bank: Bank, now: datetime) -> list[Cell]:
    """In the order of their numbers."""
    lying = {
        one.compartment: one
        for one in bank.deliveries.filter(state=Delivery.State.DEPOSITED).defer("about").order_by("pk")
    }
    own = {row.compartment: row for row in bank.allotments.all()}
    return [_cell(row, lying.get(row.number), own.get(row.number), now) for row in bank.compartments.all()]


def _cell(row: Compartment, lying: Delivery | None, own: Allotment | None, now: datetime) -> Cell:
    if row.fault:
        state = "fault"
    elif row.open:
        state = "open"
    elif lying is None:
        state = _of_somebody(own, now) if own else "free"
    else:
        state = "overdue" if is_overdue(lying, now) else "taken"
    return Cell(row, state, lying and lying.pk)


def _of_somebody(row: Allotment, now: datetime) -> str:
    if row.hours is not None and not row.turn and not row.ending:
        return "shared"
    return "overdue" if shared.is_over(row, now) else "own"


def is_overdue(delivery: Delivery, now: datetime) -> bool:
    return delivery.state == Delivery.State.DEPOSITED and delivery.due_at is not None and delivery.due_at <= now


def picture(bank: Bank, user: User) -> dict[str, Any]:
    """The bank as it looks: columns of cells from the top, None for the keypad; and what stands beside it."""
    now = clock.now()
    found = {cell.row.number: cell for cell in cells(bank, now)}
    columns = [[found.get(place) for place in column] for column in layout.read(bank.controller.board).columns]
    counts = Counter(cell.state for cell in found.values())
    return {
        "bank": bank,
        "columns": columns,
        "legend": [
            (state, icon, text, counts[state])
            for state, (icon, text) in STATES.items()
            if counts[state] or state in ("free", "taken")
        ],
        "link": door_status.link(bank.controller, now),
        "may_see": access.may(user, bank, Right.DELIVERIES),
    }


def deliveries(bank: Bank) -> list[dict[str, Any]]:
    """Those that go on, then the last that have ended."""
    rows = bank.deliveries.select_related("made_by", "token")
    now = clock.now()
    going = sorted(rows.exclude(state__in=Delivery.OVER)[:SLOTS], key=lambda row: not is_overdue(row, now))
    return list(each(bank, [*going, *rows.filter(state__in=Delivery.OVER).order_by("-ended_at")[:OVER_SHOWN]]))


def allotments(bank: Bank) -> list[dict[str, Any]]:
    """Whose compartments are, for who may see people."""
    now, zone = clock.now(), bank.controller.site.zone
    rows = bank.allotments.select_related("person", "taken_by").annotate(
        cards=Count("person__credentials", filter=Q(person__credentials__active=True, person__credentials__kind="card"))
    )
    return [allotment(row, now, zone) for row in rows.order_by("compartment")]


def _shared(row: Allotment, now: datetime, zone: str) -> dict[str, Any]:
    until = door_status.moment(row.taken_until, zone, now) if row.taken_until else ""
    found = {"row": row, "who": row.taken_by, "until": until, "shared": True}
    if row.ending:
        return {**found, "look": "warn", "icon": "clock", "state": _("Being taken back")}
    if not row.held:
        return {**found, "look": "warn", "icon": "clock", "state": _("The board does not know yet")}
    if not row.turn:
        return {**found, "look": "", "icon": "key", "state": _("Shared, and free")}
    if shared.is_over(row, now):
        state = _("Its time is over: look into it, and say when it is empty")
        return {**found, "look": "warn", "icon": "clock", "state": state}
    return {**found, "look": "good", "icon": "check", "state": _("Taken")}


def allotment(row: Any, now: datetime, zone: str) -> dict[str, Any]:
    """row: with how many cards its person has, where that is to be said."""
    if row.hours is not None:
        return _shared(row, now, zone)
    over = row.valid_until is not None and row.valid_until <= now
    if row.ending:
        look, icon, state = "warn", "clock", _("Being taken back")
    elif row.person is None:
        look, icon, state = "warn", "cross", _("Opens to nobody’s card: look into it, and take it back")
    elif not row.held:
        look, icon, state = "warn", "clock", _("The board does not know yet")
    elif over:
        look, icon, state = "warn", "cross", _("Its time is over: it opens no more")
    else:
        look, icon, state = "good", "check", _("Opens to their card")
        if getattr(row, "cards", 0) > KEYS:
            state = _("Opens to their %(n)d newest cards, of %(all)d") % {"n": KEYS, "all": row.cards}
    until = door_status.moment(row.valid_until, zone, now) if row.valid_until else ""
    return {"row": row, "who": row.person, "look": look, "icon": icon, "state": state, "until": until}


def qr(bank: Bank, digits: str) -> str:
    """For the scanner of a bank that has one: what it takes for a code. Empty where there is none."""
    if not bank.controller.board["bank"].get("keypad", {}).get("scanner"):
        return ""
    return drawn(SCANNED + digits)


def chart(share: Share) -> dict[str, Any]:
    """Bars of a picture of 24 by 100, an hour each; none of too few parcels."""
    bars = [
        {"x": hour, "y": 100 - 100 * one, "height": 100 * one, "percent": round(100 * one)}
        for hour, one in enumerate(share.hours)
    ]
    return {"share": share, "bars": bars}


def notice(row: Notice) -> dict[str, Any]:
    """As the outbox shows it: no code stands in it."""
    zone = row.delivery.bank.controller.site.zone
    try:
        to, unreadable = notices.address(row), ""
    except Unreadable as problem:
        to, unreadable = "", telling.sentence(problem)
    look, icon = {"sent": ("good", "check"), "failed": ("bad", "cross")}.get(row.state, ("", "clock"))
    return {
        "row": row,
        "to": to,
        "text": notices.text(row) if to else unreadable,
        "look": look,
        "icon": icon,
        "time": door_status.moment(row.ended_at or row.made_at, zone, clock.now()),
    }


def each(bank: Bank, rows: Iterable[Delivery]) -> Iterable[dict[str, Any]]:
    for row in rows:
        yield delivery(bank, row)


def delivery(bank: Bank, row: Delivery) -> dict[str, Any]:
    now, zone = clock.now(), bank.controller.site.zone
    overdue = is_overdue(row, now)
    look, icon = ("warn", "clock") if overdue else BADGES[Delivery.State(row.state)]

    def at(moment: datetime | None) -> str:
        return door_status.moment(moment, zone, now) if moment else ""

    try:
        said, unreadable = about.of(row), ""
    except Unreadable as problem:
        said, unreadable = About(), telling.sentence(problem)
    return {
        "row": row,
        "about": said,
        "unreadable": unreadable,
        "look": look,
        "icon": icon,
        "state": _("Overdue") if overdue else row.get_state_display(),
        "size": Compartment.Size(row.size).label if row.size else "",
        "made": at(row.made_at),
        "due": at(row.due_at),
        "deposited": at(row.deposited_at),
        "ended": at(row.ended_at),
        "by": str(row.token.name if row.token else row.made_by.get_full_name() if row.made_by else ""),
    }
