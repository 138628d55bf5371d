"""What recipients are told, by e-mail or SMS. It waits in the outbox; sending.py lets it leave, if that is wanted."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from ..controllers.troubles import Troubles, Work
from ..models import Delivery, Notice
from ..services import local_time
from . import about, deliveries, parcel

Kind = Notice.Kind
HIDDEN = "•••• ••• •••"  # a code, to who is not the recipient
BEFORE = (Kind.TO_LEAVE, Kind.MOVED)  # told while it has not come yet; the others while it waits


def make(delivery: Delivery, kind: Any, now: datetime) -> int:
    """In every way they can be reached; one that waits already is not made again. Returns how many those were."""
    ways = [way for way in Notice.Way if address(Notice(delivery=delivery, kind=kind, way=way))]
    waiting = set(Notice.objects.filter(delivery=delivery, kind=kind, state="waiting").values_list("way", flat=True))
    rows = [
        Notice(delivery=delivery, kind=kind, way=way, made_at=now, next_at=now)
        for way in ways
        if way not in waiting and not about.is_enough(delivery.notices, kind, now, way=str(way))
    ]
    Notice.objects.bulk_create(rows)
    return len(rows)


def make_aside(delivery: Delivery, kind: Any, now: datetime, troubles: Troubles) -> None:
    """As make(); what keeps it from being made is a trouble of its bank's controller, and stops nothing else."""
    with troubles.aside(Work.DELIVERIES, delivery.bank.controller_id), transaction.atomic():
        make(delivery, kind, now)


def address(notice: Notice) -> str:
    """Empty when the delivery's days are over. Raises Unreadable."""
    said = about.of(notice.delivery)
    email, phone = said.email, said.phone
    if notice.kind == Kind.TO_LEAVE:
        email, phone = said.giver_email, said.giver_phone
    return email if notice.way == Notice.Way.EMAIL else phone


def is_due(notice: Notice) -> bool:
    """Whether what it says still holds."""
    state = Delivery.State.MADE if notice.kind in BEFORE else Delivery.State.DEPOSITED
    return bool(notice.delivery.state == state)


def subject(notice: Notice) -> str:
    # One line, whatever the bank is called: more would be headers of an e-mail.
    return _("Parcel at %(bank)s") % {"bank": " ".join(str(notice.delivery.bank).split())}


def text(notice: Notice, with_code: bool = False) -> str:
    """with_code: only as it leaves; whoever looks into the outbox sees none."""
    row, bank = notice.delivery, notice.delivery.bank
    place = f"{bank}, {bank.address}" if bank.address else str(bank)
    if notice.kind == Kind.TO_LEAVE:
        return _to_leave(row, place, with_code)
    if notice.kind == Kind.MOVED:
        return _("Your parcel comes to %(place)s, and to no other bank. You are told when it waits.") % {"place": place}
    code = deliveries.spaced(deliveries.codes_of(row).pick_up) if with_code else HIDDEN
    begins = {
        Kind.DEPOSITED: _("A parcel waits for you at %(place)s, in compartment %(n)s."),
        Kind.REMINDER: _("Your parcel still waits at %(place)s, in compartment %(n)s."),
        Kind.OVERDUE: _(
            "The time to pick up your parcel at %(place)s, compartment %(n)s, is over. It may be taken back."
        ),
        Kind.EXTENDED: _("You have more time to pick up your parcel at %(place)s, compartment %(n)s."),
    }
    said = [begins[Kind(notice.kind)] % {"place": place, "n": row.compartment}]
    said.append(_("Your code: %(code)s. Type it there, then #.") % {"code": code})
    if row.due_at is not None and notice.kind != Kind.OVERDUE:
        until = formats.date_format(local_time.there(row.due_at, bank.controller.site.zone), "DATETIME_FORMAT")
        said.append(_("Pick it up by %(until)s.") % {"until": until})
    address = reverse("pages:parcel", args=[parcel.token(row) if with_code else "…"])
    said.append(settings.PORTVAKT_URL.rstrip("/") + unquote(address))
    return " ".join(said)


def _to_leave(row: Delivery, place: str, with_code: bool) -> str:
    """To who leaves something there. They are not told how it is taken out again."""
    code = deliveries.spaced(deliveries.codes_of(row).deposit) if with_code else HIDDEN
    begins = _("You can leave something at %(place)s, for %(who)s.")
    if row.kind == Delivery.Kind.RETURN:
        begins = _("You can send your parcel back at %(place)s; %(who)s fetches it.")
    said = [begins % {"place": place, "who": about.of(row).name or about.of(row).unit or "–"}]
    said.append(
        _("Your code: %(code)s. Type it there, then #, then the size from 1, the smallest, then #.") % {"code": code}
    )
    return " ".join(said)
