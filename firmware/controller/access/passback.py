"""Anti-passback: who went in must come out before going in again."""

from ..events import DENIED_PASSBACK

_MINUTES = 10


def _known_elsewhere(tap):
    """The area where it is known to be, when that is not where the door leads from; None otherwise."""
    says = tap.here
    mode = says.get("passback")
    if mode is None or "exempt" in tap.profile:
        return None, mode
    area, minute = tap.rules.memory["whereabouts"].where(tap.rules, tap.key, tap.utc)
    here, there = says["passage"]
    if mode == "timed":
        recent = tap.utc and tap.utc // 60 - minute < says.get("passback_minutes", _MINUTES)
        return area if area == there and recent else None, mode
    return area if area != here else None, mode


def rule(tap):
    """Hard and timed anti-passback deny, soft lets pass."""
    area, mode = _known_elsewhere(tap)
    return 0 if area is None or mode == "soft" else DENIED_PASSBACK | area << 8


def note(tap):
    """On record with the grant: it was against soft anti-passback."""
    if tap.here.get("passback") != "soft":
        return 0
    return 0 if _known_elsewhere(tap)[0] is None else 128
