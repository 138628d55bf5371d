"""Who judges lockdown and evacuation: each good command is good once, and for as long as it was said."""

import pytest

from firmware.controller.events import EMERGENCY_ENDED, EVACUATION_BEGAN, LOCKDOWN_BEGAN
from sim.virtual.emergencies import Emergencies
from sim.virtual.scheduler import SECOND

BOARD = "Kontroller 1"


class Judge:
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
def judge() -> Judge:
    return Judge()


def test_a_nervous_hand_is_obeyed_each_time(judge: Judge) -> None:
    judge.ask("lockdown", "normal", "lockdown", "normal")
    judge.record(LOCKDOWN_BEGAN, EMERGENCY_ENDED, LOCKDOWN_BEGAN, EMERGENCY_ENDED)
    judge.now += 2 * SECOND
    assert not judge.wrong and not judge.one.lasts(BOARD) and not judge.one.unsure(BOARD)


def test_a_command_is_good_once(judge: Judge) -> None:
    judge.ask("lockdown", "normal")
    judge.record(LOCKDOWN_BEGAN, EMERGENCY_ENDED)
    assert not judge.wrong
    judge.record(LOCKDOWN_BEGAN)
    assert len(judge.wrong) == 1


def test_a_lockdown_in_a_lockdown_takes_its_own_command(judge: Judge) -> None:
    judge.ask("lockdown", "lockdown")
    judge.record(LOCKDOWN_BEGAN, LOCKDOWN_BEGAN)
    assert not judge.wrong
    judge.record(LOCKDOWN_BEGAN)
    assert len(judge.wrong) == 1


def test_a_command_that_has_run_out_is_not_good(judge: Judge) -> None:
    judge.ask("evacuation")
    judge.now += 601 * SECOND
    judge.record(EVACUATION_BEGAN)
    assert len(judge.wrong) == 1


def test_a_start_tells_what_lasts_without_a_command(judge: Judge) -> None:
    judge.ask("lockdown")
    judge.record(LOCKDOWN_BEGAN)
    judge.now += 3_600 * SECOND
    judge.one.stopped(BOARD)
    judge.record(LOCKDOWN_BEGAN, starting=True)
    assert not judge.wrong and judge.one.locked(BOARD)


def test_a_start_tells_what_the_power_cut_off(judge: Judge) -> None:
    judge.ask("lockdown", "normal")
    judge.record(LOCKDOWN_BEGAN)
    judge.now += 60 * SECOND
    judge.record(EMERGENCY_ENDED)  # on record, and not yet noted
    judge.one.stopped(BOARD)
    judge.record(LOCKDOWN_BEGAN, starting=True)
    assert not judge.wrong and judge.one.locked(BOARD)


def test_an_end_waits_for_the_board_as_long_as_it_is_good(judge: Judge) -> None:
    judge.ask("lockdown", "normal")
    judge.record(LOCKDOWN_BEGAN)
    judge.now += 2 * SECOND
    assert judge.one.unsure(BOARD)
    judge.record(EMERGENCY_ENDED)
    judge.now += 2 * SECOND
    assert not judge.one.unsure(BOARD)
