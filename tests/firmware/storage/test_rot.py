"""One bit that turned over is turned back: in records of every length, and in each bit of the table's journal."""

from firmware.controller.chain import WHOLE, Chain
from firmware.controller.events import GRANTED
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.rot import mended
from firmware.controller.storage.sectors import SECTOR, faults, sealed
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable
from tests.firmware.storage.bench import Partition, flash, flip
from tests.firmware.storage.cards import apply, digest, put, snapshot

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


def test_each_bit_of_a_chain_key_is_turned_back_at_a_start():
    nor, state = flash(4), flash(2)

    def started():
        return EventLog(Partition(nor), StateJournal(Partition(state)), lambda n: bytes(range(n)))

    log = started()
    log.append(GRANTED, 1, 0, None, 0, 0)
    chain, event = Chain(*log.chain_start), bytearray(32)
    for bit in range(128):
        log.append(GRANTED, 1, bit, None, 0, 0)
        flip(nor, 16 + bit // 8, bit % 8)
        log = started()
        flip(nor, 16 + bit // 8, bit % 8)
        assert not faults, bit
        if not bit:
            assert Chain(*log.chain_start).take(read(log, 1, event)) == WHOLE
        if log._slot == 127:
            break
    for sequence in range(1, log.last + 1):
        assert chain.take(read(log, sequence, event)) == WHOLE, sequence


def test_a_bit_that_turned_over_where_nothing_was_yet_costs_a_slot_and_no_event():
    nor, state = flash(4), flash(2)
    log = EventLog(Partition(nor), StateJournal(Partition(state)), lambda n: bytes(range(n)))
    event = bytearray(32)
    for sequence in range(1, 60):
        log.append(GRANTED, 1, sequence, None, 0, 0)
        if sequence % 3 == 0:
            flip(nor, log._head * SECTOR + log._slot * 32 + sequence % 32, sequence % 8)
    chain = Chain(*log.chain_start)
    for one in (log, EventLog(Partition(nor), StateJournal(Partition(state)), bytes)):
        assert (one.first, one.last, log._head) == (1, 59, 0)
    for sequence in range(1, 60):
        assert chain.take(read(log, sequence, event)) == WHOLE, sequence
    image = bytearray(nor.size)
    nor.read(0, image)
    for sequence in range(1, 60):
        found = [at for at in range(0, len(image), 32) if image[at : at + 4] == sequence.to_bytes(4, "little")]
        assert len(found) == 1, "no number lies there twice"
    assert not faults


def read(log, sequence, event):
    assert log.read(sequence, event) == 1
    return bytes(event)
