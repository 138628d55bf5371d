"""Authentication mode: whether a door asks for a card, a PIN, both or either, by schedule."""

from ...events import DENIED_KIND
from ..decision import WAITS
from ..kinds import CARD, CARD_PIN, PIN
from .lockout import Memory, locked_out, wrong_pin  # noqa: F401  brought in by the same field, and asked for here

ASKED = ("", "card", "pin", "card+pin", "card/pin")  # at the number that is on record
_TAKES = ((), (CARD, CARD_PIN), (PIN,), (CARD_PIN,), (CARD, PIN, CARD_PIN))


def asked(tap):
    """The number of what the door asks for now: the first whose schedule says yes. Looked for once a tap."""
    if not tap.asked:
        tap.asked = 1
        for what, schedule in tap.here.get("who", ()):
            if tap.rules.on(schedule, tap.utc):
                tap.asked = ASKED.index(what)
                break
    return tap.asked


def _wants_pin(tap):
    """Whether a card that was presented is to be followed by its PIN."""
    what = asked(tap)
    return tap.profile is not None and (what == 3 or (what != 2 and "pin" in tap.profile))


def needs_pin(tap):
    """Where the door asks for both, a card that is known waits for its PIN (pin_entry.py).

    Asked first: whether it may pass is decided when it is all there.
    """
    return WAITS if tap.kind == CARD and "who" in tap.here and _wants_pin(tap) else 0


def right_kind(tap):
    """A door takes what it asks for; a holder who has to give a PIN does not pass with the card alone."""
    what = asked(tap)
    if tap.kind in _TAKES[what] and not (tap.kind == CARD and "pin" in tap.profile):
        return 0
    return DENIED_KIND | (what if tap.kind not in _TAKES[what] else 3) << 8
