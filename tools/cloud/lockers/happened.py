"""What a bank's board recorded, taken over: how its compartments are, and what became of deliveries."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from firmware.controller import events as codes
from firmware.controller.access.codes import MOST, SLOTS
from firmware.protocol.bank_events import OF_COMPARTMENTS

from ..audit import changes
from ..controllers.troubles import Troubles, Work
from ..models import Bank, Compartment, Delivery, Event, Notice
from ..services.refusal import Refusal, text
from . import couriers, notices, shared, stock

State = Delivery.State
_Happening = Callable[[Bank, Delivery, Event, Troubles], bool]  # returns whether the delivery has ended
# Deliveries of which only the board knows, in a day: a database from a backup lacks no more than the stock holds.
FOUND, FOUND_IN = SLOTS, timedelta(days=1)
TOO_MANY_FOUND = text(
    "this bank tells of more deliveries than it had numbers for; what it says of them is kept in its log only. "
    "Look whether its board is the one that you put there"
)
_OPEN = {
    codes.COMPARTMENT_OPENED: True,
    codes.COMPARTMENT_LEFT_OPEN: True,
    codes.COMPARTMENT_FORCED: True,
    codes.COMPARTMENT_FOUND_OPEN: True,
    codes.COMPARTMENT_CLOSED: False,
    codes.COMPARTMENT_RIGHT: False,
}
_FAULT = {
    codes.COMPARTMENT_STUCK: codes.COMPARTMENT_STUCK,
    codes.COMPARTMENT_BLIND: codes.COMPARTMENT_BLIND,
    codes.COMPARTMENT_RIGHT: 0,
}


def take(controller: int, events: Sequence[Event], troubles: Troubles | None = None) -> bool:
    """Events that have just been stored, in their order.

    Returns whether the bank's board may need other numbers, or take other allotments than it took.
    """
    troubles = troubles or Troubles()
    of_bank = [event for event in events if event.code in OF_COMPARTMENTS]
    if not of_bank:
        return False
    bank = (
        Bank.objects.select_for_update(of=("self",)).select_related("controller").filter(controller=controller).first()
    )
    if bank is None:  # a board that says it has what it was not enrolled with: its log shows what it said
        return False
    ended = False
    for event in of_bank:
        if event.code in _OPEN or event.code in _FAULT:
            _compartment(bank, event)
        elif event.code == codes.ALLOTMENT_TAKEN:
            shared.taken(bank, event, _at(event))
        elif event.code == codes.ALLOTMENT_FREE:
            shared.freed(bank, event)
            ended = True  # its board may take now what it did not while somebody had it
        elif event.code in _DELIVERY and 0 < number(event) <= MOST:
            delivery = _delivery(bank, event, troubles)
            ended = (delivery is not None and _DELIVERY[event.code](bank, delivery, event, troubles)) or ended
    return ended


def _compartment(bank: Bank, event: Event) -> None:
    said: dict[str, Any] = {"changed_at": _at(event)}
    if event.code in _OPEN:
        said["open"] = _OPEN[event.code]
    if event.code in _FAULT:
        said["fault"] = _FAULT[event.code]
    Compartment.objects.filter(bank=bank, number=event.compartment).update(**said)


def number(event: Event) -> int:
    """Which delivery an event is about."""
    return int.from_bytes(bytes(event.key or b"")[:4], "little")


def _delivery(bank: Bank, event: Event, troubles: Troubles) -> Delivery | None:
    """One that is not known here was made by a database that came back from a backup: it is found again.

    None: a board that invents them, without end.
    """
    found = Delivery.objects.select_for_update().filter(bank=bank, number=number(event)).first()
    if found is None:
        lately = Delivery.objects.filter(bank=bank, made_by=None, token=None, made_at__gt=event.received_at - FOUND_IN)
        if lately.count() >= FOUND:
            troubles.note(Work.DELIVERIES, bank.controller_id, Refusal(TOO_MANY_FOUND))
            return None
        found = Delivery(bank=bank, number=number(event), made_at=event.received_at)
        with changes.of(found):
            found.save(force_insert=True)
    found.bank = bank
    return found


def _deposited(bank: Bank, delivery: Delivery, event: Event, troubles: Troubles) -> bool:
    """Also again, where the courier took another size. Whoever cancelled it meanwhile was too late."""
    if not delivery.is_over:
        elsewhere = delivery.compartment not in (None, event.compartment)
        delivery.state, delivery.compartment = State.DEPOSITED, event.compartment
        delivery.size = "".join(
            Compartment.objects.filter(bank=bank, number=event.compartment).values_list("size", flat=True)
        )
        delivery.deposited_at, delivery.deposit = _at(event), _stored(event)
        delivery.save(update_fields=["state", "compartment", "size", "deposited_at", "deposit"])
        stock.happened(bank, delivery.number, stock.PARCEL)
        if not elsewhere or delivery.notices.exclude(state="waiting").exists():
            notices.make_aside(delivery, Notice.Kind.DEPOSITED, event.received_at, troubles)
        couriers.tell(delivery, "deposited", _at(event), event.received_at)
    return False


def _ended(state: Any) -> _Happening:
    def end(bank: Bank, delivery: Delivery, event: Event, _: Troubles) -> bool:
        if not delivery.is_over:
            back = state == State.PICKED_UP and delivery.taking_back_at is not None
            delivery.state = State.RETURNED if back else state
            delivery.ended_at, delivery.end = _at(event), _stored(event)
            delivery.save(update_fields=["state", "ended_at", "end"])
            couriers.tell(delivery, delivery.state, _at(event), event.received_at)
        stock.happened(bank, delivery.number, stock.ENDED)
        return True

    return end


_DELIVERY: dict[int, _Happening] = {
    codes.DELIVERY_DEPOSITED: _deposited,
    codes.DELIVERY_PICKED_UP: _ended(State.PICKED_UP),
    codes.DELIVERY_CANCELLED: _ended(State.CANCELLED),
}


def _at(event: Event) -> datetime:
    """By the board's clock where that is to be trusted; nothing happened after it came in, whatever that clock says."""
    known = event.utc is not None and event.time_trusted
    return min(event.utc, event.received_at) if known else event.received_at


def _stored(event: Event) -> Event | None:
    """Rows of a batch come without their number: it is looked up."""
    return Event.objects.filter(controller=event.controller_id, epoch=event.epoch, sequence=event.sequence).first()
