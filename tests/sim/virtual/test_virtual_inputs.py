"""A board with supervised lines and inputs, in virtual time: what happens to its wires is on record."""

import json
import random
from pathlib import Path

import pytest

from firmware.controller import events as codes
from sim.cloud import MemoryCloud, settings_of
from sim.virtual.building import VirtualBuilding
from sim.virtual.faults import FaultInjector, Rates

BOARD = json.loads(Path(__file__, "../../../../boards/esp32-two-door-supervised/board.json").resolve().read_text())
PER = {"name": "Per", "card": {"bits": 26, "facility": 12, "number": 3456}, "doors": ["Front"], "until": None}
HOUSE = {
    "controllers": [{"name": "Hall", "doors": [{"name": "Front"}, {"name": "Back"}]}],
    "people": [PER],
    "strangers": [],
}


@pytest.fixture
def house(tmp_path):
    settings = settings_of(HOUSE, random.Random(1).randbytes)
    one = VirtualBuilding(
        HOUSE,
        settings,
        BOARD,
        tmp_path,
        1,
        cloud=lambda *given: MemoryCloud(HOUSE, settings, *given),
        visits_a_day=1e-9,
    )
    one.start()
    one.run(60)
    one.verdicts.ready = True
    yield one
    one.close()


def told(house, since=0):
    """(code, door, extra) of what was recorded after a time, without starts and clocks."""
    quiet = (codes.STARTED, codes.CLOCK_SET)
    return [
        record.detail[2:5]
        for record in house.records
        if record.what == "event" and record.at >= since and record.detail[2] not in quiet
    ]


def test_a_card_opens_a_door_with_supervised_lines_and_its_leaf_is_followed(house):
    _, door = house.doors["Front"]
    house.tap("Front", PER)
    house.run(1)
    assert door.push(2_000)
    house.run(10)
    assert [code for code, _, _ in told(house)] == [codes.GRANTED, codes.DOOR_OPENED, codes.DOOR_CLOSED]
    assert not house.faults


def test_a_bouncing_leaf_is_one_opening(house):
    _, door = house.doors["Front"]
    door.bounces = lambda: [700, 900, 1_100, 1_300]
    door.force(2_000)
    house.run(10)
    assert [code for code, _, _ in told(house)] == [codes.DOOR_FORCED, codes.DOOR_CLOSED]


def test_the_exit_button_and_a_cable_that_is_cut_and_mended(house):
    _, door = house.doors["Back"]
    door.press(True)
    house.run(1)
    assert door.door.released
    door.press(False)
    house.run(10)
    door.break_line("rex", "short")
    house.run(1)
    door.break_line("rex", "cut")
    house.run(1)
    door.break_line("rex", None)
    house.run(1)
    assert told(house) == [
        (codes.RELEASED_REX, 2, 0),
        (codes.LINE_SHORT, 2, 2),
        (codes.LINE_CUT, 2, 2),
        (codes.LINE_RIGHT, 2, 2),
    ]
    assert not door.door.released


def test_fire_releases_both_doors_until_two_minutes_after_it(house):
    controller = house.controllers[0]
    controller.inputs.switch("fire", True)
    house.run(1)
    assert [way.door.released for way in controller.doors] == [True, True]
    assert controller.inputs.burns(1) and controller.inputs.burns(2)
    house.run(3_600)
    controller.inputs.switch("fire", False)
    house.run(119)
    assert [way.door.released for way in controller.doors] == [True, True]
    house.run(2)
    assert [way.door.released for way in controller.doors] == [False, False]
    assert not controller.inputs.burns(1)
    assert told(house) == [
        (codes.FIRE, 0, 1),
        (codes.RELEASED_FIRE, 1, 1),
        (codes.RELEASED_FIRE, 2, 1),
        (codes.FIRE_OVER, 0, 1),
        (codes.DOOR_RELOCKED, 1, 1),
        (codes.DOOR_RELOCKED, 2, 1),
    ]


def test_the_promises_hold_while_it_burns_and_after(house):
    controller, door = house.controllers[0], house.doors["Front"][1]
    controller.inputs.switch("fire", True)
    house.run(1)
    assert door.push(5_000)
    house.tap("Front", PER)
    house.run(600)
    controller.inputs.switch("fire", False)
    house.run(600)
    assert house.promises.checks["fire record"] == 2
    assert house.promises.checks["relock"] >= 2
    assert not house.faults


def test_a_fire_that_is_not_on_record_breaks_a_promise(house, monkeypatch):
    from firmware.controller.points.fire import Fire

    monkeypatch.setattr(Fire, "_tell", lambda *_: None)
    house.controllers[0].inputs.switch("fire", True)
    house.run(1)
    assert any("released by fire and not on record" in fault for fault in house.faults)


def test_doors_that_stay_released_after_a_fire_break_a_promise(house, monkeypatch):
    from firmware.controller.points.fire import Fire

    monkeypatch.setattr(Fire, "_end", lambda self, loop, line, now: self._tell(loop, codes.DOOR_RELOCKED, 1, line, now))
    controller = house.controllers[0]
    controller.inputs.switch("fire", True)
    house.run(1)
    controller.inputs.switch("fire", False)
    house.run(125)
    assert any("did not lock again" in fault for fault in house.faults)


def test_fire_releases_also_after_the_power_went_in_the_middle_of_it(house):
    controller = house.controllers[0]
    controller.inputs.switch("fire", True)
    house.run(1)
    house.power(controller, False)
    house.run(5)
    house.power(controller, True)
    house.run(2)
    assert [way.door.released for way in controller.doors] == [True, True]


def test_tamper_mains_battery_and_the_alarm_relay(house):
    inputs = house.controllers[0].inputs
    inputs.switch("mains", True)
    inputs.battery(11_000)
    house.run(60)
    assert not inputs.alarm
    inputs.switch("enclosure", True)
    inputs.switch("reader", True, door=2)
    house.run(1)
    assert inputs.alarm
    house.run(300)
    assert not inputs.alarm
    assert told(house) == [
        (codes.MAINS_LOST, 0, 5),
        (codes.BATTERY_LOW, 0, 6),
        (codes.READER_TAMPER, 2, 3),
        (codes.ENCLOSURE_OPENED, 0, 4),
    ]


def test_a_cut_line_without_resistors_looks_like_an_open_switch(house):
    house.controllers[0].inputs.break_line("enclosure", "cut")
    house.run(1)
    house.controllers[0].inputs.break_line("enclosure", "short")
    house.run(1)
    assert [code for code, _, _ in told(house)] == [codes.ENCLOSURE_OPENED, codes.ENCLOSURE_CLOSED]


def test_an_input_that_the_board_has_not_cannot_be_switched(house):
    with pytest.raises(ValueError, match="no input of kind 'bell'"):
        house.controllers[0].inputs.switch("bell", True)
    with pytest.raises(ValueError, match="at door 3"):
        house.controllers[0].inputs.switch("reader", True, door=3)


def test_fire_cut_cables_and_power_cuts_in_any_order_break_no_promise(house):
    chance = random.Random(3)
    controller, inputs = house.controllers[0], house.controllers[0].inputs
    faults = FaultInjector(house, Rates(network=100, power=150, torn_write=150, bounce=0.7, noise=0.05))
    faults.start()
    deeds = (
        lambda door: inputs.switch("fire", chance.random() < 0.5),
        lambda door: inputs.switch("reader", chance.random() < 0.5, door=door.number),
        lambda door: inputs.switch("mains", chance.random() < 0.5),
        lambda door: door.break_line(chance.choice(["contact", "rex"]), chance.choice(["cut", "short", None])),
        lambda door: door.push(chance.choice([1_000, 20_000, 50_000])),
        lambda door: door.force(3_000),
        lambda door: door.press(chance.random() < 0.5),
        lambda door: house.tap("Front", PER),
    )
    for _ in range(100):
        chance.choice(deeds)(chance.choice(controller.doors))
        house.run(chance.expovariate(1 / 4))
    faults.stop()
    inputs.switch("fire", False)
    for door in controller.doors:
        door.press(False)
        door.break_line("rex", None)
    house.run(200)
    assert not house.faults
    assert [door.door.released for door in controller.doors] == [False, False]
    assert {codes.RELEASED_FIRE, codes.LINE_CUT, codes.MAINS_LOST} <= {event[2] for event in controller.recorded}
