"""What the cloud may tell the controller to do. Each command has an expiry; the cloud sends it at most once."""

from micropython import const

from ..events import COMMAND_REFUSED, RELEASED_REMOTE

# Why a command was refused: the `extra` of COMMAND_REFUSED, and the word in the result.
_EXPIRED = const(1)
_NO_DOOR = const(2)
_UNKNOWN = const(3)
_NO_CLOCK = const(4)
WHY = {_EXPIRED: "expired", _NO_DOOR: "no such door", _UNKNOWN: "unknown command", _NO_CLOCK: "no clock"}


def run(loop, fields, now):
    """Carries a command out, after its record. Returns the fields of the result. KeyError: one is missing."""
    name, expires, door = fields["id"], fields["expires"], fields["door"]
    why = _refusal(loop, fields["do"], door, expires, now)
    if why:
        loop.record(COMMAND_REFUSED, now, 0, why)
        return {"id": name, "result": "expired" if why == _EXPIRED else "refused", "why": WHY[why]}
    loop.release(loop.doors[door - 1], RELEASED_REMOTE, now)
    return {"id": name, "result": "done", "why": ""}


def _refusal(loop, verb, door, expires, now):
    if verb != "release":
        return _UNKNOWN
    if type(door) is not int or not 1 <= door <= len(loop.doors):
        return _NO_DOOR
    utc = loop.clock.utc(now)
    if not utc:
        return _NO_CLOCK
    return _EXPIRED if type(expires) is not int or utc >= expires else 0
