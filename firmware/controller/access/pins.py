"""What the key of a credential with a PIN is made of. digits: ASCII. card: its card_value()."""

from .kinds import CARD_PIN, DURESS, PIN


def pin_value(digits):
    return bytes((PIN,)) + digits


def card_pin_value(card, digits):
    return bytes((CARD_PIN,)) + card + digits


def duress_value(card, digits):
    """card: b"" when the PIN is enough. A card begins with 1, a digit never does."""
    return bytes((DURESS,)) + card + digits
