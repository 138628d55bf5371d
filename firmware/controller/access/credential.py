"""A credential as the controller knows it: a keyed hash, different on every controller, of what was presented."""

from ..hmac import hmac
from .decision import card_value
from .kinds import CARD, CARD_PIN, DURESS, PIN
from .pins import card_pin_value, duress_value, pin_value

__all__ = [
    "CARD",
    "CARD_PIN",
    "DURESS",
    "PIN",
    "card_pin_value",
    "card_value",
    "credential_key",
    "duress_value",
    "pin_value",
]


def credential_key(table_key, value):
    """The 7 bytes by which the controller with that table key knows a credential."""
    return hmac(table_key, value)[:7]
