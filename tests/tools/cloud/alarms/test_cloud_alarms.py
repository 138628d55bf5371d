"""Alarms: raised once, ended by themselves where the thing is over, acknowledged by somebody; duress stays silent."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import BOARD, House, Stopped, Wire, counted_bytes

from firmware.controller import events
from tools.cloud.alarms import alarms, codes
from tools.cloud.controllers import enrol, lost
from tools.cloud.models import Alarm, Controller, Event, Gap, HeldRole, Reach, User
from tools.cloud.services import clock


def record(house: House, code: int, door: int = 1, **more: Any) -> Event:
    sequence = 1 + Event.objects.filter(controller=house.controller).count()
    fields: dict[str, Any] = {"extra": 0, "flags": 1, "utc": clock.now(), "received_at": clock.now(), **more}
    return Event.objects.create(
        controller=house.controller, epoch=1, sequence=sequence, code=code, door_number=door, **fields
    )


def standing(house: House, duress: bool = True) -> list[alarms.Standing]:
    alarms.gather(clock.now())
    return alarms.standing(Alarm.objects.seen(Reach({house.tenant.pk: HeldRole("owner" if duress else "viewer")})))


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


def board_of(house: House) -> Any:
    """Somewhere else to record: a second controller of the same site, with doors of the same numbers."""
    other, _ = enrol.enrol(house.site, "Garasje", BOARD, doors=["Port", "Bod"], urandom=counted_bytes(9 << 32))

    class Other:
        controller = other

    return Other()


def open_alarms() -> list[tuple[str, int, int]]:
    """(controller, code, door) of what is not over."""
    return sorted(Alarm.objects.filter(ended_at=None).values_list("controller__name", "code", "door_number"))


def test_a_door_that_closes_elsewhere_ends_no_alarm_here(house: House) -> None:
    """A door with the same number at the next controller: closing it must not hide the one that stands open here."""
    record(house, events.DOOR_HELD)
    record(house, events.MAINS_LOST, door=0)
    there = board_of(house)
    for code, door in ((events.DOOR_HELD, 1), (events.DOOR_CLOSED, 1), (events.MAINS_BACK, 0)):
        record(there, code, door=door)
    standing(house)
    assert open_alarms() == [("Oppgang A", events.DOOR_HELD, 1), ("Oppgang A", events.MAINS_LOST, 0)]


def test_an_end_from_before_the_alarm_does_not_end_it(house: House) -> None:
    """What came in lately is looked at again; a door that was shut before it was forced is not shut after it."""
    record(house, events.DOOR_CLOSED)
    record(house, events.DOOR_FORCED)
    standing(house)
    record(house, events.GRANTED)
    standing(house)
    assert open_alarms() == [("Oppgang A", events.DOOR_FORCED, 1)]


def test_an_alarm_ended_when_its_first_end_says(house: House, time_now: Stopped) -> None:
    """Whoever asks how long a door was open reads it from the alarm, also when the door opens and closes again."""
    record(house, events.DOOR_FORCED)
    ended = clock.now()
    record(house, events.DOOR_CLOSED, utc=None, received_at=ended)
    standing(house)
    time_now.now += 3600
    record(house, events.DOOR_CLOSED)
    standing(house)
    assert Alarm.objects.get().ended_at == ended


def test_an_alarm_is_of_when_it_happened_not_of_when_it_was_told(house: House, time_now: Stopped) -> None:
    """A board without a link tells later. Where it knew no time, when it was told is all there is."""
    happened = clock.now()
    time_now.now += 3600
    record(house, events.DOOR_FORCED, utc=happened)
    record(house, events.MAINS_LOST, 0, utc=None)
    standing(house)
    assert dict(Alarm.objects.values_list("code", "raised_at")) == {
        events.DOOR_FORCED: happened,
        events.MAINS_LOST: clock.now(),
    }


def test_a_silent_controller_is_told_whatever_else_stands_there_and_one_that_is_lost_is_not(
    house: House, time_now: Stopped
) -> None:
    there = board_of(house)
    record(house, events.DOOR_FORCED)
    record(there, events.DOOR_FORCED)
    Controller.objects.update(last_seen=clock.now())
    standing(house)
    lost.lost(there.controller, None)
    time_now.now += 599
    assert {one.alarm.kind for one in standing(house)} == {"event"}
    time_now.now += 1
    standing(house)
    assert list(Alarm.objects.filter(kind="silent").values_list("controller__name", flat=True)) == ["Oppgang A"]


def test_only_its_own_end_ends_an_alarm(house: House) -> None:
    """Of all pairs: a reader that is back closes no enclosure, and a closed door brings no reader back."""
    for code in codes.ALARMS:
        record(house, code)
    standing(house)
    for end in sorted({end for end in codes.ALARMS.values() if end}):
        before = {code for _, code, _ in open_alarms()}
        record(house, end)
        standing(house)
        ended = before - {code for _, code, _ in open_alarms()}
        assert ended == {code for code, over in codes.ALARMS.items() if over == end}, end


TRIED = events.COMMISSIONING | 1


@pytest.mark.parametrize("end", [events.COMMISSIONING_ENDED, events.STARTED])
def test_what_an_installer_leaves_standing_is_an_alarm_once(house: House, end: int) -> None:
    record(house, events.COMMISSIONING_BEGAN, 0)
    for code in sorted(codes.TRYING):
        record(house, code, flags=TRIED)
    assert standing(house) == []
    record(house, end, 0)
    standing(house)
    assert {code for _, code, _ in open_alarms()} == codes.TRYING
    Event.objects.filter(code=end).delete()
    record(house, end, 0)
    record(house, end, 0)
    standing(house)
    assert Alarm.objects.count() == len(codes.TRYING)


def test_what_an_installer_tried_and_put_right_is_no_alarm(house: House) -> None:
    record(house, events.COMMISSIONING_BEGAN, 0)
    for code in sorted(codes.TRYING):
        record(house, code, flags=TRIED)
        record(house, codes.ALARMS[code], flags=TRIED)
    record(house, events.COMMISSIONING_ENDED, 0)
    assert standing(house) == [] and not Alarm.objects.exists()


@pytest.mark.parametrize(
    "righted",
    [
        {"door": 2},  # another door's line
        {"extra": 5},  # another line of the same door
        {"elsewhere": True},  # a line of another controller
        {"early": True},  # right before it was cut
    ],
    ids=str,
)
def test_a_line_left_cut_is_told_whatever_else_was_put_right(house: House, righted: dict[str, Any]) -> None:
    """An installer who leaves a contact cut leaves a door that nobody watches."""
    place = board_of(house) if righted.get("elsewhere") else house
    again = [events.LINE_RIGHT, righted.get("door", 1)]
    record(house, events.COMMISSIONING_BEGAN, 0)
    if righted.get("early"):
        record(place, *again, extra=4, flags=TRIED)
    record(house, events.LINE_CUT, extra=4, flags=TRIED)
    if not righted.get("early"):
        record(place, *again, extra=righted.get("extra", 4), flags=TRIED)
    record(house, events.COMMISSIONING_ENDED, 0)
    standing(house)
    assert open_alarms() == [("Oppgang A", events.LINE_CUT, 1)]


@pytest.mark.parametrize("before", [events.COMMISSIONING_ENDED, events.STARTED, None])
def test_an_end_without_a_beginning_raises_nothing(house: House, before: int | None) -> None:
    """A board that starts says that commissioning is over, also when there was none since the last time."""
    there = board_of(house)
    if before:
        record(house, events.COMMISSIONING_BEGAN, 0)
        record(house, before, 0)
    record(house, events.LINE_CUT, flags=TRIED)
    record(there, events.COMMISSIONING_BEGAN, 0)
    record(house, events.STARTED, 0)
    assert standing(house) == [] and not Alarm.objects.exists()


def test_what_was_tried_before_this_commissioning_is_not_told_at_its_end(house: House) -> None:
    record(house, events.COMMISSIONING_BEGAN, 0)
    record(house, events.DOOR_HELD, flags=TRIED)
    record(house, events.COMMISSIONING_BEGAN, 0)
    record(house, events.COMMISSIONING_BEGAN, 1)  # of no commissioning: a door has none of its own
    record(house, events.MAINS_LOST, 0, flags=TRIED)
    record(house, events.COMMISSIONING_ENDED, 0)
    standing(house)
    assert open_alarms() == [("Oppgang A", events.MAINS_LOST, 0)]


def test_a_fault_that_stands_already_is_not_raised_again_by_an_installer_who_tries_it(house: House) -> None:
    record(house, events.DOOR_HELD)
    record(board_of(house), events.MAINS_LOST, 0)
    standing(house)
    record(house, events.COMMISSIONING_BEGAN, 0)
    record(house, events.DOOR_HELD, flags=TRIED)
    record(house, events.MAINS_LOST, 0, flags=TRIED)
    record(house, events.COMMISSIONING_ENDED, 0)
    standing(house)
    assert open_alarms() == [
        ("Garasje", events.MAINS_LOST, 0),
        ("Oppgang A", events.DOOR_HELD, 1),
        ("Oppgang A", events.MAINS_LOST, 0),
    ]


def test_an_alarm_of_duress_is_none_that_an_installer_tries(house: House) -> None:
    record(house, events.COMMISSIONING_BEGAN, 0)
    record(house, events.GRANTED_DURESS, credential=house.card, flags=TRIED)
    record(house, events.DENIED_LOCKED_OUT, flags=TRIED)
    assert {one.alarm.code for one in standing(house)} == {events.GRANTED_DURESS, events.DENIED_LOCKED_OUT}
