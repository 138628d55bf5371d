"""The bank of a virtual board in real time: lock boards at a serial port of the chip, leaves, and a keypad."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from sim.world.bank import Bank, lock_boards

from .doors import LIT, KeyWires, press

_FOR_EVER = 1 << 30  # pulses
_SILENT_S = 2.0  # a keypad that makes no sound for so long reads no keys


class BankWires(KeyWires, Protocol):
    """What a bank needs of a virtual board."""

    def feed_uart(self, number: int, data: bytes) -> None: ...


class LiveBank:
    """table: the board's. opened(n): is told when a leaf springs open. Only banks at lock boards on a serial line."""

    def __init__(self, table: dict[str, Any], wires: BankWires, opened: Callable[[int], None]) -> None:
        locks = table["bank"]["locks"]
        self._uart = int(locks["uart"])
        self._wires = wires
        self.bank = Bank(locks["locks"] * len(locks["addresses"]))
        self.bank.on_open = self._sprang_open
        self._opened = opened
        self.typed_at = self.opened_at = 0.0  # when the last key was pressed, and when the last leaf opened
        self._boards = lock_boards(self.bank, locks)
        keypad = table["bank"].get("keypad")
        if keypad and "door" in keypad:
            keypad = table["doors"][keypad["door"] - 1]["reader"]
        self._keypad: dict[str, Any] | None = keypad
        self.lit = False  # the light of its keypad
        self._heard = asyncio.Event()
        self._typing = asyncio.Lock()  # one person at a time

    def hear(self, uart: int, data: bytes) -> None:
        """The chip sends these bytes on one of its serial ports; boards answer after their time."""
        if uart != self._uart:
            return
        now_us = time.monotonic_ns() // 1000
        for board in self._boards:
            for wait_us, answer in board.hear(data, now_us):
                loop = asyncio.get_running_loop()
                loop.call_later(wait_us / 1_000_000, self._wires.feed_uart, uart, answer)

    async def type(self, keys: str) -> int:
        """Somebody presses keys of the bank's keypad, each when the one before was heard. Returns how many were heard.

        Raises ValueError: it has no keypad.
        """
        if self._keypad is None:
            raise ValueError("this bank has no keypad")
        async with self._typing:
            for place, key in enumerate(keys):
                self._heard.clear()
                self.typed_at = time.perf_counter()
                await press(self._wires, self._keypad["d0"], self._keypad["d1"], key)
                try:
                    await asyncio.wait_for(self._heard.wait(), _SILENT_S)
                except TimeoutError:  # it has no power
                    return place
        return len(keys)

    def jam(self, n: int, on: bool) -> None:
        """From now on current moves nothing at its lock; or it is mended."""
        self.bank[n].jams = _FOR_EVER if on else 0

    def force(self, n: int) -> None:
        """Somebody opens it with a crowbar."""
        self.bank.force(n)

    def shut(self, n: int) -> bool:
        """Somebody pushes a leaf to. False: its latch does not catch."""
        return self.bank.shut(n)

    def output(self, pin: int, level: int) -> bool:
        """An output of the board moved. True when it was the light of the keypad."""
        if self._keypad is None:
            return False
        if pin == self._keypad["sound"]:  # every key that is read makes a sound
            self._heard.set()
        if pin != self._keypad["light"]:
            return False
        self.lit = level == LIT
        return True

    def power_lost(self) -> None:
        self.lit = False

    def _sprang_open(self, n: int) -> None:
        self.opened_at = time.perf_counter()
        self._opened(n)

    @property
    def standing_open(self) -> list[int]:
        return [n for n in self.bank.numbers if self.bank[n].open]


def has_lines(table: dict[str, Any]) -> bool:
    """Whether the bank of a board is one that can be made here."""
    return "uart" in table.get("bank", {}).get("locks", {})
