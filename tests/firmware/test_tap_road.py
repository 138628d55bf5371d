"""A tap's road: learning, commissioning and PIN entry register in whichever order; the log is the same."""

from firmware.controller import commissioning, learning, pin_entry, rule_memory
from firmware.controller.access.rules import Rules
from firmware.controller.cloud import wire
from firmware.controller.events import (
    CARD_LEARNED,
    COMMISSIONING,
    DENIED_PIN,
    DENIED_UNKNOWN,
    DOOR_FORCED,
    DOOR_OPENED,
    GRANTED,
    READER_MISREAD,
    TRIED,
)
from firmware.controller.records import unpack_event
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import CONTACT, RULES, UTC, Bench

ALARM = 23
PIN_RULES = dict(RULES, version=2, doors={"1": {"who": [["card/pin", 0]], "pin_length": 4}})
LOADED = commissioning, learning, pin_entry, rule_memory, Rules(PIN_RULES, 1)  # while the heap has no holes yet


def tell(bench, verb, name, **fields):
    bench.hear(wire.json_message(wire.COMMAND, dict(fields, id=name, do=verb, expires=UTC + 50)))


def log(bench):
    """[(code, extra, whether it was made in commissioning)] of all events but those of commands."""
    record, found = bytearray(32), []
    for sequence in range(bench.loop.log.first, bench.loop.log.last + 1):
        bench.loop.log.read(sequence, record)
        event = unpack_event(record)
        if event[2] in ROAD:
            found.append((event[2], event[4], event[5] & COMMISSIONING))
    return found


ROAD = (CARD_LEARNED, DENIED_PIN, DENIED_UNKNOWN, DOOR_FORCED, DOOR_OPENED, GRANTED, READER_MISREAD, TRIED)
STEPS = {
    "commission": lambda bench: tell(bench, "commission", "c", minutes=15),
    "learn": lambda bench: tell(bench, "learn", "l", door=1),
    "rules": lambda bench: bench.loop.follow(Rules(PIN_RULES, 1)),
}


def day(bench, order):
    """The same day at a door, after these things began in that order. Returns the log and how often the alarm rang."""
    bench.give(17, 1204)
    bench.connect()
    bench.said()
    for name in order:
        STEPS[name](bench)
    for frame in ("0001", frame26(17, 9), "1" * 26, frame26(17, 1204), "0001", "0010", "0011", "0100"):
        bench.swipe(frame)
        bench.run(3000)
    bench.chip.input(CONTACT, 1)
    bench.run(100)
    rings = [level for _, pin, level in bench.chip.moves if pin == ALARM and level]
    bench.clean()
    return log(bench), len(rings)


def test_commissioning_and_learning_begun_in_either_order_leave_the_same_log():
    both = [day(Bench(), order) for order in (("commission", "learn"), ("learn", "commission"))]
    assert both[0] == both[1]
    said = [(code, extra) for code, extra, _ in both[0][0]]
    assert (CARD_LEARNED, 26) in said and (TRIED, 3) in said and (TRIED, 4) in said and (GRANTED, 0) in said


def test_rules_with_pins_that_come_before_between_or_after_change_nothing():
    orders = [
        ("rules", "commission", "learn"),
        ("commission", "rules", "learn"),
        ("commission", "learn", "rules"),
        ("learn", "rules", "commission"),
        ("rules", "learn", "commission"),
        ("learn", "commission", "rules"),
    ]
    logs = [day(Bench(), order)[0] for order in orders]
    assert all(one == logs[0] for one in logs), logs
    assert DENIED_PIN in [code for code, _, _ in logs[0]]
