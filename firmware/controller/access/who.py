"""Who: whether a door asks for a card, a PIN, both or either, by schedule."""

from ..events import DENIED_KIND
from .kinds import CARD, CARD_PIN, PIN

ASKED = ("", "card", "pin", "card+pin", "card/pin")  # at the number that is on record
IN_TURN = 8  # lines of what a door asks for
_TAKES = ((), (CARD, CARD_PIN), (PIN,), (CARD_PIN,), (CARD, PIN, CARD_PIN))


def read(what, value, calendar):
    """[[what, schedule], ...]."""
    if type(value) is not list or len(value) > IN_TURN:
        raise ValueError("%s: must be a list of at most %d" % (what, IN_TURN))
    for entry in value:
        if type(entry) is not list or len(entry) != 2 or entry[0] not in ASKED[1:]:
            raise ValueError(what + ": must be card, pin, card+pin or card/pin, with a schedule")
        calendar.number(what, entry[1])


def asked(tap):
    """The number of what the door asks for now: the first whose schedule says yes. Looked for once a tap."""
    if not tap.asked:
        tap.asked = 1
        for what, schedule in tap.here.get("who", ()):
            if tap.rules.on(schedule, tap.utc):
                tap.asked = ASKED.index(what)
                break
    return tap.asked


def wants_pin(tap):
    """Whether a card that was presented is to be followed by its PIN."""
    what = asked(tap)
    return tap.profile is not None and (what == 3 or (what != 2 and "pin" in tap.profile))


def rule(tap):
    """A door takes what it asks for; who has to give a PIN does not pass with the card alone."""
    what = asked(tap)
    if tap.kind in _TAKES[what] and not (tap.kind == CARD and "pin" in tap.profile):
        return 0
    return DENIED_KIND | (what if tap.kind not in _TAKES[what] else 3) << 8
