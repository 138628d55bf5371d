"""What stands between the installer and a board whose controller runs: its network thread prints whenever it likes."""

import pytest

from tools.install import command
from tools.install.remote import TRIES, Remote
from tools.terminal import Problem

PROBED = '{"current": "b99523be4204", "running": true}\n'
TALKED_OVER = (1, "", "mpremote: unexpected read during raw paste: b'l'\n")
NO_PORT = (1, "", "mpremote: failed to access /dev/ttyUSB0\n")


class Said(Remote):
    """A board of which mpremote says these things, one a call."""

    def __init__(self, *says: tuple[int, str, str]) -> None:
        super().__init__("/dev/ttyUSB0")
        self.says = list(says)
        self.calls: list[tuple[str, ...]] = []

    def run(self, *words: str, timeout_s: float) -> tuple[int, str, str]:
        self.calls.append(words)
        return self.says.pop(0)


def test_what_may_be_done_twice_is_when_the_controller_talks_in_between() -> None:
    board = Said(TALKED_OVER, (0, "link: OSError 113\n" + PROBED, ""))
    assert board.tell("run", "probe.py", tries=TRIES)["running"]
    assert len(board.calls) == 2


def test_an_answer_with_something_in_its_middle_is_asked_for_again() -> None:
    board = Said((0, PROBED[:9] + "link: OSError 113\n" + PROBED[9:], ""), (0, PROBED, ""))
    assert board.tell("run", "probe.py", tries=TRIES)["running"]
    with pytest.raises(Problem, match="is not understood"):
        Said((0, PROBED[:-4], "")).tell("run", "switch.py")


def test_it_ends_after_some_tries_and_what_is_done_once_is_not_tried_again() -> None:
    for tries in (1, TRIES):
        board = Said(*[TALKED_OVER] * TRIES)
        with pytest.raises(Problem, match="unexpected read"):
            board.call("exec", "pass", tries=tries)
        assert len(board.calls) == tries


def test_what_no_second_try_mends_is_told_at_once() -> None:
    board = Said(*[NO_PORT] * TRIES)
    with pytest.raises(Problem, match="check the cable and who else has it open"):
        board.call("exec", "pass", tries=TRIES)
    assert len(board.calls) == 1


def test_a_running_controller_is_stopped_though_it_talks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.time, "sleep", lambda seconds: None)
    board = Said(TALKED_OVER, (0, "", ""), (0, PROBED.replace("true", "false"), ""))
    command.stop_controller(board)
    assert not board.says
