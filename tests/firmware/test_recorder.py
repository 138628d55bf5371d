"""What the recorder puts on flash, counts, or keeps a card's key out of."""

from firmware.controller.access.rules import Rules
from firmware.controller.clock import Clock
from firmware.controller.events import (
    DENIALS_REPEATED,
    DENIED_PIN,
    DENIED_UNKNOWN,
    DOOR_FORCED,
    GRANTED,
    SECTOR_BAD,
    TIME_TRUSTED,
)
from firmware.controller.recorder import Recorder
from firmware.controller.recorder_upkeep import crowded
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage import sectors
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import TIME, StateJournal
from sim.mcu.flash import SECTOR
from tests.firmware.controller_bench import UTC, Bench, nor_flash
from tests.firmware.storage.bench import Partition

CARD = b"1234567"


class Made:
    """A recorder on a log of so many sectors."""

    def __init__(self, doors=None, count=4):
        sectors.faults.clear()
        self.nor = nor_flash(count * SECTOR)
        self.state = nor_flash(2 * SECTOR)
        self.doors = doors or {}
        self.start()

    def start(self):
        self.log = EventLog(Partition(self.nor), StateJournal(Partition(self.state)), lambda n: b"\x07" * n)
        self.clock = Clock()
        self.recorder = Recorder(self.log, self.clock, Rules({"version": 1, "doors": self.doors}, 2))

    def events(self, first=1):
        found = []
        buf = bytearray(EVENT)
        for seq in range(max(first, self.log.first), self.log.last + 1):
            assert self.log.read(seq, buf) == 1
            found.append(unpack_event(buf))
        return found


def told(events):
    """[(code, door, extra, key, count)]"""
    return [(event[2], event[3], event[4], event[6], event[7]) for event in events]


def test_a_flood_is_its_first_ones_and_a_count():
    made = Made()
    for i in range(1000):
        made.recorder.record(DENIED_UNKNOWN, i * 10, 2, 0, CARD)
    assert told(made.events()) == [(DENIED_UNKNOWN, 2, 0, CARD, 0)] * 3
    assert made.recorder.deadline() == 60000
    made.recorder.upkeep(60000)
    assert told(made.events(4)) == [(DENIALS_REPEATED, 2, DENIED_UNKNOWN, None, 255)]
    assert made.recorder.deadline() is None


def test_the_loop_wakes_up_for_the_count():
    bench = Bench()
    for _ in range(5):
        bench.tap(12, 3456)
    bench.run(61000)
    codes = [event[0] for event in bench.events()]
    assert codes == [DENIED_UNKNOWN] * 3 + [DENIALS_REPEATED]


def test_grants_alarms_and_wrong_pins_are_never_held_back():
    made = Made()
    for code in (GRANTED, DOOR_FORCED, DENIED_PIN):
        for _ in range(9):
            made.recorder.record(code, 0, 1, 0, CARD)
    assert [event[2] for event in made.events()] == [GRANTED] * 9 + [DOOR_FORCED] * 9 + [DENIED_PIN] * 9


def test_denials_never_displace_what_the_cloud_does_not_have():
    made = Made()
    now = 0
    while not crowded(made.log):
        made.recorder.record(GRANTED, now, 1, 0, CARD)
        made.recorder.upkeep(now)
    full = made.log.last
    assert full == 191  # three quarters of what always fits
    for now in range(0, 40 * 60000, 1000):
        made.recorder.record(DENIED_UNKNOWN, now, 1, 0, None)
        made.recorder.upkeep(now)
        assert made.recorder.deadline() is None
    assert made.log.last == full
    made.recorder.record(DOOR_FORCED, now, 1)
    assert (made.log.last, made.log.first) == (full + 1, 1)
    made.log.acknowledge(full)
    made.recorder.upkeep(now)
    assert told(made.events(full + 2)) == [(DENIALS_REPEATED, 1, DENIED_UNKNOWN, None, 255)]


def test_at_a_door_that_keeps_no_log_no_event_names_a_credential():
    made = Made({"1": {"retention_days": 0}, "2": {"retention_days": 30}})
    for door in (1, 2):
        made.recorder.record(GRANTED, 0, door, 0, CARD)
        made.recorder.record(DENIED_UNKNOWN, 0, door, 0, CARD)
    assert [event[6] for event in made.events()] == [None, None, CARD, CARD]


def test_what_is_wrong_with_the_flash_is_put_on_record_once():
    made = Made()
    for _ in range(3):
        sectors.fault(SECTOR_BAD, 76)
        made.recorder.upkeep(0)
    assert told(made.events()) == [(SECTOR_BAD, 0, 76, None, 0)]


def test_events_say_whether_their_time_is_known():
    made = Made()
    made.recorder.record(GRANTED, 0, 1)
    made.clock.set(UTC * 1000, 0)
    made.recorder.record(GRANTED, 5000, 1)
    assert [event[1] for event in made.events()] == [0, UTC + 5]
    assert [event[5] & TIME_TRUSTED for event in made.events()] == [0, TIME_TRUSTED]


def test_retention_works_without_a_cloud_over_restarts():
    made = Made({"1": {"retention_days": 1}})
    made.clock.set(UTC * 1000, 0)
    made.recorder.record(GRANTED, 0, 1, 0, CARD)
    for hour in range(5):
        made.recorder.upkeep(hour * 3600000)
    assert StateJournal(Partition(made.state)).get(TIME) == UTC + 4 * 3600
    made.start()  # and no cloud tells the time
    for hour in range(19):
        made.recorder.upkeep(hour * 3600000)
    assert told(made.events()) == [(GRANTED, 1, 0, CARD, 0)]
    for step in range(20):
        made.recorder.upkeep(20 * 3600000 + step * 5000)
    assert told(made.events()) == [(0, 0, 0, None, 0)]


def test_without_retention_nothing_is_loaded_for_it():
    made = Made({"1": {"release_ms": 3000}})
    made.recorder.upkeep(0)
    assert made.recorder._upkeep is None
