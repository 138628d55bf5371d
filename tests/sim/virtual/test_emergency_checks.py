"""The checks of lockdown and evacuation: each good command is good once, and for as long as it was said."""

import pytest

from firmware.controller.events import EMERGENCY_ENDED, EVACUATION_BEGAN, LOCKDOWN_BEGAN
from sim.virtual.emergencies import Emergencies
from sim.virtual.scheduler import SECOND

BOARD = "Kontroller 1"


class Checker:
    def __init__(self) -> None:
        self.now = 0
        self.wrong: list[str] = []
        self.one = Emergencies(lambda: self.now, lambda sentence, check: self.wrong.append(sentence))

    def ask(self, *verbs: str) -> None:
        for verb in verbs:
            self.one.asked(BOARD, verb, self.now + 600 * SECOND)

    def record(self, *events: int, starting: bool = False) -> None:
        for code in events:
            self.now += SECOND // 10
            self.one.recorded(BOARD, code, starting)


@pytest.fixture
def checker() -> Checker:
    return Checker()


def test_a_nervous_hand_is_obeyed_each_time(checker: Checker) -> None:
    checker.ask("lockdown", "normal", "lockdown", "normal")
    checker.record(LOCKDOWN_BEGAN, EMERGENCY_ENDED, LOCKDOWN_BEGAN, EMERGENCY_ENDED)
    checker.now += 2 * SECOND
    assert not checker.wrong and not checker.one.lasts(BOARD) and not checker.one.unsure(BOARD)


def test_a_command_is_good_once(checker: Checker) -> None:
    checker.ask("lockdown", "normal")
    checker.record(LOCKDOWN_BEGAN, EMERGENCY_ENDED)
    assert not checker.wrong
    checker.record(LOCKDOWN_BEGAN)
    assert len(checker.wrong) == 1


def test_a_lockdown_in_a_lockdown_takes_its_own_command(checker: Checker) -> None:
    checker.ask("lockdown", "lockdown")
    checker.record(LOCKDOWN_BEGAN, LOCKDOWN_BEGAN)
    assert not checker.wrong
    checker.record(LOCKDOWN_BEGAN)
    assert len(checker.wrong) == 1


def test_a_command_that_has_run_out_is_not_good(checker: Checker) -> None:
    checker.ask("evacuation")
    checker.now += 601 * SECOND
    checker.record(EVACUATION_BEGAN)
    assert len(checker.wrong) == 1


def test_a_start_tells_what_lasts_without_a_command(checker: Checker) -> None:
    checker.ask("lockdown")
    checker.record(LOCKDOWN_BEGAN)
    checker.now += 3_600 * SECOND
    checker.one.stopped(BOARD)
    checker.record(LOCKDOWN_BEGAN, starting=True)
    assert not checker.wrong and checker.one.locked(BOARD)


def test_a_start_tells_what_the_power_cut_off(checker: Checker) -> None:
    checker.ask("lockdown", "normal")
    checker.record(LOCKDOWN_BEGAN)
    checker.now += 60 * SECOND
    checker.record(EMERGENCY_ENDED)  # on record, and not yet noted
    checker.one.stopped(BOARD)
    checker.record(LOCKDOWN_BEGAN, starting=True)
    assert not checker.wrong and checker.one.locked(BOARD)


def test_an_end_waits_for_the_board_as_long_as_it_is_good(checker: Checker) -> None:
    checker.ask("lockdown", "normal")
    checker.record(LOCKDOWN_BEGAN)
    checker.now += 2 * SECOND
    assert checker.one.unsure(BOARD)
    checker.record(EMERGENCY_ENDED)
    checker.now += 2 * SECOND
    assert not checker.one.unsure(BOARD)
