"""The state journal: a number for each kind that outlives a restart."""

from firmware.controller.events import BIT_TURNED, SECTOR_BAD
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.state import StateJournal
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, flash, flip


def test_a_value_never_set_is_zero():
    assert StateJournal(Partition(flash(2))).get(9) == 0


def test_the_value_last_set_survives():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    journal.set(1, 5)
    journal.set(2, (1 << 64) - 1)
    journal.set(1, 6)
    for same in (journal, StateJournal(Partition(nor))):
        assert same.get(1) == 6
        assert same.get(2) == (1 << 64) - 1


def test_setting_is_one_program_read_back_and_nothing_when_nothing_changes():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    assert cost(nor, lambda: journal.set(1, 5)) == (1, 1, 0)
    assert cost(nor, lambda: journal.set(1, 5)) == (0, 0, 0)


def test_it_goes_on_for_ever():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    journal.set(2, 77)
    for n in range(1, 1500):
        journal.set(1, n)
        if n % 100 == 0:
            journal = StateJournal(Partition(nor))
        assert (journal.get(1), journal.get(2)) == (n, 77)


def test_prepare_takes_the_erase_out_of_the_way():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    erases = nor.erases
    prepared = 0
    for n in range(1, 1000):
        journal.set(1, n)
        prepared += journal.prepare()
    assert prepared >= 3
    assert nor.erases == erases + prepared


def test_a_partition_that_is_too_small_is_refused():
    raises(ValueError, lambda: StateJournal(Partition(flash(1))))


def test_a_record_in_which_a_bit_turned_over_is_read_as_it_was():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    for n in range(5):
        journal.set(40, n)
        journal.set(2, n)
    for at in range(16 * 8):
        flip(nor, 10 * 16 - 16 + at // 8, at % 8)
        again = StateJournal(Partition(nor))
        assert (again.get(40), again.get(2)) == (4, 4)
        flip(nor, 10 * 16 - 16 + at // 8, at % 8)
    flip(nor, 3)
    assert StateJournal(Partition(nor)).get(40) == 4


class Worn(Partition):
    """Sectors that take nothing."""

    worn = ()

    def writeblocks(self, n, buf, offset):
        if n not in self.worn:
            super().writeblocks(n, buf, offset)

    def ioctl(self, op, arg):
        if op == 6 and arg in self.worn:
            return 0
        return super().ioctl(op, arg)


def test_a_sector_that_takes_nothing_is_left_and_told():
    nor = flash(2)
    partition = Worn(nor)
    journal = StateJournal(partition)
    journal.set(7, 1)
    for worn in ((1,), (0,), (1,)):
        partition.worn = worn
        for n in range(600):
            journal.set(2, n)
            if n % 50 == 0:
                journal = StateJournal(partition)
            assert journal.get(2) == n
        again = StateJournal(partition)
        assert (again.get(2), again.get(7)) == (599, 1)
    assert (SECTOR_BAD, 83) in faults
    faults.clear()


def test_a_bit_of_a_record_is_not_left_to_a_second_one():
    for at in (5, 16 + 3, 32 + 9):
        nor = flash(2)
        journal = StateJournal(Partition(nor))
        for kind in (1, 2, 3):
            journal.set(kind, 70 + kind)
        at += journal.sector * 4096
        flip(nor, at, 1)
        for _ in range(10):
            journal.look()
        assert faults == [(BIT_TURNED, 83)], at
        flip(nor, at, 6)
        journal = StateJournal(Partition(nor))
        assert [journal.get(kind) for kind in (1, 2, 3)] == [71, 72, 73], at
        faults.clear()


def test_a_journal_that_is_right_is_read_and_left_alone():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    for n in range(400):
        journal.set(1 + n % 5, n)
        assert cost(nor, journal.look) == (1, 0, 0) and not faults
