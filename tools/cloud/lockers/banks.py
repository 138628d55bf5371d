"""Banks: made with the enrolment of their controller; where they are is entered by somebody."""

from collections.abc import Callable
from datetime import datetime

from ..audit import changes
from ..models import Bank, Compartment, Controller, Delivery
from ..services.refusal import Refusal
from . import couriers, layout

SECRET = 32


def make(controller: Controller, urandom: Callable[[int], bytes]) -> Bank:
    """The bank of a board that is being enrolled: a secret of its own, none of its numbers used."""
    sizes = layout.read(controller.board).sizes
    bank = Bank(controller=controller, name=controller.name, delivery_secret=urandom(SECRET))
    with changes.covering(controller):
        bank.save(force_insert=True)
        Compartment.objects.bulk_create(
            Compartment(bank=bank, number=number, size=size) for number, size in enumerate(sizes, 1)
        )
    return bank


def lost(controller: Controller, now: datetime, urandom: Callable[[int], bytes]) -> None:
    """Its board is given up, within that change: nothing is deposited any more, what lies there has to be taken out."""
    bank = Bank.objects.filter(controller=controller).first()
    if bank is None:
        return
    bank.delivery_secret = urandom(SECRET)
    bank.save(update_fields=["delivery_secret"])
    on_their_way = bank.deliveries.filter(state__in=[Delivery.State.MADE, Delivery.State.CANCELLING])
    for row in on_their_way.defer("about"):
        row.state, row.ended_at = Delivery.State.CANCELLED, now
        row.save(update_fields=["state", "ended_at"])
        couriers.tell(row, "cancelled", now, now)


def check_emptied(lost: Controller) -> None:
    """A board that takes over from a lost one knows of no parcel: it would give away compartments that are full."""
    bank = Bank.objects.filter(controller=lost).first()
    if bank is not None:
        _check_no_parcel_lies(bank)
        _check_nobody_has_one(bank)


def _check_nobody_has_one(bank: Bank) -> None:
    own = bank.allotments.order_by("compartment").values_list("compartment", flat=True)
    if own:
        raise Refusal(
            "in %(bank)s compartments %(own)s are somebody's; empty them, and take them back on its page",
            bank=str(bank),
            own=", ".join(map(str, own)),
        )


def _check_no_parcel_lies(bank: Bank) -> None:
    lying = bank.deliveries.filter(state=Delivery.State.DEPOSITED)
    full = sorted(set(lying.values_list("compartment", flat=True)))
    if full:
        raise Refusal(
            "parcels lie in %(bank)s, in compartments %(full)s; take them out first, and say so on their pages",
            bank=str(bank),
            full=", ".join(map(str, full)),
        )


def change(bank: Bank, name: str, address: str, latitude: float | None, longitude: float | None) -> None:
    """What it is called and where it is, for couriers, recipients and on a map.

    While parcels lie in it it keeps its name: their recipients were told to go to a bank of that name.
    """
    if not name.strip():
        raise Refusal("a bank needs a name; give it one")
    if name.strip() != bank.name:
        _check_no_parcel_lies(bank)
    if (latitude is None) != (longitude is None):
        raise Refusal("a position has a latitude and a longitude; give both or none")
    with changes.of(bank.controller):
        bank.name, bank.address = name.strip(), address.strip()
        bank.latitude, bank.longitude = latitude, longitude
        bank.save(update_fields=["name", "address", "latitude", "longitude"])
