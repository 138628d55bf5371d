"""The heap of a whole controller on 32 bits: what tools/heap.py tells is what real MicroPython needs."""

from typing import Any

import pytest

from tools import boards, heap, wasm
from tools.bench import heap as bench
from tools.bench import heap_rules

OFF = 5 * 1024  # bytes by which told and measured may differ; `portvakt bench memory --write` measures each part anew


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bench.HeapBench:
    return bench.HeapBench(tmp_path_factory.mktemp("heap"))


CASES = [
    ("esp32-two-door", heap_rules.plain),
    ("esp32-two-door", heap_rules.pins),
    ("esp32-two-door-stock", heap_rules.schedules),
    ("esp32-two-door-supervised", heap_rules.profiles),
    ("esp32-two-door-supervised", heap_rules.every_rule),
    ("esp32-osdp-two-door", heap_rules.schedules),
    ("esp32-osdp-two-door", heap_rules.every_rule),
]


@pytest.mark.parametrize(("name", "rules"), CASES, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_what_is_told_is_what_the_interpreter_needs(name: str, rules: Any, made: bench.HeapBench) -> None:
    board = boards.load(name)
    needs = made.measure(board, rules()).running
    assert abs(heap.needed(board, rules()) - needs) < OFF
    if heap.has_room(board, rules()):
        assert needs <= heap.BUDGET


CHAIN = {"data": 13, "clock": 14, "latch": 23, "load": 26, "enable": 27, "back": 33}
LOCKS = {
    "shift": {"driver": "shift", "locks": 64, "sensor": 1, **CHAIN},
    "xor": {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1, 2, 3], "locks": 24, "sensor": 0},
}


@pytest.mark.parametrize("driver", LOCKS)
def test_a_bank_runs_on_its_board_as_it_is_built_and_is_told(driver: str, made: bench.HeapBench) -> None:
    board = {**boards.load("esp32-two-door"), "bank": {"supply_ma": 2000, "coil_ma": 600, "locks": LOCKS[driver]}}
    rules = heap_rules.plain()
    needs = made.measure(board, rules).running
    assert abs(heap.needed(board, rules) - needs) < OFF
    assert needs <= heap.BUDGET


def test_a_bank_of_64_takes_parcels_in_the_heap_of_a_board(made: bench.HeapBench) -> None:
    board = boards.load("esp32-two-door")
    keypad = {"d0": 36, "d1": 39, "light": 5, "sound": 15}
    board["flash"] |= {"acl": board["flash"]["acl"] - 24576, "bank": 24576}
    board["bank"] = {"supply_ma": 2000, "coil_ma": 600, "locks": LOCKS["shift"], "sizes": "S" * 64, "keypad": keypad}
    rules = heap_rules.schedules()
    needs = made.measure(board, rules).running
    assert abs(heap.needed(board, rules) - needs) < OFF
    assert needs <= heap.BUDGET


def test_every_board_has_room_for_schedules() -> None:
    for name in boards.names():
        assert heap.has_room(boards.load(name), heap_rules.schedules()), name


def test_each_part_that_rules_may_have_was_measured() -> None:
    known = heap.takes()
    for field in heap.door_fields():
        assert f"door {field}" in known, "measure it: portvakt bench memory --write"
    for field in heap.profile_fields():
        assert f"profile {field}" in known, "measure it: portvakt bench memory --write"
    for part in heap.counts_of({}, {}):
        assert part in known or part == "osdp reader", part


def test_a_board_without_the_heap_for_its_wiring_is_refused_and_one_with_psram_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = boards.load("esp32-osdp-two-door")
    monkeypatch.setattr(heap, "BUDGET", heap.needed(board, {}))
    assert not boards.check(board)
    more = {**board, "inputs": [{"kind": "enclosure", "pin": 19, "active": 1}]}
    (said,) = boards.check(more)
    assert said.startswith("heap: with this wiring the controller needs") and said.endswith("a module with PSRAM")
    moved = {**more, "osdp": [{**board["osdp"][0], "tx": 21, "rx": 22}]}  # off the pins of the PSRAM
    assert boards.check(moved)[0].startswith("heap:")
    assert not boards.check({**moved, "psram": True})


def test_the_interpreter_is_the_newest_that_is_pinned() -> None:
    assert wasm.releases()[-1].startswith("1.29")
