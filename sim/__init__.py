"""The simulator: the same firmware on a simulated chip, in virtual time or as a board in real time."""

from . import mcu  # noqa: F401 - importing it makes `machine` and its like importable for the firmware
