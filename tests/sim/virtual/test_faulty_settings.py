"""Settings that somebody wrote by hand, with a fault: the board says which, and stays on the safe side."""

import json
import random
from pathlib import Path

import pytest

from firmware.controller import events as codes
from firmware.controller.storage.settings_save import save
from sim.cloud import MemoryCloud, settings_of
from sim.virtual.building import VirtualBuilding
from sim.world.building import BUILDING

BOARD = json.loads(Path(__file__, "../../../../boards/virtual-two-door/board.json").resolve().read_text())
INGRID = BUILDING["people"][0]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("broker", "port"), 99999, "settings: broker.port: must be 1 to 65535, is 99999"),
        (("table_key",), "abc", "settings: table_key: must be 64 to 64 hex digits"),
        (("colour",), "red", "settings: colour: is not known"),
    ],
)
def test_a_board_with_faulty_settings_says_so_and_opens_only_from_inside(tmp_path, path, value, sentence):
    settings = settings_of(BUILDING, random.Random(1).randbytes)
    building = VirtualBuilding(
        BUILDING, settings, BOARD, tmp_path, 1, cloud=lambda *given: MemoryCloud(BUILDING, settings, *given)
    )
    controller = building.controllers[0]
    fields = json.loads(json.dumps(controller.settings))
    inner = fields
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    for file in controller.folder.glob("settings.*"):
        file.write_text(json.dumps(fields))
    try:
        building.start()
        building.run(5)
        assert sentence + ": correct it and install again" in controller.chip.console
        assert [event[2] for event in controller.recorded] == [codes.STARTED, codes.SETTINGS_FAULT]
        assert not any("Traceback" in line for line in controller.chip.console)
        building.tap("Hovedinngang", INGRID)
        building.run(2)
        assert controller.recorded[-1][2] == codes.DENIED_UNKNOWN
        assert not controller.doors[0].door.released
        controller.doors[0].press(True)
        building.run(1)
        assert controller.doors[0].door.released
    finally:
        building.close()


def test_rules_that_this_firmware_refuses_are_fetched_again(tmp_path):
    settings = settings_of(BUILDING, random.Random(1).randbytes)
    building = VirtualBuilding(
        BUILDING, settings, BOARD, tmp_path, 1, cloud=lambda *given: MemoryCloud(BUILDING, settings, *given)
    )
    controller = building.controllers[0]
    save(f"{controller.folder}/", {"version": 1, "profiles": {"1": [99]}}, "rules")
    try:
        building.start()
        building.run(60)
        assert "rules: profiles.1: must be 1 to 2" in controller.chip.console
        assert [event[2] for event in controller.recorded].count(codes.STARTED) == 1
        building.tap("Hovedinngang", INGRID)
        building.run(2)
        assert codes.GRANTED in [event[2] for event in controller.recorded]
    finally:
        building.close()
