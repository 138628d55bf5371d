"""Runs on the board: verifies what was copied to it, puts it in charge, and removes what is no longer needed.

Nothing that was in charge is touched before every file has been read back and found right. /current is
renamed last.
"""

import hashlib
import json
import os
from binascii import hexlify

# The installer puts its plan here: {"build": id, "new": {name: sha256}, "manifest": sha256 of manifest.json,
# "commission": minutes, 0 for none}
PLAN = {}


def digest(path):
    sha, buffer = hashlib.sha256(), bytearray(512)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            n = file.readinto(buffer)
            if not n:
                return hexlify(sha.digest()).decode()
            sha.update(view[:n])


def names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def remove(path):
    """A file or a folder with all that is in it."""
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None


def verify(slot):
    """How many files are right. Raises ValueError with the first that is not."""
    wanted = {"/new/" + name: sha for name, sha in PLAN["new"].items()}
    wanted[slot + "/manifest.json"] = PLAN["manifest"]
    for path, sha in wanted.items():
        if digest(path) != sha:
            raise ValueError("damaged on the way: " + path)
    with open(slot + "/manifest.json") as file:
        files = json.load(file)["files"]
    for path, sha in files.items():
        if digest(slot + "/" + path) != sha:
            raise ValueError("damaged on the way: " + slot + "/" + path)
    return len(wanted) + len(files)


def switch(build):
    """Puts the new files in charge, each by a rename. Returns the build that was in charge before."""
    before = read("/current")
    for name in sorted(PLAN["new"]):
        os.rename("/new/" + name, "/" + name)
    with open("/current.new", "w") as file:
        file.write(build + "\n")
    os.rename("/current.new", "/current")
    return before


def prune(keep):
    """Removes the slots that are not in `keep`, and what an installation leaves behind. Returns the slots."""
    gone = [name for name in names("/slots") if name not in keep]
    for name in gone:
        remove("/slots/" + name)
    for name in ("new", "maintenance", "trial", "returned"):
        if name in os.listdir("/"):
            remove("/" + name)
    return gone


build = PLAN["build"]
verified = verify("/slots/" + build)
before = switch(build)
if before == build:
    # Installed again: which one was in charge before that is not known, so all that are there stay.
    gone = prune(names("/slots"))
else:
    gone = prune((build, before))
minutes = 0 if before else PLAN["commission"]
if minutes:  # a first installation: the first start finds this and begins
    with open("/trial", "w") as file:
        file.write("%s commission %d" % (build, minutes))
print(json.dumps({"verified": verified, "before": before, "pruned": gone, "commission": minutes}))
