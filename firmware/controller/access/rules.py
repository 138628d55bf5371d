"""The rules the cloud sends beside the credentials: what each profile opens, and how long doors stay released."""

from micropython import const

RELEASE_MS = 5000
HELD_MS = 30000
_LONGEST_MS = const(3600000)


class Rules:
    """One version of the rules. Raises ValueError naming the field at fault; then nothing of it holds."""

    def __init__(self, fields, doors):
        """fields: as in the wire's RULES message, or {} for none. doors: how many doors the board has."""
        self.version = _number("version", fields.get("version", 0), 0, 0xFFFFFFFF)
        self.profiles = {}
        for name, numbers in fields.get("profiles", {}).items():
            what = "profiles." + name
            self.profiles[_number(what, int(name), 1, 0xFFFF)] = tuple(_number(what, n, 1, doors) for n in numbers)
        self._times = {}
        for name, times in fields.get("doors", {}).items():
            door = _number("doors." + name, int(name), 1, doors)
            self._times[door] = (
                _number("release_ms", times["release_ms"], 100, _LONGEST_MS),
                _number("held_ms", times["held_ms"], 1000, _LONGEST_MS),
            )

    def times(self, door):
        """(milliseconds a grant releases the door, milliseconds it may stand open)."""
        return self._times.get(door, (RELEASE_MS, HELD_MS))


def _number(what, value, lowest, highest):
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError("%s: must be %d to %d" % (what, lowest, highest))
    return value
