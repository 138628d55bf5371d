"""Settings on littlefs: two copies, the last good one wins."""

import json
import os
from binascii import crc32

SEAL = ', "crc": "%08x"}'  # ends a file that save() wrote; a file put there by hand has none


def load(folder, name="settings"):
    """(what was saved under that name, whether save() did it). ({}, False): there is no good copy."""
    for path in (folder + name + ".json", folder + name + ".bak"):
        try:
            with open(path) as file:
                return _opened(file.read())
        except OSError:
            continue  # is not there: it was never saved, or the other copy is all there is
        except ValueError:
            print(path, "is damaged: install it again")
    return {}, False


def save(folder, fields, name="settings"):
    """Writes both copies, one after the other, each complete before it takes its name. Save what was checked."""
    text = json.dumps(fields)[:-1]
    path = folder + name
    for suffix in (".bak", ".json"):
        with open(path + ".new", "w") as file:
            file.write(text + SEAL % crc32(text.encode()))
        os.rename(path + ".new", path + suffix)


def _opened(text):
    sealed = False
    at = text.rfind(SEAL[:10])
    if at >= 0:
        if text[at:] != SEAL % crc32(text[:at].encode()):
            raise ValueError("CRC")
        text = text[:at] + "}"
        sealed = True
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("no object")
    return fields, sealed
