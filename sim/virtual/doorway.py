"""One door of a virtual board: leaf, contact, exit button and reader, and what people do there."""

from collections.abc import Callable

from firmware.controller.door_unit import AWAY_MS, KEYS
from sim.world.door import Door
from sim.world.line import SwitchLine
from sim.world.tables import Table
from sim.world.wiegand import INTERVAL_US, PULSE_US

from .chip import VirtualChip
from .osdp import Polled
from .scheduler import MS, SECOND, ScheduledCall, Scheduler

BETWEEN_CARDS_US = 60 * MS  # a reader sends nothing for so long after a card
# Who taps again takes the card away before. The board may have looked late at the first tap, later on a polled line.
AWAY_US = (AWAY_MS + 300) * MS
AWAY_POLLED_US = (AWAY_MS + 2_000) * MS


class Doorway:
    """table: this door's part of board.json. on_strike(released): the strike moved."""

    def __init__(
        self,
        name: str,
        number: int,
        table: Table,
        scheduler: Scheduler,
        on_strike: Callable[["Doorway", bool], None] = lambda doorway, released: None,
    ) -> None:
        self.name = name
        self.number = number
        self.table = table
        self.scheduler = scheduler
        self.on_strike = on_strike
        self.door = Door()
        self.chip: VirtualChip | None = None
        self.pressed = False
        self.let_go_at = -1
        self.moved_at = -SECOND  # when the leaf last moved, and how long it had stood before
        self.before_us = SECOND
        self.on_leaf: Callable[[Doorway], None] = lambda doorway: None  # it moved, and its contact is quiet again
        self.on_press: Callable[[Doorway], None] = lambda doorway: None  # of the exit button
        self.bounces: Callable[[], list[int]] = list  # of one movement: microseconds between the contact's bounces
        self._lines: dict[str, SwitchLine] = {}  # of contact and rex, where the door has them
        self.reader_fault: str | None = None
        self.reader_changed = -1  # when it broke or was mended
        self._reader_free = 0
        self._again: dict[str, int] = {}  # card: when it may be tapped again
        self.polled: Polled | None = None  # its OSDP reader, where it has one
        self._closer: ScheduledCall | None = None

    def wire(self, chip: VirtualChip) -> None:
        """Puts every line on its resting level."""
        self.chip = chip
        for line in ("d0", "d1"):
            if line in self.table["reader"]:
                chip.input(self.table["reader"][line], 1)
        for role, level in (("contact", "open"), ("rex", "active")):
            wire = self.table.get(role)
            if wire:
                self._lines[role] = SwitchLine(wire, chip.input, chip.volts.__setitem__, 1 - wire[level])
                self._lines[role].tell()

    def output(self, pin: int, level: int | None) -> None:
        """The board moved a pin. None: it is not driven, and the strike's own resistor keeps the relay without current.

        A lock that is fail-safe opens then. That is no release by the board.
        """
        strike = self.table["strike"]
        if pin != strike["pin"]:
            return
        idle = 1 if strike.get("fail") == "safe" else 0
        released = idle == 1 if level is None else level == strike["active"]
        if released != self.door.released:
            self.door.strike(released, self._now())
            if level is not None or not idle:
                self.on_strike(self, released)

    # What people do.

    def tap(self, bits: str, about: Callable[[int], None] = lambda began: None) -> None:
        """Holds a card to the reader, once it is free. about(began): called when the last bit is out."""
        start = max(self.scheduler.now, self._reader_free, self._again.get(bits, 0))
        if len(bits) > KEYS:
            self._again[bits] = start + (AWAY_US if self.polled is None else AWAY_POLLED_US)
        if self.polled is not None:
            self._reader_free = start + BETWEEN_CARDS_US
            self.scheduler.at(start, self.polled.tap, bits, about)
            return
        reader = self.table["reader"]
        lines = (reader["d0"], reader["d1"])
        for i, bit in enumerate(bits):
            if self.reader_fault not in ("dead", bit):
                self.scheduler.at(start + i * INTERVAL_US, self.pulse, lines[int(bit)])
        end = start + (len(bits) - 1) * INTERVAL_US + PULSE_US
        self._reader_free = end + BETWEEN_CARDS_US
        self.scheduler.at(end, about, start)

    def busy(self, us: int) -> bool:
        """Whether the reader sends a card, or did so within that time."""
        return self.scheduler.now < self._reader_free + us

    def break_reader(self, fault: str | None) -> None:
        """The reader is "dead", or its wire for "0" or "1" is cut; None: it is mended."""
        if fault != self.reader_fault:
            self.reader_fault, self.reader_changed = fault, self.scheduler.now
            if self.polled is not None:
                self.polled.break_it(fault)

    def push(self, stays_ms: int) -> bool:
        was_open = self.door.open
        gave_way = self.door.push(self._now(), stays_ms)
        if gave_way:
            self._swung(was_open)
        return gave_way

    def force(self, stays_ms: int) -> None:
        was_open = self.door.open
        self.door.force(self._now(), stays_ms)
        self._swung(was_open)

    def press(self, on: bool) -> None:
        """The exit button inside. Where there is none, nothing happens."""
        rex = self.table.get("rex")
        if not rex:
            return
        if self.pressed and not on:
            self.let_go_at = self.scheduler.now
        line = self._lines["rex"]
        if on and not self.pressed and line.fault is None and not line.supervised:
            self.on_press(self)  # on a supervised line a short press may stay unseen
        self.pressed = on
        self._lines["rex"].set(rex["active"] if on else 1 - rex["active"])

    def break_line(self, role: str, fault: str | None) -> None:
        """The cable of "contact" or "rex" is "cut" or "short"; None: mended. What it cannot tell is not judged."""
        if role == "contact":
            self.before_us, self.moved_at = 0, self.scheduler.now
        self._lines[role].break_it(fault)

    def _now(self) -> int:
        return self.scheduler.now // MS

    def _line(self, pin: int, level: int) -> None:
        assert self.chip is not None
        self.chip.input(pin, level)

    def pulse(self, pin: int) -> None:
        self._line(pin, 0)
        self.scheduler.after(PULSE_US, self._line, pin, 1)

    def _swung(self, was_open: bool) -> None:
        if not was_open:
            self._contact(True)
        if self._closer is not None:
            self._closer.cancel()
        assert self.door.deadline is not None
        self._closer = self.scheduler.at(self.door.deadline * MS, self._close)

    def _close(self) -> None:
        self._closer = None
        if self.door.tick(self._now()):
            self._contact(False)

    def _contact(self, is_open: bool) -> None:
        """The contact follows the leaf, at once or after some bounces."""
        contact = self.table.get("contact")
        now = self.scheduler.now
        self.before_us, self.moved_at = now - self.moved_at, now
        if not contact:
            return
        level = contact["open"] if is_open else 1 - contact["open"]
        pauses = self.bounces()
        self._lines["contact"].set(level)
        at = now
        for n, pause in enumerate(pauses[: len(pauses) & -2]):  # there and back: it ends where it should
            at += pause
            self.scheduler.at(at, self._bounce, now, 1 - level if n % 2 == 0 else level)
        if self._lines["contact"].fault is None:
            self.scheduler.at(at, self.on_leaf, self)

    def _bounce(self, moved: int, level: int) -> None:
        if moved == self.moved_at:
            self._lines["contact"].set(level)
