"""A bank's stock: which number lies in which slot of its board, and which number a new delivery may have.

A delivery gets a number whose key the board has said it holds: so it can be made while the board is away. When it has
ended, its slot gets the number after it. A number is used once, also by a database that came back from a backup: what
the board holds beyond what is known here was given to somebody by the database of before.
"""

import secrets
from binascii import crc32
from collections.abc import Iterable
from struct import pack
from typing import NamedTuple

from django.db.models import QuerySet

from firmware.controller.access.codes import MOST, SLOTS, is_low
from firmware.protocol.deliveries import delivery_key

from ..models import Bank, Delivery, lock
from ..services.refusal import Refusal

HELD, PARCEL, ENDED = range(3)  # the state of a slot, as firmware/controller/cloud/wire.py has it
_SHIFT = 30


class Slot(NamedTuple):
    """number: 0 for none."""

    number: int
    state: int

    @classmethod
    def of(cls, word: int) -> "Slot":
        return cls(word & MOST, word >> _SHIFT)

    @property
    def word(self) -> int:
        return self.number | self.state << _SHIFT


def checksum(words: Iterable[int]) -> int:
    """As the board says it of its whole stock."""
    return crc32(pack(f"<{SLOTS}I", *words))


def has_low(bank: Bank) -> bool:
    """Whether its board knows which of its compartments are low."""
    return bool(bank.controller.board["bank"].get("low"))


def free_number(bank: Bank, low: bool = False) -> int:
    """A number for a new delivery, under the lock of the bank. Any of those that are free: so nobody guesses which.

    low: one that tells the board that a low compartment was asked for. The others go to who did not as long as there
    are some.
    """
    lock(bank)
    if low and not has_low(bank):
        raise Refusal("%(bank)s says of no compartment that it is low; make the delivery without", bank=str(bank))
    taken = _known(bank, bank.wanted_numbers())
    held = bank.held_numbers()
    free = [
        number
        for number, word in zip(bank.wanted_numbers(), held, strict=True)
        if Slot(number, HELD).word == word and number not in taken
    ]
    if not free:
        if not any(held):
            raise Refusal("%(bank)s has not had the keys of deliveries yet; wait until it has a link", bank=str(bank))
        raise Refusal("%(bank)s has no free number for another delivery; wait until it has a link", bank=str(bank))
    mine = [number for number in free if is_low(number) == low]
    if low and not mine:
        raise Refusal(
            "%(bank)s has no free number for another low one; wait until one has ended, or make it without",
            bank=str(bank),
        )
    return secrets.choice(mine or free)


def said(controller: int, words: list[int]) -> list[Delivery]:
    """Keeps what the board says lies in its slots, and goes on to the next number where one has ended.

    Returns deliveries whose parcel lies in the bank and whose record the board has lost: it would give away their
    compartment, and no code opens it any more.
    """
    bank = _locked(controller)
    wanted, before = bank.wanted_numbers(), bank.held_numbers()
    slots = [Slot.of(word) for word in words]
    known = _known(bank, {*wanted, *(slot.number for slot in slots)})
    if any(slot.number > number and slot.number not in known for slot, number in zip(slots, wanted, strict=True)):
        # This database is older than that board: also of numbers both know it cannot say whether they were given.
        wanted = [max(number, slot.number) for slot, number in zip(slots, wanted, strict=True)]
        wanted = [number if number in known else _after(number) for number in wanted]
    for n, slot in enumerate(slots):
        # A number whose coming is not known here, as its acknowledgement was lost, may have come from a database that
        # gave it away: before this one was put back from a backup. One number less costs nothing.
        given = slot.number not in known and Slot.of(before[n]).number != slot.number
        over = slot.state == ENDED or given
        wanted[n] = max(wanted[n], _after(slot.number) if over and slot.number else slot.number)
    over_here = set(_spent(bank, wanted).filter(state__in=Delivery.OVER).values_list("number", flat=True))
    wanted = [_after(number) if number in over_here else number for number in wanted]
    bank.keep_numbers(wanted, words)
    lying = bank.deliveries.filter(state=Delivery.State.DEPOSITED).defer("about").order_by("pk")
    return [row for row in lying if _is_lost(slots[row.number % SLOTS], row.number)]


def knows(bank: Bank, number: int) -> bool:
    """Whether the board still has its record of a number that was deposited, as far as it has said."""
    return not _is_lost(Slot.of(bank.held_numbers()[number % SLOTS]), number)


def _is_lost(slot: Slot, number: int) -> bool:
    return slot.number < number or slot == Slot(number, HELD)


def happened(bank: Bank, number: int, state: int) -> None:
    """An event says what became of a number: its slot is in that state now. Under the lock of the bank."""
    wanted, held = bank.wanted_numbers(), bank.held_numbers()
    n = number % SLOTS
    if Slot.of(held[n]).number <= number:
        held[n] = Slot(number, state).word
    if state == ENDED:
        wanted[n] = max(wanted[n], _after(number))
    bank.keep_numbers(wanted, held)


def missing(controller: int, most: int) -> list[tuple[int, bytes]]:
    """Numbers, with their keys, that the board should get next; at most so many."""
    bank = Bank.objects.select_related("controller").get(controller=controller)
    found = []
    for number, word in zip(bank.wanted_numbers(), bank.held_numbers(), strict=True):
        slot = Slot.of(word)
        if slot.number < number <= MOST and slot.state != PARCEL:
            found.append(number)
    # The key of a number that was used lies at the board or nowhere: sent again, its codes would open again.
    spent = set(_spent(bank, found).values_list("number", flat=True)) if found else set()
    found = [number for number in found if number not in spent]
    secret = bytes(bank.delivery_secret) if found else b""
    return [(number, delivery_key(secret, number)) for number in found[:most]]


def held(controller: int) -> list[int]:
    """What the board holds, as far as it has said; nothing: it has no bank."""
    bank = Bank.objects.filter(controller=controller).first()
    return [] if bank is None else bank.held_numbers()


def took(controller: int, numbers: Iterable[int], sum_: int) -> bool:
    """The board has stored these; whether that is what its checksum says. Then it is kept."""
    bank = _locked(controller)
    words = bank.held_numbers()
    for number in numbers:
        words[number % SLOTS] = Slot(number, HELD).word
    if checksum(words) != sum_:
        return False
    bank.keep_numbers(bank.wanted_numbers(), words)
    return True


def restored(bank: Bank) -> int:
    """This database came from a backup: no number is given that the one before may have given. How many those are."""
    lock(bank)
    wanted = bank.wanted_numbers()
    known = _known(bank, wanted)
    new = [number if number in known else _after(number) for number in wanted]
    bank.keep_numbers(new, bank.held_numbers())
    return sum(was != now for was, now in zip(wanted, new, strict=True))


def _locked(controller: int) -> Bank:
    return Bank.objects.select_for_update(of=("self",)).select_related("controller").get(controller=controller)


def _known(bank: Bank, numbers: Iterable[int]) -> set[int]:
    """Those that deliveries have, or had."""
    return set(Delivery.objects.filter(bank=bank, number__in=numbers).values_list("number", flat=True))


def _spent(bank: Bank, numbers: Iterable[int]) -> QuerySet[Delivery]:
    """Deliveries that were deposited, cancelled or ended."""
    return Delivery.objects.filter(bank=bank, number__in=numbers).exclude(state=Delivery.State.MADE)


def _after(number: int) -> int:
    return number + SLOTS
