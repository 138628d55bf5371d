"""The protocol, seen from a controller: sessions, the log, time, commands."""

import struct
from datetime import timedelta

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events as codes
from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OVERHEAD, RENEW
from tools.cloud.models import Command, Event, Gap
from tools.cloud.services import clock, commands, doors
from tools.cloud.services.people import give_card, revoke


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
    from tools.cloud.services import rules

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


# The log


def test_events_are_stored_before_they_are_acknowledged(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    utc = int(line.time.now)
    board.record(codes.STARTED, door=0)
    board.record(codes.GRANTED, door=2, key=board.key(26, 1204), utc=utc)
    board.send_events(1, 2)
    assert board.acknowledged == 2 and house.row().acked == 2
    started, granted = Event.objects.order_by("sequence")
    assert (started.code, started.utc, started.credential) == (codes.STARTED, None, None)
    assert (granted.code, granted.door_number, granted.credential) == (codes.GRANTED, 2, house.card)
    assert granted.utc == clock.at(utc) and granted.time_trusted and granted.received_at == clock.now()


def test_events_that_come_twice_are_stored_once(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(40):
        board.record(codes.RELEASED_REX)
    board.send_events(1, 30)
    board.send_events(1, 30)
    board.send_events(20, 40)
    line.poll()
    assert list(Event.objects.order_by("pk").values_list("sequence", flat=True)) == list(range(1, 41))
    assert board.acknowledged == 40 and house.row().refused == {}


def test_a_batch_that_leaves_events_out_is_asked_for_again(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(9):
        board.record(codes.RELEASED_REX)
    board.send_events(1, 2)
    board.send_events(5, 9)
    assert Event.objects.count() == 2 and Gap.objects.count() == 0
    assert struct.unpack_from("<II", board.last_heard(wire.STORED), 1) == (board.epoch, 2)
    board.send_events(3, 9)
    assert board.acknowledged == 9 and Event.objects.count() == 9


def test_what_the_ring_overwrote_is_a_gap_when_a_hello_says_so(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(9):
        board.record(codes.RELEASED_REX)
    board.send_events(1, 2)
    board.first = 5
    board.hello()
    board.send_events(5, 9)
    gap = Gap.objects.get()
    assert (gap.epoch, gap.first, gap.last) == (board.epoch, 3, 4)
    assert board.acknowledged == 9 and Event.objects.count() == 7
    board.hello()
    assert Gap.objects.count() == 1


def test_a_batch_that_stays_ahead_makes_the_cloud_ask_for_a_hello(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(9):
        board.record(codes.RELEASED_REX)
    board.send_events(5, 9)
    assert board.renewals == 0
    line.poll(5)
    board.send_events(5, 9)
    assert board.renewals == 1 and Event.objects.count() == 0


def test_a_new_log_starts_afresh_and_an_old_one_goes_on(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(3):
        board.record(codes.RELEASED_REX)
    board.send_events(1, 3)
    board.epoch, board.log, board.acknowledged = 6, [], 0
    board.record(codes.STARTED, door=0)
    board.connect()
    board.send_events(1, 1)
    assert board.acknowledged == 1 and Event.objects.count() == 4 and Gap.objects.count() == 0
    board.epoch, board.log = 5, []
    for _ in range(5):
        board.record(codes.RELEASED_REX)
    board.connect()
    assert struct.unpack_from("<II", board.last_heard(wire.STORED), 1) == (5, 3)
    board.send_events(4, 5)
    assert Event.objects.filter(epoch=5).count() == 5 and Gap.objects.count() == 0


def test_a_log_that_was_put_back_in_time_is_counted(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.record(codes.RELEASED_REX, door=1)
    board.record(codes.RELEASED_REX, door=1)
    board.send_events(1, 2)
    board.log = []
    board.record(codes.RELEASED_REX, door=1)
    board.record(codes.RELEASED_REX, door=2)
    board.record(codes.RELEASED_REX, door=1)
    board.send_events(1, 3)
    line.poll(1)
    assert house.row().refused == {"conflict": 1}
    assert list(Event.objects.order_by("sequence").values_list("door_number", flat=True)) == [1, 1, 1]


@pytest.mark.parametrize("broken", ["crc", "order", "length", "empty", "zero"])
def test_a_batch_with_one_fault_is_refused_whole(house: House, line: Wire, broken: str) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(3):
        board.record(codes.RELEASED_REX)
    body = b"".join(board.log)
    if broken == "crc":
        body = body[:40] + bytes((body[40] ^ 1,)) + body[41:]
    elif broken == "order":
        body = board.log[0] + board.log[2] + board.log[1]
    elif broken == "length":
        body = body[:-1]
    elif broken == "empty":
        body = b""
    else:
        body = records.pack_event(0, 0, codes.RELEASED_REX, 1, 0, 0, None) + body
    board.say(wire.packed(wire.EVENTS, "<I", board.epoch) + body)
    line.poll(1)
    assert Event.objects.count() == 0 and board.acknowledged == 0
    assert house.row().refused == {"malformed": 1}


def test_the_denial_of_a_revoked_card_still_has_a_name(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    revoke(house.card)
    line.poll(60)
    board.record(codes.DENIED_UNKNOWN, key=board.key(26, 1204), utc=int(line.time.now))
    board.send_events(1, 1)
    event = Event.objects.get()
    assert event.credential is not None and event.credential.person == house.person


def test_an_event_belongs_to_who_held_the_card_then(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    key = board.key(26, 1204)
    before = int(line.time.now) + 10
    line.time.now += 3600
    revoke(house.card)
    line.time.now += 3600
    heir = house.add_card("Olav Bakken", 1204)
    board.record(codes.GRANTED, key=key, utc=before)
    board.record(codes.DENIED_UNKNOWN, key=key, utc=int(line.time.now) - 1800)
    board.record(codes.GRANTED, key=key, utc=int(line.time.now) + 5)
    board.record(codes.GRANTED, key=key, utc=0)
    board.record(codes.GRANTED, key=key, utc=1_600_000_000)
    board.connect()
    board.send_events(1, 5)
    whose = [event.credential_id for event in Event.objects.order_by("sequence")]
    assert whose == [house.card.pk, house.card.pk, heir.pk, heir.pk, house.card.pk]


def test_a_batch_costs_few_queries(house: House, line: Wire) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    board = line.connect(house.settings).connect()
    for _ in range(30):
        board.record(codes.GRANTED, key=board.key(26, 1204), utc=int(line.time.now))
    with CaptureQueriesContext(connection) as queries:
        board.send_events(1, 30)
    assert board.acknowledged == 30
    assert len([q for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]]) <= 4


def test_an_idle_poll_costs_two_queries(house: House, line: Wire) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    line.connect(house.settings).connect()
    line.poll()
    with CaptureQueriesContext(connection) as queries:
        line.poll()
    assert len(queries) == 2


# Time, commands, silence


def test_time_is_told_with_the_nonce_that_asked(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.time.now += 0.25
    board.say(bytes((wire.TIME_ASKED,)) + b"12345678")
    assert board.heard[-1] == wire.packed(wire.TIME, "<8sQ", b"12345678", int(line.time.now * 1000))


def test_a_ping_is_answered_and_confirms_the_link(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.poll(30)
    board.ping()
    assert board.heard[-1] == bytes((wire.PONG,))
    line.poll(0)
    assert house.row().confirmed_at == house.row().last_seen == clock.now()


def test_a_session_whose_hello_was_lost_counts_for_nothing_and_is_begun_anew(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    before = house.row().confirmed_at
    line.time.now += 60
    board.begin()  # and its hello is lost: what the board holds is not known
    board.heard.clear()
    board.record(codes.DOOR_OPENED, 1)
    board.ping()
    board.send_events(1, 1)
    line.poll()
    assert house.row().confirmed_at == before and not Event.objects.filter(code=codes.DOOR_OPENED).exists()
    assert (board.renewals, board.heard, house.row().refused) == (1, [], {"session": 2})
    board.connect()
    board.ping()
    board.send_events(1, 1)
    line.poll()
    assert house.row().confirmed_at > before and Event.objects.filter(code=codes.DOOR_OPENED).exists()


def test_a_release_is_sent_once_and_its_result_kept(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    command = commands.release(house.doors[1], None)
    line.poll()
    line.poll()
    command.refresh_from_db()
    assert board.released == [2] and command.state == Command.State.DONE
    sent = wire.read_json(board.last_heard(wire.COMMAND))
    assert sent == {"id": command.pk, "do": "release", "door": 2, "expires": int(command.expires_at.timestamp())}


def test_a_release_is_marked_before_it_is_sent(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    command = commands.release(house.doors[0], None)
    seen = []
    publish = line.ingest._publish
    line.ingest._publish = lambda topic, payload: (seen.append(Command.objects.get().state), publish(topic, payload))  # type: ignore[assignment,func-returns-value]
    line.poll()
    assert seen == [Command.State.SENT]
    command.refresh_from_db()
    assert command.state == Command.State.DONE


def test_a_release_that_reaches_nobody_expires(house: House, line: Wire) -> None:
    command = commands.release(house.doors[0], None)
    line.poll()
    command.refresh_from_db()
    assert command.state == Command.State.QUEUED
    line.poll(10)
    board = line.connect(house.settings).connect()
    line.poll()
    command.refresh_from_db()
    assert command.state == Command.State.EXPIRED and board.released == []


def test_a_release_without_an_answer_is_not_known_and_a_late_answer_counts(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.COMMAND}
    command = commands.release(house.doors[0], None)
    line.poll()
    line.poll(21)
    command.refresh_from_db()
    assert command.state == Command.State.UNKNOWN
    board.say(wire.json_message(wire.RESULT, {"id": command.pk, "result": "refused", "why": "no clock"}))
    command.refresh_from_db()
    assert (command.state, command.why) == (Command.State.REFUSED, "no clock")
    board.say(wire.json_message(wire.RESULT, {"id": command.pk, "result": "done", "why": ""}))
    line.poll(1)
    command.refresh_from_db()
    assert command.state == Command.State.REFUSED and house.row().refused == {"unexpected": 1}


def test_what_concerns_no_door_is_sent_without_one_and_its_data_kept(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.COMMAND}
    command = commands.diagnostics(house.controller, None)
    line.poll()
    sent = wire.read_json(board.last_heard(wire.COMMAND))
    assert (sent["do"], sent["door"], sent["expires"]) == ("diagnostics", 0, int(command.expires_at.timestamp()))
    data = {"heap": 40_000, "log": [5, 1, 9, 9]}
    board.say(wire.json_message(wire.RESULT, {"id": command.pk, "result": "done", "why": "", "data": data}))
    command.refresh_from_db()
    assert (command.state, command.data) == (Command.State.DONE, data)


def test_a_hold_says_until_when(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.COMMAND}
    commands.hold(house.doors[1], None, 1_900_000_000)
    commands.hold(house.doors[1], None, None)
    line.poll()
    sent = [wire.read_json(message) for message in board.heard if message[0] == wire.COMMAND]
    assert [(one["door"], one["until"]) for one in sent] == [(2, 1_900_000_000), (2, None)]


def test_a_lockdown_reaches_every_controller_of_the_site_also_one_that_comes_back(house: House, line: Wire) -> None:
    (command,) = commands.emergency(house.site, "lockdown", None)
    line.poll(300)
    board = line.connect(house.settings)
    board.deaf = {wire.COMMAND}
    board.connect()
    line.poll()
    assert wire.read_json(board.last_heard(wire.COMMAND))["id"] == command.pk
    with pytest.raises(ValueError):
        commands.emergency(house.site, "release", None)


def test_a_result_with_what_no_database_keeps_is_refused(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.COMMAND}
    command = commands.diagnostics(house.controller, None)
    line.poll()
    for body in ('"data": {"x": NaN}', '"why": "\\u0000"', '"data": []'):
        board.say(bytes((wire.RESULT,)) + f'{{"id": {command.pk}, "result": "done", {body}}}'.encode())
    line.poll(1)
    command.refresh_from_db()
    assert command.state == Command.State.SENT and house.row().refused == {"malformed": 3}


def test_one_board_cannot_answer_for_another(house: House, time_now: Stopped, line: Wire) -> None:
    other = House("Fjordgata", time_now, seed=9)
    line.connect(house.settings).connect().deaf = {wire.COMMAND}
    stranger = line.connect(other.settings).connect()
    command = commands.release(house.doors[0], None)
    line.poll()
    stranger.say(wire.json_message(wire.RESULT, {"id": command.pk, "result": "done", "why": ""}))
    command.refresh_from_db()
    assert command.state == Command.State.SENT


@pytest.mark.parametrize("payload", [b"0", b"1", b"perhaps"])
def test_nobody_but_the_board_says_that_it_is_there_or_gone(house: House, line: Wire, payload: bytes) -> None:
    """The will of a connection that is long dead, kept by the broker, once made a working board look gone."""
    board = line.connect(house.settings).connect()
    board.ping()
    line.poll(1)
    before = house.row().confirmed_at
    line.up(f"portvakt/{house.controller.public_id}/presence", payload)
    line.poll(1)
    row = house.row()
    assert row.confirmed_at == before and row.refused == {} and doors.is_confirmed(row.confirmed_at, clock.now())
    line.poll(10)
    assert not doors.is_confirmed(house.row().confirmed_at, clock.now()), "its silence is seen without the broker"


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


# Sessions


def test_a_worker_that_starts_calls_everybody_back(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.ingest = line.new_ingest(seed=8)
    line.ingest.start()
    assert board.renewals == 1 and line.down[-1][1] == bytes((RENEW,))
    board.record(codes.RELEASED_REX)
    board.connect()
    board.send_events(1, 1)
    assert board.acknowledged == 1


def test_a_session_that_is_not_known_is_renewed_at_most_once_a_second(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.ingest = line.new_ingest(seed=8)
    for _ in range(5):
        board.ping()
    assert board.renewals == 1
    line.poll(1)
    board.ping()
    assert board.renewals == 2
    line.poll(1)
    assert house.row().refused == {"session": 6}
