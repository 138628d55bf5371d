"""A supervised line: two resistors at the switch tell a switch from a cut or bridged cable.

1 kΩ in series with the switch and 1 kΩ across it, at the far end; 2.2 kΩ to 3.3 V at the board, so that all the
voltages that tell a switch lie where the ADC is exact (0.15 to 2.45 V at 11 dB: ESP-IDF, "ADC Attenuation"):
bridged 0 V, switch closed (1 kΩ) 1.03 V, switch open (2 kΩ) 1.57 V, cut 3.3 V.
"""

from machine import ADC, Pin
from micropython import const

from .. import clock, ticks
from ..events import LINE_CUT, LINE_SHORT

_LOOK_MS = const(50)
_EDGES = (500, 1300, 2300)  # millivolts from one state to the next
_HYSTERESIS = const(50)  # as much beyond an edge before it counts as crossed
_CLOSED, _OPEN = const(1), const(2)
FAULTS = (LINE_SHORT, 0, 0, LINE_CUT)


def state_of(mv, before):
    """0 bridged, 1 closed, 2 open, 3 cut. before: the state it had."""
    state = 0
    for edge in _EDGES:
        if mv < edge + (_HYSTERESIS if before <= state else -_HYSTERESIS):
            break
        state += 1
    return state


class SupervisedLine:
    """An input like board.Input. active: 1 an open switch means true, 0 a closed one. fault: an event code, or 0.

    `on` keeps its last value while the line is at fault: nobody knows better.
    """

    def __init__(self, pin, active, now):
        self._adc = ADC(Pin(pin), atten=ADC.ATTN_11DB)
        self._active = active
        self._seen = state = state_of(self._mv(), _CLOSED)
        self._due = ticks.add(now, _LOOK_MS)
        self.fault = FAULTS[state]
        self.on = state == _CLOSED + active

    def _mv(self):
        return self._adc.read_uv() // 1000

    def poll(self, now):
        """Whether `on` has changed. Two looks must agree."""
        if not ticks.passed(self._due, now):
            return False
        self._due = ticks.add(now, _LOOK_MS)
        seen = self._seen
        self._seen = state = state_of(self._mv(), seen)
        if state != seen:
            return False
        self.fault = FAULTS[state]
        before = self.on
        if not self.fault:
            self.on = state == _CLOSED + self._active
        return self.on != before

    def deadline(self):
        return self._due


class Nothing:
    """Where nothing is wired: a door without a contact, without an exit button."""

    on = False
    absent = True

    def poll(self, now):
        return False

    def deadline(self):
        return None


def line(table, level):
    """The input that a wire's part of board.json describes: nothing, or a supervised line."""
    return SupervisedLine(table["pin"], table[level], clock.now()) if table else Nothing()
