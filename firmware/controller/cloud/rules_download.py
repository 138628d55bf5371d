"""Rules on their way in: part by part into a file, checked whole, then in charge. Loaded when the first part comes.

A power cut leaves the old rules or the new ones: what is staged counts only after its last rename.
"""

import json
import os
from binascii import crc32

from micropython import const

from ..access.rules import Rules
from ..events import RULES_REFUSED
from ..storage.settings import SEAL
from .wire import HOSTILE, RULES_TAKEN, packed, unpacked

MOST = 16384  # bytes of JSON
_HEAD = const(9)
_REFUSED = const(0xFFFF)
_WHY = const(200)  # bytes of what is said to be wrong


class Staging:
    """folder: where rules.json lies. One set of rules at a time; a part 0 begins anew."""

    def __init__(self, folder):
        self._path = folder + "rules"
        self._version = None
        self._next = 0
        self._bytes = self._crc = 0
        self._held = b""  # the last byte that came: the object's end, before which the seal has to go

    def take(self, loop, message, now):
        """One part. Returns the answer. Raises ValueError when it is not the one asked for."""
        version, part, parts = unpacked("<IHH", message)
        if part == 0 and (version != self._version or self._next != 1):
            self._version = version
            self._next = self._bytes = self._crc = 0
            self._held = b""
        if version != self._version or part not in (self._next, self._next - 1) or part >= parts:
            raise ValueError("rules: part")
        if part == self._next:
            try:
                self._write(memoryview(message)[_HEAD:], part == 0)
                self._next += 1
                if self._next == parts:
                    self._finish(loop)
            except HOSTILE as error:
                # A ValueError names the field at fault; what else there is says what kind of thing it is.
                why = str(error) if type(error) is ValueError else repr(error)
                print("rules: refused:", why)
                loop.record(RULES_REFUSED, now)
                self._version = None
                return packed(RULES_TAKEN, "<IH", version, _REFUSED) + why.encode()[:_WHY]
        return packed(RULES_TAKEN, "<IH", version, self._next)

    def _write(self, piece, first):
        self._bytes += len(piece)
        if self._bytes > MOST:
            raise ValueError("too long")
        if not len(piece):
            raise ValueError("empty part")
        with open(self._path + ".new", "wb" if first else "ab") as file:
            file.write(self._held)
            file.write(piece[:-1])
        self._crc = crc32(piece[:-1], crc32(self._held, self._crc))
        self._held = bytes(piece[-1:])

    def _finish(self, loop):
        """Checks what is staged as the start will read it, and puts it in charge."""
        new = self._path + ".new"
        if self._held != b"}":
            raise ValueError("no object")
        with open(new, "ab") as file:
            file.write((SEAL % self._crc).encode())
        with open(new) as file:
            fields = json.load(file)
        fields.pop("crc")  # the seal's
        rules = Rules(fields, len(loop.doors))
        if rules.version != self._version:
            raise ValueError("version")
        try:
            os.rename(self._path + ".json", self._path + ".bak")
        except OSError:
            pass  # there were none before
        os.rename(new, self._path + ".json")
        loop.follow(rules)
