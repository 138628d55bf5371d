"""Kerong's KR-CU16 at the wire: frames as the document prints them, and what its boards do differently."""

import random

from sim.world.lock_boards import KerongBoard
from tests.firmware.lock_bench import LockBench


def bench_of(*boards, **how):
    bench = LockBench("kerong", list(boards), **how)
    bench.run(3000, lambda: bench.line.is_open(1) is not None)
    return bench


def test_frames_are_those_of_the_document():
    bench = bench_of(KerongBoard(0), KerongBoard(1))
    bench.run(1000)
    assert bytes.fromhex("0200300335") in bench.bus.frames
    bench.unlock(3)
    bench.opened()
    assert bytes.fromhex("0202310338") in bench.bus.frames
    bench.run(200)
    assert bytes.fromhex("020037033c") in bench.bus.frames, "read back under another number"
    bench.unlock(16 + 2)
    bench.opened()
    assert bytes.fromhex("0211310347") in bench.bus.frames
    assert bench.pulses() == [(0, 3), (1, 2)]


def test_the_board_of_the_world_answers_as_the_document_prints_it():
    board = KerongBoard(0)
    board.doors = [n != 0 for n in range(16)]
    assert board.hear(bytes.fromhex("0200300335"), 0)[0][1] == bytes.fromhex("020035010000000" + "33b")
    board.doors = [n > 3 for n in range(16)]
    assert board.hear(bytes.fromhex("020037033c"), 0)[0][1] == bytes.fromhex("0200380f0000370383")
    assert board.hear(bytes.fromhex("0202310338"), 0) == []
    assert [lock for lock, _ in board.pulses] == [3]
    assert board.hear(bytes.fromhex("0200370064" + "03a0"), 0) != [] and board.settings == 1


def test_boards_of_fewer_locks_than_sixteen():
    first, last = KerongBoard(0, 8), KerongBoard(9, 8)
    bench = bench_of(first, last)
    first.doors[7] = True
    bench.run(1000)
    assert [bench.line.is_open(n) for n in range(1, 17)] == [False] * 7 + [True] + [False] * 8


def test_the_speeds_it_is_delivered_with():
    for baud in (19200, 115200):
        bench = bench_of(KerongBoard(0), baud=baud)
        bench.unlock(5)
        bench.opened()
        assert bench.known(5) is True and bench.told() == []


def test_a_board_that_answers_an_opening_although_the_document_has_no_answer():
    for wait in range(5_000, 1_400_000, 35_000):
        board = KerongBoard(0)
        board.says_opened = True
        bench = bench_of(board)
        board.jams.add(1)
        board.pulse_us = wait
        bench.unlock(1)
        bench.opened()
        assert bench.known(1) is False
        bench.run(1500)
        board.doors[0] = True
        bench.run(1000)
        assert bench.line.is_open(1) is True
        assert bench.told() == [] or wait > 90_000, wait
        assert bench.pulses() == [(0, 1)]


def test_noise_changes_no_setting():
    random.seed(5)
    chance = random.getrandbits
    board = KerongBoard(0)
    board.ends_us = None
    bench = bench_of(board)

    def meddle(data):
        if chance(2):
            return data
        at = chance(8) % len(data)
        return data[:at] + bytes((data[at] ^ 1 << chance(3),)) + data[at + 1 :]

    bench.bus.meddle = meddle
    for _ in range(40):
        bench.unlock(chance(4) + 1)
        bench.run(3000)
    assert board.settings == 0
