"""The state journal: a number for each kind that outlives a restart."""

from firmware.controller.storage.state import StateJournal
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, flash


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


def test_setting_is_one_program_and_nothing_when_nothing_changes():
    nor = flash(2)
    journal = StateJournal(Partition(nor))
    assert cost(nor, lambda: journal.set(1, 5)) == (0, 1, 0)
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
