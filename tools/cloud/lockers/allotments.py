"""Allotments: whose compartments are, given and taken back here; the bank's board opens them to their own cards.

A compartment stays closed to everybody else from then on, also when its time is over or its person is gone: what lies
there is somebody's. Only who takes it back makes it free, when the board has said that it knows.
"""

import secrets
from binascii import crc32
from collections.abc import Iterable, Sequence
from datetime import datetime
from struct import pack

from django.db.models import Prefetch

from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.storage.allotments import ENTRY, KEYS, NOBODY, PERSONAL, SHARED

from ..audit import changes
from ..models import AclEntry, Allotment, Bank, Credential, Delivery, Person, lock
from ..services import clock
from ..services.refusal import Refusal

MARKS = 0xFFFF


def takes_cards(bank: Bank) -> bool:
    """Whether the reader of its keypad does."""
    return bool(bank.controller.board["bank"].get("keypad", {}).get("cards"))


def give(bank: Bank, number: int, person: Person, until: datetime | None = None) -> Allotment:
    """until: it is rented, and opens no more from then on; None: for good."""
    with changes.together():
        lock(bank)
        now = clock.now()
        check_bank(bank)
        check_free(bank, number)
        _check(bank, person, until, now)
        row = Allotment(bank=bank, compartment=number, person=person, valid_until=until, made_at=now)
        row.mark = secrets.choice(range(1, MARKS + 1))
        with changes.of(row):
            row.save(force_insert=True)
    return row


def check_bank(bank: Bank) -> None:
    """Refuses where nobody's card would open anything."""
    if bank.controller.lost_at is not None:
        raise Refusal("the board of %(bank)s was reported lost; choose another bank", bank=str(bank))
    if not takes_cards(bank):
        raise Refusal("the reader of %(bank)s takes no cards; choose another bank", bank=str(bank))


def check_free(bank: Bank, number: int) -> None:
    """Refuses a compartment that cannot become somebody's."""
    if not bank.compartments.filter(number=number).exists():
        raise Refusal("this bank has no compartment %(n)d; choose another one", n=number)
    if bank.allotments.filter(compartment=number).exists():
        raise Refusal("compartment %(n)d is somebody's; choose another one", n=number)
    if bank.deliveries.filter(state=Delivery.State.DEPOSITED, compartment=number).exists():
        raise Refusal("a parcel lies in compartment %(n)d; choose another one", n=number)


def _check(bank: Bank, person: Person, until: datetime | None, now: datetime) -> None:
    mine = bank.allotments.filter(person=person, ending=False).first()
    if mine is not None:
        raise Refusal("%(who)s has compartment %(n)d here; take that back first", who=person.name, n=mine.compartment)
    if not AclEntry.objects.filter(controller=bank.controller_id, credential__person=person).exists():
        raise Refusal("no card of %(who)s is known at this bank; give them access to its door first", who=person.name)
    if until is not None and until <= now:
        raise Refusal("this time is over; choose a later one")


def rent(row: Allotment, until: datetime | None) -> None:
    """Another end, or none."""
    if until is not None and until <= clock.now():
        raise Refusal("this time is over; choose a later one")
    with changes.of(row):
        lock(row)
        if row.ending or row.person_id is None:
            raise Refusal("this compartment is nobody's any more; give it to somebody anew")
        row.valid_until = until
        row.save(update_fields=["valid_until"])


def take_back(row: Allotment) -> None:
    """It opens to nobody's card from then on, and is free when its board knows that."""
    with changes.of(row):
        lock(row)
        row.ending = True
        row.save(update_fields=["ending"])
    if row.bank.controller.lost_at is not None:  # nobody could tell it
        _gone(row)


def _gone(row: Allotment) -> None:
    with changes.covering(row):
        row.delete()


# What the board is told, and what it says.


def of_board(controller: int) -> dict[int, bytes]:
    """{compartment: the entry that its board should have}, of the whole bank; empty: it has none that takes cards."""
    needed = ("controller__board", "controller__table_key", "controller__site__zone")
    bank = Bank.objects.select_related("controller__site").only(*needed).filter(controller=controller).first()
    if bank is None or not takes_cards(bank):
        return {}
    rows = _rows(bank)
    numbers = bank.compartments.order_by("number").values_list("number", flat=True)
    return {n: _entry(bank, rows[n]) if n in rows and not rows[n].ending else _empty(n) for n in numbers}


def _rows(bank: Bank) -> dict[int, Allotment]:
    """{compartment: its allotment}, with their people's cards: each board with a link asks every few seconds."""
    cards = Credential.objects.filter(kind=Credential.Kind.CARD, active=True).order_by("-pk")
    rows = bank.allotments.select_related("person").prefetch_related(Prefetch("person__credentials", cards))
    return {row.compartment: row for row in rows}


def checksum(entries: Iterable[bytes]) -> int:
    return crc32(b"".join(entries))


def said(controller: int, marks: Sequence[int]) -> list[bytes]:
    """Keeps what the board says is allotted. Returns the entries it should be told.

    What the board has and this database does not know was given after the backup that it came from: it stays closed.
    """
    with changes.together():
        bank = Bank.objects.select_for_update(of=("self",)).select_related("controller").get(controller=controller)
        rows = _rows(bank)
        told = []
        for n, mark in enumerate(marks, 1):
            row = _reconciled(bank, rows.get(n), n, mark)
            if row is not None:
                told.append(_over(row) if row.ending else _entry(bank, row))
    return told


def _reconciled(bank: Bank, row: Allotment | None, n: int, mark: int) -> Allotment | None:
    if row is not None and mark not in (0, row.mark):
        _gone(row)
        row = None
    if row is None:
        return _unknown(bank, n, mark) if mark else None
    if row.ending and not mark:
        _gone(row)
        return None
    if row.held != bool(mark):
        row.held = bool(mark)
        row.save(update_fields=["held"])
    return row


def _unknown(bank: Bank, n: int, mark: int) -> Allotment:
    row = Allotment(bank=bank, compartment=n, mark=mark, made_at=clock.now(), held=True)
    with changes.of(row):
        row.save(force_insert=True)
    return row


def in_force(controller: int) -> None:
    """The board has said that it holds all of it, and nothing else."""
    rows = Allotment.objects.filter(bank__controller=controller).select_related("bank__controller__site", "person")
    for row in rows.filter(ending=True):
        _gone(row)
    rows.filter(held=False).update(held=True)


def _entry(bank: Bank, row: Allotment) -> bytes:
    from . import shared  # which shares by what is checked here

    if row.hours is not None:
        return pack(ENTRY, row.compartment, row.mark, SHARED, shared.until(bank, row.hours), b"")
    until = records.NO_END if row.valid_until is None else records.until_minutes(int(row.valid_until.timestamp()))
    return pack(ENTRY, row.compartment, row.mark, PERSONAL, until, _keys(bank, row.person))


def _keys(bank: Bank, person: Person | None) -> bytes:
    """Of the cards that they have now, as _rows() brings them, the newest ones: a board keeps three a compartment."""
    if person is None or not person.active:
        return b""
    cards = person.credentials.all()[:KEYS]
    table_key = bytes(bank.controller.table_key)
    return b"".join(credential_key(table_key, card_value(card.bits, card.number)) for card in cards)


def _empty(n: int) -> bytes:
    return pack(ENTRY, n, 0, NOBODY, 0, b"")


def _over(row: Allotment) -> bytes:
    """With the turn that whoever takes back a shared one knew of: somebody who took it meanwhile keeps it."""
    return pack(ENTRY, row.compartment, row.mark, NOBODY, row.turn, b"")
