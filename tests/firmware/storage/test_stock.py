"""The stock of a bank: what was set survives every power cut, and no key outlives its delivery."""

from firmware.controller.access.codes import SLOTS
from firmware.controller.events import FLASH_FOREIGN, NOT_SAVED, SECTOR_BAD
from firmware.controller.storage.sectors import faults
from firmware.controller.storage.stock import ENDED, HELD, LIES, Delivery, Stock
from sim.mcu.flash import SECTOR, PowerCut
from tests.firmware.helper import STRIDE, raises
from tests.firmware.storage.bench import Partition, cost, damage, flash, flip

SECTORS = 6


def key(number):
    return b"key of %8d " % number


def held(number):
    return delivery(number, HELD)


def delivery(number, state, compartment=0, size=0):
    made = Delivery()
    made.number, made.state, made.key = number, state, key(number)
    made.compartment, made.size = compartment, size
    return made


def told(one):
    return one.number, one.state, one.compartment, one.size, bytes(one.key)


def find(nor, text):
    """Whether these bytes lie anywhere on flash."""
    piece = bytearray(512 + 32)
    for at in range(0, nor.size - 32, 512):
        part = memoryview(piece)[: min(len(piece), nor.size - at)]
        nor.peek(at, part)
        if text in bytes(part):
            return True
    return False


def test_a_slot_that_was_never_set_has_no_delivery():
    stock = Stock(Partition(flash(SECTORS)))
    assert stock.get(9).number == 0
    raises(ValueError, lambda: Stock(Partition(flash(SECTORS - 1))))


def test_what_was_set_survives():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    for number in range(1, 6):
        stock.set(held(number))
    stock.set(delivery(3, LIES, 12, 2))
    stock.set(delivery(4, ENDED))
    stock.set(held(5 + SLOTS))
    for same in (stock, Stock(Partition(nor))):
        assert told(same.get(1)) == (1, HELD, 0, 0, key(1))
        assert told(same.get(3)) == (3, LIES, 12, 2, key(3))
        assert told(same.get(4)) == (4, ENDED, 0, 0, bytes(16))
        assert told(same.get(5)) == (5 + SLOTS, HELD, 0, 0, key(5 + SLOTS))


def test_a_key_is_gone_from_the_flash_when_its_delivery_has_ended():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    stock.set(held(7))
    stock.set(delivery(7, LIES, 1, 1))
    assert find(nor, key(7))
    stock.set(delivery(7, ENDED, 1, 1))
    assert not find(nor, key(7))
    stock.set(held(8))
    stock.set(held(8 + SLOTS))
    assert not find(nor, key(8))


def test_a_change_is_two_programs_read_back_and_no_erase():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    stock.set(held(1))
    while stock.prepare():
        pass
    assert cost(nor, lambda: stock.set(delivery(1, LIES, 1, 1))) == (2, 2, 0)


def test_it_goes_on_for_ever_with_all_slots_in_use_and_erases_in_idle_moments():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    numbers = list(range(SLOTS, 2 * SLOTS))
    for number in numbers:
        stock.set(held(number))
    lies, erases = {}, 0
    for turn in range(700):
        slot = turn * 77 % SLOTS
        if slot in lies:
            del lies[slot]
            stock.set(delivery(numbers[slot], ENDED))
            numbers[slot] += SLOTS
            stock.set(held(numbers[slot]))
        else:
            lies[slot] = turn % 128
            erases -= nor.erases
            stock.set(delivery(numbers[slot], LIES, lies[slot], 1))
            erases += nor.erases
        for _ in range(20):
            stock.prepare()
        if turn % 100 == 0:
            stock = Stock(Partition(nor))
    assert not erases
    for slot in range(SLOTS):
        one = stock.get(slot)
        assert (one.number, one.state) == (numbers[slot], LIES if slot in lies else HELD)
        assert one.compartment == lies.get(slot, 0)


def test_it_makes_room_by_itself_where_no_idle_moment_comes():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    numbers = list(range(SLOTS, 2 * SLOTS))
    for number in numbers:
        stock.set(held(number))
    chance = 1
    for _ in range(900):
        chance = chance * 16807 % 2147483647
        slot = chance >> 5 & 255
        numbers[slot] += SLOTS
        stock.set(held(numbers[slot]))
    again = Stock(Partition(nor))
    for slot in range(SLOTS):
        assert told(again.get(slot)) == (numbers[slot], HELD, 0, 0, key(numbers[slot]))


def test_slots_that_were_never_used_are_not_waited_for():
    stock = Stock(Partition(flash(SECTORS + 1)))
    numbers = {}
    chance = 1
    for _ in range(1500):
        chance = chance * 16807 % 2147483647
        slot = 1 + (chance >> 5) % 251
        numbers[slot] = numbers.get(slot, slot) + SLOTS
        stock.set(held(numbers[slot]))
    assert all(stock.get(slot).number == number for slot, number in numbers.items())


class Cut:
    """The power goes in the program or erase of that number, after so many bytes of it."""

    def __init__(self, nor, after, done):
        self._left, self._done = after, done
        nor.fault = self.fault

    def fault(self, op, offset, length):
        if op == "read":
            return None
        self._left -= 1
        return None if self._left >= 0 else min(self._done, length) if op == "program" else self._done * SECTOR // 32


def test_a_power_cut_in_any_flash_operation_leaves_the_old_or_the_new_and_no_key_of_the_past():
    """Through a life of a delivery, with a sector that is full on the way."""
    for filled in (0, 121):
        for after in range(12):
            for done in (0, 5, 9, 17, 31, 32):
                _a_life_with_a_cut(filled, after, done)


def _a_life_with_a_cut(filled, after, done):
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    for n in range(filled):
        stock.set(held(2 + n % 20 + n // 20 * SLOTS))
    steps = [held(1), delivery(1, LIES, 5, 2), delivery(1, LIES, 6, 3), delivery(1, ENDED, 6, 3), held(1 + SLOTS)]
    last, coming = Delivery(), None
    Cut(nor, after, done)
    try:
        for coming in steps:
            stock.set(coming)
            last = coming
    except PowerCut:
        pass
    nor.fault = None
    stock = Stock(Partition(nor))
    found = told(stock.get(1))
    assert found in (told(last), told(coming)), (filled, after, done)
    assert find(nor, key(1)) == (found[1] != ENDED and found[0] == 1), (filled, after, done)
    again = Stock(Partition(nor))
    assert told(again.get(1)) == found
    for n in range(max(0, filled - 20), filled):
        number = 2 + n % 20 + n // 20 * SLOTS
        assert told(again.get(number % SLOTS)) == (number, HELD, 0, 0, key(number))
    again.set(held(1 + 2 * SLOTS))
    assert Stock(Partition(nor)).get(1).number == 1 + 2 * SLOTS


def test_a_bit_that_turned_over_is_turned_back_and_two_open_nothing():
    nor = flash(SECTORS)
    stock = Stock(Partition(nor))
    stock.set(held(1))
    stock.set(held(2))
    for at in range(0, 32 * 8, STRIDE):
        flip(nor, stock._places[1] * 32 + at // 8, at % 8)
        stock = Stock(Partition(nor))
        assert told(stock.get(1)) == (1, HELD, 0, 0, key(1)), at
    flip(nor, stock._places[1] * 32 + 11)
    assert told(stock.get(1)) == (1, HELD, 0, 0, key(1))
    damage(nor, stock._places[2] * 32 + 9)
    for same in (stock, Stock(Partition(nor))):
        assert same.get(2).number == 0
        assert told(same.get(1)) == (1, HELD, 0, 0, key(1))


class Worn(Partition):
    """Sectors that take nothing."""

    worn = ()

    def writeblocks(self, n, buf, offset):
        if n not in self.worn:
            super().writeblocks(n, buf, offset)


def test_a_worn_sector_is_left_out_and_told():
    faults.clear()
    nor = flash(SECTORS + 1)
    partition = Worn(nor)
    partition.worn = (2,)
    stock = Stock(partition)
    for number in range(1, 1200):
        stock.set(held(number))
    assert (SECTOR_BAD, 66) in faults
    again = Stock(partition)
    for number in range(1200 - SLOTS, 1200):
        assert again.get(number % SLOTS).number == number
    faults.clear()
    partition.worn = tuple(range(SECTORS + 1))
    stock = Stock(partition)
    stock.set(held(5000))
    assert stock.is_worn and (NOT_SAVED, 4) in faults
    assert stock.get(1).number == 0 and not stock.prepare()
    faults.clear()


def test_what_somebody_else_left_there_is_told_and_begun_anew():
    faults.clear()
    nor = flash(SECTORS)
    nor.poke(0, b"somebody else's")
    stock = Stock(Partition(nor))
    stock.set(held(1))
    assert faults == [(FLASH_FOREIGN, 66)]
    faults.clear()
