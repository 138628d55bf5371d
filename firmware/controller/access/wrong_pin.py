"""Wrong PIN: a PIN that nobody has is denied, and counted."""

from ..events import DENIED_PIN, DENIED_UNKNOWN
from .kinds import CARD, CARD_PIN


def rule(tap):
    """A PIN that nobody has is wrong. On record with it: how many there were in a row."""
    if tap.kind == CARD or tap.profile is not None or tap.unknown != DENIED_UNKNOWN:
        return 0
    memory = tap.rules.memory["lockout"]
    extra = min(15, memory.count(tap.door, tap.now) + 1)
    if tap.kind == CARD_PIN:
        extra |= min(15, memory.count(tap.key, tap.now) + 1) << 4
    return DENIED_PIN | extra << 8
