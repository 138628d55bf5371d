"""The wire: topics, messages and records between a controller and its cloud, for both ends.

A message is one type byte and a body, sealed by channel.py before it travels. Control messages carry JSON,
events and ACL records are packed as records.py says. Numbers are little-endian. Time is Unix seconds UTC.
"""

import json
import struct

from ..json_text import whole

VERSION = 1
MAX_MESSAGE = 1024  # bytes of a sealed message, either way; longer ones are refused unread. One TCP segment holds it

# Up: controller to cloud.
HELLO = 0x68  # JSON, see hello fields below
EVENTS = 0x65  # log epoch u32, then whole event records, sequence numbers contiguous
BUCKETS = 0x42  # first u16, then a digest u64 for each bucket asked for, all ones: damaged
ACL_NOW = 0x76  # version u32, digest u64: what the credential table holds, after every change
PART_TAKEN = 0x6E  # version u32, next part u16: the controller asks for that part of the snapshot
RULES_TAKEN = 0x6D  # version u32, next part u16: asked for; all parts: in force; 0xFFFF: refused, the old ones hold
# and what is wrong follows as text, the field first: "doors.1.warn_ms: must be less than held_ms"
RESULT = 0x72  # JSON {"id", "result": "done" | "expired" | "refused", "why"}, and "data" when something was collected
UPDATE_STATE = 0x57  # JSON {"build", "state", "next": offset wanted, "why"}; the states: update.py
CARD_READ = 0x6C  # how u8 (0: a card; else why there is none, as LEARN_ENDED says), its bits u8, its number u64 (the
# payload without parity), then the id of the command "learn" as JSON
SECRETS = 0x4C  # count u8: how many link secrets the controller keeps
TIME_ASKED = 0x71  # nonce, 8 bytes
DOOR_STATUS = 0x53  # JSON {"standing": [[why u8, until, since, door, ...], ...]}: doors that do not stand as usual, at
# every change and once a minute. why: 1 unlocked by schedule, 2 by the first person, 3 by office mode, 4 by command, 5
# evacuation, 6 fire input, 7 lockdown. until: 0 until further notice; since: 0 not known
STOCK_STATE = 0x54  # crc32 u32 of 256 u32, one for each slot of a bank's stock: the number of the delivery whose key
# lies there, 0 for none, + (state << 30): 0 held, 1 a parcel lies there, 2 ended. Then u8: a slot, and these u32 from
# there on where they were asked for. Said when a session begins, after each STOCK, and when asked
ALLOT_STATE = 0x41  # crc32 u32 of what is allotted: 29 bytes a compartment, as ALLOT has them, zeros but for the number
# where there is nothing. Then u8: a compartment, and from there on the mark u16 of each that was asked for. Said when a
# session begins, after each ALLOT, and when asked
PING = 0x70  # empty; confirms the link both ways

# Down: cloud to controller.
STORED = 0x6B  # log epoch u32, sequence number u32: every event up to and with it is committed
DELTA = 0x64  # from version u32, to version u32, then changes of records.CHANGE bytes
SNAPSHOT = 0x73  # version u32, part u16, parts u16, digest u64, bucket u16, then records sorted by key. bucket not
# 0: the buckets between what came before and this one stay as they are, and these records begin in it
BUCKETS_ASKED = 0x62  # first u16, count u8: the digests of so many buckets of the table
RULES = 0x75  # version u32, part u16, parts u16, then bytes of the JSON, which has "version" too: access/README.md
PASSED = 0x77  # fresh u8 (1: nothing is missing up to now), then who was let in at other controllers: key 7 bytes, area
# u8, minute u32 since 1970; only where areas are shared, see ../access/README.md
SECRET = 0x4B  # 32 bytes: the link secret from now on, beside the one before; none: the one before is over
COMMAND = 0x63  # JSON {"id", "do", "door", "expires", ...}; what can be done: commands.py
UPDATE = 0x55  # offset u32, bytes of a signed release from there on; offset 0xFFFFFFFF: JSON {"build", "head", "start"}
TIME = 0x74  # the nonce asked with, Unix milliseconds u64
STOCK = 0x6F  # keys of deliveries for a bank, at most 24: number u32, key 16 bytes. The slot is the number % 256. One
# that is not greater than the one in its slot is left out, and so is one whose slot has a parcel
STOCK_ASKED = 0x61  # first u8, count u8: of which slots STOCK_STATE is to tell, at most 128
ALLOT = 0x67  # whose compartments are, at most 24: number u8, mark u16, kind u8, until u32 (minutes since 2020,
# 0xFFFFFF: no end), three keys of 7 bytes. The mark is of this allotment and no other; kind 1 personal, 0: it is over.
# 2 shared: no keys, and until says how long it is somebody's who takes it (storage/allotments.py).
# One whose compartment has another mark, a parcel, or is out of use, is left out; so is a shared one that is over, and
# that somebody has taken: but until, then the turn that is known of, says that this is known
ALLOT_ASKED = 0x47  # first u8, count u8: of which compartments ALLOT_STATE is to tell the marks
PONG = 0x50  # empty

# HELLO: {"acl": version, "digest": 16 hex digits, "buckets": of the table, "rules": version, "epoch": log epoch,
# "first", "last": sequence numbers on flash (last 0: none), "boot": starts so far, "firmware": version,
# "doors": how many, "longest": bytes of a sealed message that it takes, "refused": {why: how many messages},
# "chain": [sequence number, key in hex] until it is known, "standing": as DOOR_STATUS has it, null: all as usual}


# What working on a message may raise that is authenticated but not as described here. It is refused then, and counted;
# nothing a cloud says ends a loop of the controller. OSError: of a file system that is full.
HOSTILE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RuntimeError, MemoryError, OSError)


def topics(controller_id):
    """(up, down) of one controller. Whether it is there is known from what it says, sealed: no broker is asked."""
    root = "portvakt/" + controller_id
    return root + "/up", root + "/down"


def json_message(kind, fields):
    return bytes((kind,)) + json.dumps(fields).encode()


def read_json(message):
    """The fields of a JSON message. Raises ValueError when it is no JSON object."""
    return whole(bytes(message[1:]))


def packed(kind, layout, *numbers):
    """A message that begins with numbers: packed(STORED, "<II", epoch, sequence)."""
    return bytes((kind,)) + struct.pack(layout, *numbers)


def unpacked(layout, message):
    """The numbers after the type byte. Raises ValueError when the message is shorter than the layout."""
    if len(message) < 1 + struct.calcsize(layout):
        raise ValueError("short")
    return struct.unpack_from(layout, message, 1)
