"""The credential table, as the control loop and the sync use it."""

from firmware.controller.events import FLASH_FOREIGN
from firmware.controller.records import NO_END
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.table import FULL, UNKNOWN, CredentialTable, Damaged, TableFull
from firmware.controller.storage.table_snapshot import Snapshot
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, damage, flash, flip
from tests.firmware.storage.cards import (
    apply,
    digest,
    forget,
    headers,
    idle,
    key,
    know,
    place,
    put,
    remove,
    run,
    snapshot,
    sorted_records,
)


def test_a_new_table_knows_nobody():
    table = CredentialTable(Partition(flash(9)))
    assert (table.version, table.digest, table.count) == (0, 0, 0)
    assert table.find(key(1)) is None


def test_a_delta_gives_changes_and_takes_away():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    apply(table, 3, put(1) + put(2) + put(3))
    assert (table.version, table.count, table.digest) == (3, 3, digest((1, 2, 3)))
    apply(table, 4, put(2, 9) + remove(3) + put(4))
    for _ in range(2):
        assert (table.version, table.count) == (4, 3)
        assert table.find(key(1)) == (7, NO_END)
        assert table.find(key(2)) == (9, NO_END)
        assert table.find(key(3)) is None
        assert table.find(key(4)) == (7, NO_END)
        assert table.digest == digest((1, 4)) ^ digest((2,), 9)
        table = CredentialTable(Partition(nor))


def test_a_delta_applied_again_changes_nothing():
    table = CredentialTable(Partition(flash(9)))
    changes = put(1) + remove(2) + put(3)
    apply(table, 3, put(2) + put(3))
    apply(table, 4, changes)
    before = table.count, table.digest
    apply(table, 4, changes)
    assert (table.count, table.digest) == before
    assert table.find(key(2)) is None


def test_the_last_change_of_a_key_counts():
    table = CredentialTable(Partition(flash(9)))
    apply(table, 3, put(1, 5) + put(2) + remove(1) + put(1, 6) + remove(2))
    assert table.find(key(1)) == (6, NO_END)
    assert table.find(key(2)) is None
    assert (table.count, table.digest) == (1, digest((1,), 6))


def test_a_malformed_delta_is_refused_whole():
    table = CredentialTable(Partition(flash(9)))
    apply(table, 3, put(1))
    for changes in (put(2) + b"+", put(2) + put(3)[:-1], put(2) + b"*" + put(3)[1:], put(2) * 256):
        raises(ValueError, lambda changes=changes: apply(table, 4, changes))
        assert (table.version, table.count) == (3, 1)
        assert table.find(key(2)) is None


def test_put_and_remove_keep_the_version():
    table = CredentialTable(Partition(flash(9)))
    apply(table, 3, put(1))
    know(table, key(2), 8, 1234)
    assert table.find(key(2)) == (8, 1234)
    assert forget(table, key(1))
    assert not forget(table, key(1))
    assert (table.version, table.count) == (3, 1)


def test_a_delta_does_not_fit_an_incomplete_set():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (5, 6), 3)
    run(Snapshot(table).take(sorted_records((1, 2))))
    for same in (table, CredentialTable(Partition(nor))):
        assert (same.version, same.digest) == (0, UNKNOWN)
        raises(Damaged, lambda same=same: apply(same, 4, put(9)))
        assert same.find(key(9)) is None
    assert snapshot(table, (1, 2), 4)
    apply(table, 5, put(9))
    assert (table.version, table.digest) == (5, digest((1, 2, 9)))


def test_a_full_bucket_says_so_and_keeps_what_it_has():
    table = CredentialTable(Partition(flash(5)))
    assert snapshot(table, range(1, 256), 3)
    raises(TableFull, lambda: apply(table, 4, put(256) + remove(7)))
    assert (table.version, table.digest) == (0, FULL)
    assert all(table.find(key(n)) == (7, NO_END) for n in (1, 100, 255))
    assert table.find(key(7)) is None  # the rest is made: who has lost the right has lost it
    assert table.find(key(256)) is None
    raises(Damaged, lambda: apply(table, 4, remove(8)))


def test_a_table_of_removed_ones_has_room_again():
    nor = flash(5)
    table = CredentialTable(Partition(nor))
    for n in range(1, 700):
        apply(table, n, put(n) + remove(n - 1))
    table = CredentialTable(Partition(nor))
    assert (table.version, table.count) == (699, 1)
    assert table.find(key(699)) == (7, NO_END)
    assert table.find(key(698)) is None


def test_looking_up_is_one_read_and_a_change_two_programs():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    assert cost(nor, lambda: table.find(key(7))) == (1, 0, 0)
    assert cost(nor, lambda: table.find(key(999))) == (1, 0, 0)
    assert cost(nor, lambda: apply(table, 4, put(999))) == (4, 2, 0)
    assert cost(nor, lambda: apply(table, 5, remove(7))) == (4, 2, 0)
    assert cost(nor, lambda: apply(table, 6, put(8, 9)))[1:] == (3, 0)
    assert cost(nor, lambda: apply(table, 7, put(8, 9)))[1:] == (
        2,
        0,
    )  # the slot once more: a cut may have left it weak


def test_prepare_takes_the_erase_out_of_the_way():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    table = CredentialTable(Partition(nor))
    assert cost(nor, lambda: idle(table)) == (9 - 3, 0, 0)  # a start costs no erase: only the headers are read
    assert snapshot(table, range(1, 20), 3)
    assert snapshot(table, range(1, 20), 4)
    assert cost(nor, lambda: idle(table))[2] == 1
    assert cost(nor, lambda: run(Snapshot(table).take(sorted_records((1,)))))[2] == 0


def test_a_damaged_slot_denies_and_asks_for_the_whole_set():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (1, 2), 3)
    flip(nor, place(nor, key(2)) + 8)
    assert table.find(key(2)) == (7, NO_END) and table.version == 3
    flip(nor, place(nor, key(2)) + 9)
    raises(Damaged, lambda: table.find(key(2)))
    assert table.version == 0
    assert table.find(key(1)) == (7, NO_END)
    assert CredentialTable(Partition(nor)).version == 0
    assert snapshot(table, (1, 2), 4)
    assert table.find(key(2)) == (7, NO_END)


def test_of_two_sectors_of_a_bucket_the_newer_counts():
    """The power goes before the old one is retired: wherever in flash the two are."""
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    for version in range(1, 9):
        before = headers(nor)
        assert snapshot(table, (version, version + 1), version)
        for sector, header in enumerate(headers(nor)):
            if header == bytes(16) and before[sector][4:8] == bytes(4):
                nor.poke(sector * 4096, before[sector])
        table = CredentialTable(Partition(nor))
        assert table.version == version
        assert table.find(key(version)) and table.find(key(version + 1))
        assert table.find(key(version - 1)) is None
        buckets = [header[4:8] for header in headers(nor) if header[:2] == b"KA" and header[8:12] != b"\xff" * 4]
        assert len(buckets) == len(set(buckets)), "the old one is retired when its bucket is first asked"


def test_what_was_replaced_does_not_come_back_when_the_new_is_damaged():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (1, 2), 1)
    assert snapshot(table, (2,), 2)
    bucket = [(header[8], n) for n, header in enumerate(headers(nor)) if header[:8] == b"KA\x06\x00" + bytes(4)]
    flip(nor, max(bucket)[1] * 4096 + 5)
    flip(nor, max(bucket)[1] * 4096 + 9)
    table = CredentialTable(Partition(nor))
    idle(table)
    assert table.version == 0
    raises(Damaged, lambda: table.find(key(1)))


def test_a_start_does_not_make_changes_again_that_are_made():
    nor = flash(9)
    apply(CredentialTable(Partition(nor)), 3, b"".join(put(n) for n in range(100)))
    assert cost(nor, lambda: CredentialTable(Partition(nor)))[0] < 10


def test_somebody_elses_data_is_overwritten_once():
    nor = flash(9)
    nor.poke(0, b"\xa5" * 9 * 4096)
    faults.clear()
    table = CredentialTable(Partition(nor))
    assert faults == [(FLASH_FOREIGN, 65)]
    faults.clear()
    assert table.find(key(1)) is None
    apply(table, 3, put(1))
    assert CredentialTable(Partition(nor)).version == 3


def test_a_partition_that_is_too_small_is_refused():
    assert "partition" in str(raises(ValueError, lambda: CredentialTable(Partition(flash(4)))))


def test_a_change_is_one_look_up_a_step():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    idle(table)
    steps = table.steps(3, b"".join(put(n) for n in range(100)))
    most = 0
    try:
        while True:
            reads, programs, _ = cost(nor, lambda: next(steps))
            most = max(most, reads + programs)
            assert table.find(key(500)) is None
    except StopIteration:
        pass
    assert most <= 17  # the journal's entry is read back in pieces
    assert (table.version, table.count) == (3, 100)


def test_changes_given_up_half_way_are_no_version():
    table = CredentialTable(Partition(flash(9)))
    steps = table.steps(3, put(1) + put(2) + put(3))
    for _ in range(4):
        next(steps)
    raises(Damaged, lambda: apply(table, 4, put(5)))
    assert snapshot(table, (1, 2), 5)
    apply(table, 6, put(5))
    assert table.version == 6


def damage_after(steps_before):
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (1, 2, 200), 3)
    steps = table.steps(4, put(5) + put(6) + put(7))
    for _ in range(steps_before):
        next(steps)
    damage(nor, place(nor, key(200)) + 8)
    raises(Damaged, lambda: table.find(key(200)))
    try:
        run(steps)
    except Damaged:
        pass
    assert (table.version, table.digest) == (0, UNKNOWN)
    assert CredentialTable(Partition(nor)).version == 0


def test_damage_found_while_changes_are_looked_at_is_not_covered_up():
    damage_after(1)


def test_damage_found_while_changes_are_made_is_not_covered_up():
    damage_after(4)


def test_the_path_of_a_change_is_two_programs_and_no_erase_when_there_are_idle_moments():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    idle(table)
    for n in range(600):
        change = put(1000 + n) if n % 2 == 0 else remove(1000 + n - 1)
        assert cost(nor, lambda n=n, change=change: apply(table, 4 + n, change))[1:] == (2, 0)
        idle(table)
    assert table.count == 199


def test_a_partition_of_another_size_is_begun_anew():
    nor = flash(9)
    apply(CredentialTable(Partition(nor)), 3, put(1))
    nor.size = 8 * 4096
    faults.clear()
    table = CredentialTable(Partition(nor))
    assert faults == [(FLASH_FOREIGN, 65)]
    assert (table.version, table.digest) == (0, 0)
    assert table.find(key(1)) is None
    faults.clear()


def test_who_is_known_stays_known_when_the_journal_is_lost():
    nor = flash(9)
    assert snapshot(CredentialTable(Partition(nor)), range(1, 100), 3)
    for sector in range(3):
        nor.poke(sector * 4096, b"\x5a" * 4096)
    for table in (CredentialTable(Partition(nor)), CredentialTable(Partition(nor))):
        assert (table.version, table.digest) == (0, UNKNOWN)
        assert all(table.find(key(n)) == (7, NO_END) for n in range(1, 100))
    assert snapshot(table, range(1, 100), 4)
