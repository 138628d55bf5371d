"""Doors with OSDP readers in virtual time: polled all along, and never in the way."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from firmware.controller import events as codes
from sim.cloud import MemoryCloud, settings_of
from sim.virtual.building import VirtualBuilding
from sim.virtual.osdp import polled
from sim.virtual.pace import ESP32
from sim.virtual.scheduler import MS
from sim.world.building import generate

BOARD = json.loads(Path(__file__, "../../../../boards/virtual-two-door/board.json").resolve().read_text())
HOUSE = generate(2, 4, random.Random(3))


@pytest.fixture
def building(tmp_path):
    settings = settings_of(HOUSE, random.Random(1).randbytes)
    one = VirtualBuilding(
        HOUSE,
        settings,
        polled(BOARD),
        tmp_path,
        cloud=lambda *given: MemoryCloud(HOUSE, settings, *given),
        visits_a_day=0.001,
        pace=ESP32,
    )
    one.start()
    one.run(10)
    assert one.cloud.in_sync(one.controllers[0])
    one.verdicts.ready = True
    yield one
    one.close()


def told(building: Any) -> list[int]:
    return [event[2] for event in building.controllers[0].recorded]


def holder(building: Any) -> tuple[str, dict[str, Any]]:
    """Somebody who may pass, and where."""
    return next((one["doors"][0], one) for one in HOUSE["people"] if one["doors"] and one["until"] is None)


def test_cards_are_read_and_dead_readers_are_told(building):
    name, person = holder(building)
    door = building.doors[name][1]
    assert all(reader.sealed for line in building.controllers[0].lines for reader in line.readers)
    for who in (person, HOUSE["strangers"][0]):
        building.tap(name, who)
        building.run(2)
    assert building.verdicts.counts["granted"] == 1 and building.verdicts.counts["denied"] == 1
    assert building.answers[0] < 150 * MS
    door.break_reader("dead")
    building.run(5)
    assert told(building)[-1] == codes.READER_LOST
    building.tap(name, person)
    building.run(2)
    assert told(building)[-1] == codes.READER_LOST
    door.break_reader(None)
    building.run(3)
    building.tap(name, person)
    building.run(2)
    assert told(building)[-2:] == [codes.READER_BACK, codes.GRANTED]
    assert building.faults == []
    assert building.controllers[0].lines[0].clashes == 0


def test_a_card_held_there_while_the_board_started_opens_nothing(building):
    name, person = holder(building)
    one, door = building.doors[name]
    building.power(one, False)
    building.run(1)
    building.power(one, True)
    building.scheduler.after(50 * MS, door.polled.reader.card, "0" * 26)
    building.run(10)
    assert told(building)[-1] in (codes.STARTED, codes.CLOCK_SET)
    building.tap(name, person)
    building.run(2)
    assert told(building)[-1] == codes.GRANTED
    assert building.faults == []


def test_noise_on_the_line_is_no_misread_card(building):
    name, person = holder(building)
    line = building.controllers[0].lines[0]
    line.noise(random.Random(1))
    building.run(1)
    building.tap(name, person)
    building.run(2)
    assert codes.READER_MISREAD not in told(building)
    assert building.faults == []
