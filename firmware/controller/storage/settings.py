"""Settings on littlefs: two copies, the last good one wins."""

import json
from binascii import crc32

from micropython import const

from ..json_text import whole

SEAL = ', "crc": "%08x"}'  # ends a file of settings_save.py; settings that were put there by hand have none
_MOST = const(4096)  # bytes of those


def load(folder, name="settings"):
    """(what was saved under that name, whether settings_save.py did it). ({}, False): there is no good copy.

    Nothing but settings is put there by hand: what else has no seal is a piece of what had one.
    """
    for suffix in (".json", ".bak"):
        path = folder + name + suffix
        try:
            with open(path, "rb") as file:
                sealed = _sealed(file)
                file.seek(0)
                if sealed:
                    fields = json.load(file)
                    del fields["crc"]
                elif name == "settings":
                    fields = whole(file.read(_MOST))
                else:
                    raise ValueError
                return fields, sealed
        except OSError:
            pass  # it is not there: it was never saved, or the other copy is all there is
        except ValueError:
            print(path, "is damaged")
    return {}, False


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
        raise ValueError
    return True
