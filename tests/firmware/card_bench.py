"""A controller with a bank whose keypad reads cards too: three people, of whom each has one."""

from struct import pack, unpack

from firmware.controller import clock
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import wire
from firmware.controller.records import NO_END
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import KEY
from tests.firmware.parcel_bench import BANK, KEYPAD, ParcelBench
from tests.firmware.storage.cards import forget

WITH_CARDS = dict(BANK, keypad=dict(KEYPAD, cards=1))
KARI, OLA, NILS, UNKNOWN = 1, 2, 3, 9


def card(who):
    return credential_key(KEY, card_value(26, 17 << 16 | who))


def entry(number, mark, *who, kind=1, until=NO_END):
    keys = b"".join([card(one) for one in who])
    return pack("<BHBI21s", number, mark, kind, until, keys)


def empty(number):
    return pack("<BHBI21s", number, 0, 0, 0, b"")


class CardBench(ParcelBench):
    def __init__(self, **more):
        super().__init__(bank=WITH_CARDS, **more)
        if not self.loop.table.count:
            for who in (KARI, OLA, NILS):
                self.give(17, who)

    def again(self, **more):
        return CardBench(flash_=self.flash, folder=self.folder, locks=self.locks, **more)

    def allot(self, *entries):
        """What the controller says to it."""
        self.said()
        self.hear(bytes((wire.ALLOT,)) + b"".join(entries))
        self.run(200)
        return self.said()

    def command(self, do, **fields):
        """What it answers."""
        expires = self.loop.clock.utc(clock.now()) + 20
        self.said()
        self.hear(wire.json_message(wire.COMMAND, dict(fields, id=self.loop.log.last, do=do, expires=expires)))
        (answer,) = [wire.read_json(one) for one in self.said() if one[0] == wire.RESULT]
        return answer["result"]

    def tap_bank(self, who, wait=2000):
        """Which doors popped."""
        before = len(self.locks.pulses)
        self.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], frame26(17, who))
        self.run(wait)
        return [lock for lock, _ in self.locks.pulses[before:]]

    def take_away_card(self, who):
        forget(self.loop.table, card(who))

    def lies_on_flash(self, key):
        """Whether these bytes do, in the partition of the bank."""
        piece, flash = bytearray(512), self.flash["bank"]
        for at in range(0, flash.size - 256, 256):
            flash.read(at, memoryview(piece)[: min(512, flash.size - at)])
            if key in bytes(piece):
                return True
        return False

    def marks(self, first=1, count=8):
        """(crc, marks)."""
        self.said()
        self.hear(bytes((wire.ALLOT_ASKED, first, count)))
        self.run(200)
        (message,) = [one for one in self.said() if one[0] == wire.ALLOT_STATE]
        crc, at = unpack("<IB", message[1:6])
        assert at == first
        return crc, list(unpack("<%dH" % count, message[6:]))

    def last_events(self, *wanted):
        """[(code, door, extra, key)] of these kinds, of all that is on flash."""
        return [event for event in self.events() if event[0] in wanted]
