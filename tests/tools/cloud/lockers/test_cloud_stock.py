"""The stock of a bank: filled, kept right whatever is lost, no number twice."""

import struct
from typing import Any

import pytest
from bank_board import ENDED, HELD
from locker_world import connected, made
from test_locker_pages import client

from firmware.controller.access import codes
from firmware.controller.cloud import wire as w
from firmware.protocol.deliveries import delivery_key
from tools.terminal import Problem


def test_a_new_board_gets_a_key_for_every_slot(locker: Any, board: Any) -> None:
    locker.bank.refresh_from_db()
    secret = bytes(locker.bank.delivery_secret)
    for slot, (number, key, state) in enumerate(board.stock):
        assert (number % codes.SLOTS, state, key) == (slot, HELD, delivery_key(secret, number))
    assert board.stock[0][0] == 256  # 0 means empty
    assert locker.bank.held_numbers() == board.words()


def test_no_message_of_it_is_longer_than_the_board_takes(locker: Any, wire: Any, board: Any) -> None:
    assert len(board.heard_kinds()) > 10
    assert all(len(payload) <= w.MAX_MESSAGE for _, payload in wire.down)
    assert all((len(message) - 1) // 20 <= 24 for message in board.heard if message[0] == w.STOCK)


def test_the_bank_s_secret_is_in_no_message(locker: Any, board: Any) -> None:
    locker.bank.refresh_from_db()
    assert all(bytes(locker.bank.delivery_secret)[:8] not in message for message in board.heard)


def test_a_board_that_says_the_same_again_is_sent_nothing(locker: Any, board: Any) -> None:
    board.heard.clear()
    board.connect()
    assert w.STOCK not in board.heard_kinds() and w.STOCK_ASKED not in board.heard_kinds()


def test_a_lost_message_is_made_up_for(locker: Any, wire: Any) -> None:
    board = connected_deaf(wire, locker, {w.STOCK})
    assert not any(number for number, _, _ in board.stock)
    board.deaf = set()
    for _ in range(3):
        wire.time.now += 31
        board.ping()
    assert all(number for number, _, _ in board.stock)


def test_a_lost_question_is_asked_again(locker: Any, wire: Any) -> None:
    board = connected_deaf(wire, locker, {w.STOCK_ASKED, w.STOCK})
    board.stock[5] = 5, bytes(16), ENDED  # not what the cloud thinks: it asks
    board.connect()
    board.deaf = set()
    for _ in range(3):
        wire.time.now += 31
        board.ping()
    assert board.stock[5][0] == 5 + 256


def test_a_delivery_that_ends_before_the_stock_was_told_is_no_trouble(locker: Any, wire: Any) -> None:
    from bank_board import BankBoard
    from fake_controller import FakeController
    from locker_world import connected, made

    from tools.cloud.controllers.troubles import Work

    board = connected(wire, locker)
    _, of = made(locker)
    board.types(of.deposit)
    wire.time.now += 60
    FakeController.connect(board)  # a session of its own, and of its stock it has not spoken yet
    assert isinstance(board, BankBoard) and board.types(of.pick_up)
    wire.poll(2)
    locker.controller.refresh_from_db()
    assert not locker.controller.refused and not wire.ingest.troubles.of(Work.MESSAGE)


def connected_deaf(wire: Any, locker: Any, kinds: set[int]) -> Any:
    from bank_board import BankBoard
    from cloud_world import counted_bytes

    board = BankBoard(locker.settings, wire.up, counted_bytes(1), 5)
    wire.controllers[board.id] = board
    board.deaf = kinds
    return board.connect()


def test_a_delivery_can_be_made_while_the_board_is_away_and_not_before_it_has_keys(locker: Any, wire: Any) -> None:
    with pytest.raises(Problem, match="has not had the keys of deliveries yet"):
        made(locker)
    board = connected(wire, locker)
    wire.controllers.clear()  # nothing reaches it any more
    delivery, of = made(locker)
    assert board.types(of.deposit[:10]) == 1
    assert delivery.number == board.stock[delivery.number % codes.SLOTS][0]


def test_no_number_is_given_twice_and_none_beyond_the_stock(locker: Any, wire: Any, board: Any) -> None:
    wire.controllers.clear()
    numbers = [made(locker)[0].number for _ in range(codes.SLOTS)]
    assert len(set(numbers)) == codes.SLOTS
    with pytest.raises(Problem, match="has no free number for another delivery"):
        made(locker)


def test_a_slot_whose_delivery_has_ended_gets_its_next_number(locker: Any, board: Any) -> None:
    delivery, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    assert board.stock[delivery.number % codes.SLOTS][0] == delivery.number + codes.SLOTS
    locker.bank.refresh_from_db()
    assert locker.bank.held_numbers() == board.words()


def test_a_board_that_lost_its_flash_is_filled_again_and_no_code_of_the_past_comes_back(
    locker: Any, board: Any
) -> None:
    delivery, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    board.stock = [(0, bytes(16), HELD)] * codes.SLOTS
    board.connect()
    assert all(number for number, _, _ in board.stock)
    assert board.types(of.deposit) == board.types(of.pick_up) == 0
    assert board.stock[delivery.number % codes.SLOTS][0] > delivery.number


def test_a_database_from_a_backup_gives_no_number_that_the_one_before_may_have_given(
    locker: Any, wire: Any, board: Any
) -> None:
    from tools.cloud.models import Bank, Delivery

    kept = Bank.objects.values("numbers", "held").get()
    lost, of_lost = made(locker)
    over, of_over = made(locker)
    board.types(of_over.deposit)
    board.types(of_over.pick_up)
    # The backup: neither of the two deliveries is known, and slots are as they were.
    Delivery.objects.all().delete()
    Bank.objects.update(**kept)
    wire.ingest = wire.new_ingest(8)
    board.connect()
    numbers = {made(locker)[0].number for _ in range(codes.SLOTS)}
    assert not {lost.number, over.number} & numbers
    assert board.types(of_lost.deposit) == 0


def test_a_number_that_came_after_the_backup_s_is_not_given_again(locker: Any, wire: Any, board: Any) -> None:
    """The board's log tells a database from a backup that a delivery it knows has ended; the number after it is there,
    and the database of before may have given it."""
    from tools.cloud.lockers import stock
    from tools.cloud.models import Bank, Delivery

    first, of_first = made(locker)
    kept = Bank.objects.values("numbers", "held").get()
    board.types(of_first.deposit)
    board.types(of_first.pick_up)
    following = first.number + codes.SLOTS
    while made(locker)[0].number != following:
        pass
    Delivery.objects.exclude(pk=first.pk).delete()
    Bank.objects.update(**kept)
    wire.ingest = wire.new_ingest(8)
    stock.happened(Bank.objects.get(), first.number, stock.ENDED)
    board.connect()
    assert following not in {made(locker)[0].number for _ in range(codes.SLOTS)}


def test_somebody_who_has_put_a_backup_back_can_say_so(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import stock
    from tools.cloud.models import Delivery

    lost, _ = made(locker)
    Delivery.objects.all().delete()
    locker.bank.refresh_from_db()
    assert stock.restored(locker.bank) == codes.SLOTS
    board.connect()
    assert all(number > codes.SLOTS for number, _, _ in board.stock)
    assert lost.number not in {made(locker)[0].number for _ in range(codes.SLOTS)}


def forgets(board: Any, number: int) -> None:
    """The board's record of a number cannot be read any more; it says so when it comes back."""
    board.stock[number % codes.SLOTS] = 0, bytes(16), HELD
    board.lying.pop(number, None)
    board.connect()


def test_the_key_of_a_parcel_that_lies_there_is_never_sent_again(locker: Any, board: Any) -> None:
    from tools.cloud.models import Alarm

    delivery, of = made(locker)
    board.types(of.deposit, compartment=5)
    forgets(board, delivery.number)
    assert board.stock[delivery.number % codes.SLOTS][0] == 0
    assert board.types(of.deposit, compartment=7) == 0
    trouble = Alarm.objects.get(kind=Alarm.Kind.TROUBLE, ended_at=None)
    assert "lost what it knew" in trouble.said["text"] and trouble.said["values"] == {"numbers": "5"}
    delivery.refresh_from_db()
    assert (delivery.state, delivery.compartment) == ("deposited", 5)


def test_who_has_taken_out_a_parcel_that_the_board_forgot_says_so(locker: Any, board: Any) -> None:
    delivery, of = made(locker)
    board.types(of.deposit, compartment=5)
    owner, path = client(locker, "owner"), f"/deliveries/{delivery.pk}/"
    assert b"has lost its record" not in owner.get(path).content
    forgets(board, delivery.number)
    page = owner.get(path).content
    assert b"has lost its record of this parcel" in page and b"It has been taken out" in page
    assert owner.post(f"{path}take-back").status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "returned"
    board.connect()
    assert board.stock[delivery.number % codes.SLOTS][0] == delivery.number + codes.SLOTS, "the slot goes on"
    assert board.types(of.deposit) == board.types(of.pick_up) == 0


@pytest.mark.parametrize("state", ["picked up", "cancelled", "returned", "cancelling"])
def test_the_key_of_a_number_that_has_ended_is_never_sent_again(locker: Any, board: Any, state: str) -> None:
    from tools.cloud.models import Delivery

    delivery, of = made(locker)
    Delivery.objects.update(state=state)
    forgets(board, delivery.number)
    assert board.types(of.deposit) == 0
    following = 0 if state == "cancelling" else delivery.number + codes.SLOTS
    assert board.stock[delivery.number % codes.SLOTS][0] == following


def test_a_delivery_on_its_way_gets_its_key_again(locker: Any, board: Any) -> None:
    delivery, of = made(locker)
    forgets(board, delivery.number)
    assert board.types(of.deposit, compartment=5) == 5


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 4, b"\0" * 6, struct.pack("<IB", 0, 0) + b"\0\0", struct.pack("<IB", 0, 9) + bytes(4), bytes(900)],
)
def test_hostile_words_of_a_stock_are_refused_or_do_nothing(locker: Any, wire: Any, board: Any, message: bytes) -> None:
    locker.bank.refresh_from_db()
    before = locker.bank.held_numbers(), locker.bank.wanted_numbers()
    board.say(bytes((w.STOCK_STATE,)) + message)
    locker.bank.refresh_from_db()
    assert (locker.bank.held_numbers(), locker.bank.wanted_numbers()) == before
    board.heard.clear()
    board.connect()
    assert w.STOCK not in board.heard_kinds()


def test_a_board_without_a_bank_that_speaks_of_one_is_refused(house: Any, time_now: Any) -> None:
    from cloud_world import Wire

    wire = Wire(time_now)
    board = wire.connect(house.settings).connect()
    board.say(w.packed(w.STOCK_STATE, "<IB", 0, 0))
    wire.poll(2)
    assert house.row().refused == {"unexpected": 1}
