"""`locks` of a bank, and what is refused there."""

from typing import Any

import pytest

from tools import board_locks

GOOD: dict[str, dict[str, Any]] = {
    "xor": {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "de": 18, "addresses": [1, 2], "locks": 24, "sensor": 0},
    "kerong": {"driver": "kerong", "uart": 2, "tx": 17, "rx": 16, "addresses": [0, 9], "locks": 16, "sensor": 1},
    "modbus": {"driver": "modbus", "uart": 2, "tx": 17, "rx": 16, "addresses": [1, 2], "locks": 8, "sensor": 0},
}


@pytest.mark.parametrize("driver", sorted(board_locks.FAMILIES))
def test_each_driver_has_a_table_that_is_right(driver: str) -> None:
    assert list(board_locks.check(GOOD[driver], 1)) == []
    assert board_locks.count(GOOD[driver]) > 1
    assert all(isinstance(pin, int) for _, _, pin in board_locks.wires(GOOD[driver]))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"driver": "8a"}, "driver '8a' is not known"),
        ({"driver": None}, "driver None is not known"),
        ({"uart": 0}, "uart must be 1 or 2"),
        ({"uart": True}, "uart must be 1 or 2"),
        ({"uart": 1}, "uart 1 is that of osdp line 1"),
        ({"baud": 1234}, "baud must be one of"),
        ({"baud": [9600]}, "baud must be one of"),
        ({"poll_ms": 10}, "poll_ms must be 50 to 5000"),
        ({"answer_ms": 9000}, "answer_ms must be 20 to 2000"),
        ({"sensor": 2}, "sensor must be 0 or 1"),
        ({"sensor": None}, "sensor must be 0 or 1"),
        ({"sensor": True}, "sensor must be 0 or 1"),
        ({"locks": 0}, "locks must be how many each board has"),
        ({"locks": "24"}, "locks must be how many each board has"),
        ({"addresses": []}, "addresses must be a list"),
        ({"addresses": 1}, "addresses must be a list"),
        ({"addresses": [0]}, "address 0 must be 1 to 99"),
        ({"addresses": ["1"]}, "address '1' must be 1 to 99"),
        ({"addresses": [1, 2, 1]}, "address 1 is there twice"),
        ({"addresses": list(range(1, 21))}, "20 boards of 24 locks are more than 255"),
        ({"low_first": 1}, "low_first must be true or false"),
        ({"sensors": 0}, "sensors (did you mean sensor?) means nothing there"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], why: str) -> None:
    complaints = list(board_locks.check({**GOOD["xor"], **fields}, 1))
    assert len(complaints) == 1 and why in complaints[0], complaints


def test_what_boards_of_a_family_bear_is_its_own() -> None:
    assert "address 10 must be 0 to 9" in "".join(board_locks.check({**GOOD["kerong"], "addresses": [10]}, 0))
    assert "1 to 16" in "".join(board_locks.check({**GOOD["kerong"], "locks": 24}, 0))
    for pulse in (0, 50, 150, 9000, "500", True):
        assert "pulse_ms must be 100 to 5000" in "".join(board_locks.check({**GOOD["modbus"], "pulse_ms": pulse}, 0))
    assert "low_first means nothing" in "".join(board_locks.check({**GOOD["kerong"], "low_first": True}, 0))


def test_locks_that_are_no_object() -> None:
    assert list(board_locks.check([GOOD["xor"]], 0)) == ["locks: must be an object"]
    assert list(board_locks.wires(None)) == []
