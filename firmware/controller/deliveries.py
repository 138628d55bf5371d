"""Deliveries at a bank: which compartment a parcel is given, and what becomes of it. Decided here, with no network.

Loaded where a bank has sizes. An opening for a delivery is on the log before anything else, then in the stock, then the
lock moves. A start reads the stock, and what the log knows more is done again.
"""

from struct import pack, unpack_from

from esp32 import Partition
from micropython import const

from . import ticks
from .access.codes import DEPOSIT, PICK_UP, SIZES, SLOTS, matches, slot
from .events import (
    COMPARTMENT_CLOSED,
    COMPARTMENT_RELEASED,
    COMPARTMENT_STUCK,
    DELIVERY_CANCELLED,
    DELIVERY_DEPOSITED,
    DELIVERY_PICKED_UP,
    DELIVERY_STRANDED,
    NO_ROOM,
)
from .points.why import TO_DEPOSIT, TO_PICK_UP
from .records import EVENT
from .storage.stock import ENDED, HELD, LIES, Stock

_AGAIN_MS = const(120000)  # after a deposit its code opens once more
_SEEN = const(1)  # of a record: it was shut with a parcel
_KEPT = const(2)  # ... so was the compartment before, which stays his as well
_UNSEEN = const(128)  # extra of DELIVERY_DEPOSITED
_LOOK_BACK = const(512)  # events: what was cut short is at the end of the log, with a few starts behind it
_PIECE = const(16)

# Of these the last one tells what the stock may not know yet.
_TELLING = bytes(
    (COMPARTMENT_RELEASED, DELIVERY_DEPOSITED, DELIVERY_PICKED_UP, DELIVERY_CANCELLED, NO_ROOM, DELIVERY_STRANDED)
)


class Deliveries:
    """sizes: one letter for each compartment. moved(): is told when a delivery went on."""

    def __init__(self, sizes, compartments, loop, moved, now):
        self._log = loop.log
        self._append = loop.recorder.append  # a number is no credential: no door's retention takes it away
        self._compartments = compartments
        self._moved = moved
        self._sizes = bytes([SIZES.index(letter) + 1 for letter in sizes[: compartments.count]])
        self._full = bytearray(len(self._sizes))
        self._runs = {}  # {compartment: (number, DEPOSIT or PICK_UP, size)}: opened for that, until it is shut
        self._again = {}  # {number: until then its deposit code opens again}
        self.failed = False  # since it was asked: a compartment did not open, and there is no other
        self.stock = Stock(_partition(loop.folder))
        self._unsure = self._recall(now)  # compartments whose contact tells what happened while the power was off

    def find(self, digits):
        """(delivery, DEPOSIT or PICK_UP) of a code that opens something now, (None, None) of any other."""
        one = self.stock.get(slot(digits))
        if matches(digits, one.key, DEPOSIT, one.number) and self._may_put_in(one):
            return one, DEPOSIT
        if matches(digits, one.key, PICK_UP, one.number) and one.number and one.state == LIES:
            return one, PICK_UP
        return None, None

    def _may_put_in(self, one):
        """Nothing was yet; or it stands open for that, or was shut a moment ago and not opened by anybody else."""
        if one.state == LIES:
            run = self._runs.get(one.compartment)
            return run[1] == DEPOSIT if run else one.number in self._again
        return one.number > 0 and one.state == HELD

    def has_room(self, size=0):
        return self._free(size) > 0

    def deposit(self, number, size, now):
        """Opens a compartment for a parcel. False: none is free that is large enough, or the delivery is over."""
        one = self.stock.get(number % SLOTS)
        if one.number != number or not self._may_put_in(one):
            return False
        for other, run in self._runs.items():
            if run[0] == number and (one.state == HELD or other != one.compartment):
                return True  # one is about to open
        before, compartments = one.compartment if one.state == LIES else 0, self._compartments
        kept = one.seen & _KEPT  # two are his already
        if before and not compartments.out_of_use(before):
            if one.size == size or kept or compartments.rests(before):  # he may have shut it with his parcel in it
                if before not in self._runs or not compartments.line.is_open(before):
                    self._put_in(before, number, one.size)
                return True
        compartment = 0 if kept else self._free(size)
        if not compartment:
            self.tell(NO_ROOM, now, 0, size, number)
            return False
        self._put_in(compartment, number, size)
        return True

    def pick_up(self, one):
        """Opens the compartment of a delivery. False: the board no longer has it."""
        compartment = one.compartment
        if compartment > len(self._full):
            return False
        # While the courier has it open it stays his: what he puts in then would count as picked up when he shuts it.
        if self._compartments.ask(compartment, TO_PICK_UP) or compartment not in self._runs:
            self._begin(compartment, one.number, PICK_UP, one.size)
        return True

    def cancel(self, number, now):
        """None when it is cancelled; else the state that it is in, ENDED also when there is no such delivery."""
        one = self.stock.get(number % SLOTS)
        if one.number != number:
            return ENDED
        if one.state == HELD and not self.is_busy(number):
            self.tell(DELIVERY_CANCELLED, now, 0, 0, number)
            one.state = ENDED
            self.stock.set(one)
            return None
        return one.state or LIES

    def is_busy(self, number):
        """Whether a compartment is open for it, or about to be."""
        for run in self._runs.values():
            if run[0] == number:
                return True
        return False

    def watch(self, now):
        for number in list(self._again):
            if ticks.passed(self._again[number], now):
                del self._again[number]
        for compartment in self._unsure:
            is_open = self._compartments.line.is_open(compartment)
            if is_open is not None:
                self._unsure.remove(compartment)
                if not is_open:
                    self._was_shut(compartment, now)
                break

    def record(self, code, now, compartment=0, extra=0):
        """In place of the loop's: what happens to a compartment that is opened for a delivery."""
        run = self._runs.get(compartment)
        if not run:
            self._append(code, now, compartment, extra)
        elif code == COMPARTMENT_RELEASED and extra in (TO_DEPOSIT, TO_PICK_UP):
            self.tell(code, now, compartment, extra, run[0])
            if run[1] == DEPOSIT:
                self._given(compartment, run, now)
        else:
            self._append(code, now, compartment, extra)
            if code == COMPARTMENT_CLOSED:
                self._shut(compartment, now)
            elif code == COMPARTMENT_STUCK:
                self._stuck(compartment, now)

    # What becomes of a delivery.

    def _begin(self, compartment, number, kind, size):
        self._runs[compartment] = number, kind, size
        if compartment in self._unsure:
            self._unsure.remove(compartment)

    def _put_in(self, compartment, number, size):
        self._begin(compartment, number, DEPOSIT, size)
        self._compartments.ask(compartment, TO_DEPOSIT)

    def _given(self, compartment, run, now):
        """Its lock is about to move for a parcel. What he got before is free when this one was shut: he may not get it
        open, if the power goes, and put his parcel there after all. One that did not open is given to nobody anyway.
        """
        one = self.stock.get(run[0] % SLOTS)
        was = one.compartment if one.state == LIES else 0
        if was == compartment:
            return
        self._runs.pop(was, None)
        stuck, seen = was and self._compartments.out_of_use(was), one.seen
        one.seen = 0
        if stuck and not seen & _SEEN:
            self._full[was - 1] = 0
            one.seen = seen
        elif was:
            self._leave(one)
            one.before = was
            if stuck:
                one.seen = _KEPT
        one.state, one.compartment, one.size = LIES, compartment, run[2]
        self.stock.set(one)
        self._full[compartment - 1] = 1
        if not was:
            self._moved()

    def _leave(self, one):
        """The compartment before is free."""
        if 0 < one.before <= len(self._full):
            self._full[one.before - 1] = 0
        one.before = 0

    def _shut(self, compartment, now, unseen=0):
        number, kind, size = self._runs.pop(compartment)
        one = self.stock.get(number % SLOTS)
        if kind == DEPOSIT:
            self.tell(DELIVERY_DEPOSITED, now, compartment, size | unseen, number)
            if not unseen and not one.seen & _KEPT:
                self._leave(one)
            one.seen |= _SEEN
            self._again[number] = ticks.add(now, _AGAIN_MS)
        elif one.before:  # it may lie there: he is shown both
            self._full[compartment - 1] = 0
            one.compartment, one.before = one.before, 0
        else:
            self.tell(DELIVERY_PICKED_UP, now, compartment, 0, number)
            one.state = ENDED
            self._full[compartment - 1] = 0
            self._again.pop(number, None)
        self.stock.set(one)
        if one.state == ENDED:
            self._moved()
        elif kind == PICK_UP:
            self.pick_up(one)

    def _was_shut(self, compartment, now):
        """While the power was off. Nobody knows whether a parcel was put in: so it lies there. None was taken out."""
        if self._runs[compartment][1] == DEPOSIT:
            self._shut(compartment, now, _UNSEEN)
        else:
            del self._runs[compartment]

    def _stuck(self, compartment, now):
        """It did not open. A parcel that is to go in gets another one; one that lies there is waited for."""
        number, kind, size = self._runs.pop(compartment)
        one = self.stock.get(number % SLOTS)
        another = 0 if kind == PICK_UP or one.seen & _SEEN else self._free(size)
        if another:
            self._put_in(another, number, size)
            return
        self.failed = True
        if kind == PICK_UP or one.seen & _SEEN:
            return
        self.tell(NO_ROOM, now, compartment, size, number)
        self._free_again(one, compartment)
        if one.state == LIES:  # the one before is his again: as after a start its contact says how it stands
            self._begin(one.compartment, number, DEPOSIT, one.size)
            self._unsure.append(one.compartment)

    def _free_again(self, one, compartment):
        if one.state == LIES and one.compartment == compartment:
            one.compartment, one.before = one.before, 0
            if not one.compartment:
                one.state = HELD
            self.stock.set(one)
            self._full[compartment - 1] = 0

    def _free(self, size):
        """The smallest compartment that is free and large enough, 0 for none."""
        found, best = 0, len(SIZES) + 1
        for n, has in enumerate(self._sizes, 1):
            if size <= has < best and not self._full[n - 1] and self._compartments.rests(n):
                found, best = n, has
        return found

    def tell(self, code, now, compartment, extra, number):
        self._append(code, now, compartment, extra, pack("<IHB", number, 0, 0))

    # The start.

    def _recall(self, now):
        """What the stock knows, and what the log knows more. Returns the compartments that may have been shut since."""
        picking = self._do_again()
        unsure = []
        for n in range(SLOTS):
            one = self.stock.get(n)
            if one.state != LIES or not one.number:
                continue
            if one.compartment > len(self._full):
                self.tell(DELIVERY_STRANDED, now, one.compartment, one.size, one.number)
                continue
            self._full[one.compartment - 1] = 1
            if 0 < one.before <= len(self._full):
                self._full[one.before - 1] = 1
            if not one.seen & _SEEN or one.number == picking:
                kind = PICK_UP if one.number == picking else DEPOSIT
                self._runs[one.compartment] = one.number, kind, one.size
                unsure.append(one.compartment)
        return unsure

    def _do_again(self):
        """The last event of a delivery may lack its record. Returns the number of one being picked up, or 0."""
        event = self._last_event()
        if not event:
            return 0
        code, compartment, extra, number = event
        one = self.stock.get(number % SLOTS)
        if not number or one.number != number or one.state == ENDED:
            return 0
        if code == COMPARTMENT_RELEASED:
            return number if extra == TO_PICK_UP else 0  # for a parcel: without its record no lock has moved
        if code == DELIVERY_DEPOSITED:
            if not one.seen & _SEEN:
                one.seen |= _SEEN
                self.stock.set(one)
        elif code == NO_ROOM:
            self._free_again(one, compartment)
        elif code != DELIVERY_STRANDED:
            one.state = ENDED
            self.stock.set(one)
        return 0

    def _last_event(self):
        """(code, compartment, extra, number) of the last one about a delivery, None where none is near the end."""
        log = self._log
        piece = bytearray(_PIECE * EVENT)
        end = log.last
        while end >= max(log.first, log.last - _LOOK_BACK) and end:
            first = max(log.first, end - _PIECE + 1)
            count = log.read(first, memoryview(piece)[: (end - first + 1) * EVENT])
            for n in range(count - 1, -1, -1):
                code, compartment, extra, _, number = unpack_from("<BBBBI", piece, n * EVENT + 8)
                if code in _TELLING and (code != COMPARTMENT_RELEASED or extra in (TO_DEPOSIT, TO_PICK_UP)):
                    return code, compartment, extra, number
            end = first - 1
        return None


def _partition(folder):
    """The raw partition of a bank, or files in its place where the board has none."""
    found = Partition.find(Partition.TYPE_DATA, label="bank")
    if found:
        return found[0]
    from .storage.files import partition

    return partition("bank", folder)
