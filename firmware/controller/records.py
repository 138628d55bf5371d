"""The two records that lie on flash and travel on the wire as they are: a credential and an event.

Numbers are little-endian. Time is Unix seconds UTC.
"""

import struct
from binascii import crc32
from hashlib import sha256

EVENT = 32  # bytes
CREDENTIAL = 12  # bytes: key 7, profile u16, valid until 3
CHANGE = 13  # bytes of a change to the credential table: PUT or REMOVE, credential
PUT = 0x2B
REMOVE = 0x2D
NO_END = 0xFFFFFF  # "valid until" of a credential without an end

_EVENT = "<IIBBBB7sB8s"


def until_minutes(utc):
    """The packed end of a validity: minutes since 2020-01-01, rounded down. None: no end."""
    if utc is None:
        return NO_END
    return max(0, min(NO_END - 1, (utc - 1577836800) // 60))


def until_utc(minutes):
    """Unix seconds at which a packed end comes, None for no end."""
    return None if minutes == NO_END else minutes * 60 + 1577836800


def pack_credential(key, profile, until):
    """One credential as it travels and as it counts in the digest."""
    return key + struct.pack("<H", profile) + struct.pack("<I", until)[:3]


def unpack_credential(data, at=0):
    """(key, profile, until)."""
    tail = struct.unpack_from("<HHB", data, at + 7)
    return bytes(data[at : at + 7]), tail[0], tail[1] | tail[2] << 16


def bucket_of(key, buckets):
    """The bucket of a key, of so many: keys are spread evenly, buckets are in their order."""
    return (key[0] << 10 | key[1] << 2 | key[2] >> 6) * buckets >> 18


def credential_digest(record):
    """A record's share of the table's digest: the digest is the XOR over all records, in any order."""
    return int.from_bytes(sha256(record).digest()[:8], "big")


def pack_event(sequence, utc, code, door, extra, flags, key):
    """One event: sequence u32, utc u32 (0: not known), code, door, extra, flags, key 7, 9 bytes spare, CRC-32."""
    body = struct.pack(_EVENT, sequence, utc, code, door, extra, flags, key or bytes(7), 0, bytes(8))
    return body + struct.pack("<I", crc32(body))


def unpack_event(data, at=0):
    """(sequence, utc, code, door, extra, flags, key or None), or None when the CRC is wrong."""
    body = bytes(data[at : at + EVENT - 4])
    if len(body) < EVENT - 4 or struct.unpack_from("<I", data, at + EVENT - 4)[0] != crc32(body):
        return None
    event = struct.unpack(_EVENT, body)
    key = event[6]
    return event[:6] + (key if key != bytes(7) else None,)
