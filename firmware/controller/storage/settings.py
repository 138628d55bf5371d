"""Settings on littlefs: two copies, the last good one wins."""

import json
import os
from binascii import crc32

SEAL = ', "crc": "%08x"}'  # ends a file that save() wrote; a file put there by hand has none


def load(folder, name="settings"):
    """(what was saved under that name, whether save() did it). ({}, False): there is no good copy."""
    for path in (folder + name + ".json", folder + name + ".bak"):
        try:
            with open(path, "rb") as file:
                sealed = _sealed(file)
                file.seek(0)
                fields = json.load(file)
            if not isinstance(fields, dict):
                raise ValueError("no object")
            if sealed:
                del fields["crc"]
            return fields, sealed
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


def _sealed(file):
    """Whether a seal ends it. Read in pieces: rules have up to 16 KB."""
    left = file.seek(0, 2) - 20
    file.seek(max(0, left))
    seal = file.read()
    if seal[:10] != SEAL[:10].encode():
        return False
    crc = 0
    file.seek(0)
    while left:
        part = file.read(min(256, left))
        crc = crc32(part, crc)
        left -= len(part)
    if seal != (SEAL % crc).encode():
        raise ValueError("CRC")
    return True
