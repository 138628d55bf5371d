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


def make(delivery: Delivery, kind: Any, now: datetime) -> int:
    """In every way they can be reached; one that waits already is not made again. Returns how many those were."""
    said = about.of(delivery)
    ways = [way for way, to in ((Notice.Way.EMAIL, said.email), (Notice.Way.SMS, said.phone)) if to]
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
    return said.email if notice.way == Notice.Way.EMAIL else said.phone


def subject(notice: Notice) -> str:
    # One line, whatever the bank is called: more would be headers of an e-mail.
    return _("Parcel at %(bank)s") % {"bank": " ".join(str(notice.delivery.bank).split())}


def text(notice: Notice, with_code: bool = False) -> str:
    """with_code: only as it leaves; whoever looks into the outbox sees none."""
    row, bank = notice.delivery, notice.delivery.bank
    code = deliveries.spaced(deliveries.codes_of(row).pick_up) if with_code else HIDDEN
    place = f"{bank}, {bank.address}" if bank.address else str(bank)
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
