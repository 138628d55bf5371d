"""A card read at a door, to be given to a person: armed, learned, given. Each step is put on record with its name."""

import json
import struct
from datetime import datetime, timedelta

from django.db import transaction

from firmware.controller.cloud.channel import Refused

from ..audit import looks
from ..doors import commands
from ..models import ApiToken, Command, Credential, Door, Look, Person, Reading, User
from ..models.retention import READINGS
from ..people import people
from ..services import clock
from ..services.refusal import Refusal

KEPT = READINGS.period or timedelta()  # a number that nobody gave by then is shown no more; tidying erases it
LATE = timedelta(seconds=20)  # after its time a card may still be on its way here
_CARD = 0
# How a controller says that there is no card.
_WITHOUT = {1: Reading.State.OVER, 2: Reading.State.ENDED, 3: Reading.State.MISREAD}


def arm(person: Person, door: Door, user: User | None, token: ApiToken | None = None) -> Reading:
    """The next card at the door is read for this person. Another reading at the same controller ends."""
    now = clock.now()
    if door.controller.site.tenant_id != person.tenant_id or door.controller.lost_at is not None:
        raise Refusal("there is no such door here; choose another")
    forget(now)
    with transaction.atomic():
        looks.note([person.tenant_id], Look.What.ARMED, now, user=user, token=token, person=person)
        command = commands.learn(door, user)
        if command.state == Command.State.REFUSED:
            raise Refusal("this controller has too much to do at once; try again in a minute")
        return Reading.objects.create(command=command, person=person)


def took(controller: int, message: bytes, now: datetime) -> None:
    """What an armed reader read, as its controller says it. Raises Refused."""
    try:
        how, bits, number = struct.unpack_from("<BBQ", message, 1)
        command = json.loads(message[11:])
        if type(command) is not int or not 0 < command < 1 << 63 or not (how == _CARD or how in _WITHOUT):
            raise ValueError("id or how")
    except (ValueError, struct.error, RecursionError):
        raise Refused("malformed") from None
    with transaction.atomic():
        rows = Reading.objects.select_for_update(of=("self",)).select_related("person", "command__requested_by")
        reading = rows.filter(command=command, command__controller=controller).first()
        if reading is None or not reading.command.requested_at <= now <= reading.command.expires_at + LATE:
            raise Refused("unexpected")
        if reading.state != Reading.State.WAITING:
            return  # it came twice
        if how == _CARD and not (4 <= bits <= 64 and number < 1 << (bits - 2)):
            how = 3
        reading.bits, reading.read_at = bits or None, now
        if how == _CARD:
            reading.state, reading.number = Reading.State.READ, number
            by = reading.command.requested_by
            looks.note([reading.person.tenant_id], Look.What.LEARNED, now, user=by, person=reading.person)
        else:
            reading.state = _WITHOUT[how]
        reading.save()


def holder(reading: Reading) -> Credential | None:
    """Whose card it is already."""
    return (
        Credential.objects.select_related("person")
        .filter(
            tenant=reading.person.tenant_id,
            kind=Credential.Kind.CARD,
            bits=reading.bits,
            number=reading.number,
            active=True,
        )
        .first()
    )


def printed(reading: Reading) -> tuple[int, int] | None:
    """(facility code, number) as they are printed on cards of the usual formats."""
    if reading.number is None or reading.bits not in (26, 34):
        return None
    return reading.number >> 16, reading.number & 0xFFFF


def give(reading: Reading, user: User | None, token: ApiToken | None = None) -> Credential:
    """The card that was read becomes the person's. Raises Problem when somebody holds it, or there is none."""
    now = clock.now()
    with transaction.atomic():
        row = Reading.objects.select_for_update(of=("self",)).select_related("person").get(pk=reading.pk)
        if row.state != Reading.State.READ or row.read_at is None or row.read_at < now - KEPT:
            raise Refusal("there is no card to give; read it again")
        card = people.give_card(row.person, row.bits or 0, row.number or 0)
        row.state, row.number, row.credential = Reading.State.GIVEN, None, card
        row.save()
        looks.note([row.person.tenant_id], Look.What.GAVE, now, user=user, token=token, person=row.person)
    return card


def discard(reading: Reading, user: User | None) -> None:
    """Nothing becomes of it; a reader that still waits is told."""
    with transaction.atomic():
        row = Reading.objects.select_for_update(of=("self",)).select_related("command").get(pk=reading.pk)
        if row.state == Reading.State.WAITING and clock.now() < row.command.expires_at:
            commands.unlearn(row.command.controller_id, user)
        if row.state in (Reading.State.WAITING, Reading.State.READ):
            row.state, row.number = Reading.State.ENDED, None
            row.save()


def forget(now: datetime) -> None:
    """Numbers that nobody gave."""
    old = Reading.objects.filter(number__isnull=False, read_at__lt=now - KEPT)
    old.update(state=Reading.State.OVER, number=None)
