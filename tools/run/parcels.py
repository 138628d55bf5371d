"""Parcels of the running building: who has which code, what was put into a bank, and what was taken out."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from firmware.controller import events
from firmware.controller.points.why import TO_DEPOSIT, TO_PICK_UP

from .bank import LiveBank
from .flash import Recorded

MADE, PUT_IN, TAKEN_OUT = range(3)
_SHOWN = 3


@dataclass
class Parcel:
    """delivery, number: its row in the cloud; as the board knows it. The codes are those that people type."""

    delivery: int
    number: int
    recipient: str
    unit: str
    deposit: str
    pick_up: str
    compartment: int = 0
    step: int = MADE  # as the board has recorded it
    in_cloud: int = MADE  # as the cloud has been told


@dataclass(frozen=True)
class BankRecord:
    """What the board recorded last of its bank."""

    code: int
    compartment: int
    extra: int
    sequence: int


class LiveParcels:
    """At one bank. It knows what lies where from what was opened for whom and shut by hand."""

    def __init__(self, bank: LiveBank) -> None:
        self.bank = bank
        self.known: deque[Parcel] = deque(maxlen=20)  # the newest first
        self.out_of_use: set[int] = set()
        self.said: BankRecord | None = None
        self.page = 0  # number of the bank on the cloud's pages
        self.put_in = self.taken_out = 0
        self._opened: dict[int, tuple[int, int]] = {}  # compartment: (number, why)

    @property
    def shown(self) -> list[Parcel]:
        """What waits for somebody, and what ended last."""
        return list(self.known)[:_SHOWN]

    def add(self, parcel: Parcel) -> None:
        self.known.appendleft(parcel)

    def shut(self, compartment: int) -> None:
        """Somebody pushes a leaf to: with the parcel he brought behind it, or with the one he came for in his hands."""
        number, why = self._opened.pop(compartment, (0, 0))
        if why == TO_DEPOSIT:
            for one in self.bank.bank.compartments:
                if number in one.inside:
                    one.inside.remove(number)
            self.bank.bank[compartment].inside.append(number)
        elif why == TO_PICK_UP and number in self.bank.bank[compartment].inside:
            self.bank.bank[compartment].inside.remove(number)
        self.bank.shut(compartment)

    def opened_for(self, compartment: int) -> int:
        """TO_DEPOSIT, TO_PICK_UP, or 0: by whom else."""
        return self._opened.get(compartment, (0, 0))[1]

    def happened(self, event: Recorded) -> None:
        """The board has recorded something of its bank."""
        number = int.from_bytes((event.key or b"")[:4], "little")
        if event.code == events.COMPARTMENT_RELEASED:
            self._opened[event.door] = (number, event.extra)
        elif event.code in (events.DELIVERY_DEPOSITED, events.DELIVERY_PICKED_UP):
            self._went_on(number, event)
        elif event.code in (events.COMPARTMENT_STUCK, events.COMPARTMENT_BLIND):
            self.out_of_use.add(event.door)
        elif event.code == events.COMPARTMENT_RIGHT:
            self.out_of_use.discard(event.door)
        if event.code not in (events.COMPARTMENT_RELEASED, events.COMPARTMENT_CLOSED):
            self.said = BankRecord(event.code, event.door, event.extra, event.sequence)

    def _went_on(self, number: int, event: Recorded) -> None:
        step = PUT_IN if event.code == events.DELIVERY_DEPOSITED else TAKEN_OUT
        self.put_in += step == PUT_IN
        self.taken_out += step == TAKEN_OUT
        for parcel in self.known:
            if parcel.number == number:
                parcel.step, parcel.compartment = step, event.door


def of(controller: Any) -> LiveParcels:
    """Raises ValueError: it has no bank."""
    parcels = controller.parcels
    if not isinstance(parcels, LiveParcels):
        raise ValueError("bank: a controller with a bank is needed")
    return parcels
