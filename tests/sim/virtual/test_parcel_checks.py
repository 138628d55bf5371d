"""What is promised to who sends and fetches parcels: couriers and recipients keep busy, and each check can go red."""

import random

import pytest

from firmware.controller import deliveries
from firmware.controller.access.tries import Tries
from firmware.controller.deliveries import Deliveries
from firmware.controller.points.compartments import Compartments
from firmware.controller.storage.stock import Stock
from sim.virtual import visitors
from sim.virtual.parcels import DEPOSIT, PICK_UP
from sim.virtual.visitors import Visitors

pytest_plugins = ["sim.fixture"]

COUNT = 8


class Bank:
    """A bank with couriers and recipients who make no mistakes, and come when they are told to."""

    def __init__(self, building):
        self.building = building
        self.world = building.world
        self.people = Visitors(self.world, self.world.controllers[0], random.Random(1), patience_s=1e6)

    def brings(self, size=1):
        delivery = self.building.sends(size)
        self.people._deposit(delivery, 1)
        self.building.wait(40)
        return delivery

    def fetches(self, delivery):
        self.people._fetch(delivery, 1)
        self.building.wait(40)

    def types(self, digits, right=None, kind=PICK_UP):
        """Right: the delivery whose code that is."""
        parcels, one = self.world.promises.parcels, self.world.controllers[0]
        if right is not None:
            parcels.typed(one, right, kind, len(digits) == 10, sure=False)
        else:
            parcels.typed_wrong(one, len(digits) == 10)
        self.people._type(visitors._keys(digits), lambda sure: None)
        self.building.wait(8)

    @property
    def red(self):
        return {broken.check for broken in self.world.promises.broken}


@pytest.fixture
def bank(make_building, monkeypatch):
    for name in ("WRONG", "PAST", "ALL_DIGITS", "TOO_SMALL", "LEFT", "SLIPS"):
        monkeypatch.setattr(visitors, name, 0)
    building = make_building(doors=2, lockers=COUNT, locks="kerong")
    building.wait(60)
    return Bank(building)


def test_a_parcel_is_put_in_and_taken_out_with_no_network(bank):
    bank.building.cut_network()
    delivery = bank.brings()
    assert delivery.lies and bank.building.bank.bank[delivery.lies].inside == [delivery.number]
    bank.fetches(delivery)
    assert not delivery.lies and delivery.dead is not None
    bank.types(delivery.codes[PICK_UP][:10])
    names = [event.what for event in bank.building.events() if event.what in ("deposited", "picked up", "code wrong")]
    assert names == ["deposited", "picked up", "code wrong"]
    checks = bank.world.promises.checks
    assert [checks[name] for name in ("room", "found", "right parcel", "given once", "proof")] == [1, 1, 2, 1, 4]
    assert checks["code"] == checks["code once"] == checks["tries"] == 2


def test_the_cloud_brings_the_next_number_where_one_is_over(bank):
    numbers = []
    for _ in range(3):
        delivery = bank.brings()
        bank.fetches(delivery)
        numbers.append(delivery.number)
    assert numbers == [numbers[0], numbers[0] + 256, numbers[0] + 512]


def test_power_that_goes_while_a_leaf_is_open_loses_nothing(bank):
    delivery = bank.brings()
    bank.people._fetch(delivery, 1)
    bank.building.wait(6)
    assert bank.building.bank.bank[delivery.given].open
    for lock in (bank.building.cut_power, bank.building.restore_power):
        lock("all")
        bank.building.wait(20)
    assert not delivery.lies


def test_a_busy_hour_with_mistakes_jams_and_power_cuts_breaks_nothing(make_building):
    building = make_building(doors=2, lockers=COUNT, locks="modbus", seed=5)
    building.wait(60)
    chance = random.Random(5)
    people = Visitors(building.world, building.world.controllers[0], chance, patience_s=200)
    bank = building.bank.bank
    for n in range(24):
        people.brings(building.sends(chance.choice((1, 1, 2, 3))))
        building.wait(chance.uniform(20, 90))
        bank[chance.choice(bank.numbers)].jams = chance.choice((0, 0, 1, 9))
        if n % 8 == 5:
            people.guess(3)
        if n % 6 == 3:
            building.cut_power("all")
            building.wait(chance.uniform(1, 20))
            building.restore_power("all")
        for each in bank.numbers:
            bank[each].jams = min(bank[each].jams, 1) if n % 3 else bank[each].jams
    assert people.counts["parcels put in"] > 12 and people.counts["parcels taken out"] > 5


# Each check goes red.


def any_code(bank, patch):
    delivery = bank.brings()
    patch(deliveries, "matches", lambda digits, key, kind, number: kind == PICK_UP.encode())
    bank.types(f"{delivery.number % 256:010d}")


def the_neighbours_compartment(bank, patch):
    one, other = bank.brings(), bank.brings()
    get = Stock.get

    def wrong(self, slot):
        delivery = get(self, slot)
        if delivery.number == one.number:
            delivery.compartment = other.given
        return delivery

    patch(Stock, "get", wrong)
    bank.fetches(one)


def the_same_compartment_for_two(bank, patch):
    first = bank.brings()
    patch(Deliveries, "_free", lambda self, size, number=1: first.given)
    bank.brings()


def the_first_of_two_compartments_of_one(bank, patch):
    bank.people.bank.bank.on_open = lambda n: None  # nobody shuts a leaf by himself
    delivery = bank.building.sends(1)
    bank.people._deposit(delivery, 1)
    bank.building.wait(12)
    first = delivery.given
    bank.types(delivery.codes[DEPOSIT][:10], right=delivery, kind=DEPOSIT)
    bank.types("2")
    assert delivery.keeps == {first, delivery.given} and first != delivery.given
    for n in delivery.keeps:
        bank.building.bank.shut(n)
    bank.building.wait(5)
    assert not bank.red
    patch(Deliveries, "_free", lambda self, size, number=1: first)
    bank.brings()


def one_that_is_out_of_use(bank, patch):
    bank.building.bank.bank[1].jams = 99
    assert bank.brings().given != 1
    bank.building.bank.bank[1].jams = 0
    assert not bank.red
    patch(Compartments, "out_of_use", lambda self, n: False)
    bank.brings()


def the_same_codes_for_two(bank, patch):
    bank.world.promises.parcels.made(bank.world.controllers[0], bank.brings())


def a_code_that_opens_nothing(bank, patch):
    delivery = bank.brings()
    patch(Deliveries, "pick_up", lambda self, one: True)
    bank.fetches(delivery)


def no_room_in_an_empty_bank(bank, patch):
    patch(Deliveries, "_free", lambda self, size, number=1: 0)
    bank.brings()


def a_pick_up_without_a_proof(bank, patch):
    delivery = bank.brings()
    patch(Deliveries, "_shut", lambda self, compartment, now, unseen=0: None)
    bank.fetches(delivery)


def a_deposit_without_a_proof(bank, patch):
    tell = Deliveries.tell
    patch(Deliveries, "tell", lambda self, code, *more: tell(self, code, *more) if code != 208 else None)
    bank.brings()


def a_code_that_lives_on(bank, patch):
    delivery = bank.brings()
    patch(Stock, "set", lambda self, delivery: None)
    bank.fetches(delivery)
    bank.types(delivery.codes[PICK_UP], right=delivery)


def a_deposit_code_that_lives_on(bank, patch):
    patch(deliveries, "_AGAIN_MS", 3_600_000)
    delivery = bank.brings()
    bank.building.wait(200)
    bank.types(delivery.codes[DEPOSIT], right=delivery, kind=DEPOSIT)
    bank.types("1")


def tries_without_an_end(bank, patch):
    delivery = bank.brings()
    patch(Tries, "bears", lambda self, length, utc: True)
    patch(Tries, "pauses", lambda self, now: False)
    bank.world.promises.parcels._row = AlwaysFew()
    for n in range(26):
        bank.types(f"{n:010d}")
    bank.types(delivery.codes[PICK_UP][:10], right=delivery)


class AlwaysFew(dict):
    def get(self, key, default=None):
        return 0


RED = {
    "code": any_code,
    "right parcel": the_neighbours_compartment,
    "given once": the_same_compartment_for_two,
    "out of use": one_that_is_out_of_use,
    "own codes": the_same_codes_for_two,
    "found": a_code_that_opens_nothing,
    "room": no_room_in_an_empty_bank,
    "proof": a_pick_up_without_a_proof,
    "code once": a_code_that_lives_on,
    "tries": tries_without_an_end,
}
MORE = [
    ("proof", a_deposit_without_a_proof),
    ("given once", the_first_of_two_compartments_of_one),
    ("code once", a_deposit_code_that_lives_on),
]


@pytest.mark.parametrize(("check", "breaks"), [*RED.items(), *MORE])
def test_a_check_goes_red(check, breaks, bank, monkeypatch):
    assert not bank.red
    breaks(bank, monkeypatch.setattr)
    assert check in bank.red, bank.building.broken
    bank.building.expect_broken()
