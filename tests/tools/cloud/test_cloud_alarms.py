"""Alarms: raised once, ended by themselves where the thing is over, acknowledged by somebody; duress stays silent."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events
from tools.cloud.models import Alarm, Controller, Event, Gap, Right, User
from tools.cloud.services import alarms, clock, codes, lost


def record(house: House, code: int, door: int = 1, **more: Any) -> Event:
    sequence = 1 + Event.objects.filter(controller=house.controller).count()
    fields: dict[str, Any] = {"extra": 0, "flags": 1, "utc": clock.now(), "received_at": clock.now(), **more}
    return Event.objects.create(
        controller=house.controller, epoch=1, sequence=sequence, code=code, door_number=door, **fields
    )


def standing(house: House, duress: bool = True) -> list[alarms.Standing]:
    alarms.gather(clock.now())
    return alarms.standing(Alarm.objects.seen(lambda right: [house.tenant] if duress or right != Right.DURESS else []))


@pytest.mark.parametrize("code", codes.ALARMS)
def test_every_alarm_stands_until_it_is_acknowledged_or_over(house: House, code: int) -> None:
    record(house, code)
    (one,) = standing(house)
    assert one.alarm.code == code and not one.over
    assert alarms.gather(clock.now()) == 0, "once"
    end = codes.ALARMS[code]
    if end:
        record(house, end)
        left = standing(house)
        assert [one.over for one in left] == ([True] if code in codes.LATCHED else [])
    user = User.objects.named("vakt@example.test")
    alarm = Alarm.objects.get()
    alarms.acknowledge(alarm, user, clock.now())
    alarm.refresh_from_db()
    assert standing(house) == [] and (alarm.acknowledged_by, alarm.acknowledged_at) == (user, clock.now())


def test_an_end_is_that_of_its_own_door_and_line(house: House) -> None:
    record(house, events.DOOR_HELD, door=1)
    record(house, events.DOOR_CLOSED, door=2)
    record(house, events.LINE_CUT, door=1, extra=1)
    record(house, events.LINE_RIGHT, door=1, extra=2)
    assert [(one.alarm.code, one.over) for one in standing(house)] == [
        (events.LINE_CUT, False),
        (events.DOOR_HELD, False),
    ]
    record(house, events.LINE_RIGHT, door=1, extra=1)
    assert [(one.alarm.code, one.over) for one in standing(house)] == [
        (events.LINE_CUT, True),
        (events.DOOR_HELD, False),
    ]


def test_the_same_at_one_place_stands_once_with_its_count(house: House) -> None:
    for _ in range(3):
        record(house, events.DOOR_FORCED)
    record(house, events.DOOR_FORCED, door=2)
    assert sorted(one.count for one in standing(house)) == [1, 3]
    first = next(one for one in standing(house) if one.count == 3)
    record(house, events.DOOR_FORCED)
    alarms.gather(clock.now())
    assert alarms.acknowledge(first.alarm, None, clock.now()) == 3, "the one that came since is not seen yet"
    assert sorted(one.count for one in standing(house)) == [1, 1]


def test_duress_is_shown_only_to_those_with_the_right(house: House) -> None:
    record(house, events.GRANTED_DURESS, credential=house.card)
    assert standing(house, duress=False) == []
    assert [one.alarm.code for one in standing(house)] == [events.GRANTED_DURESS]
    assert codes.shown(events.GRANTED_DURESS, False) == events.GRANTED
    assert codes.shown(events.GRANTED_DURESS, True) == events.GRANTED_DURESS


def test_a_gap_and_a_silent_controller_are_alarms(house: House, time_now: Stopped) -> None:
    Gap.objects.create(controller=house.controller, epoch=1, first=5, last=9, noticed_at=clock.now())
    Controller.objects.filter(pk=house.controller.pk).update(last_seen=clock.now())
    assert [one.alarm.kind for one in standing(house)] == ["gap"]
    time_now.now += 601
    assert {one.alarm.kind for one in standing(house)} == {"gap", "silent"}
    time_now.now += 601
    standing(house)
    assert Alarm.objects.filter(kind="silent").count() == 1
    Controller.objects.filter(pk=house.controller.pk).update(last_seen=clock.now())
    assert [one.alarm.kind for one in standing(house)] == ["gap"]
    time_now.now += 700
    assert {one.alarm.kind for one in standing(house)} == {"gap", "silent"}
    lost.lost(house.controller, None)
    assert {one.alarm.kind for one in standing(house)} == {"gap"}


def test_a_controller_that_was_never_linked_is_not_silent(house: House, time_now: Stopped) -> None:
    time_now.now += 10_000
    assert standing(house) == []


def test_an_event_of_another_worker_that_was_committed_late_is_not_missed(house: House) -> None:
    record(house, events.DOOR_FORCED)
    late = record(house, events.FIRE, door=0)
    number, late_pk = late.sequence, late.pk
    late.delete()
    record(house, events.GRANTED)
    standing(house)
    Event.objects.create(
        pk=late_pk, controller=house.controller, epoch=2, sequence=number, code=events.FIRE, door_number=0,
        extra=0, flags=1, utc=clock.now(), received_at=clock.now(),
    )  # fmt: skip
    house.time.now += 10
    assert {one.alarm.code for one in standing(house)} == {events.DOOR_FORCED, events.FIRE}


def test_the_worker_raises_alarms_at_once_and_tidies_once_an_hour(house: House, time_now: Stopped) -> None:
    record(house, events.DOOR_FORCED)
    line = Wire(time_now)
    line.poll(0)
    assert Alarm.objects.count() == 1
    old = record(house, events.DOOR_OPENED, utc=clock.now() - timedelta(days=91))
    line.poll(59 * 60)
    old.refresh_from_db()
    assert old.code == events.DOOR_OPENED
    line.poll(2 * 60)
    old.refresh_from_db()
    assert old.code == codes.EXPIRED
