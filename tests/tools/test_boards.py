"""The board tables, and the wirings that are refused."""

import copy
import json
from typing import Any

import pytest

from tools import boards
from tools.terminal import Problem

GOOD = boards.load("esp32-two-door")


def with_pin(door: int, part: str, pin: Any) -> dict[str, Any]:
    """The good board with one wire on another pin."""
    board = copy.deepcopy(GOOD)
    if part == "status":
        board["status"] = pin
    elif part in ("d0", "d1", "light", "sound"):
        board["doors"][door - 1]["reader"][part] = pin
    else:
        board["doors"][door - 1][part]["pin"] = pin
    return board


def test_every_board_that_is_shipped_is_right() -> None:
    assert boards.names() == [
        "esp32-bank",
        "esp32-osdp-two-door",
        "esp32-two-door",
        "esp32-two-door-stock",
        "esp32-two-door-supervised",
        "virtual-two-door",
        "virtual-two-door-inputs",
    ], "a new board: put its name here"
    for name in boards.names():
        assert boards.load(name)["name"] == name
        assert (boards.FOLDER / name / "wiring.md").exists(), f"write boards/{name}/wiring.md: boards/README.md"


def test_of_a_chip_that_is_not_known_no_pin_is_judged() -> None:
    board = with_pin(1, "strike", 6) | {"chip": "esp32s3"}
    (complaint,) = boards.check(board)
    assert complaint.startswith("chip: 'esp32s3' is not known; only esp32 is")


def test_the_virtual_board_has_the_pins_of_the_real_one() -> None:
    virtual = boards.load("virtual-two-door")
    own = {"name": "", "flash": {}}  # its flash is small: the simulator starts it thousands of times
    assert {**virtual, **own} == {**GOOD, **own}


def test_the_wiring_pages_name_every_pin() -> None:
    for name in boards.names():
        text = (boards.FOLDER / name / "wiring.md").read_text()
        if "Pins and wires as on [esp32-two-door]" in text:
            text += (boards.FOLDER / "esp32-two-door" / "wiring.md").read_text()
        rows = " ".join(line for line in text.splitlines() if line.startswith("|"))
        for where, _role, pin in boards._wires(boards.load(name), boards.load(name)["doors"]):
            assert f" {pin}" in rows, f"{where} {pin} is in no row of boards/{name}/wiring.md"
        assert "hard-wired and independent" in text, f"boards/{name}/wiring.md must say so of fire and escape release"


@pytest.mark.parametrize(
    ("part", "pin", "why"),
    [
        ("strike", 6, "flash"),
        ("d0", 11, "flash"),
        ("contact", 8, "flash"),
        ("strike", 34, "only be an input"),
        ("light", 39, "only be an input"),
        ("status", 35, "only be an input"),
        ("strike", 12, "stops the start"),
        ("d1", 12, "stops the start"),
        ("strike", 0, "strapping"),
        ("strike", 2, "strapping"),
        ("strike", 5, "strapping"),
        ("strike", 15, "strapping"),
        ("strike", 14, "pulses"),
        ("rex", 36, "80 ns"),
        ("rex", 39, "80 ns"),
        ("d0", 36, "80 ns"),
        ("d0", 34, "no pull-up"),
        ("d1", 35, "no pull-up"),
        ("strike", 16, "PSRAM"),
        ("d0", 17, "PSRAM"),
        ("strike", 1, "serial port"),
        ("rex", 3, "serial port"),
        ("strike", 20, "not a pin"),
        ("strike", 40, "not a pin"),
        ("strike", -1, "not a pin"),
        ("strike", "25", "not a pin"),
        ("strike", True, "not a pin"),
        ("strike", None, "not a pin"),
        ("strike", 26, "already door"),
        ("rex", 34, "already door 1 contact"),
    ],
)
def test_a_wiring_that_cannot_work_is_refused_with_its_reason(part: str, pin: Any, why: str) -> None:
    complaints = boards.check(with_pin(1, part, pin))
    assert len(complaints) >= 1
    assert any(why in complaint for complaint in complaints), complaints
    assert all("door" in complaint or "status" in complaint for complaint in complaints)


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        ((), "stauts", "the table: stauts (did you mean status?) means nothing there"),
        ((), "colour", "the table: colour means nothing there"),
        (("doors", 0), "cantact", "door 1: cantact (did you mean contact?) means nothing there"),
        (("doors", 1, "reader"), "lihgt", "door 2 reader: lihgt (did you mean light?) means nothing there"),
        (("doors", 0, "strike"), "fial", "door 1 strike: fial (did you mean fail?) means nothing there"),
        (("doors", 0, "contact"), "active", "door 1 contact: active means nothing there"),
        (("doors", 0, "rex"), "supervized", "door 1 rex: supervized (did you mean supervised?) means nothing there"),
        (("alarm",), "second", "alarm: second (did you mean seconds?) means nothing there"),
        (("inputs", 0), "door", "input 1 fire: door (did you mean doors?) means nothing there"),
    ],
)
def test_a_field_that_nobody_reads_is_refused_by_its_name(path: Any, name: str, said: str) -> None:
    board = boards.load("esp32-two-door-supervised")
    inner: Any = board
    for step in path:
        inner = inner[step]
    inner[name] = 1
    assert boards.check(board) == [said]


def test_pins_16_and_17_serve_on_a_module_without_psram() -> None:
    board = with_pin(1, "d0", 16)
    board["psram"] = False
    assert boards.check(board) == []


def test_a_contact_may_lie_on_36() -> None:
    assert boards.check(with_pin(1, "contact", 36)) == []


@pytest.mark.parametrize(
    ("part", "size"), [("acl", 100), ("log", 4096), ("state", "8192"), ("littlefs", 4_000_000_000)]
)
def test_flash_sizes_are_checked(part: str, size: Any) -> None:
    board = copy.deepcopy(GOOD)
    board["flash"][part] = size
    assert any(complaint.startswith("flash") for complaint in boards.check(board))


@pytest.mark.parametrize("broken", [None, [], {}, {"doors": 3}, {"doors": [None]}, {"doors": [{"reader": 1}]}])
def test_anything_at_all_is_answered_with_complaints(broken: Any) -> None:
    assert boards.check(broken)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("strike", "active", 2), ("contact", "open", None), ("rex", "active", "0"), ("reader", "kind", "magnet")],
)
def test_levels_and_kinds_are_checked(part: str, field: str, value: Any) -> None:
    board = copy.deepcopy(GOOD)
    board["doors"][1][part][field] = value
    assert len(boards.check(board)) == 1


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("osdp",), [], "list of 1 to 2"),
        (("osdp",), [{}, {}, {}], "list of 1 to 2"),
        (("osdp", 0, "tx"), 35, "only be an input"),
        (("osdp", 0, "rx"), 15, "strapping"),
        (("osdp", 0, "de"), 25, "already"),
        (("osdp", 0, "baud"), 300, "baud must be one of 9600"),
        (("osdp", 0, "poll_ms"), 5, "20 to 1000"),
        (("osdp", 0, "parity"), 1, "means nothing"),
        (("doors", 0, "reader", "address"), 127, "0 to 126"),
        (("doors", 0, "reader", "address"), 1, "that of door 1"),
        (("doors", 0, "reader", "line"), 2, "number of one in osdp"),
        (("doors", 0, "reader", "secure"), "yes", "true or false"),
        (("doors", 0, "reader", "d0"), 19, "means nothing"),
    ],
)
def test_lines_of_osdp_readers_are_checked(path: tuple[Any, ...], value: Any, why: str) -> None:
    board: Any = boards.load("esp32-osdp-two-door")
    part = board
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    complaints = boards.check(board)
    assert any(why in complaint for complaint in complaints), complaints


def test_a_line_without_readers_is_a_mistake_and_a_transceiver_may_know_its_direction() -> None:
    board: Any = boards.load("esp32-osdp-two-door")
    del board["osdp"][0]["de"]
    assert boards.check(board) == []
    board["osdp"].append({"tx": 21, "rx": 19})
    assert boards.check(board) == ["line 2: no reader is on it"]


def test_an_unknown_board_is_a_sentence_with_the_known_ones() -> None:
    with pytest.raises(Problem, match="no board 'nope'; choose one of "):
        boards.load("nope")


def test_a_name_cannot_leave_the_folder() -> None:
    with pytest.raises(Problem, match="there is no board"):
        boards.load("../boards/esp32-two-door")


WITHOUT = {"virtual-two-door", "virtual-two-door-inputs", "esp32-two-door-stock"}  # virtual, or MicroPython's own table


@pytest.mark.parametrize("board", sorted(set(boards.names()) - WITHOUT))
def test_the_partition_table_is_that_of_the_board(board: str) -> None:
    folder = boards.FOLDER / board
    rows = [line.split(", ") for line in (folder / "partitions.csv").read_text().splitlines()[1:]]
    table = {name: (int(offset, 16), int(size, 16)) for name, _, _, offset, size, _ in rows}
    wanted = json.loads((folder / "board.json").read_text())["flash"]
    sizes = {("littlefs" if name == "vfs" else name): size for name, (_, size) in table.items()}
    assert sizes.items() >= wanted.items()
    end = 0x9000
    for offset, size in table.values():
        assert offset == end and size % 4096 == 0
        end = offset + size
    assert end <= 4 << 20


# Supervised lines, inputs, alarm relay, locks that open without power.

SUPERVISED = boards.load("esp32-two-door-supervised")


def with_input(**fields: Any) -> dict[str, Any]:
    """The supervised board with one more input, on the pin that a reader's tamper switch gave up."""
    board = copy.deepcopy(SUPERVISED)
    del board["inputs"][1]  # pin 4 is free
    board["inputs"].append({"kind": "enclosure", "pin": 4, "active": 1} | fields)
    return board


def test_the_boards_page_names_every_kind_of_input_and_every_field() -> None:
    page = (boards.FOLDER / "README.md").read_text()
    for kind, fields in boards.KINDS.items():
        assert f"| kind `{kind}` |" in page
        for field in fields:
            assert f"`{field}`" in page


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": "window"}, "kind 'window' is not known"),
        ({"kind": None}, "kind None is not known"),
        ({"active": 2}, "active must be 0 or 1"),
        ({"door": 1}, "door means nothing there"),
        ({"kind": "reader", "door": 3}, "door must be the number of a door"),
        ({"kind": "bell"}, "door must be the number of a door"),
        ({"kind": "bell", "door": 0}, "door must be the number of a door"),
        ({"kind": "fire"}, "doors must be a list of door numbers"),
        ({"kind": "fire", "doors": [3]}, "doors must be a list of door numbers"),
        ({"kind": "fire", "doors": [1], "relock": -1}, "relock must be"),
        ({"kind": "fire", "doors": [1], "relock": "never"}, "relock must be"),
        ({"kind": "fire", "doors": [1], "relock": "reset"}, "the doors would never lock again"),
        ({"kind": "battery", "low_mv": 11500, "ratio": 2}, "5750 mV at the pin"),
        ({"kind": "battery", "low_mv": 11500, "ratio": 6.6}, "no ADC that works beside Wi-Fi"),
        ({"kind": "battery", "low_mv": "12 V"}, "low_mv must be"),
        ({"supervised": True}, "no ADC that works beside Wi-Fi"),
        ({"supervised": 1, "pin": 4}, "supervised must be true"),
        ({"pin": 36}, "already input"),
        ({"pin": 12}, "stops the start"),
        ({"pin": 2}, "strapping"),
    ],
)
def test_an_input_that_cannot_work_is_refused_with_its_reason(fields: dict[str, Any], why: str) -> None:
    complaints = boards.check(with_input(**fields))
    assert any(why in complaint for complaint in complaints), complaints


def test_every_kind_of_input_can_be_wired() -> None:
    for fields in (
        {"kind": "reader"},
        {"kind": "reader", "door": 2},
        {"kind": "mains"},
        {"kind": "battery"},
        {"kind": "bell", "door": 1},
        {"kind": "reset"},
        {"kind": "fire", "doors": []},
        {"kind": "fire", "doors": [2], "relock": 86400},
    ):
        assert boards.check(with_input(**fields)) == [], fields


@pytest.mark.parametrize("pin", [0, 2, 5, 14, 15])
def test_an_alarm_relay_must_not_sound_at_each_start(pin: int) -> None:
    board = copy.deepcopy(SUPERVISED)
    board["alarm"]["pin"] = pin
    assert any("would sound the alarm" in complaint for complaint in boards.check(board))


def test_a_digital_fire_line_may_not_lie_where_edges_come_of_themselves() -> None:
    board = copy.deepcopy(SUPERVISED)
    del board["inputs"][0]["supervised"]
    assert any("80 ns" in complaint for complaint in boards.check(board))


def test_supervised_lines_and_alarms_need_the_inputs() -> None:
    board = copy.deepcopy(GOOD)
    board["doors"][0]["contact"]["supervised"] = True
    assert any("[] for none" in complaint for complaint in boards.check(board))
    board["inputs"] = []
    assert boards.check(board) == []
    board = copy.deepcopy(GOOD)
    board["alarm"] = {"pin": 5, "active": 1}
    assert any("[] for none" in complaint for complaint in boards.check(board))


def test_a_supervised_line_needs_the_adc() -> None:
    board = with_pin(1, "contact", 13)
    board["doors"][1]["rex"] = None
    board["inputs"] = []
    board["doors"][0]["contact"]["supervised"] = True
    assert any("no ADC that works beside Wi-Fi" in complaint for complaint in boards.check(board))


def test_a_door_may_have_no_contact_and_no_button() -> None:
    board = copy.deepcopy(GOOD)
    board["doors"][0]["contact"] = None
    del board["doors"][1]["rex"]
    assert boards.check(board) == []


@pytest.mark.parametrize(
    ("active", "fail", "good"), [(1, None, 1), (0, "safe", 1), (0, None, 0), (1, "safe", 0), (0, "secure", 0)]
)
def test_a_lock_does_without_power_what_it_is_said_to_do(active: int, fail: str | None, good: int) -> None:
    board = copy.deepcopy(GOOD)
    board["doors"][0]["strike"]["active"] = active
    if fail is not None:
        board["doors"][0]["strike"]["fail"] = fail
    complaints = boards.check(board)
    assert len(complaints) == 1 - good
    assert good or "without power the pin is low" in complaints[0]


@pytest.mark.parametrize("inputs", [None, 3, {}, [3], [{}]])
def test_inputs_may_be_anything_and_are_answered_with_complaints(inputs: Any) -> None:
    board = copy.deepcopy(GOOD)
    board["inputs"] = inputs
    assert boards.check(board)


LOCKS = {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1], "locks": 24, "sensor": 0}
CHAIN = {"driver": "shift", "data": 13, "clock": 17, "latch": 5, "load": 15, "enable": 27, "back": 39}


SUPPLY = {"supply_ma": 2000, "coil_ma": 600}


def with_locks(locks: Any, **more: Any) -> list[str]:
    """What is said of a board without PSRAM that has these lock boards."""
    return boards.check({**copy.deepcopy(GOOD), "psram": False, **more, "bank": {**SUPPLY, "locks": locks}})


def test_lock_boards_of_a_bank_are_checked_with_their_pins() -> None:
    assert with_locks(LOCKS) == []
    assert with_locks({**LOCKS, "driver": "9a"})[0].startswith("bank locks: driver '9a' is not known")
    assert with_locks(None) == ["bank locks: must be an object"]
    assert "pin 25 is already" in with_locks({**LOCKS, "rx": 25})[0]
    assert "can only be an input" in with_locks({**LOCKS, "tx": 39})[0]
    assert "rx: None is not a pin" in with_locks({n: LOCKS[n] for n in LOCKS if n != "rx"})[0]
    assert boards.check({**GOOD, "bank": [LOCKS]}) == ["bank: must be an object"]


def test_a_chain_of_locks_is_not_let_loose_by_a_pin_that_moves_while_the_chip_starts() -> None:
    chain = {**CHAIN, "locks": 16, "sensor": 1}
    doors = GOOD["doors"][:1]
    assert with_locks(chain, doors=doors) == []
    assert "strapping pin" in with_locks({**chain, "enable": 15, "load": 27}, doors=doors)[0]


def test_a_line_of_lock_boards_and_one_of_readers_share_no_serial_port() -> None:
    osdp = boards.load("esp32-osdp-two-door")
    locks = {**LOCKS, "tx": 22, "rx": 23}
    assert boards.check({**osdp, "bank": {**SUPPLY, "locks": locks}}) == []
    assert "is that of osdp line 1" in boards.check({**osdp, "bank": {**SUPPLY, "locks": {**locks, "uart": 1}}})[0]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"supply_ma": None}, "bank: supply_ma must be 100 to 60000"),
        ({"coil_ma": 2001}, "bank: supply_ma must be enough for one coil, coil_ma"),
        ({"coil_ma": True}, "bank: coil_ma must be 50 to 10000"),
        ({"pulse_ms": 500}, "bank: pulse_ms means nothing there"),
        ({"gap_ms": -1}, "bank: gap_ms must be 0 to 5000"),
        ({"left_open_s": 5}, "bank: left_open_s must be 10 to 3600"),
        ({"amperes": 5}, "bank: amperes means nothing there"),
    ],
)
def test_the_supply_of_a_bank_is_checked(fields: dict[str, Any], why: str) -> None:
    board = {**copy.deepcopy(GOOD), "psram": False, "bank": {**SUPPLY, "locks": LOCKS, **fields}}
    (said,) = boards.check(board)
    assert said.startswith(why)


def test_own_cards_at_a_bank_are_for_boards_with_psram_and_name_a_door() -> None:
    board = boards.load("esp32-bank")
    for cards, psram, says in (
        (1, True, ""),
        (1, False, "cards needs psram"),
        (2, True, "cards must be"),
        (True, True, "cards must be"),
    ):
        board["psram"], board["bank"]["keypad"]["cards"] = psram, cards
        told = "; ".join(boards.check(board))
        assert (says in told) if says else not told, told
