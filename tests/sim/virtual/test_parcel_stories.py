"""Stories of a bank that nobody would think of: deposits, pick-ups, wrong codes, jams, power that goes at any write.

The controller is the real one on its bench, with no network. What is right is known from doors, parcels and codes.
"""

import contextlib
import os

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from firmware.controller.access.codes import DEPOSIT, PICK_UP
from firmware.controller.events import COMPARTMENT_RELEASED
from sim.mcu.flash import NorFlash, PowerCut
from tests.firmware.parcel_bench import BANK, ParcelBench, long_code

PARTITIONS = {"acl": 24576, "log": 16384, "state": 8192, "bank": 6 * 4096}
NEEDS = ["SMLX".index(letter) + 1 for letter in BANK["sizes"]]  # what fits into each lock
MOST_WRONG = 3  # in a row: after five nothing is taken for a while, and that is another test's
NUMBERS = st.integers(0, 5)  # one of the deliveries there are


class Stories(RuleBasedStateMachine):
    """inside: by lock, the deliveries whose parcels lie in it. dead: whose pick-up was seen to its end."""

    @initialize()
    def begins(self):
        self.flash = {name: NorFlash(size) for name, size in PARTITIONS.items()}
        self.bench = ParcelBench(self.flash, stock=(1, 2, 3, 4), known=True)
        self.bench.locks.opened = self.pops
        self.inside = {lock: set() for lock in range(1, len(NEEDS) + 1)}
        self.sizes = {1: 1, 2: 1, 3: 2, 4: 3}
        self.dead = set()
        self.for_whom = {}  # by lock: whose code opened it last, and which
        self.jams = {}
        self.wrong = self.short = 0
        self.popped = []
        self.waits = 1

    # What the world does.

    def pops(self, lock, now_us):
        """A lock gets its pulse. Its release must be on flash."""
        assert (COMPARTMENT_RELEASED, lock) in [event[:2] for event in self.bench.events()[-6:]], "no record"
        assert lock not in self.for_whom or not self.bench.locks.doors[lock - 1], (
            f"a second pulse at the open door {lock}"
        )
        self.popped.append(lock)
        if self.jams.get(lock, 0):
            self.jams[lock] -= 1
        else:
            self.bench.locks.doors[lock - 1] = True

    @contextlib.contextmanager
    def power(self, cut):
        """cut: after so many programs and erases it goes in the middle of the next; 0: it stays. Then it comes back."""
        left = [cut]

        def fault(op, offset, length):
            if op == "read":
                return None
            left[0] -= 1
            return None if left[0] else offset * 7 % (length + 1)

        for name in ("log", "state", "bank") if cut else ():
            self.flash[name].fault = fault
        self.popped = []
        self.whole = True
        try:
            yield
        except PowerCut:
            self.whole = False
        finally:
            for part in self.flash.values():
                part.fault = None
        if not self.whole:
            self.starts()

    def starts(self):
        opened = self.bench.locks.opened
        self.bench = self.bench.again()
        self.bench.locks.opened = opened
        self.for_whom = {}
        self.wrong = 4  # a pause begins anew: nothing more that is wrong in this story

    def type(self, digits):
        return self.bench.type(digits[:10] if self.short < 8 else digits)

    def lies(self, number):
        return next((lock for lock, inside in self.inside.items() if number in inside), 0)

    def opened(self, number, kind):
        """For this delivery. Nobody else's parcel may lie behind a door that it opens."""
        for lock in self.popped:
            others = self.inside[lock] - {number}
            assert not others, f"lock {lock} opened for delivery {number}, and the parcel of {others} lies in it"
            if self.whole:  # a start knows of the last one only
                self.for_whom[lock] = number, kind

    # What people do.

    @rule(n=NUMBERS, small=st.booleans(), cut=st.integers(0, 12))
    def brings(self, n, small, cut):
        """A courier with a parcel; perhaps he asks for a size that is too small."""
        number = 1 + n % len(self.sizes)
        if self.lies(number) or number in self.dead:
            return
        size = max(1, self.sizes[number] - small)
        with self.power(cut):
            if not self.type(long_code(number, DEPOSIT)):
                self.bench.type(str(size))
                if any(self.jams.values()):
                    self.bench.run(9000)  # until another one has popped
        self.opened(number, DEPOSIT)
        for lock in reversed(self.popped):
            if self.bench.locks.doors[lock - 1]:
                if NEEDS[lock - 1] >= self.sizes[number]:
                    self.inside[lock].add(number)
                break

    @rule(n=NUMBERS, cut=st.integers(0, 12))
    def fetches(self, n, cut):
        number = 1 + n % len(self.sizes)
        lock = self.lies(number)
        if not lock or self.wrong >= 5:
            return
        shut = not self.bench.locks.doors[lock - 1]
        well = not self.jams.get(lock, 0)
        with self.power(cut):
            self.type(long_code(number, PICK_UP))
        self.opened(number, PICK_UP)
        if shut and self.whole:
            assert self.popped, f"{number} lies in {lock}, and its code opens nothing"
        if self.bench.locks.doors[lock - 1] and (well or not shut):
            self.inside[lock].discard(number)

    @precondition(lambda self: any(self.bench.locks.doors))
    @rule(n=st.integers(0, 7), cut=st.integers(0, 8))
    def shuts(self, n, cut):
        open_ones = [lock for lock in self.inside if self.bench.locks.doors[lock - 1]]
        lock = open_ones[n % len(open_ones)]
        number, kind = self.for_whom.get(lock, (0, b""))
        self.for_whom.pop(lock, None)
        with self.power(cut):
            self.bench.shut(lock)
        if self.whole and kind == PICK_UP and not self.popped:
            self.dead.add(number)
        for popped in self.popped:  # the other one of who has moved
            assert self.inside[popped] <= {number}, f"lock {popped} opened after {lock}, with a parcel of another one"
            self.for_whom[popped] = number, kind
            self.inside[popped].discard(number)

    @precondition(lambda self: self.wrong < MOST_WRONG)
    @rule(n=NUMBERS, digit=st.integers(0, 9), by=st.integers(1, 9), kind=st.sampled_from((DEPOSIT, PICK_UP)))
    def mistypes(self, n, digit, by, kind):
        right = long_code(1 + n % len(self.sizes), kind)[:10]
        typed = right[:digit] + str((int(right[digit]) + by) % 10) + right[digit + 1 :]
        self.wrong, self.short = self.wrong + 1, self.short + 1
        assert self.bench.type(typed) == [], f"{typed} is no code"

    @precondition(lambda self: self.wrong < MOST_WRONG and self.dead)
    @rule(n=NUMBERS, kind=st.sampled_from((DEPOSIT, PICK_UP)))
    def tries_a_code_of_the_past(self, n, kind):
        number = sorted(self.dead)[n % len(self.dead)]
        self.wrong, self.short = self.wrong + 1, self.short + 1
        assert self.bench.type(long_code(number, kind)[:10]) == [], f"delivery {number} is over"

    @rule(lock=st.integers(1, 8), pulses=st.integers(0, 3))
    def jams_a_latch(self, lock, pulses):
        self.jams[lock] = pulses

    @rule()
    def fails_for_a_moment(self):
        self.starts()

    @rule(ms=st.sampled_from((100, 500, 2000, 6000)))
    def time_passes(self, ms):
        self.bench.run(ms)

    @precondition(lambda self: self.waits > 0)
    @rule()
    def deposit_codes_end(self):
        self.waits -= 1
        self.bench.run(125_000)

    @rule()
    def sends_another(self):
        """The next delivery: its key comes while there is a link."""
        number = len(self.sizes) + 1
        if number <= 6:
            self.bench.stock_comes(number)
            self.sizes[number] = 1 + number % 3

    def teardown(self):
        """Nothing is lost: in the end each parcel comes out by its code, and then the code is dead."""
        if not hasattr(self, "bench"):
            return
        self.jams = {}
        for lock in self.inside:
            if self.bench.locks.doors[lock - 1]:
                self.popped = []
                self.bench.shut(lock)
        for number in sorted(self.sizes):
            if self.lies(number):
                self.comes_out(number)

    def comes_out(self, number):
        self.popped, self.whole = [], True
        self.bench.type(long_code(number, PICK_UP))
        self.bench.run(6000)
        for _ in range(3):
            self.bench.run(1000)  # nobody shuts a leaf before its contact was read
            self.opened(number, PICK_UP)
            for lock in [lock for lock in self.popped if self.bench.locks.doors[lock - 1]]:
                self.inside[lock].discard(number)
                self.popped = []
                self.bench.shut(lock)
        assert not self.lies(number), (
            f"the parcel of {number} lies in {self.lies(number)}, and its code does not open it"
        )
        self.popped = []
        self.bench.type(long_code(number, PICK_UP))
        assert self.popped == [], f"the code of {number} works a second time"


def stories(count):
    return settings(
        max_examples=count,
        stateful_step_count=30,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_some_stories():
    run_state_machine_as_test(seed(1)(Stories), settings=stories(20))


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_ten_thousand_stories():
    run_state_machine_as_test(Stories, settings=stories(int(os.environ.get("STORIES", "10000"))))
