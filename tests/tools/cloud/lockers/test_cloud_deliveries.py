"""A delivery from the desk to the recipient: made, deposited, picked up or cancelled, each told by the board."""

import re
from typing import Any

import pytest
from locker_world import made

from firmware.controller import events
from firmware.controller.access import codes
from tools.terminal import Problem


def test_deposit_and_pick_up_come_back_as_proof(locker: Any, board: Any) -> None:
    from tools.cloud.models import Delivery

    delivery, of = made(locker)
    assert board.types(of.deposit[:10], compartment=5) == 5
    delivery.refresh_from_db()
    assert (delivery.state, delivery.compartment, delivery.size) == ("deposited", 5, "M")
    assert (delivery.deposit.code, delivery.deposit.compartment) == (events.DELIVERY_DEPOSITED, 5)
    assert int(delivery.deposited_at.timestamp()) == board.utc
    assert board.types(of.pick_up[:10]) == 5
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.end.code) == ("picked up", events.DELIVERY_PICKED_UP)
    assert board.types(of.pick_up) == board.types(of.deposit) == 0


def test_codes_are_of_ten_digits_for_people_and_thirteen_for_a_picture(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    _, of = made(locker)
    assert all(re.fullmatch(r"\d{13}", code) for code in of)
    assert of.deposit != of.pick_up
    assert re.fullmatch(r"\d{4} \d{3} \d{3}", deliveries.spaced(of.deposit))
    assert deliveries.spaced(of.deposit).replace(" ", "") == of.deposit[: codes.SHORT]


def test_what_happened_with_the_network_cut_is_known_when_it_is_back(locker: Any, wire: Any, board: Any) -> None:
    delivery, of = made(locker)
    send, board.send_events = board.send_events, lambda first, last: b""  # the network is cut
    board.types(of.deposit, compartment=7)
    board.types(of.pick_up)
    board.send_events = send
    delivery.refresh_from_db()
    assert delivery.state == "made"
    board.connect()
    board.send_events(1, board.last)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.compartment) == ("picked up", 7)
    assert board.stock[delivery.number % codes.SLOTS][0] > delivery.number


def test_events_that_come_twice_change_nothing(locker: Any, board: Any) -> None:
    from tools.cloud.models import Delivery

    _, of = made(locker)
    board.types(of.deposit, compartment=3)
    board.types(of.pick_up)
    before = Delivery.objects.values("state", "deposited_at", "deposit", "ended_at", "end").get()
    board.send_events(1, board.last)
    assert Delivery.objects.values("state", "deposited_at", "deposit", "ended_at", "end").get() == before


def test_another_size_within_two_minutes_moves_the_parcel(locker: Any, board: Any) -> None:
    delivery, of = made(locker)
    board.types(of.deposit, compartment=1)
    board.happens(events.DELIVERY_DEPOSITED, 8, delivery.number)
    delivery.refresh_from_db()
    assert (delivery.compartment, delivery.size) == (8, "L")


def test_a_cancelled_delivery_is_dead_when_the_board_says_so(locker: Any, wire: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    delivery, of = made(locker)
    deliveries.cancel(delivery, None)
    assert delivery.state == "cancelling"
    wire.poll()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.end.code) == ("cancelled", events.DELIVERY_CANCELLED)
    assert board.types(of.deposit) == 0
    with pytest.raises(Problem, match="has ended"):
        deliveries.cancel(delivery, None)


def test_a_board_that_was_away_is_told_again_what_is_cancelled(locker: Any, wire: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    delivery, of = made(locker)
    wire.time.now += 100  # not live
    deliveries.cancel(delivery, None)
    wire.poll()
    wire.time.now += 3600
    wire.poll()
    delivery.refresh_from_db()
    assert delivery.state == "cancelling"
    board.connect()
    wire.poll()
    delivery.refresh_from_db()
    assert delivery.state == "cancelled"
    assert board.types(of.deposit) == 0


def test_a_parcel_that_was_deposited_meanwhile_wins_over_the_cancelling(locker: Any, wire: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    delivery, of = made(locker)
    deliveries.cancel(delivery, None)
    board.types(of.deposit, compartment=2)
    wire.poll()
    delivery.refresh_from_db()
    assert delivery.state == "deposited"
    with pytest.raises(Problem, match="lies in compartment 2"):
        deliveries.cancel(delivery, None)
    assert board.types(of.pick_up) == 2


def test_a_compartment_is_open_or_out_of_use_as_the_board_says(locker: Any, board: Any) -> None:
    board.happens(events.COMPARTMENT_OPENED, 4)
    board.happens(events.COMPARTMENT_STUCK, 5)
    assert locker.compartment(4).open is True
    assert locker.compartment(5).fault == events.COMPARTMENT_STUCK
    board.happens(events.COMPARTMENT_CLOSED, 4)
    board.happens(events.COMPARTMENT_RIGHT, 5)
    assert locker.compartment(4).open is False
    assert (locker.compartment(5).open, locker.compartment(5).fault) == (False, 0)


def test_an_event_of_a_delivery_that_nobody_knows_finds_it_again(locker: Any, board: Any) -> None:
    from tools.cloud.models import Delivery

    board.happens(events.DELIVERY_DEPOSITED, 6, 77)
    assert list(Delivery.objects.values_list("number", "state", "compartment")) == [(77, "deposited", 6)]


@pytest.mark.parametrize("number", [0, 1 << 30, (1 << 32) - 1])
def test_a_number_that_none_can_have_stands_in_the_log_and_nowhere_else(locker: Any, board: Any, number: int) -> None:
    from tools.cloud.models import Delivery, Event

    board.happens(events.DELIVERY_PICKED_UP, 6, number)
    assert not Delivery.objects.exists()
    assert Event.objects.count() == board.last


def test_for_whom_it_is_lies_sealed_in_the_database(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import about
    from tools.cloud.models import Delivery

    made(locker, description="Ny vinterjakke", unit="H0301")
    row = Delivery.objects.get()
    assert about.of(row).description == "Ny vinterjakke"
    assert b"Ingrid" not in row.about.kept and b"vinterjakke" not in row.about.kept


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"name": "Ingrid"}, "e-mail address, a phone number or a unit"),
        ({"email": "ingrid"}, "no e-mail address"),
        ({"phone": "ring meg"}, "digits, and a"),
        ({"unit": "H0301", "name": "x" * 101}, "at most 100"),
    ],
)
def test_a_recipient_that_nobody_can_tell_is_refused(said: Any, match: str) -> None:
    from tools.cloud.lockers import about

    with pytest.raises(Problem, match=match):
        about.entered(**said)


def test_a_delivery_is_made_whole_with_its_entry_in_the_record(locker: Any, board: Any) -> None:
    from tools.cloud.models import Change

    delivery, _ = made(locker)
    entry = Change.objects.get(kind="delivery")
    assert (entry.what, entry.name, entry.after) == (
        "made",
        str(delivery.number),
        {"bank": "Pakkeboks"},
    )
