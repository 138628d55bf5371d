from firmware.controller.events import DOOR_CLOSED, DOOR_FORCED, DOOR_HELD, DOOR_OPENED
from firmware.controller.points.door import EVACUATION, FIRE, FREE, Door
from firmware.controller.points.holding import hold


def closed_door():
    return Door(release_ms=5000, held_ms=30000, is_open=False)


class Guarded:
    """A door with its strike: nothing happens at it."""

    def __init__(self, door):
        self.door = door
        self.pins = self.strike = self

    def set(self, on):
        assert on == self.door.released


def test_a_release_ends_by_itself():
    door = closed_door()
    door.release(now=0)
    assert door.released
    assert door.deadline() == 5000
    door.tick(4999)
    assert door.released
    door.tick(5000)
    assert not door.released


def test_a_second_release_lasts_its_whole_time():
    door = closed_door()
    door.release(now=0)
    door.release(now=4000)
    door.tick(8999)
    assert door.released
    door.tick(9000)
    assert not door.released


def test_a_leaf_opened_after_a_release_is_opened_by_right():
    door = closed_door()
    door.release(now=0)
    assert door.contact(True, now=100) == DOOR_OPENED
    assert door.contact(True, now=200) is None
    assert door.contact(False, now=300) == DOOR_CLOSED


def test_a_leaf_pushed_in_the_last_moment_of_a_release_is_not_forced():
    door = closed_door()
    door.release(now=0)
    door.tick(5000)
    assert door.contact(True, now=5900) == DOOR_OPENED


def test_a_leaf_opened_without_a_release_is_forced():
    door = closed_door()
    assert door.contact(True, now=0) == DOOR_FORCED
    door.contact(False, now=100)
    door.release(now=1000)
    door.tick(6000)
    door.tick(7000)
    assert door.contact(True, now=7001) == DOOR_FORCED


def test_a_leaf_left_open_is_held_once():
    door = closed_door()
    door.release(now=0)
    door.contact(True, now=1000)
    assert door.tick(30999) is None
    assert door.tick(31000) == DOOR_HELD
    assert door.tick(99000) is None


def test_a_leaf_closed_in_time_is_not_held():
    door = closed_door()
    door.release(now=0)
    door.contact(True, now=1000)
    door.contact(False, now=30000)
    assert door.tick(31000) is None
    assert door.deadline() is None


def test_a_longer_release_is_not_cut_short_by_an_ordinary_one():
    door = closed_door()
    door.release(now=0, ms=20000)
    door.release(now=1000)
    door.tick(19999)
    assert door.released
    assert door.contact(True, now=19999) == DOOR_OPENED
    door.tick(20000)
    assert not door.released


def test_a_held_door_stays_released_until_no_reason_is_left():
    door = closed_door()
    hold(Guarded(door), FREE, True, now=0)
    hold(Guarded(door), FIRE, True, now=0)
    hold(Guarded(door), FREE, False, now=100)
    door.tick(3600000)
    assert door.released
    hold(Guarded(door), FIRE, False, now=3600000)
    door.tick(3600000)
    assert not door.released


def test_a_reason_that_ends_twice_locks_nothing_that_was_released_otherwise():
    door = closed_door()
    door.release(now=0)
    hold(Guarded(door), FIRE, False, now=100)
    door.tick(200)
    assert door.released


def test_a_release_during_a_hold_ends_and_the_hold_goes_on():
    door = closed_door()
    hold(Guarded(door), EVACUATION, True, now=0)
    door.release(now=0)
    door.tick(5000)
    assert door.released


def test_a_held_door_may_stand_open_and_is_watched_again_after():
    door = closed_door()
    hold(Guarded(door), FREE, True, now=0)
    assert door.contact(True, now=10) == DOOR_OPENED
    assert door.tick(999000) is None
    hold(Guarded(door), FREE, False, now=999000)
    assert door.tick(1028999) is None
    assert door.tick(1029000) == DOOR_HELD


def test_a_leaf_that_stood_open_when_a_hold_began_is_not_held_open():
    door = closed_door()
    door.release(now=0)
    door.contact(True, now=0)
    hold(Guarded(door), FREE, True, now=10)
    assert door.tick(40000) is None


def test_a_hold_that_ends_does_not_cut_a_release_short():
    door = closed_door()
    hold(Guarded(door), FREE, True, now=0)
    door.release(now=1000)
    hold(Guarded(door), FREE, False, now=2000)
    door.tick(5999)
    assert door.released
    door.tick(6000)
    assert not door.released


def test_who_may_leave_the_door_open_raises_no_alarm_and_the_next_one_does():
    door = closed_door()
    door.release(now=0, may_stand=True)
    door.contact(True, now=100)
    assert door.tick(900000) is None
    door.contact(False, now=900000)
    door.release(now=900000)
    door.contact(True, now=900100)
    assert door.tick(930100) == DOOR_HELD
