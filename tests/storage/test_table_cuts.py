"""The credential table under power cuts: a set of changes counts as a whole or not at all."""

import os
from collections.abc import Callable
from random import Random

import pytest

from firmware.controller.records import NO_END, pack_credential
from firmware.controller.storage.table import CredentialTable, TableFull
from sim.cuts.power import HOW, CutPartition, content, operations, start, survive
from sim.cuts.table import Known, TableWalk, changes_of, digest, holds, seen, send
from sim.mcu.flash import SECTOR, NorFlash
from tests.firmware.storage.cards import apply

SOAK = int(os.environ.get("SOAK", "1"))  # times as many cut points


def filled(flash: NorFlash, known: Known, version: int) -> CredentialTable:
    table = CredentialTable(CutPartition(flash))
    send(table, known, version)
    assert table.version == version
    return table


@pytest.mark.parametrize("sectors", [5, 6, 9])
def test_a_table_that_loses_its_power_again_and_again(sectors: int) -> None:
    walk = TableWalk(sectors, sectors)
    for _ in range(200 * SOAK):
        walk.step()
    assert walk.cuts > 60 * SOAK
    assert walk.table.count == len(walk.known) > 200 * walk.buckets


def everywhere(build: Callable[[], tuple[NorFlash, Callable[[CredentialTable], None]]], check: Callable) -> int:
    """Runs an action once for each of its operations and each way to cut it; check(table) after the start."""
    flash, act = build()
    table = CredentialTable(CutPartition(flash))
    total = operations([flash], lambda: act(table))
    points = 0
    for after in range(total):
        for how in HOW:
            random = Random(after)
            flash, act = build()
            table = CredentialTable(CutPartition(flash))
            assert survive([flash], lambda: act(table), after, how, random)  # noqa: B023 - called at once
            check(start([flash], lambda: CredentialTable(CutPartition(flash)), random))  # noqa: B023
            points += 1
    return points


def test_a_delta_cut_at_every_operation() -> None:
    """The bucket is full of removed ones: the delta needs a compaction on its way."""
    random = Random(1)
    keys = [random.randbytes(7) for _ in range(254)]
    before = dict.fromkeys(keys[:245], (7, NO_END))
    after = {key: (8 if i % 19 == 0 else 7, NO_END) for i, key in enumerate(keys) if i % 31}
    image = NorFlash(6 * SECTOR)
    filled(image, before, 5)

    def build() -> tuple[NorFlash, Callable[[CredentialTable], None]]:
        flash = NorFlash(6 * SECTOR)
        flash.poke(0, content(image))
        return flash, lambda table: apply(table, 6, changes_of(before, after))

    def check(table: CredentialTable) -> None:
        known = {5: before, 6: after}[table.version]
        assert table.digest == digest(known)
        assert holds(table, known, keys)

    assert everywhere(build, check) > 200


def test_a_snapshot_cut_at_every_operation() -> None:
    random = Random(2)
    keys = sorted(random.randbytes(7) for _ in range(90))
    before = dict.fromkeys(keys[:60], (7, NO_END))
    after = dict.fromkeys(keys[30:], (8, 5))
    image = NorFlash(9 * SECTOR)
    filled(image, before, 5)

    def build() -> tuple[NorFlash, Callable[[CredentialTable], None]]:
        flash = NorFlash(9 * SECTOR)
        flash.poke(0, content(image))

        def act(table: CredentialTable) -> None:
            send(table, after, 6)

        return flash, act

    def check(table: CredentialTable) -> None:
        if table.version:
            known = {5: before, 6: after}[table.version]
            assert table.digest == digest(known)
            assert holds(table, known, keys)
        for key in keys:
            # What was torn while it was written denies; who was known before is known still.
            assert seen(table, key) in (before.get(key), after.get(key), None if key in before else "damaged")

    assert everywhere(build, check) > 100


def test_a_first_start_cut_at_every_operation_ends_in_a_table_that_takes_a_snapshot() -> None:
    known = {bytes((i * 9, i, 3, 4, 5, 6, 7)): (i, NO_END) for i in range(20)}
    for after in range(8):
        for how in HOW:
            flash = NorFlash(9 * SECTOR)
            random = Random(after)
            survive([flash], lambda: CredentialTable(CutPartition(flash)), after, how, random)  # noqa: B023
            table = start([flash], lambda: CredentialTable(CutPartition(flash)), random)  # noqa: B023
            assert table.version == 0
            assert {seen(table, key) for key in known} <= {None, "damaged"}
            table = filled(flash, known, 3)
            assert holds(table, known, list(known))


def test_a_flipped_bit_is_turned_back_and_a_second_one_denies_and_never_makes_a_credential_unknown() -> None:
    random = Random(3)
    known = {random.randbytes(7): (7, NO_END) for _ in range(40)}
    image = NorFlash(6 * SECTOR)
    filled(image, known, 5)
    whole = content(image)
    for key, value in list(known.items())[:6]:
        at = whole.index(pack_credential(key, *value))
        for bit in range(128):
            flash = NorFlash(6 * SECTOR)
            flash.poke(0, whole)
            flash.poke(at + bit // 8, bytes((whole[at + bit // 8] ^ 1 << bit % 8,)))
            table = CredentialTable(CutPartition(flash))
            assert seen(table, key) == value and table.version == 5
            other = at + 12 + bit % 4  # with one in each half of the key nothing would tell that it was there
            flash.poke(other, bytes((content(flash)[other] ^ 1 << (bit + 3) % 8,)))
            table = CredentialTable(CutPartition(flash))
            assert table.version == 5
            assert seen(table, key) == "damaged"
            assert table.version == 0
            assert CredentialTable(CutPartition(flash)).version == 0
            assert all(table.find(other) == known[other] for other in list(known)[6:9])


def test_a_full_bucket_is_refused_whole_and_what_is_known_stays() -> None:
    random = Random(4)
    keys = [random.randbytes(7) for _ in range(256)]
    known = dict.fromkeys(keys[:254], (7, NO_END))
    flash = NorFlash(6 * SECTOR)
    table = filled(flash, known, 5)
    with pytest.raises(TableFull):
        apply(table, 6, changes_of(known, {**known, keys[254]: (7, 1), keys[255]: (7, 1)}))
    assert table.version == 0
    assert all(table.find(key) == value for key, value in known.items())
    table = CredentialTable(CutPartition(flash))
    assert table.version == 0
    assert all(table.find(key) == value for key, value in known.items())
