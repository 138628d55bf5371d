"""Sync: what the control loop tells the cloud and does at its word. Everything may come twice, late or never."""

from micropython import const

from .. import ticks
from ..events import CLOCK_SET, MESSAGE_REFUSED, TABLE_DAMAGED
from ..records import CHANGE, CREDENTIAL, EVENT
from ..storage.state import BOOTS
from ..storage.table import Damaged, TableFull
from ..version import VERSION
from . import session, wire

_BATCH = const(60)  # events a message: 60 * 32 bytes fit under wire.MAX_MESSAGE
_STORED_MS = const(5000)  # a batch without an answer is sent again after that
_TIME_MS = const(5000)  # an answer later than this tells the time too badly
_ASK_TIME_MS = const(3600000)
_EARLIEST = const(1760000000)  # this firmware was not there before; an event's time has 32 bits
_LATEST = const(4000000000)
_REFUSED_MS = const(60000)  # refused messages are put on record together, once in this time
_REPLIES = const(2)  # messages that one message may cause


class Sync:
    """The controller's side of the protocol of wire.py.

    inbox, outbox: mailboxes shared with the network loop. refused: {word: count of refused messages}.
    folder: where rules are kept. What few messages need is loaded when the first of them comes.
    """

    def __init__(self, inbox, outbox, refused, folder):
        self._inbox = inbox
        self._outbox = outbox
        self._refused = refused
        self._reported = 0  # refused messages on record
        self._report = None
        self._folder = folder
        self._staged = None  # rules coming in
        self._updates = None  # a new firmware coming in
        self.trial = None  # of this firmware, until it has proven healthy
        self.open = False
        self._sent = 0  # the last event that went out in this session
        self._stored_by = None  # when the answer to a batch is overdue
        self._time_nonce = None
        self._asked = 0
        self._ask_time = None
        self._held_back = False  # for want of room in the outbox
        self._part = 0  # of the snapshot coming in
        self._batch = bytearray(1 + 4 + _BATCH * EVENT)
        self._does = {
            session.OPENED[0]: self._opened,
            session.LOST[0]: self._lost,
            wire.STORED: self._stored,
            wire.DELTA: self._delta,
            wire.SNAPSHOT: self._snapshot,
            wire.RULES: self._rules,
            wire.COMMAND: self._command,
            wire.TIME: self._time,
            wire.UPDATE: self._update,
        }

    def ready(self):
        """Whether step() has something to do now: a message waits, or there is room again for what was held back."""
        return self._outbox.room() >= _REPLIES and (self._held_back or self._inbox.waiting() > 0)

    def deadline(self):
        """When step() has something to do of itself."""
        due = ticks.soonest(self._ask_time, self._stored_by) if self._outbox.room() >= _REPLIES else None
        return ticks.soonest(due, self._report)

    def step(self, loop, now):
        """Takes one message and sends what is due."""
        message = self._inbox.get() if self._outbox.room() >= _REPLIES else None
        if message is not None:
            try:
                self._does[message[0]](loop, message, now)
            except (Damaged, TableFull) as error:
                # The table says so by its version: the cloud sends the whole set.
                print("sync:", error)
                loop.record(TABLE_DAMAGED, now)
                self._say_acl(loop.table)
            except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
                # Authenticated, but not what wire.py describes. It was refused before anything changed.
                print("sync: refused:", error)
                self._refused["content"] += 1
        if self.trial is not None:
            self.trial = self.trial.look(self, loop, now)
        self._put_refused_on_record(loop, now)
        self._held_back = self._outbox.room() < _REPLIES
        if self.open and not self._held_back:
            if ticks.passed(self._ask_time, now):
                self._ask_for_time(now)
            self._send_events(loop, now)

    def say(self, message):
        """False when there is no room for it now."""
        return self._outbox.put(message)

    def ask_snapshot(self, table):
        """The credential table found damage: its version is 0 now, which makes the cloud send the whole set."""
        if self.open:
            self._say_acl(table)  # a full outbox loses it: then the next hello says so

    def _opened(self, loop, message, now):
        self.open = True
        self._sent = loop.log.acknowledged
        self._stored_by = None
        self._part = 0
        self._say_hello(loop)
        self._ask_for_time(now)

    def _lost(self, loop, message, now):
        self.open = False
        self._stored_by = self._ask_time = None

    def _say_hello(self, loop):
        log, table = loop.log, loop.table
        hello = {
            "acl": table.version,
            "digest": "%016x" % table.digest,
            "rules": loop.rules.version,
            "epoch": log.epoch,
            "first": log.first,
            "last": log.last,
            "boot": loop.journal.get(BOOTS),
            "firmware": VERSION,
            "doors": len(loop.doors),
            "refused": self._refused,
        }
        if log.chain_start:
            hello["chain"] = [log.chain_start[0], log.chain_start[1].hex()]
        self._outbox.put(wire.json_message(wire.HELLO, hello))

    # Events

    def _send_events(self, loop, now):
        log = loop.log
        if self._stored_by is not None:
            if not ticks.passed(self._stored_by, now):
                return
            self._sent = log.acknowledged
            self._stored_by = None
        if log.last <= self._sent:
            return
        first = max(self._sent + 1, log.first)
        if first > self._sent + 1:
            self._say_hello(loop)  # what is missing was overwritten: only a hello can say so
        batch = self._batch
        count = log.read(first, memoryview(batch)[5:])
        if count:
            batch[:5] = wire.packed(wire.EVENTS, "<I", log.epoch)
            self._outbox.put(bytes(memoryview(batch)[: 5 + count * EVENT]))
            self._sent = first + count - 1
            self._stored_by = ticks.add(now, _STORED_MS)

    def _stored(self, loop, message, now):
        epoch, sequence = wire.unpacked("<II", message)
        log = loop.log
        if epoch != log.epoch or sequence > log.last:
            raise ValueError("stored: not my events")
        if sequence > log.acknowledged:
            log.acknowledge(sequence)
        elif sequence < log.acknowledged:  # the cloud was restored from a backup: what it has lost is sent again
            log.acknowledged = self._sent = sequence
        if sequence >= self._sent:
            self._stored_by = None

    # The access list

    def _delta(self, loop, message, now):
        old, new = wire.unpacked("<II", message)
        if (len(message) - 9) % CHANGE:
            raise ValueError("delta: length")
        if old == loop.table.version:
            loop.table.apply(new, memoryview(message)[9:])
        self._say_acl(loop.table)

    def _snapshot(self, loop, message, now):
        version, part, parts, digest = wire.unpacked("<IHHQ", message)
        table = loop.table
        if part == 0:
            table.begin_snapshot()
            self._part = 0
        if part != self._part or (len(message) - 17) % CREDENTIAL:
            raise ValueError("snapshot: part")
        table.take(memoryview(message)[17:])
        self._part += 1
        if self._part < parts:
            self._outbox.put(wire.packed(wire.PART_TAKEN, "<IH", version, self._part))
        else:
            table.finish_snapshot(version, digest)
            self._say_acl(table)

    def _say_acl(self, table):
        self._outbox.put(wire.packed(wire.ACL_NOW, "<IQ", table.version, table.digest))

    def _rules(self, loop, message, now):
        if self._staged is None:
            from .parts import Staging

            self._staged = Staging(self._folder)
        self._outbox.put(self._staged.take(loop, message, now))

    # Commands and time

    def _command(self, loop, message, now):
        from .commands import run

        run(self._outbox, loop, message, now)

    def _update(self, loop, message, now):
        if self._updates is None:
            from .update import Updates

            self._updates = Updates(self._folder)
        self._updates.take(self._outbox, loop, message, now)

    def _ask_for_time(self, now):
        self._time_nonce = session.urandom(8)
        self._asked = now
        self._ask_time = ticks.add(now, _ASK_TIME_MS)
        self._outbox.put(bytes((wire.TIME_ASKED,)) + self._time_nonce)

    def _time(self, loop, message, now):
        nonce, self._time_nonce = self._time_nonce, None
        if bytes(message[1:9]) != nonce or ticks.diff(now, self._asked) > _TIME_MS:
            raise ValueError("time: not the answer to my question, or too late")
        utc_ms = wire.unpacked("<QQ", message)[1]
        if not _EARLIEST <= utc_ms // 1000 < _LATEST:
            raise ValueError("time: no time of ours")
        before = loop.clock.utc(now)
        loop.clock.set(utc_ms, now)
        if abs(before - utc_ms // 1000) > 2:
            loop.record(CLOCK_SET, now)

    def _put_refused_on_record(self, loop, now):
        """A flood of refused messages is one record a minute."""
        if ticks.passed(self._report, now):
            self._report = None
        # What belongs to another session is what a cut link leaves behind: counted, but no news.
        news = sum(self._refused.values()) - self._refused["session"] - self._reported
        if not news or self._report is not None:
            return
        self._reported += news
        self._report = ticks.add(now, _REFUSED_MS)
        loop.record(MESSAGE_REFUSED, now, 0, min(news, 255))
