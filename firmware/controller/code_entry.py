"""Code entry: keys at the keypad of a bank become a code, and that opens a compartment, or not.

Ten digits and #, or all thirteen; who brings a parcel then types its size and #. A scanner of QR codes types thirteen;
what is wrong is counted as from the keys. Loaded where a bank has sizes.
"""

from machine import Pin
from micropython import const

from . import ticks
from .access.codes import DEPOSIT, LONG, SHORT, SIZES
from .access.tries import SHORT_TRIES, Tries
from .door_unit import KEYS
from .events import CODE_WRONG, CODES_LONG, NO_ROOM
from .outputs import patterns, signal
from .readers.keypad import Keypad, is_key
from .readers.wiegand import Wiegand

TRIES = 80  # kind of state (storage/state.py)
_SIZE_MS = const(30000)  # within which a size is typed
FULL = b"\x4a\x08\x4a\x08\x4a"  # three long ones: no room
PAUSE = b"\x41\x03\x41\x03\x41\x03\x41\x03\x41\x03\x41"  # too many wrong ones: nothing is looked at for a while
LONGER = b"\x4a\x03\x41\x03\x41\x03\x41"  # all thirteen digits are asked for


class CodeEntry:
    """table: `keypad` of a bank: a door whose reader it is, or the pins of one of its own."""

    def __init__(self, table, loop, now):
        self._loop = loop
        self.deliveries = None
        self.cards = None  # own_compartments.py, where the reader takes cards
        self._keypad = Keypad(None)
        self._typed = 0  # digits without an end
        self._number = 0  # of the delivery whose size is awaited, until then:
        self._until = None
        self.tries = Tries(loop.journal.get(TRIES), now)
        self._door = table.get("door", 0)
        self._reader = self._scanner = None
        if "scanner" in table:
            from .readers.scanner import Scanner

            self._scanner = Scanner(table["scanner"], now)
        if self._door:
            self._signal = loop.doors[self._door - 1].pins.signal
            loop.frames.append(self._takes)
        else:
            self._signal = signal.Signal(Pin(table["light"], Pin.OUT, value=1), Pin(table["sound"], Pin.OUT, value=1))
            pins = [Pin(table[name], Pin.IN, Pin.PULL_UP) for name in ("d0", "d1")]
            self._reader = Wiegand(pins[0], pins[1], loop.wake)
            # While a key comes in no flash is erased. A list of readers would cost every other board 96 bytes.
            self._others_quiet = loop.quiet
            loop.quiet = self._quiet

    def watch(self, now):
        reader = self._reader
        if reader:
            frame = reader.poll(now)
            if frame is not None:
                if is_key(frame[0], frame[1]):
                    self._key(frame[1], now)
                else:
                    self._card(frame, now)
            self._signal.tick(now)
        scanned = self._scanner.poll(now) if self._scanner else None
        if scanned is not None:
            self._signal.show(self._code(scanned, now), now)
        if ticks.passed(self._until, now):
            self._until = None
        self.tries.pauses(now)
        self._keypad.forget(now)
        if self.cards:
            self.cards.forget(now)
        if self.deliveries.failed:
            self.deliveries.failed = False
            self._signal.show(FULL, now)

    def deadline(self):
        reader, due = self._reader, self._until
        if self._scanner:
            due = ticks.soonest(due, self._scanner.deadline())
        return ticks.soonest(due, ticks.soonest(reader.deadline(), self._signal.deadline())) if reader else due

    def _quiet(self):
        return self._reader.deadline() is None and self._others_quiet()

    def moved(self):
        """A delivery went on: whoever stands there is no guesser."""
        if self.tries.row:
            self.tries.row = 0
            self._loop.journal.set(TRIES, self.tries.kept())

    def _takes(self, unit, frame, now):
        """A key at the door's reader. PINs come first, where that door asks for them."""
        bits, number = frame
        if unit.number != self._door or not is_key(bits, number):
            return False
        self._key(number, now)
        return True

    def _card(self, frame, now):
        bits, number = frame
        known = self.cards and number is not None and bits > KEYS
        shown = self.cards.tap(frame, now) if known else signal.MISREAD
        if shown:
            self._signal.show(shown, now)

    def _key(self, number, now):
        self._typed = self._typed + 1 if number & 15 < 10 else 0
        if self._typed >= (SHORT if self._until is None else 1):
            self.deliveries.expect(now)
        digits = self._keypad.key(number, now)
        self._signal.show(patterns.KEY, now)
        if digits:
            size = digits[0] - 48 if len(digits) == 1 else 0
            if self._until is not None and 1 <= size <= len(SIZES):
                self._until = None
                done = self.deliveries.deposit(self._number, size, now)
                self._signal.show(signal.GRANTED if done else FULL, now)
            else:
                self._signal.show(self._code(digits, now), now)

    def _code(self, digits, now):
        """Looks at a code. Returns what is shown."""
        tries, length = self.tries, len(digits)
        utc = self._loop.clock.utc(now)
        if digits == b"0" and self.cards:
            return self.cards.leave(now)
        if length not in (SHORT, LONG):
            return signal.MISREAD
        self._until = None
        if tries.pauses(now):
            return PAUSE
        if not tries.bears(length, utc):
            return LONGER if length == SHORT else PAUSE
        if self.deliveries.stock.is_worn:
            return FULL
        one, kind = self.deliveries.find(digits)
        if one is None:
            self._wrong(length, utc, now)
            return signal.DENIED
        if kind != DEPOSIT:
            return signal.GRANTED if self.deliveries.pick_up(one) else signal.DENIED
        if one.state == 0 and not self.deliveries.has_room():
            self.deliveries.tell(NO_ROOM, now, 0, 0, one.number)
            return FULL
        self._number, self._until = one.number, ticks.add(now, _SIZE_MS)
        return patterns.ARMED

    def _wrong(self, length, utc, now):
        """It is counted on flash before anybody learns of it."""
        tries, loop = self.tries, self._loop
        tries.wrong(length, utc, now)
        loop.journal.set(TRIES, tries.kept())
        loop.record(CODE_WRONG, now, 0, tries.row)
        if length == SHORT and tries.short == SHORT_TRIES:
            loop.record(CODES_LONG, now, 0, tries.short)
