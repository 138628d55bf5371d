"""A whole controller on the bench, without its network loop: the test holds both mailboxes."""

import json
import os
import time

from firmware.controller import clock, ticks
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.access.rules import Rules
from firmware.controller.board import Board
from firmware.controller.cloud import session, wire
from firmware.controller.cloud.mailbox import Mailbox
from firmware.controller.cloud.sync import Sync
from firmware.controller.hmac import pads
from firmware.controller.loop import Loop
from firmware.controller.records import NO_END, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable
from sim.mcu.esp32 import Partition
from sim.mcu.flash import NorFlash
from tests.firmware.bench import BenchChip, frame26
from tests.firmware.storage.cards import know

KEY = b"a table key for this test alone!"
UTC = 1800000000
D0, D1, STRIKE, CONTACT, REX = 18, 19, 25, 34, 4
TABLE = {
    "status": 14,
    "doors": [
        {
            "reader": {"kind": "wiegand", "d0": D0, "d1": D1, "light": 21, "sound": 22},
            "strike": {"pin": STRIKE, "active": 1},
            "contact": {"pin": CONTACT, "open": 1},
            "rex": {"pin": REX, "active": 0},
        }
    ],
}
AT_WORK = 10000  # ms: who rests longer asks its lock boards at both ends only; they are most of the work of a long wait
RULES = {"version": 1, "profiles": {"7": [1]}, "doors": {}}


def nor_flash(size):
    """In a file that goes with the process: in the capped heap there is no room for it beside the controller."""
    name = "bench-%d.flash" % time.time_ns()
    file = open(name, "w+b")
    os.remove(name)
    return NorFlash(size, file=file)


class Lock:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Watchdog:
    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class Bench:
    """flash, folder: of an earlier bench, to start again with what it held. rules, table, levels: other than usual."""

    def __init__(self, flash=None, key=KEY, folder=None, rules=RULES, table=TABLE, levels=None):
        self.folder = folder or "bench-%d-" % time.time_ns()  # rules go to files that begin like this
        faults.clear()  # what an earlier bench left: on a board each start has its own
        self.chip = BenchChip()
        self.flash = flash or {"acl": nor_flash(24576), "log": nor_flash(16384), "state": nor_flash(8192)}
        self.chip.partition = self.flash.get
        self.chip.inputs = {D0: 1, D1: 1, CONTACT: 0, REX: 1}
        self.chip.inputs.update(levels or {})
        self.inbox, self.outbox = Mailbox(Lock(), 4), Mailbox(Lock(), 4)
        self.refused = {"content": 0, "tag": 0, "session": 0}
        self.sync = Sync(self.inbox, self.outbox, self.refused, self.folder)
        self.watchdog = Watchdog()
        self.link = None
        self.restarts = []
        journal = StateJournal(Partition("state"))
        self.loop = Loop(
            Board(table),
            CredentialTable(Partition("acl")),
            EventLog(Partition("log"), journal, os.urandom),
            journal,
            Rules(rules, len(table["doors"])),
            pads(key) if key else None,
            self.sync,
            self.link,
            self.watchdog,
            lambda: self.restarts.append(self.chip.now),
            self.folder,
        )
        self.run()

    def rules_come(self, fields, parts=1):
        """The cloud sends rules in so many parts. Returns what the controller said."""
        text = json.dumps(fields).encode()
        size = -(-len(text) // parts)
        said = self.said()[:0]
        for part in range(parts):
            head = wire.packed(wire.RULES, "<IHH", fields["version"], part, parts)
            self.hear(head + text[part * size : (part + 1) * size])
            said += self.said()
        return said

    def files(self):
        """What lies in the board's folder: {name: bytes}."""
        names = [name for name in os.listdir(".") if name.startswith(self.folder)]
        return {name[len(self.folder) :]: os.stat(name)[6] for name in names}

    def clean(self):
        for name in self.files():
            os.remove(self.folder + name)

    def run(self, ms=0):
        """Lets the control loop run for so long, from deadline to deadline."""
        begin, end = self.chip.now, ticks.add(self.chip.now, ms)
        while True:
            self._step()
            while self.loop._pending():
                self._step()
            due = self.loop.deadline()
            if ticks.diff(self.chip.now, begin) < AT_WORK or ticks.diff(end, self.chip.now) <= AT_WORK:
                for part in self.loop.parts:
                    if hasattr(part, "line"):  # lock boards, which are asked in the rest between two steps
                        due = ticks.soonest(due, part.line.deadline())
            elif ticks.diff(due, ticks.add(end, -AT_WORK)) > 0:
                due = ticks.add(end, -AT_WORK)
            if ticks.diff(due, end) > 0:
                break
            self.chip.now = due if ticks.diff(due, self.chip.now) > 0 else self.chip.now
        self.chip.now = end
        self._step()

    def _step(self):
        self.loop.wake[0] = 0
        self.loop.step(self.chip.now)

    def give(self, facility, number, profile=7, until=NO_END):
        key = credential_key(KEY, card_value(26, facility << 16 | number))
        know(self.loop.table, key, profile, until)
        return key

    def tap(self, facility, number):
        self.take_away(1)
        self.swipe(frame26(facility, number))

    def take_away(self, door):
        """Whoever taps again has taken the card away in between (door_unit.py)."""
        held = self.loop.doors[door - 1]._held
        if held:
            self.run(max(0, max(ticks.diff(away, self.chip.now) for away in held.values())))

    def swipe(self, bits):
        self.chip.swipe(D0, D1, bits)
        self.run(30)

    def strike(self):
        return self.chip.outputs[STRIKE]

    def events(self):
        """[(code, door, extra, key)] of all that lies on flash, after checking that numbers are contiguous."""
        log = self.loop.log
        found = []
        buffer = bytearray(32)
        for sequence in range(log.first, log.last + 1):
            assert log.read(sequence, memoryview(buffer)) == 1
            event = unpack_event(buffer)
            assert event[0] == sequence
            found.append((event[2], event[3], event[4], event[6]))
        return found

    def connect(self):
        """The network loop says that a session is open; the clock is set. Returns what the controller said."""
        self.said()
        self.inbox.put(session.OPENED)
        self.run()
        said = self.said()
        nonce = [message[1:] for message in said if message[0] == wire.TIME_ASKED][-1]
        self.hear(bytes((wire.TIME,)) + nonce + wire.packed(0, "<Q", UTC * 1000)[1:])
        return said

    def stored(self):
        """The cloud has every event on flash."""
        self.hear(wire.packed(wire.STORED, "<II", self.loop.log.epoch, self.loop.log.last))

    def said(self):
        messages = []
        while self.outbox.waiting():
            messages.append(self.outbox.get())
        return messages

    def hear(self, message):
        assert self.inbox.put(message)
        self.run()

    def idle(self):
        """The followers of rules have an idle moment, as in every few seconds."""
        for one in self.loop.followers:
            one.upkeep(self.now())

    def now(self):
        return clock.now()
