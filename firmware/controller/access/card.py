"""What the key of a card is made of."""

from .kinds import CARD


def card_value(bits, number):
    """bits: frame length with parity; number: the payload without it."""
    value = bytearray(number.to_bytes((bits + 21) // 8, "big"))
    value[0], value[1] = CARD, bits
    return value
