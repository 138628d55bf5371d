"""The door as people meet it."""

from sim.world.door import CLOSED, Door


def test_a_held_door_does_not_give_way():
    door = Door()
    assert not door.push(now=0)
    assert not door.open


def test_a_released_door_opens_and_closes_by_itself_once():
    door = Door(stays_open_ms=3_000)
    door.strike(True, now=0)
    assert door.push(now=1_000) and door.open
    door.strike(False, now=2_000)
    assert door.open
    assert door.tick(now=3_999) == []
    assert door.tick(now=4_000) == [CLOSED]
    assert door.tick(now=9_000) == [] and not door.open
    assert not door.push(now=9_000)


def test_who_follows_through_an_open_door_keeps_it_open():
    door = Door(stays_open_ms=3_000)
    door.strike(True, now=0)
    door.push(now=0)
    door.strike(False, now=500)
    assert door.push(now=2_000)
    assert door.deadline == 5_000


def test_force_needs_no_release():
    door = Door()
    door.force(now=0)
    assert door.open and not door.released
