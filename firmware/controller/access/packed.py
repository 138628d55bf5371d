"""What a profile says as bytes: a third of what it takes as a dict, and a board may hold 150 of them."""

from struct import pack, unpack_from

_FLAGS = ("no_clock", "pin", "extended", "hold", "office", "exempt", "lockdown")
_ESCORT = ("", "needs", "gives")
_HEAD = "<BBBI"  # flags (128: "from" is said), escort, uses (0: not said), from; then a door and its schedule, ..
_FROM = 128


def packed(says):
    """says: the fields of a profile that are not false, and for each door that it opens its schedule."""
    flags = _FROM if "from" in says else 0
    doors = []
    for name, value in says.items():
        if name in _FLAGS:
            flags |= 1 << _FLAGS.index(name)
        elif type(name) is int:
            doors += (name, value)
    head = flags, _ESCORT.index(says.get("escort", "")), says.get("uses", 0), says.get("from", 0)
    return pack(_HEAD, *head) + bytes(doors)


def unpacked(data):
    """The same dict again."""
    flags, escort, uses, since = unpack_from(_HEAD, data)
    says = {}  # type: dict
    for name in _FLAGS:  # no enumerate(): it makes a tuple of each, at every tap
        if flags & 1:
            says[name] = True
        flags >>= 1
    if escort:
        says["escort"] = _ESCORT[escort]
    if uses:
        says["uses"] = uses
    if flags:  # what is left of it is _FROM
        says["from"] = since
    for at in range(7, len(data), 2):
        says[data[at]] = data[at + 1]
    return says
