"""Lock boards that answer too late, each family alike: nothing they say is taken for another answer."""

import random

from firmware.controller.outputs.locks import AGAIN, LATE, SILENT
from tests.firmware.helper import STRIDE
from tests.firmware.lock_bench import benches, ready


def counting(board):
    """A board that says with each answer how many questions it has heard."""
    board.asks = 0
    obey = board._obey

    def _obey(what, lock, now_us):
        if what == "open":
            return obey(what, lock, now_us)
        board.asks += 1
        board.doors = [bool(board.asks >> n & 1) for n in range(8)] + [False] * (board.locks - 8)
        return obey(what, lock, now_us)

    board._obey = _obey
    return board


def said(bench, number):
    """What the driver has of the first eight contacts of a board, None: nothing."""
    first = number * bench.table["locks"] + 1
    contacts = [bench.line.is_open(first + n) for n in range(8)]
    if None in contacts:
        return None
    return sum([1 << n for n, is_open in enumerate(contacts) if is_open])


def judged(bench, ms, seed):
    """Whenever contacts are read, they are those of the last question, however late answers are. How often."""
    chance = random.getrandbits
    random.seed(seed)
    for board in bench.boards:
        counting(board)
    before = [None] * len(bench.boards)
    read = 0
    end = bench.elapsed + ms
    while bench.elapsed < end:
        number = chance(4) % len(bench.boards)
        bench.boards[number].late_us = (0, 0, 100, 300, 600, 900, 1400, 2500)[chance(3)] * 1000
        stop = bench.elapsed + chance(9)
        while bench.elapsed < stop:
            bench.run(5, lambda: False)
            for n, board in enumerate(bench.boards):
                contacts = said(bench, n)
                if contacts != before[n]:
                    before[n] = contacts
                    if contacts is not None:
                        assert contacts == board.asks & 255, (bench.table["driver"], seed, n, contacts, board.asks)
                        read += 1
    return read


def test_a_late_answer_is_never_taken_for_another():
    for bench in benches(3):
        assert judged(bench, 30000 // STRIDE, 1) > 5 // STRIDE
    for bench in benches(1):
        judged(bench, 30000 // STRIDE, 2)


def test_a_board_that_is_always_late_is_never_believed():
    for late in (350, 420, 600, 1000, 2000):
        for bench in benches(1):
            ready(bench)
            counting(bench.boards[0])
            bench.boards[0].late_us = late * 1000
            bench.run(3000)
            told = bench.told()
            assert (1, LATE) in told and (1, SILENT) in told, (late, told)
            bench.known(1, 20000)
            assert bench.line.is_open(1) is None, late
            bench.boards[0].late_us = 0
            assert bench.known(1) is not None
            assert (1, AGAIN) in bench.told()


def lagging(board, lag):
    """A board that is always so many questions behind, and quick about it."""
    owed = []
    answer = board.answer

    def _answer(what, lock):
        owed.append(answer(what, lock))
        return owed.pop(0) if len(owed) > lag else None

    board.answer = _answer
    return board


def test_a_board_that_is_questions_behind_is_never_believed():
    """A gateway that queues: each answer is in time, and is that of an earlier question."""
    lags = (1, 2, 3, 8, 15, 29, 30)
    for lag in [lags[n] for n in range(0, len(lags), STRIDE)]:
        for bench in benches(1):
            bench.line._poll_ms = 50
            lagging(bench.boards[0], lag)
            bench.boards[0].loses = 0
            for _ in range(200):
                bench.run(300)
                assert bench.line.is_open(1) is None, (bench.table["driver"], lag)


def test_an_answer_from_nowhere_puts_a_board_to_the_proof():
    for bench in benches(2):
        ready(bench)
        bench.run(1000)
        while bench.line._state or bench.line.deadline() == bench.chip.now:
            bench.run(1, lambda: False)
        asked = list(bench.bus.frames)
        bench.bus.feed(bench.boards[1].answer("ask", 0))
        bench.run(1000)
        assert bench.told() == [(2, LATE)]
        assert [frame for frame in bench.bus.frames if frame not in asked], "another kind of question"
