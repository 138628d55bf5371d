"""The power goes before any flash operation of a parcel: nothing is lost, nothing is given twice, a code works once."""

from sim.mcu.flash import PowerCut
from tests.firmware.helper import STRIDE
from tests.firmware.parcel_bench import ParcelBench, pick_up_code


class Cut:
    """Before the program or erase of that number, of the three partitions together."""

    def __init__(self, flash, after):
        self.left = after
        self._flash = flash
        for name in ("log", "state", "bank"):
            flash[name].fault = self.fault

    def fault(self, op, offset, length):
        if op == "read":
            return None
        self.left -= 1
        return None if self.left >= 0 else 0

    def over(self):
        for flash in self._flash.values():
            flash.fault = None


def test_wherever_the_power_goes_between_deposit_and_pick_up():
    after, cuts = 0, {"in": 0, "out": 0}
    while _story(after, cuts):
        after += STRIDE
    assert cuts["in"] * STRIDE >= 5 and cuts["out"] * STRIDE >= 5, cuts


def test_wherever_the_power_goes_when_he_asks_for_a_larger_one():
    after = 0
    while _larger(after):
        after += STRIDE
    assert after > 10


def _larger(after):
    """A parcel lies where the last door popped, and who does not see another one pop leaves it there."""
    bench = ParcelBench(stock=(1, 2))
    cut = Cut(bench.flash, after)
    through = False
    try:
        assert bench.deposit(1, 1) == [1]
        assert bench.deposit(1, 3) == [7]
        bench.shut(1)
        bench.shut(7)
        through = True
    except PowerCut:
        pass
    cut.over()
    popped = [lock for lock, _ in bench.locks.pulses]
    bench = bench.again()
    for lock in (1, 7):
        bench.shut(lock)
    where = popped[-1] if popped else bench.put_in(1)
    assert bench.put_in(2) != where, after
    (first,) = bench.type(pick_up_code(1))
    before = len(bench.locks.pulses)
    bench.shut(first)
    bench.run(1000)
    others = [lock for lock, _ in bench.locks.pulses[before:]]
    assert others in ([], [1]) and where in [first] + others, after
    assert others or 7 not in popped, after  # where both had stood open he is shown both
    bench.shut(1)
    ended = bench.told()[-1]
    assert (ended[0], ended[3]) == ("DELIVERY_PICKED_UP", 1)
    assert not any(bench.locks.doors) and bench.type(pick_up_code(1)) == []
    bench.clean()
    return not through


def test_wherever_the_power_goes_when_one_jams():
    after = 0
    while _jam(after):
        after += STRIDE
    assert after > 10


def _jam(after):
    """He gets the next one, or types his code again when the power is back. Whether it was cut."""
    bench = ParcelBench(stock=(1, 2))
    bench.locks.jams = {1}
    cut = Cut(bench.flash, after)
    through = False
    try:
        bench.deposit(1, 1)
        bench.run(6000)
        bench.shut(2)
        through = True
    except PowerCut:
        pass
    cut.over()
    where = 2 if 2 in [lock for lock, _ in bench.locks.pulses] else 0
    bench = bench.again()
    bench.shut(2)
    if not where:
        for _ in range(2):  # it may have to be tried first, if it cannot know that nothing lies there
            bench.deposit(1, 2)
            bench.run(6000)
            bench.shut(4)
        where = [lock for lock, _ in bench.locks.pulses if lock != 1][-1]
        bench.shut(where)
    bench.locks.jams = set()
    assert bench.put_in(2) != where
    assert bench.type(pick_up_code(1)) == [where], after
    bench.clean()
    return not through


def _story(after, cuts):
    """Whether the power was cut."""
    bench = ParcelBench(stock=(1, 2))
    cut = Cut(bench.flash, after)
    where, phase = 0, "in"
    try:
        (where,) = bench.deposit(1)
        bench.shut(where)
        phase = "out"
        assert bench.type(pick_up_code(1)) == [where]
        bench.shut(where)
        return False
    except PowerCut:
        cuts[phase] += 1
    finally:
        cut.over()
    popped = [lock for lock, _ in bench.locks.pulses]
    assert len(set(popped)) <= 1
    bench = bench.again()
    for lock in range(1, 9):
        if bench.locks.doors[lock - 1]:
            bench.shut(lock)  # who stands there does, with a parcel in it
    told = [event[:2] for event in bench.told_ever()]
    lies = popped and ("DELIVERY_PICKED_UP", popped[0]) not in told
    if not popped:  # no door was seen open: the courier begins anew
        where = bench.put_in(1)
    elif lies:
        where = popped[0]
        if phase == "in":
            assert ("DELIVERY_DEPOSITED", where) in [event[:2] for event in bench.told_ever()]
    other = bench.put_in(2)
    assert not lies or other != where
    opened = bench.type(pick_up_code(1))
    if popped and not lies:
        assert opened == []
    else:
        assert opened == [where], (after, phase)
        bench.shut(where)
        assert bench.type(pick_up_code(1)) == []
    assert bench.type(pick_up_code(2)) == [other]
    bench.clean()
    return True
