"""A board with a bank is enrolled as one, and what happens in its compartments is not of its doors."""

from typing import Any

import pytest
from cloud_world import BANK
from locker_world import BOARD

from firmware.controller import events
from tools.terminal import Problem


def test_a_board_with_a_bank_has_its_compartments_with_their_sizes(locker: Any) -> None:
    assert "".join(locker.bank.compartments.values_list("size", flat=True)) == "SSSSMMLL"
    assert list(locker.bank.compartments.values_list("number", flat=True)) == list(range(1, 9))


def test_every_bank_has_a_secret_of_its_own_that_the_board_is_not_told(locker: Any, time_now: Any) -> None:
    from locker_world import LockerHouse

    other = LockerHouse(time_now, "Fremmed", seed=1)
    locker.bank.refresh_from_db()
    other.bank.refresh_from_db()
    secret = bytes(locker.bank.delivery_secret)
    assert len(secret) == 32
    assert secret != bytes(other.bank.delivery_secret)
    assert secret.hex() not in str(locker.settings)
    assert secret not in bytes(locker.bank.delivery_secret.kept)


@pytest.mark.parametrize(
    ("bank", "match"),
    [
        ([], "must be an object"),
        ({}, "locks: must be an object"),
        ({**BANK, "sizes": "SSS"}, "a letter for each of 8 compartments"),
        ({**BANK, "sizes": 8}, "a letter for each of 8 compartments"),
        ({**BANK, "keypad": {"door": 9}}, "must be the number of a door"),
        ({**BANK, "rows": [[1, 2, 3, 4], [5, 6, 7]]}, "each of 1 to 8 once"),
        ({**BANK, "locks": {**BANK["locks"], "addresses": [1, 2, 3], "locks": 64}, "sizes": "S" * 192}, "at most 128"),
    ],
)
def test_a_bank_that_makes_no_sense_is_refused_whole(locker: Any, bank: Any, match: str) -> None:
    from tools.cloud.controllers import enrol
    from tools.cloud.models import Bank, Controller

    with pytest.raises(Problem, match=match):
        enrol.enrol(locker.site, "Ny", {**BOARD, "bank": bank})
    assert Controller.objects.count() == Bank.objects.count() == 1


def test_columns_of_a_bank_are_as_the_board_says_or_stacked() -> None:
    from tools.cloud.lockers import layout

    said = layout.read({**BOARD, "bank": {**BANK, "rows": [[1, 2, 3, 4], [5, 6, 7, 8]]}})
    assert said.columns == ((1, 2, 3, 4), (0,), (5, 6, 7, 8))
    stacked = layout.read(BOARD)
    assert sorted(place for column in stacked.columns for place in column) == list(range(9))


def test_an_event_of_a_compartment_is_no_event_of_the_door_with_its_number(locker: Any, wire: Any) -> None:
    from tools.cloud.models import Event

    board = wire.connect(locker.settings).connect()
    board.record(events.COMPARTMENT_OPENED, 1)
    board.record(events.DOOR_OPENED, 1)
    board.send_events(1, 2)
    assert list(Event.objects.order_by("pk").values_list("door_number", "compartment")) == [(0, 1), (1, 0)]


def test_the_chain_of_a_log_with_compartments_holds(locker: Any, wire: Any) -> None:
    from firmware.controller import records
    from tools.cloud.log import chain
    from tools.cloud.models import Event

    board = wire.connect(locker.settings).connect()
    board.record(events.COMPARTMENT_OPENED, 7)
    board.send_events(1, 1)
    assert bytes(board.log[0])[:20] == chain.record_of(Event.objects.get())[:20]
    assert records.unpack_event(board.log[0], 0)[3] == 7


def test_an_alarm_of_a_compartment_is_shown_there_and_ends_there(locker: Any, wire: Any) -> None:
    from django.utils.translation import override

    from tools.cloud.alarms import alarming
    from tools.cloud.models import Alarm

    board = wire.connect(locker.settings).connect()
    for number in (1, 2):
        board.record(events.COMPARTMENT_STUCK, number)
    board.record(events.COMPARTMENT_RIGHT, 2)
    board.send_events(1, 3)
    wire.poll(2)
    found = Alarm.objects.order_by("compartment")
    assert [(one.compartment, one.door_number, one.ended_at is None) for one in found] == [(1, 0, True), (2, 0, False)]
    with override("en"):
        assert alarming._place(found[0], alarming.doors_of(found)) == "Compartment 1 (Pakkeboks)"


def test_the_log_names_the_compartment(locker: Any, wire: Any) -> None:
    from django.utils.translation import override

    from tools.cloud.log.shown import _place
    from tools.cloud.models import Door, Event

    board = wire.connect(locker.settings).connect()
    board.record(events.COMPARTMENT_FORCED, 2)
    board.send_events(1, 1)
    with override("en"):
        assert _place(Event.objects.get(), Door.objects.get(number=2)) == "Compartment 2 (Pakkeboks)"


def test_a_door_whose_keys_are_the_banks_asks_for_no_pin(time_now: Any) -> None:
    from locker_world import BOARD, LockerHouse

    from tools.cloud.doors import door_rules

    house = LockerHouse(time_now)
    house.controller.board = {**BOARD, "psram": True, "bank": {**BANK, "keypad": {"door": 2}}}
    house.controller.save(update_fields=["board"])
    second = house.controller.doors.get(number=2)
    for asks in ("pin", "card+pin", "card/pin"):
        with pytest.raises(Problem, match="are the bank's, for the codes of parcels"):
            door_rules.change(second, {"who": [[asks, None]]})
    door_rules.change(second, {"who": [["card", None]]})
