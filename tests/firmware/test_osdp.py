"""OSDP readers: what they tell, what the driver makes of it, and when one is lost."""

import os

from firmware.controller.events import (
    READER_BACK,
    READER_KEYED,
    READER_LOST,
    READER_POWER,
    READER_POWER_RIGHT,
    READER_STRANGE,
    READER_TAMPER,
    READER_TAMPER_OVER,
)
from firmware.controller.outputs import patterns
from firmware.controller.outputs.signal import DENIED, GRANTED
from sim.world.osdp import BUZ, LED, RAW, PeripheralDevice, framed
from tests.firmware.bench import frame26
from tests.firmware.osdp_bench import KEY, OsdpBench, plain, sealed, table

SILENT, REFUSES, KEYLESS, UNSEALED = 1, 2, 3, 4
CARD = frame26(12, 3456)
READ = (1, 26, 12 << 16 | 3456)


def both(test):
    """In plain and in the secure channel."""
    for make in (plain, sealed):
        bench = make()
        bench.run(500)
        assert bench.answers() and bench.told() == []
        assert bench.readers[0].sealed == (make is sealed)
        test(bench)
        bench.clean()


def test_a_card_is_read():
    def test(bench):
        bench.readers[0].card(CARD)
        bench.run(150)
        assert bench.read == [READ]

    both(test)


def test_a_card_of_34_bits_is_the_same_credential_as_at_a_wiegand_reader():
    def test(bench):
        payload = "{:032b}".format(0xDEADBEEF)
        half = payload[:16].count("1") % 2, 1 - payload[16:].count("1") % 2
        bench.readers[0].card(str(half[0]) + payload + str(half[1]))
        bench.run(150)
        assert bench.read == [(1, 34, 0xDEADBEEF)]

    both(test)


def test_a_card_with_wrong_parity_or_length_is_refused():
    def test(bench):
        bench.readers[0].card(CARD[:-1] + ("0" if CARD[-1] == "1" else "1"))
        bench.readers[0].card(CARD[:-1])
        bench.readers[0].card("1" * 300)
        bench.run(500)
        assert bench.read == [(1, 26, None), (1, 25, None), (1, 254, None)]

    both(test)


def test_keys_come_one_by_one():
    def test(bench):
        bench.readers[0].type("12*")
        bench.readers[0].type("90#A")
        bench.run(250)
        assert bench.read == [(1, 4, key) for key in (1, 2, 10, 9, 0, 11)]

    both(test)


def test_more_keys_than_anybody_types_stay_in_their_buffer():
    bench = plain()
    bench.run(500)
    bench.readers[0].type("1" * 60)
    bench.run(200)
    assert len(bench.read) == 16
    bench.clean()


def test_light_and_sound_are_two_commands():
    def test(bench):
        reader, signal = bench.readers[0], bench.board.doors[0].signal
        reader.shown = []
        signal.show(GRANTED, bench.chip.now)
        bench.run(200)
        light, sound = reader.shown
        # Green for 2.2 s, then red again; one beep of 0.2 s.
        assert light == (LED, bytes((0, 0, 2, 22, 0, 2, 1, 22, 0, 1, 1, 0, 1, 1)))
        assert sound == (BUZ, bytes((0, 2, 2, 0, 1)))
        bench.run(3000)
        reader.shown = []
        signal.show(DENIED, bench.chip.now)
        bench.run(200)
        assert reader.shown == [(BUZ, bytes((0, 2, 1, 1, 3)))]

    both(test)


def test_a_pattern_that_is_over_before_its_time_is_silent_and_red():
    bench = plain()
    bench.run(500)
    signal = bench.board.doors[0].signal
    signal.show(patterns.HELD_SOON, bench.chip.now)
    assert signal.deadline() is not None
    bench.run(200)
    bench.readers[0].shown = []
    signal.show(b"", bench.chip.now)
    bench.run(200)
    assert [(command, data[2 if command == LED else 1]) for command, data in bench.readers[0].shown] == [
        (LED, 1),
        (BUZ, 1),
    ]
    assert signal.deadline() is None
    bench.clean()


def test_what_a_reader_cannot_show_it_is_not_told_again():
    bench = plain()
    bench.readers[0].refuses = (LED, BUZ)
    bench.run(500)
    bench.board.doors[0].signal.show(GRANTED, bench.chip.now)
    bench.run(500)
    bench.readers[0].card(CARD)
    bench.run(150)
    assert bench.read == [READ]
    assert bench.told() == []
    bench.clean()


def test_tamper_and_supply_are_told_once():
    def test(bench):
        bench.readers[0].status(tampered=1)
        bench.readers[0].status(tampered=1, failing=1)
        bench.run(300)
        bench.readers[0].status()
        bench.run(300)
        assert bench.told() == [
            (READER_TAMPER, 1, 0),
            (READER_POWER, 1, 0),
            (READER_TAMPER_OVER, 1, 0),
            (READER_POWER_RIGHT, 1, 0),
        ]

    both(test)


def test_a_reader_that_was_opened_while_it_was_away_is_told_when_it_is_back():
    bench = sealed()
    bench.readers[0].tampered = 1
    bench.run(500)
    assert bench.told() == [(READER_TAMPER, 1, 0)]
    bench.clean()


# Lost and back


def test_a_reader_that_dies_is_lost_within_two_seconds_and_back_within_one_and_a_half():
    def test(bench):
        bench.readers[0].dead = True
        bench.run(1500)
        assert bench.told() == []
        bench.run(1000)
        assert bench.told() == [(READER_LOST, 1, SILENT)]
        assert not bench.answers()
        bench.run(60000)
        assert bench.told() == []
        bench.readers[0].dead = False
        bench.readers[0].restart()
        bench.run(2000)
        assert bench.told() == [(READER_BACK, 1, 1 if bench.readers[0].sealed else 0)]
        bench.readers[0].card(CARD)
        bench.run(150)
        assert bench.read == [READ]

    both(test)


def test_a_card_that_lay_in_a_reader_before_it_worked_opens_nothing():
    def test(bench):
        bench.line.cut = True
        bench.run(3000)
        bench.readers[0].card(CARD)
        bench.readers[0].type("1234#")
        bench.line.cut = False
        bench.run(3000)
        assert bench.answers() and bench.read == []
        bench.readers[0].card(CARD)
        bench.run(150)
        assert bench.read == [READ]

    both(test)


def test_a_cut_cable_is_a_lost_reader():
    def test(bench):
        bench.line.cut = True
        bench.run(3000)
        assert bench.told() == [(READER_LOST, 1, SILENT)]

    both(test)


def test_a_reader_that_is_not_there_when_the_board_starts_is_told():
    bench = plain()
    bench.readers[0].dead = True
    bench.run(3000)
    assert bench.told() == [(READER_LOST, 1, SILENT)]
    bench.clean()


def test_a_reader_that_starts_anew_works_again_at_once():
    def test(bench):
        bench.readers[0].restart()
        bench.readers[0].card(CARD)
        bench.run(600)
        assert bench.told() == []
        assert bench.read == [READ]

    both(test)


def test_who_asks_for_patience_is_asked_again():
    def test(bench):
        bench.readers[0].card(CARD)
        bench.readers[0].busy = 3
        bench.run(1000)
        assert bench.told() == []
        assert bench.read == [READ]
        bench.readers[0].busy = 1000
        bench.run(4000)
        assert bench.told() == [(READER_LOST, 1, SILENT)]

    both(test)


def test_one_dead_reader_does_not_keep_the_other_from_its_work():
    bench = OsdpBench(PeripheralDevice(0, KEY, os.urandom), PeripheralDevice(1, KEY, os.urandom), kept={1: KEY, 2: KEY})
    bench.run(1000)
    bench.readers[0].dead = True
    bench.run(5000)
    assert bench.told() == [(READER_LOST, 1, SILENT)]
    for _ in range(20):
        bench.run(137)
        bench.readers[1].card(CARD)
        bench.run(400)
    assert bench.read == [(2, 26, 12 << 16 | 3456)] * 20
    bench.clean()


# The line


class Bad:
    """Meddles with every nth frame."""

    def __init__(self, every, how):
        self.every, self.how, self.count = every, how, 0

    def __call__(self, frame):
        self.count += 1
        return frame if self.count % self.every else self.how(frame)


def flipped(frame):
    frame = bytearray(frame)
    frame[len(frame) // 2] ^= 16
    return bytes(frame)


def test_every_card_is_read_once_on_a_bad_line():
    for how in (
        lambda frame: b"",
        flipped,
        lambda frame: frame[:-1],
        lambda frame: frame[1:],
        lambda f: b"\x53\x80" + f,
    ):

        def test(bench, how=how):
            bench.line.meddle = Bad(3, how)
            for _ in range(10):
                bench.readers[0].card(CARD)
                bench.run(2500)
            bench.line.meddle = None
            bench.run(1000)
            assert bench.read == [READ] * 10
            assert bench.told() == []

        both(test)


def test_an_answer_that_comes_late_is_not_taken_for_the_next():
    """The answer to a poll lies on the line when the next one is out already: its number tells."""
    bench = plain()
    bench.run(500)

    def late(frame):
        before = ((frame[4] & 3) + 1) % 3 + 1
        card = framed(0x80, before, bytes((RAW, 0, 1, 26, 0)) + bytes(4))
        return card + frame if frame[1] & 0x80 else frame

    bench.line.meddle = late
    bench.run(60)
    bench.line.meddle = None
    bench.run(500)
    assert bench.read == []
    assert bench.told() == []
    bench.clean()


def test_the_direction_pin_lets_go_before_a_reader_answers():
    for baud in (9600, 19200, 115200):
        board = table(baud=baud)
        bench = OsdpBench(PeripheralDevice(0, KEY, os.urandom), kept={1: KEY}, board=board)
        bench.run(1000)
        assert bench.answers(), baud
        assert bench.line.clashes == 0
        bench.clean()


def test_noise_without_end_fills_no_memory():
    def test(bench):
        for _ in range(50):
            bench.line.feed(bytes(range(256)))
            bench.run(20)
        bench.run(1000)
        bench.readers[0].card(CARD)
        bench.run(1000)
        assert bench.read == [READ]

    both(test)


def test_each_reader_is_asked_as_often_as_the_board_says():
    for poll_ms in (50, 100, 200):
        board = table(poll_ms=poll_ms)
        board["doors"][0]["reader"]["secure"] = False
        bench = OsdpBench(PeripheralDevice(0), board=board)
        bench.run(1000)
        before = bench.line.sent
        bench.run(10000)
        assert abs(bench.line.sent - before - 10000 // poll_ms) <= 2, poll_ms
        bench.clean()


def test_a_poll_costs_one_turn_of_the_loop():
    bench = sealed()
    bench.run(1000)
    before, sent = bench.steps, bench.line.sent
    bench.run(10000)
    timers = bench.line.sent - sent  # the bench also stops where the direction pin lets go
    assert bench.steps - before - timers <= bench.line.sent - sent + 12
    bench.clean()


# Keys


def test_a_reader_without_a_key_is_not_polled_unless_the_board_says_so():
    bench = OsdpBench(PeripheralDevice(0))
    bench.run(3000)
    assert bench.told() == [(READER_LOST, 1, KEYLESS)]
    bench.readers[0].card(CARD)
    bench.run(3000)
    assert bench.read == []
    bench.clean()


def test_a_reader_gets_a_key_of_its_own_only_while_somebody_commissions_the_board():
    bench = OsdpBench(PeripheralDevice(0, None, os.urandom))
    bench.run(3000)
    assert bench.kept() == {}
    bench.commissioner.on = True
    bench.run(4000)
    assert bench.told() == [(READER_LOST, 1, KEYLESS), (READER_KEYED, 1, 0), (READER_BACK, 1, 1)]
    key = bench.readers[0].key
    assert bench.kept() == {1: key} and len(key) == 16 and key != bytes(16)
    bench.commissioner.on = False
    bench.readers[0].card(CARD)
    bench.run(200)
    assert bench.read == [READ]
    bench.clean()


def test_a_new_reader_in_the_place_of_an_old_one_gets_the_old_ones_key_when_the_board_is_commissioned():
    bench = OsdpBench(PeripheralDevice(0, None, os.urandom), kept={1: KEY})
    bench.run(5000)
    assert bench.told() == [(READER_LOST, 1, REFUSES)]
    assert bench.readers[0].key is None
    bench.commissioner.on = True
    bench.run(6000)
    assert bench.told() == [(READER_KEYED, 1, 0), (READER_BACK, 1, 1)]
    assert bench.readers[0].key == KEY
    bench.clean()


def test_a_reader_with_another_key_is_refused_and_told():
    bench = OsdpBench(PeripheralDevice(0, bytes(16), os.urandom), kept={1: KEY})
    bench.run(5000)
    told = bench.told()
    assert (READER_STRANGE, 1, 3) in told and (READER_LOST, 1, REFUSES) in told and len(told) == 2
    bench.commissioner.on = True
    bench.run(10000)
    assert bench.told() == []
    assert not bench.answers()
    bench.clean()


def test_a_key_that_lies_damaged_is_no_key():
    bench = OsdpBench(PeripheralDevice(0, KEY, os.urandom))
    from firmware.controller.storage.settings_save import save

    save(bench.folder, {"1": "no key at all"}, "osdp")
    bench.run(3000)
    assert bench.told() == [(READER_LOST, 1, KEYLESS)]
    bench.clean()


# Somebody on the cable


def test_a_card_in_plain_is_not_taken_from_a_reader_that_has_a_key():
    bench = sealed()
    bench.run(500)

    def plain_card(frame):
        if frame[1] & 0x80:
            return framed(0x80, frame[4] & 3, bytes((RAW, 0, 1, 26, 0)) + int(CARD + "000000", 2).to_bytes(4, "big"))
        return frame

    bench.line.meddle = plain_card
    bench.run(3000)
    bench.line.meddle = None
    bench.run(3000)
    assert bench.read == []
    told = bench.told()
    assert told[0] == (READER_STRANGE, 1, 1)
    assert (READER_LOST, 1, UNSEALED) in told
    assert told[-1] == (READER_BACK, 1, 1)
    bench.clean()


def test_an_answer_that_was_altered_is_not_taken():
    """Whoever alters a frame can put its CRC right, not its seal."""
    bench = sealed()
    bench.run(500)

    def altered(frame):
        if frame[1] & 0x80 and len(frame) > 20:
            body = bytearray(frame[5:-2])
            body[5] ^= 1
            return framed(frame[1], frame[4], bytes(body))
        return frame

    bench.readers[0].card(CARD)
    bench.line.meddle = altered
    bench.run(300)
    assert bench.read == []
    assert bench.told() == [(READER_STRANGE, 1, 2)]
    bench.line.meddle = None
    bench.run(500)
    assert bench.read == [READ]
    bench.clean()


def test_an_answer_that_was_recorded_opens_nothing():
    """A card of yesterday, sent again with every number a frame can have."""
    bench = sealed()
    bench.run(500)
    heard = []
    bench.line.meddle = lambda frame: heard.append(frame) or frame
    bench.readers[0].card(CARD)
    bench.run(200)
    assert bench.read == [READ]
    cards = [frame for frame in heard if frame[1] & 0x80 and len(frame) > 20]
    assert len(cards) == 1
    for number in range(4):
        replayed = framed(0x80, number | 8, cards[0][5:-2])
        bench.line.meddle = lambda frame, replayed=replayed: replayed if frame[1] & 0x80 else frame
        bench.run(300)
        bench.line.meddle = None
        bench.run(3000)
    assert bench.read == [READ]
    bench.clean()


def test_a_stranger_is_told_once_in_ten_minutes():
    bench = sealed()
    bench.run(500)
    bench.line.meddle = lambda frame: framed(0x80, frame[4] & 3, b"\x40") if frame[1] & 0x80 else frame
    bench.run(60000)
    told = [event for event in bench.told() if event[0] == READER_STRANGE]
    assert told == [(READER_STRANGE, 1, 1)]
    bench.clean()
