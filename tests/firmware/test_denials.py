"""Floods of denials: the first ones are told, then their number."""

from firmware.controller import ticks
from firmware.controller.events import DENIED_DOOR, DENIED_EXPIRED, DENIED_UNKNOWN, READER_MISREAD
from firmware.controller.points.denials import Denials

START = (1 << 30) - 30000  # ticks wrap in the first window


def after(ms):
    return ticks.add(START, ms)


def test_three_of_a_code_at_a_door_are_told_and_the_others_counted():
    denials = Denials()
    told = [denials.take(DENIED_UNKNOWN, 1, None, after(i * 100), True) for i in range(600)]
    assert told == [True] * 3 + [False] * 597
    assert denials.deadline() == after(60000)
    assert denials.over(after(59999), True) == []
    assert denials.over(after(60000), True) == [(DENIED_UNKNOWN, 1, 597)]
    assert denials.over(after(60000), True) == []
    assert denials.deadline() is None


def test_each_door_and_each_code_has_a_count_of_its_own():
    denials = Denials()
    for code in (DENIED_UNKNOWN, READER_MISREAD):
        for door in (1, 2):
            assert [denials.take(code, door, None, START, True) for _ in range(4)] == [True] * 3 + [False]
    told = denials.over(after(60000), True)
    assert sorted(told) == [(code, door, 1) for code in (DENIED_UNKNOWN, READER_MISREAD) for door in (1, 2)]


def test_the_first_denial_of_another_known_credential_is_told_in_a_flood():
    denials = Denials()
    for _ in range(100):
        denials.take(DENIED_DOOR, 1, b"flooder", START, True)
    assert denials.take(DENIED_DOOR, 1, b"another", START, True)
    assert not denials.take(DENIED_DOOR, 1, b"another", START, True)
    keys = [bytes((i,)) * 7 for i in range(99)]
    assert sum(denials.take(DENIED_DOOR, 1, key, START, True) for key in keys) == 6
    flood = [denials.take(DENIED_UNKNOWN, 1, key, START, True) for key in keys]
    assert sum(flood) == 3  # cards that nobody knows: any number of them can be made


def test_windows_grow_to_an_hour_while_it_lasts():
    denials = Denials()
    now, lengths = 0, []
    for _ in range(9):
        told = [denials.take(DENIED_UNKNOWN, 1, None, after(now), True) for _ in range(5)]
        assert told == [True] * 3 + [False] * 2
        due = denials.deadline()
        lengths.append(ticks.diff(due, after(now)))
        now += lengths[-1]
        assert denials.over(due, True) == [(DENIED_UNKNOWN, 1, 2)]
    assert lengths == [60000 << i for i in range(6)] + [3600000] * 3


def test_a_window_with_nothing_to_count_ends_the_flood():
    denials = Denials()
    for _ in range(5):
        denials.take(DENIED_UNKNOWN, 1, None, START, True)
    assert denials.over(after(60000), True)
    assert denials.take(DENIED_UNKNOWN, 1, None, after(60000), True)
    assert denials.over(after(180000), True) == []
    for i in range(4):
        assert denials.take(DENIED_UNKNOWN, 1, None, after(180000), True) == (i < 3)
    assert denials.deadline() == after(240000)


def test_without_room_all_are_counted_and_told_when_there_is_room_again():
    denials = Denials()
    week = 7 * 86400000
    for at in range(0, week, 3600000):  # longer than ticks tell apart
        assert not denials.take(DENIED_DOOR, 1, b"another", after(at), False)
        assert denials.over(after(at), False) == []
    assert denials.over(after(week), True) == [(DENIED_DOOR, 1, 7 * 24)]


def test_memory_is_bounded_and_given_back():
    denials = Denials()
    for code in (DENIED_UNKNOWN, DENIED_DOOR, DENIED_EXPIRED):
        for i in range(1000):
            denials.take(code, 1, b"card%03d" % i, START, True)
    assert len(denials._floods) == 3
    assert max(len(flood[4]) for flood in denials._floods.values()) == 8
    denials.over(after(60000), True)
    denials.over(after(180000), True)
    assert denials._floods == {}
