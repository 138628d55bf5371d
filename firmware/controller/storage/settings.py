"""Settings on littlefs: two copies, the last good one wins. Also says what is wrong with them, field by field."""

import json
import os
from binascii import crc32

_SEAL = ', "crc": "%08x"}'  # ends a file that save() wrote; a file put there by hand has none

_HEX = " hex digits"
_TEXT = " characters"
# (what, least, most): characters of a text, else the number itself; () for true or false.
_FIELDS = {
    "controller": (_HEX, 16, 16),
    "link_secret": (_HEX, 64, 64),
    "table_key": (_HEX, 64, 64),
    "broker.host": (_TEXT, 1, 253),
    "broker.port": ("", 1, 65535),
    "broker.user": (_TEXT, 0, 255),
    "broker.password": (_TEXT, 0, 255),
    "broker.tls": (),
    "wifi.name": (_TEXT, 1, 32),
    "wifi.password": (_TEXT, 0, 63),
}
_DOOR = {"release_ms": ("", 100, 600000), "held_ms": ("", 1000, 86400000)}


def load(folder, name="settings"):
    """What was saved under that name, {} when there is no good copy."""
    for path in (folder + name + ".json", folder + name + ".bak"):
        try:
            with open(path) as file:
                return _opened(file.read())
        except OSError:
            continue  # is not there: it was never saved, or the other copy is all there is
        except ValueError:
            print(path, "is damaged: install it again")
    return {}


def save(folder, fields, name="settings"):
    """Writes both copies, one after the other, each complete before it takes its name."""
    text = json.dumps(fields)[:-1]
    path = folder + name
    for suffix in (".bak", ".json"):
        with open(path + ".new", "w") as file:
            file.write(text + _SEAL % crc32(text.encode()))
        os.rename(path + ".new", path + suffix)


def check(settings, doors):
    """Sentences that say what is wrong and what to do, none when all is right. doors: how many the board has."""
    wanted = dict(_FIELDS)
    for door in range(1, doors + 1):
        for name in _DOOR:
            wanted[f"doors[{door}].{name}"] = _DOOR[name]
    faults = []
    for path, value in _flat(settings, ""):
        fault = _fault(value, *wanted.pop(path)) if path in wanted else "is not known"
        if fault:
            faults.append(path + ": " + fault)
    faults += [path + ": is missing" for path in wanted]
    return [fault + ": correct it and install again" for fault in sorted(faults)]


def _opened(text):
    at = text.rfind(_SEAL[:10])
    if at >= 0:
        if text[at:] != _SEAL % crc32(text[:at].encode()):
            raise ValueError("CRC")
        text = text[:at] + "}"
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("no object")
    return fields


def _flat(value, path):
    """(path, value) of every field: "doors[1].held_ms" is a field of the first door."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, item in enumerate(value, 1):
            yield from _flat(item, f"{path}[{i}]")
    else:
        yield path, value


def _fault(value, what=None, least=0, most=0):
    """What the value must be, None when it is. Texts may be secrets: they are not repeated."""
    if what is None:
        return None if type(value) is bool else "must be true or false"
    size = len(value) if what and type(value) is str else value
    if type(size) is int and (size is not value or not what) and least <= size <= most:
        if what != _HEX or not value.strip("0123456789abcdef"):
            return None
    return f"must be {least} to {most}{what}" + ("" if what else f", is {value}")
