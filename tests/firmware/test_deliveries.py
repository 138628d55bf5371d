"""Parcels at a bank, from the courier's code to the recipient's, on a board that hears nothing from its cloud."""

from firmware.controller.code_entry import FULL
from firmware.controller.outputs import signal
from firmware.controller.points.why import ASKED
from tests.firmware.parcel_bench import BANK, KEYPAD, ParcelBench, deposit_code, long_code, pick_up_code


def test_a_parcel_is_put_in_and_taken_out_by_whoever_has_the_codes():
    bench = ParcelBench(stock=(1, 2))
    assert bench.type(deposit_code(1)) == []
    assert bench.type("1") == [1]
    assert bench.told() == []
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.told() == []
    bench.shut(1)
    assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]
    assert bench.type(pick_up_code(1)) == []
    assert bench.told() == [("CODE_WRONG", 0, 1, 0)]
    assert bench.put_in(2) == 1


def test_all_thirteen_digits_need_no_other_key():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    before = len(bench.locks.pulses)
    bench.keys(long_code(1))
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses[before:]] == [1]


def test_the_smallest_that_is_free_and_large_enough_and_a_larger_one_if_there_is_none():
    bench = ParcelBench(stock=range(1, 10))
    assert [bench.put_in(number, 1) for number in (1, 2, 3)] == [1, 2, 3]
    assert bench.put_in(4, 3) == 7
    assert bench.put_in(5, 1) == 4
    assert bench.put_in(6, 3) == 8
    bench.told()
    assert bench.deposit(7, 3) == []
    assert bench.told() == [("NO_ROOM", 0, 3, 7)]
    assert bench.put_in(7, 2) == 5
    assert bench.put_in(8, 1) == 6
    bench.told()
    shown = bench.shown()
    assert bench.type(deposit_code(9)) == []  # said before he unpacks
    assert shown[-1] == FULL and bench.told() == [("NO_ROOM", 0, 0, 9)]
    bench.type(pick_up_code(2))
    bench.shut(2)
    assert bench.put_in(9, 1) == 2


def test_a_leaf_that_was_shut_as_its_code_was_typed_is_not_picked_up():
    for late in (0, 200):  # milliseconds after the last key
        bench = ParcelBench(stock=(1,))
        bench.put_in(1)
        bench.bank.compartments.ask(1, ASKED)  # somebody else has it opened
        bench.run(2000)
        bench.told()
        bench.keys(pick_up_code(1))
        bench.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], "1011")
        bench.run(late)
        bench.locks.doors[0] = False
        bench.run(3000)
        assert bench.told() == [], "nobody has seen what lies in it"
        assert bench.type(pick_up_code(1)) == [1]
        bench.shut(1)
        assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]


def test_who_finds_it_open_takes_his_parcel_and_it_is_picked_up():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    bench.bank.compartments.ask(1, ASKED)
    bench.run(2000)
    bench.told()
    bench.type(pick_up_code(1))
    bench.run(2000)
    bench.shut(1)
    assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]


def test_low_ones_come_first_for_who_asked_for_one_and_last_for_all_others():
    bench = ParcelBench(stock=(8, 16, 24, 1, 2, 3, 4, 5), bank=dict(BANK, low=[2, 7]))  # SSSMMMLL
    assert bench.put_in(1, 1) == 1
    assert bench.put_in(8, 1) == 2
    assert bench.put_in(16, 1) == 7  # a larger one rather than one up there
    assert bench.put_in(24, 1) == 3  # all low ones are taken
    assert bench.put_in(2, 3) == 8


def test_a_low_one_goes_to_anybody_where_no_other_is_left():
    bench = ParcelBench(stock=(1, 2, 3), bank=dict(BANK, low=[1, 2]))
    assert [bench.put_in(number, 1) for number in (1, 2, 3)] == [3, 1, 2]


def test_a_size_that_no_compartment_has():
    bench = ParcelBench(stock=(1,), bank=dict(BANK, sizes="SSSSSSSM"))
    assert bench.deposit(1, 2) == [8]
    bench.shut(8)
    bench = ParcelBench(stock=(1,), bank=dict(BANK, sizes="SSSSSSSM"))
    shown = bench.shown()
    assert bench.deposit(1, 4) == []
    assert shown[-1] == FULL and bench.told() == [("NO_ROOM", 0, 4, 1)]


def test_what_is_typed_in_place_of_a_size():
    bench = ParcelBench(stock=(1, 2))
    shown = bench.shown()
    bench.type(deposit_code(1))
    for odd in ("0", "5", "9", "11"):
        assert bench.type(odd) == [] and shown[-1] == signal.MISREAD
    assert bench.type("1") == [1]
    bench.shut(1)
    bench.type(deposit_code(2))
    assert bench.type(pick_up_code(1)) == [1]  # somebody else types a code meanwhile
    bench.shut(1)
    assert bench.type("1") == []
    bench.type(deposit_code(2))
    bench.run(30000)
    assert bench.type("1") == []


def test_the_deposit_code_opens_it_again_for_two_minutes_after_it_was_shut():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    assert bench.deposit(1) == [1]
    bench.shut(1)
    bench.run(119000 - 2300)
    assert bench.deposit(1) == [1]
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)] * 3
    bench.run(121000)
    assert bench.deposit(1) == []
    assert bench.told() == [("CODE_WRONG", 0, 1, 0)]
    assert bench.type(pick_up_code(1)) == [1]


def test_with_another_size_he_gets_the_first_again_and_while_it_stands_open_another_one():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1, 1)
    assert bench.deposit(1, 3) == [1]  # his parcel lies there
    assert bench.deposit(1, 3) == [7]
    bench.shut(1)
    bench.shut(7)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1), ("DELIVERY_DEPOSITED", 7, 3, 1)]
    assert bench.put_in(2, 1) == 2
    bench = bench.again()
    assert bench.type(pick_up_code(1)) == [7]
    assert bench.type(pick_up_code(2)) == [2]


def test_another_size_while_the_first_stands_open():
    bench = ParcelBench(stock=(1, 2, 3))
    assert bench.deposit(1, 1) == [1]
    assert bench.deposit(1, 3) == [7]
    bench.shut(1)
    assert bench.told() == []
    bench.shut(7)
    assert bench.told() == [("DELIVERY_DEPOSITED", 7, 3, 1)]
    assert bench.deposit(1, 1) == [7]
    assert bench.deposit(1, 2) == []  # two are his
    bench.shut(7)
    bench.told()
    # Nobody knows in which of the two he put it: no other gets one of them, and the recipient is shown both.
    assert bench.put_in(2, 1) == 2
    assert bench.put_in(3, 3) == 8
    assert bench.type(pick_up_code(1)) == [7]
    before = len(bench.locks.pulses)
    bench.shut(7)
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses[before:]] == [1]
    assert ("DELIVERY_PICKED_UP", 7, 0, 1) not in bench.told()
    bench.shut(1)
    assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]
    assert bench.type(pick_up_code(1)) == []


def test_where_no_other_size_is_free_the_first_one_stays_his():
    bench = ParcelBench(stock=(1, 2, 3))
    bench.put_in(1, 1)
    assert [bench.put_in(number, 3) for number in (2, 3)] == [7, 8]
    assert bench.deposit(1, 3) == [1]
    assert bench.deposit(1, 3) == []
    bench.shut(1)
    assert bench.type(pick_up_code(1)) == [1]


def test_one_that_jams_with_his_parcel_in_it_stays_his_beside_another():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    bench.locks.jams = {1}
    assert bench.deposit(1) == [1]
    bench.run(6000)
    for _ in range(2):
        assert bench.deposit(1) == [2]
        bench.shut(2)
    bench.locks.jams = set()
    bench = bench.again()
    assert bench.put_in(2) == 3
    assert bench.type(pick_up_code(1)) == [2]
    bench.shut(2)
    bench.run(1000)
    assert bench.locks.pulses[-1][0] == 1
    bench.shut(1)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)


def test_where_a_larger_one_jams_the_first_is_his_again():
    bench = ParcelBench(stock=(1,), bank=dict(BANK, sizes="SSSMMMMX"))
    assert bench.deposit(1) == [1]
    bench.locks.jams = {8}
    bench.deposit(1, 4)
    bench.run(6000)
    bench.shut(1)
    assert bench.told() == [("NO_ROOM", 8, 4, 1), ("DELIVERY_DEPOSITED", 1, 4, 1)]
    assert bench.deposit(1) == [1]
    bench.shut(1)
    assert bench.type(pick_up_code(1)) == [1]


def test_one_that_jams_at_a_deposit_gives_the_next_and_goes_out_of_use():
    bench = ParcelBench(stock=(1, 2))
    bench.locks.jams = {1, 2}
    bench.deposit(1)
    bench.run(12000)
    assert [lock for lock, _ in bench.locks.pulses] == [1, 1, 2, 2, 3]
    bench.shut(3)
    assert bench.told() == [("DELIVERY_DEPOSITED", 3, 1, 1)]
    assert bench.put_in(2) == 4
    assert bench.type(pick_up_code(1)) == [3]


def test_where_everything_jams_the_delivery_begins_anew_later():
    bench = ParcelBench(stock=(1,), bank=dict(BANK, sizes="SSSMMMLX"))
    shown = bench.shown()
    bench.locks.jams = {8}
    bench.deposit(1, 4)
    bench.run(6000)
    assert shown[-1] == FULL and bench.told() == [("NO_ROOM", 8, 4, 1)]
    assert bench.type(pick_up_code(1)) == []  # no parcel lies there
    bench = bench.again()
    assert bench.deposit(1, 3) == [7]
    bench.shut(7)
    assert bench.type(pick_up_code(1)) == [7]


def test_one_that_jams_at_a_pick_up_is_waited_for():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    bench.locks.jams = {1}
    shown = bench.shown()
    bench.type(pick_up_code(1))
    bench.run(6000)
    assert shown[-1] == FULL
    bench.locks.jams = set()
    assert bench.type(pick_up_code(1)) == [1]
    bench.shut(1)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)


def test_the_code_typed_twice_at_an_open_door_is_one_opening():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.type(pick_up_code(1)) == []
    bench.shut(1)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)


def test_what_the_recipient_types_while_the_courier_has_it_open_is_no_pick_up():
    bench = ParcelBench(stock=(1,))
    assert bench.deposit(1) == [1]
    assert bench.type(pick_up_code(1)) == []
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.deposit(1) == []  # nor does the courier get it back meanwhile
    bench.shut(1)
    assert bench.told() == [("CODE_WRONG", 0, 1, 0), ("DELIVERY_PICKED_UP", 1, 0, 1)]


def test_two_couriers_at_once():
    bench = ParcelBench(stock=(1, 2))
    assert bench.deposit(1) == [1]
    assert bench.deposit(2) == [2]
    bench.shut(2)
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 2, 1, 2), ("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.type(pick_up_code(2)) == [2]


def test_whoever_types_again_while_he_waits_gets_one_compartment():
    bench = ParcelBench(stock=(1,))
    bench.type(deposit_code(1))
    for lock in range(5, 9):
        bench.bank.compartments.ask(lock, 1)
    for size in "12":
        bench.keys(size + "#" + deposit_code(1) + "#")
    bench.run(5000)
    assert [lock for lock, _ in bench.locks.pulses] == [5, 6, 7, 8, 1]


def test_one_that_stands_open_is_given_to_nobody():
    bench = ParcelBench(stock=(1,))
    bench.locks.doors[0] = True
    bench.run(500)
    assert bench.put_in(1) == 2


def test_without_a_clock_codes_work_all_the_same():
    bench = ParcelBench(known=False, stock=(1,))
    assert bench.put_in(1) == 1
    assert bench.type(pick_up_code(1)) == [1]


def test_a_command_that_opens_all_ends_no_delivery():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    bench.bank.compartments.ask_all()
    bench.run(10000)
    for lock in range(1, 9):
        bench.shut(lock)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.type(pick_up_code(1)) == [1]


def test_a_bank_that_was_made_smaller_keeps_what_lies_in_what_it_no_longer_has_and_says_so():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1, 3)
    bench.put_in(2, 1)
    smaller = dict(BANK, sizes="SSSM", locks=dict(BANK["locks"], locks=4))
    bench = bench.again(bank=smaller)
    assert ("DELIVERY_STRANDED", 7, 3, 1) in bench.told_ever()
    assert bench.type(pick_up_code(1)) == []
    assert bench.told() == []  # it is no wrong code
    assert bench.type(pick_up_code(2)) == [1]
    bench.shut(1)
    bench = bench.again()
    assert bench.type(pick_up_code(1)) == [7]


def test_a_keypad_that_is_a_doors_opens_the_door_with_cards_and_compartments_with_codes():
    bench = ParcelBench(stock=(1,), bank=dict(BANK, keypad={"door": 1}))
    bench.give(12, 345)
    bench.tap(12, 345)
    assert bench.strike() == 1
    for letter in deposit_code(1) + "#" + "1#":
        bits = "{:04b}".format({"#": 11}.get(letter) or int(letter))
        bench.swipe(bits)
        bench.run(100)
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses] == [1]


def test_no_flash_is_erased_while_a_key_comes_in():
    bench = ParcelBench()
    assert bench.loop.quiet()
    bench.chip.pulse(KEYPAD["d0"])
    assert not bench.loop.quiet()


def test_what_a_compartment_takes_of_the_heap():
    parcels = ParcelBench().bank._parcels.deliveries
    each = [value for value in parcels.__dict__.values() if isinstance(value, (bytes, bytearray)) and len(value) == 8]
    assert len(each) == 2  # bytes a compartment; beside them what runs, and the stock's 512


def test_whoever_has_typed_nearly_a_code_finds_the_lock_boards_ready_for_it():
    bench = ParcelBench(stock=(1,))
    said = []
    bench.bank._parcels.deliveries.expect = said.append
    digits = deposit_code(1)
    bench.keys(digits[:9])
    assert said == []
    bench.keys("*" + digits)
    assert len(said) == 1
    bench.keys("#1#")
    bench.run(1000)
    assert len(said) == 2 and [lock for lock, _ in bench.locks.pulses] == [1]  # the size
    bench.keys("1" * 9 + "*" + "1" * 9 + "#")
    assert len(said) == 2
