"""Stores under power cuts that leave bits weak: they read now so, now so, until they are programmed again."""

from typing import Any

import pytest

from sim.cuts import log, state, table
from sim.virtual.flash import TiredFlash
from tests.storage.power import content


def weak(walk: Any) -> Any:
    """The walk goes on with every torn program leaving a byte so."""
    for flash in getattr(walk, "flashes", None) or [walk.flash]:
        flash.weakens = True
    return walk


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_log(seed: int) -> None:
    walk = weak(log.Walk(seed, 5))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


@pytest.mark.parametrize(("seed", "snapshots"), [(1, 0.0), (2, 0.0), (3, 0.1), (20, 0.5)])
def test_an_access_list(seed: int, snapshots: float) -> None:
    walk = weak(table.Walk(seed, 6, snapshots))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


def test_a_state_journal() -> None:
    walk = weak(state.Walk(1))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


def test_a_weak_bit_is_firm_once_it_is_programmed_also_by_a_program_that_is_cut() -> None:
    flash: Any = weak(log.Walk(1, 5)).flashes[0]
    assert isinstance(flash, TiredFlash)
    flash.erase(4)
    for done, data in ((3, b"\x00" * 8), (5, b"\x00" * 8)):
        flash.fault = lambda op, offset, length, done=done: done if op == "program" else None
        with pytest.raises(BaseException, match="program"):
            flash.program(4 * 4096, data)
    flash.fault = None
    assert content(flash)[4 * 4096 :][:8] == b"\x00" * 5 + b"\xff" * 3
    read = bytearray(8)
    for _ in range(50):
        flash.read(4 * 4096, read)
        assert read[:5] == bytes(5)
