"""Each kind of fault does what it says, and the boards are well again afterwards."""

import copy
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.controller import events as codes
from firmware.controller.storage import sectors
from sim.cloud import MemoryCloud, settings_of
from sim.mcu import chip
from sim.mcu.flash import SECTOR, PowerCut
from sim.virtual import fault_kinds
from sim.virtual.building import VirtualBuilding
from sim.virtual.faults import EVERYTHING, FaultInjector, Rates
from sim.virtual.flash import TiredFlash, access_list, image
from sim.virtual.pace import ESP32
from sim.world.building import BUILDING

BOARD = json.loads(Path(__file__, "../../../../boards/virtual-two-door/board.json").resolve().read_text())
NOTHING = Rates(network=0, black_hole=0, power=0, torn_write=0, broker=0)
INGRID = BUILDING["people"][0]


class World:
    def __init__(self, folder, seed=1):
        described = copy.deepcopy(BUILDING)
        settings = settings_of(described, random.Random(1).randbytes)
        self.building = VirtualBuilding(
            described,
            settings,
            BOARD,
            folder,
            seed,
            cloud=lambda *given: MemoryCloud(described, settings, *given),
            visits_a_day=1e-9,
            pace=ESP32,
        )
        self.faults = FaultInjector(self.building, replace(NOTHING, drift_ppm=40))
        self.faults.on = True
        self.chance = random.Random(seed)
        self.one, self.door = self.building.doors["Hovedinngang"]
        self.building.start()
        assert self.building.run_until(self.in_line, 60, 1)
        self.building.verdicts.ready = True

    def in_line(self):
        return all(self.building.cloud.in_sync(one) for one in self.building.controllers)

    def strike(self, kind, where=None):
        kind(self.faults, where or self.one, self.chance)

    def opens(self):
        self.building.tap("Hovedinngang", INGRID)
        self.building.run(1)
        released = self.door.door.released
        self.building.run(10)
        return released

    def codes(self):
        return [event[2] for event in self.one.recorded]

    def is_well(self):
        """Everything is mended: a card opens, the cloud has all, nothing was broken on the way."""
        self.faults.stop()
        self.building.run(300)
        cloud = self.building.cloud
        stored = cloud.acknowledged(self.one) == self.one.recorded[-1][0]
        return self.opens() and stored and self.in_line() and not self.building.faults


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.building.close()


def sessions(world):
    return sum("link:" in line for line in world.one.chip.console)


@pytest.mark.parametrize("kind", [fault_kinds.half_open, fault_kinds.twin])
def test_a_connection_that_is_taken_away_is_made_again(world, kind):
    before = sessions(world)
    world.strike(kind)
    assert world.opens()  # meanwhile
    world.building.run(60)
    assert sessions(world) > before
    assert world.is_well()


def test_a_broker_that_takes_connections_and_says_nothing_is_left_again(world):
    world.strike(fault_kinds.silence)
    world.building.run(15)
    assert sessions(world) >= 2 and world.opens()
    assert world.is_well()


def test_on_a_slow_network_doors_open_as_fast_as_ever(world):
    world.strike(fault_kinds.slow)
    assert world.building.network.slow_us > 100_000
    assert world.opens() and world.building.answers[-1] < 60_000
    assert world.is_well()


@pytest.mark.parametrize("seed", range(4))
def test_a_board_whose_heap_is_exhausted_goes_on_or_starts_again(tmp_path, seed):
    world = World(tmp_path, seed)
    for _ in range(10):
        world.strike(fault_kinds.heap)
        world.building.run(200)
        assert world.one.chip.starve_in is None
    assert world.building.counts["ended without memory"] == world.codes().count(codes.STARTED) - 1
    assert world.is_well()
    world.building.close()


def test_a_supply_that_comes_and_goes_leaves_a_board_that_works(world):
    world.strike(fault_kinds.brown_out)
    world.building.run(60)
    assert world.one.chip.starts > 1 and world.is_well()


@pytest.mark.parametrize("fault", ["dead", "0", "1"])
def test_a_broken_reader_opens_nothing(world, fault):
    world.door.break_reader(fault)
    assert not world.opens()
    assert codes.GRANTED not in world.codes()
    world.door.break_reader(None)
    world.building.run(5)
    assert world.is_well()


def test_noise_on_a_readers_wires_is_no_card(world):
    for _ in range(10):
        world.one.doors = [world.door]
        world.strike(fault_kinds.pulses)
        world.building.run(5)
    assert codes.READER_MISREAD in world.codes()
    assert not {codes.GRANTED, codes.DENIED_UNKNOWN} & set(world.codes())
    assert world.is_well()


def test_bits_that_turn_over_at_rest_open_nothing_and_stop_nothing(world):
    world.building.promises.acknowledged = world.building.cloud.acknowledged
    for _ in range(120):
        world.strike(fault_kinds.rot)
    world.building.run(60)
    world.building.power(world.one, False)
    world.building.power(world.one, True)
    world.faults.stop()
    world.building.run(3_000)  # the scrub of the access list goes round
    assert world.is_well()


def test_a_clock_that_gets_warm_runs_on_without_a_jump(world):
    chip = world.one.chip
    for _ in range(20):
        before = chip.ticks_us()
        world.strike(fault_kinds.sway)
        assert chip.ticks_us() == before and abs(chip.drift_ppm) <= 40
        world.building.run(100)
    assert world.is_well()


def test_a_network_loop_that_hangs_hangs_until_the_board_starts_again(world):
    world.faults._stuck(world.one, world.chance)
    world.faults._power(world.one, world.chance)
    world.faults._torn_write(world.one, world.chance)
    assert world.one.chip.cut_in is None and world.one.chip.on
    world.building.run(1_600)
    assert codes.NETWORK_RESTARTED in world.codes() and not world.faults.waits(world.one)
    assert world.is_well()


def test_a_bucket_of_a_crowded_access_list_has_room_for_a_few_changes(world):
    part = world.one.chip.flash["acl"]
    before = access_list(image(part))
    empty = image(part).count(b"\xff" * 16)
    world.faults._crowd(world.one, world.chance)
    assert not world.one.chip.on and world.one.chip.cut_label == "acl" and world.one.chip.cut_turns
    assert access_list(image(part)) == before and image(part).count(b"\xff" * 16) < empty
    world.building.run(300)
    assert world.is_well()


def test_what_one_board_has_to_tell_about_its_flash_no_other_tells(world):
    boards = world.building.controllers
    before = chip.use(boards[0].chip)
    sectors.fault(codes.SECTOR_BAD, ord("L"))
    chip.use(before)
    world.building.run(60)
    told = [[event[2] for event in one.recorded].count(codes.SECTOR_BAD) for one in boards]
    assert told == [1] + [0] * (len(boards) - 1)
    before = chip.use(boards[0].chip)
    sectors.fault(codes.SECTOR_BAD, ord("A"))
    chip.use(before)
    world.building.power(boards[0], False)
    world.building.run(60)
    assert told == [[event[2] for event in one.recorded].count(codes.SECTOR_BAD) for one in boards]


def flash(seed=1):
    return TiredFlash(2 * SECTOR, "log", random.Random(seed))


def read(part, at, n=1):
    found = bytearray(n)
    part.read(at, found)
    return bytes(found)


def test_a_worn_sector_takes_nothing_and_tells_nobody():
    part = flash()
    part.program(0, b"old")
    part.worn.add(0)
    part.program(3, b"new")
    part.erase(0)
    part.program(SECTOR, b"new")
    assert read(part, 0, 6) == b"old\xff\xff\xff" and read(part, SECTOR, 3) == b"new"


def torn(part):
    part.weakens = True
    part.fault = lambda op, offset, length: 2 if op == "program" else None
    with pytest.raises(PowerCut):
        part.program(0, b"\x00\x00\x0f\x00")
    part.fault = None


def test_a_torn_program_leaves_one_byte_that_reads_now_so_and_now_so():
    part = flash()
    torn(part)
    seen = {read(part, 0, 4) for _ in range(200)}
    assert len(seen) == 16 and all(one[:2] == b"\x00\x00" and one[2] & 0x0F == 0x0F and one[3] == 255 for one in seen)


def test_programmed_or_erased_it_is_firm_again():
    part = flash()
    torn(part)
    part.program(2, b"\x0f")
    assert {read(part, 2) for _ in range(50)} == {b"\x0f"}
    part.erase(0)
    torn(part)
    part.erase(0)
    assert {read(part, 2) for _ in range(50)} == {b"\xff"}


def test_every_mishap_has_a_rate():
    names = {act.__name__ for act in (*fault_kinds.OF_A_BOARD, *fault_kinds.OF_A_BUILDING)}
    assert names <= set(vars(EVERYTHING))
