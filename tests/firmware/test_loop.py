"""The story of a tap, and of everything else the control loop does by itself."""

from firmware.controller import ticks
from firmware.controller.events import (
    DENIED_DOOR,
    DENIED_EXPIRED,
    DENIED_NO_CLOCK,
    DENIED_UNKNOWN,
    DOOR_CLOSED,
    DOOR_FORCED,
    DOOR_FOUND_OPEN,
    DOOR_HELD,
    DOOR_OPENED,
    GRANTED,
    NETWORK_RESTARTED,
    READER_JABBERS,
    READER_MISREAD,
    RELEASED_REX,
    SETTINGS_FAULT,
    STARTED,
)
from firmware.controller.loop import FEED_MS
from firmware.controller.records import until_minutes
from firmware.controller.started import started
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import CONTACT, D0, REX, STRIKE, UTC, Bench


class Link:
    def __init__(self, beat):
        self.beat = beat


def test_a_known_card_releases_the_door_and_is_on_record():
    bench = Bench()
    key = bench.give(12, 3456)
    bench.tap(12, 3456)
    assert bench.strike() == 1
    assert bench.events() == [(GRANTED, 1, 0, key)]
    bench.run(5000)
    assert bench.strike() == 0


def test_the_record_is_on_flash_before_the_strike_moves():
    bench = Bench()
    bench.give(12, 3456)
    log = bench.flash["log"]
    seen = []
    moved = bench.chip.moved

    def watch(pin, level):
        if pin == STRIKE and level == 1:
            seen.append(log.programs)
        moved(pin, level)

    bench.chip.moved = watch
    before = log.programs
    bench.tap(12, 3456)
    assert seen == [before + 1]


def jabber(bench, pulses):
    """The line never pauses. Returns how often there was a quiet moment."""
    quiet = 0
    for _ in range(pulses):
        bench.chip.pulse(D0)
        bench.run(20)
        quiet += bench.loop.quiet()
    return quiet


def test_a_reader_that_sends_without_a_pause_is_told_once_and_keeps_nothing_waiting():
    bench = Bench()
    key = bench.give(12, 3456)
    assert jabber(bench, 400) > 100
    assert bench.events() == [(READER_JABBERS, 1, 255, None)]
    bench.run(60000)
    assert jabber(bench, 300) > 30, "it still does not pause"
    bench.run(60000)
    bench.tap(12, 3456)
    assert bench.events()[1:] == [(GRANTED, 1, 0, key)]
    bench.run(60000)
    bench.tap(12, 3456)
    jabber(bench, 300)
    assert [event[0] for event in bench.events()[1:]] == [GRANTED, GRANTED, READER_JABBERS]


def test_a_leaf_that_is_open_at_the_start_is_told_and_watched():
    bench = Bench()
    bench.chip.input(CONTACT, 1)
    bench.run(1000)
    bench = Bench(flash=bench.flash, levels={CONTACT: 1})
    started(bench.loop, 1, 0)
    bench.run(29999)
    told = [(STARTED, 0, 1, None), (DOOR_FOUND_OPEN, 1, 0, None)]
    assert bench.events()[1:] == told
    bench.run(1)
    assert bench.events()[1:] == told + [(DOOR_HELD, 1, 0, None)]


def test_a_log_that_cannot_be_written_releases_nothing():
    bench = Bench()
    bench.give(12, 3456)

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    bench.flash["log"].fault = broken
    try:
        bench.tap(12, 3456)
        raise AssertionError("the error was swallowed")
    except OSError:
        pass
    assert bench.strike() == 0


def test_denials_say_why_and_release_nothing():
    bench = Bench()
    stranger = bench.give(1, 1, profile=9)
    ended = bench.give(1, 2, until=until_minutes(UTC - 60))
    bench.tap(12, 3456)
    bench.tap(1, 1)
    bench.tap(1, 2)
    bench.connect()
    bench.tap(1, 2)
    codes = [event[0] for event in bench.events()]
    assert codes[:3] == [DENIED_UNKNOWN, DENIED_DOOR, DENIED_NO_CLOCK]
    assert codes[-1] == DENIED_EXPIRED
    assert [event[3] for event in bench.events()][1:3] == [stranger, ended]
    assert STRIKE not in [pin for _, pin, level in bench.chip.moves if level]


def test_a_misformed_frame_is_an_event_and_not_a_guess():
    bench = Bench()
    bench.give(12, 3456)
    bench.swipe(frame26(12, 3456)[:-1])
    assert bench.events() == [(READER_MISREAD, 1, 25, None)]
    assert bench.strike() == 0


def test_rex_releases_even_when_the_log_cannot_be_written():
    bench = Bench()

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    bench.flash["log"].fault = broken
    bench.chip.input(REX, 0)
    try:
        bench.run(30)
        raise AssertionError("the error was swallowed")
    except OSError:
        pass
    assert bench.strike() == 1


def test_rex_is_on_record_and_the_leaf_is_not_forced():
    bench = Bench()
    bench.chip.input(REX, 0)
    bench.run(30)
    assert bench.strike() == 1
    bench.chip.input(CONTACT, 1)
    bench.run(30)
    bench.chip.input(CONTACT, 0)
    bench.run(30)
    assert [event[0] for event in bench.events()] == [RELEASED_REX, DOOR_OPENED, DOOR_CLOSED]


def test_a_leaf_is_forced_held_and_closed():
    bench = Bench()
    bench.chip.input(CONTACT, 1)
    bench.run(100)
    bench.chip.input(CONTACT, 0)
    bench.run(100)
    bench.give(12, 3456)
    bench.tap(12, 3456)
    bench.chip.input(CONTACT, 1)
    bench.run(31000)
    codes = [event[0] for event in bench.events()]
    assert codes == [DOOR_FORCED, DOOR_CLOSED, GRANTED, DOOR_OPENED, DOOR_HELD]


def test_a_bouncing_contact_is_one_opening():
    bench = Bench()
    bench.give(12, 3456)
    bench.tap(12, 3456)
    for level in (1, 0, 1, 0, 1):
        bench.chip.input(CONTACT, level)
        bench.run(3)
    bench.run(100)
    assert [event[0] for event in bench.events()] == [GRANTED, DOOR_OPENED]


def test_without_a_table_key_every_card_is_denied():
    bench = Bench(key=None)
    bench.tap(12, 3456)
    assert [event[0] for event in bench.events()] == [DENIED_UNKNOWN]
    assert bench.strike() == 0


def test_a_start_is_on_record_with_its_faults():
    bench = Bench()
    started(bench.loop, 4, 2)
    assert bench.events() == [(STARTED, 0, 4, None), (SETTINGS_FAULT, 0, 2, None)]


def test_credentials_and_events_survive_a_power_cut():
    bench = Bench()
    bench.give(12, 3456)
    bench.tap(12, 3456)
    again = Bench(flash=bench.flash)
    assert again.strike() == 0
    again.tap(12, 3456)
    assert again.strike() == 1
    assert [event[0] for event in again.events()] == [GRANTED, GRANTED]


def test_the_watchdog_is_fed_by_the_control_loop():
    bench = Bench()
    fed = bench.watchdog.fed
    bench.run(FEED_MS * 3)
    assert bench.watchdog.fed >= fed + 3


def test_nothing_ticks():
    bench = Bench()
    steps = []
    step = bench.loop.step
    bench.loop.step = lambda now: (steps.append(now), step(now))
    bench.run(3600 * 1000)
    assert len(steps) < 2 * 3600 * 1000 // FEED_MS


def test_a_week_without_a_card_does_not_stop_the_clock():
    bench = Bench()
    bench.give(12, 3456, until=until_minutes(UTC + 8 * 86400))
    bench.loop.clock.set(UTC * 1000, bench.chip.now)
    for _ in range(9 * 24):
        bench.run(20000)
        bench.chip.now = ticks.add(bench.chip.now, 3600000 - 20000)  # the rest of the hour is as these seconds
    bench.tap(12, 3456)
    assert bench.events()[-1][0] == DENIED_EXPIRED


def test_a_message_waits_without_spinning_while_a_card_is_read():
    bench = Bench()
    bench.connect()
    bench.chip.pulse(D0)
    bench.inbox.put(b"\xee")
    bench.loop.wake[0] = 0
    assert not bench.loop._pending()
    bench.run(30)
    assert not bench.loop.sync.ready()
    assert bench.refused["content"] == 1


def test_a_network_loop_that_hangs_is_restarted_with_the_board():
    bench = Bench()
    bench.loop.link = Link(bench.chip.now)
    bench.run(590000)
    assert bench.restarts == []
    bench.run(20000)
    assert bench.restarts
    assert NETWORK_RESTARTED in [event[0] for event in bench.events()]


def test_a_network_loop_that_goes_on_is_left_alone():
    bench = Bench()
    bench.loop.link = Link(bench.chip.now)
    for _ in range(30):
        bench.run(60000)
        bench.loop.link.beat = bench.chip.now
    assert bench.restarts == []
