"""A house with a bank: two doors and eight compartments, four small, two medium, two large."""

from typing import Any

from bank_board import BankBoard
from cloud_world import BANK, Stopped, Wire, counted_bytes

from tools.cloud.controllers import enrol
from tools.cloud.models import Compartment, Site, Tenant

BOARD: dict[str, Any] = {"name": "test-bank", "psram": False, "doors": [{}, {}], "bank": BANK}


class LockerHouse:
    """Doors 1 and 2 and the bank of one controller."""

    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0):
        self.time = time_now
        self.tenant = Tenant.objects.create(name=name)
        self.site = Site.objects.create(tenant=self.tenant, name="Borettslag")
        self.controller, self.settings = enrol.enrol(
            self.site, "Pakkeboks", BOARD, doors=["Hovedinngang", "Postrom"], urandom=counted_bytes(seed << 32)
        )
        self.bank = self.controller.bank

    def compartment(self, number: int) -> Compartment:
        return Compartment.objects.get(bank=self.bank, number=number)


def made(house: LockerHouse, **about: str) -> Any:
    """(a delivery at the house's bank, its codes)."""
    from tools.cloud.lockers import about as of
    from tools.cloud.lockers import deliveries

    house.bank.refresh_from_db()
    return deliveries.make(
        house.bank, of.entered(**{"name": "Ingrid Solheim", "email": "ingrid@example.test", **about})
    )


def connected(wire: Wire, house: LockerHouse) -> BankBoard:
    board = BankBoard(house.settings, wire.up, counted_bytes(len(wire.controllers) << 48 | 1), 5)
    wire.controllers[board.id] = board
    board.utc = int(house.time.now)
    board.connect()
    return board
