"""What the key of a card is made of."""

from .kinds import CARD


def card_value(bits, number):
    """bits: frame length with parity; number: the payload without it."""
    return bytes((CARD, bits)) + number.to_bytes((bits + 5) // 8, "big")
