"""Own compartments: a card at the bank's reader opens the one that is allotted to it, and nothing else does."""

from struct import pack

from firmware.controller import events as codes
from firmware.controller.outputs import signal
from firmware.controller.points.why import ASKED, OWN
from firmware.controller.records import NO_END, until_minutes
from firmware.controller.storage.allotments import PERSONAL, SHARED, Allotment
from tests.firmware.bench import frame26
from tests.firmware.card_bench import KARI, NILS, OLA, UNKNOWN, CardBench, card, entry
from tests.firmware.controller_bench import UTC
from tests.firmware.parcel_bench import KEYPAD, ParcelBench


def test_a_card_opens_the_compartment_that_is_allotted_to_it_and_says_who():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI), entry(6, 78, OLA))
    assert bench.tap_bank(KARI) == [5]
    assert bench.last_events(codes.COMPARTMENT_RELEASED) == [(codes.COMPARTMENT_RELEASED, 5, OWN, card(KARI))]
    bench.shut(5)
    assert bench.tap_bank(OLA) == [6]
    bench.shut(6)
    assert bench.tap_bank(KARI) == [5]


def test_a_second_card_of_the_same_person_opens_it_too():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI, OLA, NILS))
    for who in (NILS, OLA, KARI):
        assert bench.tap_bank(who) == [5]
        bench.shut(5)


def test_a_card_without_a_compartment_opens_nothing():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI))
    shown = bench.shown()
    assert bench.tap_bank(OLA) == [] and shown[-1] == signal.DENIED
    assert bench.last_events(codes.ALLOTMENT_NONE) == [(codes.ALLOTMENT_NONE, 0, 1, card(OLA))]


def test_a_card_that_is_revoked_opens_nothing_though_its_compartment_is_still_allotted():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI))
    bench.take_away_card(KARI)
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.DENIED_UNKNOWN)[-1][1:] == (1, 0, card(KARI))


def test_a_card_nobody_knows_and_one_whose_end_has_come():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI), entry(6, 78, UNKNOWN))
    bench.give(17, KARI, until=until_minutes(UTC - 60))
    assert bench.tap_bank(UNKNOWN) == [] and bench.tap_bank(KARI) == []
    assert len(bench.last_events(codes.DENIED_UNKNOWN, codes.DENIED_EXPIRED)) == 2


def test_a_card_that_may_not_pass_the_door_of_the_bank_opens_nothing():
    bench = CardBench(rules={"version": 1, "profiles": {"7": [1], "8": []}, "doors": {}})
    bench.allot(entry(5, 77, KARI))
    bench.give(17, KARI, profile=8)
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.DENIED_DOOR)


def test_a_card_alone_is_not_enough_where_the_door_asks_for_its_pin():
    rules = {"version": 1, "profiles": {"7": [1]}, "doors": {"1": {"who": [["card+pin", 0]]}}}
    bench = CardBench(rules=rules)
    bench.allot(entry(5, 77, KARI))
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.DENIED_KIND) == [(codes.DENIED_KIND, 1, 3, card(KARI))]


def test_what_is_rented_is_over_at_its_end_and_where_the_time_is_not_known():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI, until=until_minutes(UTC) + 10))
    assert bench.tap_bank(KARI) == [5]
    bench.shut(5)
    bench.run(11 * 60000)
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.ALLOTMENT_NONE) == [(codes.ALLOTMENT_NONE, 5, 2, card(KARI))]
    bench = bench.again(known=False)
    assert bench.tap_bank(KARI) == []
    assert bench.last_events(codes.ALLOTMENT_NONE)[-1] == (codes.ALLOTMENT_NONE, 5, 3, card(KARI))


def test_what_is_over_is_still_nobody_else_s():
    bench = CardBench(stock=(1,))
    bench.allot(*[entry(n, 70 + n, KARI, until=until_minutes(UTC) - 1) for n in range(1, 8)])
    assert bench.put_in(1, 1) == 8
    bench.allot(entry(1, 90, OLA))
    assert bench.tap_bank(OLA) == []


def test_a_compartment_is_never_somebody_s_and_a_parcel_s():
    bench = CardBench(stock=(1, 2))
    bench.allot(entry(1, 77, KARI))
    assert bench.put_in(1, 1) == 2
    assert bench.deposit(2, 1) == [3]
    bench.allot(entry(2, 78, OLA), entry(3, 79, OLA))
    assert bench.marks()[1] == [77, 0, 0, 0, 0, 0, 0, 0]
    assert bench.tap_bank(OLA) == []


def test_one_that_is_about_to_open_for_a_parcel_is_allotted_to_nobody():
    bench = CardBench(stock=(1,))
    bench.bank.compartments.ask(8, ASKED)  # it has the supply for itself
    bench.bank._parcels.deliveries.deposit(1, 1, bench.now())
    bench.allot(entry(1, 77, KARI))
    bench.run(2000)
    assert [lock for lock, _ in bench.locks.pulses] == [8, 1]
    assert bench.marks()[1][0] == 0


def test_a_credential_that_begins_as_another_one_opens_nothing():
    bench = CardBench()
    bench.allot(pack("<BHBI21s", 5, 77, 1, NO_END, card(KARI)[:2] + b"other"))
    assert bench.tap_bank(KARI) == []


def test_one_that_is_out_of_use_is_allotted_to_nobody():
    bench = CardBench()
    bench.bank.compartments.take_out_of_use(4)
    bench.allot(entry(4, 77, KARI))
    assert bench.marks()[1] == [0] * 8


def test_it_is_known_after_a_start_and_with_no_cloud():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI), entry(6, 78, OLA))
    bench = bench.again(known=False)
    assert bench.tap_bank(OLA) == [6] and bench.tap_bank(KARI) == [5]


def test_a_card_that_is_held_to_the_reader_is_one_tap():
    bench = CardBench()
    for _ in range(4):
        bench.tap_bank(KARI, 700)
    assert len(bench.last_events(codes.ALLOTMENT_NONE)) == 1


def test_a_second_tap_while_it_waits_for_its_turn_opens_it_once():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI), entry(6, 78, OLA))
    before = len(bench.locks.pulses)
    for who in (OLA, KARI, OLA, KARI):
        bench.tap_bank(who, 60)
    bench.run(3000)
    assert sorted([lock for lock, _ in bench.locks.pulses[before:]]) == [5, 6]


def test_a_bank_without_cards_says_that_it_was_misread():
    bench = ParcelBench()
    shown = bench.shown()
    bench.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], frame26(17, 1))
    bench.run(200)
    assert shown == [signal.MISREAD]


def test_no_part_of_two_keys_is_a_key():
    one = Allotment(5, 77, PERSONAL, NO_END, b"1234567" + b"abcdefg" + bytes(7))
    assert one.has(b"1234567") and one.has(b"abcdefg")
    assert not any(one.has(one.keys[at : at + 7]) for at in range(1, 7))
    assert not one.has(bytes(7)), "a place without a key is nobody's"


def test_who_has_one_of_each_kind_finds_the_one_that_is_asked_for():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI), entry(6, 78, kind=SHARED), entry(7, 79, kind=SHARED))
    known = bench.bank._parcels._cards.allotments
    for n, who in ((6, KARI), (7, OLA)):
        one = known.get(n)
        one.take(card(who), NO_END)
        known.set(one)
    assert (known.find(card(KARI)).number, known.find(card(KARI), SHARED).number) == (5, 6)
    assert known.find(card(OLA)).number == 7, "of another kind where there is none of that one"
