"""Lock boards on one serial line of two wires: asked one after the other, opened once, and nobody waits for them.

A family (lock_xor.py, ...) knows the frames; this knows who is asked, what counts as an answer, and when the line is
free. An answer counts when nothing has come for a moment, it is whole, of who was asked, and of the kind that was
asked for. After each missing answer the line is emptied and left alone for a while. Then its board is asked two kinds
of questions in an order of which no five in a row come again, and is believed once it has answered five: so it owes no
answer, however late it is. Libraries that go by the order of answers are wrong by one from then on, and do not know it.

To open a lock is sent once, whatever comes back: what it has done is read from its contact.
"""

from array import array

from machine import UART, Pin, Timer
from micropython import const

from .. import ticks
from .lock_queue import EXPECTS_MS, LockQueue
from .locks import AGAIN, ECHO, LATE, MISFORMED, OTHER, REFUSED, SILENT

_POLL_MS = const(250)  # each board is asked so often, or as often as the line can
_SILENT_MS = const(1000)  # and one that is silent
_GAP_MS = const(10)  # nothing has come for so long: what came is whole
_LOOK_MS = const(10)
_FIRST_LOOK_MS = const(20)  # an answer that comes at once is whole by then
_TURN_MS = const(5)  # from an answer to the next question: 3.5 characters at 9600 baud are 4 ms
_REST_MS = const(60)  # a line that was in trouble must be quiet for so long
_REST_MOST_MS = const(500)  # but one that is never quiet is used all the same
_MISSES = const(3)  # until a board counts as silent
_TELL_MS = const(600000)  # the same of the same board is told so often at the most
_ORDER = const(0x2BB1F348)  # of two kinds of questions: x^5 + x^2 + 1, 31 of them, each five in a row once
_PROOFS = const(5)
_FIRST = const(3)  # where in that order the other kind comes first
_KINDS = const(248)  # eight times that order, and a number that fits into a byte
_ROOM = const(64)  # more than twice the longest answer
_FREE, _WAITS, _RESTS = const(0), const(1), const(2)


class Line(LockQueue):
    """family: of lock_*.py. table: `locks` of a bank."""

    def __init__(self, family, table, now):
        count, each = len(table["addresses"]), table["locks"]
        self._row = row = (each + 7) // 8
        super().__init__(count * each, count * row, table["sensor"])
        self.pulse_ms = table.get("pulse_ms", family.pulse_ms)
        self._family = family
        self._addresses = bytes(table["addresses"])
        self._each = each
        self._missed = bytearray(count)  # so many questions in a row
        self._doubts = bytearray(count)  # it may owe answers: which of _ORDER is asked next, from 1; 0: it owes none
        self._proofs = bytearray(count)  # so many it has answered in that order
        self._told = bytearray(count)
        self._dues = array("i", [now] * count)
        self._poll_ms = table.get("poll_ms", _POLL_MS)
        self._answer_ms = table.get("answer_ms", family.answer_ms)
        self._baud = table.get("baud", family.baud)
        self._uart = UART(table["uart"], self._baud, tx=table["tx"], rx=table["rx"], timeout=0)
        self._drives = None  # the pin by which we drive the line; a transceiver may know by itself when to
        if "de" in table:
            self._drives = Pin(table["de"], Pin.OUT, value=0)
            self._timer = Timer(table["uart"])
            self._quiet = self._let_go
        self._rx = bytearray(_ROOM)
        self._frame = bytearray(16)
        self._views = {}  # length: our frames as they go out; a view each time would be garbage each time
        self._have = self._seen = self._sent = self._odd = 0
        self._state = _FREE
        self._asked = self._turn = 0
        self._opens = 0  # the lock that the frame opens, 0: it asks
        self._back = -1  # the board whose lock was opened: its contacts are read before anything else is opened
        self._echoes = False
        self._expects = None
        self._due = self._until = now
        self._forgets = ticks.add(now, _TELL_MS)

    # The contract of README.md.

    def busy(self):
        return self._queued > 0 or self._opens > 0

    def deadline(self):
        return self._due

    def expect(self, now):
        self._expects = ticks.add(now, EXPECTS_MS)

    def watch(self, now):
        if ticks.diff(now, self._due) < 0:
            return
        if self._state == _WAITS:
            self._hear(now)
        elif self._state == _RESTS:
            self._rest(now)
        elif self._uart.any():  # somebody speaks unasked: nobody else does until he is done
            self._leave_alone(0, now)
            self._rest(now)
        else:
            self._go_on(now)

    def _hurry(self, now):
        if self._state == _FREE and ticks.diff(self._due, now) > _TURN_MS:
            self._due = now

    def _place(self, n):
        n -= 1
        return n // self._each * self._row * 8 + n % self._each

    # Who is next.

    def _go_on(self, now):
        if ticks.diff(now, self._forgets) >= 0:
            self._forgets = ticks.add(now, _TELL_MS)
            for board in range(len(self._told)):
                self._told[board] = 0
        back, self._back = self._back, -1
        if back >= 0:
            self._ask(back, now)
        elif self._queued:
            self._open(now)
        else:
            self._ask_next(now)

    def _ask_next(self, now):
        """The board whose turn has come; none: until then."""
        expects, self._expects = self._expects, None  # kept for days it would lie in the future
        if expects is not None and not any(self._doubts):  # what is in doubt has to be asked some times
            self._due = expects
            return
        dues = self._dues
        count = len(dues)
        for i in range(count):
            turn = (self._turn + i) % count
            if ticks.diff(now, dues[turn]) >= 0:
                self._turn = turn + 1
                self._ask(turn, now)
                return
        self._due = self._soonest()

    def _soonest(self):
        """When the turn of the next board comes."""
        soonest = None
        for due in self._dues:
            soonest = ticks.soonest(soonest, due)
        return soonest

    def _ask(self, board, now):
        family = self._family
        doubt = self._doubts[board]
        other = doubt > 0 and _ORDER >> doubt % 31 & 1 > 0
        size = family.ask(self._frame, self._addresses[board], other)
        self._send(board, 0, size, self._answer_ms, now)

    def _open(self, now):
        self._expects = None  # what it did is asked at once
        n = self._next()
        board, lock = divmod(n - 1, self._each)
        family = self._family
        size = family.open(self._frame, self._addresses[board], lock)
        self._back = board
        self._send(board, n, size, family.opens_ms, now)

    def _send(self, board, opens, size, wait_ms, now):
        if size not in self._views:
            self._views[size] = memoryview(self._frame)[:size]
        self._have = self._seen = self._odd = 0
        out_ms = size * 10000 // self._baud + 1
        if self._drives is not None:
            self._drives.value(1)
        self._uart.write(self._views[size])
        if self._drives is not None:
            self._timer.init(mode=Timer.ONE_SHOT, period=out_ms, callback=self._quiet)
        self._state = _WAITS
        self._asked, self._opens, self._sent = board, opens, size
        in_ms = (size + _ROOM // 2) * 10000 // self._baud  # an echo, and the longest answer
        self._until = ticks.add(now, out_ms + wait_ms + in_ms)
        self._due = ticks.add(now, out_ms + _FIRST_LOOK_MS)

    def _let_go(self, timer):
        """The last byte is out: the line is the boards'."""
        self._drives.value(0)

    # What comes back.

    def _hear(self, now):
        count = self._uart.any()
        over = ticks.diff(now, self._until) >= 0
        if count != self._seen and not over:
            self._seen = count
            self._due = ticks.add(now, _GAP_MS)
            return
        if count:
            self._take()
            if self._answered(now):
                self._state = _FREE
                self._opens = 0
                self._due = ticks.add(now, _TURN_MS)
                if not self._queued and self._back < 0:
                    soonest = self._soonest()
                    if ticks.diff(soonest, self._due) > 0:
                        self._due = soonest
                return
        if over:
            self._give_up(now)
        else:
            self._due = ticks.add(now, _LOOK_MS)

    def _take(self):
        self._seen = 0
        have = self._have
        if have == 0 or have == _ROOM:
            self._have = self._uart.readinto(self._rx) or 0
        else:
            self._have = have + (self._uart.readinto(memoryview(self._rx)[have:]) or 0)

    def _answered(self, now):
        """Whether what was asked for is among what came. The rest is told."""
        family, rx, have = self._family, self._rx, self._have
        asked = self._addresses[self._asked]
        at = self._odd = 0
        echoed = found = False
        while at < have:
            size = family.frame(rx, at, have)
            right = size > 0 and family.address == asked and family.fits
            if not echoed and self._is_own(at) and (not right or self._echoes):
                echoed = True
                at += self._sent
            elif right:
                self._right(at, now)
                found = True
                at += size
            elif size:
                self._strange()
                at += size
            else:
                self._odd += 1
                at += 1
        if echoed:
            self._tell(self._asked, ECHO)
        if not self._opens:
            self._echoes = echoed
        return found

    def _is_own(self, at):
        """Whether our own frame lies there."""
        rx, frame = self._rx, self._frame
        if at + self._sent > self._have:
            return False
        for i in range(self._sent):
            if rx[at + i] != frame[i]:
                return False
        return True

    def _right(self, at, now):
        """The board has answered."""
        board = self._asked
        if self._family.refused:
            self._tell(board, REFUSED)
            if not self._opens:
                self._miss(board, now)  # an answer without contacts is none
            return
        if self._opens:
            return
        self._dues[board] = now
        if self._doubts[board]:
            self._turn = board  # it goes on at once, so that its contacts are not old for long
            self._proofs[board] += 1
            if self._proofs[board] < _PROOFS:
                self._doubts[board] = self._doubts[board] % _KINDS + 1
                return
            self._doubts[board] = 0
        row = self._row
        if not self._family.contacts(self._rx, at, self._bits, board * row):
            return
        self._was_read(board * row, row)
        if self._missed[board] >= _MISSES:
            self._add(self._addresses[board], AGAIN)
        self._missed[board] = 0
        self._dues[board] = ticks.add(now, self._poll_ms)

    def _doubt(self, board, proofs):
        """It may owe an answer; so many in the right order count as given."""
        self._doubts[board] = self._doubts[board] % _KINDS + 1
        self._proofs[board] = proofs

    def _strange(self):
        """A frame, but not what was asked for."""
        family = self._family
        if family.pushes:
            return
        board = self._addresses.find(bytes((family.address,)))
        if board >= 0 and (board == self._asked or self._doubts[board]):
            if not self._doubts[board]:
                self._doubt(board, 0)
            self._proofs[board] = 0
            self._tell(board, LATE)
        else:
            self._tell(self._asked, OTHER)

    def _overhear(self):
        """What came while nobody is waited for."""
        self._take()
        at = 0
        while at < self._have:
            size = self._family.frame(self._rx, at, self._have)
            if size and not self._is_own(at):
                self._strange()
            at += size or 1
        self._have = 0

    def _give_up(self, now):
        """Nobody is waited for any longer; the line is left alone for a while."""
        board = self._asked
        if self._odd:
            self._tell(board, MISFORMED)
        if self._opens and not self._family.says_opened:
            if not self._doubts[board]:  # what it should say all the same is not of the kind that is asked next
                self._doubts[board] = _FIRST
                self._proofs[board] = _PROOFS - 1
        else:
            self._miss(board, now)
        self._leave_alone(_REST_MS, now)

    def _miss(self, board, now):
        self._doubt(board, 0)
        self._dues[board] = now
        missed = self._missed[board] = min(self._missed[board] + 1, _MISSES + 1)
        if missed >= _MISSES:
            self._dues[board] = ticks.add(now, _SILENT_MS)
        if missed == _MISSES:
            self._lost(board * self._row, self._row)
            self._add(self._addresses[board], SILENT)

    def _leave_alone(self, ms, now):
        self._opens = self._have = self._seen = 0
        self._state = _RESTS
        self._until = ticks.add(now, _REST_MOST_MS)
        self._due = ticks.add(now, ms)

    def _rest(self, now):
        """What still comes is too late. When nothing has come for a while the line is free."""
        count = self._uart.any()
        over = ticks.diff(now, self._until) >= 0
        if count and count != self._seen and not over:
            self._seen = count
            self._due = ticks.add(now, _GAP_MS)
            return
        if count:
            self._overhear()
            if not over:
                self._due = ticks.add(now, _REST_MS)
                return
        self._state = _FREE
        self._go_on(now)

    # What is told.

    def _tell(self, board, what):
        if not self._told[board] & 1 << what:
            self._told[board] |= 1 << what
            self._add(self._addresses[board], what)
