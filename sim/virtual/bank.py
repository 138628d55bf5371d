"""The bank of one virtual board: its compartments and its line of lock boards in virtual time, and what ails them."""

from random import Random

from sim.world import bank as world
from sim.world.lock_boards import LockBoard
from sim.world.tables import Table

from .chip import VirtualChip
from .doorway import Doorway
from .osdp import spoiled
from .scheduler import MS, SECOND, Scheduler

TROUBLE_US = 8 * SECOND  # so long trouble of a line may be felt after it is over: a silent board is asked once a second
HESITATES_US = 300 * MS  # a leaf whose latch did not catch springs open again within


class VirtualBank:
    """table: `bank` of board.json. bank: its compartments."""

    def __init__(self, table: Table, chip: VirtualChip, scheduler: Scheduler) -> None:
        locks = table["locks"]
        self.table = table
        self.scheduler = scheduler
        self.bank = world.Bank(locks["locks"] * len(locks["addresses"]))
        self.line = world.line(self.bank, locks, lambda: scheduler.now)
        self.most = max(1, table["supply_ma"] // table["coil_ma"])  # coils with current at once
        self.left_open_us = table.get("left_open_s", 120) * SECOND
        self.troubled_until = 0
        self.de: int | None = locks.get("de")  # the direction pin; it has a resistor to ground
        self._each: int = locks["locks"]
        pins = table.get("keypad", {})
        # A reader of its own is no door; what is read there is told as of the door whose rules hold (`cards`).
        wires = {"reader": pins, "strike": {"pin": -1, "active": 1}}
        self.reader = Doorway("reader of the bank", 0, wires, scheduler)
        if "d0" in pins:
            self.reader.wire(chip)
        chip.uarts[locks["uart"]] = self.line

    def board_of(self, n: int) -> LockBoard:
        return self.line.boards[(n - 1) // self._each]

    def pulse_us(self, n: int) -> int:
        """How long lock n has its current."""
        board = self.board_of(n)
        return int(board.on_ms[-1] * MS if hasattr(board, "on_ms") and board.on_ms else board.pulse_us)

    def shut(self, n: int) -> bool:
        """Somebody pushes the leaf to. False: the latch does not catch, and it springs open again."""
        caught = self.bank.shut(n)
        if not caught:
            self.scheduler.after(HESITATES_US, self.bank.force, n)
        return caught

    # What ails the line. Each returns nothing and ends by itself.

    @property
    def troubled(self) -> bool:
        """Whether what the board reads of it may be late or missing."""
        return self.scheduler.now < self.troubled_until

    def _ails(self, us: int) -> None:
        self.troubled_until = max(self.troubled_until, self.scheduler.now + us + TROUBLE_US)

    def silence(self, chance: Random) -> None:
        """One lock board loses its supply for some seconds or minutes."""
        board, us = chance.choice(self.line.boards), int(chance.expovariate(1 / 30) * SECOND)
        board.dead = True
        self._ails(us)
        self.scheduler.after(us, _set, board, "dead", False)

    def cut(self, chance: Random) -> None:
        """The cable breaks within a frame, and is mended."""
        us = int(chance.expovariate(1 / 30) * SECOND)
        self.line.passes = chance.randrange(40)
        self._ails(us)
        self.scheduler.after(us, _set, self.line, "passes", None)

    def noise(self, chance: Random) -> None:
        """For some seconds every tenth frame loses a byte, gains some, or has a bit turned over."""
        us = chance.randrange(1, 20) * SECOND
        self.line.meddle = lambda data: spoiled(data, chance)
        self._ails(us)
        self.scheduler.after(us, _set, self.line, "meddle", None)

    def lateness(self, chance: Random) -> None:
        """One lock board answers late for a while: after nobody waits any more, or just before."""
        board, us = chance.choice(self.line.boards), chance.randrange(1, 20) * SECOND
        board.late_us = chance.randrange(50, 900) * MS
        self._ails(us)
        self.scheduler.after(us, _set, board, "late_us", 0)

    def mend(self) -> None:
        self.line.passes = self.line.meddle = None
        for board in self.line.boards:
            board.dead, board.late_us = False, 0
        for one in self.bank.compartments:
            one.jams = one.slips = 0


def _set(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)
