"""The scrub of the access list finds what nobody taps, and cures it."""

from firmware.controller.events import BIT_TURNED, TABLE_DAMAGED
from firmware.controller.records import NO_END
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.table import FULL, UNKNOWN, CredentialTable, Damaged
from firmware.controller.storage.table_scrub import step
from tests.firmware.storage.bench import Partition, cost, damage, flash, flip
from tests.firmware.storage.cards import apply, digest, idle, key, place, put, snapshot


def full(cards=200):
    faults.clear()
    nor = flash(7)
    table = CredentialTable(Partition(nor))
    assert snapshot(table, range(1, cards + 1), 3)
    idle(table)
    return nor, table


def a_round(table, steps=200):
    for _ in range(steps):
        step(table)


def test_a_list_that_is_right_is_read_and_left_alone():
    nor, table = full()
    assert cost(nor, lambda: a_round(table))[1:] == (0, 0)
    assert table.version == 3 and not faults


def test_a_step_reads_one_piece():
    nor, table = full()
    a_round(table, 50)
    before = nor.bytes_read
    step(table)
    assert nor.bytes_read - before <= 512


def test_a_bit_that_turned_over_is_turned_back():
    nor, table = full()
    for at in (0, 3, 9, 15):
        flip(nor, place(nor, key(50)) + at, at % 8)
        a_round(table)
        assert (table.version, table.digest) == (3, digest(range(1, 201)))
        assert faults == [(BIT_TURNED, 65)]
        assert place(nor, key(50)) and table.find(key(50)) == (7, NO_END)
        faults.clear()
        idle(table)
    table = CredentialTable(Partition(nor))
    idle(table)
    a_round(table)
    assert table.version == 3 and not faults


def test_a_header_in_which_a_bit_turned_over_is_written_anew():
    nor, table = full()
    flip(nor, place(nor, key(50)) & -4096 | 5)
    a_round(table)
    assert table.version == 3 and faults == [(BIT_TURNED, 65)]
    faults.clear()


def test_a_bit_of_a_slot_that_nobody_has_is_no_damage():
    nor, table = full(20)
    for at in (0, 7, 12, 15):
        flip(nor, (place(nor, key(9)) & -4096) + 4096 - 32 + at, at % 8)
        a_round(table)
        assert table.version == 3 and not faults
    apply(table, 4, put(300))
    assert snapshot(table, range(1, 30), 5)
    a_round(table)
    assert table.version == 5 and not faults
    for n in range(600):  # the sectors go full, past that slot
        apply(table, 6 + n, put(300 + n % 50, 1 + n % 9))
        idle(table)
    a_round(table)
    assert table.version == 605 and all(table.find(key(300 + n)) for n in range(50))
    faults.clear()


def test_spares_in_which_bits_turned_over_serve_again_after_an_erase():
    nor, table = full(20)
    for n in range(30):
        for sector in range(3, 7):  # whichever are spare
            header = bytearray(16)
            nor.read(sector * 4096, header)
            if header[2:] == b"\xff" * 14:
                nor.poke(sector * 4096 + 38, b"\x00")
        flip(nor, place(nor, key(9)) + 3)  # the scrub has to move the bucket
        for _ in range(3):  # without a spare it gives up, and the cloud sends the bucket again
            a_round(table, 30)
            idle(table)
            if not table.version:
                try:
                    snapshot(table, range(1, 21), 4 + n)
                except Damaged:
                    pass
        assert table.version, n
        assert table.find(key(9)) == (7, NO_END)
    faults.clear()


def test_what_cannot_be_turned_back_makes_the_list_one_that_the_cloud_sends_again():
    nor, table = full()
    damage(nor, place(nor, key(50)) + 8)
    a_round(table)
    assert (table.version, table.digest) == (0, UNKNOWN) and (TABLE_DAMAGED, 0) in faults
    assert snapshot(table, range(1, 201), 4)
    faults.clear()
    a_round(table)
    assert table.version == 4 and not faults


def test_a_credential_that_is_gone_without_a_trace_is_noticed_as_well():
    nor, table = full()
    nor.poke(place(nor, key(50)), bytes(16))
    a_round(table)
    assert table.digest == UNKNOWN and faults == [(TABLE_DAMAGED, 0)]
    faults.clear()


def test_changes_on_the_way_do_not_keep_it_from_the_end_of_a_bucket():
    nor, table = full(100)
    slots = [place(nor, key(n)) for n in range(1, 101)]
    flip(nor, max(at for at in slots if at & 4095 > 512), 3)
    for n in range(40):
        apply(table, 4 + n, put(300 + n % 2, n))
        step(table)
    assert faults == [(BIT_TURNED, 65)]
    faults.clear()


def test_changes_on_the_way_do_not_mislead_it():
    _, table = full()
    for n in range(60):
        apply(table, 4 + n, put(300 + n))
        idle(table)
        a_round(table, n % 7)
    a_round(table)
    assert table.version == 63 and not faults


def test_a_bit_of_the_journal_is_not_left_to_a_second_one():
    for back in (4096, 33 + 20 + 300, 33 + 20 + 15, 33 + 9, 5, 1):  # header, a long entry, a short one
        nor, table = full(10)
        apply(table, 4, b"".join(put(n) for n in range(20, 70)))  # longer than a piece
        apply(table, 5, put(80))
        at = table.head * 4096 + max(4, table.end - back)
        flip(nor, at, 1)
        a_round(table)
        assert faults == [(BIT_TURNED, 65)] and table.version == 5, back
        flip(nor, at, 6)
        table = CredentialTable(Partition(nor))
        assert table.version == 5 and table.find(key(80)) == (7, NO_END), back
        faults.clear()


def test_a_journal_that_is_right_stays_where_it_is():
    nor, table = full(10)
    apply(table, 4, b"".join(put(n) for n in range(20, 70)))
    assert cost(nor, lambda: a_round(table))[1:] == (0, 0) and not faults
    for n in range(300):  # through all its sectors
        apply(table, 5 + n, put(80 + n % 9, 1 + n % 7))
        step(table)
        idle(table)
        assert not faults


def test_nothing_is_looked_at_while_changes_are_made_or_a_snapshot_comes():
    nor, table = full()
    step(table)
    for name, value in (("making", True), ("taken", 0), ("digest", FULL)):
        before = getattr(table, name)
        setattr(table, name, value)
        assert cost(nor, lambda: a_round(table))[0] == 0, name
        setattr(table, name, before)
    a_round(table)
    assert table.version == 3 and not faults
