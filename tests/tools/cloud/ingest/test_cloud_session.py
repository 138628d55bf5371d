"""Sessions, time and commands, seen from a controller."""

from datetime import timedelta

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events as codes
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import RENEW
from tools.cloud.doors import commands, doors
from tools.cloud.models import Alarm, Command, Controller, Event
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


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


def test_of_two_that_wait_only_the_one_in_time_is_sent(house: House, line: Wire) -> None:
    """What has expired may not have been swept yet."""
    board = line.connect(house.settings).connect()
    late, new = (commands.release(door, None) for door in house.doors)
    Command.objects.filter(pk=late.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    line.ingest._send_commands()
    assert board.released == [2]
    late.refresh_from_db()
    new.refresh_from_db()
    assert (late.state, new.state) == (Command.State.QUEUED, Command.State.DONE)


def test_a_board_that_is_not_there_is_brought_in_line_later_and_is_no_trouble(house: House, line: Wire) -> None:
    Controller.objects.filter(pk=house.controller.pk).update(in_sync=False)
    line.poll()
    line.poll()
    assert not Alarm.objects.filter(kind=Alarm.Kind.TROUBLE).exists()
    line.connect(house.settings).connect()
    line.poll()
    assert house.row().in_sync
