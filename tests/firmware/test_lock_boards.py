"""Lock boards on a serial line, each family alike: one pulse for one opening, whatever the line does, and no contact
that is another answer's."""

import gc
import random
import sys

from firmware.controller import ticks
from firmware.controller.outputs.lock_queue import EXPECTS_MS
from firmware.controller.outputs.locks import AGAIN, ECHO, MISFORMED, OTHER, SILENT
from tests.firmware.lock_bench import DE, benches, ready, second


def test_contacts_are_not_known_before_they_were_read():
    for bench in benches():
        assert [bench.line.is_open(n) for n in (1, second(bench))] == [None, None]
        ready(bench)


def test_a_lock_gets_one_pulse_and_its_contact_is_read_after_it():
    for bench in benches():
        ready(bench)
        n = second(bench)
        assert bench.unlock(n) and bench.line.busy()
        assert bench.line.is_open(n) is None, "what was read before the pulse says nothing"
        bench.opened()
        assert bench.known(n) is True
        bench.run(5000)
        assert bench.pulses() == [(2, 3)]
        assert bench.told() == []


def test_what_was_asked_before_the_pulse_does_not_count_after_the_call():
    for bench in benches(1):
        ready(bench)
        for late in range(0, 60, 7):
            bench.boards[0].late_us = 30000
            while bench.line._state != 1:
                bench.run(5, lambda: False)
            bench.run(late, lambda: False)
            bench.boards[0].jams = {3}
            before = len(bench.pulses())
            bench.unlock(3)
            while len(bench.pulses()) == before:
                assert bench.line.is_open(3) is None, late
                bench.run(1, lambda: False)
            bench.opened()
            assert bench.known(3) is False


def test_while_an_opening_is_expected_the_line_is_kept_free_for_it():
    for bench in benches(3):
        ready(bench)
        for late in range(0, 60, 7):
            bench.run(late, lambda: False)
            bench.line.expect(bench.chip.now)
            bench.run(100, lambda: False)  # what was under way has ended
            asked = bench.bus.sent
            bench.run(EXPECTS_MS - 120, lambda: False)
            assert bench.bus.sent == asked
            pulses = len(bench.pulses())
            bench.unlock(1)
            bench.run(2, lambda: False)
            assert bench.bus.sent == asked + 1 and len(bench.pulses()) == pulses + 1
            bench.run(1000, lambda: False)
            assert bench.bus.sent > asked + 5


def test_when_what_was_expected_has_come_contacts_are_read_as_ever():
    for bench in benches(3):
        ready(bench)
        bench.run(1000)
        bench.line.expect(bench.chip.now)
        bench.unlock(1)
        bench.opened()
        asked = bench.bus.sent
        bench.run(EXPECTS_MS // 2, lambda: False)
        assert bench.bus.sent >= asked + 4, bench.table["driver"]


def test_who_says_again_and_again_that_one_is_expected_makes_nobody_blind_for_long():
    for bench in benches(3):
        ready(bench)
        asked = bench.bus.sent
        for _ in range(5):
            bench.line.expect(bench.chip.now)
            bench.run(EXPECTS_MS + 10, lambda: False)
        assert bench.bus.sent >= asked + 5


def test_contacts_that_are_in_doubt_are_read_though_somebody_types():
    """Else one that opened meanwhile would be out of use: nobody would know that it did."""
    for bench in benches(1):
        ready(bench)
        for board in bench.boards:
            board.late_us = 400000
        bench.run(2000, lambda line=bench.line: any(line._doubts))
        for board in bench.boards:
            board.late_us = 0
        bench.unlock(1)
        for _ in range(7):
            bench.line.expect(bench.chip.now)
            bench.run(300, lambda: False)
        assert bench.line.is_open(1) is not None, bench.table["driver"]


def test_an_opening_goes_out_at_once_on_a_free_line():
    for bench in benches(2):
        ready(bench)
        bench.run(1000)
        while bench.line._state or bench.line.deadline() == bench.chip.now:
            bench.run(1, lambda: False)
        bench.run(20, lambda: False)
        bench.unlock(1)
        first = bench.elapsed
        bench.run(5000, bench.pulses)
        assert bench.elapsed - first <= 5


def test_a_board_is_read_after_an_opening_before_the_next_one():
    for bench in benches(2):
        ready(bench)
        bench.unlock(1)
        bench.unlock(second(bench))
        bench.opened()
        bench.run(1000)
        order = [frame for frame in bench.bus.frames if frame in opening(bench)]
        first, last = [bench.bus.frames.index(frame) for frame in order]
        assert last == first + 2, bench.bus.frames[first : last + 1]


def opening(bench):
    """The frames that open something."""
    found = [board.parse(frame) for board in bench.boards for frame in bench.bus.frames]
    return [frame for n, frame in enumerate(bench.bus.frames * len(bench.boards)) if found[n][1] == "open"]


def test_an_answer_to_an_opening_that_comes_late_does_not_end_the_next():
    for late in (300, 500):
        for bench in benches(1):
            if not bench.line._family.says_opened:
                continue
            ready(bench)
            board = bench.boards[0]
            board.late_us = (bench.line._family.opens_ms + late) * 1000
            bench.unlock(1)
            bench.run(5000, bench.pulses)
            board.late_us = 0
            bench.unlock(2)
            bench.run(5000, lambda bench=bench: len(bench.pulses()) == 2)
            bench.opened()
            assert bench.elapsed * 1000 > board._speaks_at, "its own answer has come"


def test_a_lock_that_jams_is_read_as_shut():
    for bench in benches():
        ready(bench)
        bench.boards[1].jams.add(3)
        bench.unlock(second(bench))
        bench.opened()
        assert bench.known(second(bench)) is False


def test_a_door_that_is_shut_again_is_read_so():
    for bench in benches():
        ready(bench)
        bench.boards[0].doors[0] = True
        bench.run(1000)
        assert bench.line.is_open(1) is True
        bench.boards[0].doors[0] = False
        bench.run(1000)
        assert bench.line.is_open(1) is False


def test_the_other_polarity_is_a_setting():
    for bench in benches():
        for board in bench.boards:
            board.open_bit = 1
        bench.line.sensor = 1
        ready(bench)
        bench.boards[2].doors[1] = True
        bench.run(1000)
        assert bench.line.is_open(2 * bench.table["locks"] + 2) is True


def test_an_answer_that_is_lost_opens_nothing_twice():
    for bench in benches():
        ready(bench)
        bench.boards[1].loses = 1
        bench.unlock(second(bench))
        bench.opened()
        assert bench.known(second(bench)) is True
        bench.run(10000)
        assert bench.pulses() == [(2, 3)]


def test_a_board_that_hears_and_says_nothing_opens_once():
    for bench in benches():
        ready(bench)
        bench.boards[1].mute = True
        bench.unlock(second(bench))
        bench.run(20000)
        assert not bench.line.busy()
        assert bench.pulses() == [(2, 3)]
        assert (2, SILENT) in bench.told()
        assert bench.line.is_open(second(bench)) is None


def test_answers_that_come_late_open_nothing_twice():
    for late in range(0, 3000, 340):
        for bench in benches(2):
            ready(bench)
            bench.boards[1].late_us = late * 1000
            bench.unlock(second(bench))
            bench.run(8000)
            assert bench.pulses() == [(2, 3)], late
            assert bench.line.is_open(1) is False, late


def test_each_call_is_one_pulse():
    for bench in benches():
        ready(bench)
        locks = [1 + n for n in range(8)] * 2
        assert all(bench.unlock(n) for n in locks)
        assert bench.unlock(1) is False, "the queue has an end"
        bench.opened(60000)
        assert sorted(bench.pulses()) == sorted([(1, n) for n in locks])


def test_locks_that_are_not_there_are_refused():
    for bench in benches():
        for n in (0, -1, 3 * bench.table["locks"] + 1):
            try:
                bench.unlock(n)
            except ValueError:
                continue
            raise AssertionError(n)


def test_a_board_that_dies_is_told_once_and_the_others_go_on():
    for bench in benches():
        ready(bench)
        bench.boards[1].dead = True
        bench.run(60000)
        assert bench.told() == [(2, SILENT)]
        assert bench.line.is_open(second(bench)) is None
        bench.boards[0].doors[0] = True
        bench.run(1000)
        assert bench.line.is_open(1) is True
        bench.unlock(1)
        bench.opened()
        assert bench.pulses() == [(1, 1)]
        bench.boards[1].dead = False
        assert bench.known(second(bench)) is False
        assert bench.told() == [(2, AGAIN)]


def test_what_was_expected_while_a_board_was_silent_for_a_week_keeps_nobody_from_reading_contacts():
    """A tick is good for six days: what was kept longer lay in the future."""
    for bench in benches():
        ready(bench)
        bench.boards[1].dead = True
        bench.run(20000)
        bench.line.expect(bench.chip.now)
        for _ in range(4):
            bench.run(5000)
            bench.elapsed += 172800000
            bench.chip.now = ticks.add(bench.chip.now, 172800000)
        bench.run(5000)
        bench.boards[1].dead = False
        assert bench.known(second(bench)) is False
        bench.boards[0].doors[0] = True
        bench.run(2000)
        assert bench.line.is_open(1) is True


def test_one_answer_that_is_lost_changes_nothing():
    for bench in benches():
        ready(bench)
        bench.boards[1].loses = 2
        for _ in range(200):
            bench.run(10, lambda: False)
            assert bench.line.is_open(second(bench)) is False
        assert bench.told() == []


def test_who_answers_with_another_address_is_told_and_not_believed():
    for bench in benches():
        ready(bench)
        bench.boards[1].says = 3
        bench.boards[1].doors[2] = True
        bench.run(8000)
        told = bench.told()
        assert (2, OTHER) in told and (2, SILENT) in told and len(told) == 2, told
        assert bench.line.is_open(second(bench)) is None
        assert bench.line.is_open(2 * bench.table["locks"] + 3) is False, "that of the board with this address"


def test_a_line_that_hears_itself_works_and_is_told():
    for bench in benches():
        bench.bus.echo = True
        bench.run(3000)
        assert sorted(bench.told()) == [(1, ECHO), (2, ECHO), (3, ECHO)]
        assert bench.line.is_open(1) is False
        for n in (1, second(bench)):
            bench.unlock(n)
            bench.opened()
            assert bench.known(n) is True
        assert bench.pulses() == [(1, 1), (2, 3)]


def test_a_board_that_only_repeats_what_it_hears_is_silent():
    for bench in benches():
        bench.boards[1].parrots = True
        bench.run(8000)
        told = bench.told()
        assert sorted(told) == [(2, SILENT), (2, ECHO)], told
        bench.unlock(second(bench))
        bench.run(3000)
        assert bench.line.is_open(second(bench)) is None and bench.line.is_open(1) is False
        assert not bench.line.busy() and bench.pulses() == []


def test_bytes_before_an_answer_do_not_matter():
    for bench in benches():
        for board in bench.boards:
            board.before = b"\xfa\xfd\x99\x99"
        ready(bench)
        bench.unlock(1)
        bench.opened()
        assert bench.known(1) is True and bench.told() == []


def test_what_is_no_frame_is_told():
    for bench in benches():
        ready(bench)
        frames = bench.bus.frames  # questions come through
        bench.bus.meddle = lambda data, frames=frames: data if data in frames else data[:-1] + bytes((data[-1] ^ 8,))
        bench.run(800)
        bench.bus.meddle = None
        told = bench.told()
        assert told and all(what == MISFORMED for _, what in told), told
        bench.run(600)
        bench.told()
        bench.run(3000)
        assert bench.line.is_open(1) is False and bench.told() == []


def test_a_line_that_babbles_does_not_hold_the_loop_and_is_over_when_it_ends():
    for bench in benches():
        ready(bench)
        for _ in range(100):
            bench.bus.feed(bytes((0x80, 0x02, 0x35, 0x8A)))
            steps = bench.steps
            bench.run(5, lambda: False)
            assert bench.steps - steps < 8
        bench.run(6000)
        assert bench.line.is_open(1) is False
        assert bench.pulses() == []


def test_a_line_that_is_never_quiet_is_used_all_the_same():
    for bench in benches(1):
        ready(bench)
        sent = bench.bus.sent
        for _ in range(340):
            bench.bus.feed(b"\x55")
            bench.run(9, lambda: False)
        assert bench.bus.sent - sent > 2


def test_noise_never_opens_anything_twice_or_anything_else():
    for seed in range(6):
        for bench in benches(2):
            spoilt_run(bench, seed)


def spoilt_run(bench, seed):
    """Every third frame loses a byte, gains some, or has a bit turned over; locks are opened all the while."""
    random.seed(seed)
    chance = random.getrandbits

    def meddle(data):
        if chance(8) >= 85:
            return data
        at = chance(6) % len(data)
        kind = chance(8) % 3
        if kind == 0:
            return data[:at] + data[at + 1 :]
        if kind == 1:
            return data[:at] + bytes((chance(8), chance(8))) + data[at:]
        return data[:at] + bytes((data[at] ^ 1 << chance(3),)) + data[at + 1 :]

    bench.bus.meddle = meddle
    for board in bench.boards:
        board.ends_us = None if seed % 2 else board.ends_us
    calls = []
    for _ in range(12):
        n = chance(8) % (2 * bench.table["locks"]) + 1
        before = len(bench.pulses())
        calls.append(divmod(n - 1, bench.table["locks"]))
        bench.unlock(n)
        bench.opened(20000)
        bench.run(500 + chance(8))
        assert len(bench.pulses()) - before <= 1, seed
    bench.bus.meddle = None
    bench.run(5000)
    wanted = [(board + 1, lock + 1) for board, lock in calls]
    for pulse in bench.pulses():
        assert pulse in wanted, (seed, pulse)
        wanted.remove(pulse)


def test_a_cable_cut_in_the_middle_of_an_opening_opens_once_at_most():
    for forgets in (True, False):
        for passes in range(20):
            for bench in benches(2):
                if not forgets:
                    for board in bench.boards:
                        board.ends_us = None
                ready(bench)
                n = second(bench)
                while bench.line._state:
                    bench.run(5, lambda: False)
                bench.unlock(n)
                bench.bus.passes = passes
                bench.opened()
                bench.run(1500)
                bench.bus.passes = None
                bench.run(8000)
                assert len(bench.pulses()) <= 1, passes
                assert set(bench.pulses()) <= {(2, 3)}, passes
                assert bench.line.is_open(1) is False
                assert bench.line.is_open(n) is bool(bench.pulses()), passes


def test_with_a_pin_for_the_direction_nobody_speaks_at_once():
    for bench in benches(3, de=DE):
        ready(bench)
        for n in (1, second(bench)):
            bench.unlock(n)
            bench.opened()
            assert bench.known(n) is True
        assert bench.bus.clashes == 0 and bench.told() == []
        assert bench.chip.outputs[DE] == 0


def test_each_board_is_asked_within_a_bounded_time():
    """9600 baud, eight boards, each as slow as the documents allow; and with two that are dead."""
    for bench in benches(8):
        usual = bench.line._answer_ms - 60
        for board in bench.boards:
            board.answers_us = usual * 1000
        ready(bench)
        turn = 8 + usual + 30 + 35  # question, answer, when it is seen to be whole, pause
        assert slowest(bench, 0) <= 8 * turn + 250
        bench.boards[3].dead = bench.boards[6].dead = True
        bench.run(5000)
        lost = turn + 60 + 45 + 60 + 10
        assert slowest(bench, 0) <= 6 * turn + 2 * lost + 250


def test_after_an_answer_that_was_lost_contacts_are_soon_believed_again():
    """9600 baud, eight boards as slow as the documents allow: the board proves itself in one go."""
    for bench in benches(8):
        usual = bench.line._answer_ms - 60
        for board in bench.boards:
            board.answers_us = usual * 1000
        ready(bench)
        turn = 8 + usual + 30 + 35
        for n in range(6):
            bench.run(777 + 131 * n, lambda: False)
            board = bench.boards[0]
            board.loses = 1
            bench.run(20000, lambda board=board: board.loses == 0)
            board.doors[0] = not board.doors[0]
            first = bench.elapsed
            bench.run(30000, lambda bench=bench, board=board: bench.line.is_open(1) is board.doors[0])
            assert bench.elapsed - first <= 8 * turn + 150 + 6 * turn, (bench.table["driver"], bench.elapsed - first)


def slowest(bench, number):
    """The longest time from a door's move to its contact."""
    worst = 0
    board = bench.boards[number]
    for n in range(12):
        board.doors[0] = not board.doors[0]
        wanted = board.doors[0]
        bench.run(137 + 61 * n, lambda: False)
        board.doors[0] = not wanted
        first = bench.elapsed
        bench.run(20000, lambda wanted=wanted: bench.line.is_open(1) is not wanted)
        worst = max(worst, bench.elapsed - first)
    return worst


def test_boards_that_come_and_go_leave_a_bounded_list_of_troubles():
    for bench in benches():
        for n in range(60):
            bench.boards[n % 3].dead = not bench.boards[n % 3].dead
            bench.run(4000)
        assert len(bench.line.troubles) <= 16


def test_the_same_is_told_again_after_ten_minutes():
    for bench in benches(2, poll_ms=2000):
        bench.bus.echo = True
        bench.run(60000)
        assert len(bench.told()) == 2
        bench.run(560000)
        assert sorted(bench.told()) == [(1, ECHO), (2, ECHO)]


class QuietUart:
    """Allocates nothing, so that a test sees what the driver does."""

    def __init__(self, answers):
        self.answers = answers  # frame of the question -> answer
        self.at = 0
        self.now = None

    def any(self):
        return len(self.now) if self.now is not None else 0

    def readinto(self, buffer):
        answer, self.now = self.now, None
        for i in range(len(answer)):
            buffer[i] = answer[i]
        return len(answer)

    def write(self, frame):
        self.now = self.answers[self.at]
        self.at = (self.at + 1) % len(self.answers)


def test_a_poll_in_the_steady_state_allocates_nothing():
    if sys.implementation.name != "micropython":
        return
    for bench in benches(1):
        ready(bench)
        bench.run(1000)
        answer = bench.boards[0].answer("ask", 0)
        bench.line._uart = QuietUart([answer])
        line, now = bench.line, bench.chip.now
        for counted in (False, True):
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(400):
                line.watch(now)
                now = (now + 10) & 0x3FFFFFFF
            used = gc.mem_alloc() - before
            gc.enable()
            if counted:
                assert used < 100, (bench.table["driver"], used)
        assert bench.line.is_open(1) is False
