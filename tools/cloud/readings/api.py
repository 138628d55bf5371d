"""A card read at a door for a person: arm a reader, ask what came of it, give the card."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..models import Credential, Door, Person, Reading
from ..people.api import CardOut
from . import learning

router = Router(tags=["people"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}


class ReadingIn(Body):
    door: int


class ReadingOut(Schema):
    id: int
    person_id: int
    state: str  # waiting, read, misread, over, ended, given
    command: str  # how far a waiting one has come: queued, sent, done (the reader blinks), expired, refused, unknown
    until: datetime  # ... and until when it waits
    bits: int | None
    number: int | None  # the payload of the frame, while it is read and not yet given
    holder: int | None  # the person who holds this card already

    @staticmethod
    def resolve_command(reading: Reading) -> str:
        return str(reading.command.state)

    @staticmethod
    def resolve_until(reading: Reading) -> datetime:
        return reading.command.expires_at

    @staticmethod
    def resolve_holder(reading: Reading, context: dict[str, Any]) -> int | None:
        """Null also where the holder is none of theirs to see: giving it is refused then."""
        holder = learning.holder(reading) if reading.number is not None else None
        seen = holder and caller(context["request"]).rows(Person).filter(pk=holder.person_id).exists()
        return holder.person_id if holder and seen else None


@router.post("/people/{person_id}/readings", response={201: ReadingOut, **REFUSED})
def read_card(request: HttpRequest, person_id: int, fields: ReadingIn) -> Status[Reading]:
    """Arms the door's reader: nobody passes with the next card there, its number comes here. Poll what is answered."""
    who = caller(request)
    person = who.one(Person, person_id)
    who.change(person)
    door = who.one(Door, fields.door, "controller__site")
    return Status(201, learning.arm(person, door, who.user, who.token))


@router.get("/readings/{reading_id}", response={200: ReadingOut, **REFUSED})
def one_reading(request: HttpRequest, reading_id: int) -> Reading:
    return _reading(caller(request), reading_id)


@router.post("/readings/{reading_id}/give", response={201: CardOut, **REFUSED})
def give_reading(request: HttpRequest, reading_id: int) -> Status[Credential]:
    """The card that was read becomes the person's."""
    who = caller(request)
    return Status(201, learning.give(_reading(who, reading_id), who.user, who.token))


@router.delete("/readings/{reading_id}", response={204: None, **REFUSED})
def end_reading(request: HttpRequest, reading_id: int) -> Status[None]:
    """Nothing becomes of it: the reader waits no longer, the number is erased."""
    who = caller(request)
    learning.discard(_reading(who, reading_id), who.user)
    return Status(204, None)


def _reading(who: Caller, reading_id: int) -> Reading:
    """Only who may give cards sees what was read."""
    reading = who.one(Reading, reading_id, "person", "command")
    who.change(reading)
    return reading
