"""Settings are written seldom: loaded when they are. settings.py reads them."""

import json
import os
from binascii import crc32

from .settings import SEAL


def save(folder, fields, name="settings"):
    """Writes both copies, one after the other, each complete before it takes its name. Save what was checked.

    Raises OSError when there is no room: what was there before counts then.
    """
    text = json.dumps(fields)[:-1]
    path = folder + name
    try:
        for suffix in (".bak", ".json"):
            with open(path + ".new", "w") as file:
                file.write(text + SEAL % crc32(text.encode()))
            os.rename(path + ".new", path + suffix)
    except OSError:
        try:
            os.remove(path + ".new")
        except OSError:
            pass  # was not begun
        raise
