"""Area occupancy: in which area each credential is, as far as grants tell, for anti-passback and area limits.

Grants of this controller, and those that the cloud tells of where an area is shared with other controllers.
"""

from struct import pack_into

from micropython import const

from ...events import GRANTED, GRANTED_DURESS

_MOST = const(250)
_ENTRY = const(11)  # bytes: key 7, area << 26 | minute since 1970 of the grant, 0 when the time was not known
_KEY = const(7)
_MINUTES = const(26)  # bits: so that the number is a small integer on the chip
_FORGET_HOURS = const(24)
_NOWHERE = (None, 0)


def where(tap):
    """Where it is known to be, as Memory.where() says: looked for once a tap."""
    if tap.place is None:
        tap.place = tap.rules.memory["whereabouts"].where(tap.rules, tap.key, tap.utc)
    return tap.place


class Memory:
    """Keeps for each credential its area and the minute of the grant that led there; the last grant comes last.

    All the room there is, is taken from the heap at once: later there may be no block that is large enough.
    """

    def __init__(self):
        self._entries = bytearray(_MOST * _ENTRY)
        self._view = memoryview(self._entries)
        self._heads = bytearray(_MOST)  # the first byte of each key: a search looks at these alone
        self._heads_view = memoryview(self._heads)
        self._head = bytearray(1)  # the one that is looked for
        self._end = 0
        self._counts = bytearray(16)  # of credentials in each area
        self._due = 0  # the minute in which an entry is to be forgotten
        self._rules = None  # by which that is
        self._sought = None  # the key that was looked for last: several rules ask for the same one
        self._found = -1
        self.fresh = False  # whether all is known that other controllers have let in, up to now

    def where(self, rules, key, utc):
        """(area, minute), or (None, 0) when it is not known to be anywhere."""
        at = self._find(key)
        if at >= 0:
            entry = self._entry(at)
            if not self._forgotten(rules, entry, utc // 60):
                return entry >> _MINUTES, entry & (1 << _MINUTES) - 1
        return _NOWHERE

    def count(self, rules, area, utc):
        """How many are in an area."""
        minute = utc // 60
        if rules is not self._rules or minute >= self._due:
            self._forget(rules, minute)
        return self._counts[area]

    def follow(self, rules, event, now, by_pin):
        """event: as on record."""
        utc, code, door, _, _, key = event
        passage = rules.door(door).get("passage")
        if passage is not None and key and code in (GRANTED, GRANTED_DURESS):
            self._put(rules, key, passage[1], utc // 60)

    def seen(self, rules, key, area, minute):
        """Another controller let it into that area, says the cloud. What is known here and later stands."""
        at = self._find(key)
        if at < 0 or self._entry(at) & (1 << _MINUTES) - 1 <= minute:
            self._put(rules, key, area, minute)

    def _put(self, rules, key, area, minute):
        at = self._find(key)
        if at >= 0:
            self._remove(at)
        elif self._end == _MOST * _ENTRY:
            self._remove(0)
        self._sought = None
        at = self._end
        self._heads[at // _ENTRY] = key[0]
        self._view[at : at + _KEY] = key
        pack_into("<I", self._entries, at + _KEY, area << _MINUTES | minute)
        self._end += _ENTRY
        self._counts[area] += 1
        self._due = min(self._due, self._ends(rules, self._entry(at)))

    def upkeep(self, rules, utc, now):
        if utc:
            self.count(rules, 0, utc)

    def recalled(self, latest):
        pass

    def pack(self):
        return bytes(self._view[: self._end])

    def unpack(self, data, now):
        self._view[: len(data)] = data
        self._end = len(data)
        self._sought = None
        for at in range(0, len(data), _ENTRY):
            self._heads[at // _ENTRY] = data[at]
            self._counts[self._entry(at) >> _MINUTES] += 1
        self._rules = None

    def _find(self, key):
        if key is not self._sought:
            heads, head, most = self._heads, self._head, self._end // _ENTRY
            head[0] = key[0]
            n = heads.find(head, 0, most)
            while n >= 0 and self._entries.find(key, n * _ENTRY, n * _ENTRY + _KEY) < 0:
                n = heads.find(head, n + 1, most)
            self._sought, self._found = key, n * _ENTRY
        return self._found

    def _entry(self, at):
        entries = self._entries
        return entries[at + 7] | entries[at + 8] << 8 | entries[at + 9] << 16 | entries[at + 10] << 24

    def _remove(self, at):
        self._sought = None
        self._counts[self._entry(at) >> _MINUTES] -= 1
        n, most = at // _ENTRY, self._end // _ENTRY
        self._heads_view[n : most - 1] = self._heads_view[n + 1 : most]
        self._view[at : self._end - _ENTRY] = self._view[at + _ENTRY : self._end]
        self._end -= _ENTRY

    def _ends(self, rules, entry):
        """The minute in which an entry is to be forgotten."""
        says = rules.areas.get(entry >> _MINUTES)
        hours = says.get("forget_hours", _FORGET_HOURS) if says else _FORGET_HOURS
        return (entry & (1 << _MINUTES) - 1) + hours * 60

    def _forgotten(self, rules, entry, minute):
        """Without a clock no entry is forgotten. One whose time was not known is, as soon as the time is."""
        return minute and minute >= self._ends(rules, entry)

    def _forget(self, rules, minute):
        self._rules = rules
        self._due = 1 << _MINUTES
        at = self._end
        while at:
            at -= _ENTRY
            entry = self._entry(at)
            if self._forgotten(rules, entry, minute):
                self._remove(at)
            else:
                self._due = min(self._due, self._ends(rules, entry))
