"""The cable from a board to a switch, as its part of board.json wires it: digital, or supervised by two resistors.

What a supervised line puts on the pin is told in boards/esp32-two-door-supervised/wiring.md.
"""

from collections.abc import Callable
from typing import Any

CUT, SHORT = "cut", "short"
# Microvolts behind 2.2 kΩ to 3.3 V: an open switch has 2 kΩ, a closed one 1 kΩ.
_PULL, _SUPPLY_UV = 2_200, 3_300_000
_OHMS = {0: 1_000, 1: 2_000}


class SwitchLine:
    """table: the wire. put(pin, level), volts(pin, microvolts): what the board sees. level 1 is an open switch."""

    def __init__(
        self, table: dict[str, Any], put: Callable[[int, int], None], volts: Callable[[int, int], None], level: int
    ) -> None:
        self.pin: int = table["pin"]
        self.supervised = bool(table.get("supervised"))
        self.fault: str | None = None
        self.level = level
        self._put = put
        self._volts = volts

    def set(self, level: int) -> None:
        """The switch moves."""
        self.level = level
        self.tell()

    def break_it(self, fault: str | None) -> None:
        """The cable is cut or bridged; None: it is mended."""
        self.fault = fault
        self.tell()

    def tell(self) -> None:
        """What lies on the pin now."""
        if not self.supervised:
            self._put(self.pin, {CUT: 1, SHORT: 0}.get(self.fault or "", self.level))
        elif self.fault is None:
            ohms = _OHMS[self.level]
            self._volts(self.pin, _SUPPLY_UV * ohms // (ohms + _PULL))
        else:
            self._volts(self.pin, _SUPPLY_UV if self.fault == CUT else 0)
