"""Needs its PIN: where the door asks for both, a card that is known waits for its PIN (pin_entry.py)."""

from .decision import WAITS
from .kinds import CARD
from .who import wants_pin


def rule(tap):
    """Asked first: whether it may pass is decided when it is all there."""
    return WAITS if tap.kind == CARD and "who" in tap.here and wants_pin(tap) else 0
