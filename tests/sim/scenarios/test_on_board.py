"""A scenario on real MicroPython and in virtual time: they agree, and a difference is told. `make soak` plays them."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.simulate.on_board import differences

PORTVAKT = Path(sys.executable).with_name("portvakt")
TOLD = {
    "taps": [["Inngang 1", "Resident", "granted"], ["Inngang 1", "Guest", "denied: unknown card"]],
    "recorded": {"Kontroller 1": ["Inngang 1: granted", "Inngang 1: opened", "Inngang 1: forced"]},
    "alarms": {"forced": 1},
}


def test_another_verdict_another_order_and_a_missing_alarm_are_differences() -> None:
    assert differences(TOLD, TOLD) == []
    other = copy.deepcopy(TOLD)
    other["taps"][1][2] = "granted"
    assert differences(TOLD, other) == [
        "tap 2: Guest at Inngang 1, denied: unknown card in virtual time, Guest at Inngang 1, granted on the boards"
    ]
    other = copy.deepcopy(TOLD)
    other["recorded"]["Kontroller 1"].reverse()
    assert differences(TOLD, other) == [
        "Kontroller 1, record 1: Inngang 1: granted in virtual time, Inngang 1: forced on the board"
    ]
    other = copy.deepcopy(TOLD)
    other["recorded"]["Kontroller 1"].pop()
    other["alarms"] = {}
    assert len(differences(TOLD, other)) == 2


def test_what_cannot_be_played_on_boards_is_refused_with_a_reason() -> None:
    run = subprocess.run(
        [PORTVAKT, "sim", "run", "attack-night", "--on", "board"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1 and "cannot be played on real boards" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
@pytest.mark.micropython
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", ["front-door", "lights-out", "link-blinks", "lockdown", "office-day"])
def test_real_boards_say_and_record_what_boards_in_virtual_time_do(scenario: str) -> None:
    run = subprocess.run(
        [PORTVAKT, "sim", "run", scenario, "--on", "board", "--json"],
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    facts = json.loads(run.stdout.splitlines()[-1])
    assert facts["same"] and facts["kept"] and not facts["differences"]
    assert len(facts["board"]["taps"]) == len(facts["virtual"]["taps"]) >= 3
