"""OSDP readers on RS-485: a serial line asks one reader after the other and never waits for an answer.

At each deadline the answer to the last question is looked at and the next question goes out, so that a poll costs one
turn of the control loop. What comes meanwhile lies in the UART's own buffer: an erase of flash loses nothing. Loaded
where board.json has `osdp`: a list of lines, {"tx": 17, "rx": 16, "de": 4, "baud": 9600, "poll_ms": 50}.
"""

from binascii import hexlify, unhexlify
from os import urandom

from machine import UART, Pin, Timer
from micropython import const

from .. import clock, ticks
from ..events import NOT_SAVED
from ..forget import forget
from .osdp_codes import KEYLESS, REFUSES
from .osdp_frame import LEAST, find, head, length
from .osdp_reader import Reader
from .osdp_signal import ReaderSignal

_BAUD = const(9600)
_POLL_MS = const(50)
_ANSWER_MS = const(200)  # a reader begins its answer within (clause 5.7); 3 ms are usual
_USUAL_MS = const(4)
_AGAIN_MS = const(10)  # from one look at an answer that is not whole to the next
_GAP_MS = const(20)  # between two bytes of a frame at the most (clause 5.4)
_KEYS_MS = const(1000)  # how often it is seen to that readers have keys
_ROOM = const(256)  # for an answer: what libosdp and Zephyr have for a frame, and more than any answer needs
_KEPT = "osdp"  # the file with their keys, {door: hex digits}


class Bus:
    """One line. number: 1 is UART 1. table: its part of board.json."""

    def __init__(self, number, table):
        self.readers = []
        self._baud = table.get("baud", _BAUD)
        self._uart = UART(number, self._baud, tx=table["tx"], rx=table["rx"], timeout=0)
        self.poll_ms = table.get("poll_ms", _POLL_MS)
        self._drives = None  # the pin by which we drive the line; a transceiver may know by itself when to
        if "de" in table:
            self._drives = Pin(table["de"], Pin.OUT, value=0)
            self._timer = Timer(number)
            self._quiet = self._let_go
        self._rx = bytearray(_ROOM)
        self._long = False  # the answer that comes in is longer than that
        self._patient = False  # it was given more time than usual
        self._have = 0
        self._asked = None  # the reader that is to answer
        self._until = self._grew = 0
        self._views = {}  # length: our frames as they go out; a view each time would be garbage each time
        self._turn = 0
        self._due = clock.now()
        self._checks = None  # when it is seen to keys; None: they were not read yet

    def watch(self, loop, now):
        """Looks at an answer and asks the next question, when it is time to."""
        if ticks.diff(now, self._due) < 0:
            return
        if self._checks is None or ticks.passed(self._checks, now):
            self._see_to_keys(loop, now)
        if self._asked is not None and not self._answered(loop, now):
            return
        self._ask(now)

    def deadline(self):
        return self._due

    def _answered(self, loop, now):
        """Whether the reader that was asked has answered, or is not going to."""
        asked = self._asked
        if self._uart.any():
            self._take()
            self._grew = now
        rx, have = self._rx, self._have
        at = find(rx, have, asked.address) if have >= LEAST else -1
        while at >= 0 and not asked.answer(rx, at, loop, now):
            rx[at] = 0  # looked at
            at = find(rx, have, asked.address)
        if at < 0:
            if have == _ROOM:
                self._make_room(asked)
            over = ticks.diff(now, self._grew) >= _GAP_MS if have else False
            if not over and (ticks.diff(now, self._until) < 0 or self._goes_on(asked, now)):
                self._due = ticks.add(now, _AGAIN_MS)
                return False
            if self._long:
                asked.passed_over(loop, now)
            else:
                begins = head(rx, have, asked.address, False)
                asked.silent(loop, now, length(rx, begins) if begins >= 0 else 0)
        self._asked = None
        return True

    def _goes_on(self, asked, now):
        """Time is over, and an answer has begun: it may take as long as it says, once."""
        at = head(self._rx, self._have, asked.address, True)
        if at < 0 or self._patient:
            return False
        self._patient = True
        self._until = ticks.add(now, length(self._rx, at) * 10000 // self._baud + _GAP_MS)
        return True

    def _make_room(self, asked):
        """No whole answer lies in all that came: what is no part of one goes, and of one that is too long the rest."""
        rx = self._rx
        at = head(rx, _ROOM, asked.address, True)
        if at > 0:
            rx[: _ROOM - at] = rx[at:]
        elif at == 0:
            self._long = True
        self._have = _ROOM - at if at > 0 else LEAST if self._long else 0

    def _take(self):
        """What came in goes behind what is there, as far as there is room."""
        have = self._have
        if not have:
            self._have = self._uart.readinto(self._rx) or 0
            return
        self._have = have + (self._uart.readinto(memoryview(self._rx)[have:]) or 0)

    def _ask(self, now):
        """The reader whose turn has come is asked; none: until then."""
        readers = self.readers
        count = len(readers)
        soonest = None
        for i in range(count):
            turn = (self._turn + i) % count
            reader = readers[turn]
            if ticks.diff(now, reader.due) >= 0:
                self._turn = turn + 1
                self._send(reader, now)
                return
            soonest = ticks.soonest(soonest, reader.due)
        self._due = soonest

    def _send(self, reader, now):
        reader.ask(now)
        size = reader.end
        key = reader.door << 8 | size
        if key not in self._views:
            self._views[key] = memoryview(reader.frame)[:size]
        while self._uart.any():  # an answer that came too late
            self._uart.readinto(self._rx)
        self._have = 0
        self._long = self._patient = False
        out_ms = size * 10000 // self._baud + 1
        if self._drives is not None:
            self._drives.value(1)
        self._uart.write(self._views[key])
        if self._drives is not None:
            self._timer.init(mode=Timer.ONE_SHOT, period=out_ms, callback=self._quiet)
        self._asked = reader
        self._grew = now
        self._until = ticks.add(now, out_ms + _ANSWER_MS + _GAP_MS)
        soon = 2 * out_ms + _USUAL_MS
        self._due = ticks.add(now, max(self.poll_ms // len(self.readers), soon))

    def _let_go(self, timer):
        """The last byte is out: the line is the reader's."""
        self._drives.value(0)

    def _see_to_keys(self, loop, now):
        """Readers get the keys that are kept for them; one is made only while an installer commissions the board."""
        first = self._checks is None
        self._checks = ticks.add(now, _KEYS_MS)
        if first:
            kept = _kept(loop.folder)
            for reader in self.readers:
                reader.key = _key(kept.get(str(reader.door)))
        commissioned = False
        for part in loop.parts:
            commissioned = commissioned or (hasattr(part, "is_on") and part.is_on())
        for reader in self.readers:
            if not commissioned:
                reader.gets = None
            elif reader.secure and not reader.answers and reader.gets is None and reader.why in (KEYLESS, REFUSES):
                kept, key = _kept(loop.folder), reader.key or urandom(16)
                kept[str(reader.door)] = hexlify(key).decode()
                if _keep(loop.folder, kept):  # first: else a reader could have one that we forgot
                    reader.gets = key


def _kept(folder):
    """{number of a door: its reader's key in hex}."""
    from ..storage.settings import load

    kept, _ = load(folder, _KEPT)
    forget("storage/settings")
    return kept


def _keep(folder, kept):
    """Whether there was room for it. What was kept before is kept."""
    from ..storage.settings_save import save

    try:
        save(folder, kept, _KEPT)
    except OSError:
        from ..storage.sectors import fault

        fault(NOT_SAVED, 1)
        return False
    finally:
        forget("storage/settings_save", "storage/settings")
    return True


def _key(text):
    try:
        key = unhexlify(text or "")
    except ValueError:
        key = b""
    return key if len(key) == 16 else None


def fit(table, board):
    """Gives the board its lines, and its doors their OSDP readers, as board.json describes them."""
    lines = [Bus(number, line) for number, line in enumerate(table["osdp"], 1)]
    board.parts = lines + list(board.parts)
    for number, (door, pins) in enumerate(zip(table["doors"], board.doors), 1):
        reader = door["reader"]
        if reader["kind"] == "osdp":
            line = lines[reader.get("line", 1) - 1]
            made = Reader(reader["address"], number, reader.get("secure", True), line.poll_ms, clock.now())
            line.readers.append(made)
            pins.reader, pins.signal = made, ReaderSignal(made)
