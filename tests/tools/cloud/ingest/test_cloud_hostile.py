"""Whoever owns the broker: what they can send, again, late or made up, is counted and changes nothing."""

import json
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire
from hypothesis import given, settings
from hypothesis import strategies as some

from firmware.controller import events as codes
from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import ACCEPT, OPEN, RENEW, SEALED, Channel
from tools.cloud.models import Event
from tools.cloud.sealing import SealedValue
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def state(house: House) -> dict:
    """Everything of a controller that a message could change, but the counts."""
    row = house.row()
    return {
        field.attname: _opened(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in ("refused", "last_seen", "confirmed_at")
    }


def _opened(value: Any) -> Any:
    """A sealed value lies in the database otherwise each time it is written."""
    return bytes(value) if isinstance(value, SealedValue) else value


def test_a_replayed_opening_does_not_break_the_session(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    first = board.begin()
    board.hello()
    second = board.begin()
    board.hello()
    line.holding = True  # what the attacker causes, the board never sees
    for opening in (first, second, first, first):
        line.up(board.topic, opening)
    line.holding = False
    board.ping()
    assert board.heard[-1] == bytes((wire.PONG,)) and board.renewals == 0
    line.poll(1)
    assert house.row().refused == {"replay": 1}  # the opening of the session that is open


def test_openings_replayed_in_between_do_not_push_the_real_one_out(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    old = [board.begin() for _ in range(3)]
    board.begin()
    line.holding = True
    for opening in old:
        line.up(board.topic, opening)
    line.holding = False
    board.hello()
    assert house.row().in_sync and board.renewals == 0


def test_an_opening_delivered_twice_gets_one_answer(house: House, line: Wire) -> None:
    board = line.connect(house.settings)
    opening = board.begin()
    line.up(board.topic, opening)
    accepts = [payload for _, payload in line.down if payload[0] == ACCEPT]
    assert len(accepts) == 2 and accepts[0] == accepts[1]
    board.hello()
    assert house.row().in_sync


def test_a_replayed_message_does_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.record(codes.RELEASED_REX)
    sealed = board.send_events(1, 1)
    before = state(house)
    line.down.clear()
    line.up(board.topic, sealed)
    line.poll(1)
    assert line.down == [] and Event.objects.count() == 1
    assert state(house) == before and house.row().refused == {"replay": 1}


def test_a_message_of_an_earlier_session_does_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.record(codes.RELEASED_REX)
    line.ingest.on_message = lambda topic, payload: None  # type: ignore[method-assign]  lost on the way
    old = board.send_events(1, 1)
    del line.ingest.on_message
    board.connect()
    line.up(board.topic, old)
    line.poll(1)
    assert Event.objects.count() == 0 and house.row().refused == {"session": 1}


def test_the_cloud_does_not_take_its_own_messages_back(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    mirrored = [payload for _, payload in line.down]
    assert {payload[0] for payload in mirrored} == {ACCEPT, SEALED}
    before = state(house)
    for payload in mirrored:
        line.up(board.topic, payload)
    line.poll(1)
    counts = house.row().refused
    assert state(house) == before and sum(counts.values()) == len(mirrored) and set(counts) == {"malformed", "tag"}


def test_a_message_for_another_controller_does_nothing(house: House, time_now: Stopped, line: Wire) -> None:
    other = House("Fjordgata", time_now, seed=9)
    board = line.connect(house.settings).connect()
    line.connect(other.settings).connect()
    sealed = board.channel.seal(bytes((wire.PING,)))  # type: ignore[union-attr]
    line.up(f"portvakt/{other.controller.public_id}/up", sealed)
    opening = board.begin()
    line.up(f"portvakt/{other.controller.public_id}/up", opening)
    line.poll(1)
    assert other.row().refused == {"session": 1, "tag": 1}


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "malformed"),
        (b"\x00", "malformed"),
        (b"S", "session"),
        (b"R", "malformed"),
        (bytes((OPEN,)), "malformed"),
        (bytes((OPEN, wire.VERSION)) + bytes(32), "tag"),
        (bytes((OPEN, wire.VERSION + 1)) + bytes(32), "version"),
        (bytes((ACCEPT, wire.VERSION)) + bytes(32), "malformed"),
        (bytes((SEALED,)) + bytes(wire.MAX_MESSAGE - 1), "session"),
        (bytes((SEALED,)) + bytes(wire.MAX_MESSAGE), "size"),
        (bytes(1_000_000), "size"),
        (bytes((RENEW,)) * 9, "malformed"),
    ],
)
def test_what_is_no_message_is_counted(house: House, line: Wire, payload: bytes, why: str) -> None:
    board = line.connect(house.settings).connect()
    before = state(house)
    line.up(board.topic, payload)
    line.poll(1)
    assert house.row().refused == {why: 1} and state(house) == before
    board.ping()
    assert board.heard[-1] == bytes((wire.PONG,))


def hello(**other: object) -> bytes:
    fields = {"acl": 0, "digest": "0" * 16, "rules": 0, "epoch": 5, "first": 1, "last": 0, "firmware": "0.1.0"}
    return wire.json_message(wire.HELLO, fields | other)


@pytest.mark.parametrize(
    "message",
    [
        bytes((wire.HELLO,)),
        bytes((wire.HELLO,)) + b"[]",
        bytes((wire.HELLO,)) + b"{",
        bytes((wire.HELLO,)) + b"\xff\xfe",
        bytes((wire.HELLO,)) + b"[" * 990,
        hello(acl=-1),
        hello(acl=1 << 32),
        hello(acl=True),
        hello(acl="1"),
        hello(digest="zz"),
        hello(digest="g" * 16),
        hello(digest=None),
        hello(epoch=1.5),
        hello(first=None),
        hello(firmware="x" * 41),
        hello(firmware=[]),
        hello(firmware={}),
        hello(refused=[]),
        hello(firmware="\ud800"),
        hello(firmware="0.1\0"),
        hello(refused={"\udfff": 1}),
        wire.json_message(wire.UPDATE_STATE, {"build": "\ud800", "state": "wanted"}),
        wire.json_message(wire.RESULT, {"id": 1, "result": "done", "why": "\ud800"}),
        hello(refused={"tag": -1}),
        hello(boot={}),
        wire.packed(wire.ACL_NOW, "<I", 1),
        wire.packed(wire.ACL_NOW, "<IQB", 1, 1, 1),
        wire.packed(wire.PART_TAKEN, "<I", 1),
        bytes((wire.TIME_ASKED,)) + bytes(7),
        bytes((wire.TIME_ASKED,)) + bytes(9),
        bytes((wire.PING, 0)),
        bytes((wire.EVENTS,)),
        wire.json_message(wire.RESULT, {"id": "1", "result": "done"}),
        wire.json_message(wire.RESULT, {"id": 1, "result": "sent"}),
        wire.json_message(wire.RESULT, {"id": 1 << 70, "result": "done"}),
        wire.json_message(wire.RESULT, {"result": "done"}),
        wire.json_message(wire.RESULT, {"id": 1, "result": ["done"]}),
        hello(digest="0" * 15),
        hello(digest="0" * 17),
        hello(refused={str(n): 1 for n in range(21)}),
        hello(last=1 << 32),
        hello(rules=-1),
        hello(heap=-1),
        hello(longest=1 << 32),
        hello(chain=[1, "00" * 15]),
        hello(chain=[1, "00" * 17]),
        hello(chain=[1, "00" * 16, 1]),
        hello(standing=[[1, 0, 1]]),  # a reason, and no door
        hello(standing=[[99, 0, 0, 1]]),
        hello(standing=[[1, 0, 0, "1"]]),
        hello(standing={}),
        wire.json_message(wire.RESULT, {"id": 0, "result": "done"}),
        wire.json_message(wire.RESULT, {"id": -1, "result": "done"}),
        wire.json_message(wire.RESULT, {"id": True, "result": "done"}),
        wire.json_message(wire.RESULT, {"id": 1, "result": "done", "data": []}),
        wire.json_message(wire.RESULT, {"id": 1, "result": "done", "why": 1}),
        wire.json_message(wire.RESULT, {"id": 1, "result": "queued"}),
        bytes((wire.EVENTS,)) + bytes(4),
        bytes((wire.EVENTS,)) + bytes(4 + records.EVENT - 1),
        bytes((wire.EVENTS,)) + bytes(4 + records.EVENT + 1),
        bytes((wire.BUCKETS, 0)),
        bytes((wire.BUCKETS, 0, 0)) + bytes(7),
        bytes((wire.RULES_TAKEN,)) + bytes(5),
        bytes((wire.SECRETS, 0)),
        bytes((wire.SECRETS, 3)),
        bytes((wire.SECRETS,)),
        bytes((wire.SECRETS, 1, 1)),
    ],
)
def test_a_sealed_message_that_is_not_as_it_should_be_changes_nothing(house: House, line: Wire, message: bytes) -> None:
    board = line.connect(house.settings).connect()
    before = state(house)
    board.heard.clear()
    board.say(message)
    line.poll(1)
    assert house.row().refused == {"malformed": 1}
    assert state(house) == before and board.heard == []


@pytest.mark.parametrize(
    "other",
    [
        {"acl": 0xFFFFFFFF, "rules": 0xFFFFFFFF, "epoch": 0xFFFFFFFF},
        {"firmware": "x" * 40},
        {"firmware": ""},
        {"refused": {str(n): 0xFFFFFFFF for n in range(20)}},
        {"boot": 0, "buckets": 0, "doors": 0, "heap": 0},
        {"digest": "F" * 16},
        {"chain": [0xFFFFFFFF, "aB" * 16]},
        {"standing": None},
        {"standing": []},
        {"later": "what a newer board says besides"},
    ],
    ids=str,
)
def test_a_hello_at_the_edge_of_what_may_be_said_is_taken(house: House, line: Wire, other: dict[str, object]) -> None:
    """A board that is refused its hello is never in line again: its doors keep yesterday's access list."""
    board = line.connect(house.settings)
    board.begin()
    line.holding = True
    board.say(hello(**other))
    line.poll(1)
    row = house.row()
    assert row.refused == {} and row.last_seen is not None
    assert row.held_acl_digest == str(other.get("digest", "0" * 16)).lower()


def test_a_kind_of_message_that_nobody_knows_is_counted(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    for kind in (0, wire.STORED, wire.COMMAND, 255):
        board.say(bytes((kind,)))
    line.poll(1)
    assert house.row().refused == {"unknown": 4}


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("portvakt", "topic"),
        ("portvakt/0011223344556677/down", "topic"),
        ("portvakt/0011223344556677/up/more", "topic"),
        ("portvakt/00112233445566ZZ/up", "topic"),
        ("portvakt//up", "topic"),
        ("portvakt/0011223344556677/up", "unknown"),
        ("portvakt/0011223344556677/presence", "topic"),
    ],
)
def test_topics_of_nobody_are_counted(line: Wire, topic: str, why: str) -> None:
    line.up(topic, b"O")
    assert line.ingest.refused == {why: 1} and line.down == []


def test_counts_add_up(house: House, line: Wire) -> None:
    topic = f"portvakt/{house.controller.public_id}/up"
    for _ in range(3):
        line.up(topic, b"")
        line.poll(1)
    line.up(topic, bytes(5000))
    line.poll(1)
    assert house.row().refused == {"malformed": 3, "size": 1}


def test_a_controller_that_was_removed_stops_nothing(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.record(codes.RELEASED_REX)
    house.group.doors.clear()
    house.controller.delete()
    board.send_events(1, 1)
    board.hello()
    board.ping()
    line.poll(1)
    assert Event.objects.count() == 0


def test_a_database_that_refuses_acknowledges_nothing(
    house: House, line: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import OperationalError

    from tools.cloud.ingest import store

    board = line.connect(house.settings).connect()
    board.record(codes.RELEASED_REX)

    def full(*arguments: object) -> None:
        raise OperationalError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "events", full)
        board.send_events(1, 1)
        board.send_events(1, 1)
    assert board.acknowledged == 0
    said = [record for record in caplog.records if "was not stored" in record.message]
    assert len(said) == 1, "what everybody suffers from is said once"
    board.send_events(1, 1)
    assert board.acknowledged == 1
    line.poll(1)
    assert house.row().refused == {"database": 2}


@settings(max_examples=75, deadline=None)
@given(payloads=some.lists(some.binary(max_size=120), max_size=5))
def test_noise_in_clear_and_under_the_seal_never_stops_the_ingest(payloads: list[bytes]) -> None:
    from django.db import transaction

    time_now = Stopped()
    before, clock.source = clock.source, time_now
    try:
        with transaction.atomic():
            house, line = House("Støy", time_now, seed=5), Wire(time_now)
            board = line.connect(house.settings).connect()
            for payload in payloads:
                line.up(board.topic, payload)
                board.say(payload or b"\0")
                board.say(bytes((wire.HELLO,)) + json.dumps(payload.hex()).encode())
            assert "error" not in line.ingest._session(board.id).refused
            board.ping()
            assert board.heard[-1] == bytes((wire.PONG,))
            transaction.set_rollback(True)
    finally:
        clock.source = before


def test_both_ends_derive_the_same_session_only_with_both_nonces() -> None:
    secret, one, two = b"k" * 32, b"a" * 16, b"b" * 16
    sessions = {Channel(secret, x, y).session for x, y in ((one, two), (two, one), (one, one))}
    assert len(sessions) == 3
