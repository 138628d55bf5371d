"""A release as tests bring it, and a file system with the firmware before it."""

import json
import os

from firmware.controller.cloud.update import remove
from sim.release import MODULUS, sign
from sim.release import SignedRelease as AnyRelease

__all__ = ("FILES", "MODULUS", "NEW", "OLD", "Release", "file", "gone", "root", "sign")

OLD, NEW = "0" * 12, "abcdef012345"
FILES = {
    "controller/app.mpy": b"new app" * 200,
    "controller/cloud/link.mpy": b"l" * 1000,
    "umqtt/simple.mpy": b"u" * 10,
}


class Release(AnyRelease):
    def __init__(self, build=NEW, files=FILES, **other):
        super().__init__(build, files, **other)


def file(path, content):
    with open(path, "wb") as out:
        out.write(content)


def root(name, serial=3):
    """A file system with the old firmware in charge. Returns its root, with a slash."""
    os.mkdir(name)
    os.mkdir(name + "/slots")
    os.mkdir(name + "/slots/" + OLD)
    file(name + "/current", OLD.encode() + b"\n")
    file(name + "/release.key", MODULUS.encode())
    if serial is not None:
        file(name + "/slots/" + OLD + "/release.json", json.dumps({"serial": serial}).encode())
    return name + "/"


def gone(path):
    remove(path[:-1])
