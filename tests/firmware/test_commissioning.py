"""Commissioning: the installer hears what works, the cloud's list fills itself, nobody passes who could not before."""

import os

from firmware.controller.cloud import wire
from firmware.controller.cloud.trial import begin as look
from firmware.controller.commissioning import Ticket
from firmware.controller.events import (
    COMMISSIONING,
    COMMISSIONING_BEGAN,
    COMMISSIONING_ENDED,
    DENIED_PIN,
    DENIED_UNKNOWN,
    DOOR_FORCED,
    DOOR_OPENED,
    GRANTED,
    READER_MISREAD,
    TRIED,
)
from firmware.controller.outputs import patterns, signal
from firmware.controller.records import unpack_event
from tests.firmware.controller_bench import CONTACT, REX, RULES, STRIKE, Bench

T_CONTACT, T_EXIT, T_CARD, T_KEY, T_LOCK = 1, 2, 3, 4, 5


def begin(bench, minutes=15, name=1, **more):
    utc = bench.loop.clock.utc(bench.now())
    fields = {"id": name, "do": "commission", "expires": utc + 60, "minutes": minutes}
    bench.hear(wire.json_message(wire.COMMAND, dict(fields, **more)))
    return [wire.read_json(message)["result"] for message in bench.said() if message[0] == wire.RESULT]


def started(bench=None, **more):
    bench = listen(bench or Bench())
    bench.connect()
    bench.said()
    assert begin(bench, **more) == ["done"]
    return bench


def tried(bench):
    return [(door, extra) for code, door, extra, _ in bench.events() if code == TRIED]


def codes(bench):
    return [event[0] for event in bench.events()]


def flags(bench):
    """{code: flags} of all events."""
    log, record = bench.loop.log, bytearray(32)
    found = {}
    for sequence in range(log.first, log.last + 1):
        log.read(sequence, memoryview(record))
        event = unpack_event(record)
        found[event[2]] = event[5]
    return found


def listen(bench):
    """From now on shown() knows what the reader was told to show last."""
    lamp = bench.loop.doors[0].pins.signal
    show = lamp.show

    def heard(pattern, now):
        bench.pattern = pattern
        show(pattern, now)

    lamp.show = heard
    return bench


def shown(bench):
    return bench.pattern


def wait(bench, seconds):
    """Time goes by; the readers blink, and nobody keeps a list of that."""
    for _ in range(seconds):
        bench.run(1000)
        bench.chip.moves = []


def releases(bench):
    return [level for _, pin, level in bench.chip.moves if pin == STRIKE].count(1)


def test_it_begins_by_command_and_ends_by_itself():
    bench = started(minutes=2)
    assert bench.events()[-1] == (COMMISSIONING_BEGAN, 0, 2, None)
    wait(bench, 119)
    assert COMMISSIONING_ENDED not in codes(bench)
    wait(bench, 2)
    assert bench.events()[-1] == (COMMISSIONING_ENDED, 0, 1, None)
    wait(bench, 5)
    assert bench.loop.doors[0].pins.signal.deadline() is None


def test_a_command_ends_it_too():
    bench = started()
    begin(bench, minutes=0, name=2)
    assert bench.events()[-1] == (COMMISSIONING_ENDED, 0, 2, None)


def test_nobody_begins_it_for_more_than_an_hour():
    bench = Bench()
    bench.connect()
    bench.said()
    for name, minutes in enumerate((61, -1, "15", None, True)):
        bench.run(1000)
        assert begin(bench, minutes=minutes, name=name) == []
    assert bench.refused["content"] == 5
    assert COMMISSIONING_BEGAN not in codes(bench)


def test_a_restart_ends_it():
    flash = started().flash
    again = listen(Bench(flash=flash))
    again.connect()
    again.tap(1, 2)
    assert tried(again) == []
    assert shown(again) == signal.DENIED


def test_a_card_that_is_read_well_has_a_sign_of_its_own_and_nobody_passes():
    bench = started()
    bench.tap(17, 1204)
    assert shown(bench) == patterns.READ
    assert releases(bench) == 0
    assert DENIED_UNKNOWN in codes(bench)
    assert tried(bench) == [(1, T_CARD)]
    bench.tap(17, 1205)
    assert tried(bench) == [(1, T_CARD)]


def test_a_card_that_may_pass_passes():
    bench = started()
    bench.give(17, 1204)
    bench.tap(17, 1204)
    assert bench.strike() == 1
    assert GRANTED in codes(bench)
    assert shown(bench) == signal.GRANTED


def test_a_misread_card_sounds_and_counts_as_before():
    bench = started()
    bench.swipe("1" * 26)
    assert bench.events()[-1] == (READER_MISREAD, 1, 26, None)
    assert shown(bench) == signal.MISREAD
    assert tried(bench) == []


def test_keys_answer_alike_also_where_no_rule_asks_for_them():
    bench = started()
    for key in ("0001", "1001"):
        bench.swipe(key)
        assert shown(bench) == patterns.KEY
    assert tried(bench) == [(1, T_KEY)]
    assert READER_MISREAD not in codes(bench)


def test_a_pin_works_as_ever():
    rules = dict(RULES, version=2, doors={"1": {"who": [["pin", 0]], "pin_length": 4}})
    bench = started(Bench(rules=rules))
    for key in ("0001", "0010", "0011", "0100"):
        bench.swipe(key)
    assert DENIED_PIN in codes(bench)
    assert tried(bench) == [(1, T_KEY)]


def test_contact_and_exit_button_answer_and_the_lock_counts_when_it_let_somebody_through():
    bench = started()
    bench.chip.input(CONTACT, 1)
    bench.run(40)
    assert shown(bench) == patterns.WORKS
    assert tried(bench) == [(1, T_CONTACT)]
    bench.chip.input(CONTACT, 0)
    bench.run(40)
    bench.chip.input(REX, 0)
    bench.run(40)
    assert shown(bench) == patterns.WORKS
    bench.chip.input(CONTACT, 1)
    bench.run(40)
    assert tried(bench) == [(1, T_CONTACT), (1, T_EXIT), (1, T_LOCK)]


def test_what_happens_meanwhile_is_marked_and_nothing_after_it():
    bench = started()
    bench.chip.input(CONTACT, 1)
    bench.run(40)
    assert flags(bench)[DOOR_FORCED] & COMMISSIONING
    assert not flags(bench)[COMMISSIONING_BEGAN] & COMMISSIONING
    begin(bench, minutes=0, name=2)
    bench.chip.input(CONTACT, 0)
    bench.run(40)
    bench.tap(1, 2)
    assert not flags(bench)[DENIED_UNKNOWN] & COMMISSIONING


def test_the_readers_show_that_it_is_on():
    bench = started()
    lit = 0
    for _ in range(100):
        bench.run(20)
        lit += bench.chip.outputs[21] == 0
    assert 0 < lit < 20


def test_a_door_that_is_open_when_it_begins_is_no_news():
    bench = Bench()
    bench.chip.input(CONTACT, 1)
    bench.run(40)
    started(bench)
    assert tried(bench) == []
    bench.chip.input(CONTACT, 0)
    bench.run(40)
    assert tried(bench) == [(1, T_CONTACT)]
    assert DOOR_OPENED not in codes(bench)


def begun_by(text):
    """The minutes of commissioning that begin after a start which finds this in /trial."""
    bench = Bench()
    for name, said in (("current", "abc\n"), ("trial", text)):
        with open(bench.folder + name, "w") as file:
            file.write(said)
    bench.sync.trial = look(bench.folder, bench.loop, bench.now())
    assert bench.folder + "trial" not in os.listdir(".")
    bench.run()
    assert bench.sync.trial is None
    bench.clean()
    return [event[2] for event in bench.events() if event[0] == COMMISSIONING_BEGAN]


def test_what_the_installer_left_is_good_for_one_start():
    assert begun_by("abc commission 15") == [15]


def test_what_the_installer_left_counts_for_an_hour_at_most():
    assert begun_by("abc commission 61") == []


def test_another_slot_on_trial_is_no_ticket():
    assert Ticket("0").look(None, None, 0) is None
