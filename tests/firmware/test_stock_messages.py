"""The stock over the wire: keys come, what holds is told, and nothing that is old, odd or in use is taken."""

from binascii import crc32
from struct import pack, unpack

from firmware.controller.cloud import session, wire
from tests.firmware import controller_bench
from tests.firmware.parcel_bench import ParcelBench, deposit_code, key, pick_up_code

HELD, LIES, ENDED = 0, 1, 2


def entry(number, its_key=None):
    return pack("<I", number) + (key(number) if its_key is None else its_key)


def give(bench, *entries):
    """What the controller says to it."""
    bench.said()
    bench.hear(bytes((wire.STOCK,)) + b"".join(entries))
    bench.run(200)
    return bench.said()


def asked(bench, first, count):
    """(crc, [(number, state) of each slot asked for])."""
    bench.said()
    bench.hear(bytes((wire.STOCK_ASKED, first, count)))
    bench.run(200)
    (message,) = [one for one in bench.said() if one[0] == wire.STOCK_STATE]
    crc, at = unpack("<IB", message[1:6])
    assert at == first
    words = unpack("<%dI" % count, message[6:])
    return crc, [(word & (1 << 30) - 1, word >> 30) for word in words]


def crc_of(slots):
    return crc32(b"".join(pack("<I", slots.get(slot, 0)) for slot in range(256)))


def test_keys_that_come_are_told_and_open():
    bench = ParcelBench()
    (said,) = give(bench, *[entry(number) for number in range(1, 25)])
    assert said == wire.packed(wire.STOCK_STATE, "<IB", crc_of({n: n for n in range(1, 25)}), 0)
    assert bench.deposit(24) == [1]


def test_what_the_slots_hold_is_told_when_a_session_begins_and_when_it_is_asked_for():
    bench = ParcelBench(stock=(1, 2, 3, 260))
    bench.put_in(2)
    bench.put_in(3)
    bench.type(pick_up_code(3))
    bench.shut(2)
    held = {1: 1, 2: 2 | LIES << 30, 3: 3 | ENDED << 30, 4: 260}
    bench.inbox.put(session.LOST)
    bench.run(100)
    bench.said()
    bench.inbox.put(session.OPENED)
    bench.run(200)
    (said,) = [one for one in bench.said() if one[0] == wire.STOCK_STATE]
    assert said == wire.packed(wire.STOCK_STATE, "<IB", crc_of(held), 0)
    crc, slots = asked(bench, 0, 6)
    assert crc == crc_of(held)
    assert slots == [(0, 0), (1, HELD), (2, LIES), (3, ENDED), (260, HELD), (0, 0)]
    assert asked(bench, 128, 128) == (crc, [(0, 0)] * 128)


def test_one_that_is_not_newer_or_whose_slot_has_a_parcel_is_left_out():
    bench = ParcelBench(stock=(1, 2, 3 + 256, 4))
    bench.put_in(1)
    bench.cancel(2, 1)
    give(bench, entry(1 + 256), entry(2), entry(3), entry(4, bytes(16)), entry(5, bytes(16)))
    assert asked(bench, 1, 5)[1] == [(1, LIES), (2, ENDED), (3 + 256, HELD), (4, HELD), (0, 0)]
    give(bench, entry(2 + 256), entry(4 + 256))
    assert asked(bench, 2, 3)[1] == [(2 + 256, HELD), (3 + 256, HELD), (4 + 256, HELD)]
    assert bench.type(deposit_code(4)) == bench.type("1") == []
    assert bench.deposit(4 + 256) == [2]


def test_a_delivery_whose_compartment_is_about_to_open_keeps_its_key():
    bench = ParcelBench(stock=(1,))
    bench.type(deposit_code(1))
    bench.bank.compartments.ask(8, 1)
    bench.keys("1#")
    bench.hear(bytes((wire.STOCK,)) + entry(1 + 256))
    bench.run(1000)
    assert asked(bench, 1, 1)[1] == [(1, LIES)]


def test_a_size_typed_for_a_delivery_that_was_replaced_meanwhile_opens_nothing():
    bench = ParcelBench(stock=(1,))
    bench.type(deposit_code(1))
    give(bench, entry(1 + 256))
    assert bench.type("1") == []


def test_hostile_messages_are_refused_whole():
    bench = ParcelBench(stock=(7,))
    before = asked(bench, 0, 128)
    for body in (
        b"",
        b"\x01",
        entry(9)[:-1],
        entry(9) + b"\x00",
        entry(9) + entry(0),
        entry(9) + pack("<I", 1 << 30) + bytes(16),
        entry(9) + pack("<I", 0xFFFFFFFF) + bytes(16),
        b"".join(entry(n) for n in range(10, 35)),
    ):
        refused = bench.refused["content"]
        assert give(bench, body) == [], body
        assert bench.refused["content"] == refused + 1
    for body in ((), (0,), (0, 0), (0, 129), (255, 2), (200, 57)):
        refused = bench.refused["content"]
        bench.hear(bytes((wire.STOCK_ASKED,) + body))
        assert bench.refused["content"] == refused + 1, body
    assert asked(bench, 0, 128) == before


def test_a_session_that_ends_while_it_is_told_is_told_anew():
    bench = ParcelBench(stock=(1,))
    bench.inbox.put(session.LOST)
    bench.run(100)
    bench.said()
    bench.inbox.put(session.OPENED)
    bench._step()
    bench.said()
    bench.inbox.put(session.LOST)
    bench.run(200)
    assert wire.STOCK_STATE not in [one[0] for one in bench.said()]
    bench.inbox.put(session.OPENED)
    bench.run(200)
    assert [one for one in bench.said() if one[0] == wire.STOCK_STATE] == [
        wire.packed(wire.STOCK_STATE, "<IB", crc_of({1: 1}), 0)
    ]


def test_where_there_is_no_room_to_say_it_it_is_said_when_there_is():
    bench = ParcelBench(stock=(1,))
    bench.said()
    bench.hear(bytes((wire.STOCK,)) + entry(2))
    while bench.outbox.put(b"?"):
        pass
    bench.run(200)
    assert all(one == b"?" for one in bench.said()[1:])
    bench.run(200)
    assert [one[0] for one in bench.said()] in ([wire.STOCK_STATE], [])


def test_a_cancelled_delivery_is_dead():
    bench = ParcelBench(stock=(1, 2))
    assert bench.cancel(1, 1) == ("done", "")
    assert bench.told() == [("DELIVERY_CANCELLED", 0, 0, 1)]
    assert bench.deposit(1) == []
    assert bench.cancel(1, 2) == ("refused", "no such door")
    assert bench.cancel(9, 3) == bench.cancel(2 + 256, 4) == ("refused", "no such door")
    assert bench.deposit(2) == [1]


def test_one_whose_parcel_lies_there_is_not_cancelled():
    bench = ParcelBench(stock=(2, 3))
    bench.put_in(2)
    assert bench.cancel(2, 1) == ("refused", "done before")
    bench.type(deposit_code(3))
    bench.bank.compartments.ask(8, 1)
    bench.keys("1#")
    assert bench.cancel(3, 2) == ("refused", "done before")  # its compartment is about to open
    bench.run(1000)
    bench.shut(2)
    assert bench.type(pick_up_code(2)) == [1]
    assert bench.type(pick_up_code(3)) == [2]


def test_what_is_no_number_is_not_cancelled():
    for odds in ((0, -1, "2", None), (1 << 30, True, 1.5)):
        bench = ParcelBench(stock=(1,))
        for n, odd in enumerate(odds):
            assert bench.cancel(odd, n) == ("refused", "no such door"), odd


def test_a_board_without_parcels_takes_no_keys():
    bench = controller_bench.Bench()
    bench.connect()
    bench.hear(bytes((wire.STOCK,)) + entry(1))
    assert bench.refused["content"] == 1
