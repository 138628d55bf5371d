"""What a virtual board is wired to beside its doors: tamper switches, mains, battery, fire panel, bell, alarm relay."""

from sim.world.line import SwitchLine
from sim.world.tables import Table

from .chip import VirtualChip
from .scheduler import SECOND, Scheduler

RESTED_MV = 13_800  # a battery that is being charged


class BoardInputs:
    """board: its table. In the beginning everything is well."""

    def __init__(self, board: Table, scheduler: Scheduler) -> None:
        self.tables: list[Table] = board.get("inputs", [])
        self.scheduler = scheduler
        self.chip: VirtualChip | None = None
        self.on: dict[int, bool] = {}  # by the input's number: whether it is so
        self.alarm = False
        self._alarm: Table | None = board.get("alarm")
        self._lines: dict[int, SwitchLine] = {}
        self._quiet: dict[int, int] = {}  # of a fire input: since when it is quiet again

    def wire(self, chip: VirtualChip) -> None:
        """Puts every line on its resting level."""
        self.chip = chip
        for number, one in enumerate(self.tables, 1):
            self.on[number] = False
            if "low_mv" in one:
                self.battery(RESTED_MV)
            else:
                line = self._lines[number] = SwitchLine(one, chip.input, self._volts, 1 - one["active"])
                line.tell()

    def output(self, pin: int, level: int | None) -> None:
        if self._alarm is not None and pin == self._alarm["pin"]:
            self.alarm = level == self._alarm["active"]

    # What happens.

    def switch(self, kind: str, on: bool, door: int = 0) -> None:
        """All inputs of that kind (at that door) become so, or are over: "fire", "enclosure", "reader", "mains", ..."""
        for number in self._of(kind, door):
            if self.on[number] and not on:
                self._quiet[number] = self.scheduler.now
            self.on[number] = on
            active = self.tables[number - 1]["active"]
            self._lines[number].set(active if on else 1 - active)

    def break_line(self, kind: str, fault: str | None, door: int = 0) -> None:
        """The cable of such an input is "cut" or "short"; None: it is mended."""
        for number in self._of(kind, door):
            self._lines[number].break_it(fault)

    def battery(self, mv: int) -> None:
        """The voltage of the battery that the board measures."""
        for table in self.tables:
            if "low_mv" in table:
                self._volts(table["pin"], int(mv * 1000 / table.get("ratio", 1)))

    # What others ask.

    def burns(self, door: int, since: int | None = None) -> bool:
        """Whether a fire input keeps that door released, or let go of it a moment ago. since: or ever since then."""
        at = self.scheduler.now if since is None else since
        for number in self._of("fire", 0):
            one = self.tables[number - 1]
            relock = one.get("relock", 0)
            if door in one["doors"]:
                lasts = 1 << 60 if relock == "reset" else (relock + 1) * SECOND
                if self.on[number] or (number in self._quiet and at < self._quiet[number] + lasts):
                    return True
        return False

    def _of(self, kind: str, door: int) -> list[int]:
        """Raises ValueError when the board has none: a story that switches nothing tells nothing."""
        found = [
            number
            for number, one in enumerate(self.tables, 1)
            if one["kind"] == kind and "low_mv" not in one and door in (0, one.get("door", 0))
        ]
        if not found and kind != "fire":
            raise ValueError(f"the board has no input of kind {kind!r}" + (f" at door {door}" if door else ""))
        return found

    def _volts(self, pin: int, uv: int) -> None:
        assert self.chip is not None
        self.chip.volts[pin] = uv
