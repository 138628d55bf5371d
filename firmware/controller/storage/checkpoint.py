"""A checkpoint of what the rules remember: a file on littlefs, and the events since then in the log.

The event is the commit: it is on flash before a strike moves, and what follows from it is rebuilt from the log after a
restart. The checkpoint, written in an idle moment every so many events, is for what the log no longer holds.
"""

import os
from binascii import crc32
from struct import pack, unpack_from

from micropython import const

from ..records import EVENT, unpack_event

_EVERY = const(256)  # events; a log holds ten times as many
_BATCH = const(16)
_HEAD = "<IIB"  # log epoch, sequence number up to which it is told, how many parts; then for each its length and bytes


class Checkpoint:
    """path: of the file. parts: [(name, memory)] in an order that stays the same for the same rules."""

    def __init__(self, path, log):
        self._path = path
        self._log = log
        self._upto = 0

    def recall(self, parts, rules, now):
        """Fills memories with what was before this start. Returns the time of the last event that has one."""
        self._upto = 0
        try:
            with open(self._path, "rb") as file:
                self._unpack(file.read(), parts, now)
        except OSError:
            pass  # there is none yet
        except (ValueError, IndexError):
            print(self._path, "is damaged: the log has to do")
        log, latest = self._log, 0
        buffer = bytearray(_BATCH * EVENT)
        at = max(self._upto + 1, log.first)
        while at <= log.last:
            count = log.read(at, buffer)
            if not count:
                break
            for n in range(count):
                event = unpack_event(buffer, n * EVENT)
                if event:
                    latest = event[1] or latest
                    for _, memory in parts:
                        memory.follow(rules, event[1:7], now, False)
            at += count
        return latest

    def due(self):
        """Whether enough happened since the last one."""
        return self._log.last - self._upto >= _EVERY

    def write(self, parts):
        """In an idle moment: littlefs erases sectors now and then. The old one counts until the new one is whole.

        Raises OSError when there is no room.
        """
        upto = self._log.last
        data = pack(_HEAD, self._log.epoch, upto, len(parts))
        for name, memory in parts:
            packed = memory.pack()
            data += bytes((len(name),)) + name.encode() + pack("<H", len(packed)) + packed
        new = self._path + ".new"
        try:
            with open(new, "wb") as file:
                file.write(data + pack("<I", crc32(data)))
            os.rename(new, self._path)
        except OSError:
            try:
                os.remove(new)
            except OSError:
                pass  # was not begun
            raise
        self._upto = upto

    def _unpack(self, data, parts, now):
        body = data[:-4]
        if len(data) < 13 or pack("<I", crc32(body)) != data[-4:]:
            raise ValueError("CRC")
        epoch, upto, count = unpack_from(_HEAD, body)
        if epoch != self._log.epoch:
            return
        at = 9
        packed = {}
        for _ in range(count):
            name = body[at + 1 : at + 1 + body[at]].decode()
            at += 1 + body[at]
            length = unpack_from("<H", body, at)[0]
            packed[name] = body[at + 2 : at + 2 + length]
            at += 2 + length
        for name, memory in parts:
            if name in packed:
                memory.unpack(packed[name], now)
            else:
                upto = 0  # a memory that is new: the log tells all of them what it holds
        self._upto = min(upto, self._log.last)
