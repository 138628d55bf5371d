"""What one board can do to others, with its own keys or by rows that cannot be read: nothing."""

import os
from typing import Any

import pytest
from cloud_world import BOARD, House, Stopped, Wire, counted_bytes
from django.db import connection
from test_cloud_area_occupancy import Garage, passed

from firmware.controller import events as codes
from tools.cloud.controllers import enrol
from tools.cloud.ingest import session
from tools.cloud.models import AccessGroup, Alarm, Controller, DoorRules, Event, Gap, LogKey


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def poison(model: Any, pk: int, field: str) -> None:
    """A sealed value that was sealed under another key."""
    with connection.cursor() as rows:
        rows.execute(f"update {model._meta.db_table} set {field} = %s where id = %s", [os.urandom(60), pk])


def test_of_controllers_that_share_an_area_all_others_hear_who_passed(time_now: Stopped) -> None:
    garage = Garage(time_now, Wire(time_now))
    third, settings = enrol.enrol(garage.site, "Oppgang C", BOARD, doors=["Inn", "Ut"], urandom=counted_bytes(11 << 32))
    AccessGroup.objects.get(name="begge").doors.add(*third.doors.all())
    DoorRules.objects.create(door=third.doors.get(number=1), passback="hard", leads_to=garage.area)
    board = garage.line.connect(settings)
    garage.first_board.connect()
    garage.second_board.connect()
    board.connect()
    garage.alive(garage.first_board, garage.second_board, board)
    poison(Controller, garage.second.pk, "table_key")
    before = len(passed(board))
    garage.let_in(garage.first_board, 1, time_now.now)
    assert len(passed(board)) == before + 1, "the one after it was told"
    alarms = Alarm.objects.filter(kind=Alarm.Kind.TROUBLE)
    assert list(alarms.values_list("controller", flat=True)) == [garage.second.pk], "its own trouble"


def test_a_board_that_puts_one_event_into_each_new_log_is_heard_so_often(house: House, line: Wire) -> None:
    """Each log costs a key, a gap and an alarm, also where something comes of it."""
    board = line.connect(house.settings)
    board.begin()
    for epoch in range(1, 200):
        board.epoch, board.log = epoch, []
        for _ in range(20):
            board.record(codes.STARTED, 0)
        board.hello(first=20, last=20, chain=[20, bytes(16).hex()])
        board.send_events(20, 20)
        line.poll(0.3)
    mine = {"controller": house.controller}
    made = LogKey.objects.filter(**mine).count(), Gap.objects.filter(**mine).count(), Event.objects.count()
    assert max(made[:2]) <= session.MOST_LOGS and made[2] <= 2 * session.MOST_LOGS, made
    line.time.now += 86_401
    board.epoch, board.log = 900, []
    board.record(codes.STARTED, 0)
    board.hello()
    board.send_events(1, 1)
    assert Event.objects.filter(epoch=900).exists(), "heard again the next day"
