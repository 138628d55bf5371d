"""Allotments over the wire: what is taken and what is left out, what is told, and what lies on flash."""

from binascii import crc32

from firmware.controller.cloud import session, wire
from firmware.controller.records import NO_END
from tests.firmware.card_bench import KARI, OLA, CardBench, card, empty, entry


def test_whose_it_is_changes_only_when_it_was_over_for_the_one_before():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI))
    bench.allot(entry(5, 78, OLA))  # as a cloud that came back from a backup may say
    assert bench.tap_bank(OLA) == [] and bench.tap_bank(KARI) == [5]
    bench.shut(5)
    bench.allot(entry(5, 78, kind=0))
    assert bench.tap_bank(KARI) == [5]
    bench.shut(5)
    bench.allot(entry(5, 77, kind=0), entry(5, 78, OLA))
    assert bench.tap_bank(KARI) == [] and bench.tap_bank(OLA) == [5]


def test_what_holds_is_told_when_a_session_begins_and_after_each_message():
    bench = CardBench()
    everything = [empty(n) for n in range(1, 9)]
    everything[4] = entry(5, 77, KARI, until=12345)
    (said,) = [one for one in bench.allot(everything[4]) if one[0] == wire.ALLOT_STATE]
    assert said == wire.packed(wire.ALLOT_STATE, "<IB", crc32(b"".join(everything)), 1)
    bench.inbox.put(session.LOST)
    bench.run(100)
    bench.said()
    bench.inbox.put(session.OPENED)
    bench.run(200)
    assert said in bench.said()
    assert bench.marks(5, 2) == (crc32(b"".join(everything)), [77, 0])
    bench.allot(entry(5, 77, kind=0))
    assert bench.marks()[0] == crc32(b"".join([empty(n) for n in range(1, 9)]))


def test_odd_messages_change_nothing():
    bench = CardBench()
    good = entry(5, 77, KARI)
    odd = (good[:-1], b"", good + b"1", good * 25, entry(0, 1, KARI), entry(9, 1, KARI), entry(5, 0, KARI))
    odd += (entry(5, 1, KARI, kind=7), entry(5, 1, KARI, until=NO_END + 1))
    before = bench.refused["content"]
    for message in odd:
        bench.allot(message)
    bench.allot(good, entry(9, 1, KARI))  # all of it, or nothing
    for message in (b"\x01", b"\x00\x01", b"\x01\x00", b"\x01\x09", b"\x08\x02"):
        bench.hear(bytes((wire.ALLOT_ASKED,)) + message)
    assert bench.refused["content"] == before + len(odd) + 6
    assert bench.tap_bank(KARI) == [] and bench.marks()[1] == [0] * 8


def test_the_same_again_writes_nothing():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI))
    programs = bench.flash["bank"].programs
    bench.allot(entry(5, 77, KARI))
    assert bench.flash["bank"].programs == programs


def test_worn_flash_opens_nothing():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI))
    bench.bank._parcels.deliveries.stock.is_worn = True
    assert bench.tap_bank(KARI) == []


def test_no_key_of_whom_it_was_stays_on_flash():
    bench = CardBench()
    bench.allot(entry(5, 77, KARI, OLA))
    assert bench.lies_on_flash(card(OLA))
    bench.allot(entry(5, 77, KARI))
    assert not bench.lies_on_flash(card(OLA)) and bench.lies_on_flash(card(KARI))
    bench.allot(entry(5, 77, kind=0))
    assert not bench.lies_on_flash(card(KARI))
