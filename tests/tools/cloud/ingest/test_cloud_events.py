"""Events on their way to the cloud, seen from a controller."""

import struct

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events as codes
from firmware.controller import records
from firmware.controller.cloud import wire
from tools.cloud.ingest import session
from tools.cloud.models import Event, Gap
from tools.cloud.people.people import revoke
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


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
    line.poll(session.AHEAD_S)
    board.send_events(5, 9)
    assert board.renewals == 1 and Event.objects.count() == 0
    board.send_events(6, 9)  # no hello came: it waits as long again
    assert board.renewals == 1
    line.poll(session.AHEAD_S)
    board.send_events(6, 9)
    assert board.renewals == 2
    line.poll(1)
    assert not house.row().refused


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


def test_a_new_log_that_begins_where_another_ended_is_none_of_it(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(5):
        board.record(codes.RELEASED_REX)
    board.send_events(1, 3)
    board.epoch = 6
    board.send_events(4, 5)
    assert Event.objects.count() == 3 and (house.row().log_epoch, house.row().acked) == (5, 3)


def test_another_time_or_another_card_makes_another_event(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    now, key = int(line.time.now), board.key(26, 1204)
    for _ in range(4):
        board.record(codes.GRANTED, door=1, key=key, utc=now)
    board.send_events(1, 4)
    board.log = []
    for utc, card in ((now + 1, key), (0, key), (now, bytes(7)), (now, key)):
        board.record(codes.GRANTED, door=1, key=card, utc=utc)
    board.send_events(1, 4)
    line.poll(1)
    assert house.row().refused == {"conflict": 3}


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


def test_a_batch_that_is_known_in_part_moves_on_one_log_and_no_other(
    house: House, line: Wire, time_now: Stopped
) -> None:
    other = House("Fjordgata", time_now, seed=9)
    boards = [line.connect(one.settings).connect() for one in (house, other)]
    for board in boards:
        for _ in range(8):
            board.record(codes.RELEASED_REX)
        board.send_events(1, 3)
    boards[0].send_events(3, 8)
    assert (boards[0].acknowledged, house.row().acked) == (8, 8), "from the last one that is known"
    assert other.row().acked == 3 and Event.objects.filter(controller=other.controller).count() == 3


def test_a_batch_with_a_hole_or_half_an_event_is_refused_whole(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for _ in range(4):
        board.record(codes.RELEASED_REX)
    head = bytes((wire.EVENTS,)) + struct.pack("<I", board.epoch)
    whole = [bytes(record) for record in board.log]
    for records_ in (b"", whole[0][:-1], whole[0] + whole[1][:9], whole[0] + whole[2], whole[1] + whole[0]):
        board.say(head + records_)
    line.poll()
    assert house.row().refused == {"malformed": 5} and not Event.objects.exists()
