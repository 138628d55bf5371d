"""The other ways to keep cards, on littlefs over the same flash. Each as plain as its users have it."""

# mypy: ignore-errors

import json
import os
from binascii import hexlify
from struct import pack, unpack_from

from firmware.controller.records import NO_END

_RECORD = 12  # key 7, profile 2, valid until 3


def _name(key):
    return hexlify(key).decode()


class JsonDict:
    """One JSON object, loaded whole at start, written whole at each change."""

    path = "/flash/cards.json"

    def fill(self, keys):
        with open(self.path, "w") as file:
            file.write("{")
            for n, key in enumerate(keys):
                file.write('%s"%s": [1, %d]' % (", " if n else "", _name(key), NO_END))
            file.write("}")

    def start(self):
        with open(self.path) as file:
            self._cards = json.load(file)

    def find(self, key):
        return self._cards.get(_name(key))

    def put(self, key):
        self._cards[_name(key)] = [1, NO_END]
        self._save()

    def remove(self, key):
        del self._cards[_name(key)]
        self._save()

    def _save(self):
        with open(self.path, "w") as file:
            json.dump(self._cards, file)


class JsonList(JsonDict):
    """A list of cards, scanned from its start, as BeepBeep has it; written whole in place."""

    path = "/flash/tags.json"

    def fill(self, keys):
        with open(self.path, "w") as file:
            file.write("[")
            for n, key in enumerate(keys):
                file.write('%s"%s"' % (", " if n else "", _name(key)))
            file.write("]")

    def find(self, key):
        name = _name(key)
        for card in self._cards:
            if card == name:
                return card
        return None

    def put(self, key):
        self._cards.append(_name(key))
        self._save()

    def remove(self, key):
        self._cards.remove(_name(key))
        self._save()


class JsonFiles:
    """One small JSON file a card in one folder, as esp-rfid has it."""

    def fill(self, keys):
        os.mkdir("/flash/P")
        for key in keys:
            self.put(key)

    def start(self):
        pass

    def find(self, key):
        try:
            with open("/flash/P/" + _name(key)) as file:
                return json.load(file)
        except OSError:
            return None

    def put(self, key):
        with open("/flash/P/" + _name(key), "w") as file:
            json.dump({"acctype": 1, "validuntil": NO_END}, file)

    def remove(self, key):
        os.remove("/flash/P/" + _name(key))


class SortedFile:
    """Records of 12 bytes, sorted by key; the place of a key is guessed from its value, and the guess narrowed."""

    path = "/flash/cards"

    def fill(self, keys):
        with open(self.path, "wb") as file:
            for key in sorted(keys):
                file.write(_record(key))

    def start(self):
        self._open()

    def find(self, key):
        record = self._search(key)[1]
        return unpack_from("<H", record, 7)[0] if record else None

    def put(self, key):
        self._rewrite(self._search(key)[0], _record(key), 0)

    def remove(self, key):
        self._rewrite(self._search(key)[0], b"", 1)

    def _open(self):
        self._file = open(self.path, "rb")
        self._count = self._file.seek(0, 2) // _RECORD

    def _search(self, key):
        """(number of the record, the record), or (where it belongs, None)."""
        file, want = self._file, int.from_bytes(key, "big")
        low, high, below, above = 0, self._count - 1, 0, (1 << 56) - 1
        while low <= high:
            middle = low + (want - below) * (high - low) // (above - below or 1)
            middle = max(low, min(high, middle))
            file.seek(middle * _RECORD)
            record = file.read(_RECORD)
            found = int.from_bytes(record[:7], "big")
            if found == want:
                return middle, record
            if found < want:
                low, below = middle + 1, found
            else:
                high, above = middle - 1, found
        return low, None

    def _rewrite(self, at, record, skipped):
        """A second file with the change, then in the place of the first."""
        old, left = self._file, at * _RECORD
        old.seek(0)
        with open("/flash/new", "wb") as new:
            while left:
                left -= new.write(old.read(min(left, 1024)))
            new.write(record)
            old.seek((at + skipped) * _RECORD)
            piece = old.read(1024)
            while piece:
                new.write(piece)
                piece = old.read(1024)
        old.close()
        os.rename("/flash/new", self.path)
        self._open()


class AppendLog:
    """Events of 32 bytes appended to one file, each flushed."""

    def fill(self, events):
        with open("/flash/log", "wb") as file:
            for n in range(events):
                file.write(pack("<I", n) + bytes(28))

    def start(self):
        self._file = open("/flash/log", "ab")

    def record(self, event):
        self._file.write(event)
        self._file.flush()


def _record(key):
    return key + pack("<H", 1) + pack("<I", NO_END)[:3]


PEERS = {"json_dict": JsonDict, "json_files": JsonFiles, "json_list": JsonList, "sorted_file": SortedFile}
