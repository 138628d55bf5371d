"""The two records that lie on flash and travel on the wire as they are: a credential and an event.

Numbers are little-endian. Time is Unix seconds UTC.
"""

import struct
from binascii import crc32
from hashlib import sha256

from micropython import const

EVENT = 32  # bytes
CREDENTIAL = 12  # bytes: key 7, profile u16, valid until 3
CHANGE = 13  # bytes of a change to the credential table: PUT or REMOVE, credential
PUT = 0x2B
REMOVE = 0x2D
NO_END = 0xFFFFFF  # "valid until" of a credential without an end

EVENT_LAYOUT = "<IIBBBB7sB"  # then the chain and a CRC-32

_WHOLE = const(0x2144DF1C)  # the CRC-32 of anything that ends with its own, little-endian


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
    """(profile, until): what follows the key."""
    profile, low, high = struct.unpack_from("<HHB", data, at + 7)
    return profile, low | high << 16


def bucket_of(key, buckets):
    """The bucket of a key, of so many: keys are spread evenly, buckets are in their order."""
    return (key[0] << 10 | key[1] << 2 | key[2] >> 6) * buckets >> 18


def credential_digest(record):
    """A record's share of the table's digest: the digest is the XOR over all records, in any order."""
    return int.from_bytes(sha256(record).digest()[:8], "big")


def pack_event(sequence, utc, code, door, extra, flags, key, count=0, chain=bytes(8)):
    """One event: sequence u32, utc u32 (0: not known), code, door, extra, flags, key 7, count, chain 8, CRC-32.

    count: how many more of it came that were not written one by one, 255 or more. chain: see chain_mac.
    """
    body = struct.pack(EVENT_LAYOUT, sequence, utc, code, door, extra, flags, key or bytes(7), count) + chain
    return body + struct.pack("<I", crc32(body))


def unpack_event(data, at=0):
    """(sequence, utc, code, door, extra, flags, key or None, count), or None when it is not whole. Code 0: expired."""
    record = bytes(data[at : at + EVENT])
    if len(record) < EVENT or (crc32(record) != _WHOLE and not expired(record)):
        return None
    event = struct.unpack_from(EVENT_LAYOUT, record)
    key = event[6]
    return event[:6] + (key if key != bytes(7) else None, event[7])


def expired(record):
    """Whether of this event only its sequence number and its chain are left: the rest was programmed to zero."""
    return not any(record[4:20]) and not any(record[28:32]) and any(record[:4])


def chain_mac(key, before, event):
    """The chain of an event: it binds the event to all before it, under a key that moves forward.

    key: 16 bytes. before: the chain of the event before, zeros where the chain begins. An event with the flag NEW_KEY
    is the last under its key: from the next one on next_chain_key(key) counts. With CHAIN_BEGINS nothing comes before.
    """
    return sha256(key + before + event[:20]).digest()[:8]


def next_chain_key(key):
    """The key that follows. No way leads back, so a thief who reads a board cannot make what it recorded before."""
    hashed = sha256(b"next")
    hashed.update(key)
    return hashed.digest()[:16]
