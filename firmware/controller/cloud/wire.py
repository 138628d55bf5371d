"""The wire: topics, messages and records between a controller and its cloud, for both ends.

A message is one type byte and a body, sealed by channel.py before it travels. Control messages carry JSON,
events and ACL records are packed. Numbers are little-endian. Time is Unix seconds UTC.
"""

import json
import struct
from binascii import crc32
from hashlib import sha256

VERSION = 1
MAX_MESSAGE = 2048  # bytes of a sealed message, either way; longer ones are refused unread

# Up: controller to cloud.
HELLO = 0x68  # JSON, see hello fields below
EVENTS = 0x65  # log epoch u32, then whole event records, sequence numbers contiguous
ACL_NOW = 0x76  # version u32, digest u64: what the credential table holds, after every change
PART_TAKEN = 0x6E  # version u32, next part u16: the controller asks for that part of the snapshot
RESULT = 0x72  # JSON {"id", "result": "done" | "expired" | "refused", "why"}
TIME_ASKED = 0x71  # nonce, 8 bytes
PING = 0x70  # empty; confirms the link both ways

# Down: cloud to controller.
STORED = 0x6B  # log epoch u32, sequence number u32: every event up to and with it is committed
DELTA = 0x64  # from version u32, to version u32, then changes of CHANGE bytes
SNAPSHOT = 0x73  # version u32, part u16, parts u16, digest u64, then records sorted by key
RULES = 0x75  # JSON {"version", "profiles": {"7": [doors]}, "doors": {"1": {"release_ms", "held_ms"}}}
COMMAND = 0x63  # JSON {"id", "do": "release", "door", "expires"}
TIME = 0x74  # the nonce asked with, Unix milliseconds u64
PONG = 0x50  # empty

# HELLO: {"acl": version, "digest": 16 hex digits, "rules": version, "epoch": log epoch, "first", "last": sequence
# numbers on flash (last 0: none), "boot": starts so far, "firmware": version, "doors": how many, "heap": bytes free}

EVENT = 32
RECORD = 12  # key 7, profile u16, valid until 3
CHANGE = 13  # PUT or REMOVE, record
PUT = 0x2B
REMOVE = 0x2D
NO_END = 0xFFFFFF  # "valid until" of a credential without an end

CARD = 1  # kinds of credential, first byte of what the key is made of
PIN = 2

_EVENT = "<IIBBBB7sB8s"


def topics(controller_id):
    """(up, down, presence) of one controller."""
    root = "portvakt/" + controller_id
    return root + "/up", root + "/down", root + "/presence"


def hmac(key, message):
    """HMAC-SHA256 (RFC 2104), 32 bytes. key: at most 64 bytes."""
    inner, outer = hmac_pads(key)
    return sha256(outer + sha256(inner + message).digest()).digest()


def hmac_pads(key):
    """The two padded keys of HMAC, so that a long-lived key is padded once."""
    key = key + bytes(64 - len(key))
    return bytes([b ^ 0x36 for b in key]), bytes([b ^ 0x5C for b in key])


def card_value(bits, number):
    """What the key of a card is made of. bits: frame length with parity; number: the payload without it."""
    return bytes((CARD, bits)) + number.to_bytes((bits + 5) // 8, "big")


def credential_key(table_key, value):
    """The 7 bytes by which one controller knows a credential: different on every controller."""
    return hmac(table_key, value)[:7]


def until_minutes(utc):
    """The packed end of a validity: minutes since 2020-01-01, rounded down. None: no end."""
    if utc is None:
        return NO_END
    return max(0, min(NO_END - 1, (utc - 1577836800) // 60))


def until_utc(minutes):
    """Unix seconds at which a packed end comes, None for no end."""
    return None if minutes == NO_END else minutes * 60 + 1577836800


def pack_record(key, profile, until):
    """One credential as it travels and as it counts in the digest."""
    return key + struct.pack("<H", profile) + struct.pack("<I", until)[:3]


def unpack_record(data, at=0):
    """(key, profile, until)."""
    tail = struct.unpack_from("<HHB", data, at + 7)
    return bytes(data[at : at + 7]), tail[0], tail[1] | tail[2] << 16


def record_digest(record):
    """A record's share of the table's digest: the digest is the XOR over all records, in any order."""
    return int.from_bytes(sha256(record).digest()[:8], "big")


def pack_event(sequence, utc, code, door, extra, flags, key):
    """One event, 32 bytes: sequence u32, utc u32 (0: not known), code, door, extra, flags, key 7, spare, chain 8, CRC-32."""
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


def json_message(kind, fields):
    return bytes((kind,)) + json.dumps(fields).encode()


def read_json(message):
    """The fields of a JSON message. Raises ValueError when it is no JSON object."""
    fields = json.loads(bytes(message[1:]))
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    return fields


def packed(kind, layout, *numbers):
    """A message that begins with numbers: packed(STORED, "<II", epoch, sequence)."""
    return bytes((kind,)) + struct.pack(layout, *numbers)
