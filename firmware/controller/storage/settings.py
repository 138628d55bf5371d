"""Settings on littlefs: two copies, the last good one wins. Also says what is wrong with them, field by field."""

import json
import os
from binascii import crc32, unhexlify

_SEAL = ', "crc": "'  # last member of a file that save() wrote; a file put there by hand has none

_HEX = "hex"
# (type, least, most): characters of a text, else the number itself. "secret" texts are not repeated in a sentence.
_FIELDS = {
    "controller": (_HEX, 16, 16),
    "link_secret": (_HEX, 64, 64),
    "table_key": (_HEX, 64, 64),
    "broker": {
        "host": (str, 1, 253),
        "port": (int, 1, 65535),
        "user": (str, 0, 255),
        "password": (str, 0, 255),
        "tls": (bool, 0, 1),
    },
    "wifi": {"name": (str, 1, 32), "password": (str, 0, 63)},
    "doors": [{"release_ms": (int, 100, 600000), "held_ms": (int, 1000, 86400000)}],
}
_CURE = ": correct it and install again"


def load(folder, name="settings"):
    """What was saved under that name, {} when there is no good copy."""
    for file_name in (name + ".json", name + ".bak"):
        try:
            with open(folder + file_name) as file:
                return _opened(file.read())
        except OSError:
            continue  # is not there: it was never saved, or the other copy is all there is
        except ValueError:
            print(f"{file_name} is damaged: install it again")
    return {}


def save(folder, fields, name="settings"):
    """Writes both copies, one after the other, each complete before it takes its name."""
    text = json.dumps(fields)
    text = text[:-1] + _SEAL + _sum(text) + '"}'
    for suffix in (".bak", ".json"):
        with open(folder + name + ".new", "w") as file:
            file.write(text)
            file.flush()
        os.rename(folder + name + ".new", folder + name + suffix)


def check(settings, doors):
    """Sentences that say what is wrong and what to do, none when all is right. doors: how many the board has."""
    faults = []
    _check(_FIELDS, settings, "", faults)
    if isinstance(settings, dict) and isinstance(settings.get("doors"), list) and len(settings["doors"]) != doors:
        faults.append(f"doors: must be {doors} as on the board, are {len(settings['doors'])}{_CURE}")
    return faults


def _sum(text):
    return f"{crc32(text.encode()):08x}"


def _opened(text):
    at = text.rfind(_SEAL)
    if at >= 0:
        seal = text[at + len(_SEAL) :].rstrip()
        text = text[:at] + "}"
        if seal != _sum(text) + '"}':
            raise ValueError("CRC")
    settings = json.loads(text)
    if not isinstance(settings, dict):
        raise ValueError("no object")
    return settings


def _check(shape, value, path, faults):
    if isinstance(shape, list):
        if not isinstance(value, list):
            faults.append(f"{path}: must be a list{_CURE}")
            return
        for i, item in enumerate(value):
            _check(shape[0], item, f"{path}.{i + 1}", faults)
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            faults.append(f"{path or 'settings'}: must be an object with named fields{_CURE}")
            return
        path = path and path + "."
        for name in shape:
            if name in value:
                _check(shape[name], value[name], path + name, faults)
            else:
                faults.append(f"{path}{name}: is missing: add it and install again")
        for name in value:
            if name not in shape:
                faults.append(f"{path}{name}: is not known: correct its name or remove it, and install again")
    else:
        fault = _fault(value, *shape)
        if fault:
            faults.append(f"{path}: must be {fault}{_CURE}")


def _fault(value, kind, least, most):
    if kind is bool:
        return None if isinstance(value, bool) else "true or false"
    if kind is int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return None
        return f"{least} to {most}, is {value}"
    # Texts may be secrets: they are not repeated.
    length = len(value) if isinstance(value, str) else -1
    if kind is str:
        return None if least <= length <= most else f"a text of {least} to {most} characters" + _length(length)
    try:
        if length == most and unhexlify(value):
            return None
    except ValueError:
        length = most
    return f"{most} hex digits" + _length(length)


def _length(length):
    return f", has {length}" if length >= 0 else ""
