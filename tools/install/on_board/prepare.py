"""Runs on the board: what still has to be copied, and whether there is room. The slot in charge, the one on trial and
the one that is being installed stay; others go, as far as room is needed.

firmware/controller/storage/room.py and files.py stand before it.
"""

import json

from controller.storage.room import FOLDER, SPARE, blocks, free
from files import is_right, names, put_in_charge, read, remove

# The installer puts its plan here: {"build": id, "files": {path: [bytes, SHA-256]}}
PLAN = {}


def missing():
    """Paths of the plan that are not there as they should be. What is damaged or half copied goes at once."""
    found = []
    for path in sorted(PLAN["files"]):
        if not is_right(path, PLAN["files"][path][1]):
            remove(path)
            found.append(path)
    for name in names("/new"):
        if "/new/" + name not in PLAN["files"]:
            remove("/new/" + name)
    return found


def blocks_for(paths):
    """What they take, with the folders that are not there yet."""
    wanted = SPARE
    for folder in ("/slots", "/slots/" + PLAN["build"], "/new"):
        if folder[folder.rfind("/") + 1 :] not in names(folder[: folder.rfind("/")] or "/"):
            wanted += FOLDER
    return wanted + sum([blocks(PLAN["files"][path][0]) for path in paths])


def make_room(needed):
    """Returns (blocks that are free, the slots that have gone)."""
    keep, gone = [PLAN["build"], read("/current")] + (read("/trial") or "").split()[:1], []
    for name in names("/slots"):
        if name not in keep and free("/", needed) < needed:
            remove("/slots/" + name)
            gone.append(name)
    return free("/", needed), gone


put_in_charge()
absent = missing()
needed = blocks_for(absent)
there, pruned = make_room(needed)
print(json.dumps({"missing": absent, "needed": needed, "free": there, "pruned": pruned}))
