"""Cards as Wiegand bits."""

import pytest

from sim.world import wiegand


def test_a_known_26_bit_card():
    # facility 1, number 1: even parity over 000000010000, odd over 000000000001
    assert wiegand.encode(26, 1, 1) == "1" + "00000001" + "0000000000000001" + "0"


CARDS = [(26, 17, 1204), (26, 255, 65535), (34, 3021, 40117), (34, 0, 0)]


@pytest.mark.parametrize(("bits", "facility", "number"), CARDS)
def test_both_halves_have_their_parity(bits, facility, number):
    frame = wiegand.encode(bits, facility, number)
    assert len(frame) == bits
    assert frame[: bits // 2].count("1") % 2 == 0
    assert frame[bits // 2 :].count("1") % 2 == 1
    assert int(frame[1:-1], 2) == wiegand.payload(bits, facility, number)


@pytest.mark.parametrize(("bits", "facility", "number"), [(26, 256, 1), (26, 1, 65536), (37, 1, 1), (34, -1, 0)])
def test_what_does_not_fit_is_refused(bits, facility, number):
    with pytest.raises(ValueError):
        wiegand.encode(bits, facility, number)
