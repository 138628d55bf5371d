"""Flash that tells what was written to it, and what lies there: how the simulator knows what is on record."""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from sim.mcu.flash import SECTOR, NorFlash, PowerCut

Writable = bytearray | memoryview
Readable = bytes | Writable


class TiredFlash(NorFlash):
    """Flash that does not always do what it is told.

    worn: sectors whose erases and programs do nothing. weakens: a program that is cut short leaves the bits of one byte
    in between; they read now so and now so, until they are erased or programmed.
    """

    def __init__(self, size: int, label: str, chance: Random) -> None:
        super().__init__(size, label)
        self.worn: set[int] = set()
        self.on_lost: Callable[[], None] = lambda: None  # a worn sector did not take what was programmed
        self.weakens = False
        self.on_weak: Callable[[bytes], None] = lambda data: None  # what a program should have left there
        self._weak: dict[int, int] = {}  # offset: bits
        self._chance = chance

    def read(self, offset: int, buf: Writable) -> None:
        super().read(offset, buf)
        if self._weak:
            for at, bits in self._weak.items():
                if offset <= at < offset + len(buf):
                    buf[at - offset] &= ~(bits & self._chance.randrange(256))  # a bit that is zero meanwhile is firm

    def program(self, offset: int, data: Readable) -> None:
        try:
            super().program(offset, data)
        except PowerCut:
            after = bytearray(len(data))
            self.peek(offset, after)
            if self.weakens:
                torn = [i for i in range(len(data)) if after[i] & ~data[i]]
                if torn:
                    self._weak[offset + torn[0]] = after[torn[0]] & ~data[torn[0]]
                    self.on_weak(bytes(data))
            raise
        if self._weak:
            for at in [at for at in self._weak if offset <= at < offset + len(data)]:
                self._weak[at] &= data[at - offset]

    def erase(self, sector: int) -> None:
        super().erase(sector)
        for at in [at for at in self._weak if at // SECTOR == sector]:
            del self._weak[at]

    def poke(self, offset: int, data: Readable) -> None:
        if self.worn and offset // SECTOR in self.worn:
            found = bytearray(len(data))
            self.peek(offset, found)
            if bytes(data) not in (found, b"\xff" * len(data)):
                self.on_lost()
            return
        super().poke(offset, data)


class WatchedFlash(TiredFlash):
    """on_program(offset, data, before): what lies there after a program, also after one that the power cut short.

    Not when it lay there already: a start makes the last bits firm.
    """

    def __init__(self, size: int, label: str, chance: Random, on_program: Callable[[int, bytes, bytes], None]) -> None:
        super().__init__(size, label, chance)
        self._on_program = on_program

    def program(self, offset: int, data: Readable) -> None:
        before, found = bytearray(len(data)), bytearray(len(data))
        self.peek(offset, before)
        try:
            super().program(offset, data)
        finally:
            self.peek(offset, found)
            if found != before:
                self._on_program(offset, bytes(found), bytes(before))

    def image(self) -> bytes:
        """All of it."""
        found = bytearray(self.size)
        self.peek(0, found)
        return bytes(found)


# What lies on flash, read a second time: this code shares the layout with the firmware, and nothing else.


def image(part: NorFlash) -> bytes:
    """All of a partition, uncounted."""
    found = bytearray(part.size)
    part.peek(0, found)
    return bytes(found)


def slots(log: bytes) -> set[bytes]:
    """Every 32-byte slot of a log."""
    return {log[at : at + 32] for at in range(0, len(log), 32)}


@dataclass(frozen=True)
class AccessList:
    """version, digest: as its journal says. held: the digest of what its slots hold."""

    version: int
    digest: int
    held: int


def access_list(acl: bytes) -> AccessList | None:
    """None while it says itself that it is not complete."""
    newest, journal = _sectors(acl)
    if journal not in newest:
        return None
    at, end = newest[journal][1] * SECTOR + 16, (newest[journal][1] + 1) * SECTOR
    said: tuple[int, int] | None = None
    while at + 20 <= end:
        entry = _entry(acl[at:end])
        if entry is None:
            break
        version, digest = struct.unpack_from("<IQ", entry)
        said = version, digest
        at += len(entry)
    if said is None or said[1] >= (1 << 64) - 2:
        return None
    held = 0
    for slot in _credentials(acl, newest, journal):
        held ^= int.from_bytes(hashlib.sha256(slot[:12]).digest()[:8], "big")
    return AccessList(*said, held)


def _entry(rest: bytes) -> bytes | None:
    """The first entry of that part of a journal, as it was before one of its bits turned over."""
    if rest[:4] == b"\xff" * 4:
        return None
    for turned in (0, 1, 2, 4, 8, 16, 32, 64, 128):
        head = rest[:15] + bytes([rest[15] ^ turned])
        entry = head + rest[16 : 20 + head[15] * 13]
        if is_whole(entry):
            return entry
        fixed = None if turned else mended(entry)
        if fixed is not None and fixed[15] == rest[15]:
            return fixed
    return None


def credential(acl: bytes, key: bytes) -> bytes | None:
    """What an access list holds under a key."""
    newest, journal = _sectors(acl)
    return next((slot[:12] for slot in _credentials(acl, newest, journal) if slot[:7] == key), None)


def crowd(part: NorFlash, room: int) -> None:
    """Of an access list without power: every bucket has room for so many more changes."""
    acl = image(part)
    newest, journal = _sectors(acl)
    for bucket, (_, sector) in newest.items():
        if bucket < journal:
            for at in range(sector * SECTOR + 16, (sector + 1) * SECTOR - 16 * room, 16):
                if acl[at : at + 16] == b"\xff" * 16:
                    part.poke(at, bytes(16))


def _sectors(acl: bytes) -> tuple[dict[int, tuple[int, int]], int]:
    """({bucket: (turn, sector that counts)}, which bucket is the journal)."""
    newest: dict[int, tuple[int, int]] = {}
    sectors = len(acl) // SECTOR
    for sector in range(sectors):
        head = acl[sector * SECTOR : sector * SECTOR + 16]
        magic, count, bucket, turn = struct.unpack_from("<2sHII", head)
        if is_whole(head) and magic == b"KA" and count == sectors:
            newest[bucket] = max(newest.get(bucket, (0, 0)), (turn, sector))
    regions = (sectors - 3 + 63) // 64  # behind three sectors of journal
    size = (sectors - 3) // regions
    return newest, regions * (size - min(2, size - 1))


def _credentials(acl: bytes, newest: dict[int, tuple[int, int]], journal: int) -> Iterator[bytes]:
    for bucket in range(journal):
        if bucket not in newest:
            continue
        sector = newest[bucket][1]
        for at in range(sector * SECTOR + 16, (sector + 1) * SECTOR, 16):
            slot = acl[at : at + 16]
            if any(slot) and is_whole(slot):
                yield slot


def mended(record: bytes) -> bytes | None:
    """A record before one of its bits turned over, None when that is not what happened."""
    for bit in range(8 * len(record)):
        fixed = bytearray(record)
        fixed[bit // 8] ^= 1 << bit % 8
        if is_whole(fixed):
            return bytes(fixed)
    return None


def is_whole(record: bytes | bytearray) -> bool:
    """Whether its last four bytes are the CRC-32 of the rest."""
    return zlib.crc32(record[:-4]).to_bytes(4, "little") == record[-4:]
