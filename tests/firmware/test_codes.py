"""Codes of deliveries, against vectors that stand for ever: what was printed yesterday opens today."""

from hashlib import sha256

from firmware.controller.access.codes import DEPOSIT, LONG, PICK_UP, SHORT, code, matches, slot
from firmware.protocol.deliveries import delivery_key

SECRET = bytes(range(32))
# number: (key, deposit code, pick-up code). Made with CPython's own hmac, not with ours: see the test below.
VECTORS = {
    1: ("29f4c291e1999455de5c8ea1650b31e0", "5911506689962", "6183715073532"),
    7: ("75bde82dde80e049fdeebfef147ad12a", "5566166791753", "4421063687818"),
    255: ("9473b3cb320ed76a4b6a46144a3e2392", "2455982335828", "0015865087938"),
    256: ("e09c3df5f6d304063c704b7e17c0af21", "3305284608027", "0795353856028"),
    300: ("5bd4d71dd98b3baf858801511d0eb6cb", "1110338860049", "9952793132823"),
    65537: ("d7204d11465763a319786c464167b443", "3545639681715", "2253888769245"),
    1073741823: ("5d58653c14fc8cd5eb986ac32772a937", "4285319679299", "4923575295465"),
}


def test_codes_are_those_of_the_vectors():
    for number, (key, deposit, pick_up) in VECTORS.items():
        assert delivery_key(SECRET, number).hex() == key
        assert code(bytes.fromhex(key), DEPOSIT, number) == deposit
        assert code(bytes.fromhex(key), PICK_UP, number) == pick_up
        assert slot(deposit) == slot(pick_up) == slot(pick_up[:SHORT]) == slot(pick_up.encode()) == number % 256


def test_the_vectors_follow_from_the_definition():
    for number, (key, deposit, pick_up) in VECTORS.items():
        assert hmac_of(SECRET, b"delivery" + number.to_bytes(4, "little"))[:16].hex() == key
        for kind, text in ((b"deposit", deposit), (b"pick-up", pick_up)):
            mac = hmac_of(bytes.fromhex(key), kind)
            first = int.from_bytes(mac[:8], "little") % 39062500 * 256 + number % 256
            assert text == "%010d%03d" % (first, int.from_bytes(mac[8:16], "little") % 1000)


def hmac_of(key, message):
    """HMAC-SHA256, RFC 2104, written once more: MicroPython has no module for it."""
    key += bytes(64 - len(key))
    inner = sha256(bytes([b ^ 0x36 for b in key]) + message).digest()
    return sha256(bytes([b ^ 0x5C for b in key]) + inner).digest()


def test_a_code_is_right_as_a_whole_or_not_at_all():
    key = delivery_key(SECRET, 7)
    right = code(key, PICK_UP, 7).encode()
    assert len(right) == LONG
    assert matches(right, key, PICK_UP, 7) and matches(right[:SHORT], key, PICK_UP, 7)
    for length in range(LONG):
        assert matches(right[:length], key, PICK_UP, 7) == (length == SHORT)
    assert not matches(right + b"0", key, PICK_UP, 7)
    for n in range(LONG):
        for digit in b"0123456789":
            changed = right[:n] + bytes((digit,)) + right[n + 1 :]
            assert matches(changed, key, PICK_UP, 7) == (changed == right)
    assert not matches(right, key, DEPOSIT, 7)
    assert not matches(right, delivery_key(SECRET, 7 + 256), PICK_UP, 7 + 256)


def test_ten_digits_are_enough_for_every_proof_and_slot():
    assert 39062500 * 256 == 10**SHORT
