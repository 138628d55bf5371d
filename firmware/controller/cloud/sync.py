"""Sync: what the control loop tells the cloud and does at its word. Everything may come twice, late or never."""

from micropython import const

from .. import ticks
from ..events import CLOCK_SET, MESSAGE_REFUSED, TABLE_DAMAGED
from ..records import CHANGE, EVENT
from ..storage.state import BOOTS
from ..storage.table import Damaged, TableFull
from ..version import VERSION
from . import session
from .wire import (
    ACL_NOW,
    DELTA,
    EVENTS,
    HELLO,
    HOSTILE,
    MAX_MESSAGE,
    STORED,
    TIME,
    TIME_ASKED,
    json_message,
    packed,
    unpacked,
)

_BATCH = const(30)  # events a message: 30 * 32 bytes fit under MAX_MESSAGE
_STORED_MS = const(5000)  # a batch without an answer is sent again after that
_TIME_MS = const(5000)  # an answer later than this tells the time too badly
_ASK_TIME_MS = const(3600000)
_ASK_AGAIN_MS = const(60000)  # when no answer came, or a late one
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
        self.folder = folder
        # _sent: the last event that went out in this session. _reported: refused messages on record.
        self._reported = self._sent = 0
        # _held_back: for want of room in the outbox.
        self.open = self._held_back = False
        # trial: of this firmware, until it has proven healthy. coming: the snapshot coming in. _work: on the table, in
        # steps; _work_at: when the next one is due. _version, _digest: of the table, as last said. _stored_by: when the
        # answer to a batch is overdue.
        self.trial = self.coming = self._work = self._work_at = self._version = self._digest = None
        # door_status: what door_status.py has last told.
        self._report = self._stored_by = self._time_nonce = self._ask_time = self.door_status = None
        self._batch = bytearray(1 + 4 + _BATCH * EVENT)
        # Of messages, by their first byte; and, by a name, what message_handlers.py and commands.py keep here.
        self.handlers = {
            session.OPENED[0]: self._opened,
            session.LOST[0]: self._lost,
            STORED: self._stored,
            DELTA: self._delta,
            TIME: self._time,
        }

    def ready(self):
        """Whether step() has something to do now: a message waits, or there is room again for what was held back."""
        if self._outbox.room() < _REPLIES:
            return False
        return self._held_back or (not self._work and self._inbox.waiting())

    def deadline(self):
        """When step() has something to do of itself."""
        due = self._report
        if self._outbox.room() >= _REPLIES:
            due = ticks.soonest(ticks.soonest(due, self._work_at), ticks.soonest(self._ask_time, self._stored_by))
        return due

    def step(self, loop, now):
        """Takes one message and sends what is due."""
        try:
            if self._work:
                self._go_on(now)
            elif self._outbox.room() >= _REPLIES:
                message = self._inbox.get()
                if message:
                    does = self.handlers.get(message[0])
                    if does:
                        does(loop, message, now)
                    else:
                        from .message_handlers import handle

                        handle(self, loop, message, now)
        except (Damaged, TableFull) + HOSTILE as error:
            print("sync:", error)
            if type(error) is Damaged:
                loop.record(TABLE_DAMAGED, now)
            elif type(error) is not TableFull:
                # Authenticated, but not what wire.py describes. It was refused before anything changed.
                self._refused["content"] += 1
            if self._work:
                # The table says by its version or digest what became of it: the cloud sends the whole set.
                self._work = self._work_at = self.coming = None
                self.say_acl(loop.table)
        if self.trial:
            self.trial = self.trial.look(self, loop, now)
        self._put_refused_on_record(loop, now)
        self._held_back = self._outbox.room() < _REPLIES
        if self.open and not self._held_back:
            if ticks.passed(self._ask_time, now):
                self._ask_for_time(now)
            self._send_events(loop, now)
            table = loop.table
            if not (self._work or self.coming) and (table.version != self._version or table.digest != self._digest):
                self.say_acl(table)

    def sent(self):
        """Whether the network loop has taken everything."""
        return not self._outbox.waiting()

    def _go_on(self, now):
        """One step of the work on the table: cards are decided on in between."""
        if ticks.passed(self._work_at, now) and self._outbox.room() >= _REPLIES:
            try:
                self._work_at = ticks.add(now, next(self._work))
            except StopIteration:
                self._work = self._work_at = None

    def begin(self, work, now):
        """work: a generator that yields how many milliseconds to wait before its next step."""
        self._work = work
        self._work_at = now

    def say(self, message):
        """False when there is no room for it now."""
        return self._outbox.put(message)

    def _opened(self, loop, message, now):
        self.open = True
        self._sent = loop.log.acknowledged
        self._stored_by = self.coming = None
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
            "buckets": table.buckets,
            "rules": loop.rules.version,
            "epoch": log.epoch,
            "first": log.first,
            "last": log.last,
            "boot": loop.journal.get(BOOTS),
            "firmware": VERSION,
            "doors": len(loop.doors),
            "longest": MAX_MESSAGE,
            "refused": self._refused,
            "standing": self.door_status,
        }
        self._version, self._digest = table.version, table.digest
        if log.chain_start:
            hello["chain"] = [log.chain_start[0], log.chain_start[1].hex()]
        self._outbox.put(json_message(HELLO, hello))

    # Events

    def _send_events(self, loop, now):
        log = loop.log
        if ticks.passed(self._stored_by, now):
            self._sent = log.acknowledged
            self._stored_by = None
        # Four batches may be on their way, all after the first only full ones: few go together, many without a pause.
        waiting = log.last - self._sent
        if waiting <= 0 or (
            self._stored_by is not None and (waiting < _BATCH or self._sent - log.acknowledged > 3 * _BATCH)
        ):
            return
        first = max(self._sent + 1, log.first)
        if first > self._sent + 1:
            self._say_hello(loop)  # what is missing was overwritten: only a hello can say so
        batch = self._batch
        count = log.read(first, memoryview(batch)[5:])
        if count:
            batch[:5] = packed(EVENTS, "<I", log.epoch)
            self._outbox.put(bytes(memoryview(batch)[: 5 + count * EVENT]))
            self._sent = first + count - 1
            self._stored_by = ticks.add(now, _STORED_MS)

    def _stored(self, loop, message, now):
        epoch, sequence = unpacked("<II", message)
        log = loop.log
        if epoch != log.epoch or sequence > log.last:
            raise ValueError("stored")
        if sequence > log.acknowledged:
            log.acknowledge(sequence)
        elif sequence < log.acknowledged:  # the cloud was restored from a backup: what it has lost is sent again
            log.acknowledged = self._sent = sequence
        self._stored_by = ticks.add(now, _STORED_MS) if sequence < self._sent else None

    # The access list

    def _delta(self, loop, message, now):
        old, new = unpacked("<II", message)
        if (len(message) - 9) % CHANGE:
            raise ValueError("delta")
        if old == loop.table.version:
            self.begin(self._change(loop.table, new, memoryview(message)[9:]), now)
        else:
            self.say_acl(loop.table)

    def _change(self, table, version, changes):
        yield from table.steps(version, changes)
        self.say_acl(table)

    def say_acl(self, table):
        self._version, self._digest = table.version, table.digest
        self._outbox.put(packed(ACL_NOW, "<IQ", self._version, self._digest))

    # Time

    def _ask_for_time(self, now):
        self._time_nonce = session.urandom(8)
        self._ask_time = ticks.add(now, _ASK_AGAIN_MS)
        self._outbox.put(bytes((TIME_ASKED,)) + self._time_nonce)

    def _time(self, loop, message, now):
        nonce, self._time_nonce = self._time_nonce, None
        if bytes(message[1:9]) != nonce or ticks.diff(self._ask_time, now) < _ASK_AGAIN_MS - _TIME_MS:
            raise ValueError("time")
        utc_ms = unpacked("<QQ", message)[1]
        if not _EARLIEST <= utc_ms // 1000 < _LATEST:
            raise ValueError("time")
        before = loop.clock.utc(now)
        loop.clock.set(utc_ms, now)
        self._ask_time = ticks.add(now, _ASK_TIME_MS)
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
