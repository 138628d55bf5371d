"""A controller with two doors, keypads, and the rules that a test is about."""

import gc

from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.access.kinds import CARD_PIN, DURESS, PIN
from firmware.controller.events import CLOCK_SET
from firmware.controller.records import NO_END, unpack_event
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import KEY, TABLE, Bench
from tests.firmware.storage.cards import know

D0, D1, STRIKE, CONTACT = 23, 26, 27, 35
SECOND = {
    "reader": {"kind": "wiegand", "d0": D0, "d1": D1, "light": 13, "sound": 5},
    "strike": {"pin": STRIKE, "active": 1},
    "contact": {"pin": CONTACT, "open": 1},
    "rex": {"pin": 32, "active": 0},
}
TWO = dict(TABLE)
TWO["doors"] = TABLE["doors"] + [SECOND]
PINS = {1: (18, 19, 25), 2: (D0, D1, STRIKE)}


class RulesBench(Bench):
    def __init__(self, rules, flash=None, folder=None):
        super().__init__(flash, KEY, folder, rules, TWO)

    def again(self, rules):
        """The power goes and comes back."""
        self.loop = self.sync = None  # there is no room for two
        gc.collect()
        return RulesBench(rules, self.flash, self.folder)

    def put(self, value, profile=7, until=NO_END):
        key = credential_key(KEY, value)
        know(self.loop.table, key, profile, until)
        return key

    def give(self, number, profile=7, until=NO_END):
        return self.put(card_value(26, number), profile, until)

    def give_pin(self, digits, profile=7, card=None, duress=False):
        """A PIN, of a card if there is one."""
        of = b"" if card is None else card_value(26, card)
        kind = DURESS if duress else PIN if card is None else CARD_PIN
        return self.put(bytes((kind,)) + of + digits.encode(), profile)

    def tap(self, number, door=1):
        """What is on record for it: [(code, extra)]."""
        self.take_away(door)
        return self.present(frame26(0, number), door)

    def type(self, keys, door=1):
        said = []
        for key in keys:
            said += self.present("{:04b}".format("0123456789*#".index(key)), door)
        return said

    def present(self, bits, door):
        log = self.loop.log
        last = log.last
        d0, d1, _ = PINS[door]
        self.chip.swipe(d0, d1, bits)
        self.run(30)
        return [(event[2], event[4]) for event in self._events(last + 1)]

    def released(self, door=1):
        return self.chip.outputs[PINS[door][2]] == 1

    def wait(self, seconds):
        """Also longer than ticks can tell."""
        while seconds > 0:
            self.run(min(seconds, 3600) * 1000)
            seconds -= 3600

    def at(self, utc):
        """The clock is set."""
        self.loop.clock.set(utc * 1000, self.chip.now)
        self.run(60000)
        self.loop.clock.set(utc * 1000, self.chip.now)

    def last_key(self):
        return next(self._events(self.loop.log.last))[6]

    def _events(self, sequence):
        buffer = bytearray(32)
        for at in range(sequence, self.loop.log.last + 1):
            self.loop.log.read(at, buffer)
            yield unpack_event(buffer)

    def fill(self, count):
        """So many other events are on record, and the cloud has them."""
        for n in range(count):
            self.loop.record(CLOCK_SET, self.chip.now)
            if n % 200 == 0:
                self.run(20000)
        self.run(20000)
        self.loop.log.acknowledge(self.loop.log.last)
