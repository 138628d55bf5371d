"""Banks: made with the enrolment of their controller; where they are is entered by somebody."""

from collections.abc import Callable

from ..audit import changes
from ..models import Bank, Compartment, Controller
from ..services.refusal import Refusal
from . import layout

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


def change(bank: Bank, name: str, address: str, latitude: float | None, longitude: float | None) -> None:
    """What it is called and where it is, for couriers, recipients and on a map."""
    if not name.strip():
        raise Refusal("a bank needs a name; give it one")
    if (latitude is None) != (longitude is None):
        raise Refusal("a position has a latitude and a longitude; give both or none")
    with changes.of(bank.controller):
        bank.name, bank.address = name.strip(), address.strip()
        bank.latitude, bank.longitude = latitude, longitude
        bank.save(update_fields=["name", "address", "latitude", "longitude"])
