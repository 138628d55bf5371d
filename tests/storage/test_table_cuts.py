"""The credential table under power cuts: a set of changes counts as a whole or not at all."""

import os
from collections.abc import Callable
from random import Random

import pytest

from firmware.controller.records import NO_END, PUT, REMOVE, credential_digest, pack_credential
from firmware.controller.storage.table import CredentialTable, Damaged, TableFull
from sim.mcu.flash import SECTOR, NorFlash
from tests.storage.power import HOW, Partition, content, operations, start, survive

SOAK = int(os.environ.get("SOAK", "1"))  # times as many cut points

Set = dict[bytes, tuple[int, int]]


def digest(known: Set) -> int:
    result = 0
    for key, (profile, until) in known.items():
        result ^= credential_digest(pack_credential(key, profile, until))
    return result


def changes_of(before: Set, after: Set) -> bytes:
    gone = [bytes((REMOVE,)) + pack_credential(key, 0, 0) for key in before if key not in after]
    put = [bytes((PUT,)) + pack_credential(key, *value) for key, value in after.items() if before.get(key) != value]
    return b"".join(gone + put)


def records_of(known: Set) -> bytes:
    return b"".join(pack_credential(key, *known[key]) for key in sorted(known))


def seen(table: CredentialTable, key: bytes) -> tuple[int, int] | str | None:
    try:
        return table.find(key)
    except Damaged:
        return "damaged"


def holds(table: CredentialTable, known: Set, keys: list[bytes]) -> bool:
    return table.count == len(known) and all(table.find(key) == known.get(key) for key in keys)


def filled(flash: NorFlash, known: Set, version: int) -> CredentialTable:
    table = CredentialTable(Partition(flash))
    table.begin_snapshot()
    table.take(records_of(known))
    assert table.finish_snapshot(version, digest(known))
    return table


class Walk:
    """One table that lives through cuts, with the set that each version stands for."""

    def __init__(self, seed: int, sectors: int, people: int) -> None:
        self.random = Random(seed)
        self.flash = NorFlash(sectors * SECTOR)
        self.keys = [self.random.randbytes(7) for _ in range(people)]
        self.known: Set = {}
        self.version = 0
        self.table = CredentialTable(Partition(self.flash))
        self.cuts = 0

    def other_set(self) -> Set:
        after = dict(self.known)
        for key in self.random.sample(self.keys, self.random.choice((1, 1, 2, 5, 20, 60))):
            if key in after and self.random.random() < 0.5:
                del after[key]
            else:
                after[key] = (self.random.randrange(65536), self.random.choice((NO_END, 1, 70000)))
        return after

    def make(self) -> CredentialTable:
        return CredentialTable(Partition(self.flash))

    def step(self) -> None:
        """One set of changes, or a snapshot, with a cut somewhere in it, or none."""
        random, table = self.random, self.table
        after, version = self.other_set(), self.version + 1
        changes = changes_of(self.known, after)
        snapshot = self.version == 0 or random.random() < 0.1

        def act() -> None:
            if random.random() < 0.5:
                table.prepare()
            if snapshot:
                table.begin_snapshot()
                records = records_of(after)
                part = 12 * random.choice((7, 50, 150))
                for at in range(0, len(records), part):
                    table.take(records[at : at + part])
                assert table.finish_snapshot(version, digest(after))
            else:
                table.apply(version, changes)

        most = len(after) + 20 if snapshot else len(changes) // 13 * 2 + 4
        cut = survive([self.flash], act, random.randrange(most), random.choice(HOW), random)
        if cut:
            self.cuts += 1
            self.table = table = start([self.flash], self.make, random)
        touched = [key for key in self.keys if self.known.get(key) != after.get(key)]
        sample = touched + random.sample(self.keys, 20)
        if table.version == version:
            assert table.digest == digest(after)
            assert holds(table, after, sample)
            self.known, self.version = after, version
        elif table.version == self.version and table.version:
            assert cut
            assert table.digest == digest(self.known)
            assert holds(table, self.known, sample)
        else:
            assert cut and snapshot and table.version == 0
            for key in self.keys:
                assert table.find(key) in (self.known.get(key), after.get(key))
            self.known = {key: found for key in self.keys if (found := table.find(key))}
            self.version = 0
            self.cloud_sends_all(version)

    def cloud_sends_all(self, version: int) -> None:
        table = self.table
        table.begin_snapshot()
        table.take(records_of(self.known))
        assert table.finish_snapshot(version, digest(self.known))
        self.version = version


@pytest.mark.parametrize(("sectors", "people"), [(3, 200), (4, 240), (6, 620)])
def test_a_table_that_loses_its_power_again_and_again(sectors: int, people: int) -> None:
    walk = Walk(sectors, sectors, people)
    for _ in range(400 * SOAK):
        walk.step()
    assert walk.cuts > 150 * SOAK
    assert walk.table.count == len(walk.known) > people // 4


def everywhere(build: Callable[[], tuple[NorFlash, Callable[[CredentialTable], None]]], check: Callable) -> int:
    """Runs an action once for each of its operations and each way to cut it; check(table) after the start."""
    flash, act = build()
    table = CredentialTable(Partition(flash))
    total = operations([flash], lambda: act(table))
    points = 0
    for after in range(total):
        for how in HOW:
            random = Random(after)
            flash, act = build()
            table = CredentialTable(Partition(flash))
            assert survive([flash], lambda: act(table), after, how, random)  # noqa: B023 - called at once
            check(start([flash], lambda: CredentialTable(Partition(flash)), random))  # noqa: B023
            points += 1
    return points


def test_a_delta_cut_at_every_operation() -> None:
    """The bucket is full of removed ones: the delta needs a compaction on its way."""
    random = Random(1)
    keys = [random.randbytes(7) for _ in range(254)]
    before = dict.fromkeys(keys[:245], (7, NO_END))
    after = {key: (8 if i % 19 == 0 else 7, NO_END) for i, key in enumerate(keys) if i % 31}
    image = NorFlash(4 * SECTOR)
    filled(image, before, 5)

    def build() -> tuple[NorFlash, Callable[[CredentialTable], None]]:
        flash = NorFlash(4 * SECTOR)
        flash.poke(0, content(image))
        return flash, lambda table: table.apply(6, changes_of(before, after))

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
    image = NorFlash(6 * SECTOR)
    filled(image, before, 5)

    def build() -> tuple[NorFlash, Callable[[CredentialTable], None]]:
        flash = NorFlash(6 * SECTOR)
        flash.poke(0, content(image))

        def act(table: CredentialTable) -> None:
            table.begin_snapshot()
            table.take(records_of(after))
            table.finish_snapshot(6, digest(after))

        return flash, act

    def check(table: CredentialTable) -> None:
        if table.version:
            known = {5: before, 6: after}[table.version]
            assert table.digest == digest(known)
            assert holds(table, known, keys)
        for key in keys:
            assert table.find(key) in (before.get(key), after.get(key))

    assert everywhere(build, check) > 400


def test_a_first_start_cut_at_every_operation_ends_in_a_table_that_takes_a_snapshot() -> None:
    known = {bytes((i * 9, i, 3, 4, 5, 6, 7)): (i, NO_END) for i in range(20)}
    for after in range(8):
        for how in HOW:
            flash = NorFlash(6 * SECTOR)
            random = Random(after)
            survive([flash], lambda: CredentialTable(Partition(flash)), after, how, random)  # noqa: B023
            table = start([flash], lambda: CredentialTable(Partition(flash)), random)  # noqa: B023
            assert table.version == 0
            assert {seen(table, key) for key in known} <= {None, "damaged"}
            table = filled(flash, known, 3)
            assert holds(table, known, list(known))


def test_any_single_flipped_bit_denies_and_never_makes_a_credential_unknown() -> None:
    random = Random(3)
    known = {random.randbytes(7): (7, NO_END) for _ in range(40)}
    image = NorFlash(4 * SECTOR)
    filled(image, known, 5)
    whole = content(image)
    for key, value in list(known.items())[:6]:
        at = whole.index(pack_credential(key, *value))
        for bit in range(128):
            flash = NorFlash(4 * SECTOR)
            flash.poke(0, whole)
            flash.poke(at + bit // 8, bytes((whole[at + bit // 8] ^ 1 << bit % 8,)))
            table = CredentialTable(Partition(flash))
            assert table.version == 5
            assert seen(table, key) == "damaged"
            assert table.version == 0
            assert CredentialTable(Partition(flash)).version == 0
            assert all(table.find(other) == known[other] for other in list(known)[6:9])


def test_a_full_bucket_is_refused_whole_and_what_is_known_stays() -> None:
    random = Random(4)
    keys = [random.randbytes(7) for _ in range(256)]
    known = dict.fromkeys(keys[:254], (7, NO_END))
    flash = NorFlash(4 * SECTOR)
    table = filled(flash, known, 5)
    with pytest.raises(TableFull):
        table.apply(6, changes_of(known, {**known, keys[254]: (7, 1), keys[255]: (7, 1)}))
    assert table.version == 0
    assert all(table.find(key) == value for key, value in known.items())
    table = CredentialTable(Partition(flash))
    assert table.version == 0
    assert all(table.find(key) == value for key, value in known.items())
