"""Stands before the other scripts of this folder: files and folders of the board."""

import gc
import hashlib
import os
from binascii import hexlify

# A copy that broke off left its file open (these are mpremote's names): until it is closed it keeps its blocks.
f = w = None
gc.collect()


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


def is_right(path, sha):
    try:
        return digest(path) == sha
    except OSError:
        return False


def remove(path):
    """A file or a folder with all that is in it, if it is there."""
    try:
        is_folder = os.stat(path)[0] & 0x4000
    except OSError:
        return
    if is_folder:
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


def put_in_charge():
    """What is ready takes its place. Where the power fails in it, boot.py goes on with the same."""
    for last in (False, False, True):
        try:
            for name in names("/ready"):
                os.rename("/ready/" + name, "/" + name)
            if "ready" in os.listdir("/"):
                os.rmdir("/ready")
            return
        except OSError:  # a name that was moved when the power failed shows once littlefs has written again
            if last:
                raise
