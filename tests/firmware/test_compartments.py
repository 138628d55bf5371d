"""Compartments of a bank: pulses within the supply, each opening with its ending, contacts that bounce and lie."""

from firmware.controller import ticks
from firmware.controller.events import (
    AUDIT_ENDED,
    COMPARTMENT_BLIND,
    COMPARTMENT_CLOSED,
    COMPARTMENT_FORCED,
    COMPARTMENT_FOUND_OPEN,
    COMPARTMENT_LEFT_OPEN,
    COMPARTMENT_OPENED,
    COMPARTMENT_RELEASED,
    COMPARTMENT_RIGHT,
    COMPARTMENT_STUCK,
)
from firmware.controller.points.compartments import REST, Compartments
from firmware.controller.points.why import AGAIN, ALL, ASKED, AUDIT
from tests.firmware.helper import raises

PULSE_MS, GAP_MS, LEFT_OPEN_MS = 400, 50, 60000
LINE_MS = 30  # how often a line moves along


class Locks:
    """A line whose locks do at once what they are told. pulses: [(ticks, lock)]. sends_ms: how long it is busy."""

    pulse_ms = PULSE_MS

    def __init__(self, count):
        self.count = count
        self.doors = [False] * count
        self.jams = set()
        self.lies = {}  # lock: what its contact says whatever happens
        self.silent = False
        self.full = False
        self.sends_ms = 0
        self.pulses = []
        self.sent = 0  # of these: so many went out
        self.now = 0
        self._until = None
        self._told = None

    @property
    def news(self):
        """Whether a contact says something else than when the bank has seen to it."""
        return self._told != [self.is_open(n + 1) for n in range(self.count)]

    @news.setter
    def news(self, there_is):
        self._told = [self.is_open(n + 1) for n in range(self.count)]

    def unlock(self, n, now):
        if self.full:
            return False
        self.pulses.append((now, n))
        self._until = ticks.add(now, self.sends_ms)
        if n not in self.jams:
            self.doors[n - 1] = True
        return True

    def watch(self, now):
        self.sent = len(self.pulses)

    def busy(self):
        return self._until is not None and ticks.diff(self._until, self.now) > 0

    def is_open(self, n):
        return None if self.silent else self.lies.get(n, self.doors[n - 1])


class Bench:
    def __init__(self, count=4, most=2, before=None):
        self.now = (1 << 30) - 3000  # ticks wrap on the way
        self.line = Locks(count)
        if before:
            before(self.line)
        self.bank = Compartments(self.line, most, GAP_MS, LEFT_OPEN_MS, self.now)
        self.told = []
        self.order = []  # of records and pulses
        self.looks = 0  # how often it wanted to look again
        self.run(500)

    def record(self, code, now, door=0, extra=0):
        self.told.append((code, door, extra))
        if code == COMPARTMENT_RELEASED:
            assert door not in [n for _, n in self.line.pulses[len(self.order) :]], "the lock moved before its record"
            self.order.append(door)

    def run(self, ms):
        end = ticks.add(self.now, ms)
        while ticks.diff(end, self.now) > 0:
            self.line.now = self.now
            self.bank.watch(self.record, self.now)
            due = ticks.soonest(self.bank.deadline(), ticks.add(self.now, LINE_MS))
            self.looks += self.bank.deadline() is not None
            self.now = min(max(due, ticks.add(self.now, 1), key=self._left), end, key=self._left)

    def _left(self, moment):
        return ticks.diff(moment, self.now)

    def codes(self):
        told, self.told = self.told, []
        return told

    def shut(self, *which):
        for n in which:
            self.line.doors[n - 1] = False
        self.run(500)

    def open(self, n, why=ASKED):
        done = self.bank.ask(n, why)
        self.run(600)
        return done


def test_an_opening_goes_out_before_anything_else_is_looked_at():
    bench = Bench()
    looks = []
    look_at = bench.bank._look_at
    bench.bank._look_at = lambda *of: looks.append(bench.line.sent) or look_at(*of)
    bench.bank._look = bench.now
    bench.bank.ask(2, ASKED)
    bench.bank.watch(bench.record, bench.now)
    assert looks == [1, 1, 1, 1], "it was sent before contacts were looked at"


def test_an_opening_is_on_record_before_the_lock_moves_and_confirmed_when_it_is_shut():
    bench = Bench()
    assert bench.open(2)
    bench.shut(2)
    assert bench.codes() == [(COMPARTMENT_RELEASED, 2, ASKED), (COMPARTMENT_OPENED, 2, 0), (COMPARTMENT_CLOSED, 2, 0)]
    assert [n for _, n in bench.line.pulses] == [2]


def test_one_that_does_not_open_is_tried_once_more_and_then_out_of_use():
    bench = Bench()
    bench.line.jams.add(3)
    bench.open(3)
    bench.run(10000)
    assert bench.codes() == [
        (COMPARTMENT_RELEASED, 3, ASKED),
        (COMPARTMENT_RELEASED, 3, AGAIN),
        (COMPARTMENT_STUCK, 3, 1),
    ]
    assert len(bench.line.pulses) == 2 and bench.bank.out_of_use(3)
    bench.open(3)
    bench.run(10000)
    assert len(bench.line.pulses) == 4, "who asks again is tried for again"


def test_the_second_try_may_open_it():
    bench = Bench()
    bench.line.jams.add(3)
    bench.bank.ask(3, ASKED)
    bench.run(100)
    bench.line.jams.clear()
    bench.run(3000)
    assert [code for code, _, _ in bench.codes()] == [COMPARTMENT_RELEASED, COMPARTMENT_RELEASED, COMPARTMENT_OPENED]
    assert not bench.bank.out_of_use(3)


def test_one_out_of_use_is_in_use_again_once_it_opened_and_was_shut():
    bench = Bench()
    bench.line.jams.add(1)
    bench.open(1)
    bench.run(10000)
    bench.line.jams.clear()
    bench.codes()
    bench.open(1)
    assert bench.bank.out_of_use(1)
    bench.shut(1)
    assert bench.codes()[1:] == [(COMPARTMENT_OPENED, 1, 0), (COMPARTMENT_CLOSED, 1, 0), (COMPARTMENT_RIGHT, 1, 0)]
    assert not bench.bank.out_of_use(1)


def test_where_nobody_knows_whether_it_opened_it_is_not_tried_again():
    bench = Bench()
    bench.bank.ask(1, ASKED)
    bench.run(1)
    bench.line.silent = True
    bench.run(10000)
    assert bench.codes() == [(COMPARTMENT_RELEASED, 1, ASKED), (COMPARTMENT_STUCK, 1, 2)]
    assert len(bench.line.pulses) == 1


def test_a_line_that_takes_no_more_is_an_ending_too():
    bench = Bench()
    bench.line.full = True
    bench.open(1)
    assert bench.codes() == [(COMPARTMENT_RELEASED, 1, ASKED), (COMPARTMENT_STUCK, 1, 3)]


def test_one_left_open_is_told_again_and_again():
    bench = Bench()
    bench.open(4)
    bench.run(2 * LEFT_OPEN_MS + 1000)
    assert bench.codes()[2:] == [(COMPARTMENT_LEFT_OPEN, 4, 1), (COMPARTMENT_LEFT_OPEN, 4, 2)]
    bench.shut(4)
    bench.run(2 * LEFT_OPEN_MS)
    assert bench.codes() == [(COMPARTMENT_CLOSED, 4, 0)]


def test_an_opening_without_a_release_is_an_alarm():
    bench = Bench()
    bench.line.doors[1] = True
    bench.run(500)
    bench.shut(2)
    assert bench.codes() == [(COMPARTMENT_FORCED, 2, 0), (COMPARTMENT_CLOSED, 2, 0)]


def test_one_that_springs_open_as_it_is_shut_is_no_alarm_and_later_it_is():
    bench = Bench()
    bench.open(2)
    bench.shut(2)
    bench.line.doors[1] = True
    bench.run(500)
    bench.shut(2)
    bench.run(2000)
    opened, closed = (COMPARTMENT_OPENED, 2, 0), (COMPARTMENT_CLOSED, 2, 0)
    assert bench.codes()[1:] == [opened, closed, opened, closed]
    bench.line.doors[1] = True
    bench.run(500)
    assert bench.codes() == [(COMPARTMENT_FORCED, 2, 0)]


def test_one_look_alone_is_a_bounce():
    bench = Bench()
    bench.line.doors[0] = True
    bench.run(45)
    bench.line.doors[0] = False
    bench.run(500)
    assert bench.codes() == []


def test_one_that_is_open_at_the_start_is_told_and_is_no_alarm():
    bench = Bench(before=lambda line: line.lies.update({3: True}))
    assert bench.codes() == [(COMPARTMENT_FOUND_OPEN, 3, 0)]


def test_a_contact_that_says_open_before_the_pulse_proves_nothing_and_the_lock_gets_it_all_the_same():
    bench = Bench(before=lambda line: line.lies.update({2: True}))
    bench.codes()
    bench.open(2)
    bench.run(5000)
    assert bench.codes() == [(COMPARTMENT_RELEASED, 2, ASKED), (COMPARTMENT_BLIND, 2, 0)]
    assert [n for _, n in bench.line.pulses] == [2]
    assert bench.bank.out_of_use(2)
    bench.open(2)
    assert [n for _, n in bench.line.pulses] == [2, 2]


def test_what_is_asked_for_twice_gets_one_pulse():
    bench = Bench()
    assert bench.bank.ask(1, ASKED) and not bench.bank.ask(1, ASKED)
    bench.run(600)
    assert not bench.bank.ask(1, ASKED)
    bench.run(5000)
    assert [n for _, n in bench.line.pulses] == [1]


def test_there_is_no_other_compartment():
    bench = Bench()
    for n in (0, 5, -1):
        raises(ValueError, lambda n=n: bench.bank.ask(n, ASKED))


def coils_at_once(bench, sends_ms=0):
    """How many may have current at once: from the order to the end of a pulse that begins as the line is free again."""
    most = 0
    for at, _ in bench.line.pulses:
        ends = [ticks.add(other, sends_ms + PULSE_MS) for other, _ in bench.line.pulses if ticks.diff(at, other) >= 0]
        most = max(most, len([end for end in ends if ticks.diff(end, at) > 0]))
    return most


def test_all_of_them_open_as_a_wave_within_the_supply():
    for most, sends_ms in ((1, 0), (3, 0), (3, 30), (8, 0)):
        bench = Bench(count=40, most=most)
        bench.line.sends_ms = sends_ms
        bench.bank.ask_all()
        bench.run(40000)
        assert sorted(n for _, n in bench.line.pulses) == list(range(1, 41))
        assert coils_at_once(bench, sends_ms) == most
        gaps = [ticks.diff(b[0], a[0]) for a, b in zip(bench.line.pulses, bench.line.pulses[1:])]
        assert min(gaps) >= GAP_MS + sends_ms
        assert len([one for one in bench.codes() if one[0] == COMPARTMENT_OPENED]) == 40


def test_nobody_waits_longer_than_the_supply_makes_him():
    bench = Bench(count=128, most=4)
    bench.bank.ask_all()
    bench.run(128 * PULSE_MS // 4 + 2000)
    assert len(bench.line.pulses) == 128


def test_an_audit_walk_opens_each_in_turn_and_says_how_many_are_out_of_use():
    bench = Bench(count=3)
    bench.line.jams.add(2)
    assert bench.bank.audit() and not bench.bank.audit()
    bench.run(1000)
    assert [n for _, n in bench.line.pulses] == [1], "the next one waits until this one is shut"
    bench.shut(1)
    bench.run(6000)
    bench.shut(3)
    told = bench.codes()
    assert [(door, extra) for code, door, extra in told if code == COMPARTMENT_RELEASED] == [
        (1, AUDIT),
        (2, AUDIT),
        (2, AGAIN),
        (3, AUDIT),
    ]
    assert told[-1] == (AUDIT_ENDED, 0, 1)
    assert bench.bank.audit()


def test_every_compartment_rests_at_the_end():
    bench = Bench(count=5)
    bench.bank.ask_all()
    bench.run(6000)
    bench.shut(1, 2, 3, 4, 5)
    assert list(bench.bank.phase) == [REST] * 5
    assert (COMPARTMENT_RELEASED, 5, ALL) in bench.codes()


class Journal:
    """Numbers of 64 bits, as the board's has."""

    def __init__(self):
        self.values = {}

    def get(self, kind):
        return self.values.get(kind, 0)

    def set(self, kind, value):
        assert 0 <= value < 1 << 64
        self.values[kind] = value


def test_what_is_out_of_use_stays_so_over_a_start():
    kept, bench = Journal(), Bench(count=128)
    bench.bank.remember(kept)
    bench.line.jams = {1, 64, 65, 128}
    bench.line.lies = {2: True}  # its contact says open whatever happens
    bench.run(500)
    for n in (1, 2, 64, 65, 128):
        bench.open(n)
    bench.run(10000)
    bench = Bench(count=128)
    bench.bank.remember(kept)
    assert [n for n in range(1, 129) if bench.bank.out_of_use(n)] == [1, 2, 64, 65, 128]
    bench.open(65)
    bench.shut(65)
    bench = Bench(count=128)
    bench.bank.remember(kept)
    assert [n for n in range(1, 129) if bench.bank.out_of_use(n)] == [1, 2, 64, 128]


def test_where_nothing_moves_nothing_is_looked_at():
    bench = Bench(count=64)
    bench.run(5000)
    before = bench.looks
    bench.run(60000)
    assert bench.looks == before
    bench.line.doors[40] = True
    bench.run(500)
    assert bench.codes() == [(COMPARTMENT_FORCED, 41, 0)]
    bench.shut(41)
    assert bench.open(63)
    bench.shut(63)
    assert [code for code, _, _ in bench.codes()][-2:] == [COMPARTMENT_OPENED, COMPARTMENT_CLOSED]


def test_one_that_nobody_has_opened_for_a_week_opens():
    bench = Bench()
    for wait_days in (0, 7, 13):
        for _ in range(wait_days):
            bench.now = ticks.add(bench.now, 86400000)  # the watchdog is fed oftener than that
            bench.bank.watch(bench.record, bench.now)
        bench.codes()
        assert bench.open(2)
        bench.shut(2)
        assert [code for code, _, _ in bench.codes()] == [COMPARTMENT_RELEASED, COMPARTMENT_OPENED, COMPARTMENT_CLOSED]
