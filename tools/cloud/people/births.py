"""Birth dates: sealed, for the person and who may change people; nobody under 18 without the word of a guardian.

Of a birth date nothing stands in the log or the record of changes: that there is one, and that it was changed.
"""

import re
from datetime import date, datetime
from typing import Any, NamedTuple

from .. import national
from ..audit import changes
from ..models import Birth, Change, Person, User, lock, processing, standing
from ..residents import policy
from ..services import clock, entered, local_time
from ..services.refusal import Refusal

OF_AGE = 18  # years
FIRST = date(1900, 1, 1)
LONGEST = 100  # of a guardian's name
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class KnownBirth(NamedTuple):
    """What is known of a person: born on, the guardian who answers for them and since when, as the provider said it."""

    born: date | None = None
    guardian: str = ""
    agreed_on: date | None = None
    claimed: bool = False


def of(person: Person) -> KnownBirth:
    """Raises Unreadable where it is sealed under another key."""
    row = Birth.objects.filter(person=person).first()
    return KnownBirth() if row is None else said(row)


def said(row: Birth) -> KnownBirth:
    born = bytes(row.born).decode()
    return KnownBirth(
        date.fromisoformat(born) if born else None, bytes(row.guardian).decode(), row.agreed_on, row.claimed
    )


def read(claim: Any) -> date | None:
    """A provider's claim `birthdate` (OpenID Connect Core 5.1), where it is a whole day: it may be a year alone, and
    0000 is a year that is not told."""
    if type(claim) is not str or not _DAY.fullmatch(claim):
        return None
    try:
        return date.fromisoformat(claim)
    except ValueError:
        return None


def is_minor(born: date, today: date) -> bool:
    """Whether their 18th birthday is still to come; who was born on a 29 February has it on 1 March."""
    return (today.year - born.year, today.month, today.day) < (OF_AGE, born.month, born.day)


def change(person: Person, born: date | None, guardian: str, agreed_on: date | None, claimed: bool = False) -> None:
    """All that is known from now on. Raises Refusal, in which nobody's birth date stands."""
    with changes.together():
        lock(person)
        if standing.stops(processing.BIRTH, person):
            raise Refusal(
                "%(name)s has withdrawn their consent to a birth date; they can give it anew", name=person.name
            )
        today = _today(person)
        _check(born, guardian, agreed_on, today)
        if born is not None and is_minor(born, today) and not guardian:
            raise Refusal(
                "%(name)s is under 18; first register the guardian who has agreed, by name and day", name=person.name
            )
        row = Birth.objects.filter(person=person).first() or Birth(person=person)
        before = bytes(row.born)
        after = born.isoformat().encode() if born else b""
        if before and after and before != after:  # that there is one is the same before and after
            was, now = {"birth_date": True}, {"birth_date": "new"}
            kind, what = Change.Kind.PERSON, Change.What.CHANGED
            number = person.pk
            changes.note(
                person.tenant_id, kind, what, number=number, name=person.name, person=number, before=was, after=now
            )
        row.born, row.guardian, row.agreed_on, row.claimed = after, guardian.encode(), agreed_on, claimed
        with changes.of(person, row):
            if born is None and not guardian:
                Birth.objects.filter(person=person).delete()
            else:
                row.save()


def forget(person: Person) -> None:
    """They agree no longer that it is kept."""
    row = Birth.objects.filter(person=person).first()
    if row is not None:
        with changes.of(person, row):
            row.delete()


def _check(born: date | None, guardian: str, agreed_on: date | None, today: date) -> None:
    if born is not None and not FIRST <= born <= today:
        raise Refusal("a birth date lies in the past, and not before 1900; correct it")
    entered.lines(guardian)
    if len(guardian) > LONGEST or guardian != guardian.strip():
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=LONGEST)
    if national.number_in(guardian):
        raise Refusal("a national identity number is not kept here; write the name alone")
    if bool(guardian) != (agreed_on is not None):
        raise Refusal("a guardian's word has a name and a day; enter both")
    if agreed_on is not None and not (born or FIRST) <= agreed_on <= today:
        raise Refusal("a guardian has agreed on a day that is over, after the birth; correct it")


def take(user: User, born: date | None) -> None:
    """A sign-in provider says when they were born: kept where the house wants it. Raises Refusal for a minor for whom
    no guardian has spoken, who is not signed in then."""
    for person in Person.objects.filter(user=user).order_by("pk") if born is not None else ():
        if policy.of(person.tenant_id).birth_dates and not standing.stops(processing.BIRTH, person):
            known = of(person)
            if (known.born, known.claimed) != (born, True):
                change(person, born, known.guardian, known.agreed_on, claimed=True)


def _today(person: Person) -> date:
    return local_time.there(clock.now(), local_time.of_tenant(person.tenant_id)[0]).date()


def tidy(now: datetime) -> None:
    """Who is of age answers for themselves: the guardian is forgotten."""
    rows = Birth.objects.exclude(person__in=standing.stopped(processing.PURGE))
    for row in rows.exclude(guardian=b"").exclude(born=b"").select_related("person"):
        known = said(row)
        if known.born is not None and not is_minor(known.born, _today(row.person)):
            change(row.person, known.born, "", None, known.claimed)
