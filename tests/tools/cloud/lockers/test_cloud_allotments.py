"""Own compartments: given and taken back in the cloud, and what its board then opens to whose card."""

from datetime import timedelta
from typing import Any

import pytest
from locker_world import BOARD, LockerHouse, connected, made
from test_locker_pages import client, posted

from firmware.controller.cloud import wire as w
from tools.terminal import Problem

KARI, OLA = 101, 102


@pytest.fixture
def locker(time_now: Any) -> Any:
    """As ever. Kari and Ola may pass the door whose rules hold there."""
    house = LockerHouse(time_now)
    house.people = {card: person(house, name, card) for name, card in (("Kari", KARI), ("Ola", OLA))}  # type: ignore[attr-defined]
    return house


def person(house: Any, name: str, card: int) -> Any:
    from tools.cloud.models import AccessGroup, GroupDoor
    from tools.cloud.people import people

    who = people.enter(house.tenant.pk, name=name)
    people.give_card(who, 26, card)
    group = AccessGroup.objects.filter(tenant=house.tenant).first()
    if group is None:
        group = AccessGroup.objects.create(tenant=house.tenant, name="All")
        GroupDoor.objects.create(accessgroup=group, door=house.controller.doors.first())
    people.put_into(who, [group.pk])
    return who


def give(house: Any, number: int, card: int, **more: Any) -> Any:
    from tools.cloud.lockers import allotments

    house.bank.refresh_from_db()
    return allotments.give(house.bank, number, house.people[card], **more)


def later(wire: Any, board: Any, times: int = 1) -> None:
    """The board pings, and the cloud tells what is new."""
    for _ in range(times):
        wire.time.now += 31
        board.ping()


def test_a_compartment_that_is_given_opens_to_their_card_and_when_taken_back_no_more(locker: Any, wire: Any) -> None:
    from tools.cloud.lockers import allotments

    board = connected(wire, locker)
    row = give(locker, 5, KARI)
    assert not row.held
    later(wire, board)
    row.refresh_from_db()
    assert row.held and board.opens_to(KARI) == [5] and board.opens_to(OLA) == []
    allotments.take_back(row)
    assert board.opens_to(KARI) == [5]
    later(wire, board)
    assert board.opens_to(KARI) == [] and board.mark(5) == 0
    assert not locker.bank.allotments.exists()


def test_it_reaches_a_board_that_was_away(locker: Any, wire: Any) -> None:
    give(locker, 5, KARI)
    give(locker, 6, OLA)
    board = connected(wire, locker)
    assert board.opens_to(KARI) == [5] and board.opens_to(OLA) == [6]
    board.heard.clear()
    board.connect()
    assert w.ALLOT not in board.heard_kinds() and w.ALLOT_ASKED not in board.heard_kinds()


def test_a_fresh_board_is_told_all_of_it_again(locker: Any, wire: Any) -> None:
    give(locker, 5, KARI)
    board = connected(wire, locker)
    board.allotted[5] = bytes((5,)) + bytes(28)
    board.connect()
    assert board.opens_to(KARI) == [5]


def test_a_second_card_opens_it_and_a_revoked_one_does_not(locker: Any, wire: Any) -> None:
    from tools.cloud.people import people

    board = connected(wire, locker)
    row = give(locker, 5, KARI)
    people.give_card(row.person, 26, 555)
    later(wire, board)
    assert board.opens_to(555) == board.opens_to(KARI) == [5]
    for card in row.person.credentials.all():
        people.revoke(card)
    later(wire, board)
    assert board.opens_to(555) == board.opens_to(KARI) == [] and board.mark(5) == row.mark
    with pytest.raises(Problem, match="compartment 5 is somebody's"):
        give(locker, 5, OLA)


def test_who_is_switched_off_opens_nothing_and_keeps_the_compartment(locker: Any, wire: Any) -> None:
    from tools.cloud.people import people

    board = connected(wire, locker)
    row = give(locker, 5, KARI)
    later(wire, board)
    people.change(locker.people[KARI], active=False)
    later(wire, board)
    assert board.opens_to(KARI) == [] and board.mark(5) == row.mark


def test_who_is_erased_leaves_a_compartment_that_opens_to_nobody_until_it_is_taken_back(locker: Any, wire: Any) -> None:
    from tools.cloud.lockers import allotments
    from tools.cloud.people import erasure
    from tools.cloud.services import clock

    board = connected(wire, locker)
    give(locker, 5, KARI)
    later(wire, board)
    erasure.erase(locker.people[KARI], clock.now())
    later(wire, board)
    assert board.opens_to(KARI) == [] and board.mark(5)
    row = locker.bank.allotments.get()
    assert row.person is None
    assert b"Opens to nobody" in client(locker, "owner").get(f"/lockers/{locker.bank.pk}/").content
    allotments.take_back(row)
    later(wire, board)
    assert board.mark(5) == 0 and not locker.bank.allotments.exists()


def test_a_cloud_that_came_back_from_a_backup_frees_nothing_and_gives_nothing_to_somebody_else(
    locker: Any, wire: Any
) -> None:
    board = connected(wire, locker)
    give(locker, 5, KARI)
    later(wire, board)
    before, after = locker.bank.allotments.get(), board.allotted[5]
    board.allotted[6] = bytes((6,)) + after[1:]  # given after the backup
    type(before).objects.filter(pk=before.pk).update(mark=before.mark % 60000 + 1)  # ... and so was 5, to another
    board.connect()
    later(wire, board, 2)
    rows = {row.compartment: row for row in locker.bank.allotments.all()}
    assert set(rows) == {5, 6} and not any(row.person for row in rows.values())
    assert board.opens_to(KARI) == [] and board.mark(5) and board.mark(6)


def test_what_the_board_does_not_take_is_told_once_and_again_when_the_parcel_is_gone(locker: Any, wire: Any) -> None:
    board = connected(wire, locker)
    board.full.add(5)  # deposited, and not told yet
    row = give(locker, 5, KARI)
    later(wire, board, 3)
    row.refresh_from_db()
    assert not row.held and board.mark(5) == 0
    board.heard.clear()
    later(wire, board, 3)
    assert w.ALLOT not in board.heard_kinds()
    board.full.clear()
    _, codes = made(locker)
    board.types(codes.deposit, compartment=1)
    board.types(codes.pick_up)
    later(wire, board)
    assert board.opens_to(KARI) == [5]


def test_a_lost_message_is_made_up_for(locker: Any, wire: Any) -> None:
    board = connected(wire, locker)
    give(locker, 5, KARI)
    board.deaf = {w.ALLOT, w.ALLOT_ASKED}
    later(wire, board, 2)
    board.deaf = {w.ALLOT}
    later(wire, board, 2)
    board.deaf = set()
    later(wire, board, 2)
    assert board.opens_to(KARI) == [5]


def test_its_end_goes_to_the_board_and_can_be_another_one(locker: Any, wire: Any) -> None:
    from tools.cloud.lockers import allotments
    from tools.cloud.services import clock

    board = connected(wire, locker)
    end = clock.now() + timedelta(days=30)
    row = give(locker, 5, KARI, until=end)
    later(wire, board)
    first = board.allotted[5]
    allotments.rent(row, end + timedelta(days=30))
    later(wire, board)
    minutes = [int.from_bytes(entry[4:8], "little") for entry in (first, board.allotted[5])]
    assert minutes[1] - minutes[0] == 30 * 24 * 60


def test_what_is_refused_and_why(locker: Any, wire: Any) -> None:
    from tools.cloud.people import people
    from tools.cloud.services import clock

    board = connected(wire, locker)
    _, codes = made(locker)
    board.types(codes.deposit, compartment=2)
    give(locker, 5, KARI)
    nobody = locker.people[OLA]
    for number, card, more, says in (
        (5, OLA, {}, "compartment 5 is somebody's; choose another one"),
        (6, KARI, {}, "Kari has compartment 5 here; take that back first"),
        (2, OLA, {}, "a parcel lies in compartment 2"),
        (9, OLA, {}, "no compartment 9"),
        (6, OLA, {"until": clock.now() - timedelta(minutes=1)}, "this time is over"),
    ):
        with pytest.raises(Problem, match=says):
            give(locker, number, card, **more)
    people.change(nobody, active=False)
    with pytest.raises(Problem, match="no card of Ola is known at this bank"):
        give(locker, 6, OLA)
    locker.controller.board["bank"]["keypad"] = {"door": 1}
    locker.controller.save(update_fields=["board"])
    locker.bank = type(locker.bank).objects.get(pk=locker.bank.pk)
    with pytest.raises(Problem, match="takes no cards"):
        give(locker, 6, KARI)


def test_its_end_is_another_one_only_while_it_is_somebodys_and_not_over(locker: Any, wire: Any) -> None:
    from tools.cloud.lockers import allotments
    from tools.cloud.people import erasure, pins
    from tools.cloud.services import clock

    board = connected(wire, locker)
    row, other = give(locker, 5, KARI), give(locker, 6, OLA)
    with pytest.raises(Problem, match="this time is over"):
        allotments.rent(row, clock.now())
    allotments.take_back(row)
    with pytest.raises(Problem, match="this time is over"):
        give(locker, 7, KARI, until=clock.now())
    erasure.erase(locker.people[OLA], clock.now())
    for nobodys in (row, other):
        with pytest.raises(Problem, match="this compartment is nobody's any more"):
            allotments.rent(nobodys, None)
    give(locker, 7, KARI)  # another one, while the board was not told of the first
    pins.give(locker.people[KARI], "pin")
    later(wire, board, 2)
    assert board.opens_to(KARI) == [7] and not any(board.allotted[7][15:29]), "a card opens it, a PIN does not"


def test_of_a_lost_bank_each_is_taken_back_by_hand_before_another_board_takes_over(locker: Any, wire: Any) -> None:
    from tools.cloud.controllers import enrol, lost

    connected(wire, locker)
    row = give(locker, 5, KARI)
    lost.lost(locker.controller, None)
    locker.controller.refresh_from_db()
    with pytest.raises(Problem, match="was reported lost"):
        give(locker, 6, OLA)
    with pytest.raises(Problem, match="compartments 5 are somebody's"):
        enrol.enrol(locker.site, "Ny", BOARD, replaces=locker.controller)
    owner, path = client(locker, "owner"), f"/allotments/{row.pk}/take-back"
    assert path.encode() in owner.get(f"/lockers/{locker.bank.pk}/").content
    assert owner.post(path, follow=True).status_code == 200
    assert not locker.bank.allotments.exists()
    assert owner.get(f"/lockers/{locker.bank.pk}/").status_code == 404
    enrol.enrol(locker.site, "Ny", BOARD, replaces=locker.controller)


@pytest.mark.parametrize("message", [b"", b"1234", b"123456", bytes(5) + b"\1\0" * 9])
def test_an_odd_answer_of_a_board_is_refused(locker: Any, wire: Any, message: bytes) -> None:
    board = connected(wire, locker)
    give(locker, 5, KARI)
    board.say(bytes((w.ALLOT_STATE,)) + message)
    assert not locker.bank.allotments.get().held
    later(wire, board, 2)
    assert board.opens_to(KARI) == [5]


def test_on_the_page_it_is_given_and_taken_back_and_names_are_for_who_may_see_people(locker: Any, wire: Any) -> None:
    connected(wire, locker)
    owner, path = client(locker, "owner"), f"/lockers/{locker.bank.pk}/"
    said = {"person": locker.people[KARI].pk, "compartment": "5", "last": ""}
    assert owner.post(path + "allotments/new", said).status_code == 302
    row = locker.bank.allotments.get()
    page = owner.get(path).content.decode()
    assert "Kari" in page and f"/allotments/{row.pk}/take-back" in page and 'class="box M own"' in page
    again = owner.post(path + "allotments/new", {**said, "compartment": "6"})
    assert again.status_code == 422 and b"Kari has compartment 5 here" in again.content
    for role in ("guard", "installer", "courier"):
        page = client(locker, role).get(path).content.decode()
        assert 'class="box M own"' in page and "Kari" not in page
    viewer = client(locker, "viewer")
    assert b"Kari" in viewer.get(path).content
    assert viewer.post(f"/allotments/{row.pk}/take-back").status_code == 403
    assert owner.post(f"/allotments/{row.pk}/take-back").status_code == 302
    row.refresh_from_db()
    assert row.ending


def test_a_program_gives_it_changes_its_end_and_takes_it_back(locker: Any, wire: Any) -> None:
    connected(wire, locker)
    owner, path = client(locker, "owner"), f"/api/banks/{locker.bank.pk}/allotments"
    answer = posted(owner, path, {"compartment": 5, "person": locker.people[KARI].pk})
    assert answer.status_code == 201, answer.content
    (one,) = owner.get(path).json()
    assert one == answer.json() and (one["compartment"], one["until"], one["held"]) == (5, None, False)
    to = f"/api/allotments/{one['id']}"
    changed = owner.patch(to, '{"until": "2031-01-01T00:00:00Z"}', content_type="application/json")
    assert changed.json()["until"].startswith("2031-01-01")
    assert client(locker, "guard").get(path).status_code == 403
    assert owner.delete(to).status_code == 204
    assert owner.get(path).json()[0]["ending"]


def test_what_a_board_should_have_is_asked_of_the_database_at_once(locker: Any, wire: Any) -> None:
    """Each ping of each bank asks for it: not a question for each compartment that is somebody's."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tools.cloud.lockers import allotments

    connected(wire, locker)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert allotments.of_board(locker.controller.pk)
        return len(asked)

    give(locker, 1, KARI)
    one = questions()
    give(locker, 2, OLA)
    assert questions() == one
