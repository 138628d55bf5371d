"""Credentials that other controllers let in, as the cloud tells it. Loaded where an area is shared with one."""

from struct import unpack_from

from micropython import const

_ENTRY = const(12)
_AREAS = const(16)


def take(loop, message, now):
    """PASSED of wire.py. Raises ValueError before anything has changed."""
    if (len(message) - 2) % _ENTRY or message[1] > 1:
        raise ValueError("passed")
    for at in range(2, len(message), _ENTRY):
        if message[at + 7] >= _AREAS or message[at + 11] >> 2:
            raise ValueError("passed: area or minute")
    rules = loop.rules
    memory = getattr(rules, "memory", {}).get("whereabouts")
    if memory is None:  # these rules know no areas; the cloud tells again when others are in force
        return
    for at in range(2, len(message), _ENTRY):
        area, minute = unpack_from("<BI", message, at + 7)
        memory.seen(rules, bytes(message[at : at + 7]), area, minute)
    memory.fresh = message[1] == 1
