"""Events as they lie on flash and travel, and the chain that binds them."""

from hashlib import sha256

from firmware.controller.records import EVENT, chain_mac, expired, next_chain_key, pack_event, unpack_event

KEY = bytes(range(16))
EVENT_7 = pack_event(7, 1800000000, 2, 1, 3, 1, b"1234567", 9, b"chained!")


def test_an_event_is_unpacked_as_it_was_packed():
    assert len(EVENT_7) == EVENT
    assert unpack_event(EVENT_7) == (7, 1800000000, 2, 1, 3, 1, b"1234567", 9)
    assert unpack_event(b"-" + EVENT_7, 1) == unpack_event(EVENT_7)
    assert EVENT_7[20:28] == b"chained!"


def test_no_byte_may_change_or_be_missing():
    for at in range(EVENT):
        event = bytearray(EVENT_7)
        event[at] ^= 16
        assert unpack_event(event) is None
    assert unpack_event(EVENT_7[:-1]) is None


def test_of_an_expired_event_number_and_chain_are_left():
    gone = EVENT_7[:4] + bytes(16) + EVENT_7[20:28] + bytes(4)
    assert expired(gone) and not expired(EVENT_7)
    assert unpack_event(gone) == (7, 0, 0, 0, 0, 0, None, 0)
    assert unpack_event(bytes(EVENT)) is None
    for at in range(4, EVENT):
        half = bytearray(gone)
        half[at] |= 4
        assert (unpack_event(half) is None) == (not 20 <= at < 28)


def test_the_chain_covers_the_event_all_before_it_and_the_key():
    mac = chain_mac(KEY, b"before..", EVENT_7)
    assert mac == sha256(KEY + b"before.." + EVENT_7[:20]).digest()[:8]
    for at in range(20):
        event = bytearray(EVENT_7)
        event[at] ^= 1
        assert chain_mac(KEY, b"before..", bytes(event)) != mac
    assert chain_mac(KEY, b"Before..", EVENT_7) != mac
    assert chain_mac(next_chain_key(KEY), b"before..", EVENT_7) != mac
    assert next_chain_key(KEY) == sha256(b"next" + KEY).digest()[:16]
