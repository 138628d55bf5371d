from machine import Pin

from firmware.controller.readers.wiegand import FRAME_END_MS, Wiegand
from tests.firmware.bench import BenchChip, frame26

D0, D1 = 16, 17
FRAME = frame26(12, 3456)


def reader():
    chip = BenchChip()
    chip.inputs = {D0: 1, D1: 1}
    return chip, Wiegand(Pin(D0, Pin.IN), Pin(D1, Pin.IN), bytearray(1))


def read(bits):
    chip, wiegand = reader()
    chip.swipe(D0, D1, bits)
    chip.sleep_ms(FRAME_END_MS)
    return wiegand.poll(chip.now)


def test_a_26_bit_card_gives_its_payload():
    assert read(FRAME) == (26, 12 << 16 | 3456)


def test_a_34_bit_card_gives_its_payload():
    payload = "{:032b}".format(0xDEADBEEF)
    even = payload[:16].count("1") % 2
    odd = 1 - payload[16:].count("1") % 2
    assert read(str(even) + payload + str(odd)) == (34, 0xDEADBEEF)


def test_any_flipped_bit_is_refused():
    for at in range(26):
        flipped = FRAME[:at] + ("0" if FRAME[at] == "1" else "1") + FRAME[at + 1 :]
        assert read(flipped) == (26, None), at


def test_missing_and_extra_bits_are_refused():
    assert read(FRAME[:-1]) == (25, None)
    assert read(FRAME + "0") == (27, None)
    assert read("1") == (1, None)


def test_a_flood_of_bits_stays_in_its_buffer():
    assert read("01" * 100) == (200, None)


def test_a_frame_is_over_after_a_pause_and_read_once():
    chip, wiegand = reader()
    assert wiegand.deadline() is None
    chip.swipe(D0, D1, FRAME)
    assert wiegand.poll(chip.now) is None
    chip.now = wiegand.deadline()
    assert wiegand.poll(chip.now) == (26, 12 << 16 | 3456)
    assert wiegand.poll(chip.now) is None
    assert wiegand.deadline() is None


def test_a_bit_wakes_the_loop():
    chip = BenchChip()
    chip.inputs = {D0: 1, D1: 1}
    wake = bytearray(1)
    Wiegand(Pin(D0, Pin.IN), Pin(D1, Pin.IN), wake)
    chip.pulse(D1)
    assert wake[0] == 1


def test_a_key_is_four_bits_or_eight():
    assert read("1011") == (4, 11)
    assert read("01001011") == (8, 0x4B)
    assert read("101") == (3, None)
    assert read("10110") == (5, None)
