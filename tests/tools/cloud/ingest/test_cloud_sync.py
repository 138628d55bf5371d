"""The access list and the rules on their way to a controller, seen from it."""

import struct
from datetime import timedelta

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OVERHEAD
from tools.cloud.people.people import give_card, revoke
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def test_a_session_opens_and_the_table_comes_to_be_right(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    assert board.may_pass(26, 1204, door=1) and board.may_pass(26, 1204, door=2)
    row = house.row()
    assert row.in_sync and row.held_acl_version == board.version == row.acl_version > 0
    assert f"{board.digest:016x}" == row.acl_digest
    times = {"release_ms": 5000, "held_ms": 30000, "retention_days": 90}
    assert board.rules["doors"] == {"1": times, "2": times}
    assert row.firmware == "0.1.0" and row.health["boot"] == 1 and row.refused == {}


def test_a_hello_of_a_table_that_is_right_causes_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    board.connect()
    line.poll()
    assert board.heard == []


def test_a_change_goes_out_as_a_delta_at_the_next_poll(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    house.add_card("Olav Bakken", 1205)
    line.poll()
    assert board.heard_kinds() == [wire.DELTA]
    assert board.may_pass(26, 1205, door=1) and house.row().in_sync


def test_a_revoked_card_is_out_of_the_table_after_one_poll(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    revoke(house.card)
    line.poll()
    assert not board.may_pass(26, 1204, door=1) and board.table == {}


def test_a_board_that_was_away_gets_what_it_missed(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.time.now += 3600
    revoke(house.card)
    line.poll()
    assert board.may_pass(26, 1204, door=1)  # nothing is sent into the dark
    board.connect()
    assert not board.may_pass(26, 1204, door=1)


def test_new_rules_go_before_the_records_that_need_them(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    house.group.doors.set(house.doors[:1])
    line.poll()
    assert board.heard_kinds() == [wire.RULES, wire.DELTA]
    assert board.may_pass(26, 1204, door=1) and not board.may_pass(26, 1204, door=2)


def test_a_door_with_another_release_time_is_told_by_rules_alone(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    house.doors[1].release_ms = 8000
    house.doors[1].save()
    line.poll()
    line.poll()
    assert board.heard_kinds() == [wire.RULES]
    assert board.rules["doors"]["2"]["release_ms"] == 8000


def test_rules_that_did_not_come_are_told_after_the_next_hello(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    board.deaf = {wire.RULES}
    board.connect()
    assert not board.may_pass(26, 1204, door=1)  # a record whose profile is not known denies
    board.deaf = set()
    board.connect()
    assert board.may_pass(26, 1204, door=1)


def lengthen_rules(house: House, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """By so many bytes."""
    from tools.cloud.rules import rules

    content = rules.content
    monkeypatch.setattr(rules, "content", lambda pk: content(pk) | {"note": "x" * count})
    rules.refresh(house.controller.pk)


def test_long_rules_go_in_parts_each_after_the_answer_to_the_one_before(
    house: House, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen_rules(house, monkeypatch, 3_000)
    board = line.connect(house.settings).connect()
    assert board.heard_kinds().count(wire.RULES) == 4
    assert board.rules["version"] == house.row().held_rules_version == house.row().rules_version
    assert house.row().in_sync


def test_rules_whose_answer_is_lost_are_sent_again(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    board.deaf = {wire.RULES}
    board.connect()
    for _ in range(9):
        board.ping()
        line.poll(1)
    assert board.heard_kinds().count(wire.RULES) == 1 and not house.row().in_sync
    board.deaf = set()
    board.ping()
    line.poll(2)
    assert board.heard_kinds().count(wire.RULES) == 2 and house.row().in_sync


def test_rules_that_the_board_refuses_are_counted_and_not_sent_over_and_over(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    board.deaf = {wire.RULES}
    board.connect()
    version = house.row().rules_version
    board.say(wire.packed(wire.RULES_TAKEN, "<IH", version, 0xFFFF))
    for _ in range(30):
        board.ping()
        line.poll(10)
    assert house.row().refused == {"rules": 1}
    assert board.heard_kinds().count(wire.RULES) == 1 and house.row().held_rules_version == 0


def test_an_answer_to_rules_that_are_not_under_way_changes_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    before = house.row().held_rules_version
    board.say(wire.packed(wire.RULES_TAKEN, "<IH", before + 1, 1))
    line.poll(1)
    assert house.row().held_rules_version == before and house.row().refused == {"unexpected": 1}


def test_many_changes_go_out_as_a_chain_of_deltas(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    house.add_cards(230)
    line.poll()
    assert board.heard_kinds() == [wire.DELTA] * 4
    assert len(board.table) == 231 and house.row().in_sync


def test_a_table_far_behind_is_sent_whole_in_parts(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    house.add_cards(520)
    line.poll()
    assert board.heard_kinds() == [wire.SNAPSHOT] * 7
    assert len(board.table) == 521 and house.row().in_sync


def test_no_message_is_longer_than_the_controller_takes(
    house: House, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen_rules(house, monkeypatch, 1_000)
    house.add_cards(600)
    line.poll()
    board = line.connect(house.settings)
    board.begin()
    board.hello(longest=300)
    line.poll()
    for number in range(40):
        give_card(house.person, 26, 2000 + number)
    line.poll()
    assert len(board.table) == 641 and house.row().in_sync
    assert {wire.RULES, wire.SNAPSHOT, wire.DELTA} <= set(board.heard_kinds())
    lengths = [len(message) + OVERHEAD for message in board.heard]
    assert 280 < max(lengths) <= 300


@pytest.mark.parametrize(("longest", "most"), [(300, 34), (1024, 124), (4096, 124)])
def test_no_more_buckets_are_asked_for_than_fit_into_an_answer(
    house: House, line: Wire, longest: int, most: int
) -> None:
    house.add_cards(600)
    line.poll()
    board = line.connect(house.settings)
    board.begin()
    board.hello(longest=longest, buckets=200)
    line.poll()
    assert struct.unpack("<HB", board.last_heard(wire.BUCKETS_ASKED)[1:]) == (0, most)


def test_a_controller_that_takes_next_to_nothing_is_refused(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    board.begin()
    board.hello(longest=255)
    line.poll(1)
    assert house.row().refused == {"malformed": 1} and board.heard == []


def test_a_right_version_with_a_wrong_digest_is_sent_whole(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    board.table[b"strange"] = b"strange" + bytes(5)
    board.hello()
    assert board.heard_kinds() == [wire.SNAPSHOT]
    assert b"strange" not in board.table and house.row().in_sync


def test_an_older_version_with_a_wrong_digest_is_sent_whole(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.table[b"strange"] = b"strange" + bytes(5)
    house.add_card("Olav Bakken", 1205)
    board.heard.clear()
    board.hello()
    assert board.heard_kinds() == [wire.SNAPSHOT] and house.row().in_sync


def test_a_board_that_is_ahead_of_a_restored_cloud_is_sent_whole(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.version = 4000
    board.heard.clear()
    board.hello()
    assert board.heard_kinds() == [wire.SNAPSHOT] and board.version == house.row().acl_version


def test_a_board_with_old_contents_is_emptied_when_nobody_may_pass(time_now: Stopped, line: Wire) -> None:
    house = House("Leeres Haus", time_now, seed=3)
    house.person.delete()
    type(house.controller).objects.filter(pk=house.controller.pk).update(acl_version=0)
    board = line.connect(house.settings)
    board.table, board.version = {b"strange": b"strange" + bytes(5)}, 9
    board.connect()
    assert board.table == {} and board.version == 1 and house.row().in_sync


def test_a_damaged_table_is_sent_whole_when_the_board_says_that_it_holds_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    board.say(wire.packed(wire.ACL_NOW, "<IQ", 0, 0))
    assert board.heard_kinds() == [wire.SNAPSHOT] and house.row().in_sync


def test_a_table_that_stays_wrong_is_not_written_over_and_over(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect().connect()
    board.heard.clear()
    board.deaf = {wire.SNAPSHOT}
    for _ in range(20):
        board.say(wire.packed(wire.ACL_NOW, "<IQ", 0, 0))
        line.poll()
        line.poll()
    assert board.heard_kinds().count(wire.SNAPSHOT) == 2
    board.deaf = set()
    for _ in range(40):
        board.ping()
        line.poll(5)
    assert house.row().in_sync


def test_a_table_that_becomes_wrong_again_and_again_is_not_written_over_and_over(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    for _ in range(120):  # half an hour
        board.version, board.table = 0, {}  # its flash forgets
        board.say(wire.packed(wire.ACL_NOW, "<IQ", 0, 0))
        line.poll(15)
    written = board.heard_kinds().count(wire.SNAPSHOT)
    assert 4 <= written <= 10
    line.poll(3600)
    board.connect()
    assert board.may_pass(26, 1204, door=1)


def test_a_lost_delta_is_sent_again(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.DELTA}
    house.add_card("Olav Bakken", 1205)
    line.poll()
    line.poll()
    assert board.heard_kinds().count(wire.DELTA) == 1  # one at a time
    board.deaf = set()
    line.poll(2)
    assert board.may_pass(26, 1205, door=1)


def test_a_lost_part_begins_the_snapshot_anew(house: House, line: Wire) -> None:
    house.add_cards(300)
    board = line.connect(house.settings)
    board.deaf = {wire.SNAPSHOT}
    board.connect()
    board.deaf = set()
    for _ in range(31):
        board.ping()
        line.poll(1)
    assert len(board.table) == 301 and house.row().in_sync


def test_a_part_of_a_snapshot_that_is_not_under_way_is_refused(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.heard.clear()
    board.say(wire.packed(wire.PART_TAKEN, "<IH", board.version, 1))
    line.poll()
    assert board.heard == [] and house.row().refused == {"unexpected": 1}


def test_an_idle_poll_costs_two_queries(house: House, line: Wire) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    line.connect(house.settings).connect()
    line.poll()
    with CaptureQueriesContext(connection) as queries:
        line.poll()
    assert len(queries) == 2


def test_a_right_that_ends_by_time_alone_is_taken_out(house: House, line: Wire) -> None:
    grant = house.person.grants.get()
    grant.valid_until = clock.now() + timedelta(minutes=10)
    grant.save()
    board = line.connect(house.settings).connect()
    lasting = type(house.group).objects.create(tenant=house.tenant, name="post")
    lasting.doors.set(house.doors[1:])
    house.person.grants.create(group=lasting)
    line.poll()
    assert board.may_pass(26, 1204, door=1) and board.may_pass(26, 1204, door=2)
    for _ in range(11):
        board.ping()
        line.poll(60)
        board.ping()
    line.poll()
    assert not board.may_pass(26, 1204, door=1) and board.may_pass(26, 1204, door=2)
    assert records.unpack_credential(next(iter(board.table.values())))[1] == records.NO_END
