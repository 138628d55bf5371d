"""Runs on the board: verifies what was copied to it, puts it in charge, and removes what is no longer needed.

Nothing that was in charge is touched before every file has been read back and found right. One rename of a folder
decides: before it the board starts what it had, after it boot.py goes on where the power failed. files.py stands
before it.
"""

import json
import os

from files import is_right, names, put_in_charge, read, remove

# The installer puts its plan here: {"build": id, "files": {path: [bytes, SHA-256]}, "commission": minutes, 0 for none,
# "serial": what the board is to know of the newest firmware it had}
PLAN = {}


def verify():
    for path in sorted(PLAN["files"]):
        if not is_right(path, PLAN["files"][path][1]):
            raise ValueError("damaged on the way: " + path)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def switch(build, minutes):
    """Puts the new files in charge, all or none."""
    remove("/returned")  # of an update that failed: the next start would remove that slot, which may be this one
    write("/new/current", build + "\n")
    # The next start finds it, removes it, notes the serial and begins commissioning: firmware/controller/cloud/trial.py
    write("/new/trial", "%s %s %d" % (build, PLAN["serial"], minutes))
    os.rename("/new", "/ready")
    put_in_charge()


def prune(keep):
    """Removes the slots that are not in `keep`. Returns them."""
    gone = [name for name in names("/slots") if name not in keep]
    for name in gone:
        remove("/slots/" + name)
    remove("/maintenance")
    return gone


verify()
before = read("/current")
minutes = 0 if before else PLAN["commission"]  # after a first installation
switch(PLAN["build"], minutes)
# Installed again: which one was in charge before that is not known, so all that are there stay.
gone = prune(names("/slots") if before == PLAN["build"] else (PLAN["build"], before))
print(json.dumps({"verified": len(PLAN["files"]), "before": before, "pruned": gone, "commission": minutes}))
