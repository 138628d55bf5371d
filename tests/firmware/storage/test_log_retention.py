"""Retention on flash: what is too old is gone from it, and what is left is known as that."""

from firmware.controller.access.rules import Rules
from firmware.controller.events import DELIVERY_PICKED_UP, GRANTED
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.log_retention import Retention
from firmware.controller.storage.state import TIME, StateJournal
from firmware.protocol.log_chain import EXPIRED, WHOLE, LogChain
from sim.mcu.flash import SECTOR
from tests.firmware.storage.bench import Partition, cost, flash, flip

CARD = b"1234567"
DAY = 86400
UTC = 1800000000


def rules(**days):
    """rules(d1=30): door 1 keeps its events for 30 days."""
    return Rules({"version": 1, "doors": {name[1:]: {"retention_days": days[name]} for name in days}}, 4)


class Kept:
    def __init__(self, sectors=4):
        self.nor, self.state = flash(sectors), flash(2)
        self.now = 0
        self.start()

    def start(self):
        self.log = EventLog(Partition(self.nor), StateJournal(Partition(self.state)), lambda n: b"\x07" * n)
        self.retention = Retention(self.log, self.now)

    def add(self, utc, door=1, count=1):
        for _ in range(count):
            self.log.append(GRANTED, door, 9, CARD, utc, 1)
            self.log.prepare()

    def round(self, rules, utc):
        """All of the log is seen."""
        for _ in range(self.nor.size // SECTOR * 128 // 32 + 1):
            self.retention.step(rules, utc, self.now)
            self.now += 5000

    def codes(self):
        found = []
        buf = bytearray(EVENT)
        for seq in range(self.log.first, self.log.last + 1):
            assert self.log.read(seq, buf) == 1
            event = unpack_event(buf)
            assert event[0] == seq
            found.append(event[2])
        return found

    def content(self):
        """How often the card is still to be found on flash."""
        image = bytearray(self.nor.size)
        self.nor.read(0, image)
        return bytes(image).count(CARD)


def test_what_is_too_old_is_gone_from_the_flash_and_the_rest_is_not():
    kept = Kept()
    for day in range(10):
        kept.add(UTC + day * DAY, count=20)
    kept.round(rules(d1=7), UTC + 9 * DAY)
    assert kept.codes() == [0] * 60 + [GRANTED] * 140
    assert kept.content() == 140
    kept.round(rules(d1=7), UTC + 16 * DAY - 1)
    assert kept.content() == 20
    kept.round(rules(d1=7), UTC + 16 * DAY)
    assert kept.content() == 0
    assert kept.codes() == [0] * 200


def test_what_happens_at_a_bank_goes_with_the_door_that_keeps_the_shortest():
    kept = Kept()
    for compartment in (0, 1, 2, 9):
        kept.log.append(DELIVERY_PICKED_UP, compartment, 0, CARD, UTC, 1)
    kept.log.prepare()
    kept.round(rules(d1=30, d2=10), UTC + 9 * DAY)
    assert kept.content() == 4
    kept.round(rules(d1=30, d2=10), UTC + 10 * DAY)
    assert kept.content() == 0
    kept.log.append(DELIVERY_PICKED_UP, 1, 0, CARD, UTC, 1)
    kept.round(rules(), UTC + 99 * DAY)
    assert kept.content() == 1


def test_each_door_has_its_own_retention_and_the_board_itself_none():
    kept = Kept()
    for door in (1, 2, 3, 0):
        kept.add(UTC, door, 10)
    kept.round(rules(d1=30, d2=1), UTC + 2 * DAY)
    assert kept.codes() == [GRANTED] * 10 + [0] * 10 + [GRANTED] * 20
    kept.round(rules(d1=30, d2=1), UTC + 30 * DAY)
    assert kept.codes() == [0] * 20 + [GRANTED] * 20


def test_a_door_that_keeps_no_log_lets_go_of_its_events_after_a_day():
    kept = Kept()
    kept.add(0, 1, 2)
    kept.add(UTC, 1, 3)
    kept.round(rules(d1=0), UTC + DAY - 1)
    assert kept.codes() == [GRANTED] * 5
    kept.round(rules(d1=0), UTC + DAY)
    assert kept.codes() == [0] * 5


def test_an_event_without_a_time_goes_with_the_next_that_has_one():
    kept = Kept()
    kept.add(0, count=3)
    kept.add(UTC, door=0)
    kept.add(0, count=2)
    kept.round(rules(d1=7), UTC + 7 * DAY - 1)
    assert kept.codes() == [GRANTED] * 6
    kept.round(rules(d1=7), UTC + 7 * DAY)
    assert kept.codes() == [0] * 3 + [GRANTED] * 3


def test_a_damaged_event_goes_with_the_next_one_too():
    kept = Kept()
    kept.add(UTC + 7, count=5)
    flip(kept.nor, 3 * EVENT + 5)
    flip(kept.nor, 3 * EVENT + 8)
    kept.round(rules(d1=7), UTC + 6 * DAY)
    assert kept.content() == 5
    kept.round(rules(d1=7), UTC + 7 + 7 * DAY)
    assert kept.content() == 0
    assert kept.codes() == [0] * 5


def test_a_bit_that_turned_over_makes_no_event_older():
    kept = Kept()
    kept.add(0, count=8)  # without a time, which is four bytes of zero, as in an event that is half gone
    for slot in range(1, 9):
        flip(kept.nor, slot * EVENT + 3 * slot, 1)  # in the number, the time, the key, the chain
    kept.add(UTC)
    kept.round(rules(d1=7), UTC + 6 * DAY)
    assert kept.codes() == [GRANTED] * 9
    kept.round(rules(d1=7), UTC + 7 * DAY)
    assert kept.content() == 0


def test_nothing_expires_while_the_time_is_not_known():
    kept = Kept()
    kept.add(UTC)
    kept.round(rules(d1=1), 0)
    assert kept.codes() == [GRANTED]


def test_chain_start_and_acknowledgement_do_not_mind_what_expired():
    kept = Kept()
    kept.add(UTC)
    chain = LogChain(*kept.log.chain_start)
    kept.add(UTC, count=200)
    kept.add(UTC + 5 * DAY, count=100)
    kept.log.acknowledge(1)
    kept.round(rules(d1=3), UTC + 3 * DAY)
    for start in range(3):
        assert (kept.log.first, kept.log.last, kept.log.acknowledged) == (1, 301, 1 if start == 0 else 0)
        assert kept.codes() == [0] * 201 + [GRANTED] * 100
        kept.start()
    buf = bytearray(EVENT)
    verdicts = []
    for seq in range(1, 302):
        kept.log.read(seq, buf)
        verdicts.append(chain.take(buf))
    assert verdicts == [EXPIRED] * 201 + [WHOLE] * 100


def test_a_log_all_of_which_expired_goes_on():
    kept = Kept()
    kept.add(UTC, count=700)
    kept.round(rules(d1=1), UTC + DAY)
    kept.start()
    assert kept.log.last == 700 and kept.log.last - kept.log.first >= 2 * 127
    kept.add(UTC + DAY, count=3)
    kept.start()
    codes = kept.codes()
    assert codes == [0] * (len(codes) - 3) + [GRANTED] * 3


def test_a_flipped_number_of_an_expired_event_costs_that_event_alone():
    kept = Kept(6)
    kept.add(UTC, count=400)
    kept.round(rules(d1=1), UTC + DAY)
    for slot in (1, 50, 127):
        flip(kept.nor, SECTOR + slot * EVENT + 1, 3)
    kept.start()
    codes = kept.codes()
    assert len(codes) == 400 and kept.log.last == 400
    assert codes.count(0) == 397


def test_a_step_is_a_bounded_piece_of_work():
    kept = Kept()
    kept.add(UTC, count=300)
    kept.retention.step(rules(d1=1), UTC + DAY, kept.now)  # notes the time
    most = 0
    for _ in range(20):
        kept.now += 5000
        step = cost(kept.nor, lambda: kept.retention.step(rules(d1=1), UTC + DAY, kept.now))
        assert cost(kept.nor, lambda: kept.retention.step(rules(d1=1), UTC + DAY, kept.now)) == (0, 0, 0)
        assert step[1] <= 32 and step[2] == 0
        most = max(most, step[1])
    assert most == 32
    assert kept.content() == 0


def test_the_largest_log_is_seen_once_in_a_day():
    steps = 1185 * 128 // 32
    assert steps * 10 < DAY


def test_the_time_goes_to_flash_every_four_hours():
    kept = Kept()
    before = kept.state.programs
    for minute in range(24 * 60):
        kept.retention.step(rules(d1=1), UTC + minute * 60, kept.now)
        kept.now += 60000
    assert kept.state.programs - before == 6
    kept.retention.step(rules(d1=1), UTC - 3 * DAY, kept.now)  # the cloud was wrong before
    assert StateJournal(Partition(kept.state)).get(TIME) == UTC - 3 * DAY


def test_a_chain_goes_on_after_a_start_when_the_last_event_is_gone():
    kept = Kept()
    kept.add(UTC, count=3)
    kept.round(rules(d1=7), UTC + 9 * DAY)
    assert kept.content() == 0
    kept.start()
    assert kept.log.chained
    kept.add(UTC + 9 * DAY)
    kept.start()
    assert kept.log.chained and kept.codes() == [0, 0, 0, GRANTED]
