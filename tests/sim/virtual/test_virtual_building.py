"""The real firmware in a virtual building: what people see, what is recorded, what survives faults."""

import json
import random
from pathlib import Path

import pytest

from firmware.controller import events as codes
from firmware.controller import loop
from firmware.controller.cloud.sync import Sync
from firmware.controller.loop import Loop
from firmware.controller.storage import log
from firmware.controller.storage.log import EventLog
from sim.cloud import MemoryCloud, settings_of
from sim.virtual.building import VirtualBuilding
from sim.virtual.faults import FaultInjector, Rates
from sim.world.building import BUILDING

BOARD = json.loads(Path(__file__, "../../../../boards/virtual-two-door/board.json").resolve().read_text())
INGRID, SOFIE, PER = BUILDING["people"][0], BUILDING["people"][6], BUILDING["people"][9]
STRANGER = BUILDING["strangers"][0]


@pytest.fixture
def make(tmp_path):
    """Makes buildings, and ends them."""
    made = []

    def building(seed=1, visits_a_day=0.001, connected=True):
        settings = settings_of(BUILDING, random.Random(1).randbytes)
        one = VirtualBuilding(
            BUILDING,
            settings,
            BOARD,
            tmp_path / str(len(made)),
            seed,
            cloud=lambda *given: MemoryCloud(BUILDING, settings, *given),
            visits_a_day=visits_a_day,
        )
        made.append(one)
        for controller in one.controllers:
            controller.chip.set_access_point(connected)
        one.start()
        one.run(60)
        if connected:
            assert all(one.cloud.in_sync(controller) for controller in one.controllers)
            one.verdicts.ready = True
        return one

    yield building
    for one in made:
        one.close()


def story(building, where, since):
    """What happened at a controller from a time on, without the times: events by their code."""
    return [
        (record.what, record.detail[2] if record.what == "event" else record.detail[-1])
        for record in building.records
        if record.where == where and record.at >= since and record.what in ("event", "strike")
    ]


def stored(building):
    """Whether the cloud has every event, as it was recorded. The log's flash is read, not what was seen on the way."""
    for controller in building.controllers:
        if [event[0] for event in controller.recorded] != list(range(1, len(controller.recorded) + 1)):
            return False
        cloud = building.cloud
        if cloud.twice(controller) or set(cloud.stored(controller)) != {event[0] for event in controller.recorded}:
            return False
    return True


def test_a_resident_taps_the_door_opens_and_locks_again(make):
    building = make()
    since = building.scheduler.now
    controller, door = building.doors["Sykkelrom"]
    building.tap("Sykkelrom", INGRID)
    building.run(1)
    assert door.door.released
    assert door.push(stays_ms=2_000) and door.door.open
    building.run(20)
    assert not door.door.open and not door.door.released
    assert story(building, controller.name, since) == [
        ("event", codes.GRANTED),
        ("strike", True),
        ("event", codes.DOOR_OPENED),
        ("event", codes.DOOR_CLOSED),
        ("strike", False),
    ] or story(building, controller.name, since) == [
        ("event", codes.GRANTED),
        ("strike", True),
        ("event", codes.DOOR_OPENED),
        ("strike", False),
        ("event", codes.DOOR_CLOSED),
    ]
    assert not building.faults and stored(building)


@pytest.mark.parametrize(
    ("door", "holder", "code"),
    [
        ("Garasje", SOFIE, codes.DENIED_UNKNOWN),  # no door of this controller is hers: it does not know her
        ("Bakinngang", SOFIE, codes.DENIED_DOOR),
        ("Postrom", PER, codes.DENIED_EXPIRED),
        ("Postrom", STRANGER, codes.DENIED_UNKNOWN),
    ],
)
def test_who_has_no_right_is_turned_away(make, door, holder, code):
    building = make()
    since = building.scheduler.now
    building.tap(door, holder)
    building.run(5)
    controller, doorway = building.doors[door]
    assert story(building, controller.name, since) == [("event", code)]
    assert not doorway.push(stays_ms=1_000) and not building.faults


def test_a_broken_frame_is_an_event_and_no_guess(make):
    building = make()
    since = building.scheduler.now
    building.tap("Postrom", INGRID, bits="10110")
    building.run(5)
    assert story(building, "Oppgang A", since) == [("event", codes.READER_MISREAD)]
    assert building.verdicts.counts["misread"] == 1 and not building.faults


def test_two_cards_at_once_are_read_one_after_the_other(make):
    building = make()
    building.tap("Postrom", INGRID)
    building.tap("Postrom", STRANGER)
    building.tap("Hovedinngang", INGRID)
    building.run(5)
    assert building.verdicts.counts["granted"] == 2 and building.verdicts.counts["denied"] == 1
    assert not building.faults


def test_a_forced_door_is_told(make):
    building = make()
    since = building.scheduler.now
    building.doors["Garasje"][1].force(stays_ms=1_000)
    building.run(5)
    assert ("event", codes.DOOR_FORCED) in story(building, "Kjeller", since)
    assert not building.faults


def test_without_a_network_doors_go_on_and_the_log_catches_up(make):
    building = make()
    kitchen = building.controllers[1]
    building.connect(kitchen, False)
    building.run(600)
    for _ in range(5):
        building.tap("Sykkelrom", INGRID)
        building.run(10)
    assert building.verdicts.counts["granted"] == 5
    assert not stored(building)
    building.connect(kitchen, True)
    building.run(10)
    assert stored(building) and not building.faults


def test_power_that_goes_drops_the_strike_and_the_board_comes_back(make):
    building = make()
    controller, door = building.doors["Hovedinngang"]
    building.tap("Hovedinngang", INGRID)
    building.run(1)
    assert door.door.released
    building.power(controller, False)
    assert not door.door.released
    building.run(30)
    building.power(controller, True)
    building.run(30)
    building.tap("Hovedinngang", INGRID)
    building.run(10)
    assert building.verdicts.counts["granted"] == 2
    assert stored(building) and not building.faults


def test_days_of_faults_lose_nothing(make):
    building = make(seed=4, visits_a_day=2_000)
    faults = FaultInjector(building, Rates(network=40, black_hole=40, power=40, torn_write=60, broker=20))
    faults.start()
    building.run(3 * 3_600)
    building.rest()
    faults.stop()
    assert building.run_until(lambda: stored(building), at_most_s=600, step_s=10)
    assert building.faults == []
    assert faults.happened > 50 and sum(one.chip.starts for one in building.controllers) > 30
    assert building.verdicts.counts["granted"] > 300 and building.verdicts.counts["denied"] > 50


def test_every_run_crosses_the_wrap_of_the_ticks(make):
    building = make(visits_a_day=500)
    building.run(900)
    for controller in building.controllers:
        assert controller.chip.ticks_ms() < 1 << 29
    assert not building.faults


# That it can fail: each of these changes is found.


def strike_before_record(self, unit, code, now, key=None):
    unit.pins.strike.set(True)
    self.record(code, now, unit.number, 0, key)
    unit.door.release(now)


def no_record(self, unit, code, now, key=None):
    unit.door.release(now)
    unit.pins.strike.set(True)


def sleepy(self, unit, frame, now):
    pass


def forgets_what_it_sent(self, loop, message, now):
    loop.log.acknowledge(loop.log.last)
    self._sent = loop.log.last
    self._stored_by = None


def same_number_twice(self, *event):
    sequence = APPEND(self, *event)
    if sequence % 50 == 0:
        self.last -= 1
    return sequence


def no_crc(record):
    return bytes(record) != b"\xff" * len(record)


APPEND = EventLog.append
PLANTED = [
    (Loop, "release", strike_before_record, "no release is on record"),
    (Loop, "release", no_record, "no release is on record"),
    (loop, "decide", lambda tap: codes.GRANTED, "granted (code 1), and denied was due"),
    (loop, "decide", lambda tap: codes.DENIED_DOOR, "denied (code 3), and granted was due"),
    (Loop, "tap", sleepy, "was not answered"),
    (Sync, "_stored", forgets_what_it_sent, "not stored"),
    (EventLog, "append", same_number_twice, "not stored"),
    (log, "whole", no_crc, "was not answered within a second"),
]


@pytest.mark.parametrize(("where", "name", "defect", "sentence"), PLANTED)
def test_a_planted_defect_is_found(make, monkeypatch, where, name, defect, sentence):
    monkeypatch.setattr(where, name, defect)
    building = make(visits_a_day=3_000)
    faults = FaultInjector(building, Rates(network=100, black_hole=100, power=50, torn_write=300, broker=50))
    faults.start()
    building.run_until(lambda: building.faults, at_most_s=1_800, step_s=30)
    building.rest()
    faults.stop()
    found = building.faults
    if not found:
        building.run(120)
        found = [*building.faults, *([] if stored(building) else ["events are not stored"])]
    assert any(sentence in fault for fault in found), found[:3]
