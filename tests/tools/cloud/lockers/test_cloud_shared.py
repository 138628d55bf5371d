"""Shared compartments in the cloud: taken as the board tells it, over, and free again when somebody has looked."""

from datetime import timedelta
from typing import Any

import pytest
from locker_world import LockerHouse, connected
from test_cloud_allotments import KARI, give, later, person
from test_locker_pages import client, posted

from firmware.controller import events
from firmware.controller.access.credential import card_value, credential_key
from tools.cloud.lockers import allotments, shared
from tools.cloud.models import Allotment
from tools.cloud.services import clock
from tools.terminal import Problem


@pytest.fixture
def locker(time_now: Any) -> Any:
    """As ever. Kari may pass the door whose rules hold there."""
    house = LockerHouse(time_now)
    house.people = {KARI: person(house, "Kari", KARI)}  # type: ignore[attr-defined]
    return house


@pytest.fixture
def board(wire: Any, locker: Any) -> Any:
    return connected(wire, locker)


def row(n: int) -> Allotment:
    return Allotment.objects.get(compartment=n)


def takes(board: Any, n: int, card: int, turn: int = 1) -> None:
    board.happens(events.ALLOTMENT_TAKEN, n, extra=turn, key=credential_key(board.table_key, card_value(26, card)))


def shares(locker: Any, *numbers: int, hours: int = 0) -> None:
    locker.bank.refresh_from_db()
    shared.share(locker.bank, numbers, hours)


def test_who_takes_one_is_known_from_the_board_and_so_is_that_it_is_free(locker: Any, wire: Any, board: Any) -> None:
    shares(locker, 3, 4)
    later(wire, board)
    assert board.mark(3) == row(3).mark and board.allotted[3][3] == 2 and row(3).held
    takes(board, 3, KARI)
    taken = row(3)
    assert taken.taken_by == locker.people[KARI] and taken.turn == 1 and taken.taken_at is not None
    assert timedelta(0) < taken.taken_until - taken.taken_at <= timedelta(days=1)
    assert taken.taken_until.astimezone().strftime("%M:%S") == "00:00", "the day of the site ends then"
    takes(board, 4, 9999)
    assert row(4).taken_by is None and row(4).turn == 1
    board.happens(events.ALLOTMENT_FREE, 3, extra=7)
    assert row(3).turn == 1, "another time was meant"
    board.happens(events.ALLOTMENT_FREE, 3, extra=1)
    assert (row(3).turn, row(3).taken_by, row(3).taken_at, row(3).taken_until) == (0, None, None, None)


def test_until_when_follows_the_clock_of_the_site(locker: Any, time_now: Any) -> None:
    bank = locker.bank
    time_now.now = 1_767_225_600.0 + 12 * 3600  # 2026-01-01, noon: Oslo is an hour ahead
    assert shared.until(bank, 0) == 23 * 60
    time_now.now += 181 * 86_400
    assert shared.until(bank, 0) == 22 * 60
    assert shared.until(bank, 4) == 1440 + 240


def test_one_whose_time_is_over_is_free_when_somebody_has_looked_and_not_before(
    locker: Any,
    wire: Any,
    board: Any,
    time_now: Any,
) -> None:
    shares(locker, 3, hours=2)
    later(wire, board)
    takes(board, 3, KARI, turn=6)
    owner = client(locker, "owner")
    page = owner.get(f"/lockers/{locker.bank.pk}/").content.decode()
    assert "Kari" in page and 'class="box S own"' in page
    time_now.now += 3 * 3600
    page = owner.get(f"/lockers/{locker.bank.pk}/").content.decode()
    assert "Its time is over" in page and 'class="box S overdue"' in page
    with pytest.raises(Problem, match="compartment 3 is somebody's"):
        give(locker, 3, KARI)
    board.utc = int(time_now.now)
    board.connect()
    answer = posted(owner, f"/api/allotments/{row(3).pk}/empty", None)
    assert answer.status_code == 202, answer.content
    wire.poll()
    assert board.emptied == [(3, 6)] and row(3).turn == 0
    assert 'class="box S shared"' in owner.get(f"/lockers/{locker.bank.pk}/").content.decode()
    answer = posted(owner, f"/api/allotments/{row(3).pk}/empty", None)
    assert answer.status_code == 400 and b"nobody has taken" in answer.content.lower()


def test_who_takes_one_back_that_was_taken_meanwhile_gets_it_when_it_was_left(
    locker: Any, wire: Any, board: Any
) -> None:
    """Somebody took it while the board was away: nobody who sees it free here makes it free for parcels."""
    shares(locker, 3)
    later(wire, board)
    wire.holding = True
    allotments.take_back(row(3))
    board.turns[3] = 1
    wire.holding = False
    later(wire, board)
    takes(board, 3, KARI)
    later(wire, board)
    assert row(3).ending and row(3).turn == 0 and board.mark(3) == row(3).mark, "it is theirs as before"
    board.happens(events.ALLOTMENT_FREE, 3, extra=1)
    later(wire, board)
    assert board.mark(3) == 0 and not Allotment.objects.filter(compartment=3).exists()
    shares(locker, 4)
    later(wire, board)
    takes(board, 4, KARI)
    allotments.take_back(row(4))
    later(wire, board)
    assert board.mark(4) == 0, "who knew of it has looked into it"


def test_sharing_is_all_or_nothing(locker: Any, board: Any) -> None:
    give(locker, 5, KARI)
    for numbers, hours, match in (
        ((3, 5), 0, "compartment 5 is somebody's"),
        ((3, 99), 0, "no compartment 99"),
        ((), 0, "choose the compartments"),
        ((3,), 5000, "for 744 hours at most"),
    ):
        with pytest.raises(Problem, match=match):
            shares(locker, *numbers, hours=hours)
    assert Allotment.objects.count() == 1


def test_on_the_page_and_through_the_api(locker: Any, board: Any) -> None:
    owner, guard = client(locker, "owner"), client(locker, "guard")
    path = f"/lockers/{locker.bank.pk}/shared/new"
    assert owner.post(path, {"numbers": ["3", "4"], "hours": "4"}).status_code == 302
    assert (row(3).hours, row(4).hours) == (4, 4)
    assert owner.post(path, {"numbers": ["3"], "hours": "4"}).status_code == 422
    assert guard.post(path, {"numbers": ["5"], "hours": "4"}).status_code == 403
    said = {"compartments": [5, 6], "hours": 0}
    answer = posted(owner, f"/api/banks/{locker.bank.pk}/shared", said)
    assert answer.status_code == 201 and [one["hours"] for one in answer.json()] == [0, 0]
    assert posted(owner, f"/api/banks/{locker.bank.pk}/shared", said).status_code == 400
    states = [one["state"] for one in owner.get(f"/api/banks/{locker.bank.pk}").json()["compartments"]]
    assert states == ["free", "free", "shared", "shared", "shared", "shared", "free", "free"]
    assert owner.post(f"/allotments/{row(3).pk}/empty").status_code == 302
    assert guard.post(f"/allotments/{row(3).pk}/empty").status_code == 403


def test_who_is_erased_is_named_nowhere_and_what_they_took_stays_closed(locker: Any, wire: Any, board: Any) -> None:
    from tools.cloud.people import erasure

    shares(locker, 3)
    later(wire, board)
    takes(board, 3, KARI)
    erasure.erase(locker.people[KARI], clock.now())
    assert row(3).taken_by is None and row(3).turn == 1


def test_more_cards_than_a_board_keeps_are_said(locker: Any, wire: Any, board: Any) -> None:
    from tools.cloud.people import people

    give(locker, 5, KARI)
    for number in (601, 602, 603):
        people.give_card(locker.people[KARI], 26, number)
    later(wire, board)
    page = client(locker, "owner").get(f"/lockers/{locker.bank.pk}/").content.decode()
    assert "Opens to their 3 newest cards, of 4" in page and board.opens_to(KARI) == []
