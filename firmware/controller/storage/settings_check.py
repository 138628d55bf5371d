"""What is wrong with settings, field by field. A board loads this only for settings that were not checked before."""

_HEX = " hex digits"
_DIGITS = "0123456789abcdef"
_TEXT = " characters"
_BYTES = " bytes"  # IEEE 802.11: an SSID has at most 32, and å takes two
_WPA = " bytes, or 64 hex digits (a raw key), or empty for an open network"  # IEEE 802.11, J.4.1
# (what, least, most): characters or bytes of a text, else the number itself.
_FIELDS = {
    "controller": (_HEX, 16, 16),
    "link_secret": (_HEX, 64, 64),
    "table_key": (_HEX, 64, 64),
    "wifi.name": (_BYTES, 1, 32),
    "wifi.password": (_WPA, 8, 63),
}
_BROKER = {
    "host": (_TEXT, 1, 253),
    "port": ("", 1, 65535),
    "user": (_TEXT, 0, 255),
    "password": (_TEXT, 0, 255),
}
_GROUPS = ("", "broker", "wifi", "more_brokers")  # that may be empty; what they lack is said
_CHOICE = " or another"
_TLS = ("psk", "certificates")
_SINCE = ("", 1760000000, 4000000000)  # Unix seconds when these settings were made: asked for beyond one plain broker


def warn(settings):
    """Prints what is wrong with settings that were put on the board by hand. Returns how many faults that are."""
    found = check(settings)
    for fault in found:
        print("settings:", fault)
    return len(found)


def check(settings):
    """Sentences that say what is wrong and what to do, none when all is right."""
    return [fault + ": correct it and install again" for fault in faults(settings)]


def faults(settings):
    """Field and fault, without what to do."""
    wanted = dict(_FIELDS)
    found = []
    for path, broker in _brokers(settings):
        fields = dict(_BROKER)
        if "tls" in broker or path != "broker":
            wanted["since"] = _SINCE
        if "tls" in broker:
            fields["tls"] = (_CHOICE, 0, 0)
            if broker["tls"] == "psk":
                fields["key"] = (_HEX, 64, 64)
        for name in fields:
            wanted[f"{path}.{name}"] = fields[name]
    for path, value in _flat(settings, ""):
        fault = _fault(value, *wanted.pop(path)) if path in wanted else "is not known"
        if fault:
            found.append(path + ": " + fault)
    found += [path + ": is missing" for path in wanted]
    return sorted(found)


def takes(path, value):
    """Whether a board takes this value of a field. For callers that ask before there are settings."""
    return not _fault(value, *_FIELDS[path])


def _brokers(settings):
    """(path, fields) of each broker. The first must be there."""
    fields = settings if isinstance(settings, dict) else {}
    more = fields.get("more_brokers", ())
    yield "broker", _object(fields.get("broker"))
    for place, broker in enumerate(more if isinstance(more, list) else ()):
        yield "more_brokers.%d" % place, _object(broker)


def _object(value):
    return value if isinstance(value, dict) else {}


def _flat(value, path):
    """(path, value) of every field."""
    if not isinstance(value, (dict, list)) or (not value and path not in _GROUPS):
        yield path, value
        return
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _flat(item, f"{path}.{name}" if path else str(name))


def _fault(value, what, least, most):
    """What the value must be, None when it is. Texts may be secrets: they are not repeated."""
    if what == _CHOICE:
        return None if value in _TLS else "must be " + " or ".join(_TLS)
    size = value
    if what and type(value) is str:
        size = len(value.encode()) if what in (_BYTES, _WPA) else len(value)
        if what == _WPA and (not value or (size == 64 and not value.strip(_DIGITS + "ABCDEF"))):
            return None
    if type(size) is int and (size is not value or not what) and least <= size <= most:
        if what != _HEX or not value.strip(_DIGITS):
            return None
    return f"must be {least} to {most}{what}" + ("" if what else f", is {value}")
