"""Controllers that share an area: each hears who was let in at the other, and whether that is all."""

import struct

import pytest
from cloud_world import BOARD, House, Stopped, Wire, counted_bytes
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller.cloud import wire
from tools.cloud.controllers import enrol
from tools.cloud.controllers.lost import lost
from tools.cloud.controllers.troubles import Work
from tools.cloud.models import AccessGroup, Area, DoorRules, Grant
from tools.cloud.people.people import give_card
from tools.cloud.rules import area_occupancy

Heard = tuple[int, list[tuple[bytes, int, int]]]


class Garage(House):
    """Doors 1 lead into area 1, doors 2 out of it: at the controller of the house, and at a second one."""

    def __init__(self, time_now: Stopped, wire_: Wire):
        super().__init__("Garasje AS", time_now)
        self.line = wire_
        self.second, settings = enrol.enrol(
            self.site, "Oppgang B", BOARD, doors=["Inn", "Ut"], urandom=counted_bytes(9 << 32)
        )
        both = AccessGroup.objects.create(tenant=self.tenant, name="begge")
        both.doors.set([*self.doors, *self.second.doors.all()])
        Grant.objects.create(person=self.person, group=both)
        self.area = Area.objects.create(site=self.site, number=1, name="Garasje")
        for door in both.doors.all():
            inwards = door.number == 1
            DoorRules.objects.create(
                door=door,
                passback="hard",
                leads_from=None if inwards else self.area,
                leads_to=self.area if inwards else None,
            )
        self.first_board = wire_.connect(self.settings)
        self.second_board = wire_.connect(settings)

    def connect(self) -> None:
        for board in (self.first_board, self.second_board):
            board.connect()
        self.alive()

    def alive(self, *boards: FakeController) -> None:
        """The controllers speak, and a second goes by."""
        for board in boards or (self.first_board, self.second_board):
            board.ping()
        self.line.poll(1.1)
        self.line.poll(0.1)

    def let_in(self, board: FakeController, door: int, utc: float, number: int = 1204) -> None:
        board.record(codes.GRANTED, door, board.key(26, number), int(utc))
        board.send_events(board.last, board.last)


def passed(board: FakeController) -> list[Heard]:
    """[(fresh, [(key, area, minute)])]."""
    found = []
    for message in board.heard:
        if message[0] == wire.PASSED:
            at = range(2, len(message), 12)
            found.append((message[1], [(message[i : i + 7], *struct.unpack_from("<BI", message, i + 7)) for i in at]))
    return found


@pytest.fixture
def garage(time_now: Stopped) -> Garage:
    garage = Garage(time_now, Wire(time_now))
    garage.connect()
    return garage


def test_both_are_told_that_the_area_is_shared_and_that_nothing_is_missing(garage: Garage) -> None:
    for board in (garage.first_board, garage.second_board):
        assert board.rules["areas"] == {"1": {"shared": True}}
        assert passed(board)[-1] == (1, [])


def test_who_goes_in_at_one_is_told_to_the_other_at_once_under_its_own_key(garage: Garage) -> None:
    now = garage.time.now
    garage.let_in(garage.first_board, 1, now)
    key = garage.second_board.key(26, 1204)
    assert passed(garage.second_board)[-1] == (1, [(key, 1, int(now) // 60)])
    assert passed(garage.first_board)[-1] == (1, [])
    garage.let_in(garage.second_board, 2, now + 60)
    assert passed(garage.first_board)[-1] == (1, [(garage.first_board.key(26, 1204), 0, int(now) // 60 + 1)])


def test_what_one_could_not_be_told_it_hears_when_that_is_mended_and_until_then_that_it_lacks_something(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, told = garage.time.now, passed(garage.second_board)
    tried: list[object] = []

    def fails(*given: object) -> list[bytes]:
        tried.append(given)
        raise ValueError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(area_occupancy, "entries", fails)
        for door, at in ((1, now - 120), (2, now - 60), (1, now)):
            garage.let_in(garage.first_board, door, at)
        assert len(tried) == 1 and passed(garage.second_board) == [*told, (0, [])]
        for _ in range(6):
            garage.alive()
        assert len(tried) == 2, "after a pause"
    for _ in range(12):
        garage.alive()
    whole = (1, [(garage.second_board.key(26, 1204), 1, int(now) // 60)])
    assert passed(garage.second_board) == [*told, (0, []), whole] and passed(garage.first_board)[-1] == (1, [])


def test_of_a_batch_that_is_known_in_part_the_rest_is_told(garage: Garage) -> None:
    now = garage.time.now
    for door, at in ((1, now), (2, now + 60)):
        garage.first_board.record(codes.GRANTED, door, garage.first_board.key(26, 1204), int(at))
    garage.first_board.send_events(1, 1)
    before = passed(garage.second_board)
    garage.first_board.send_events(1, 2)
    key = garage.second_board.key(26, 1204)
    assert passed(garage.second_board) == [*before, (1, [(key, 0, int(now) // 60 + 1)])]


def test_who_is_given_up_as_lost_is_no_trouble_any_more(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = garage.line.ingest.troubles

    def fails(*given: object) -> list[bytes]:
        raise ValueError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(area_occupancy, "entries", fails)
        garage.let_in(garage.first_board, 1, garage.time.now)
    assert troubles.of(Work.AREAS) == {garage.second.pk}
    lost(garage.second, None)
    garage.alive(garage.first_board)
    garage.alive(garage.first_board)
    assert troubles.of(Work.AREAS) == set()


def test_no_message_is_longer_than_the_controller_takes(garage: Garage) -> None:
    for number in range(60):
        card = give_card(garage.person, 26, 2000 + number)
        garage.let_in(garage.first_board, 1, garage.time.now, card.number or 0)
    garage.second_board.heard.clear()
    garage.second_board.begin()
    garage.second_board.hello(longest=300)
    told = passed(garage.second_board)
    assert [len(entries) for _, entries in told] == [22, 22, 16]


def test_denials_and_other_doors_tell_nobody(garage: Garage) -> None:
    before = passed(garage.second_board)
    garage.first_board.record(codes.DENIED_PASSBACK, 1, garage.first_board.key(26, 1204), int(garage.time.now))
    garage.first_board.record(codes.GRANTED, 1, garage.first_board.key(26, 1204), 0)  # its time was not known
    garage.first_board.record(codes.GRANTED, 1, bytes(7), int(garage.time.now))  # whose card this was nobody knows
    garage.first_board.send_events(1, 3)
    assert passed(garage.second_board) == before and not garage.line.ingest.refused


def test_a_controller_that_is_not_heard_makes_the_others_say_so(garage: Garage) -> None:
    for _ in range(12):
        garage.alive(garage.second_board)
    assert passed(garage.second_board)[-1] == (0, [])
    garage.first_board.connect()
    garage.alive()
    assert passed(garage.second_board)[-1] == (1, [])


def test_a_controller_whose_log_has_not_come_yet_makes_them_say_so_too(garage: Garage) -> None:
    now = garage.time.now
    garage.first_board.record(codes.GRANTED, 1, garage.first_board.key(26, 1204), int(now))
    garage.first_board.connect()
    garage.alive()
    assert passed(garage.second_board)[-1] == (0, [])
    garage.first_board.send_events(1, 1)
    garage.alive()
    assert [fresh for fresh, _ in passed(garage.second_board)][-2:] == [0, 1]
    assert passed(garage.second_board)[-2][1] == [(garage.second_board.key(26, 1204), 1, int(now) // 60)]


def test_who_comes_back_hears_where_everybody_is(garage: Garage) -> None:
    now = garage.time.now
    other = give_card(garage.person, 26, 77)
    garage.alive()
    garage.let_in(garage.first_board, 1, now - 90_000, other.number or 0)  # yesterday: an area remembers a day
    garage.let_in(garage.first_board, 1, now - 100)
    garage.let_in(garage.first_board, 2, now - 40)
    garage.second_board.heard.clear()
    garage.second_board.connect()
    assert passed(garage.second_board) == [(0, [(garage.second_board.key(26, 1204), 0, int(now - 40) // 60)])]


def test_who_has_no_right_at_the_other_is_not_told_there(garage: Garage) -> None:
    garage.add_card("Bare A", 500)
    garage.alive()
    garage.let_in(garage.first_board, 1, garage.time.now, 500)
    assert passed(garage.second_board)[-1] == (1, [])


def test_a_lost_controller_is_waited_for_no_longer(garage: Garage) -> None:
    lost(garage.second, None)
    for _ in range(12):
        garage.alive(garage.first_board)
    assert passed(garage.first_board)[-1] == (1, [])


def test_a_site_whose_controllers_share_nothing_is_told_nothing(house: House, time_now: Stopped) -> None:
    line = Wire(time_now)
    board = line.connect(house.settings).connect()
    board.record(codes.GRANTED, 1, board.key(26, 1204), int(time_now.now))
    board.send_events(1, 1)
    line.poll(1.1)
    assert passed(board) == []
