"""Deliveries at a bank: which compartment a parcel is given, and what becomes of it. Decided here, with no network.

Loaded where a bank has sizes. An opening for a delivery is on the log before anything else, then in the stock, then the
lock moves. A start reads the stock, and what the log knows more is done again.
"""

from struct import pack, unpack_from

from esp32 import Partition
from micropython import const

from . import clock, ticks
from .access.codes import DEPOSIT, PICK_UP, SIZES, SLOTS, is_low, matches, slot
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
_STALE_MS = const(1500)  # so old may be what is known of a contact: its board was asked, and two looks agreed
_UNSEEN = const(128)  # extra of DELIVERY_DEPOSITED
_LOOK_BACK = const(512)  # events: what was cut short is at the end of the log, with a few starts behind it
_PIECE = const(16)
_UNKNOWN = const(2)  # extra of COMPARTMENT_STUCK: nobody knows whether it opened

# Of these the last one tells what the stock may not know yet.
_TELLING = bytes((COMPARTMENT_RELEASED, DELIVERY_DEPOSITED, DELIVERY_PICKED_UP, DELIVERY_CANCELLED, DELIVERY_STRANDED))


class Deliveries:
    """sizes: one letter for each compartment. moved(): is told when a delivery went on. low: compartments for who asked
    for accessible height, by the number of the delivery.

    cards: whether compartments may be allotted. allotted: then a byte for each, 1 where that one is somebody's.
    """

    allotted = b""

    def __init__(self, sizes, compartments, loop, moved, now, cards=False, low=()):
        self._log = loop.log
        self.expect = compartments.line.expect
        self._append = loop.recorder.append  # a number is no credential: no door's retention takes it away
        self._compartments = compartments
        self._moved = moved
        self.sizes = bytes([SIZES.index(letter) + 1 for letter in sizes[: compartments.count]])
        self._low = bytes(low)
        self._full = bytearray(len(self.sizes))
        self._runs = {}  # {compartment: (number, DEPOSIT or PICK_UP, size)}: opened for that, until it is shut
        self._found = {}  # {compartment: until then what is told of it may be of before its pick-up code}
        self._again = {}  # {number: until then its deposit code opens again}
        self.failed = False  # since it was asked: a compartment did not open, and there is no other
        self._unsure = []  # compartments whose contact tells what happened while nobody could see it
        self.stock = Stock(_partition(loop.folder), compartments.count if cards else 0)
        self._unsure = self._recall(now)

    def find(self, digits):
        """(delivery, DEPOSIT or PICK_UP) of a code that opens something now, (None, None) of any other."""
        one = self.stock.get(slot(digits))
        lies = one.number > 0 and one.state == LIES
        for kind in (PICK_UP, DEPOSIT) if lies else (DEPOSIT, PICK_UP):  # the likely one first; a wrong code takes both
            if matches(digits, one.key, kind, one.number) and (lies if kind == PICK_UP else self._may_put_in(one)):
                return one, kind
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
        if before and not compartments.out_of_use(before):
            # He may have shut it with his parcel in it; and of two that are his he gets no third.
            if one.size == size or one.before or compartments.rests(before):
                if before not in self._runs or not compartments.line.is_open(before):
                    self._put_in(before, number, one.size)
                return True
        compartment = 0 if one.before else self._free(size, number)
        if not compartment:
            self.tell(NO_ROOM, now, 0, size, number)
            return False
        self._put_in(compartment, number, size)
        return True

    def pick_up(self, one):
        """Opens the compartment of a delivery. False: the board no longer has it, or cannot read how it stands."""
        compartment, compartments = one.compartment, self._compartments
        if compartment > len(self._full):
            return False
        if not compartments.ask(compartment, TO_PICK_UP):
            # It was open. If nobody can read that it still is, that it was shut before would count as picked up.
            if compartments.stands_open(compartment):
                if not compartments.line.is_open(compartment):
                    return False
                if compartment not in self._runs:
                    self._found[compartment] = ticks.add(clock.now(), _STALE_MS)
        # While the courier has it open it stays his: what he puts in then would count as picked up when he shuts it.
        if compartment not in self._runs or compartment in self._unsure:
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

    def may_be_allotted(self, n):
        """Whether no parcel lies in a compartment or is about to, and nothing that nobody knows of."""
        return not self._full[n - 1] and n not in self._runs and not self._compartments.out_of_use(n)

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
            if self._compartments.stands_open(compartment):  # that it is shut will be told
                self._unsure.remove(compartment)
                break
            if self._compartments.line.is_open(compartment) is False:
                self._was_shut(compartment, now)
                break

    def deadline(self):
        """When a deposit code opens nothing any more."""
        due = None
        for until in self._again.values():
            due = ticks.soonest(due, until)
        return due

    def is_unsure(self):
        """Whether a contact is awaited that tells what happened while nobody could see it."""
        return len(self._unsure) > 0

    def record(self, code, now, compartment=0, extra=0):
        """In place of the loop's: what happens to a compartment that is opened for a delivery. False: it may not be."""
        run = self._runs.get(compartment)
        if not run:
            self._append(code, now, compartment, extra)
        elif code == COMPARTMENT_RELEASED and extra in (TO_DEPOSIT, TO_PICK_UP):
            self.tell(code, now, compartment, extra, run[0])
            if self.stock.is_worn or (run[1] == DEPOSIT and not self._given(compartment, run, now)):
                self._end(compartment)
                self.failed = True
                return False
        else:
            self._append(code, now, compartment, extra)
            if code == COMPARTMENT_CLOSED:
                self._shut(compartment, now)
            elif code == COMPARTMENT_STUCK:
                self._stuck(compartment, extra, now)
        return True

    # What becomes of a delivery.

    def _begin(self, compartment, number, kind, size):
        self._runs[compartment] = number, kind, size
        if compartment in self._unsure:
            self._unsure.remove(compartment)

    def _end(self, compartment):
        """Its run is over. Returns what it was, None for none."""
        if compartment in self._unsure:
            self._unsure.remove(compartment)
        return self._runs.pop(compartment, None)

    def _put_in(self, compartment, number, size):
        self._begin(compartment, number, DEPOSIT, size)
        self._compartments.ask(compartment, TO_DEPOSIT)

    def _given(self, compartment, run, now):
        """Its lock is about to move for a parcel. The one that he got before stays his as well, until it is picked up:
        it stood open, so nobody knows in which of the two he puts his parcel. False: the stock does not take it.
        """
        one = self.stock.get(run[0] % SLOTS)
        was = one.compartment if one.state == LIES else 0
        if was == compartment:
            return True
        self._end(was)
        one.before = was
        one.state, one.compartment, one.size, one.seen = LIES, compartment, run[2], 0
        self.stock.set(one)
        self._full[compartment - 1] = 1
        if not was:
            self._moved()
        return not self.stock.is_worn

    def _shut(self, compartment, now, unseen=0):
        found = self._found.pop(compartment, None)
        number, kind, size = self._end(compartment)
        # What is kept for days may lie in the future: ticks wrap.
        if kind == PICK_UP and found is not None and 0 < ticks.diff(found, now) <= _STALE_MS:
            return  # it was shut before: nobody has taken anything, and the code still opens it
        one = self.stock.get(number % SLOTS)
        if kind == DEPOSIT:
            self.tell(DELIVERY_DEPOSITED, now, compartment, size | unseen, number)
            one.seen = 1
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
            self._end(compartment)

    def _stuck(self, compartment, how, now):
        """It did not open. A parcel that is to go in gets another one; one that lies there is waited for."""
        number, kind, size = self._end(compartment)
        one = self.stock.get(number % SLOTS)
        if kind == PICK_UP and one.before and not self._compartments.out_of_use(one.before):
            self._swap(one)  # it may lie in the other one
            self.pick_up(one)
            return
        if kind == PICK_UP or one.seen:
            self.failed = True
            return
        if how != _UNKNOWN:  # nothing was put in; it is out of use, and given to nobody
            self._full[compartment - 1] = 0
            one.compartment, one.before = one.before, 0
            one.state = LIES if one.compartment else HELD
            self.stock.set(one)
        another = 0 if one.before else self._free(size, number)
        if another:
            self._put_in(another, number, size)
            return
        self.failed = True
        self.tell(NO_ROOM, now, 0 if how == _UNKNOWN else compartment, size, number)
        if one.before:
            self._swap(one)
        if one.state == LIES:  # as after a start its contact says how it stands
            self._begin(one.compartment, number, DEPOSIT, one.size)
            self._unsure.append(one.compartment)

    def _swap(self, one):
        one.compartment, one.before = one.before, one.compartment
        self.stock.set(one)

    def _free(self, size, number=1):
        """The smallest compartment that is free and large enough, 0 for none. Low ones come first for who asked for
        one, whatever their size, and of a size last for all others.
        """
        found, best = 0, 99
        for n, has in enumerate(self.sizes, 1):
            cost = has * 2 + (n in self._low)
            if is_low(number):
                cost = has + 8 * (n not in self._low)
            if size <= has and cost < best and not self._full[n - 1] and self._compartments.rests(n):
                if self.allotted and self.allotted[n - 1]:
                    continue
                found, best = n, cost
        return found

    def tell(self, code, now, compartment, extra, number):
        self._append(code, now, compartment, extra, pack("<IHB", number, 0, 0))

    # The start.

    def _recall(self, now):
        """What the stock knows, and what the log knows more. Returns the compartments that may have been shut since."""
        opened = self._do_again(now)
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
            kind = opened.get(one.number)
            if kind or not one.seen:
                self._runs[one.compartment] = one.number, kind or DEPOSIT, one.size
                unsure.append(one.compartment)
        return unsure

    def _do_again(self, now):
        """The last event of a delivery may lack its record. Returns {number: kind} of those that were opened last."""
        opened, looked, lost = {}, bytearray(SLOTS), set()
        for code, compartment, extra, number in self._events():
            if not number or looked[number % SLOTS]:
                continue
            looked[number % SLOTS] = 1
            one = self.stock.get(number % SLOTS)
            if number < one.number or (number == one.number and one.state == ENDED):
                continue
            if number == one.number and code in (DELIVERY_PICKED_UP, DELIVERY_CANCELLED):
                one.state = ENDED
                self.stock.set(one)
            elif number == one.number and one.state == LIES:
                if code == COMPARTMENT_RELEASED and compartment == one.compartment:
                    opened[number] = PICK_UP if extra == TO_PICK_UP else DEPOSIT
                elif code == DELIVERY_DEPOSITED and not one.seen:
                    one.seen = 1
                    self.stock.set(one)
            elif code == DELIVERY_DEPOSITED or (
                code == COMPARTMENT_RELEASED and (number > one.number or extra == TO_PICK_UP)
            ):
                looked[number % SLOTS] = 0  # he may have had another one before
                if (number, compartment) not in lost:
                    lost.add((number, compartment))
                    self._lost(compartment, extra, number, now)
        return opened

    def _lost(self, compartment, extra, number, now):
        """Its record is gone, and its parcel may lie there: given to nobody until somebody looked into it."""
        if compartment <= self._compartments.count:
            self._compartments.take_out_of_use(compartment)
        self.tell(DELIVERY_STRANDED, now, compartment, extra, number)

    def _events(self):
        """(code, compartment, extra, number) of those near the end that tell of a delivery, the last one first."""
        log = self._log
        piece = bytearray(_PIECE * EVENT)
        end, least = log.last, max(log.first, log.last - _LOOK_BACK)
        while end >= least and end:
            first = max(log.first, end - _PIECE + 1)
            count = log.read(first, memoryview(piece)[: (end - first + 1) * EVENT])
            for n in range(count - 1, -1, -1):
                code, compartment, extra, _, number = unpack_from("<BBBBI", piece, n * EVENT + 8)
                if code in _TELLING and (code != COMPARTMENT_RELEASED or extra in (TO_DEPOSIT, TO_PICK_UP)):
                    yield code, compartment, extra, number
            end = first - 1


def _partition(folder):
    """The raw partition of a bank, or files in its place where the board has none."""
    found = Partition.find(Partition.TYPE_DATA, label="bank")
    if found:
        return found[0]
    from .storage.files import partition

    return partition("bank", folder)
