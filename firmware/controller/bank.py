"""A bank of compartments at this board: its lock boards, what they say, and what the cloud may have opened.

Loaded where board.json has a bank. A part of the control loop: watch(loop, now), deadline(). With sizes and a keypad it
takes deliveries, as parcels.py says. Lock boards are asked in the loop's rest: most of what they say they have said
before, and a whole step for each byte on their line is more than the chip has time for.
"""

from . import clock, ticks
from .events import LOCK_BOARD_BACK, LOCK_BOARD_SILENT, LOCK_BOARD_STRANGE
from .outputs.locks import AGAIN, SILENT, locks
from .points.compartments import Compartments
from .points.why import ASKED

_NO_DOOR, _DONE_BEFORE = 2, 5  # why a command is refused, as cloud/commands.py says it


def fit(table, board):
    """Adds the bank of board.json to the parts of the board."""
    board.parts = tuple(board.parts) + (Bank(table["bank"], clock.now()),)


class Bank:
    """table: `bank` of board.json."""

    def __init__(self, table, now):
        self.line = locks(table["locks"], now)
        self.compartments = Compartments(
            self.line,
            max(1, table["supply_ma"] // table["coil_ma"]),
            table.get("gap_ms", 50),
            table.get("left_open_s", 120) * 1000,
            now,
        )
        self._table = table
        self._parcels = None
        self._begun = False

    def watch(self, loop, now):
        if not self._begun:
            self._begun = True
            loop.rest = self._rest
            self.compartments.remember(loop.journal)  # what was out of use before this start
        if "sizes" in self._table and not self._parcels:
            from .parcels import Parcels

            self._parcels = Parcels(self._table, self.compartments, loop, now)
        if loop.sync and "do open" not in loop.sync.handlers:
            # As cloud/commands.py has them: "open" expires as soon as a release, and is remembered with those.
            loop.sync.handlers["do open"] = self._open, 0, 30, 64
            loop.sync.handlers["do audit"] = self._audit, 0, 900, 76
        self.line.watch(now)
        while self.line.troubles:
            address, what = self.line.troubles.pop(0)
            code = LOCK_BOARD_SILENT if what == SILENT else LOCK_BOARD_BACK if what == AGAIN else LOCK_BOARD_STRANGE
            loop.record(code, now, 0, address)
        if self._parcels:
            self._parcels.watch(loop, now)
        else:
            self.compartments.watch(loop.record, now)

    def deadline(self):
        """Without that of a question to the lock boards which can wait: _rest() sees to it."""
        due = self.compartments.deadline()
        if self.line.busy():
            due = ticks.soonest(due, self.line.deadline())
        return ticks.soonest(due, self._parcels.deadline()) if self._parcels else due

    def _rest(self, ms, pending):
        """In place of clock.wait: asks the lock boards until they say something new, or something else is due."""
        line = self.line
        now = clock.now()
        due = ticks.add(now, ms)
        while not line.news:
            left, polls = ticks.diff(due, now), ticks.diff(line.deadline(), now)
            if polls >= left:
                clock.wait(max(0, left), pending)
                return
            if polls > 0:
                clock.wait(polls, pending)
                now = clock.now()
                if ticks.diff(line.deadline(), now) > 0:  # something else came first
                    return
            elif pending():
                return
            line.watch(now)

    # Commands (cloud/commands.py).

    def _open(self, sync, loop, fields, now):
        """compartment: its number, or 0 for all of them."""
        number = fields["compartment"]
        if type(number) is not int or not 0 <= number <= self.compartments.count:
            return _NO_DOOR
        if not number:
            self.compartments.ask_all()
            return None
        return None if self.compartments.ask(number, ASKED) else _DONE_BEFORE

    def _audit(self, sync, loop, fields, now):
        return None if self.compartments.audit() else _DONE_BEFORE
