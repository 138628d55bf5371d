"""Stores under power cuts that leave bits weak: they read now so, now so, until they are programmed again."""

from random import Random
from typing import Any

import pytest

from firmware.controller.storage.table import CredentialTable
from sim.cuts import log, state, table
from sim.mcu.flash import PowerCut
from sim.virtual.flash import TiredFlash
from tests.firmware.storage.cards import apply, key, put, remove
from tests.storage.power import CutPartition, content


def weak(walk: Any) -> Any:
    """The walk goes on with every torn program leaving a byte so."""
    for flash in getattr(walk, "flashes", None) or [walk.flash]:
        flash.weakens = True
    return walk


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_log(seed: int) -> None:
    walk = weak(log.LogWalk(seed, 5))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


@pytest.mark.parametrize(("seed", "snapshots"), [(1, 0.0), (2, 0.0), (3, 0.1), (20, 0.5)])
def test_an_access_list(seed: int, snapshots: float) -> None:
    walk = weak(table.TableWalk(seed, 6, snapshots))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


def test_an_entry_of_the_journal_that_counted_once_counts_for_ever() -> None:
    """A start took the entry for whole and went on behind it; the next one saw it torn and went back before it."""
    for chance in range(10):
        flash = TiredFlash(6 * 4096, "acl", Random(chance))
        flash.weakens = True
        held = CredentialTable(CutPartition(flash))
        apply(held, 1, put(1))
        flash.fault = lambda op, offset, length: length - 1 if op == "program" else None
        with pytest.raises(PowerCut):
            apply(held, 2, put(2))
        flash.fault = None
        held = CredentialTable(CutPartition(flash))
        assert held.version == 2
        apply(held, 3, remove(1))
        for _ in range(8):
            held = CredentialTable(CutPartition(flash))
            assert held.version == 3 and held.find(key(1)) is None and held.find(key(2))


def test_a_state_journal() -> None:
    walk = weak(state.StateWalk(1))
    for _ in range(60):
        walk.step()
    assert walk.cuts > 20


def test_a_weak_bit_is_firm_once_it_is_programmed_also_by_a_program_that_is_cut() -> None:
    flash: Any = weak(log.LogWalk(1, 5)).flashes[0]
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
