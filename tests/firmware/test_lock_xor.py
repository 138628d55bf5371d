"""The family 0x8A / 0x80 at the wire: frames as the document prints them, and what its boards do differently."""

from firmware.controller.outputs.locks import ECHO, MISFORMED, OTHER
from sim.world.lock_boards import XorBoard
from tests.firmware.helper import STRIDE
from tests.firmware.lock_bench import LockBench


def bench_of(*boards, **how):
    bench = LockBench("xor", list(boards), **how)
    bench.run(3000, lambda: bench.line.is_open(1) is not None)
    return bench


def test_frames_are_those_of_the_document():
    bench = bench_of(XorBoard(1))
    assert bench.bus.frames[0] == bytes.fromhex("80010033b2")
    bench.unlock(1)
    bench.opened()
    bench.unlock(2)
    bench.opened()
    opened = [frame for frame in bench.bus.frames if frame[0] == 0x8A]
    assert opened == [bytes.fromhex("8a0101119b"), bytes.fromhex("8a01021198")]


def test_the_board_of_the_world_answers_as_the_document_prints_it():
    board = XorBoard(1)
    board.doors[0] = True
    assert board.hear(bytes.fromhex("80010133b3"), 0)[0][1] == bytes.fromhex("8001010080")
    board.doors[0] = False
    assert board.hear(bytes.fromhex("80010133b3"), 0)[0][1] == bytes.fromhex("8001011191")
    assert board.hear(bytes.fromhex("8a0101119b"), 0)[0][1] == bytes.fromhex("8a0101008a")
    assert board.hear(bytes.fromhex("8a0100119a"), 0) == []
    assert [lock for lock, _ in board.pulses] == [1] + list(range(1, 25))


def test_a_board_of_eight_locks_that_sends_three_bytes():
    """Seen: 80 01 00 33 B2 answered by 80 01 00 00 00 33 B2 (Open-Locker, ADR 61)."""
    board = XorBoard(1, 8, open_bit=1)
    bench = bench_of(board, sensor=1)
    assert board.answer("ask", 0) == bytes.fromhex("800100000033b2")
    board.doors[7] = True
    bench.run(1000)
    assert [bench.line.is_open(n) for n in range(1, 9)] == [False] * 7 + [True]


def test_boards_of_two_twelve_and_fifty_locks():
    for locks, groups in ((2, 2), (12, 2), (12, 3), (50, 7)):
        board = XorBoard(7, locks, groups=groups)
        bench = bench_of(board)
        board.doors[locks - 1] = True
        bench.run(1000)
        found = [bench.line.is_open(n) for n in range(1, locks + 1)]
        assert found == [False] * (locks - 1) + [True], (locks, groups)


def test_boards_that_send_the_first_locks_first():
    board = XorBoard(1, 24, low_first=True)
    bench = bench_of(board, low_first=True)
    board.doors[1] = True
    bench.run(1000)
    assert bench.line.is_open(2) is True and bench.line.is_open(18) is False


def test_an_answer_of_one_byte_is_none_because_our_question_looks_like_it():
    bench = LockBench("xor", [XorBoard(1, 8, groups=1)])
    bench.run(3000)
    assert bench.line.is_open(1) is None
    bench = LockBench("xor", [XorBoard(1, 8)])
    bench.boards[0].parrots = True
    bench.run(3000)
    assert bench.line.is_open(1) is None


def test_two_answers_in_a_row_are_not_one_long_one():
    """The XOR of two right frames is right, and the second ends as one frame would."""
    for locks in (24, 48):
        board = XorBoard(1, locks)
        bench = bench_of(board)
        board.doors[0] = True
        answer = board.answer
        board.answer = lambda what, lock, answer=answer: answer(what, lock) * 2
        bench.run(2000)
        assert [bench.line.is_open(n) for n in range(1, locks + 1)] == [True] + [False] * (locks - 1)


def test_what_a_board_tells_unasked_is_no_trouble():
    board = XorBoard(1)
    bench = bench_of(board)
    for _ in range(40):
        bench.run(113)
        while bench.line._state:  # two that speak at once are not heard, here as anywhere
            bench.run(5, lambda: False)
        bench.bus.feed(board.tell(3))
    assert bench.told() == [] and bench.line.is_open(3) is False
    assert bench.bus.clashes == 0


def test_an_answer_to_an_opening_is_the_question_itself_where_the_lock_jams():
    """8A 01 01 11 9B is both: it ends the waiting and says nothing of the door."""
    board = XorBoard(1)
    bench = bench_of(board)
    board.jams.add(1)
    bench.unlock(1)
    assert bench.opened() < 500
    assert bench.known(1) is False
    assert bench.told() == [] and bench.pulses() == [(1, 1)]


def test_where_the_line_hears_itself_the_answer_is_still_waited_for():
    board = XorBoard(1)
    bench = LockBench("xor", [board])
    bench.bus.echo = True
    bench.run(1000)
    board.jams.add(1)
    bench.unlock(1)
    assert 300 < bench.opened() < 500, "not our own frame, but what came after the pulse"
    assert bench.told() == [(1, ECHO)]


def test_a_frame_with_a_wrong_check_byte_is_not_believed():
    board = XorBoard(1)
    bench = bench_of(board)
    board.doors[0] = True
    bench.bus.meddle = lambda data: data[:-1] + bytes((data[-1] ^ 1,)) if len(data) == 7 else data
    bench.run(5000)
    assert bench.line.is_open(1) is None
    assert (1, MISFORMED) in bench.told()


def test_a_board_that_is_not_in_the_table_is_told():
    board = XorBoard(1)
    board.says = 9
    bench = LockBench("xor", [board])
    bench.run(1000)
    assert bench.told()[0] == (1, OTHER)


def test_the_beginning_of_an_answer_that_looks_like_a_whole_one_is_none():
    """80 01 00 81 33 33 is right by itself, and the beginning of 80 01 00 81 33 33 00."""
    for late in range(0, 60, STRIDE):
        board = XorBoard(1, 16)
        board.answers_us = 5000 + late * 500
        bench = bench_of(board)
        board.doors = [not (0x8133 >> n & 1) for n in range(16)]
        assert board.answer("ask", 0) == bytes.fromhex("80010081333300")[:6] + bytes((0x80 ^ 1 ^ 0x81 ^ 0x33 ^ 0x33,))
        bench.run(1000)
        for _ in range(300):
            bench.run(1, lambda: False)
            found = [bench.line.is_open(n + 1) for n in range(16)]
            assert found == board.doors, late
