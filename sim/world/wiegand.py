"""A card as the bits that a Wiegand reader sends."""

from .tables import Card

PULSE_US = 50  # how long a data line is low
INTERVAL_US = 2_000  # from one pulse to the next; readers send 1 to 2 ms apart

FACILITY_BITS = {26: 8, 34: 16}  # H10301, H10306; the number has 16 bits in both


def payload(bits: int, facility: int, number: int) -> int:
    """The frame's value without its two parity bits: what a credential is made of."""
    if bits not in FACILITY_BITS:
        raise ValueError(f"a Wiegand frame of {bits} bits is not known; use 26 or 34")
    if facility >> FACILITY_BITS[bits] or number >> 16 or facility < 0 or number < 0:
        raise ValueError(f"facility {facility}, number {number} do not fit a frame of {bits} bits")
    return facility << 16 | number


def encode(bits: int, facility: int, number: int) -> str:
    """The frame as text of 0 and 1: even parity over the first half, odd over the second, as in H10301."""
    body = format(payload(bits, facility, number), f"0{bits - 2}b")
    half = len(body) // 2
    even = body[:half].count("1") % 2
    odd = 1 - body[half:].count("1") % 2
    return f"{even}{body}{odd}"


def card_bits(card: Card) -> str:
    """The frame of a card as building.py describes it."""
    return encode(card["bits"], card["facility"], card["number"])
