"""When the ingest has something to do next: who asks due() need not poll for nothing, and misses nothing."""

from datetime import datetime, timedelta

import pytest
from cloud_world import House, Stopped, Wire
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller.cloud import wire
from tools.cloud.access_list import acl
from tools.cloud.controllers.troubles import Work
from tools.cloud.doors import commands
from tools.cloud.ingest import sync
from tools.cloud.models import Command, Grant
from tools.cloud.people.people import revoke
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


class Ear:
    """Remembers what on_message() answered."""

    def __init__(self, line: Wire) -> None:
        self.said: list[bool] = []
        hear = line.ingest.on_message
        line.up = lambda topic, payload: self.said.append(hear(topic, payload))  # type: ignore[method-assign]


def listening(house: House, line: Wire) -> tuple[FakeController, Ear]:
    ear = Ear(line)
    return line.connect(house.settings).connect(), ear


def test_in_line_and_nothing_asked_for_there_is_nothing_to_do(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    assert line.ingest.due() is None


def test_a_change_is_due_at_once_where_the_controller_is_heard(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    line.poll()  # what is done once an hour is done
    revoke(house.card)
    assert line.ingest.due() == line.time.now
    line.poll()
    assert line.ingest.due() is None and house.row().in_sync


def test_a_change_for_a_silent_controller_waits_for_its_message(house: House, line: Wire) -> None:
    board, ear = listening(house, line)
    line.time.now += 3600
    revoke(house.card)
    assert line.ingest.due() is None
    ear.said.clear()
    board.ping()
    assert ear.said == [True]  # heard again: what had waited is due
    assert line.ingest.due() == line.time.now


def test_an_answer_that_does_not_come_is_asked_for_again(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.DELTA}
    revoke(house.card)
    line.poll()
    due = line.ingest.due()
    assert due is not None and due > line.time.now
    line.time.now = due
    board.ping()
    board.deaf = set()
    line.poll()
    assert house.row().in_sync


def test_rules_whose_answer_does_not_come_are_sent_again_in_time(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    line.poll()
    board.deaf = {wire.RULES}
    house.doors[1].release_ms = 8000
    house.doors[1].save()
    line.poll()
    begun, due = line.time.now, line.ingest.due()
    assert due is not None and begun < due <= begun + sync.RULES_S
    board.deaf = set()
    line.time.now = due
    board.ping()
    line.poll()
    assert line.ingest.due() is None and house.row().in_sync


def test_a_table_whose_right_could_not_be_ended_is_due_after_its_pause(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    soon = datetime.fromtimestamp(line.time.now, clock.UTC) + timedelta(hours=1)
    Grant.objects.update(valid_until=soon)
    acl.refresh(house.tenant.pk, clock.now())
    line.poll()
    line.time.now = soon.timestamp() + 1
    line.ingest.troubles.note(Work.RIGHTS, house.controller.pk, ValueError("planted"))
    due = line.ingest.due()
    assert due == line.ingest.troubles.until(Work.RIGHTS, house.controller.pk) > line.time.now


def test_a_command_is_due_now_and_its_missing_answer_later(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.deaf = {wire.COMMAND}
    commands.release(house.doors[0], None)
    assert line.ingest.due() == line.time.now
    line.poll()
    due = line.ingest.due()
    assert due is not None and due > line.time.now
    line.time.now = due + 1
    line.poll()
    assert line.ingest.due() is None
    assert Command.objects.get().state not in (Command.State.QUEUED, Command.State.SENT)


def test_a_command_for_a_silent_controller_is_due_when_it_has_expired(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    line.time.now += 60
    commands.release(house.doors[0], None)
    assert line.ingest.due() == Command.objects.get().expires_at.timestamp()


def test_the_end_of_a_right_is_due_when_it_comes(house: House, line: Wire) -> None:
    line.connect(house.settings).connect()
    grant = Grant.objects.get()
    grant.valid_until = datetime.fromtimestamp(line.time.now, clock.UTC) + timedelta(hours=2)
    grant.save()
    line.poll()
    due = line.ingest.due()
    assert due is not None and abs(due - line.time.now - 7200) < 60


def test_pings_events_and_questions_for_the_time_bring_nothing_new(house: House, line: Wire) -> None:
    board, ear = listening(house, line)
    board.record(codes.STARTED)
    ear.said.clear()
    board.ping()
    board.send_events(1, 1)
    board.say(wire.packed(wire.TIME_ASKED, "<8s", b"8 bytes."))
    assert ear.said == [False, False, False]
    board.hello()
    assert ear.said[3:] == [True]


def test_what_is_refused_may_mean_anything(house: House, line: Wire) -> None:
    _, ear = listening(house, line)
    ear.said.clear()
    line.up("portvakt/0123456789abcdef/up", b"?")
    line.up("elsewhere", b"")
    assert ear.said == [True, True]
