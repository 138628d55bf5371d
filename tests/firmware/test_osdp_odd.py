"""OSDP readers not quite as the standard has them: they wait to be polled, say too much, or forget what they said."""

import os

from firmware.controller.events import READER_LOST
from sim.world.osdp import ACK, PeripheralDevice, framed
from tests.firmware.bench import frame26
from tests.firmware.osdp_bench import KEY, OsdpBench, plain, sealed, table

CARD = frame26(12, 3456)
READ = (1, 26, 12 << 16 | 3456)
MISREAD = (1, 0, None)


def test_a_reader_that_answers_nothing_before_its_first_poll_is_polled():
    for make in (plain, sealed):
        bench = make()
        bench.readers[0].waits = True
        bench.run(2500)
        assert bench.answers() and bench.told() == []
        bench.readers[0].restart()
        bench.readers[0].waits = True
        bench.run(6000)
        assert bench.answers()
        bench.read = []
        bench.readers[0].card(CARD)
        bench.run(300)
        assert bench.read == [READ]
        bench.clean()


def test_an_answer_that_is_longer_than_any_buffer_is_passed_over():
    for make in (plain, sealed):
        for baud in (9600, 115200):
            bench = make()
            bench.line._byte_us = 10_000_000 // baud
            bench.bus._baud = baud
            bench.run(1000)
            bench.told()
            bench.readers[0].long = 3 if make is plain else 1  # a session each
            bench.run(4000)
            assert READER_LOST not in [code for code, _, _ in bench.told()]
            bench.readers[0].card(CARD)
            bench.run(1000)
            assert bench.answers() and bench.read == [READ]
            bench.clean()


def test_an_answer_of_200_bytes_is_heard():
    bench = plain()
    bench.run(500)
    bench.readers[0]._obey, obey = lambda command, data: bytes((0x90,)) + bytes(200), bench.readers[0]._obey
    bench.run(3000)
    bench.readers[0]._obey = obey
    bench.readers[0].card(CARD)
    bench.run(300)
    assert bench.told() == [] and bench.read == [READ]
    bench.clean()


def test_a_head_that_promises_much_holds_the_line_for_no_longer_than_that():
    for promised, most_ms in ((1440, 2000), (65535, 700)):
        bench = plain()
        bench.run(500)
        head = bytearray(framed(0x80, 1, bytes((ACK,))))
        head[2:4] = promised.to_bytes(2, "little")
        for _ in range(20):
            bench.line.feed(bytes(head) + bytes(250))
            bench.run(10)
        bench.readers[0].card(CARD)
        bench.run(most_ms)
        assert bench.read == [READ], promised
        bench.clean()


class Spoils:
    """The last byte of every answer that tells something, the first time it is said."""

    def __init__(self, bench):
        self.least = 14 if bench.readers[0].sealed else 8
        self.spoilt = 0
        bench.line.meddle = self

    def __call__(self, frame):
        if frame[1] & 0x80 and len(frame) > self.least and not self.spoilt:
            self.spoilt += 1
            return frame[:-1] + bytes((frame[-1] ^ 1,))
        return frame


def test_a_card_in_a_broken_answer_that_is_not_said_again_is_told_as_misread():
    bench = plain()
    bench.readers[0].forgets = True
    bench.run(500)
    spoils = Spoils(bench)
    bench.readers[0].card(CARD)
    bench.run(1000)
    assert spoils.spoilt == 1 and bench.read == [MISREAD]
    bench.readers[0].card(CARD)
    bench.run(300)
    assert bench.read == [MISREAD, READ] and bench.told() == []
    bench.clean()


def test_a_reader_that_says_it_again_has_nothing_misread():
    for make in (plain, sealed):
        bench = make()
        bench.run(500)
        spoils = Spoils(bench)
        bench.readers[0].card(CARD)
        bench.run(1000)
        assert spoils.spoilt == 1 and bench.read == [READ]
        bench.clean()


def test_a_broken_answer_that_told_nothing_is_no_misread():
    bench = plain()
    bench.readers[0].forgets = True
    bench.run(500)
    spoils = Spoils(bench)
    spoils.least = 7  # an ACK is spoilt
    bench.run(1000)
    assert spoils.spoilt == 1 and bench.read == [] and bench.told() == []
    bench.clean()


def test_the_other_reader_works_on_beside_one_that_waits():
    waits = PeripheralDevice(1, KEY, os.urandom)
    waits.dead = True
    bench = OsdpBench(PeripheralDevice(0, KEY, os.urandom), waits, kept={1: KEY, 2: KEY}, board=table(2))
    bench.run(3000)
    bench.readers[0].card(CARD)
    bench.run(1000)
    assert bench.read == [READ]
    assert [code for code, door, _ in bench.told() if door == 2] == [READER_LOST]
    bench.clean()
