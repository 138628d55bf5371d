"""Messages as an attacker makes them who knows the wire, and others who hold the keys as well. All from one chance."""

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import ACCEPT, OPEN, OVERHEAD, RENEW, SEALED

ROOM = wire.MAX_MESSAGE - OVERHEAD  # bytes of a message before it is sealed
EDGES = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
Kinds = tuple[Callable[[Random, "Known"], bytes], ...]


class Known:
    """What the attacker knows of the two ends; kept up to date by the fuzz that drives them."""

    def __init__(self, utc: int) -> None:
        self.utc = utc
        self.epoch = 0
        self.last = 0
        self.acl = 0
        self.nonce = bytes(8)  # of the question for the time
        self.commands = 0


def number(chance: Random, most: int = 0xFFFFFFFF, near: int = 0) -> int:
    """A number that is likely to hurt."""
    pick = chance.random()
    if pick < 0.3:
        return max(0, min(most, near + chance.randrange(-2, 3)))
    return min(most, chance.choice(EDGES)) if pick < 0.8 else chance.randint(0, most)


def value(chance: Random, depth: int = 3) -> Any:
    """Any JSON value; whole numbers are never a time near now."""
    pick = chance.randrange(12 if depth else 9)
    if pick < 3:
        return chance.choice(
            (
                *(0, 1, -1, 2, 255, 256, 65535, 1 << 30, 1 << 31, 1 << 32),
                *(1 << 63, 1 << 64, 10**40, -(1 << 31), 10**300),
            )
        )
    if pick < 5:
        return chance.choice((None, True, False, 0.5, -1e308, 1e-308, 1e19, 4e9, [[[[[]]]]], [[0.5, [10**19]]]))
    if pick < 9:
        return chance.choice(("", "1", "release", "\x00", "ø" * 30, "9" * 50, "x" * chance.randrange(400), "until"))
    if pick < 10:
        return [value(chance, depth - 1) for _ in range(chance.randrange(6))]
    return {str(value(chance, 0))[:20]: value(chance, depth - 1) for _ in range(chance.randrange(5))}


def bent(chance: Random, fields: dict[str, Any]) -> dict[str, Any]:
    """An object with one to three things wrong."""
    for _ in range(chance.randrange(1, 4)):
        name = chance.choice([*fields, "other"])
        pick = chance.random()
        if pick < 0.2:
            fields.pop(name, None)
        elif pick < 0.35 and isinstance(fields.get(name), dict):
            fields[name] = bent(chance, dict(fields[name]))
        else:
            fields[name] = value(chance)
    return fields


def text(chance: Random, fields: Any) -> bytes:
    """JSON, now and then not quite."""
    made = json.dumps(fields).encode()
    pick = chance.random()
    if pick < 0.80:
        return made
    if pick < 0.86:
        return made[: chance.randrange(len(made))]
    if pick < 0.90:
        at = chance.randrange(len(made))
        return made[:at] + bytes((chance.randrange(256),)) + made[at + 1 :]
    if pick < 0.94:
        return chance.choice((b"[", b'{"a":', b"[[],")) * chance.randrange(1, 600)
    return chance.choice(
        (b"", b"NaN", b"\xff\xfe{}", b"{} {}", b'"' + b"x" * 900, b"1e999", b"-", b"nul", made + b"\x00", made * 2)
    )


def packed(chance: Random, kind: int, layout: str, *numbers: int) -> bytes:
    most = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF, "Q": (1 << 64) - 1}
    return bytes((kind,)) + b"".join(
        struct.pack("<" + one, number(chance, most[one], near)) for one, near in zip(layout, numbers, strict=True)
    )


def spoilt(chance: Random, message: bytes) -> bytes:
    """Now and then too short, too long or with a flipped bit."""
    pick = chance.random()
    if pick < 0.7 or len(message) < 2:
        return message[:ROOM]
    if pick < 0.8:
        return message[: chance.randrange(1, len(message))]
    if pick < 0.9:
        return (message + chance.randbytes(chance.randrange(1, 60)))[:ROOM]
    at = chance.randrange(1, len(message))
    return (message[:at] + bytes((message[at] ^ 1 << chance.randrange(8),)) + message[at + 1 :])[:ROOM]


# Down: what a cloud gone bad, or a thief of its keys, could send. Never a release that is due.


def stored(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.STORED, "II", known.epoch, known.last)


def delta(chance: Random, known: Known) -> bytes:
    head = packed(chance, wire.DELTA, "II", known.acl, known.acl + 1)
    changes = [
        bytes((chance.choice((records.PUT, records.PUT, records.REMOVE, 0, 255)),))
        + chance.randbytes(records.CREDENTIAL)
        for _ in range(chance.randrange(12))
    ]
    return head + b"".join(changes)


def snapshot(chance: Random, known: Known) -> bytes:
    parts = chance.choice((0, 1, 2, 3, 0xFFFF))
    part, digest, bucket = number(chance, 0xFFFF), chance.getrandbits(64), chance.choice((0, 0, 1, 5, 0xFFFF))
    head = struct.pack("<BIHHQH", wire.SNAPSHOT, number(chance), part, parts, digest, bucket)
    whole = [chance.randbytes(records.CREDENTIAL) for _ in range(chance.randrange(20))]
    if chance.random() < 0.6:
        whole.sort()
    return head + b"".join(whole)


def rules(chance: Random, known: Known) -> bytes:
    version = number(chance)
    fields = {
        "version": version,
        "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
        "zone_changes": [[30000000, 60], [30100000, 0]],
        "holidays": ["2026-12-25"],
        "schedules": {"1": [[1, 480, 960]]},
        "profiles": {"7": [1], "8": {"doors": [1, 2], "schedule": 1, "uses": 2}},
        "areas": {"1": {}},
        "doors": {"1": {"release_ms": 5000, "held_ms": 30000, "retention_days": 30, "guard": {"relock": "open"}}},
    }
    body = text(chance, bent(chance, fields))
    parts = chance.choice((1, 1, 1, 2, 3, 0, 0xFFFF))
    part = chance.choice((0, 0, 0, 1, 2, 0xFFFF))
    return wire.packed(wire.RULES, "<IHH", version, part, parts) + body


def command(chance: Random, known: Known) -> bytes:
    known.commands += 1
    expires = chance.choice((known.utc - 1, known.utc - 3600, 0, 1, known.utc + 31, 4070908800, 1 << 40, -5))
    verbs = ("release", "hold", "lockdown", "normal", "identify", "restart", "diagnostics", "explode")
    of_banks = ("open", "audit", "cancel", "empty")
    fields: dict[str, Any] = {"id": known.commands, "do": chance.choice(verbs + of_banks), "door": 1}
    if fields["do"] in of_banks:
        fields |= {"door": 0, "compartment": number(chance, 255, near=8), "delivery": number(chance, near=1 << 30)}
        fields["turn"] = number(chance, 255, near=8)
    fields["expires"] = expires
    if fields["do"] == "hold":
        fields["until"] = chance.choice((0, known.utc + 60, 1 << 32, 10**19, 0.5, None))
    made = bent(chance, fields) if chance.random() < 0.8 else fields
    due = made.get("expires")
    if isinstance(due, int) and known.utc - 5 < due < known.utc + 700:
        made["expires"] = 0  # this one would be no attack but an order
    return bytes((wire.COMMAND,)) + text(chance, made)


def time(chance: Random, known: Known) -> bytes:
    nonce = known.nonce if chance.random() < 0.3 else chance.randbytes(8)
    moment = chance.choice((0, 1, 999, 1 << 63, (1 << 64) - 1, 1 << 42, 4294967295 * 1000 + 999))
    return bytes((wire.TIME,)) + nonce + struct.pack("<Q", moment)


def anything(chance: Random, known: Known) -> bytes:
    return bytes((chance.randrange(256),)) + chance.randbytes(chance.randrange(80))


def buckets_asked(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.BUCKETS_ASKED, "HB", 0, 3)


def update(chance: Random, known: Known) -> bytes:
    offset = chance.choice((0xFFFFFFFF, 0xFFFFFFFF, 0, 256, number(chance)))
    if offset != 0xFFFFFFFF:
        return struct.pack("<BI", wire.UPDATE, offset) + chance.randbytes(chance.randrange(600))
    fields = {"build": chance.choice(("0" * 12, "abcdef012345", "../../settings")), "head": number(chance), "start": 1}
    return struct.pack("<BI", wire.UPDATE, offset) + text(chance, bent(chance, fields))


def passed(chance: Random, known: Known) -> bytes:
    let_in = [
        chance.randbytes(7) + struct.pack("<BI", number(chance, 0xFF, near=1), number(chance, near=known.utc // 60))
        for _ in range(chance.choice((0, 1, 2, 80)))
    ]
    return bytes((wire.PASSED, chance.choice((0, 1, 1, 2, 255)))) + b"".join(let_in)


def secret(chance: Random, known: Known) -> bytes:
    """Never one of the right length: a sender of that is the cloud from then on."""
    return bytes((wire.SECRET,)) + chance.randbytes(chance.choice((1, 31, 33, 300)))


def stock(chance: Random, known: Known) -> bytes:
    keys = [
        struct.pack("<I", number(chance, near=1 << 30)) + chance.randbytes(chance.choice((16, 16, 16, 15)))
        for _ in range(chance.choice((0, 1, 2, 24, 25)))
    ]
    return bytes((wire.STOCK,)) + b"".join(keys)


def stock_asked(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.STOCK_ASKED, "BB", 0, 128)


def allot(chance: Random, known: Known) -> bytes:
    entries = [
        struct.pack("<BH", chance.choice((0, 1, 5, 8, 9, 255)), number(chance, 0xFFFF))
        + struct.pack("<BI", chance.choice((0, 1, 1, 2, 255)), number(chance, near=0xFFFFFF))
        + chance.choice((chance.randbytes(21), chance.randbytes(21), bytes(21), bytes(20)))
        for _ in range(chance.choice((0, 1, 2, 24, 25)))
    ]
    return bytes((wire.ALLOT,)) + b"".join(entries)


def allot_asked(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.ALLOT_ASKED, "BB", 1, 8)


DOWN: Kinds = (
    *(stored, delta, snapshot, buckets_asked, update, rules, rules, command, command, time, passed, secret),
    *(stock, stock_asked, allot, allot_asked, anything),
)


# Up: what a board gone bad, or a thief of its secret, could send.


def hello(chance: Random, known: Known) -> bytes:
    fields = {
        "acl": number(chance), "digest": f"{chance.getrandbits(64):016x}", "rules": number(chance),
        "epoch": number(chance, near=known.epoch), "first": number(chance), "last": number(chance), "boot": 3,
        "firmware": "0.1.0", "doors": 2, "refused": {"tag": 1}, "chain": [1, "00" * 16],
        "standing": chance.choice((None, [[4, 0, known.utc, 1, 2]])),
    }  # fmt: skip
    return bytes((wire.HELLO,)) + text(chance, bent(chance, fields))


def events(chance: Random, known: Known) -> bytes:
    first = number(chance, near=known.last + 1)
    count = chance.choice((0, 1, 1, 2, 5, 60))
    made = []
    for n in range(count):
        event = bytearray(
            struct.pack("<II", (first + n) & 0xFFFFFFFF, number(chance, near=known.utc)) + chance.randbytes(20)
        )
        if chance.random() < 0.02:
            event[0] ^= 1
        made.append(records_sealed(bytes(event)) if chance.random() < 0.98 else chance.randbytes(32))
    return packed(chance, wire.EVENTS, "I", known.epoch) + b"".join(made)


def records_sealed(body: bytes) -> bytes:
    from binascii import crc32

    return body + struct.pack("<I", crc32(body))


def acl_now(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.ACL_NOW, "IQ", known.acl, 0)


def door_status(chance: Random, known: Known) -> bytes:
    said = [[number(chance, near=4), number(chance, near=known.utc), number(chance, near=known.utc), 1]]
    return bytes((wire.DOOR_STATUS,)) + text(chance, bent(chance, {"standing": said}))


def part_taken(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.PART_TAKEN, "IH", known.acl, 1)


def rules_taken(chance: Random, known: Known) -> bytes:
    return packed(chance, wire.RULES_TAKEN, "IH", 1, 1)


def result(chance: Random, known: Known) -> bytes:
    fields = {
        "id": chance.choice((1, 2, known.commands)),
        "result": chance.choice(("done", "sent", "queued")),
        "why": "",
    }
    return bytes((wire.RESULT,)) + text(chance, bent(chance, fields))


def stock_state(chance: Random, known: Known) -> bytes:
    words = [number(chance, near=1 << 30) for _ in range(chance.choice((0, 0, 1, 128, 200)))]
    return packed(chance, wire.STOCK_STATE, "IB", 0, 128) + struct.pack(f"<{len(words)}I", *words)


def allot_state(chance: Random, known: Known) -> bytes:
    marks = [number(chance, 0xFFFF) for _ in range(chance.choice((0, 0, 1, 8, 200)))]
    return packed(chance, wire.ALLOT_STATE, "IB", 0, 1) + struct.pack(f"<{len(marks)}H", *marks)


def time_asked(chance: Random, known: Known) -> bytes:
    return bytes((wire.TIME_ASKED,)) + chance.randbytes(chance.choice((8, 8, 0, 7, 9)))


def ping(chance: Random, known: Known) -> bytes:
    return bytes((wire.PING,)) + chance.randbytes(chance.choice((0, 0, 1)))


UP: Kinds = (
    *(hello, events, events, acl_now, door_status, part_taken, rules_taken, result, time_asked, ping),
    *(stock_state, allot_state, anything),
)


def hostile(chance: Random, known: Known, kinds: Kinds) -> bytes:
    """A message to be sealed with the right keys, one byte at least."""
    return spoilt(chance, chance.choice(kinds)(chance, known))[:ROOM] or b"\x00"


def outside(chance: Random, heard: list[bytes], session: bytes) -> bytes:
    """What an attacker without keys can send. heard: payloads that passed, session: four bytes, of the open one."""
    pick = chance.randrange(9)
    old = bytearray(chance.choice(heard)) if heard else bytearray(chance.randbytes(40))
    if pick == 0:
        return chance.randbytes(chance.choice((0, 1, 4, 9, 25, 26, 34, 80, 2048, 2049, 5000)))
    if pick == 1:
        return bytes((SEALED,)) + session + chance.randbytes(chance.randrange(0, 300))
    if pick == 2:
        return bytes(old)
    if pick == 3:
        return bytes(old[: chance.randrange(len(old) + 1)])
    if pick == 4:
        return bytes(old) + chance.randbytes(chance.randrange(1, 40))
    if pick == 5 and len(old) > 9:
        old[5:9] = struct.pack("<I", chance.choice(EDGES))
        return bytes(old)
    if pick == 6:
        return bytes((chance.choice((OPEN, ACCEPT)), chance.choice((wire.VERSION, 0, 255)))) + chance.randbytes(32)
    if pick == 7:
        return bytes((RENEW,)) * chance.choice((1, 2))
    if old:
        old[chance.randrange(len(old))] ^= 1 << chance.randrange(8)
    return bytes(old)
