"""What the key of a card is made of."""

from .kinds import CARD


def card_value(bits, number):
    """bits: frame length with parity; number: the payload without it."""
    size = (bits + 5) // 8
    return ((CARD << 8 | bits) << 8 * size | number).to_bytes(size + 2, "big")
