"""Uses: a credential may pass as often as its profile says, and then no more."""

from micropython import const

from ...events import DENIED_USED, GRANTED, GRANTED_DURESS

_MOST = const(100)  # credentials that are counted
_NO_ROOM = const(255)  # in `extra`: more than these are there


def uses(tap):
    """How often it has passed is counted from its first use."""
    most = tap.profile.get("uses")
    if not most:
        return 0
    used = tap.rules.memory["uses"].used
    if tap.key not in used and len(used) >= _MOST:
        return DENIED_USED | _NO_ROOM << 8
    count = used.get(tap.key, 0)
    return DENIED_USED | count << 8 if count >= most else 0


def note(tap):
    """On record with the grant: how often it has passed with this one."""
    return tap.rules.memory["uses"].used.get(tap.key, 0) + 1 if "uses" in tap.profile else 0


class Memory:
    """used: {key: how often}."""

    def __init__(self):
        self.used = {}

    def follow(self, rules, event, now, by_pin):
        """event: as on record. A grant says itself how many there were: told twice it counts once."""
        _, code, _, extra, _, key = event
        if code in (GRANTED, GRANTED_DURESS) and extra & 127 and key:
            self.used[key] = extra & 127

    def upkeep(self, rules, utc, now):
        pass

    def keep(self, find):
        """Forgets credentials that are no longer in the table. find: looks there."""
        for key in list(self.used):
            if find(key) is None:
                del self.used[key]

    def recalled(self, latest):
        pass

    def pack(self):
        return b"".join([key + bytes((count,)) for key, count in self.used.items()])

    def unpack(self, data, now):
        for at in range(0, len(data), 8):
            self.used[data[at : at + 7]] = data[at + 7]
