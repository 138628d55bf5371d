"""A credential as the controller knows it: a keyed hash, different on every controller, of what was read."""

from ..hmac import hmac

CARD = 1  # kind of credential, first byte of what the key is made of


def card_value(bits, number):
    """What the key of a card is made of. bits: frame length with parity; number: the payload without it."""
    return bytes((CARD, bits)) + number.to_bytes((bits + 5) // 8, "big")


def credential_key(table_key, value):
    """The 7 bytes by which the controller with that table key knows a credential."""
    return hmac(table_key, value)[:7]
