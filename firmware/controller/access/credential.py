"""A credential as the controller knows it: a keyed hash, different on every controller, of what was presented."""

from ..hmac import hmac

# Kinds of credential: the first byte of what the key is made of.
CARD = 1
PIN = 2
CARD_PIN = 3
DURESS = 4  # a PIN, with or without its card, that opens and alarms silently


def card_value(bits, number):
    """What the key of a card is made of. bits: frame length with parity; number: the payload without it."""
    return bytes((CARD, bits)) + number.to_bytes((bits + 5) // 8, "big")


def credential_key(table_key, value):
    """The 7 bytes by which the controller with that table key knows a credential."""
    return hmac(table_key, value)[:7]
