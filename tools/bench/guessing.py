"""How likely it is that somebody guesses a code of a bank within a day: by calculation, and by trying it.

One in a million cannot be tried. So the firmware's own code entry, tries, stock and journal are played with codes of so
few proofs (access/codes.py) that guesses hit now and then; the limits are those that boards have. The chance of a guess
goes with the number of proofs, so what is found is counted back.

Who guesses knows everything but the keys. Each slot has a parcel that was put in a moment ago, so that both its codes
open it. A friend has deliveries go well, so that there is no pause. He cuts the power now and then, and puts his tries
where two windows of 24 hours meet: short codes as long as they are taken, then all thirteen digits.
"""

import math
from random import Random
from types import SimpleNamespace
from typing import Any

from tools.bench.goals import goal
from tools.bench.storage import HostPartition
from tools.simulate.run import import_path

DAY_S = 86_400
KEYS_S = 5  # a code takes so long to type
BOTH = 2  # codes of a delivery that open something, for two minutes after it was put in
PROOFS = 40  # in place of 39,062,500
DAYS = 60  # each another bank
CUT_EVERY = 7  # codes, then the power goes
UTC = 1_795_305_600
CHANCE = 1e-6
SURE = 2.58  # standard deviations: 99 % of all samples lie within
TICKS = (1 << 30) - 1

Figures = dict[str, Any]


class GuessedBank:
    """The code entry of a bank and what it stands on. Nothing opens there; what would have is counted.

    alone: no friend's delivery goes well between two guesses, and the power, after which a pause begins anew, stays.
    """

    def __init__(self, chance: Random, alone: bool = False) -> None:
        from firmware.controller.access.codes import SLOTS
        from firmware.controller.deliveries import Deliveries
        from firmware.controller.storage.stock import LIES, Delivery, Stock

        self.chance = chance
        self.alone = alone
        self.seconds = self.typed = 0
        self.hits: list[tuple[int, int]] = []  # (seconds, digits)
        self.looked: list[tuple[int, int]] = []  # the same, of all that were looked at
        self._flash = HostPartition(2)
        known: Any = Deliveries.__new__(Deliveries)  # which compartments there are does not matter to a code
        known.stock, known._runs, known._again = Stock(HostPartition(7)), {}, {}
        for number in range(1, SLOTS + 1):
            one = Delivery()
            one.number, one.state, one.compartment, one.seen, one.key = number, LIES, 1, 1, chance.randbytes(16)
            known.stock.set(one)
            known._again[number] = 0
        self._known = known
        self.deliveries: Any = SimpleNamespace(
            find=self._find, stock=known.stock, pick_up=lambda one: True, expect=lambda now: None, failed=False
        )
        self._start()

    def _start(self) -> None:
        """Power comes: what is not on flash is forgotten."""
        from firmware.controller.code_entry import CodeEntry
        from firmware.controller.storage.state import StateJournal

        unit = SimpleNamespace(pins=SimpleNamespace(signal=SimpleNamespace(show=lambda pattern, now: None)))
        loop: Any = SimpleNamespace(
            doors=[unit], frames=[], journal=StateJournal(self._flash), record=lambda *told: None,
            clock=SimpleNamespace(utc=lambda now: UTC + self.seconds),
        )  # fmt: skip
        self.entry = CodeEntry({"door": 1}, loop, self._now)
        self.entry.deliveries = self.deliveries

    @property
    def _now(self) -> int:
        return self.seconds * 1000 & TICKS

    def _find(self, digits: bytes) -> Any:
        found = self._known.find(digits)
        self.looked.append((self.seconds, len(digits)))
        if found[0] is not None:
            self.hits.append(self.looked[-1])
        return found

    def guess(self, digits: int) -> bool:
        """Types a code that may be one. Whether it was looked at."""
        from firmware.controller.access.codes import SLOTS

        before = len(self.looked)
        value = self.chance.randrange(PROOFS) * SLOTS + self.chance.randrange(SLOTS)
        self.entry._code(f"{value:010d}{self.chance.randrange(1000):03d}"[:digits].encode(), self._now)
        self.seconds += KEYS_S
        self.typed += 1
        if not self.alone:
            self.entry.moved()
        if self.typed % CUT_EVERY == 0 and not self.alone:
            self._start()
        return len(self.looked) > before

    def wait(self, seconds: int) -> None:
        """Ticks may not wrap unseen."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + DAY_S)
            self.entry.tries.pauses(self._now)

    def guess_all(self) -> None:
        """As many as are taken: short ones first, then long ones."""
        from firmware.controller.access.codes import LONG, SHORT

        for digits in (SHORT, LONG):
            while self.guess(digits):
                pass

    def worst_day(self, found: list[tuple[int, int]]) -> list[int]:
        """Of these the digits of those within the worst 24 hours."""
        times = [at for at, _ in self.looked]
        begin = max(
            times, key=lambda at: sum(at <= other < at + DAY_S for other in times[:: max(1, len(times) // 500)])
        )
        return [digits for at, digits in found if begin <= at < begin + DAY_S]


def where_windows_meet(bank: GuessedBank) -> None:
    """One guess begins a window; the others come at its end, and all of the next one's at once after."""
    from firmware.controller.access.codes import SHORT
    from firmware.controller.access.tries import LONG_TRIES, SHORT_TRIES

    bank.guess(SHORT)
    bank.wait(DAY_S - (LONG_TRIES + SHORT_TRIES + 10) * KEYS_S)
    bank.guess_all()
    bank.wait(max(0, DAY_S - bank.seconds))
    bank.guess_all()


def calculated() -> float:
    """The chance a bank and day at most, whatever somebody does: access/tries.py."""
    from firmware.controller.access import codes, tries

    short, long = 2 * tries.SHORT_TRIES, 2 * tries.LONG_TRIES
    return BOTH * (short / codes._PROOFS + long / (codes._PROOFS * 10 ** (codes.LONG - codes.SHORT)))


def measure(days: int = DAYS, seed: int = 1) -> Figures:
    import_path()
    import sim.virtual.controller  # noqa: F401  the firmware's names for what a chip has
    from firmware.controller.access import codes

    chance = Random(seed)
    proofs = codes._PROOFS
    most = calculated()
    codes._PROOFS = PROOFS
    try:
        expected = calculated()
        worst: list[list[int]] = []
        hits: list[int] = []
        for _ in range(days):
            bank = GuessedBank(chance)
            where_windows_meet(bank)
            worst.append(bank.worst_day(bank.looked))
            hits += bank.worst_day(bank.hits)
    finally:
        codes._PROOFS = proofs
    short = max(day.count(codes.SHORT) for day in worst)
    back = PROOFS / proofs / days
    spread = SURE * math.sqrt(max(1, len(hits)))
    found = [max(0.0, (len(hits) + way * spread) * back) for way in (-1, 0, 1)]
    off = abs(len(hits) - expected * days) / math.sqrt(expected * days)
    return {
        "days": days,
        "proofs": {"tried": PROOFS, "real": proofs},
        "codes_looked_at": {"short": short, "long": max(len(day) for day in worst) - short},
        "hits": len(hits),
        "hits_expected": round(expected * days, 1),
        "chance": {"calculated": most, "found": found[1], "99 % of samples": [found[0], found[2]]},
        "goals": [
            goal("guessed a bank and day", most, "chance", CHANCE),
            goal("tried and calculated differ", round(off, 2), "sigma", SURE),
        ],
    }  # fmt: skip
