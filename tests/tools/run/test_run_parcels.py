"""Parcels of the running building: what lies where follows from what was opened for whom, and shut by hand."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.controller import events
from firmware.controller.points.why import ASKED, TO_DEPOSIT, TO_PICK_UP
from tools import boards
from tools.run import bank
from tools.run.bank import LiveBank
from tools.run.flash import Recorded
from tools.run.parcels import MADE, PUT_IN, TAKEN_OUT, LiveParcels, Parcel, of


@pytest.fixture
def parcels() -> LiveParcels:
    wires: Any = SimpleNamespace(feed_uart=lambda *_: None, wiegand=lambda *_: None)
    made = LiveParcels(LiveBank(boards.load("esp32-bank"), wires, lambda n: None))
    made.add(Parcel(1, 300, "Ingrid", "H0101", "1" * 10, "2" * 10))
    return made


def record(parcels: LiveParcels, code: int, compartment: int, extra: int = 0, number: int = 300) -> None:
    key = number.to_bytes(4, "little") + bytes(3)
    parcels.happened(Recorded(1, 0, code, compartment, extra, 0, key, 0))


def open_for(parcels: LiveParcels, compartment: int, why: int, number: int = 300) -> None:
    record(parcels, events.COMPARTMENT_RELEASED, compartment, why, number)
    parcels.bank.bank.pulse(compartment)


def inside(parcels: LiveParcels) -> dict[int, list[int]]:
    leaves = parcels.bank.bank
    return {n: leaves[n].inside for n in leaves.numbers if leaves[n].inside}


def test_who_shuts_what_was_opened_to_deposit_leaves_the_parcel_there(parcels: LiveParcels) -> None:
    open_for(parcels, 9, TO_DEPOSIT)
    assert parcels.opened_for(9) == TO_DEPOSIT and parcels.known[0].step == MADE
    parcels.shut(9)
    record(parcels, events.DELIVERY_DEPOSITED, 9)
    assert inside(parcels) == {9: [300]} and not parcels.bank.standing_open
    assert (parcels.known[0].step, parcels.known[0].compartment) == (PUT_IN, 9)


def test_a_courier_who_takes_another_size_takes_the_parcel_with_him(parcels: LiveParcels) -> None:
    for compartment in (9, 12):
        open_for(parcels, compartment, TO_DEPOSIT)
        parcels.shut(compartment)
    assert inside(parcels) == {12: [300]}


def test_who_picks_up_takes_his_own_parcel_and_an_administrator_none(parcels: LiveParcels) -> None:
    open_for(parcels, 9, TO_DEPOSIT)
    parcels.shut(9)
    open_for(parcels, 9, ASKED)
    parcels.shut(9)
    assert inside(parcels) == {9: [300]}
    open_for(parcels, 9, TO_PICK_UP, number=301)
    parcels.shut(9)
    assert inside(parcels) == {9: [300]}
    open_for(parcels, 9, TO_PICK_UP)
    parcels.shut(9)
    record(parcels, events.DELIVERY_PICKED_UP, 9)
    assert inside(parcels) == {} and parcels.known[0].step == TAKEN_OUT


def test_what_the_board_puts_out_of_use_is_so_until_it_says_otherwise(parcels: LiveParcels) -> None:
    record(parcels, events.COMPARTMENT_STUCK, 9, 1)
    assert parcels.out_of_use == {9} and parcels.said is not None and parcels.said.code == events.COMPARTMENT_STUCK
    record(parcels, events.COMPARTMENT_RIGHT, 9)
    assert parcels.out_of_use == set()


def test_a_keypad_without_power_hears_no_more_than_it_says(
    parcels: LiveParcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bank, "_SILENT_S", 0.1)
    assert asyncio.run(parcels.bank.type("12#")) == 0


def test_keys_follow_when_the_one_before_was_heard(parcels: LiveParcels) -> None:
    pressed: list[str] = []

    def press(d0: int, d1: int, bits: str) -> None:
        pressed.append(bits)
        asyncio.get_running_loop().call_later(0.2, parcels.bank.output, 27, 0)

    parcels.bank._wires.wiegand = press  # type: ignore[method-assign]
    assert asyncio.run(parcels.bank.type("12")) == 2
    assert pressed == ["0001", "0010"]


def test_the_light_of_the_keypad_is_dark_without_power(parcels: LiveParcels) -> None:
    keypad = parcels.bank
    assert keypad.output(23, 0) and keypad.lit
    assert not keypad.output(25, 0)
    keypad.power_lost()
    assert not keypad.lit


def test_a_controller_without_a_bank_is_refused() -> None:
    with pytest.raises(ValueError, match="needed"):
        of(SimpleNamespace(parcels=None))
