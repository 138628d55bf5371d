"""Shared compartments: who has none takes one with their own card; it is theirs until they leave or its time ends."""

from firmware.controller import clock, ticks
from firmware.controller import events as codes
from firmware.controller.code_entry import FULL
from firmware.controller.outputs import patterns, signal
from firmware.controller.points.why import LEFT, OWN
from firmware.controller.records import until_minutes
from sim.mcu.flash import PowerCut
from tests.firmware.bench import frame26
from tests.firmware.card_bench import KARI, NILS, OLA, CardBench, card, entry
from tests.firmware.controller_bench import UTC
from tests.firmware.parcel_bench import KEYPAD, deposit_code

MIDNIGHT = 0  # until that minute of the day
DAY_MS = 86400000


def shared(number, mark=5, until=MIDNIGHT):
    return entry(number, mark, kind=2, until=until)


def taken(bench):
    """[(compartment, turn, key)] of those that were taken, and [(compartment, turn)] of those that were free again."""
    took = [event[1:] for event in bench.last_events(codes.ALLOTMENT_TAKEN)]
    return took, [event[1:3] for event in bench.last_events(codes.ALLOTMENT_FREE)]


def leaves(bench, who):
    bench.type("0")
    return bench.tap_bank(who)


def test_who_has_none_takes_the_smallest_that_is_free_and_opens_it_again_and_again():
    bench = CardBench()
    bench.allot(shared(7), shared(3))
    assert bench.tap_bank(KARI) == [3]
    assert taken(bench) == ([(3, 1, card(KARI))], [])
    assert bench.last_events(codes.COMPARTMENT_RELEASED) == [(codes.COMPARTMENT_RELEASED, 3, OWN, card(KARI))]
    for _ in range(2):
        bench.shut(3)
        assert bench.tap_bank(KARI) == [3]
    assert bench.tap_bank(OLA) == [7]
    bench.shut(7)
    assert bench.tap_bank(NILS) == [], "none is left"
    assert bench.last_events(codes.ALLOTMENT_NONE) == [(codes.ALLOTMENT_NONE, 0, 1, card(NILS))]
    assert len(taken(bench)[0]) == 2


def test_what_is_taken_is_on_the_log_before_the_lock_moves():
    bench = CardBench()
    bench.allot(shared(3))
    seen = []
    bench.locks.opened = lambda lock, now_us: seen.append(taken(bench)[0])
    bench.tap_bank(KARI)
    assert seen == [[(3, 1, card(KARI))]]


def test_two_at_the_same_moment_each_get_their_own():
    bench = CardBench()
    bench.allot(shared(1), shared(2), shared(4))
    bench.bank.compartments._next = ticks.add(clock.now(), 3000)  # locks wait for the supply
    assert bench.tap_bank(KARI, wait=200) == []
    before = len(bench.locks.pulses)
    bench.tap_bank(OLA, wait=200)
    bench.run(6000)
    assert sorted(lock for lock, _ in bench.locks.pulses[before:]) == [1, 2]
    assert [one[0] for one in taken(bench)[0]] == [1, 2]


def test_who_leaves_says_so_with_a_key_and_it_is_free_when_it_was_shut():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    shown = bench.shown()
    bench.type("0")
    assert shown[-1] == patterns.ARMED
    assert bench.tap_bank(KARI) == [3]
    assert bench.last_events(codes.COMPARTMENT_RELEASED)[-1][2] == LEFT
    assert bench.tap_bank(OLA) == [], "it stands open still"
    bench.shut(3)
    assert taken(bench)[1] == [(3, 1)]
    assert bench.tap_bank(OLA) == [3]
    assert taken(bench)[0][-1] == (3, 2, card(OLA))
    assert not bench.lies_on_flash(card(KARI)), "a key of the past is on flash"


def test_who_leaves_while_it_stands_open_and_who_has_none_to_leave():
    bench = CardBench()
    bench.allot(shared(3), entry(5, 9, OLA))
    bench.tap_bank(KARI)
    bench.run(2000)
    assert leaves(bench, KARI) == []
    bench.shut(3)
    assert taken(bench)[1] == [(3, 1)]
    for who in (OLA, NILS):  # a compartment of one's own is not left so
        assert leaves(bench, who) == []
        assert bench.last_events(codes.ALLOTMENT_NONE)[-1][1:] == (0, 1, card(who))
    assert bench.tap_bank(OLA) == [5]


def test_who_holds_the_card_there_again_before_it_is_shut_has_not_left():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    assert leaves(bench, KARI) == [3]
    bench.tap_bank(KARI)
    bench.shut(3)
    assert taken(bench)[1] == [] and bench.tap_bank(OLA) == []
    assert bench.tap_bank(KARI) == [3]


def test_the_key_of_who_leaves_counts_for_a_while_and_for_one_card():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    bench.type("0")
    bench.run(20000)
    assert bench.tap_bank(KARI) == [3]
    bench.shut(3)
    assert taken(bench)[1] == []
    bench.type("0")
    bench.tap_bank(OLA)
    assert bench.tap_bank(KARI) == [3]
    bench.shut(3)
    assert taken(bench)[1] == []


def test_when_the_day_ends_it_opens_to_nobody_but_who_leaves_and_is_free_no_sooner():
    bench = CardBench()
    minute = until_minutes(UTC) % 1440
    bench.allot(shared(3, until=(minute + 2) % 1440))
    bench.tap_bank(KARI)
    bench.shut(3)
    assert bench.tap_bank(KARI) == [3]
    bench.shut(3)
    bench.run(180000)
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.ALLOTMENT_NONE)[-1] == (codes.ALLOTMENT_NONE, 3, 2, card(KARI))
    assert bench.tap_bank(OLA) == [], "what lies there is Kari's"
    assert leaves(bench, KARI) == [3]
    bench.shut(3)
    assert bench.tap_bank(OLA) == [3]


def test_for_so_many_minutes():
    bench = CardBench()
    bench.allot(shared(3, until=1440 + 3))
    bench.tap_bank(KARI)
    bench.shut(3)
    bench.run(110000)
    assert bench.tap_bank(KARI) == [3]
    bench.shut(3)
    bench.run(120000)
    assert bench.tap_bank(KARI) == []


def test_without_a_clock_nothing_is_taken_and_what_was_opens():
    bench = CardBench()
    bench.allot(shared(3), shared(4))
    bench.tap_bank(KARI)
    bench.shut(3)
    bench = bench.again(known=False)
    assert bench.tap_bank(OLA) == []
    assert bench.last_events(codes.ALLOTMENT_NONE)[-1][1:3] == (0, 3)
    assert bench.tap_bank(KARI) == [3]
    bench.shut(3)
    assert leaves(bench, KARI) == [3]


def test_one_that_jams_gives_the_next_and_is_nobodys():
    bench = CardBench()
    bench.allot(shared(1), shared(2))
    bench.locks.jams = {1}
    bench.tap_bank(KARI, wait=8000)
    assert bench.locks.doors[1] and not bench.locks.doors[0]
    assert [one[0] for one in taken(bench)[0]] == [1, 2] and taken(bench)[1] == [(1, 1)]
    bench.shut(2)
    shown = bench.shown()
    bench.locks.jams = {1, 3}
    bench.allot(shared(3, mark=8))
    bench.tap_bank(OLA, wait=8000)
    assert shown[-1] == FULL and taken(bench)[1][-1] == (3, 1)
    assert bench.tap_bank(KARI) == [2]


def test_it_stays_whose_it_is_over_a_start_and_whatever_the_cloud_says_of_how_long():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    bench = bench.again()
    crc = bench.marks()[0]
    bench.allot(shared(3, until=60))
    assert bench.marks()[0] != crc
    assert bench.tap_bank(OLA) == [] and bench.tap_bank(KARI) == [3]
    bench.shut(3)
    assert bench.marks()[1][2] == 5


def test_what_was_taken_changes_nothing_that_the_cloud_compares():
    bench = CardBench()
    bench.allot(shared(3))
    before = bench.marks()
    bench.tap_bank(KARI)
    bench.shut(3)
    assert bench.marks() == before


def test_a_shared_one_that_is_taken_back_is_nobodys_and_its_key_is_gone():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    bench.allot(entry(3, 5, kind=0, until=1))
    assert bench.tap_bank(KARI) == [] and not bench.lies_on_flash(card(KARI))


def test_whoever_takes_it_back_and_did_not_know_that_it_is_taken_gets_it_when_it_was_left():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    for turn in (0, 2):
        bench.allot(entry(3, 5, kind=0, until=turn))
        assert bench.tap_bank(KARI) == [3], "their things lie there"
        bench.shut(3)
    leaves(bench, KARI)
    bench.shut(3)
    bench.allot(entry(3, 5, kind=0, until=0))
    assert bench.tap_bank(OLA) == [] and bench.marks()[1][2] == 0


def test_somebody_has_looked_into_it():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI)
    bench.shut(3)
    assert bench.command("empty", compartment=3, turn=2) == "refused", "another time was meant"
    assert bench.tap_bank(OLA) == []
    assert bench.command("empty", compartment=3, turn=1) == "done"
    assert taken(bench)[1] == [(3, 1)]
    assert bench.command("empty", compartment=3, turn=1) == "done", "it is free, and that is told once more"
    assert taken(bench)[1] == [(3, 1), (3, 1)]
    for odd in (0, 9, True, None, "3"):
        assert bench.command("empty", compartment=odd, turn=1) == "refused"
    for odd in (0, 256, True, None, "1"):
        assert bench.command("empty", compartment=3, turn=odd) == "refused"
    assert bench.tap_bank(OLA) == [3]


def test_who_looked_into_one_that_is_free_since_a_power_cut_is_told_so():
    """What was taken is on the log, and the power went before it was on flash: who administrates sees it as taken."""
    bench = CardBench()
    bench.allot(shared(3))

    def fault(op, offset, length):
        return None if op == "read" else 0

    bench.flash["bank"].fault = fault
    try:
        bench.tap_bank(KARI)
        raise AssertionError("the power did not go")
    except PowerCut:
        bench.flash["bank"].fault = None
    bench = bench.again()
    assert taken(bench) == ([(3, 1, card(KARI))], [])
    assert bench.command("empty", compartment=3, turn=1) == "done"
    assert taken(bench)[1] == [(3, 1)]
    assert bench.tap_bank(OLA) == [3]
    assert taken(bench)[0][-1] == (3, 1, card(OLA))


def test_what_opened_though_its_contact_proves_nothing_is_not_free_when_it_jams_later():
    bench = CardBench()
    bench.allot(shared(3), shared(7))
    bench.bank.compartments._next = ticks.add(clock.now(), 3000)  # it waits for the supply
    assert bench.tap_bank(KARI, wait=200) == []
    bench.locks.doors[2] = True  # somebody pulls at it; or its contact lies
    bench.run(6000)
    assert bench.last_events(codes.COMPARTMENT_BLIND), "it stands open, and she puts her things in"
    bench.shut(3)
    bench.locks.jams.add(3)
    bench.tap_bank(KARI)
    bench.run(8000)
    assert bench.last_events(codes.COMPARTMENT_STUCK) and taken(bench)[1] == []
    bench.locks.jams.clear()
    assert bench.tap_bank(KARI) == [3]


def test_a_card_that_may_not_pass_the_door_of_the_bank_takes_nothing():
    bench = CardBench(rules={"version": 1, "profiles": {"7": [1], "8": []}, "doors": {}})
    bench.allot(shared(3))
    bench.give(17, OLA, profile=8)
    assert bench.tap_bank(OLA) == [] and taken(bench) == ([], [])


def test_a_parcel_never_comes_into_a_shared_one_and_none_with_a_parcel_is_taken():
    bench = CardBench()
    bench.stock_comes(1, 2)
    bench.allot(shared(1))
    assert bench.put_in(1) == 2
    bench.allot(shared(2, mark=9))
    assert bench.tap_bank(KARI) == [1]
    bench.shut(1)
    assert bench.tap_bank(OLA) == []


def test_a_card_held_there_after_the_key_leaves_nothing_by_itself():
    bench = CardBench()
    bench.allot(shared(3))
    bench.tap_bank(KARI, wait=300)
    bench.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], frame26(17, KARI))
    bench.run(2000)
    bench.shut(3)
    assert taken(bench)[1] == []


def test_somebody_types_a_code_after_the_key():
    bench = CardBench()
    bench.stock_comes(1)
    bench.allot(shared(8))
    shown = bench.shown()
    bench.type("0")
    bench.type(deposit_code(1))
    assert bench.type("1") == [1]
    bench.type("7")
    assert shown[-1] == signal.MISREAD
