"""The credential table, as the control loop and the sync use it."""

from firmware.controller.records import NO_END, credential_digest, pack_credential
from firmware.controller.storage.table import CredentialTable, Damaged, TableFull
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, flash, flip


def key(n):
    """Spread over all buckets, in the order of n."""
    return (n * 0x01F3A7 & 0xFFFFFF).to_bytes(3, "big") + n.to_bytes(4, "big")


def put(n, profile=7):
    return b"+" + pack_credential(key(n), profile, NO_END)


def remove(n):
    return b"-" + pack_credential(key(n), 0, 0)


def sorted_records(numbers, profile=7):
    return b"".join(sorted(pack_credential(key(n), profile, NO_END) for n in numbers))


def digest(numbers, profile=7):
    result = 0
    for n in numbers:
        result ^= credential_digest(pack_credential(key(n), profile, NO_END))
    return result


def snapshot(table, numbers, version, profile=7):
    table.begin_snapshot()
    table.take(sorted_records(numbers, profile))
    return table.finish_snapshot(version, digest(numbers, profile))


def test_a_new_table_knows_nobody():
    table = CredentialTable(Partition(flash(6)))
    assert (table.version, table.digest, table.count) == (0, 0, 0)
    assert table.find(key(1)) is None


def test_a_delta_gives_changes_and_takes_away():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    table.apply(3, put(1) + put(2) + put(3))
    assert (table.version, table.count, table.digest) == (3, 3, digest((1, 2, 3)))
    table.apply(4, put(2, 9) + remove(3) + put(4))
    for _ in range(2):
        assert (table.version, table.count) == (4, 3)
        assert table.find(key(1)) == (7, NO_END)
        assert table.find(key(2)) == (9, NO_END)
        assert table.find(key(3)) is None
        assert table.find(key(4)) == (7, NO_END)
        assert table.digest == digest((1, 4)) ^ digest((2,), 9)
        table = CredentialTable(Partition(nor))


def test_a_delta_applied_again_changes_nothing():
    table = CredentialTable(Partition(flash(6)))
    changes = put(1) + remove(2) + put(3)
    table.apply(3, put(2) + put(3))
    table.apply(4, changes)
    before = table.count, table.digest
    table.apply(4, changes)
    assert (table.count, table.digest) == before
    assert table.find(key(2)) is None


def test_the_last_change_of_a_key_counts():
    table = CredentialTable(Partition(flash(6)))
    table.apply(3, put(1, 5) + put(2) + remove(1) + put(1, 6) + remove(2))
    assert table.find(key(1)) == (6, NO_END)
    assert table.find(key(2)) is None
    assert (table.count, table.digest) == (1, digest((1,), 6))


def test_a_malformed_delta_is_refused_whole():
    table = CredentialTable(Partition(flash(6)))
    table.apply(3, put(1))
    for changes in (put(2) + b"+", put(2) + put(3)[:-1], put(2) + b"*" + put(3)[1:], put(2) * 256):
        raises(ValueError, lambda changes=changes: table.apply(4, changes))
        assert (table.version, table.count) == (3, 1)
        assert table.find(key(2)) is None


def test_put_and_remove_keep_the_version():
    table = CredentialTable(Partition(flash(6)))
    table.apply(3, put(1))
    table.put(key(2), 8, 1234)
    assert table.find(key(2)) == (8, 1234)
    assert table.remove(key(1))
    assert not table.remove(key(1))
    assert (table.version, table.count) == (3, 1)


def test_a_snapshot_replaces_everything():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    table.apply(3, put(1) + put(200))
    assert snapshot(table, range(2, 100), 8)
    table = CredentialTable(Partition(nor))
    assert (table.version, table.count, table.digest) == (8, 98, digest(range(2, 100)))
    assert table.find(key(1)) is None
    assert table.find(key(200)) is None
    assert all(table.find(key(n)) == (7, NO_END) for n in range(2, 100))


def test_a_snapshot_of_nobody_empties_the_table():
    table = CredentialTable(Partition(flash(6)))
    table.apply(3, put(1) + put(200))
    assert snapshot(table, (), 8)
    assert (table.version, table.count, table.digest) == (8, 0, 0)
    assert table.find(key(1)) is None


def test_credentials_work_while_a_snapshot_comes_in():
    table = CredentialTable(Partition(flash(6)))
    numbers = range(1, 121)
    assert snapshot(table, numbers, 3)
    records = sorted_records(numbers, 8)
    table.begin_snapshot()
    for at in range(0, len(records), 12 * 7):
        table.take(records[at : at + 12 * 7])
        assert table.version == 0
        assert all(table.find(key(n)) in ((7, NO_END), (8, NO_END)) for n in numbers)
    assert table.finish_snapshot(4, digest(numbers, 8))
    assert all(table.find(key(n)) == (8, NO_END) for n in numbers)


def test_a_snapshot_with_another_digest_is_not_that_version():
    table = CredentialTable(Partition(flash(6)))
    table.begin_snapshot()
    table.take(sorted_records((1, 2)))
    assert table.finish_snapshot(4, digest((1, 2, 3))) is False
    assert (table.version, table.digest) == (0, (1 << 64) - 1)


def test_a_snapshot_out_of_order_is_refused():
    table = CredentialTable(Partition(flash(6)))
    records = sorted_records((1, 2, 3))
    raises(ValueError, lambda: table.take(records))
    raises(ValueError, lambda: table.finish_snapshot(1, 0))
    table.begin_snapshot()
    table.take(records[:24])
    for wrong in (records[12:24], records[:12], records[24:30]):
        raises(ValueError, lambda wrong=wrong: table.take(wrong))
    table.take(records[24:])
    assert table.finish_snapshot(4, digest((1, 2, 3)))


def test_a_delta_does_not_fit_an_incomplete_set():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (5, 6), 3)
    table.begin_snapshot()
    table.take(sorted_records((1, 2)))
    for same in (table, CredentialTable(Partition(nor))):
        assert (same.version, same.digest) == (0, (1 << 64) - 1)
        raises(Damaged, lambda same=same: same.apply(4, put(9)))
        assert same.find(key(9)) is None
    assert snapshot(table, (1, 2), 4)
    table.apply(5, put(9))
    assert (table.version, table.digest) == (5, digest((1, 2, 9)))


def test_snapshots_given_up_cost_no_sector():
    table = CredentialTable(Partition(flash(6)))
    for version in range(1, 12):
        table.begin_snapshot()
        table.take(sorted_records((1, 2)))
        assert snapshot(table, range(1, 60), version)


def test_a_full_bucket_says_so_and_keeps_what_it_has():
    table = CredentialTable(Partition(flash(3)))
    assert snapshot(table, range(1, 256), 3)
    raises(TableFull, lambda: table.put(key(256), 7, 1))
    assert table.version == 0
    assert all(table.find(key(n)) == (7, NO_END) for n in (1, 100, 255))
    table.begin_snapshot()
    raises(TableFull, lambda: table.take(sorted_records(range(1, 257))))


def test_a_table_of_removed_ones_has_room_again():
    nor = flash(3)
    table = CredentialTable(Partition(nor))
    for n in range(1, 700):
        table.apply(n, put(n) + remove(n - 1))
    table = CredentialTable(Partition(nor))
    assert (table.version, table.count) == (699, 1)
    assert table.find(key(699)) == (7, NO_END)
    assert table.find(key(698)) is None


def test_looking_up_is_one_read_and_a_change_two_programs():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 200), 3)
    assert cost(nor, lambda: table.find(key(7))) == (1, 0, 0)
    assert cost(nor, lambda: table.find(key(999))) == (1, 0, 0)
    assert cost(nor, lambda: table.apply(4, put(999))) == (2, 2, 0)
    assert cost(nor, lambda: table.apply(5, remove(7))) == (2, 2, 0)
    assert cost(nor, lambda: table.apply(6, put(8, 9)))[1:] == (3, 0)
    assert cost(nor, lambda: table.apply(7, put(8, 9)))[1:] == (1, 0)


def test_prepare_takes_the_erase_out_of_the_way():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    table = CredentialTable(Partition(nor))
    assert not table.prepare()  # a start costs no erase
    assert snapshot(table, range(1, 20), 3)
    assert table.prepare()
    assert not table.prepare()
    assert cost(nor, lambda: table.begin_snapshot() or table.take(sorted_records((1,))))[2] == 0


def test_a_damaged_slot_denies_and_asks_for_the_whole_set():
    nor = flash(6)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (1, 2), 3)
    image = bytearray(6 * 4096)
    nor.read(0, image)
    flip(nor, bytes(image).find(key(2)) + 8)
    del image
    raises(Damaged, lambda: table.find(key(2)))
    assert table.version == 0
    assert table.find(key(1)) == (7, NO_END)
    assert CredentialTable(Partition(nor)).version == 0
    assert snapshot(table, (1, 2), 4)
    assert table.find(key(2)) == (7, NO_END)


def test_a_lost_sector_denies_until_a_snapshot_brings_it_back():
    nor = flash(6)
    assert snapshot(CredentialTable(Partition(nor)), range(1, 100), 3)
    for sector in range(6):
        nor.poke(sector * 4096, b"\x5a" * 16)
        table = CredentialTable(Partition(nor))
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


def test_of_two_sectors_of_a_bucket_the_newer_counts():
    """The power goes before the old one is retired: wherever in flash the two are."""
    nor = flash(4)
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


def test_what_was_replaced_does_not_come_back_when_the_new_is_damaged():
    nor = flash(4)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, (1, 2), 1)
    assert snapshot(table, (2,), 2)
    for sector, header in enumerate(headers(nor)):
        if header[:2] == b"PA" and header[4:8] == bytes(4):
            flip(nor, sector * 4096 + 5)
    table = CredentialTable(Partition(nor))
    assert table.version == 0
    raises(Damaged, lambda: table.find(key(1)))


def test_a_start_does_not_make_changes_again_that_are_made():
    nor = flash(6)
    CredentialTable(Partition(nor)).apply(3, b"".join(put(n) for n in range(100)))
    assert cost(nor, lambda: CredentialTable(Partition(nor)))[0] < 10


def test_somebody_elses_data_is_overwritten_once():
    nor = flash(6)
    nor.poke(0, b"\xa5" * 6 * 4096)
    table = CredentialTable(Partition(nor))
    assert table.find(key(1)) is None
    table.apply(3, put(1))
    assert CredentialTable(Partition(nor)).version == 3


def test_a_partition_that_is_too_small_is_refused():
    assert "partition" in str(raises(ValueError, lambda: CredentialTable(Partition(flash(2)))))
