"""One bit that turned over is turned back: in records of every length, and in each bit of the table's journal."""

from firmware.controller.storage.bit_errors import mended
from firmware.controller.storage.sectors import sealed
from firmware.controller.storage.table import UNKNOWN, CredentialTable
from tests.firmware.storage.bench import Partition, damage, flash, flip
from tests.firmware.storage.cards import apply, digest, key, put, remove, snapshot

ONE, MANY = 33, 20 + 9 * 13  # bytes of an entry with one change, and with nine


def test_each_bit_of_a_record_is_turned_back():
    for body in (b"", b"\x00" * 12, bytes(range(28)), b"\xff" * 12):
        whole = sealed(body)
        for bit in range(8 * len(whole)):
            turned = bytearray(whole)
            turned[bit // 8] ^= 1 << bit % 8
            assert mended(turned) == whole, (body, bit)


def test_a_long_record_is_no_exception():
    whole = sealed(bytes(n * 7 & 255 for n in range(3_331)))
    for bit in (0, 1, 7, 8, 13_000, 8 * 3_331 - 1, 8 * 3_331, 8 * 3_335 - 1):
        turned = bytearray(whole)
        turned[bit // 8] ^= 1 << bit % 8
        assert mended(turned) == whole, bit


def test_two_bits_are_not_taken_for_one():
    whole = sealed(bytes(range(12)))
    for first in range(0, 8 * len(whole), 5):
        for second in range(first + 1, 8 * len(whole), 3):
            turned = bytearray(whole)
            turned[first // 8] ^= 1 << first % 8
            turned[second // 8] ^= 1 << second % 8
            assert mended(turned) is None


def journal():
    """A list whose journal ends with an entry of nine changes and one of one; (flash, where they begin)."""
    nor = flash(7)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 11), 3)
    at = table.head * 4096 + table.end
    apply(table, 4, b"".join(put(n) for n in range(20, 29)))
    behind = table.head * 4096 + table.end
    apply(table, 5, put(40))
    return nor, at, behind


def restarted(nor):
    return CredentialTable(Partition(nor))


def test_each_bit_of_the_last_entry_of_the_journal_is_turned_back():
    nor, _, last = journal()
    due = digest(list(range(1, 11)) + list(range(20, 29)) + [40])
    for bit in range(8 * ONE):
        flip(nor, last + bit // 8, bit % 8)
        table = restarted(nor)
        assert (table.version, table.digest, table.count) == (5, due, 20), bit
        flip(nor, last + bit // 8, bit % 8)


def test_a_bit_of_a_long_entry_does_not_put_the_list_back_to_an_older_version():
    nor, long, _ = journal()
    for bit in range(8 * MANY):
        if bit % 37 and bit // 8 != 15:  # of the number of changes each one
            continue
        flip(nor, long + bit // 8, bit % 8)
        assert restarted(nor).version == 5, bit
        flip(nor, long + bit // 8, bit % 8)


def test_an_entry_that_was_torn_is_none():
    for kept in range(1, ONE, 7):
        nor, _, last = journal()
        nor.poke(last + kept, b"\xff" * (ONE - kept))
        table = restarted(nor)
        assert table.version in (4, 5)
        apply(table, 6, put(50))
        assert restarted(nor).version == 6


def revoked():
    """A list that somebody has left: (flash, where the entries of versions 4, 5 and 6 begin)."""
    nor = flash(7)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, 11), 3)
    places = []
    for version, change in ((4, put(20)), (5, remove(20)), (6, put(30))):
        places.append(table.head * 4096 + table.end)
        apply(table, version, change)
    return nor, places


def test_nobody_comes_back_when_an_entry_of_the_journal_cannot_be_read():
    for which in range(3):
        for at in (0, 9, 14, 16, 31):
            nor, places = revoked()
            damage(nor, places[which] + at)
            table = restarted(nor)
            assert (table.version, table.digest) == (0, UNKNOWN), (which, at)
            assert table.find(key(20)) is None and table.find(key(30)) and table.find(key(7)), (which, at)
            assert snapshot(table, range(1, 11), 7) and restarted(nor).version == 7


def test_bits_of_the_journal_do_not_add_up_from_start_to_start():
    nor, places = revoked()
    for bit in range(4):
        flip(nor, places[0] + 5, bit)
        assert restarted(nor).version == 6, bit


def test_a_bit_behind_a_torn_entry_does_not_cost_the_version():
    nor, places = revoked()
    nor.poke(places[2] + 10, b"\xff" * 23)
    flip(nor, places[2] + 700)
    assert restarted(nor).version == 5
