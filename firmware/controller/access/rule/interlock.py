"""Interlock: no door of a group is granted while another one of it is released or open."""

from ...events import DENIED_INTERLOCK


def interlock(tap):
    """A door may say that open leaves do not count, only released strikes."""
    says = tap.here
    group = says.get("interlock")
    if group is None or "exempt" in tap.profile:
        return 0
    for other in tap.rules.units:
        if other.number != tap.door and tap.rules.door(other.number).get("interlock") == group:
            if other.door.released or (other.door.open and says.get("interlock_open", True)):
                return DENIED_INTERLOCK | other.number << 8
    return 0
