"""Profile pictures: given by the person alone, whose consent that is; deleted at once, by them or for them."""

from django.db import transaction

from ..audit import changes
from ..models import Person, Picture, lock, processing, standing
from ..services import clock
from ..services.overwriting import overwrite
from ..services.refusal import Refusal
from . import square


def of(person: Person) -> Picture | None:
    return Picture.objects.filter(person=person).first()


def give(person: Person, data: bytes) -> None:
    """In place of the one before. Raises Refusal, and that one stays."""
    content = square.of(data)
    with changes.together():
        lock(person)
        if standing.stops(processing.PICTURE, person):
            raise Refusal("you have withdrawn your consent to a picture; take that request back first")
        row = of(person) or Picture(person=person)
        row.content, row.given_at = content, clock.now()
        with changes.of(person, row):
            row.save()
        transaction.on_commit(overwrite)


def forget(person: Person) -> None:
    with changes.together():
        row = of(person)
        if row is not None:
            with changes.of(person, row):
                row.delete()
            transaction.on_commit(overwrite)
