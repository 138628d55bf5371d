"""Every check of the promises can go red: the world is right, one thing in it is not, and the check says so."""

import pytest

from firmware.controller import clock, loop, records, ticks
from firmware.controller import events as codes
from firmware.controller.door_unit import DoorUnit
from firmware.controller.points.door import Door
from firmware.controller.storage import sectors, table_scrub
from sim.cloud import MemoryCloud
from sim.mcu import chip as mcu
from sim.virtual.checks import CHECKS, NAMES
from sim.virtual.flash import SECTOR, image
from tests.sim.virtual.test_bank_checks import RED as AT_A_BANK
from tests.sim.virtual.test_own_checks import OF_OWN
from tests.sim.virtual.test_parcel_checks import RED as OF_PARCELS

pytest_plugins = ["sim.fixture"]

WHO, STRANGER, DOOR = "Ingrid Solheim", "Funnet kort", "Garasje"
# The soak's books and its neighbours: tests/sim/virtual/test_soak.py has their defects.
IN_A_SOAK = {"stored", "acknowledged", "served"}
WITH_INPUTS = {"fire record"}  # needs a board with a fire input: test_virtual_inputs.py


def board(building):
    return building.world.doors[DOOR][0]


def a_verdict_without_a_tap(building, patch):
    building.world.verdicts.recorded(board(building).name, 1, codes.DENIED_DOOR)


def an_error(building, patch):
    patch(loop.Loop, "tap", lambda self, unit, frame, now: 1 / 0)
    building.tap(DOOR, WHO)


def a_leaf_that_is_not_told(building, patch):
    patch(Door, "contact", lambda self, is_open, now: None)
    building.force(DOOR)


def held_open_and_not_told(building, patch):
    contact = Door.contact

    def forgets(self, is_open, now):
        event = contact(self, is_open, now)
        self.held = None
        return event

    patch(Door, "contact", forgets)
    building.tap(DOOR, WHO)
    building.push(DOOR, stays_s=60)
    building.wait(60)


def held_open_and_told_again(building, patch):
    tick = Door.tick

    def again(self, now):
        event = tick(self, now)
        if event == codes.DOOR_HELD:
            self.held = ticks.add(now, 5_000)
        return event

    patch(Door, "tick", again)
    building.tap(DOOR, WHO)
    building.push(DOOR, stays_s=60)
    building.wait(60)


def an_exit_button_without_effect(building, patch):
    patch(DoorUnit, "exit", lambda self, record, now: None)
    building.press(DOOR)
    building.wait(2)


def a_clock_that_is_wrong(building, patch):
    utc = clock.Clock.utc
    patch(clock.Clock, "utc", lambda self, at: utc(self, at) + 60)
    building.tap(DOOR, WHO)


def everybody_is_let_in(building, patch):
    patch(loop, "decide", lambda tap: codes.GRANTED)
    building.tap(DOOR, STRANGER)


def a_strike_that_stays(building, patch):
    tick = Door.tick

    def stays(self, now):
        self.relocks = None
        return tick(self, now)

    patch(Door, "tick", stays)
    building.tap(DOOR, WHO)
    building.wait(10)


def a_release_without_a_record(building, patch):
    patch(loop.Loop, "release", lambda self, unit, code, now, *more: unit.release(now))
    building.tap(DOOR, WHO)


def a_button_without_a_record(building, patch):
    patch(DoorUnit, "exit", lambda self, record, now: self.release(now))
    building.press(DOOR)


def events_that_do_not_come(building, patch):
    patch(MemoryCloud, "_events", lambda self, row, message: None)
    building.tap(DOOR, WHO)
    building.wait(400)


def a_slow_answer(building, patch):
    tap = loop.Loop.tap

    def slow(self, unit, frame, now):
        clock.wait(300, lambda: False)
        tap(self, unit, frame, now)

    patch(loop.Loop, "tap", slow)
    building.tap(DOOR, WHO)


def an_event_that_is_gone(building, patch):
    building.tap(DOOR, WHO)
    _wipe(board(building).chip.flash["log"], board(building).placed, 32)
    _start_again(building)


def another_access_list(building, patch):
    building.world.promises.knows = lambda one, version, digest: False
    _start_again(building)


def bits_that_nobody_looks_for(building, patch):
    patch(table_scrub.Scrub, "step", lambda self, table: None)
    one = board(building)
    part, found = one.parts["acl"], image(one.parts["acl"])
    at = next(
        at
        for at in range(3 * SECTOR, len(found), 16)
        if at % SECTOR and any(found[at : at + 16]) and min(found[at : at + 16]) < 255
    )
    part.poke(at, bytes((found[at] ^ 1,)))
    building.world.promises.flash_errors.turned(one, "acl", at, found[at : at + 16], image(part)[at : at + 16])
    building.wait(5_400)


def a_worn_sector_that_nobody_tells_of(building, patch):
    patch(sectors, "fault", lambda code, extra: None)
    one = board(building)
    part = one.parts["log"]
    part.worn.add(one.placed // SECTOR)
    part.on_lost = lambda: building.world.promises.flash_errors.lost(one)
    building.tap(DOOR, WHO)
    building.wait(100)


def a_build_that_is_kept_and_not_well(building, patch):
    one, slots = board(building), building.world.promises.slots
    slots.offered["0123456789ab"] = {}, "blind"
    (one.folder / "current").write_text("0123456789ab")
    slots.look(one)


def a_journal_that_jumps(building, patch):
    building.world.promises.noted(board(building), 2, 99)


def a_strike_released_at_a_start(building, patch):
    made = loop.Loop.__init__

    def unsafe(self, *parts, **more):
        made(self, *parts, **more)
        self.doors[0].pins.strike.set(True)

    patch(loop.Loop, "__init__", unsafe)
    _start_again(building)


def a_loop_that_hangs(building, patch):
    patch(loop.Loop, "supervise", lambda self, now: self._watchdog.feed())
    building.world.network.stuck.add(board(building).chip.name)
    building.cut_network(DOOR)
    building.wait(20)
    building.mend_network(DOOR)
    building.wait(15 * 60)


def a_release_that_nobody_asked_for(building, patch):
    building.world.verdicts.recorded(board(building).name, 1, codes.RELEASED_REMOTE)


def a_right_that_stays(building, patch):
    building.wait(200)
    patch(MemoryCloud, "_change", lambda self, row, who, record: None)
    building.revoke(WHO)


def a_name_on_flash(building, patch):
    board(building).chip.flash["state"].poke(SECTOR, WHO.encode())
    building.world.promises.plain(board(building))


def a_key_stream_used_twice(building, patch):
    for counter in (1, 2):
        message = b"Ssess" + bytes((counter, 0, 0, 0)) + b"same beginning" + bytes([counter]) * 16
        building.world.promises.carried("portvakt/0011223344556677/up", message)


def a_message_taken_twice(building, patch):
    for _ in range(2):
        building.world.promises.opened(building.world, b"Ssess" + bytes((7, 0, 0, 0)))


def an_event_that_is_kept_too_long(building, patch):
    building.world.promises.logs.retention = lambda one, door: 1
    building.tap(DOOR, WHO)
    building.cut_network()
    building.wait(2.1 * 86_400)
    building.world.promises.audit(board(building))


def an_event_that_is_not_chained(building, patch):
    building.world.promises.logs._chain[board(building).name] = bytes(16), bytes(8)
    building.tap(DOOR, WHO)


def keys_of_the_past(building, patch):
    log = board(building).chip.flash["log"]
    for sector in range(4):
        log.poke(sector * SECTOR + 16, b"sixteen bytes ok")
    building.world.promises.logs.keys(board(building))


def _wipe(part, at, length):
    part.poke(at, bytes(length))
    assert image(part)[at : at + length] == bytes(length)


def _start_again(building):
    building.cut_power(DOOR)
    building.restore_power(DOOR)
    building.wait(5)


RED = {
    "verdict": a_verdict_without_a_tap,
    "crash": an_error,
    "leaf": a_leaf_that_is_not_told,
    "held open": held_open_and_not_told,
    "held once": held_open_and_told_again,
    "exit button": an_exit_button_without_effect,
    "time": a_clock_that_is_wrong,
    "let in": everybody_is_let_in,
    "right": everybody_is_let_in,
    "relock": a_strike_that_stays,
    "record": a_release_without_a_record,
    "button record": a_button_without_a_record,
    "late": events_that_do_not_come,
    "answer": a_slow_answer,
    "events": an_event_that_is_gone,
    "access list": another_access_list,
    "rot": bits_that_nobody_looks_for,
    "update": a_build_that_is_kept_and_not_well,
    "worn": a_worn_sector_that_nobody_tells_of,
    "journal": a_journal_that_jumps,
    "safe": a_strike_released_at_a_start,
    "hanging": a_loop_that_hangs,
    "command": a_release_that_nobody_asked_for,
    "replay": a_message_taken_twice,
    "revoked": a_right_that_stays,
    "plain": a_name_on_flash,
    "key stream": a_key_stream_used_twice,
    "retention": an_event_that_is_kept_too_long,
    "chain": an_event_that_is_not_chained,
    "old keys": keys_of_the_past,
}


@pytest.mark.parametrize("check", RED)
def test_a_check_goes_red(check, building, monkeypatch):
    building.wait(5)
    assert not building.broken
    RED[check](building, lambda owner, name, new: monkeypatch.setattr(owner, name, new))
    found = [one.check for one in building.world.promises.broken]
    assert check in found, building.broken
    building.expect_broken()


@pytest.mark.parametrize(("told_after_ms", "fine"), [(430, True), (480, False)])
def test_an_erase_puts_off_what_is_told_of_a_leaf_and_no_more(building, told_after_ms, fine):
    building.wait(5)
    one, door = building.world.doors[DOOR]
    leaves, scheduler = building.world.promises.leaves, building.world.scheduler
    door.moved_at = scheduler.now
    one.chip.holds.append((scheduler.now + 20_000, scheduler.now + 320_000, "erase"))
    scheduler.after(told_after_ms * 1000, leaves.recorded, one, codes.DOOR_CLOSED, door.number)
    leaves.moved(one, door)
    building.wait(2)
    assert bool(building.broken) != fine
    if not fine:
        building.expect_broken()


def torn_at_the_end(building, last_bytes):
    """The last event of a board without power lacks bits of its last bytes. Its number."""
    building.wait(5)
    building.tap(DOOR, WHO)
    building.wait(20)
    building.cut_power(DOOR)
    one, logs = board(building), building.world.promises.logs
    last, (key, before) = one.recorded[-1], logs._chain[board(building).name]
    torn = records.pack_event(last[0] + 1, last[1], codes.DENIED_DOOR, 1, 0, 1, None)
    torn = records.pack_event(*records.unpack_event(torn), records.chain_mac(key, before, torn))
    unsure = next(bits for bits in (0x05, 0x28, 0x82, 0x50, 0x0A, 0x88, 0x11) if not torn[31] & bits)
    end = bytes(byte | unsure for byte in torn[32 - last_bytes :])
    one.chip.flash["log"].poke(one.placed + 32, torn[: 32 - last_bytes] + end)
    return last[0] + 1


def test_an_event_whose_crc_alone_was_torn_keeps_its_place_in_the_chain(building):
    number, one = torn_at_the_end(building, 2), board(building)
    building.restore_power(DOOR)
    building.tap(DOOR, WHO)
    assert one.recorded[-1][0] > number + 1 and number not in [event[0] for event in one.recorded]
    assert building.world.promises.checks["chain"] and not building.broken


def test_an_event_that_a_start_completes_is_none_of_now(building):
    number, one = torn_at_the_end(building, 1), board(building)
    building.wait(600)
    building.restore_power(DOOR)
    building.tap(DOOR, WHO)
    assert [event[2] for event in one.recorded if event[0] == number] == [codes.DENIED_DOOR]
    assert not building.broken


def test_every_check_is_shown_to_go_red():
    at_a_bank = AT_A_BANK.keys() | OF_PARCELS.keys() | OF_OWN.keys()
    assert RED.keys() | IN_A_SOAK | WITH_INPUTS | at_a_bank == CHECKS.keys()
    assert {number for number, _ in CHECKS.values()} == NAMES.keys()


def test_a_start_by_the_watchdog_is_a_crash(building):
    one = board(building)
    event = (*one.recorded[-1][:2], codes.STARTED, 0, mcu.WDT_RESET, 0, None, 0)
    building.world.promises.recorded(one, event, bytes(32))
    assert any("the watchdog had to start the board" in one for one in building.broken)
    building.expect_broken()
