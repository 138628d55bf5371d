"""Deliveries: made, cancelled, and what codes they have. What becomes of them the bank's board says."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from firmware.controller.access import codes
from firmware.protocol.deliveries import delivery_key

from ..audit import changes
from ..doors import commands
from ..models import ApiToken, Bank, Change, Command, Controller, Delivery, Notice, User, lock
from ..services import clock
from ..services.refusal import Refusal
from . import couriers, recipients, stock
from .about import About

CANCELS = 3  # asked at once: a board has room for four such commands
LONGEST = timedelta(days=366)  # a day to be picked up by that is further away is a slip of the finger


class Codes(NamedTuple):
    """13 digits each; people type the first ten."""

    deposit: str
    pick_up: str


def make(
    bank: Bank,
    about: About,
    *,
    user: User | None = None,
    token: ApiToken | None = None,
    due_at: datetime | None = None,
    reference: str = "",
    kind: Any = None,
    low: bool = False,
) -> tuple[Delivery, Codes]:
    """A delivery, and the codes that belong to it: told this once, to who may know of them.

    kind: by what is said of who leaves it, if None. low: into a low compartment, where one is free. Who leaves
    something that no courier brings is told its code.
    """
    from . import notices  # which tells codes, and so leads back here

    now = clock.now()
    check_board(bank)
    _check_due(due_at, now)
    delivery = Delivery(bank=bank, about=about.sealed(), made_at=now, made_by=user, token=token, due_at=due_at)
    delivery.recipient = recipients.find(bank, about.email)
    delivery.giver = recipients.find(bank, about.giver_email)
    kind = kind or (Delivery.Kind.HAND_OVER if about.has_giver else Delivery.Kind.PARCEL)
    delivery.reference, delivery.kind, delivery.low = reference, kind, low
    with changes.of(delivery):
        delivery.number = stock.free_number(bank, low)
        delivery.save(force_insert=True)
        if kind != Delivery.Kind.PARCEL:
            notices.make(delivery, Notice.Kind.TO_LEAVE, now)
    return delivery, codes_of(delivery)


def check_board(bank: Bank) -> None:
    """Refuses what nobody would carry out."""
    if bank.controller.lost_at is not None:
        raise Refusal("the board of %(bank)s was reported lost; choose another bank", bank=str(bank))


def codes_of(delivery: Delivery) -> Codes:
    key = delivery_key(bytes(delivery.bank.delivery_secret), delivery.number)
    return Codes(*(codes.code(key, kind, delivery.number) for kind in (codes.DEPOSIT, codes.PICK_UP)))


def spaced(digits: str) -> str:
    """As it is printed for people, who type ten: 1234 567 890."""
    return f"{digits[:4]} {digits[4:7]} {digits[7:10]}"


def printed(codes_: Codes) -> dict[str, tuple[str, str]]:
    """{"deposit": (as people type it, all of it), "pick_up": ...}"""
    return {name: (spaced(digits), digits) for name, digits in codes_._asdict().items()}


def cancel(delivery: Delivery, user: User | None) -> None:
    """Its codes are to be dead. That they are the board says; until then it may still be deposited."""
    with changes.together():
        lock(delivery)
        if delivery.is_over:
            raise Refusal("this delivery has ended; there is nothing to cancel")
        if delivery.state == Delivery.State.DEPOSITED:
            raise Refusal(
                "the parcel lies in compartment %(n)d; it has to be taken out, which ends the delivery",
                n=delivery.compartment,
            )
        controller = delivery.bank.controller
        if delivery.state == Delivery.State.CANCELLING and controller.lost_at is None:
            return  # asked already, and asked again by itself (cancel_again)
        delivery.state = Delivery.State.CANCELLING
        if controller.lost_at is not None:  # its keys are gone: nobody could tell it
            delivery.state, delivery.ended_at = Delivery.State.CANCELLED, clock.now()
        delivery.save(update_fields=["state", "ended_at"])
        if delivery.ended_at is not None:
            note(delivery, "cancel")
            couriers.tell(delivery, "cancelled", delivery.ended_at, delivery.ended_at)
        elif len(_asked(controller.pk, clock.now())) < CANCELS:
            commands.cancel(controller, user, delivery.number)
        else:  # its turn comes in cancel_again
            note(delivery, "cancel")


def _asked(controller: int, now: datetime) -> set[int]:
    """Numbers whose cancelling a board was asked for so lately that it still remembers it, done or not."""
    asked = Command.objects.filter(controller=controller, do=Command.Do.CANCEL, expires_at__gt=now)
    return set(asked.values_list("arguments__delivery", flat=True))


def _check_due(due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and not now < due_at <= now + LONGEST:
        raise Refusal("a delivery is to be picked up after now, and within a year; choose another time")


def extend(delivery: Delivery, due_at: datetime) -> None:
    """More time to pick it up; whoever waits for it is told."""
    from . import notices  # which tells codes, and so leads back here

    now = clock.now()
    _check_due(due_at, now)
    with changes.of(delivery):
        lock(delivery)
        if delivery.is_over:
            raise Refusal("this delivery has ended; its time cannot be changed")
        if delivery.due_at is not None and due_at <= delivery.due_at:
            raise Refusal("this is no more time than it has; choose a later one")
        delivery.due_at, delivery.reminded_at, delivery.overdue_at = due_at, None, None
        delivery.taking_back_at = None  # it is the recipient's again
        delivery.save(update_fields=["due_at", "reminded_at", "overdue_at", "taking_back_at"])
        if delivery.state == Delivery.State.DEPOSITED:
            notices.make(delivery, Notice.Kind.EXTENDED, now)


def opens_by_code(delivery: Delivery) -> bool:
    """Whether the bank's board knows of the parcel that lies there."""
    bank = Bank.objects.select_related("controller").get(pk=delivery.bank_id)
    return bank.controller.lost_at is None and stock.knows(bank, delivery.number)


def take_back(delivery: Delivery) -> str:
    """The code to take out what nobody has picked up, 13 digits. Who got it is kept; the recipient's is the same.

    Empty when the bank's board was reported lost, or has lost its record of it: nothing opens by code any more.
    """
    with changes.together():
        bank = lock(Bank(pk=delivery.bank_id))  # before the delivery, as where the board's events are taken over
        lock(delivery)
        if delivery.state != Delivery.State.DEPOSITED:
            raise Refusal("no parcel of this delivery lies in a compartment; there is nothing to take back")
        delivery.taking_back_at = clock.now()
        if not opens_by_code(delivery):  # no board tells of it any more: whoever says so did it
            delivery.state, delivery.ended_at = Delivery.State.RETURNED, delivery.taking_back_at
        delivery.save(update_fields=["taking_back_at", "state", "ended_at"])
        note(delivery, "take back")
        if delivery.ended_at is not None:
            couriers.tell(delivery, "returned", delivery.ended_at, delivery.ended_at)
            stock.happened(bank, delivery.number, stock.ENDED)
    return "" if delivery.is_over else codes_of(delivery).pick_up


def note(delivery: Delivery, do: str) -> None:
    """Keeps who asked for it."""
    changes.note(
        delivery.bank.controller.site.tenant_id,
        Change.Kind.DELIVERY,
        Change.What.ASKED,
        number=delivery.pk,
        name=str(delivery.number),
        after={"do": do},
    )


def cancel_again(controller: int, now: datetime) -> None:
    """A board that was away hears once more what is to be cancelled: a few at a time, those asked least before."""
    waiting = Delivery.objects.filter(bank__controller=controller, state=Delivery.State.CANCELLING)
    numbers = list(waiting.order_by("pk").values_list("number", flat=True))
    if not numbers:
        return
    living = _asked(controller, now)
    quiet, room = [number for number in numbers if number not in living], CANCELS - len(living)
    if not quiet or room <= 0:
        return
    asked = Command.objects.filter(controller=controller, do=Command.Do.CANCEL)
    times = Counter(asked.values_list("arguments__delivery", flat=True))
    row = Controller.objects.get(pk=controller)
    for number in sorted(quiet, key=lambda number: times[number])[:room]:
        commands.cancel(row, None, number)
