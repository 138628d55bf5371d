"""The control loop: input -> decision -> record -> strike. It waits for nothing but the next input or deadline.

A tap goes one way: a reader's frame, unless one of `frames` takes it (tap); the credential (look); the decision, the
record, the strike (answer); then `verdicts` hear of it. What has to do with taps or events registers in these lists or
with the recorder, and nothing stands in for anything.
"""

from micropython import const

from . import clock, ticks
from .access.decision import PLAIN, WAITS, card_value, decide
from .door_unit import KEYS, DoorUnit
from .events import (
    DENIED_DAMAGED,
    GRANTED,
    GRANTED_DURESS,
    NETWORK_RESTARTED,
    READER_JABBERS,
    READER_MISREAD,
    TABLE_DAMAGED,
)
from .forget import forget
from .hmac import keyed
from .outputs import signal
from .readers.wiegand import JABBER
from .recorder import Recorder
from .storage.table import Damaged

EMERGENCY = 40  # kind of state (storage/state.py), of door_modes.py: 0 none, 1 lockdown, 2 evacuation
AT_LEARNING = 0  # places in Loop.frames
AT_COMMISSIONING = 1
AT_PIN_ENTRY = 2
FEED_MS = 10000  # how often the watchdog is fed at least
_HANGS_MS = const(600000)  # every wait of the network loop ends long before


class Loop:
    """The controller at work.

    key: the padded table key, or None when the settings are faulty: then every card is denied.
    sync: None when there is no cloud to talk to; link: the network loop then, to be watched. restart: starts the board.
    frames: handlers of what a reader read before it counts as a card, in this order, None where there is none:
    takes(unit, frame, now) says whether the frame was its own. verdicts: heard(unit, tap, verdict, now) of each,
    after each decision. followers: what rules need beside doors (followers.py): follow(rules, now), upkeep(now).
    parts: what is neither reader nor door: watch(loop, now), deadline(). rest(ms, pending): the wait between two steps.
    """

    def __init__(self, board, table, log, journal, rules, key, sync, link, watchdog, restart, folder="/"):
        self.wake = board.wake
        self.status = board.status
        self.table = table
        self.log = log
        self.clock = clock.Clock()
        self.recorder = Recorder(log, self.clock, rules)
        self.record = self.recorder.record
        self.journal = journal
        self.doors = [DoorUnit(n + 1, pins, rules) for n, pins in enumerate(board.doors)]
        self.parts = list(board.parts)
        self.frames = [None, None, None]
        self.verdicts = []
        self.followers = []
        self.rest = clock.wait
        self._key = key
        self.sync = sync
        self.link = link
        self._watchdog = watchdog
        self.restart = restart
        self._fed = None
        self.folder = folder
        self.follow(rules)

    def run(self):
        """Never returns."""
        while True:
            now = clock.now()
            self.wake[0] = 0
            self.step(now)
            due = self.deadline()
            self.rest(max(0, ticks.diff(due, clock.now())), self._pending)

    def step(self, now):
        for unit in self.doors:
            frame = unit.pins.reader.poll(now)
            if frame is not None and not unit.holds(frame, now):
                self.tap(unit, frame, now)
            unit.watch(self.record, now)
        for part in self.parts:
            part.watch(self, now)
        self._more = False
        if self.quiet():
            if self.sync:
                self.sync.step(self, now)
                self.status.set(self.sync.open)
            self.recorder.upkeep(now)
            self.journal.prepare()
            self._more = self.table.prepare()
        if self._fed is None or ticks.diff(now, self._fed) >= FEED_MS:
            self._fed = now
            self.supervise(now)

    def tap(self, unit, frame, now):
        """A reader read something. frame: (bits, number), number None when it is misformed."""
        for takes in self.frames:
            if takes and takes(unit, frame, now):
                return
        bits, number = frame
        if number is None or bits <= KEYS:
            self.record(READER_JABBERS if bits == JABBER else READER_MISREAD, now, unit.number, bits)
            unit.pins.signal.show(signal.MISREAD, now)
        else:
            self.answer(unit, self.look(card_value(bits, number), unit.number, now), now)

    def look(self, value, door, now):
        """What the rules are asked about: what the credential table knows of what was presented, where and when."""
        tap = self._tap
        tap.begin(self.rules, door, self.clock.utc(now), now)
        if self._key:
            tap.key = keyed(self._key, value)[:7]
            try:
                tap.found(self.table.find(tap.key))
            except Damaged:
                tap.unknown = DENIED_DAMAGED
                self.record(TABLE_DAMAGED, now)
        return tap

    def answer(self, unit, tap, now):
        """Decides who may pass, puts it on record, then moves the strike."""
        verdict = decide(tap)
        if verdict & 255 in (GRANTED, GRANTED_DURESS):
            for other in tap.brings:
                self.record(other.verdict & 255, now, unit.number, other.verdict >> 8, other.key)
            self.release(unit, verdict, now, tap.key, *tap.manner)
        elif verdict != WAITS:
            self.record(verdict & 255, now, unit.number, verdict >> 8, tap.key)
            unit.pins.signal.show(signal.DENIED, now)
        for heard in self.verdicts:
            heard(unit, tap, verdict, now)

    def release(self, unit, code, now, key=None, ms=None, may_stand=False):
        """The only way to a strike: the event is on flash before it moves. code: as decide() gives it."""
        self.record(code & 255, now, unit.number, code >> 8, key)
        unit.release(now, ms, may_stand)
        unit.pins.signal.show(signal.GRANTED, now)

    def supervise(self, now):
        """Feeds the watchdog. A network loop that hangs is restarted with the whole board: a thread cannot be ended."""
        self.clock.utc(now)  # also where no card comes and no cloud answers for a week: its ticks must not wrap unseen
        link = self.link
        if link and ticks.diff(now, link.beat) >= _HANGS_MS and self.quiet():
            self.record(NETWORK_RESTARTED, now)
            self.restart()
        if self.quiet():
            from .storage.table_scrub import step

            step(self.table)
            self.journal.look()
            # 3 KB that seldom have anything to do, and are loaded again when they have
            forget("storage/table_upkeep", "storage/bit_errors", "storage/state_move")
            for follower in self.followers:
                follower.upkeep(now)
        self._watchdog.feed()

    def follow(self, rules):
        """New rules hold from now on."""
        self.rules = self.recorder.rules = rules
        for unit in self.doors:
            unit.follow(rules)
        if rules.chain is not PLAIN or self.journal.get(EMERGENCY):
            from .followers import fit

            fit(self, rules)
        for follower in self.followers:
            follower.follow(rules, clock.now())
        self._tap = rules.tap()  # the one that every tap is made of

    def quiet(self):
        """Whether no card is being read: only then may flash be erased and messages be worked on."""
        for unit in self.doors:
            if unit.pins.reader.deadline() is not None:
                return False
        return True

    def deadline(self):
        if self._more:  # of the table's upkeep, a piece at a time
            return clock.now()
        due = ticks.soonest(ticks.add(self._fed, FEED_MS), self.recorder.deadline())
        if self.sync and self.quiet():
            due = ticks.soonest(due, self.sync.deadline())
        for part in self.doors + self.parts:
            due = ticks.soonest(due, part.deadline())
        return due

    def _pending(self):
        return self.wake[0] or (self.sync and self.sync.ready() and self.quiet())
