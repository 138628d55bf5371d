"""Kerong's KR-CU12 at the wire: frames as the document prints them, and what its boards refuse."""

from firmware.controller.outputs.locks import REFUSED, SILENT
from sim.world.lock_boards import Kerong12Board
from tests.firmware.lock_bench import LockBench


def bench_of(*boards, **how):
    bench = LockBench("kerong12", list(boards), **how)
    bench.run(3000, lambda: bench.line.is_open(1) is not None)
    return bench


def test_frames_are_those_of_the_document():
    bench = bench_of(Kerong12Board(0), Kerong12Board(1))
    assert bench.bus.frames[0] == bytes.fromhex("0200008000000385")
    bench.unlock(3)
    bench.opened()
    assert bytes.fromhex("0200028100000388") in bench.bus.frames
    bench.boards[0].loses = 1
    bench.run(2000)
    assert bytes.fromhex("0200008f00000394") in bench.bus.frames, "the other kind of question"
    assert bench.pulses() == [(0, 3)]


def test_the_board_of_the_world_answers_as_the_document_prints_it():
    board = Kerong12Board(0)
    board.doors = [n != 1 for n in range(12)]
    assert board.hear(bytes.fromhex("0200008000000385"), 0)[0][1] == bytes.fromhex("02000080100203990200")
    assert board.hear(bytes.fromhex("0210008000000395"), 0)[0][1] == bytes.fromhex("02000080100203990200")
    assert board.hear(bytes.fromhex("0200028100000388"), 0)[0][1] == bytes.fromhex("0200028110000398")
    assert [lock for lock, _ in board.pulses] == [3]
    assert board.hear(bytes.fromhex("02000c8100000392"), 0)[0][1] == bytes.fromhex("02000c81100003a2")
    assert len(board.pulses) == 13
    other = Kerong12Board(1)
    other.doors = [n != 2 for n in range(12)]
    assert other.hear(bytes.fromhex("0210008000000395"), 0)[0][1] == bytes.fromhex("020100801002039c0400")


def test_an_opening_that_fails_says_so():
    board = Kerong12Board(0)
    bench = bench_of(board)
    board.refuses = 0x11
    bench.unlock(1)
    bench.opened()
    assert bench.told() == [(0, REFUSED)] and bench.pulses() == []
    bench.run(4000)
    assert bench.told() == [(0, SILENT)], "an answer without contacts is none"
    board.refuses = 0
    assert bench.known(1) is False


def test_boards_of_fewer_locks_and_the_speed_they_are_delivered_with():
    first, last = Kerong12Board(0, 8), Kerong12Board(15, 8)
    bench = bench_of(first, last)
    assert bench.line._baud == 19200
    first.doors[7] = True
    bench.run(1000)
    assert [bench.line.is_open(n) for n in range(1, 17)] == [False] * 7 + [True] + [False] * 8


def test_all_locks_and_all_boards_are_never_meant():
    bench = bench_of(*[Kerong12Board(n) for n in (0, 15)])
    for n in range(1, 25):
        bench.unlock(n)
        bench.opened(20000)
    assert len(bench.pulses()) == 24
    assert [frame for frame in bench.bus.frames if frame[1] > 15 or frame[2] > 11] == []


def test_an_answer_with_too_few_contacts_is_not_believed():
    board = Kerong12Board(0)
    bench = LockBench("kerong12", [board])
    answer = board.answer

    def short(what, lock):
        frame = answer(what, lock)
        if what != "ask":
            return frame
        head = frame[:5] + b"\x01\x03"
        return head + bytes((sum(head) + frame[8] & 255,)) + frame[8:9]

    board.answer = short
    bench.run(5000)
    assert bench.line.is_open(1) is None and (0, SILENT) in bench.told()
