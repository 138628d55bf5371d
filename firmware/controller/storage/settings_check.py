"""What is wrong with settings, field by field. A board loads this only for settings that nobody has checked before."""

_HEX = " hex digits"
_TEXT = " characters"
# (what, least, most): characters of a text, else the number itself.
_FIELDS = {
    "controller": (_HEX, 16, 16),
    "link_secret": (_HEX, 64, 64),
    "table_key": (_HEX, 64, 64),
    "broker.host": (_TEXT, 1, 253),
    "broker.port": ("", 1, 65535),
    "broker.user": (_TEXT, 0, 255),
    "broker.password": (_TEXT, 0, 255),
    "wifi.name": (_TEXT, 1, 32),
    "wifi.password": (_TEXT, 0, 63),
}


def check(settings):
    """Sentences that say what is wrong and what to do, none when all is right."""
    wanted = dict(_FIELDS)
    faults = []
    for path, value in _flat(settings, ""):
        fault = _fault(value, *wanted.pop(path)) if path in wanted else "is not known"
        if fault:
            faults.append(path + ": " + fault)
    faults += [path + ": is missing" for path in wanted]
    return [fault + ": correct it and install again" for fault in sorted(faults)]


def _flat(value, path):
    """(path, value) of every field."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _fault(value, what, least, most):
    """What the value must be, None when it is. Texts may be secrets: they are not repeated."""
    size = len(value) if what and type(value) is str else value
    if type(size) is int and (size is not value or not what) and least <= size <= most:
        if what != _HEX or not value.strip("0123456789abcdef"):
            return None
    return f"must be {least} to {most}{what}" + ("" if what else f", is {value}")
