"""The control loop: input -> decision -> record -> strike. It waits for nothing but the next input or deadline."""

from micropython import const

from . import clock, ticks
from .access.card import card_value
from .access.decision import PLAIN, decide
from .events import (
    DENIED_DAMAGED,
    GRANTED,
    GRANTED_DURESS,
    NETWORK_RESTARTED,
    READER_JABBERS,
    READER_MISREAD,
    SETTINGS_FAULT,
    STARTED,
    TABLE_DAMAGED,
)
from .guarded import GuardedDoor
from .hmac import keyed
from .outputs import signal
from .readers.wiegand import JABBER
from .recorder import Recorder
from .storage.table import Damaged

KEYS = 8  # bits: a shorter frame is a key
EMERGENCY = 40  # kind of state (storage/state.py), of extras.py: 0 none, 1 lockdown, 2 evacuation
FEED_MS = 10000  # how often the watchdog is fed at least
_HANGS_MS = const(600000)  # every wait of the network loop ends long before


class Loop:
    """The controller at work.

    key: the padded table key, or None when the settings are faulty: then every card is denied.
    sync: None when there is no cloud to talk to; link: the network loop then, to be watched. restart: starts the board.
    """

    def __init__(self, board, table, log, journal, rules, key, sync, link, watchdog, restart, folder="/"):
        self.wake = board.wake
        self.status = board.status
        self.table = table
        self.log = log
        self.clock = clock.Clock()
        self._recorder = Recorder(log, self.clock, rules)
        self.record = self._recorder.record
        self.rules = rules
        self.journal = journal
        self.doors = [GuardedDoor(n + 1, pins, rules) for n, pins in enumerate(board.doors)]
        self.parts = list(board.parts)  # what is neither reader nor door: watch(loop, now) and deadline()
        self._key = key
        self._sync = sync
        self.link = link
        self._watchdog = watchdog
        self.restart = restart
        self._fed = None
        self._over = None  # a tap that nobody needs any more: the next one is made of it
        self._folder = folder
        self._extras = None
        self.follow(rules)

    def run(self):
        """Never returns."""
        while True:
            now = clock.now()
            self.wake[0] = 0
            self.step(now)
            due = self.deadline()
            clock.wait(max(0, ticks.diff(due, clock.now())), self._pending)

    def step(self, now):
        for guarded in self.doors:
            frame = guarded.pins.reader.poll(now)
            if frame is not None:
                self.tap(guarded, frame, now)
            guarded.watch(self.record, now)
        for part in self.parts:
            part.watch(self, now)
        self._more = False
        if self.quiet():
            if self._sync:
                self._sync.step(self, now)
                self.status.set(self._sync.open)
            self._recorder.upkeep(now)
            self.journal.prepare()
            self._more = self.table.prepare()
        if self._fed is None or ticks.diff(now, self._fed) >= FEED_MS:
            self._fed = now
            self.supervise(now)

    def tap(self, guarded, frame, now):
        """A reader read something: decide who may pass, put it on record, then move the strike."""
        bits, number = frame
        extras = self._extras
        if number is None or (bits <= KEYS and not (extras and extras.is_key(guarded, frame))):
            self.record(READER_JABBERS if bits == JABBER else READER_MISREAD, now, guarded.number, bits)
            guarded.pins.signal.show(signal.MISREAD, now)
            return
        if extras:
            tap = extras.presented(guarded, frame, now)
            if tap is None:
                return  # of a PIN more is to come
        else:
            tap = self.look(card_value(bits, number), guarded.number, now)
        verdict = decide(tap)
        if verdict & 255 in (GRANTED, GRANTED_DURESS):
            manner = extras.manner(guarded, tap, now) if extras else ()
            self.release(guarded, verdict, now, tap.key, *manner)
        else:
            self.record(verdict & 255, now, guarded.number, verdict >> 8, tap.key)
            guarded.pins.signal.show(signal.DENIED, now)
        if not extras or not extras.answered(guarded, tap, verdict, now):
            self._over = tap

    def look(self, value, door, now):
        """What the rules are asked about: what the credential table knows of what was presented, where and when."""
        rules = self.rules
        tap, self._over = self._over, None
        utc = self.clock.utc(now)
        if type(tap) is rules.tap:
            tap.__init__(rules, door, utc)
        else:
            tap = rules.tap(rules, door, utc)
        if self._key:
            tap.key = keyed(self._key, value)[:7]
            try:
                tap.found(self.table.find(tap.key))
            except Damaged:
                tap.unknown = DENIED_DAMAGED
                self.record(TABLE_DAMAGED, now)
        return tap

    def release(self, guarded, code, now, key=None, ms=None, may_stand=False):
        """The only way to a strike: the event is on flash before it moves. code: as decide() gives it."""
        self.record(code & 255, now, guarded.number, code >> 8, key)
        guarded.release(now, ms, may_stand)
        guarded.pins.signal.show(signal.GRANTED, now)

    def supervise(self, now):
        """Feeds the watchdog. A network loop that hangs is restarted with the whole board: a thread cannot be ended."""
        self.clock.utc(now)  # also where no card comes and no cloud answers for a week: its ticks must not wrap unseen
        link = self.link
        if link and ticks.diff(now, link.beat) >= _HANGS_MS and self.quiet():
            self.record(NETWORK_RESTARTED, now)
            self.restart()
        if self.quiet():
            from .storage.patrol import step

            step(self.table)
            if self._extras:
                self._extras.upkeep(now)
        self._watchdog.feed()

    def started(self, cause, faults):
        """The first record after a start. faults: how many settings are wrong."""
        now = clock.now()
        self.record(STARTED, now, 0, cause)
        if faults:
            self.record(SETTINGS_FAULT, now, 0, min(faults, 255))
        for guarded in self.doors:
            if guarded.door.open:
                from .points.holding import found_open

                found_open(guarded, self.record, now)

    def follow(self, rules):
        """New rules hold from now on."""
        self._recorder.rules = rules
        self.rules = rules
        for guarded in self.doors:
            guarded.follow(rules)
        if self._extras:
            self._extras.follow(rules, clock.now())
        elif rules.chain is not PLAIN or self.journal.get(EMERGENCY):
            self.extras()

    def extras(self):
        """What goes beyond cards and profiles."""
        if not self._extras:
            from .extras import Extras

            self._extras = Extras(self, self._sync, self._folder)
            self.parts.append(self._extras)
            self._extras.follow(self.rules, clock.now())
        return self._extras

    def quiet(self):
        """Whether no card is being read: only then may flash be erased and messages be worked on."""
        for guarded in self.doors:
            if guarded.pins.reader.deadline() is not None:
                return False
        return True

    def deadline(self):
        if self._more:  # of the table's upkeep, a piece at a time
            return clock.now()
        due = ticks.soonest(ticks.add(self._fed, FEED_MS), self._recorder.deadline())
        if self._sync and self.quiet():
            due = ticks.soonest(due, self._sync.deadline())
        for part in self.doors + self.parts:
            due = ticks.soonest(due, part.deadline())
        return due

    def _pending(self):
        return self.wake[0] or (self._sync and self._sync.ready() and self.quiet())
