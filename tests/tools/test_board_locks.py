"""`locks` of a bank, and what is refused there."""

from typing import Any

import pytest

from tools import board_locks, board_parcels, boards

GOOD: dict[str, dict[str, Any]] = {
    "xor": {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "de": 18, "addresses": [1, 2], "locks": 24, "sensor": 0},
    "kerong": {"driver": "kerong", "uart": 2, "tx": 17, "rx": 16, "addresses": [0, 9], "locks": 16, "sensor": 1},
    "kerong12": {"driver": "kerong12", "uart": 2, "tx": 17, "rx": 16, "addresses": [0, 15], "locks": 12, "sensor": 0},
    "modbus": {"driver": "modbus", "uart": 2, "tx": 17, "rx": 16, "addresses": [1, 2], "locks": 8, "sensor": 0},
    "shift": {
        "driver": "shift",
        "locks": 64,
        "sensor": 1,
        "data": 13,
        "clock": 14,
        "latch": 25,
        "load": 26,
        "enable": 27,
        "back": 33,
    },
    "mcp23017": {
        "driver": "mcp23017",
        "locks": 30,
        "sensor": 1,
        "scl": 22,
        "sda": 21,
        "outputs": [32, 33],
        "inputs": [34, 35, 36],
        "reset": 32,
    },
    "pcf8574": {
        "driver": "pcf8574",
        "locks": 16,
        "sensor": 0,
        "scl": 22,
        "sda": 21,
        "outputs": [32, 33],
        "inputs": [56, 57],
        "pulse_ms": 400,
    },
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
        ({"locks": 0}, "locks must be how many there are on each board"),
        ({"locks": "24"}, "locks must be how many there are on each board"),
        ({"addresses": []}, "addresses must be a list"),
        ({"addresses": 1}, "addresses must be a list"),
        ({"addresses": [0]}, "0 must be 1 to 99"),
        ({"addresses": ["1"]}, "'1' must be 1 to 99"),
        ({"addresses": [1, 2, 1]}, "1 is there twice"),
        ({"addresses": list(range(1, 21))}, "20 boards of 24 locks are more than 255"),
        ({"low_first": 1}, "low_first must be true or false"),
        ({"sensors": 0}, "sensors (did you mean sensor?) means nothing there"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], why: str) -> None:
    complaints = list(board_locks.check({**GOOD["xor"], **fields}, 1))
    assert len(complaints) == 1 and why in complaints[0], complaints


@pytest.mark.parametrize(
    ("driver", "fields", "why"),
    [
        ("kerong", {"addresses": [10]}, "10 must be 0 to 9"),
        ("kerong", {"locks": 24}, "1 to 16"),
        ("kerong12", {"addresses": [16]}, "16 must be 0 to 15"),
        ("kerong12", {"locks": 13}, "1 to 12"),
        ("kerong", {"low_first": True}, "low_first means nothing"),
        *[(driver, {"pulse_ms": 10}, "pulse_ms must be 20 to 10000") for driver in ("xor", "kerong", "kerong12")],
        *[("modbus", {"pulse_ms": one}, "100 to 5000, in steps of 100") for one in (0, 50, 150, 9000, "500", True)],
        ("shift", {"pulse_ms": 10}, "pulse_ms must be 20 to 10000"),
        ("shift", {"ring": 1}, "ring must be true or false"),
        ("shift", {"locks": 129}, "locks must be how many there are, 1 to 128"),
        ("shift", {"uart": 2}, "uart means nothing"),
        ("mcp23017", {"active": 2}, "active must be 0 or 1"),
        ("mcp23017", {"inputs": [34, 35]}, "inputs must name 3, one for 14 contacts each"),
        ("mcp23017", {"outputs": [32, 33, 37]}, "outputs must name 2, one for 16 locks each"),
        ("mcp23017", {"inputs": [33, 35, 36]}, "33 is there twice"),
        ("mcp23017", {"inputs": []}, "inputs must be a list"),
        ("mcp23017", {"outputs": [32, 56]}, "56 must be 32 to 39"),
        ("pcf8574", {"outputs": [32, 64]}, "64 must be 32 to 39 or 56 to 63"),
        ("pcf8574", {"active": 0}, "active means nothing"),
    ],
)
def test_what_boards_of_a_family_bear_is_its_own(driver: str, fields: dict[str, Any], why: str) -> None:
    complaints = list(board_locks.check({**GOOD[driver], **fields}, 0))
    assert len(complaints) == 1 and why in complaints[0], complaints


def test_locks_that_are_no_object() -> None:
    assert list(board_locks.check([GOOD["xor"]], 0)) == ["locks: must be an object"]
    assert list(board_locks.wires(None)) == []


BANK: dict[str, Any] = {"sizes": "SSML", "keypad": {"d0": 32, "d1": 33, "light": 13, "sound": 26}}


def test_a_bank_for_parcels_that_is_right() -> None:
    assert list(board_parcels.check({}, 4, 1)) == []
    assert list(board_parcels.check(BANK, 4, 1)) == []
    assert list(board_parcels.check({**BANK, "rows": [[4], [2, 1, 3]]}, 4, 1)) == []
    assert list(board_parcels.check({**BANK, "keypad": {"door": 2}}, 4, 2)) == []
    assert [pin for _, _, pin in board_parcels.wires(BANK["keypad"])] == [32, 33, 13, 26]
    assert list(board_parcels.wires({"door": 1})) == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sizes": "SSM"}, "sizes: must be a letter for each of 4 compartments"),
        ({"sizes": "SSMl"}, "sizes: must be a letter for each of 4 compartments, of S, M, L, X"),
        ({"sizes": None}, "sizes: must be a letter"),
        ({"keypad": 1}, "keypad: must be an object"),
        ({"keypad": {"door": 3}}, "keypad: door must be the number of a door"),
        ({"keypad": {"door": True}}, "keypad: door must be the number of a door"),
        ({"keypad": {"door": 1, "d0": 32}}, "keypad: door must be the number of a door, and stand alone"),
        ({"keypad": {"d2": 32}}, "keypad: d2 means nothing there"),
        ({"rows": [[1, 2], [3, 3]]}, "rows: must be columns"),
        ({"low": [0]}, "low: must be a list"),
        ({"low": [5]}, "low: must be a list"),
        ({"low": [True]}, "low: must be a list"),
        ({"low": 3}, "low: must be a list"),
        ({"keypad": {"door": 1, "scanner": 1}}, "scanner: must be an object"),
        (
            {"keypad": {"door": 1, "scanner": {"uart": 2, "tx": 4, "rx": 36}}, "locks": {"uart": 2}},
            "scanner: uart must be 1 or 2, and neither",
        ),
        (
            {"keypad": {"door": 1, "scanner": {"uart": 0, "tx": 4, "rx": 36}}},
            "scanner: uart must be 1 or 2, and neither",
        ),
        ({"keypad": {"door": 1, "scanner": {"uart": 1, "tx": 4, "rx": 36, "baud": 1}}}, "scanner: baud must be one of"),
        ({"rows": [[1, 2, 3]]}, "rows: must be columns"),
        ({"rows": [1, 2, 3, 4]}, "rows: must be columns"),
        ({"rows": [[True, 2, 3, 4]]}, "rows: must be columns"),
    ],
)
def test_what_is_wrong_with_a_bank_for_parcels(fields: dict[str, Any], why: str) -> None:
    complaints = list(board_parcels.check({**BANK, **fields}, 4, 2))
    assert len(complaints) == 1 and why in complaints[0], complaints


def test_a_board_that_takes_parcels_has_room_for_their_keys() -> None:
    board = boards.load("esp32-two-door")
    board["psram"] = False
    board["bank"] = {"supply_ma": 2000, "coil_ma": 600, "locks": {**GOOD["xor"], "tx": 17, "rx": 16, "de": 5}}
    board["bank"] |= {"sizes": "S" * 48, "keypad": {"door": 1}}
    assert any("must give the bytes of acl, log, state, littlefs, bank" in one for one in boards.check(board))
    board["flash"] = {**board["flash"], "acl": board["flash"]["acl"] - 24576, "bank": 24576}
    assert [one for one in boards.check(board) if "heap" not in one] == []
    board["flash"]["bank"] = 20480
    assert any("flash.bank: 20480 must be a multiple of 4096, at least 24576" in one for one in boards.check(board))
