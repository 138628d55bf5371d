"""A start that the cloud asked for waits for its answer to go, and for whoever is passing."""

from tests.firmware.controller_bench import CONTACT
from tests.firmware.test_commands import command, connected


def asked(bench):
    bench.hear(command(do="restart", door=0, id=2))


def test_the_board_starts_when_the_answer_has_gone():
    bench = connected()
    asked(bench)
    bench.run(900)
    assert not bench.restarts
    bench.said()
    bench.run(300)
    assert len(bench.restarts) == 1


def test_an_answer_that_nobody_takes_does_not_keep_it_for_ever():
    bench = connected()
    asked(bench)
    bench.run(1_400)
    assert len(bench.restarts) == 1


def test_who_was_let_in_gets_in_first():
    bench = connected()
    bench.give(7, 1234)
    bench.tap(7, 1234)
    asked(bench)
    bench.said()
    bench.run(4_800)
    assert bench.strike() == 1 and not bench.restarts
    bench.run(1_500)
    assert bench.strike() == 0 and len(bench.restarts) == 1


def test_a_card_is_answered_meanwhile():
    bench = connected()
    bench.give(7, 1234)
    asked(bench)
    bench.said()
    bench.tap(7, 1234)
    assert bench.strike() == 1
    bench.run(3_000)
    assert bench.strike() == 1 and not bench.restarts


def test_a_door_that_stands_open_keeps_it_ten_seconds_at_the_most():
    bench = connected()
    bench.give(7, 1234)
    bench.tap(7, 1234)
    bench.chip.input(CONTACT, 1)
    bench.run(100)
    asked(bench)
    bench.said()
    bench.run(9_000)
    assert not bench.restarts
    bench.run(1_200)
    assert len(bench.restarts) == 1
