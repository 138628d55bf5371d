"""Regions of the credential table: their headers are read when they are asked for, or in idle moments."""

from firmware.controller.storage.table import CredentialTable
from tests.firmware.storage.bench import Partition, cost, flash
from tests.firmware.storage.cards import idle, key, snapshot


def test_regions_are_read_when_they_are_asked_for() -> None:
    nor = flash(3 + 130)
    table = CredentialTable(Partition(nor))
    assert (table.size, table.buckets) == (43, 3 * 41)
    numbers = range(1, 1000)
    assert snapshot(table, numbers, 3)
    table = None
    assert cost(nor, lambda: CredentialTable(Partition(nor)))[0] < 8
    table = CredentialTable(Partition(nor))
    assert cost(nor, lambda: table.find(key(7))) == (1 + 43, 0, 0)
    assert cost(nor, lambda: table.find(key(7))) == (1, 0, 0)
    assert idle(table) == 2
    assert cost(nor, lambda: [table.find(key(n)) for n in numbers]) == (999, 0, 0)
    assert table.version == 3
