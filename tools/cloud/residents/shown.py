"""A resident's page in words: doors and what became of unlocking one, parcels, compartments, cards, what is held."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firmware.controller import events as codes

from ..doors import door_status
from ..lockers import about, deliveries, parcel
from ..lockers import shown as lockers
from ..log import words
from ..models import Allotment, Command, Credential, Delivery, Look, Person, Session, User
from ..pages import telling, times
from ..people import arrival, births
from ..sealing import Unreadable
from ..services import clock, local_time
from . import parcels as own_parcels
from . import unlocking
from .unlocking import Own

State = Command.State
# What became of it -> look, icon, words for who stands at the door.
FATES: dict[str, tuple[str, str, Any]] = {
    State.QUEUED: ("", "clock", gettext_lazy("On its way to the door")),
    State.SENT: ("", "clock", gettext_lazy("Sent: waiting for the door’s answer")),
    State.DONE: ("good", "unlock", gettext_lazy("Unlocked: go in")),
    State.EXPIRED: ("warn", "unlinked", gettext_lazy("Not reached in time: the door stays locked")),
    State.REFUSED: ("bad", "cross", gettext_lazy("The door refused, and stays locked")),
    State.UNKNOWN: ("warn", "unknown", gettext_lazy("No answer: nobody knows whether it unlocked. Try the door")),
}
# Why a door does not open now -> words for whose it is at other times.
WHEN: dict[int, Any] = {
    codes.DENIED_TIME: gettext_lazy("Not at this time of the week"),
    codes.DENIED_NOT_YET: gettext_lazy("Not yet: your time here begins later"),
    codes.DENIED_EXPIRED: gettext_lazy("Your time here is over"),
    codes.DENIED_DOOR: gettext_lazy("Does not open for you now"),
}
GOING = (State.QUEUED, State.SENT)
PARCELS = 10  # that are over, below those that are not


def fate(command: Command) -> tuple[str, str, str]:
    state = unlocking.state(command)
    look, icon, text = FATES[state]
    why = words.WHY.get(command.why) if state == State.REFUSED else None
    return look, icon, f"{text} ({why})" if why else str(text)


def asked(command: Command) -> dict[str, Any]:
    """What became of a press of the button, and who is told when it came to nothing."""
    look, icon, text = fate(command)
    state = unlocking.state(command)
    return {
        "row": command,
        "look": look,
        "icon": icon,
        "text": text,
        "going": state in GOING,
        "told": "" if state in (*GOING, State.DONE) else told(command),
    }


def told(command: Command) -> str:
    since = unlocking.told_since(command)
    if since is None:
        return _("Nobody is told of this. Use your card, or ask those who look after the house.")
    at = door_status.moment(since, command.controller.site.zone, clock.now())
    return _("Those who look after the house are told since %(time)s that it is silent. Use your card.") % {"time": at}


def door(one: Own) -> dict[str, Any]:
    return {
        "row": one.door,
        "opens": one.opens,
        "text": WHEN.get(one.answer.code, WHEN[codes.DENIED_DOOR]) if not one.opens else _("Opens for you now"),
        "button": one.button,
        "fault": telling.sentence(one.fault) if one.fault and one.opens else "",
        "linked": one.linked,
        "asked": asked(one.asked) if one.asked else None,
    }


def doors(person: Person) -> list[dict[str, Any]]:
    return [door(one) for one in unlocking.own(person)]


def parcels(person: Person) -> list[dict[str, Any]]:
    """Those that wait or are on their way, then the last that are over."""
    rows = Delivery.objects.of(person.tenant_id).filter(recipient=person).exclude(about=b"")
    rows = rows.select_related("bank__controller__site", "made_by", "token")
    lost = Q(bank__controller__lost_at__isnull=False)
    going = rows.exclude(state__in=Delivery.OVER).exclude(lost).order_by("-deposited_at", "-pk")
    over = rows.filter(state__in=Delivery.OVER).exclude(lost).order_by("-ended_at")[:PARCELS]
    return [_parcel(row) for row in (*going, *over)]


def _parcel(row: Delivery) -> dict[str, Any]:
    said = lockers.delivery(row.bank, row)
    said["what"] = about.legible(row).description
    said["page"] = parcel.token(row) if row.state == Delivery.State.DEPOSITED else ""
    return said


def all_parcels(person: Person) -> dict[str, list[dict[str, Any]]]:
    """fetch: for them, that come or lie there; leave: of theirs, that they may leave now; left; over: the last ones."""
    rows = own_parcels.of(person).select_related("made_by", "token")
    going = rows.exclude(state__in=Delivery.OVER).order_by("-pk")
    over = rows.filter(state__in=Delivery.OVER).order_by(Coalesce("ended_at", "made_at").desc(), "-pk")[:PARCELS]
    may = own_parcels.allowed(person)
    return {
        "fetch": [_to_fetch(person, row, may) for row in going if row.recipient_id == person.pk],
        "leave": [_to_leave(row) for row in going if row.giver_id == person.pk and not _is_back(person, row)],
        "over": [
            _parcel(row) | {"back": may and row.recipient_id == person.pk and own_parcels.goes_back(row)}
            for row in over
        ],
    }


def _is_back(person: Person, row: Delivery) -> bool:
    """Of who leaves something for themselves: it lies there, and is theirs to fetch."""
    return row.recipient_id == person.pk and row.state == Delivery.State.DEPOSITED


def _to_fetch(person: Person, row: Delivery, may: bool) -> dict[str, Any]:
    """days: how many more of them they may take."""
    end = own_parcels.latest(person, row) if may else None
    days = 0 if end is None or row.due_at is None else -(-(end - max(row.due_at, clock.now())) // timedelta(days=1))
    return _parcel(row) | {"days": range(1, days + 1)}


def _to_leave(row: Delivery) -> dict[str, Any]:
    """With the code to put it in as long as it has not been; never the one to take it out."""
    try:
        code = deliveries.codes_of(row).deposit if row.state == Delivery.State.MADE else ""
    except Unreadable:
        code = ""
    said = about.legible(row)
    return _parcel(row) | {
        "page": "",
        "code": code and deliveries.spaced(code),
        "digits": code,
        "qr": lockers.qr(row.bank, code) if code else "",
        "for": said.name or said.unit,
    }


def compartments(person: Person) -> list[dict[str, Any]]:
    now = clock.now()
    theirs = Allotment.objects.filter(Q(person=person) | Q(taken_by=person), ending=False)
    rows = theirs.select_related("bank__controller__site", "person", "taken_by")
    return [lockers.allotment(row, now, row.bank.controller.site.zone) for row in rows]


def cards(person: Person) -> list[dict[str, Any]]:
    """Those that work, and the last one that was blocked with how far that has come."""
    kept = person.credentials.exclude(kind=Credential.Kind.DURESS)
    blocked = kept.filter(kind=Credential.Kind.CARD, active=False).order_by("-pk")[:2]
    return [card(row) for row in (*kept.filter(active=True).order_by("kind", "-pk"), *blocked)]


def card(row: Credential) -> dict[str, Any]:
    zones = local_time.of_tenant(row.tenant_id)
    return {
        "row": row,
        "name": words.credential(row, False),
        "is_card": row.kind == Credential.Kind.CARD,
        "ends": times.ends(row.valid_until, zones[:1], len(zones) > 1) if row.valid_until else "",
        "arrival": None if row.active else arrival.of(row, unlocking.doors_of(row.person)),
    }


def held(person: Person, user: User, session: str) -> dict[str, Any]:
    """Everything that is kept of somebody, for themselves. session: the one that asks."""
    zones = local_time.of_tenant(person.tenant_id)
    sessions = Session.living().filter(user=user).order_by("-used_at")
    return {
        "grants": [
            {
                "row": row,
                "doors": [place.door.name for place in row.group.places.select_related("door").order_by("door__name")],
                **times.validity(row, zones, len(zones) > 1),
            }
            for row in person.grants.select_related("group").order_by("group__name")
        ],
        "sessions": [{"row": row, "this": row.session_key == session} for row in sessions],
        "last_sign_in": sessions.aggregate(last=Max("began_at"))["last"],
        "birth": birth(person),
        "looks": [_look(row, zones[0]) for row in person.looked_at.order_by("-until")[:PARCELS]],
        "zone": zones[0],
    }


def birth(person: Person) -> births.KnownBirth | None:
    """None: nothing is known, or it cannot be read any more."""
    try:
        known = births.of(person)
    except Unreadable:
        return None
    return known if any(known) else None


def _look(row: Look, zone: str) -> dict[str, Any]:
    return {"what": row.get_what_display(), "times": row.times, "time": _at(row.until, zone)}


def _at(moment: datetime, zone: str) -> str:
    return door_status.moment(moment, zone, clock.now())
