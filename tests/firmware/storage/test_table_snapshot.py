"""A whole set of credentials that comes in, and the buckets that differ from it."""

from firmware.controller.events import TABLE_FULL
from firmware.controller.records import NO_END, bucket_of
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.table import FULL, UNKNOWN, CredentialTable, Damaged, TableFull
from firmware.controller.storage.table_snapshot import Snapshot
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, flash
from tests.firmware.storage.cards import (
    apply,
    bucket_digests,
    digest,
    idle,
    key,
    put,
    remove,
    run,
    snapshot,
    sorted_records,
)


def test_a_snapshot_replaces_everything():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    apply(table, 3, put(1) + put(200))
    assert snapshot(table, range(2, 100), 8)
    table = CredentialTable(Partition(nor))
    assert (table.version, table.count, table.digest) == (8, 98, digest(range(2, 100)))
    assert table.find(key(1)) is None
    assert table.find(key(200)) is None
    assert all(table.find(key(n)) == (7, NO_END) for n in range(2, 100))


def test_a_snapshot_of_nobody_empties_the_table():
    table = CredentialTable(Partition(flash(9)))
    apply(table, 3, put(1) + put(200))
    assert snapshot(table, (), 8)
    assert (table.version, table.count, table.digest) == (8, 0, 0)
    assert table.find(key(1)) is None


def test_credentials_work_while_a_snapshot_comes_in():
    table = CredentialTable(Partition(flash(9)))
    numbers = range(1, 121)
    assert snapshot(table, numbers, 3)
    records = sorted_records(numbers, 8)
    whole = Snapshot(table)
    for at in range(0, len(records), 12 * 7):
        for _ in whole.take(records[at : at + 12 * 7]):
            assert table.version == 0
            assert all(table.find(key(n)) in ((7, NO_END), (8, NO_END)) for n in numbers)
    run(whole.finish(4, digest(numbers, 8)))
    assert table.version == 4
    assert all(table.find(key(n)) == (8, NO_END) for n in numbers)


def test_a_snapshot_with_another_digest_is_not_that_version():
    table = CredentialTable(Partition(flash(9)))
    whole = Snapshot(table)
    run(whole.take(sorted_records((1, 2))))
    run(whole.finish(4, digest((1, 2, 3))))
    assert (table.version, table.digest) == (0, UNKNOWN)


def test_a_snapshot_out_of_order_is_refused():
    table = CredentialTable(Partition(flash(9)))
    records = sorted_records((1, 2, 3))
    whole = Snapshot(table)
    run(whole.take(records[:24]))
    for wrong in (records[12:24], records[:12], records[24:30]):
        raises(ValueError, lambda wrong=wrong: run(whole.take(wrong)))
    run(whole.take(records[24:]))
    run(whole.finish(4, digest((1, 2, 3))))
    assert table.version == 4
    raises(ValueError, lambda: run(whole.take(records)))
    raises(ValueError, lambda: run(whole.finish(1, 0)))


def test_snapshots_given_up_cost_no_sector():
    table = CredentialTable(Partition(flash(9)))
    for version in range(1, 12):
        run(Snapshot(table).take(sorted_records((1, 2))))
        assert snapshot(table, range(1, 60), version)


def test_a_snapshot_that_does_not_fit_is_taken_but_for_what_does_not_fit():
    nor = flash(5)
    faults.clear()
    table = CredentialTable(Partition(nor))
    whole = Snapshot(table)
    run(whole.take(sorted_records(range(1, 258))))
    raises(TableFull, lambda: run(whole.finish(4, digest(range(1, 258)))))
    assert faults == [(TABLE_FULL, 65)]
    for same in (table, CredentialTable(Partition(nor))):
        assert (same.version, same.digest, same.count) == (0, FULL, 255)
        assert sum(same.find(key(n)) is None for n in range(1, 258)) == 2
    assert snapshot(table, range(1, 100), 5)
    assert table.version == 5
    faults.clear()


def test_a_lost_sector_denies_until_a_snapshot_brings_it_back():
    nor = flash(9)
    assert snapshot(CredentialTable(Partition(nor)), range(1, 100), 3)
    for sector in range(9):
        nor.poke(sector * 4096, b"\x5a" * 16)
        table = CredentialTable(Partition(nor))
        idle(table)
        damaged = 0
        for n in range(1, 100):
            try:
                assert table.find(key(n)) == (7, NO_END)
            except Damaged:
                damaged += 1
        assert damaged < 60
        assert table.version == 0 or not damaged
        assert snapshot(table, range(1, 100), 3)
        assert all(table.find(key(n)) == (7, NO_END) for n in range(1, 100))


def headers(nor):
    found = []
    for sector in range(nor.size // 4096):
        header = bytearray(16)
        nor.read(sector * 4096, header)
        found.append(bytes(header))
    return found


def test_the_digests_of_the_buckets_come_to_the_digest_of_the_set():
    table = CredentialTable(Partition(flash(9)))
    assert snapshot(table, range(1, 200), 3)
    apply(table, 4, put(5, 9) + remove(6) + put(300))
    shares = bucket_digests(table)
    assert len(shares) == table.buckets == 4
    total = 0
    for share in shares:
        total ^= share
    assert total == table.digest


def differing(table, numbers, profile=7):
    """The buckets that are not as the cloud has them."""
    wanted = [digest([n for n in numbers if bucket_of(key(n), 4) == bucket], profile) for bucket in range(4)]
    held = bucket_digests(table)
    return [bucket for bucket in range(4) if held[bucket] != wanted[bucket]]


def test_only_the_buckets_that_differ_are_sent_again():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    idle(table)
    wanted = [n for n in range(1, 200) if bucket_of(key(n), 4) not in (1, 2)]
    wanted += [n for n in range(1, 200) if bucket_of(key(n), 4) == 1][:10]
    assert differing(table, wanted) == [1, 2]
    whole = Snapshot(table)
    run(whole.skip(1))
    run(whole.take(sorted_records([n for n in wanted if bucket_of(key(n), 4) == 1])))
    run(whole.skip(2))
    assert cost(nor, lambda: run(whole.finish(5, digest(wanted))))[1] < 10
    for same in (table, CredentialTable(Partition(nor))):
        assert (same.version, same.digest, same.count) == (5, digest(wanted), len(wanted))
        assert all((same.find(key(n)) is not None) == (n in wanted) for n in range(1, 200))


def test_a_snapshot_goes_on_after_a_restart_where_it_was():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    after = sorted_records(range(1, 200), 9)
    run(Snapshot(table).take(after[: 12 * 100]))
    table = CredentialTable(Partition(nor))
    idle(table)
    differ = differing(table, range(1, 200), 9)
    assert differ in ([2, 3], [1, 2, 3])
    whole = Snapshot(table)
    for bucket in differ:
        run(whole.skip(bucket))
        mine = [after[at : at + 12] for at in range(0, len(after), 12) if bucket_of(after[at:], 4) == bucket]
        run(whole.take(b"".join(mine)))
    run(whole.finish(4, digest(range(1, 200), 9)))
    assert (table.version, table.count) == (4, 199)


def test_what_is_skipped_is_read_again_before_the_version_counts():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    before = table.digest
    for other in (before ^ 1, before):
        whole = Snapshot(table)
        run(whole.skip(2))
        run(whole.take(sorted_records([n for n in range(1, 200) if bucket_of(key(n), 4) == 2])))
        run(whole.finish(4, other))
        assert table.version == (4 if other == before else 0)
    raises(ValueError, lambda: run(Snapshot(table).skip(4)))


def test_a_spare_that_was_begun_is_not_taken_for_an_erased_one():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 100), 3)
    idle(table)
    run(Snapshot(table).take(sorted_records(range(1, 100), 8)[: 12 * 20]))
    faults.clear()
    table = CredentialTable(Partition(nor))
    idle(table)
    assert snapshot(table, range(1, 100), 4, 9)
    assert faults == []


def test_the_first_snapshot_of_an_empty_table_erases_nothing():
    nor = flash(9)
    table = CredentialTable(Partition(nor))
    idle(table)
    assert cost(nor, lambda: snapshot(table, range(1, 300), 3))[2] == 0
    assert all(table.find(key(n)) == (7, NO_END) for n in range(1, 300))


def test_a_snapshot_asks_for_time_between_its_sectors():
    """So that few of the frames that readers send meanwhile meet an erase."""
    table = CredentialTable(Partition(flash(9)))
    assert snapshot(table, range(1, 300), 3)
    whole = Snapshot(table)
    assert run(whole.take(sorted_records(range(1, 300)), 1000)) == 2 * 920
    assert run(whole.finish(4, digest(range(1, 300)), 5000)) == 0
    assert table.version == 4
