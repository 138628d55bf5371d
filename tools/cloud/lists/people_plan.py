"""From the rows of a list to what becomes of each person: compared with how they are, so that nothing is done twice."""

from collections.abc import Iterable, Sequence
from typing import Any

from tools.terminal import Problem

from ..models import AccessGroup, Credential, Grant, Guest, Person, Tenant
from ..people import pins
from ..people.bulk import PersonWork
from ..services.refusal import Refusal
from . import columns, report
from .card_forms import CardNumber
from .people_rows import Options, Wanted
from .report import said

VALIDITY = ("valid_from", "valid_until", "uses")


class KnownPeople:
    """How everybody of a tenant is, read once. people: locked.

    Guests are in no list (guests/): none of them is found by a name or a number, nor by a card that somebody gave them.
    """

    def __init__(self, tenant: Tenant, people: Iterable[Person]):
        self.tenant = tenant
        self.people = {person.pk: person for person in people}
        self.guests = set(Guest.objects.of(tenant).values_list("pk", flat=True))
        self.by_name: dict[str, list[Person]] = {}
        for person in self.people.values():
            if person.pk in self.guests:
                continue
            self.by_name.setdefault(person.name.casefold(), []).append(person)
        self.groups = {group.pk: group for group in AccessGroup.objects.filter(tenant=tenant)}
        self._group_named = {group.name.casefold(): group for group in self.groups.values()}
        self.cards: dict[int, dict[CardNumber, Credential]] = {}
        self.holder: dict[CardNumber, int] = {}
        self.pins: dict[int, Credential] = {}
        self.marks: set[str] = set()
        for row in Credential.objects.filter(tenant=tenant, active=True).order_by("pk"):
            if row.kind == Credential.Kind.CARD:
                card = CardNumber(row.bits, row.number)
                self.cards.setdefault(row.person_id, {})[card] = row
                self.holder[card] = row.person_id
            else:
                self.marks.add(row.mark)
                if row.kind == Credential.Kind.PIN:
                    self.pins[row.person_id] = row
        self.grants: dict[int, dict[int, Grant]] = {}
        for grant in Grant.objects.filter(person__tenant=tenant).order_by("pk"):
            grant.group, grant.person = self.groups[grant.group_id], self.people[grant.person_id]
            self.grants.setdefault(grant.person_id, {})[grant.group_id] = grant

    def group(self, name: str) -> AccessGroup:
        """By its name, or its number as #12."""
        if name.startswith("#") and name[1:].isdigit():
            found = self.groups.get(int(name[1:]))
        else:
            found = self._group_named.get(name.casefold())
        if found is None:
            raise Refusal("there is no group %(name)s; make it first, or correct its name", name=name[:100])
        return found

    def person(self, wanted: Wanted) -> Person:
        """Whom a row is about; somebody new where nobody fits. By number, else by name, else by the card."""
        if wanted.id is not None:
            found = self.people.get(wanted.id)
            if found is None or found.pk in self.guests:
                raise Refusal(
                    "there is no person with the number %(id)d; leave it empty for somebody new", id=wanted.id
                )
            return found
        holders = {self.holder[card] for card in wanted.cards or () if card in self.holder} - self.guests
        if not wanted.name:
            if len(holders) > 1:
                raise Refusal("the cards of this row are held by several people; give each a row")
            return self.people[holders.pop()] if holders else self._new(wanted.new_name)
        named = self.by_name.get(wanted.name.casefold(), [])
        if len(named) > 1:
            named = [one for one in named if one.pk in holders]
        if not named and wanted.name.casefold() in self.by_name:
            raise Refusal(
                "several people are called %(name)s; give the number of the one that is meant", name=wanted.name
            )
        return named[0] if named else self._new(wanted.name)

    def _new(self, name: str) -> Person:
        if not name:
            raise Refusal("nobody is named, and nobody holds this card; give a name")
        return Person(tenant=self.tenant, name=name)


class ImportPlan:
    """What becomes of the people of a list. works: each with the rows that it comes from."""

    def __init__(self, known: KnownPeople, options: Options, keep: bool):
        self._known = known
        self._options = options
        self._keep = keep
        self._taken: dict[CardNumber, str] = {}  # cards that a row of this list gives
        self._about: dict[Any, list[Wanted]] = {}
        self._named: dict[str, int] = {}  # somebody new: the line
        self.works: list[tuple[PersonWork, list[report.Row]]] = []

    def add(self, rows: Sequence[Wanted]) -> None:
        for wanted in rows:
            if not wanted.row.wrong:
                self._try([wanted], lambda wanted=wanted: self._meet(wanted))
        for about in self._about.values():
            if not any(one.row.wrong for one in about):
                self._try(about, lambda about=about: self._plan(about))
            elif len(about) > 1:
                for one in about:
                    if not one.row.wrong:
                        one.row.refuse(Refusal("another row of the same person is refused; correct that one"))

    def _try(self, rows: Sequence[Wanted], do: Any) -> None:
        try:
            do()
        except Problem as problem:
            for one in rows:
                one.row.refuse(problem)

    def _meet(self, wanted: Wanted) -> None:
        """Finds whom the row is about. Rows of one person are one change."""
        person = self._known.person(wanted)
        wanted.row.name = wanted.row.name or person.name
        if person.pk is None:
            first = self._named.setdefault(person.name.casefold(), wanted.row.line)
            if first != wanted.row.line:
                raise Refusal(
                    "line %(line)d enters somebody of the same name; put both rows together if it is one person, "
                    "else enter one of them by hand and give the number",
                    line=first,
                )
        wanted.person = person
        self._about.setdefault(person.pk or f"line {wanted.row.line}", []).append(wanted)

    def _plan(self, about: list[Wanted]) -> None:
        first = about[0]
        work = PersonWork(first.person)
        does = {id(one): one.row.does for one in about}
        self._fields(work, about)
        for wanted in about:
            self._cards(work, wanted, does[id(wanted)])
            self._grants(work, wanted, does[id(wanted)])
            self._pin(work, wanted, does[id(wanted)])
        self._take_away(work, about)
        for wanted in about:
            new = work.person.pk is None
            wanted.row.what = report.MADE if new else report.CHANGED if work else report.SAME
        if work:
            self.works.append((work, [one.row for one in about]))

    def _fields(self, work: PersonWork, about: list[Wanted]) -> None:
        said_: dict[str, Any] = {}
        for wanted in about:
            fields = wanted.fields | ({"name": wanted.name} if wanted.name else {})
            for name, value in fields.items():
                if said_.setdefault(name, value) != value:
                    raise Refusal("two rows of the same person say another %(what)s; correct one of them", what=name)
        row = about[0].row
        if work.person.pk is None:
            for name, value in said_.items():
                setattr(work.person, name, value)
            row.does.append(said(report.ENTERED))
            return
        work.fields = {name: value for name, value in said_.items() if getattr(work.person, name) != value}
        for name, value in work.fields.items():
            if name == "name":
                row.does.append(said(report.RENAMED, name=value))
            elif name == "active":
                row.does.append(said(report.ACTIVE if value else report.NOT_ACTIVE))
        if {"extended", "escort"} & set(work.fields):
            row.does.append(said(report.NEEDS))

    def _cards(self, work: PersonWork, wanted: Wanted, does: list[report.Sentence]) -> None:
        person = work.person
        held = self._known.cards.get(person.pk, {})
        for card in wanted.cards or ():
            holder = self._known.holder.get(card)
            if holder is not None and holder != person.pk:
                raise Refusal(
                    "%(name)s holds the card %(card)s already; revoke it there first",
                    name=self._known.people[holder].name,
                    card=card,
                )
            if self._taken.setdefault(card, wanted.row.name) != wanted.row.name:
                raise Refusal(
                    "the list gives the card %(card)s to %(name)s too; leave it with one of them",
                    card=card,
                    name=self._taken[card],
                )
            until = wanted.card_until if wanted.says_card_end else None
            if card not in held:
                row = Credential(
                    tenant=self._known.tenant, person=person, bits=card.bits, number=card.number, valid_until=until
                )
                work.cards.append(row)
                does.append(said(report.CARD, card=card))
            elif wanted.says_card_end and held[card].valid_until != until:
                held[card].valid_until = until
                work.cards.append(held[card])
                shown = columns.shown(until, self._options.zone, end=True)
                does.append(said(report.CARD_ENDS if until else report.CARD_FOR_GOOD, card=card, until=shown))

    def _grants(self, work: PersonWork, wanted: Wanted, does: list[report.Sentence]) -> None:
        held = self._known.grants.get(work.person.pk, {})
        for name in wanted.groups or ():
            group = self._known.group(name)
            grant = held.get(group.pk)
            if grant is None:
                if any(one.group is group for one in work.grants):
                    raise Refusal("two rows of the same person name the group %(group)s; leave one", group=group.name)
                work.grants.append(Grant(person=work.person, group=group, **wanted.validity))
                does.append(said(report.JOINS, group=group.name))
            elif any(getattr(grant, field) != value for field, value in wanted.validity.items()):
                for field, value in wanted.validity.items():
                    setattr(grant, field, value)
                work.grants.append(grant)
                does.append(said(report.LIMITED, group=group.name))

    def _take_away(self, work: PersonWork, about: list[Wanted]) -> None:
        """What no row of the person names, where the list is whole, or a row says "-"."""
        does = about[0].row.does
        cards = [one.cards for one in about if one.cards is not None]
        if cards and (self._options.whole or not any(cards)):
            named = {card for some in cards for card in some}
            for card, row in self._known.cards.get(work.person.pk, {}).items():
                if card not in named:
                    work.revoked.append(row)
                    does.append(said(report.REVOKED, card=card))
        groups = [one.groups for one in about if one.groups is not None]
        if groups and (self._options.whole or not any(groups)):
            kept = {self._known.group(name).pk for some in groups for name in some}
            for pk, grant in self._known.grants.get(work.person.pk, {}).items():
                if pk not in kept:
                    work.left.append(grant)
                    does.append(said(report.LEAVES, group=grant.group.name))

    def _pin(self, work: PersonWork, wanted: Wanted, does: list[report.Sentence]) -> None:
        held = self._known.pins.get(work.person.pk)
        if wanted.pin is None or (wanted.pin == "yes" and held) or (wanted.pin == "no" and not held):
            return
        if wanted.pin == "no":
            assert held is not None
            work.revoked.append(held)
            does.append(said(report.PIN_GONE))
            return
        tenant = self._known.tenant
        if wanted.pin == "yes":
            digits = self._free_pin()
            does.append(said(report.PIN_TOLD, pin=digits) if self._keep else said(report.PIN_MADE))
        else:
            digits = wanted.pin
            pins.check(digits, tenant.pin_digits)
            if held is not None and held.mark == pins.mark(tenant.pk, digits):
                return
            does.append(said(report.PIN_SET))
        row = pins.made(work.person, digits)
        if row.mark in self._known.marks:
            raise Refusal("this PIN cannot be used; choose another one")
        self._known.marks.add(row.mark)
        if held is not None:
            work.revoked.append(held)
        work.cards.append(row)

    def _free_pin(self) -> str:
        tenant = self._known.tenant
        for _ in range(pins.TRIES):
            digits = pins.random(tenant.pin_digits)
            if pins.mark(tenant.pk, digits) not in self._known.marks:
                return digits
        raise Refusal("no free PIN was found; make PINs longer")
