"""What is promised at a bank of compartments: the building keeps it, and each check can go red."""

import pytest

from firmware.controller.outputs.lock_line import Line
from firmware.controller.points import compartments
from firmware.controller.points.compartments import Compartments
from sim.world.bank import FAMILIES, table

pytest_plugins = ["sim.fixture"]

COUNT = 8


@pytest.fixture
def bank(make_building):
    building = make_building(doors=2, lockers=COUNT, locks="modbus")
    building.wait(5)
    assert not building.broken
    return building


def told(building):
    names = [event.what for event in building.events() if event.door.startswith("compartment")]
    return [name.removeprefix("compartment ") for name in names]


@pytest.mark.parametrize("locks", FAMILIES)
def test_a_compartment_opens_from_afar_whatever_its_locks(make_building, locks):
    building = make_building(doors=2, lockers=COUNT, locks=locks)
    building.wait(5)
    building.open(3)
    building.wait(5)
    assert building.bank.bank[3].open
    building.bank.shut(3)
    building.wait(5)
    assert told(building) == ["released", "opened", "closed"]
    checks = building.world.promises.checks
    assert all(checks[name] for name in ("compartment right", "compartment record", "one pulse", "coils", "ending"))
    assert checks["compartment told"] == 2


def test_one_that_jams_is_tried_once_more(bank):
    bank.bank.bank[2].jams = 1
    bank.open(2)
    bank.wait(4)
    assert told(bank) == ["released", "released", "opened"]


def test_one_that_stays_jammed_goes_out_of_use(bank):
    bank.bank.bank[2].jams = 99
    bank.open(2)
    bank.wait(8)
    assert told(bank) == ["released", "released", "did not open"]


def test_one_that_stands_open_is_told_each_two_minutes(bank):
    bank.open(2)
    bank.wait(370)
    assert told(bank) == ["released", "opened", "left open", "left open", "left open"]
    assert bank.world.promises.checks["left open"] == 3


def test_one_that_is_forced_and_a_contact_that_lies_are_told(bank):
    bank.bank.bank.force(4)
    bank.wait(5)
    bank.bank.bank.lie(5, True)
    bank.wait(5)
    bank.open(5)
    bank.wait(5)
    assert told(bank) == ["forced", "forced", "released", "compartment's contact lies"]


def test_all_of_them_open_one_after_the_other(bank):
    bank.open(0)
    bank.wait(20)
    assert all(one.open for one in bank.bank.bank.compartments)
    assert bank.world.promises.checks["coils"] == COUNT


# Each check goes red.


def without_a_record(bank, patch):
    begin = Compartments._begin
    patch(Compartments, "_begin", lambda self, record, now: begin(self, lambda *told: None, now))
    bank.open(2)


def by_nobody(bank, patch):
    patch(Compartments, "ask", lambda self, n, why: self._put(0, why))
    bank.open(2)


def twice(bank, patch):
    send = Line._open

    def again(self, now):
        self._queue[self._queued] = self._queue[0]
        self._queued += 1
        send(self, now)

    patch(Line, "_open", again)
    bank.open(2)
    bank.wait(3)


def at_an_open_leaf(bank, patch):
    patch(Line, "is_open", lambda self, n: False)
    bank.open(2)
    bank.wait(5)


def too_many_coils(bank, patch):
    patch(Compartments, "_may_begin", lambda self, now: self._sent < 0)
    bank.open(0)
    bank.wait(20)


def not_told(bank, patch):
    patch(Compartments, "_shut", lambda self, i, record, now: self.phase.__setitem__(i, compartments.REST))
    bank.open(2)
    bank.wait(5)
    bank.bank.shut(2)
    bank.wait(5)


def told_of_another(bank, patch):
    patch(Compartments, "_first", lambda *given: None)
    moves = Compartments._moves
    patch(Compartments, "_moves", lambda self, i, *more: moves(self, (i + 1) % COUNT, *more))
    bank.bank.bank.force(2)
    bank.wait(5)


def without_an_ending(bank, patch):
    patch(Compartments, "_late", lambda *given: None)
    bank.bank.bank[2].jams = 99
    bank.open(2)
    bank.wait(10)


def left_open_and_not_told(bank, patch):
    patch(Compartments, "_late", lambda *given: None)
    bank.open(2)
    bank.wait(130)


RED = {
    "compartment record": without_a_record,
    "compartment right": by_nobody,
    "one pulse": twice,
    "coils": too_many_coils,
    "compartment told": not_told,
    "compartment true": told_of_another,
    "ending": without_an_ending,
    "left open": left_open_and_not_told,
}


@pytest.mark.parametrize("check", RED)
def test_a_check_goes_red(check, bank, monkeypatch):
    RED[check](bank, monkeypatch.setattr)
    assert check in [one.check for one in bank.world.promises.broken], bank.broken
    bank.expect_broken()


def test_a_second_pulse_at_an_open_leaf_goes_red(bank, monkeypatch):
    at_an_open_leaf(bank, monkeypatch.setattr)
    assert "one pulse" in [one.check for one in bank.world.promises.broken], bank.broken
    bank.expect_broken()


@pytest.mark.parametrize("doors", [1, 2, 5])
def test_the_keypad_of_a_bank_is_at_a_door_that_is_there(doors):
    assert table(COUNT, doors=doors)["keypad"]["door"] <= doors
