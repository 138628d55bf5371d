"""Many people at once: entered, given cards and groups, limited, taken away, as one change.

What people.py promises of each holds here too: one transaction, kept with who made it, and said to controllers; that is
said once for all, so that each controller's table is looked at once and not once for each person.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import IntegrityError, models

from ..audit import changes, recorded
from ..audit.recorded import RowState
from ..models import Change, Credential, Grant, Person
from ..services import propagate
from ..services.refusal import Refusal
from . import people

Row = TypeVar("Row", bound=models.Model)
AT_ONCE = 500  # rows in one question to the database


@dataclass
class PersonWork:
    """What becomes of one person. The rows carry what they are to be; those without a number are new."""

    person: Person
    fields: dict[str, Any] = field(default_factory=dict)  # of a person that is there: what changes
    cards: list[Credential] = field(default_factory=list)  # PINs too; new, or with another end
    revoked: list[Credential] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)  # new, or with another validity
    left: list[Grant] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.person.pk is None or any((self.fields, self.cards, self.revoked, self.grants, self.left))


def lock(tenant: int, those: Collection[int] | None = None) -> list[Person]:
    """Everybody, or those, as they are now and until the transaction ends; in the order in which all lock them."""
    everybody = Person.objects.filter(tenant=tenant).order_by("pk").select_for_update()
    return list(everybody if those is None else everybody.filter(pk__in=those))


def carry_out(tenant: int, works: Sequence[PersonWork]) -> None:
    """All of it or nothing. Raises Refusal as the services of one person do. Under lock()."""
    works = [work for work in works if work]
    for work in works:
        _check(tenant, work)
    new = [row for work in works for row in (work.person, *work.cards, *work.grants) if row.pk is None]
    try:
        with changes.together():
            entries: list[Change] = []
            _put([work.person for work in works if work.person.pk is None], (), entries)
            for work in works:
                for name, value in work.fields.items():
                    setattr(work.person, name, value)
            named = sorted({name for work in works for name in work.fields})
            _put([work.person for work in works if work.fields], named, entries)
            _revoke([card for work in works for card in work.revoked], entries)
            _leave([work for work in works if work.left])
            _put([card for work in works for card in work.cards], ("valid_until",), entries)
            validity = ("valid_from", "valid_until", "uses")
            _put([grant for work in works for grant in work.grants], validity, entries)
            Change.objects.bulk_create(entries, AT_ONCE)
            if works:
                propagate.access_of(tenant, sorted(work.person.pk for work in works))
    except BaseException as error:
        for row in new:  # made and undone: they are new again, and can be tried again without others
            row.pk, row._state.adding = None, True
        for work in works:
            for part in (*work.cards, *work.grants):
                part.person = work.person
        if not isinstance(error, IntegrityError):
            raise
        raise Refusal("a card, a PIN or a group of the list was given to somebody meanwhile; send it again") from None


def _check(tenant: int, work: PersonWork) -> None:
    new = work.person.pk is None
    people.check_person({"name": work.person.name, "escort": work.person.escort} if new else work.fields)
    for card in work.cards:
        if card.kind == Credential.Kind.CARD:
            people.check_card(card.bits, card.number, card.valid_until)
    for grant in work.grants:
        people.check_right(grant.valid_from, grant.valid_until, grant.uses)
        assert grant.group.tenant_id == tenant == work.person.tenant_id, "a list is of one tenant"


def _put(rows: Sequence[Row], fields: Sequence[str], entries: list[Change]) -> None:
    """Makes the new ones and changes these fields of the others. entries: gets what is kept of it."""
    if not rows:
        return
    model = type(rows[0])
    new = [row for row in rows if row.pk is None]
    old = [row for row in rows if row.pk is not None]
    before = _states(model, old)
    model._default_manager.bulk_create(new, AT_ONCE)
    if old:
        model._default_manager.bulk_update(old, list(fields), AT_ONCE)
    after = _states(model, rows)
    entries += _kept(before, after)


def _revoke(rows: Sequence[Credential], entries: list[Change]) -> None:
    before = _states(Credential, rows)
    for row in rows:
        row.active = False
        if row.kind != Credential.Kind.CARD:
            row.sealed, row.mark = None, ""
    Credential.objects.bulk_update(rows, ["active", "sealed", "mark"], AT_ONCE)
    entries += _kept(before, _states(Credential, rows))


def _leave(works: Sequence[PersonWork]) -> None:
    for at in range(0, len(works), 100):
        some = works[at : at + 100]
        gone = [grant.pk for work in some for grant in work.left]
        with changes.covering(*(work.person for work in some)):
            changes.removed(Grant, gone)
            Grant.objects.filter(pk__in=gone).delete()


def _states(model: type[models.Model], rows: Iterable[models.Model]) -> dict[int, RowState]:
    found: dict[int, RowState] = {}
    for some in _batches([row.pk for row in rows]):
        found |= {state.number: state for state in recorded.states(model, some)}
    return found


def _kept(before: dict[int, RowState], after: dict[int, RowState]) -> list[Change]:
    made = [changes.difference(before.get(number), after[number]) for number in after]
    return [one for one in made if one is not None]


def _batches(numbers: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(numbers), AT_ONCE):
        yield numbers[at : at + AT_ONCE]
