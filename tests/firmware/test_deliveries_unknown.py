"""What a bank cannot know counts as taken: contacts that are not read, records that are lost, flash that is worn."""

from firmware.controller import ticks
from firmware.controller.events import NOT_SAVED
from firmware.controller.points.why import ASKED
from firmware.controller.storage.stock import LIES
from tests.firmware.parcel_bench import ParcelBench, deposit_code, flash, pick_up_code


class Cable:
    """Of one compartment: cut when its lock has moved, so nobody can read whether it opened."""

    def __init__(self, bench, compartment=1):
        self.cut, self._of = False, compartment
        line = bench.bank.line
        self._is_open, self._unlock = line.is_open, line.unlock
        line.is_open, line.unlock = self.is_open, self.unlock

    def unlock(self, n, now):
        self.cut = self.cut or n == self._of
        return self._unlock(n, now)

    def is_open(self, n):
        return None if self.cut and n == self._of else self._is_open(n)


def popped(bench, act):
    before = len(bench.locks.pulses)
    act()
    bench.run(3000)
    return [lock for lock, _ in bench.locks.pulses[before:]]


def fetch(bench, number):
    """All that a recipient is shown, each shut in turn. Which ones."""
    shown = popped(bench, lambda: bench.type(pick_up_code(number)))
    for lock in shown:
        shown += popped(bench, lambda lock=lock: bench.shut(lock))
    return shown


def test_one_whose_contact_is_not_read_at_the_deposit_stays_his_beside_the_next():
    bench = ParcelBench(stock=(1, 2))
    Cable(bench)
    assert popped(bench, lambda: bench.deposit(1)) == [1, 2]
    bench.shut(1)
    bench.shut(2)
    assert bench.told() == [("DELIVERY_DEPOSITED", 2, 1, 1)]
    bench = bench.again()
    assert bench.put_in(2) == 3
    assert fetch(bench, 1) == [2, 1]
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)
    assert fetch(bench, 2) == [3]


def test_a_code_opens_nothing_where_nobody_can_read_that_it_still_stands_open():
    bench = ParcelBench(stock=(1,))
    assert bench.put_in(1) == 1
    bench.bank.compartments.ask(1, ASKED)
    bench.run(2000)
    cable = Cable(bench)
    cable.cut = bench.bank.line.news = True
    bench.locks.doors[0] = False
    bench.run(1000)
    assert bench.type(pick_up_code(1)) == []
    cable.cut, cable._of, bench.bank.line.news = False, 0, True
    bench.run(2000)
    assert [event[0] for event in bench.told()] == ["DELIVERY_DEPOSITED"]
    assert fetch(bench, 1) == [1]
    assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]


def test_where_there_is_no_other_its_contact_tells_when_it_is_read_again():
    assert deposited_when_read_again(stands_open=True) == 1
    assert deposited_when_read_again(stands_open=False) == 129


def deposited_when_read_again(stands_open):
    """What is said of the size."""
    bench = ParcelBench(stock=range(1, 9))
    for number in range(2, 9):
        bench.put_in(number, 1)
    (freed,) = set(range(1, 9)) - {event[1] for event in bench.told()}
    cable = Cable(bench, freed)
    assert popped(bench, lambda: bench.deposit(1)) == [freed]
    assert bench.told() == [("NO_ROOM", 0, 1, 1)]
    bench.locks.doors[freed - 1] = stands_open
    cable.cut = False
    bench.bank.line.news = True  # as when it is read again
    bench.run(1000)
    bench.shut(freed)
    ((code, compartment, size, number),) = bench.told()
    assert (code, compartment, number) == ("DELIVERY_DEPOSITED", freed, 1)
    assert fetch(bench, 1) == [freed]
    return size


def test_a_bus_that_is_cut_as_the_recipient_opens_takes_nothing_from_him():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    cable = Cable(bench)
    bench.told()
    assert popped(bench, lambda: bench.type(pick_up_code(1))) == [1], "one pulse, whatever became of it"
    bench.run(5000)
    assert bench.told() == [] and bench.bank.compartments.out_of_use(1)
    assert bench.put_in(2) == 2, "nobody else gets what may be full"
    cable.cut = cable._of = False
    bench.run(1000)
    assert bench.type(pick_up_code(1)) == [1], "he comes again when it is mended"
    bench.shut(1)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)


def test_one_that_stood_open_for_a_week_after_its_code_was_picked_up_all_the_same():
    """A tick is good for six days: what was kept longer lay in the future."""
    bench = ParcelBench(stock=(1,))
    compartment = bench.put_in(1)
    bench.bank.compartments.ask(compartment, ASKED)
    bench.run(3000)
    assert bench.type(pick_up_code(1)) == [], "it stands open"
    for _ in range(4):
        bench.run(5000)
        bench.chip.now = ticks.add(bench.chip.now, 172800000)
    bench.shut(compartment)
    bench.run(2000)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", compartment, 0, 1)


def test_whatever_was_out_of_use_is_so_after_a_start_until_it_opened_and_was_shut():
    bench = ParcelBench(stock=(1, 2, 3))
    bench.locks.jams = {1}
    assert popped(bench, lambda: bench.deposit(1)) == [1, 1, 2]
    bench.shut(2)
    bench.locks.jams = set()
    bench = bench.again()
    assert bench.put_in(2) == 3
    bench.bank.compartments.ask(1, 1)
    bench.run(1000)
    bench.shut(1)
    bench = bench.again()
    assert bench.put_in(3) == 1


def test_where_one_of_two_jams_the_recipient_is_shown_the_other_first():
    bench = ParcelBench(stock=(1,))
    assert bench.deposit(1, 1) + bench.deposit(1, 3) == [1, 7]
    bench.shut(1)
    bench.shut(7)
    bench.locks.jams = {7}
    assert popped(bench, lambda: bench.type(pick_up_code(1)) and bench.run(3000)) == [7, 7, 1]
    assert set(popped(bench, lambda: bench.shut(1) or bench.run(3000))) == {7}
    bench.locks.jams = set()
    assert fetch(bench, 1) == [7]
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 7, 0, 1)


def test_two_that_stand_open_at_a_power_cut_both_have_their_ending():
    bench = ParcelBench(stock=(1, 2, 3))
    bench.put_in(1)
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.deposit(2) == [2]
    bench.type(deposit_code(3))
    bench = bench.again()
    bench.shut(1)
    bench.shut(2)
    assert [event for event in bench.told_ever() if event[3] == 1][-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)
    assert bench.type(pick_up_code(1)) == []
    assert bench.type(pick_up_code(2)) == [2]


def test_what_a_courier_had_open_once_more_at_a_power_cut_is_no_pick_up():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    assert bench.deposit(1) == [1]
    bench = bench.again()
    bench.type(pick_up_code(1))
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.put_in(2) == 2
    assert fetch(bench, 1) == [1]


def test_one_whose_record_is_lost_is_told_and_given_to_nobody_until_somebody_looked_into_it():
    bench = ParcelBench(stock=(1, 2, 3))
    bench.put_in(1)
    place = bench.bank._parcels.deliveries.stock._places[1]
    bench.flash["bank"].poke(place * 32 + 8, b"\xff\x00")
    bench = bench.again()
    assert bench.told_ever()[-1] == ("DELIVERY_STRANDED", 1, 1, 1)
    assert bench.type(pick_up_code(1)) == []
    assert bench.put_in(2) == 2
    bench.bank.compartments.ask(1, 1)
    bench.run(1000)
    bench.shut(1)
    bench = bench.again()  # told once
    assert [event[0] for event in bench.told_ever()].count("DELIVERY_STRANDED") == 1
    assert bench.put_in(3) == 1


def test_so_are_both_where_he_had_two():
    bench = ParcelBench(stock=(1, 2, 3))
    assert bench.deposit(1, 1) + bench.deposit(1, 3) == [1, 7]
    bench.shut(1)
    bench.shut(7)
    place = bench.bank._parcels.deliveries.stock._places[1]
    bench.flash["bank"].poke(place * 32 + 8, b"\xff\x00")
    for _ in range(2):
        bench = bench.again()
        told = [event[:2] for event in bench.told_ever() if event[0] == "DELIVERY_STRANDED"]
        assert told == [("DELIVERY_STRANDED", 7), ("DELIVERY_STRANDED", 1)]
    assert bench.put_in(2, 1) == 2
    assert bench.put_in(3, 3) == 8


def test_so_is_one_whose_key_came_again():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    place = bench.bank._parcels.deliveries.stock._places[1]
    bench.flash["bank"].poke(place * 32 + 8, b"\xff\x00")
    bench.stock_comes(1)
    bench = bench.again()
    assert bench.told_ever()[-1] == ("DELIVERY_STRANDED", 1, 1, 1)
    assert bench.put_in(2) == 2


def worn(op, offset, length):
    if op != "read":
        raise OSError("worn")


def test_worn_flash_takes_the_bank_out_of_use_and_no_door():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    bench.flash["bank"].fault = worn
    assert bench.deposit(2) == []
    assert (NOT_SAVED, 0, 4) in [event[:3] for event in bench.events()]
    assert bench.type(pick_up_code(1)) == []
    bench.stock_comes(3)
    bench.run(5000)
    bench.give(12, 345)
    bench.tap(12, 345)
    assert bench.strike() == 1
    bench.bank.compartments.ask(1, 1)
    bench.run(1000)
    bench.shut(1)  # somebody who may gives out what lies there
    bench.bank.compartments.ask(2, 1)
    bench.run(1000)
    assert bench.locks.doors[1]
    bench = bench.again()
    bench.run(5000)
    assert bench.bank._parcels.deliveries.stock.get(1).state == LIES


def test_a_parcel_that_was_taken_out_as_the_flash_wore_out_was_picked_up():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    assert bench.type(pick_up_code(1)) == [1]
    bench.flash["bank"].fault = worn
    bench.shut(1)
    assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)
    bench = bench.again()
    assert bench.type(pick_up_code(1)) == []


def test_flash_that_was_never_any_good():
    bad = flash()
    bad["bank"].fault = worn
    bench = ParcelBench(bad, stock=(1,))
    assert bench.deposit(1) == []
