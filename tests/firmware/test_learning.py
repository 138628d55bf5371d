"""A card learned at a reader: sealed to the cloud, once, on command alone; nobody passes, and nothing stays."""

import struct

from firmware.controller import ticks
from firmware.controller.cloud import session, wire
from firmware.controller.events import (
    CARD_LEARNED,
    DENIED_UNKNOWN,
    GRANTED,
    LEARN_ARMED,
    LEARN_ENDED,
    READER_MISREAD,
)
from firmware.controller.outputs import patterns
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import RULES, STRIKE, TABLE, UTC, Bench

CARD, TIME, COMMAND, MISREAD = 0, 1, 2, 3  # how it ended, as the wire says it
LIGHT = 21
NUMBER = 17 << 16 | 1204


def connected(**more):
    bench = Bench(**more)
    bench.connect()
    bench.said()
    return bench


def arm(bench, name=1, seconds=45, door=1):
    fields = {"id": name, "do": "learn", "door": door, "expires": utc(bench) + seconds}
    bench.hear(wire.json_message(wire.COMMAND, fields))
    return [wire.read_json(message)["result"] for message in bench.said() if message[0] == wire.RESULT]


def utc(bench):
    return bench.loop.clock.utc(bench.now())


def learned(bench):
    """[(how, bits, number, id)] of what the controller said since it was last asked."""
    found = []
    for message in bench.said():
        if message[0] == wire.CARD_READ:
            found.append(struct.unpack_from("<BBQ", message, 1) + (bytes(message[11:]),))
    return found


def codes(bench):
    return [event[0] for event in bench.events()]


def wait(bench, seconds):
    """Time goes by; the reader blinks, and nobody keeps a list of that."""
    for _ in range(seconds):
        bench.run(1000)
        bench.chip.moves = []


def releases(bench):
    return [level for _, pin, level in bench.chip.moves if pin == STRIKE].count(1)


def test_an_armed_reader_gives_its_next_card_to_the_cloud_and_nobody_passes():
    bench = connected()
    bench.give(17, 1204)  # a card that would open the door
    assert arm(bench, name=9) == ["done"]
    bench.tap(17, 1204)
    assert learned(bench) == [(CARD, 26, NUMBER, b"9")]
    assert releases(bench) == 0
    assert bench.events()[-2:] == [(LEARN_ARMED, 1, 45, None), (CARD_LEARNED, 1, 26, None)]
    bench.tap(17, 1204)
    assert codes(bench)[-1] == GRANTED
    assert learned(bench) == []


def test_no_card_is_learned_where_no_command_asked_for_it():
    bench = connected()
    bench.tap(17, 1204)
    assert learned(bench) == []
    assert codes(bench)[-1] == DENIED_UNKNOWN
    assert arm(bench) == ["done"]
    wait(bench, 46)
    bench.said()
    bench.tap(17, 1205)
    assert learned(bench) == []
    assert codes(bench)[-1] == DENIED_UNKNOWN


def test_its_time_ends_it_and_the_cloud_is_told():
    bench = connected()
    arm(bench)
    wait(bench, 44)
    assert codes(bench)[-1] == LEARN_ARMED
    wait(bench, 2)
    assert bench.events()[-1] == (LEARN_ENDED, 1, TIME, None)
    assert learned(bench) == [(TIME, 0, 0, b"1")]


def test_nobody_arms_a_reader_for_longer_than_a_minute():
    bench = connected()
    assert arm(bench, seconds=61) == ["refused"]
    bench.tap(17, 1204)
    assert learned(bench) == []


def test_the_reader_shows_it_until_a_card_comes():
    bench = connected()
    arm(bench)
    shown = 0
    for _ in range(100):
        bench.run(100)
        shown += bench.chip.outputs[LIGHT] == 0
    assert 20 < shown < 80
    bench.tap(17, 1204)
    assert bench.chip.outputs[LIGHT] == 0
    bench.run(5000)
    assert bench.loop.doors[0].pins.signal.deadline() is None
    assert bench.chip.outputs[LIGHT] == 1


def flipped(frame):
    return ("1" if frame[0] == "0" else "0") + frame[1:]


def test_a_misread_card_ends_it_and_is_not_taken():
    for frame, bits in ((flipped(frame26(17, 1204)), 26), ("1" * 26, 26), ("1" * 37, 37)):
        bench = connected()
        arm(bench)
        bench.swipe(frame)
        assert learned(bench) == [(MISREAD, bits, 0, b"1")]
        assert bench.events()[-1] == (LEARN_ENDED, 1, MISREAD, None)
        assert READER_MISREAD in codes(bench)
        bench.tap(17, 1204)
        assert learned(bench) == []


def test_a_number_too_long_for_the_wire_is_not_taken():
    bench = connected()
    arm(bench)
    bench.loop.tap(bench.loop.doors[0], (80, 1 << 70), bench.now())
    bench.run()
    assert learned(bench) == [(MISREAD, 80, 0, b"1")]


def test_another_command_ends_it():
    bench = connected()
    arm(bench, name=1)
    bench.hear(wire.json_message(wire.COMMAND, {"id": 2, "do": "learn", "door": 1, "expires": UTC + 45}))
    assert learned(bench) == [(COMMAND, 0, 0, b"1")]
    bench.tap(17, 1204)
    assert learned(bench) == [(CARD, 26, NUMBER, b"2")]


def test_a_command_that_names_no_door_only_ends_it():
    bench = connected()
    arm(bench, name=1)
    arm(bench, name=2, door=0)
    assert bench.events()[-1] == (LEARN_ENDED, 1, COMMAND, None)
    bench.tap(17, 1204)
    assert learned(bench) == []


def test_a_restart_ends_it():
    bench = connected()
    arm(bench)
    flash, bench = bench.flash, None
    again = connected(flash=flash)
    again.tap(17, 1204)
    assert learned(again) == []
    assert codes(again)[-1] == DENIED_UNKNOWN


def test_a_pin_is_never_learned():
    rules = dict(RULES, version=2, doors={"1": {"who": [["pin", 0]], "pin_length": 4}})
    bench = connected(rules=rules)
    arm(bench)
    for key in ("0001", "0010", "0011", "0100"):
        bench.swipe(key)
    assert learned(bench) == []
    bench.tap(17, 1204)
    assert learned(bench) == [(CARD, 26, NUMBER, b"1")]


def test_the_other_door_decides_as_ever():
    two = dict(TABLE)
    two["doors"] = TABLE["doors"] + [
        {
            "reader": {"kind": "wiegand", "d0": 16, "d1": 17, "light": 5, "sound": 15},
            "strike": {"pin": 26, "active": 1},
        }
    ]
    bench = connected(table=two)
    bench.give(17, 1204)
    arm(bench, door=2)
    bench.tap(17, 1204)
    assert codes(bench)[-1] == GRANTED
    assert learned(bench) == []


def test_the_number_is_on_no_flash():
    bench = connected()
    arm(bench)
    number = 0x9ABCDEF1  # 34 bits: three bytes of it lie somewhere by chance
    payload = "{:032b}".format(number)
    bench.swipe(str(payload[:16].count("1") % 2) + payload + str(1 - payload[16:].count("1") % 2))
    assert learned(bench) == [(CARD, 34, number, b"1")]
    sector = bytearray(4096)
    for part in bench.flash.values():
        for at in range(0, part.size, 4096):
            part.read(at, sector)
            for order in ("<I", ">I"):
                assert struct.pack(order, number) not in bytes(sector)


def kept(bench):
    """What of a message lies in the controller."""
    return bench.sync.handlers["learning"]._message


def test_the_number_is_gone_when_the_cloud_has_it():
    bench = connected()
    arm(bench)
    bench.tap(17, 1204)
    message = kept(bench)
    assert message[3:6] == struct.pack("<I", NUMBER)[:3]
    assert learned(bench) == [(CARD, 26, NUMBER, b"1")]
    assert sum(bench.loop.doors[0].pins.reader._bits) == 0
    bench.stored()
    bench.said()
    bench.run(200)
    assert kept(bench) is None
    assert bytes(message[:11]) == bytes(11)


def test_the_number_is_gone_when_the_cloud_never_answers():
    bench = connected()
    arm(bench)
    bench.tap(17, 1204)
    message = kept(bench)
    bench.run(16000)
    assert kept(bench) is None
    assert bytes(message[:11]) == bytes(11)


def test_a_session_that_ends_in_between_loses_no_number():
    bench = connected()
    arm(bench)
    bench.inbox.put(session.LOST)
    bench.run()
    bench.tap(17, 1204)
    assert learned(bench) == []
    for _ in range(2):  # what was said first is lost with its session
        bench.inbox.put(session.OPENED)
        bench.run(200)
        assert learned(bench) == [(CARD, 26, NUMBER, b"1")]
        bench.inbox.put(session.LOST)
        bench.run(200)


def test_it_looks_alike_for_everybody():
    assert patterns.LEARN != patterns.ARMED
    bench = connected()
    bench.give(17, 1204)
    seen = []
    for number in (1204, 1205):
        arm(bench, name=number)
        bench.run(3000)
        start = bench.now()
        bench.chip.moves = []
        bench.tap(17, number)
        bench.run(2000)
        seen.append([(ticks.diff(at, start), pin, level) for at, pin, level in bench.chip.moves])
    assert seen[0] == seen[1]
