"""Relay boards on Modbus RTU at the wire: frames as the documents print them, and what its boards refuse."""

from firmware.controller.outputs.locks import ECHO, REFUSED, SILENT
from sim.world.lock_boards import ModbusRelays, crc16
from tests.firmware.lock_bench import LockBench


def bench_of(*boards, **how):
    bench = LockBench("modbus", list(boards), **how)
    bench.run(3000, lambda: bench.line.is_open(1) is not None)
    return bench


def test_frames_are_those_of_the_documents():
    """Waveshare: relay 0 on for 700 ms, relay 1 for 800 ms; inputs 0 to 7."""
    for pulse_ms, lock, frame in ((700, 1, "0105020000078db0"), (800, 2, "0105020100089c74")):
        bench = bench_of(ModbusRelays(1), pulse_ms=pulse_ms)
        assert bench.bus.frames[0] == bytes.fromhex("01020000000879cc")
        bench.unlock(lock)
        bench.opened()
        assert bytes.fromhex(frame) in bench.bus.frames
        assert bench.boards[0].on_ms == [pulse_ms]


def test_the_check_is_that_of_the_standard():
    for text in (
        "0105020000078db0",
        "01020000000879cc",
        "ff050000ff0099e4",
        "ff0201015" + "1a0",
        "010100000008" + "3dcc",
    ):
        frame = bytes.fromhex(text)
        assert crc16(frame[:-2]) == frame[-2:]


def test_the_board_of_the_world_answers_as_the_standard_has_it():
    board = ModbusRelays(1)
    board.doors = [True] + [False] * 7
    assert board.hear(bytes.fromhex("01020000000879cc"), 0)[0][1][:4] == bytes.fromhex("010201fe")
    assert board.hear(bytes.fromhex("0105020000078db0"), 0)[0][1] == bytes.fromhex("0105020000078db0")
    assert board.pulses == [(1, 0)] and board.on_ms == [700]
    for wrong, code in (("010502080007", 2), ("010200010008", 2), ("010300000001", 1), ("010500005500", 2)):
        frame = bytes.fromhex(wrong)
        answer = board.hear(frame + crc16(frame), 0)[0][1]
        assert answer[:3] == bytes((1, frame[1] | 0x80, code))
    everybody = bytes.fromhex("000502000007")
    assert board.hear(everybody + crc16(everybody), 0) == [] and len(board.pulses) == 2


def test_the_usual_pulse_is_half_a_second():
    bench = bench_of(ModbusRelays(1))
    bench.unlock(8)
    bench.opened()
    assert bench.boards[0].on_ms == [500]


def test_a_board_that_refuses_is_told_and_opens_nothing():
    board = ModbusRelays(1)
    bench = bench_of(board)
    board.refuses = 4
    bench.unlock(1)
    bench.opened()
    bench.run(4000)
    assert bench.pulses() == [] and bench.line.is_open(1) is None
    assert sorted(bench.told()) == [(1, SILENT), (1, REFUSED)]
    board.refuses = 0
    assert bench.known(1) is False


def test_an_answer_to_an_opening_is_the_question_itself():
    board = ModbusRelays(1)
    bench = bench_of(board)
    bench.unlock(1)
    assert bench.opened() < 100
    assert bench.told() == [] and bench.pulses() == [(1, 1)]


def test_where_the_line_hears_itself_too():
    board = ModbusRelays(1)
    bench = LockBench("modbus", [board])
    bench.bus.echo = True
    bench.run(1000)
    bench.unlock(1)
    assert bench.opened() < 100 and bench.known(1) is True
    assert bench.told() == [(1, ECHO)] and bench.pulses() == [(1, 1)]


def test_all_contacts_of_a_board_come_with_one_question():
    board = ModbusRelays(5, 32)
    bench = bench_of(board)
    before = bench.bus.sent
    board.doors = [n % 3 == 0 for n in range(32)]
    bench.run(1000)
    assert [bench.line.is_open(n + 1) for n in range(32)] == board.doors
    assert bench.bus.sent - before <= 4


def test_nobody_is_ever_asked_as_everybody():
    bench = bench_of(ModbusRelays(1), ModbusRelays(2))
    for n in range(1, 17):
        bench.unlock(n)
    bench.boards[1].dead = True
    bench.opened(60000)
    assert 0 not in [frame[0] for frame in bench.bus.frames]
