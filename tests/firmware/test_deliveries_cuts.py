"""The power goes before any flash operation of a parcel: nothing is lost, nothing is given twice, a code works once."""

from sim.mcu.flash import PowerCut
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
        after += 1
    assert cuts["in"] > 5 and cuts["out"] > 5, cuts


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
