"""Retention: what is too old is programmed to zero where it lies; only its number and its chain stay."""

from struct import unpack_from

from micropython import const

from .. import ticks
from ..clock import Clock
from ..events import COMPARTMENT_RELEASED
from ..records import EVENT, expired
from .log_format import SLOTS
from .sectors import whole
from .state import TIME

_PIECE = const(8)  # slots that are read at a time
_FREE = b"\xff" * (_PIECE * EVENT)
_PIECES = const(4)  # in a step
_PAUSE_MS = const(5000)  # from step to step at least
_DAY_S = const(86400)
_NOTE_S = const(14400)  # how often the time goes to flash


class Retention:
    """Goes through the log backwards from its head, round and round, a few slots at a time.

    The loop steps at least every ten seconds: a log of 1,185 sectors (16 MB boards) is seen once in 14 hours, one of
    81 in an hour. An event whose time is not known, or that is damaged, goes with the next one that has a time.
    What happens at a bank (codes from COMPARTMENT_RELEASED on) is kept as long as the door with the shortest time says.
    The time is the cloud's. Over a restart without a cloud it goes on from what was noted last: that is too early by
    the time without power and at most four hours for each start, and so much longer things stay.
    """

    def __init__(self, log, now):
        self._log = log
        self._state = state = log.state
        self._clock = Clock()
        self._clock.set(state.get(TIME) * 1000, now)
        self._buf = bytearray(_PIECE * EVENT)
        self._due = now
        self._place = 0  # the slot up to which the log has been seen, counted from the partition's start
        self._left = 0  # pieces of this round
        self._later = 0  # the time of the event after the one that is looked at

    def step(self, rules, utc, now):
        """In an idle moment. utc: the time if it is known, else 0."""
        if utc:
            self._clock.set(utc * 1000, now)
        utc = self._clock.utc(now)
        if utc and abs(utc - self._state.get(TIME)) >= _NOTE_S:
            self._state.set(TIME, utc)
        if utc and ticks.passed(self._due, now):
            self._due = ticks.add(now, _PAUSE_MS)
            days = [rules.retention(door) for door in rules.doors]
            days = [max(1, kept) for kept in days if kept is not None]
            for _ in range(_PIECES):
                self._look(rules, utc, min(days) if days else 99999)

    def _look(self, rules, utc, shortest):
        """At one piece. shortest: the days of the door that keeps its events for the shortest time."""
        log, buf = self._log, self._buf
        flash = log.flash
        if not self._left:
            self._place = (log.head + 1) * SLOTS
            self._left = flash.count * SLOTS // _PIECE
            self._later = 0
        self._left -= 1
        self._place = place = (self._place - _PIECE) % (flash.count * SLOTS)
        flash.read(place * EVENT, buf)
        if buf == _FREE:
            return
        view = memoryview(buf)
        for slot in range(_PIECE - 1, -1 if place % SLOTS else 0, -1):
            record = view[slot * EVENT : (slot + 1) * EVENT]
            time = unpack_from("<I", record, 4)[0]
            if time and 0 <= utc - time < shortest * _DAY_S and not 0 < self._later < time:
                self._later = time
                continue  # young, at a glance
            if min(record) == 0xFF or expired(record) or not any(record):
                continue
            known = record if whole(record) else _mended(record)
            days = shortest
            if known:
                if known[8] < COMPARTMENT_RELEASED:
                    days = rules.retention(known[9])
                time = self._later = unpack_from("<I", known, 4)[0] or self._later
            else:
                time = self._later if record[4] else 1  # the power went while it expired: go on with that
            if days is not None and time and utc - time >= max(1, days) * _DAY_S:
                self._expire((place + slot) * EVENT, record)

    def _expire(self, at, record):
        if record[31] == 0xFF and not whole(record):  # torn: its number was given to the event after it
            self._log.flash.write(at, bytes(EVENT))
        else:
            self._log.flash.write(at + 4, bytes(16) + record[20:28] + bytes(4))


def _mended(record):
    from .bit_errors import mended

    return mended(record)
