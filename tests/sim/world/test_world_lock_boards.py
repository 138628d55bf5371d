"""The line that lock boards of the world hang on: what a cable does, before any driver is asked."""

from sim.world.lock_boards import LockBoard, LockBus, XorBoard

ASK = bytes.fromhex("80010033b2")
OPEN = bytes.fromhex("8a0101119b")
US = 1041  # of a byte at 9600 baud


class Line:
    """A bus in a time of its own."""

    def __init__(self, *boards: LockBoard, directed: bool = False) -> None:
        self.now = 0
        self.boards = boards
        self.bus = LockBus(list(boards), lambda: self.now, 9600, directed)

    def say(self, frame: bytes) -> None:
        self.bus.write(frame)
        self.now += len(frame) * US

    def heard(self, us: int) -> bytes:
        self.now += us
        return bytes(self.bus.take(self.bus.waiting()))


def test_an_answer_comes_byte_by_byte_after_the_time_of_its_board() -> None:
    line = Line(XorBoard(1, 8))
    line.say(ASK)
    assert line.heard(9_000) == b""
    assert line.heard(3_500) == bytes.fromhex("8001")
    assert line.heard(10_000) == bytes.fromhex("0000ff334d")


def test_two_that_speak_at_once_spoil_both() -> None:
    line = Line(XorBoard(1, 8), XorBoard(1, 8))
    line.say(ASK)
    heard = line.heard(60_000)
    assert line.bus.clashes == 1 and ASK[:2] not in heard
    line.say(ASK)
    line.now += 12_000
    line.say(OPEN)  # while the answers come in
    assert line.boards[0].pulses == []


def test_a_cable_that_is_cut_lets_so_many_bytes_through() -> None:
    line = Line(XorBoard(1, 8))
    line.bus.passes = 4
    line.say(OPEN)
    line.say(OPEN)
    assert line.boards[0].pulses == []
    line.bus.passes = None
    line.now += 30_000  # the board has forgotten what it had
    line.say(OPEN)
    assert line.boards[0].pulses == [(1, line.now)]


def test_a_board_that_forgets_nothing_takes_the_rest_of_a_frame_later() -> None:
    board = XorBoard(1, 8)
    board.ends_us = None
    line = Line(board)
    line.say(OPEN[:4])
    line.now += 5_000_000
    line.say(OPEN[4:])
    assert [lock for lock, _ in board.pulses] == [1]


def test_with_a_direction_pin_what_is_sent_while_it_is_low_reaches_nobody() -> None:
    line = Line(XorBoard(1, 8), directed=True)
    line.say(OPEN)
    assert line.boards[0].pulses == []
    line.bus.drive(1)
    line.say(OPEN)
    assert len(line.boards[0].pulses) == 1
    assert line.heard(400_000) == b"" and line.bus.clashes == 1, "the answer began while we held the line"
    line.bus.drive(0)
    line.say(ASK)
    assert line.heard(60_000) == b""


def test_answers_come_in_the_order_of_the_questions() -> None:
    board = XorBoard(1, 8)
    line = Line(board)
    board.late_us = 200_000
    line.say(ASK)
    board.late_us = 0
    board.doors[0] = True
    line.say(ASK)
    assert line.heard(300_000) == bytes.fromhex("80010000ff334d" + "80010000fe334c")
