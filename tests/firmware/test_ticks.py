from firmware.controller import ticks


def test_a_deadline_across_the_wrap_comes_when_it_should():
    before = ticks.PERIOD - 10
    deadline = ticks.add(before, 30)
    assert deadline == 20
    assert not ticks.passed(deadline, before)
    assert not ticks.passed(deadline, 19)
    assert ticks.passed(deadline, 20)


def test_differences_are_signed():
    assert ticks.diff(5, ticks.PERIOD - 5) == 10
    assert ticks.diff(ticks.PERIOD - 5, 5) == -10


def test_no_deadline_never_passes_and_is_never_the_soonest():
    assert not ticks.passed(None, 0)
    assert ticks.soonest(None, None) is None
    assert ticks.soonest(None, 7) == 7
    assert ticks.soonest(7, None) == 7


def test_the_soonest_of_two_deadlines_across_the_wrap():
    assert ticks.soonest(3, ticks.PERIOD - 3) == ticks.PERIOD - 3
    assert ticks.soonest(ticks.PERIOD - 3, 3) == ticks.PERIOD - 3
