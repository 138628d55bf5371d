"""What a virtual board is wired to beside its doors: fire panel, tamper switches, mains, battery, bell."""

from typing import Any

from sim.world.line import SwitchLine

from .doors import DoorWires

_CHARGED_MV, _EMPTY_SHARE = 13_800, 0.9


class LiveInputs:
    """board: its table. In the beginning everything is well. An input is known by its number, the first is 1."""

    def __init__(self, board: dict[str, Any], wires: DoorWires) -> None:
        self.tables: list[dict[str, Any]] = board.get("inputs", [])
        self.on = [False] * len(self.tables)
        self._wires = wires
        self.lines = {
            number: SwitchLine(one, wires.set_input, wires.set_volts, 1 - one["active"])
            for number, one in enumerate(self.tables, 1)
            if "low_mv" not in one
        }

    def switch(self, number: int, on: bool) -> None:
        """It becomes so, or is over: of a battery, that it is low."""
        self.on[number - 1] = on
        self._put(number)

    def tell(self) -> None:
        """Puts every line on the board's pins: a board that starts has to find the world as it is."""
        for number in range(1, len(self.tables) + 1):
            self._put(number)

    def _put(self, number: int) -> None:
        one, on = self.tables[number - 1], self.on[number - 1]
        if number in self.lines:
            self.lines[number].set(one["active"] if on else 1 - one["active"])
        else:
            mv = one["low_mv"] * _EMPTY_SHARE if on else max(_CHARGED_MV, one["low_mv"] * 1.1)
            self._wires.set_volts(one["pin"], int(mv * 1000 / one.get("ratio", 1)))
