"""A cloud end without a database, for the simulator alone: the firmware's own wire and channel."""

import copy
import json
import struct
from binascii import crc32
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from firmware.controller import events as codes
from firmware.controller import records
from firmware.controller.access.codes import DEPOSIT, MOST, PICK_UP, SLOTS, code
from firmware.controller.access.credential import card_pin_value, card_value, credential_key, pin_value
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OPEN, RENEW, Refused
from firmware.protocol.cloud_side import CHANGES, RECORDS, REFUSED, CloudChannel, accept_message, read_open, rules_parts
from firmware.protocol.deliveries import delivery_key
from sim.virtual.controller import VirtualController
from sim.world.building import Building
from sim.world.tables import Holder
from sim.world.wiegand import payload

OVER = (codes.DELIVERY_PICKED_UP, codes.DELIVERY_CANCELLED)
HELD, ENDED = 0, 2  # states of a slot of a bank's stock
KEYS = 24  # of a message
COMMAND_S = 10  # a command that has not reached its door by then is dead

Fields = tuple[int, ...]  # of an event: utc, code, door, extra, flags


class Hand(Protocol):
    """What a story does in the cloud, and asks of it, whichever cloud it is."""

    def grant(self, who: str, doors: list[str]) -> None: ...

    def revoke(self, who: str) -> None: ...

    def release(self, controller: VirtualController, door: int) -> int:
        """Asks for one release. Returns for how many seconds the command is good."""

    def emergency(self, do: str) -> int:
        """Asks every controller for lockdown, evacuation or normal. Returns for how many seconds that is good."""

    def in_sync(self, controller: VirtualController) -> bool:
        """Whether the controller holds the access list of this moment."""

    def restart(self) -> None:
        """Its worker ends and begins again: sessions are gone."""

    def back_up(self) -> None: ...

    def restore(self) -> None:
        """What was backed up takes the place of what there is."""

    def knows(self, controller: VirtualController, version: int, digest: int) -> bool:
        """Whether it ever made this access list for that controller."""

    def heard(self, controller: VirtualController, seconds: float) -> bool:
        """Whether a good message of the controller came so lately."""

    def acknowledged(self, controller: VirtualController) -> int:
        """The last event up to which the cloud told the controller that it keeps its log."""

    def stored(self, controller: VirtualController) -> dict[int, Fields]:
        """What the cloud keeps of the controller's log, by sequence number."""

    def twice(self, controller: VirtualController) -> int:
        """How many events the cloud keeps more than once, or took again with another content."""

    def overwritten(self, controller: VirtualController) -> set[int]:
        """Sequence numbers that the cloud put on record as a gap."""


@dataclass
class BankStock:
    """What the cloud has of a bank: its secret, what its board says of each slot, the numbers that are given out."""

    secret: bytes
    words: dict[int, int] = field(default_factory=dict)  # by slot: number of the delivery, + state << 30
    out: set[int] = field(default_factory=set)

    def due(self) -> list[int]:
        """Numbers whose keys the board should get next."""
        return [
            (word & MOST) + SLOTS if word else slot or SLOTS
            for slot, word in self.words.items()
            if word == 0 or word >> 30 == ENDED
        ]

    def take(self) -> int | None:
        """A number for a delivery, whose key the board holds."""
        free = [word for word in self.words.values() if word and word >> 30 == HELD and word not in self.out]
        if free:
            self.out.add(free[0])
        return free[0] if free else None


@dataclass
class _Row:
    """One controller as this cloud knows it."""

    name: str
    secret: bytes
    table_key: bytes
    doors: list[str]
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)  # of doors by number: what they have of their own
    rules_version: int = 1
    rules_told: int = 0  # which the controller has
    rules_refused: bool = False
    held: dict[bytes, bytes] = field(default_factory=dict)  # key: record, as the controller should have them
    changes: list[tuple[int, bytes]] = field(default_factory=list)  # what led to each version
    version: int = 1
    digests: dict[int, int] = field(default_factory=dict)  # of every version
    made: set[tuple[int, int]] = field(default_factory=set)  # the same, also of what a restored cloud has forgotten
    told: tuple[int, int] = (0, 0)  # version and digest that the controller reported
    heard: float = 0.0
    epoch: int = 0
    acknowledged: int = 0
    events: dict[int, bytes] = field(default_factory=dict)
    gaps: set[int] = field(default_factory=set)
    twice: int = 0
    bank: BankStock | None = None
    channel: CloudChannel | None = None
    openings: list[CloudChannel] = field(default_factory=list)  # answered, and nothing heard yet

    def note(self) -> None:
        """There is another version."""
        self.digests[self.version] = self.digest
        self.made.add((self.version, self.digest))

    @property
    def digest(self) -> int:
        total = 0
        for record in self.held.values():
            total ^= records.credential_digest(record)
        return total


class MemoryCloud:
    """Given to a VirtualBuilding as `cloud=lambda *given: MemoryCloud(description, settings, *given)`.

    description: everyone begins with the rights it says. settings: of each controller, from settings_of().
    """

    def __init__(
        self,
        description: Building,
        settings: list[dict[str, Any]],
        publish: Callable[[str, bytes], None],
        now: Callable[[], float],
        urandom: Callable[[int], bytes],
    ) -> None:
        self._publish = publish
        self._now = now
        self._urandom = urandom
        self._holders = {one["name"]: one for one in [*description["people"], *description["strangers"]]}
        self._commands = 0
        self._retention_days: int | None = description.get("retention_days")
        self._timezone = description.get("timezone", "UTC0")
        everyone = [*description["people"], *description["strangers"]]
        hours = {json.dumps(one["hours"][1]) for one in everyone if one.get("hours")}
        self._schedules = {times: number for number, times in enumerate(sorted(hours), 1)}
        self._rows = {
            setting["controller"]: _Row(
                one["name"],
                bytes.fromhex(setting["link_secret"]),
                bytes.fromhex(setting["table_key"]),
                [door["name"] for door in one["doors"]],
            )
            for one, setting in zip(description["controllers"], settings, strict=True)
        }
        self._backup: dict[str, _Row] = {}
        for row in self._rows.values():
            for person in description["people"]:
                mask = self._mask(row, person["doors"])
                for key in self._keys(row, person) if mask else ():
                    row.held[key] = self._pack(key, person, mask)
            row.note()

    # What a hand does.

    def grant(self, who: str, doors: list[str]) -> None:
        """This person may pass these doors, and no others."""
        for row in self._rows.values():
            self._change(row, who, self._mask(row, doors))

    def revoke(self, who: str) -> None:
        self.grant(who, [])

    def enter(self, holder: Holder) -> None:
        """A person gets a card: name, card, doors, until and hours as the description has them."""
        self._holders[holder["name"]] = holder
        hours = holder.get("hours")
        if hours and json.dumps(hours[1]) not in self._schedules:
            self._schedules[json.dumps(hours[1])] = len(self._schedules) + 1
            for row in self._rows.values():
                self._send_rules(row)
        self.grant(holder["name"], holder["doors"])

    def give_pin(self, who: str, digits: str, doors: list[str]) -> None:
        """A PIN in place of the one before: it opens alone or with the card, as the rules of a door say."""
        self.grant(who, [])
        self._holders[who]["pin"] = digits
        self.grant(who, doors)

    def rules(self, controller: VirtualController, door: int, fields: dict[str, Any]) -> None:
        """A door gets rules of its own, as firmware/controller/access/README.md names them."""
        row = self._rows[controller.settings["controller"]]
        row.rules[door] = fields
        self._send_rules(row)

    def rules_taken(self, controller: VirtualController) -> bool | None:
        """Whether the controller has its rules of this moment; None: it refused them."""
        row = self._rows[controller.settings["controller"]]
        return None if row.rules_refused else row.rules_told == row.rules_version

    def release(self, controller: VirtualController, door: int) -> int:
        return self.command(controller, do="release", door=door)

    def command(self, controller: VirtualController, **fields: Any) -> int:
        """Any command to one controller."""
        self._commands += 1
        row = self._rows[controller.settings["controller"]]
        fields |= {"id": str(self._commands), "expires": int(self._now()) + COMMAND_S}
        self._send(row, wire.json_message(wire.COMMAND, fields))
        return COMMAND_S

    def deliver(self, one: VirtualController) -> tuple[int, str, str] | None:
        """A new delivery: its number, the courier's code and the recipient's. None: the board holds no free number."""
        bank = self._rows[one.settings["controller"]].bank
        number = None if bank is None else bank.take()
        if bank is None or number is None:
            return None
        key = delivery_key(bank.secret, number)
        return number, code(key, DEPOSIT, number), code(key, PICK_UP, number)

    def emergency(self, do: str) -> int:
        for row in self._rows.values():
            self._commands += 1
            fields = {"id": str(self._commands), "do": do, "expires": int(self._now()) + COMMAND_S}
            self._send(row, wire.json_message(wire.COMMAND, fields))
        return COMMAND_S

    def in_sync(self, controller: VirtualController) -> bool:
        row = self._rows[controller.settings["controller"]]
        return row.told == (row.version, row.digest)

    def restart(self) -> None:
        for name, row in self._rows.items():
            row.channel, row.openings = None, []
            self._publish(wire.topics(name)[1], bytes((RENEW,)))

    def back_up(self) -> None:
        rows = {name: replace(row, channel=None, openings=[]) for name, row in self._rows.items()}
        self._backup = copy.deepcopy(rows)

    def restore(self) -> None:
        made = {name: row.made for name, row in self._rows.items()}
        self._rows = copy.deepcopy(self._backup)
        for name, row in self._rows.items():
            row.made |= made[name]

    def knows(self, controller: VirtualController, version: int, digest: int) -> bool:
        return (version, digest) in self._rows[controller.settings["controller"]].made

    def heard(self, controller: VirtualController, seconds: float) -> bool:
        return self._now() - self._rows[controller.settings["controller"]].heard < seconds

    def acknowledged(self, controller: VirtualController) -> int:
        return self._rows[controller.settings["controller"]].acknowledged

    def stored(self, controller: VirtualController) -> dict[int, Fields]:
        whole = self._rows[controller.settings["controller"]].events
        return {sequence: records.unpack_event(event)[1:6] for sequence, event in whole.items()}

    def twice(self, controller: VirtualController) -> int:
        return self._rows[controller.settings["controller"]].twice

    def overwritten(self, controller: VirtualController) -> set[int]:
        return self._rows[controller.settings["controller"]].gaps

    # What the building calls.

    def poll(self) -> None:
        """Nothing waits here: what changes is sent at once."""

    def on_message(self, topic: str, message: bytes) -> None:
        _, name, way = topic.split("/")
        if way != "up":
            return
        row = self._rows[name]
        try:
            if not message:
                raise Refused("malformed")
            if message[0] == OPEN:
                self._open(name, row, message)
            else:
                self._take(row, self._unseal(row, message))
        except Refused as refused:
            if str(refused) == "session":
                self._publish(wire.topics(name)[1], bytes((RENEW,)))

    def _open(self, name: str, row: _Row, message: bytes) -> None:
        """Each opening is answered; a replayed one too, but a session begins with its first good message only."""
        nonce, own = bytes(read_open(row.secret, name, message)), self._urandom(16)
        row.openings = [*row.openings[-7:], CloudChannel(row.secret, nonce, own)]
        self._publish(wire.topics(name)[1], accept_message(row.secret, name, nonce, own))

    def _unseal(self, row: _Row, message: bytes) -> bytes:
        if row.channel is not None and message[1:5] == row.channel.session:
            return bytes(row.channel.open(message))
        for channel in row.openings:
            if message[1:5] == channel.session:
                inside = bytes(channel.open(message))
                row.channel, row.openings = channel, []
                return inside
        raise Refused("session")

    def _take(self, row: _Row, message: bytes) -> None:
        kind = message[0]
        row.heard = self._now()
        if kind == wire.HELLO:
            self._hello(row, wire.read_json(message))
        elif kind == wire.EVENTS:
            self._events(row, message)
        elif kind == wire.TIME_ASKED:
            self._send(row, wire.packed(wire.TIME, "<8sQ", message[1:9], int(self._now() * 1000)))
        elif kind == wire.ACL_NOW:
            row.told = struct.unpack_from("<IQ", message, 1)
            self._bring_in_line(row)
        elif kind == wire.PART_TAKEN:
            version, part = struct.unpack_from("<IH", message, 1)
            if version == row.version:
                self._snapshot(row, part)
            else:
                self._snapshot(row, 0)
        elif kind == wire.RULES_TAKEN:
            version, part = struct.unpack_from("<IH", message, 1)
            if version == row.rules_version and part == REFUSED:
                row.rules_refused = True
            elif version == row.rules_version and part == len(self._rules(row)):
                row.rules_told = version
        elif kind == wire.STOCK_STATE:
            self._stock(row, message)
        elif kind == wire.PING:
            self._send(row, bytes((wire.PONG,)))

    def _hello(self, row: _Row, said: dict[str, Any]) -> None:
        row.epoch = said["epoch"]
        row.told = said["acl"], int(said["digest"], 16)
        row.rules_told = said["rules"]
        if said["last"] >= said["first"] > row.acknowledged + 1:
            row.gaps.update(range(row.acknowledged + 1, said["first"]))
            row.acknowledged = said["first"] - 1
        if 0 < row.acknowledged <= said["last"]:
            self._send(row, wire.packed(wire.STORED, "<II", row.epoch, row.acknowledged))
        if said["rules"] != row.rules_version:
            for part in self._rules(row):
                self._send(row, part)
        self._bring_in_line(row)

    def _stock(self, row: _Row, message: bytes) -> None:
        """What a bank's stock holds. What is not known of it is asked; where a slot is free it gets its next number."""
        crc, first = struct.unpack_from("<IB", message, 1)
        bank = row.bank = row.bank or BankStock(self._urandom(32))
        words = struct.unpack_from(f"<{(len(message) - 6) // 4}I", message, 6)
        bank.words.update(enumerate(words, first))
        known = [bank.words[slot] for slot in range(SLOTS) if slot in bank.words]
        if len(known) == SLOTS and crc32(struct.pack(f"<{SLOTS}I", *known)) != crc:
            bank.words.clear()
        if len(bank.words) < SLOTS:  # one question at a time: a board at work on an answer forgets it for the next
            at = 0 if 0 not in bank.words else SLOTS // 2
            self._send(row, wire.packed(wire.STOCK_ASKED, "<BB", at, SLOTS // 2))
            return
        due = bank.due()[:KEYS]
        keys = [number.to_bytes(4, "little") + delivery_key(bank.secret, number) for number in due]
        if keys:
            self._send(row, bytes((wire.STOCK,)) + b"".join(keys))

    def _send_rules(self, row: _Row) -> None:
        """There are others."""
        row.rules_version += 1
        row.rules_refused = False
        for part in self._rules(row):
            self._send(row, part)

    def _rules(self, row: _Row) -> list[bytes]:
        """The messages that bring what holds now."""
        times = {"release_ms": 5_000, "held_ms": 30_000}
        if self._retention_days is not None:
            times["retention_days"] = self._retention_days
        profiles: dict[str, Any] = {}
        for mask in range(1, 1 << len(row.doors)):
            doors = [n + 1 for n in range(len(row.doors)) if mask >> n & 1]
            profiles[str(mask)] = doors
            for number in self._schedules.values():
                profiles[str(number << 8 | mask)] = {"doors": {str(door): number for door in doors}}
        fields: dict[str, Any] = {
            "version": row.rules_version,
            "profiles": profiles,
            "doors": {str(n + 1): times | row.rules.get(n + 1, {}) for n in range(len(row.doors))},
        }
        if self._schedules:
            fields["zone"] = self._timezone
            fields["schedules"] = {
                str(number): {"times": json.loads(times)} for times, number in self._schedules.items()
            }
        return rules_parts(fields["version"], json.dumps(fields).encode())

    def _events(self, row: _Row, message: bytes) -> None:
        for at in range(5, len(message), records.EVENT):
            event = bytes(message[at : at + records.EVENT])
            whole = records.unpack_event(event)
            if whole is None:
                raise Refused("malformed")
            row.twice += row.events.setdefault(whole[0], event) != event
            if whole[0] == row.acknowledged + 1:
                row.acknowledged += 1
            if whole[2] in OVER:
                slot = int.from_bytes(whole[6][:4], "little") % SLOTS
                self._send(row, wire.packed(wire.STOCK_ASKED, "<BB", slot, 1))
        self._send(row, wire.packed(wire.STORED, "<II", row.epoch, row.acknowledged))

    # The access list.

    @staticmethod
    def _mask(row: _Row, doors: list[str]) -> int:
        """Which of the controller's doors are among these: the profile of those who may pass them."""
        return sum(1 << n for n, name in enumerate(row.doors) if name in doors)

    @staticmethod
    def _keys(row: _Row, holder: Holder) -> list[bytes]:
        """The credentials of this person, as this controller knows them: the card, and with a PIN two more."""
        card = card_value(holder["card"]["bits"], payload(**holder["card"]))
        values = [card]
        if holder.get("pin"):
            digits = holder["pin"].encode()
            values += [pin_value(digits), card_pin_value(card, digits)]
        return [credential_key(row.table_key, value) for value in values]

    def _pack(self, key: bytes, holder: Holder, mask: int) -> bytes:
        hours = holder.get("hours")
        if hours:
            mask |= self._schedules[json.dumps(hours[1])] << 8
        return bytes(records.pack_credential(key, mask, records.until_minutes(holder.get("until"))))

    def _change(self, row: _Row, who: str, mask: int) -> None:
        """mask: the doors that this person may pass from now on."""
        holder = self._holders[who]
        for key in self._keys(row, holder):
            before, record = row.held.get(key), self._pack(key, holder, mask) if mask else None
            if before == record:
                continue
            if record is None:
                del row.held[key]
                change = bytes((records.REMOVE,)) + (before or b"")
            else:
                row.held[key] = record
                change = bytes((records.PUT,)) + record
            row.version += 1
            row.changes.append((row.version, change))
            row.note()
            self._bring_in_line(row)

    def _bring_in_line(self, row: _Row) -> None:
        version = row.told[0]
        if row.told == (row.version, row.digest):
            return
        due = [change for number, change in row.changes if number > version]
        if 0 < version < row.version and row.digests.get(version) == row.told[1] and len(due) <= CHANGES:
            self._send(row, wire.packed(wire.DELTA, "<II", version, row.version) + b"".join(due))
        else:
            self._snapshot(row, 0)

    def _snapshot(self, row: _Row, part: int) -> None:
        whole = sorted(row.held.values())
        parts = max(1, -(-len(whole) // RECORDS))
        head = wire.packed(wire.SNAPSHOT, "<IHHQH", row.version, part, parts, row.digest, 0)
        self._send(row, head + b"".join(whole[part * RECORDS : (part + 1) * RECORDS]))

    def _send(self, row: _Row, message: bytes) -> None:
        """Without a session nothing is sent: the next hello brings everything but commands in line."""
        if row.channel is not None:
            name = next(key for key, one in self._rows.items() if one is row)
            self._publish(wire.topics(name)[1], row.channel.seal(message))


def settings_of(description: Building, chance: Callable[[int], bytes]) -> list[dict[str, Any]]:
    """Settings for each controller, as an enrolment would make them. chance(n): n random bytes."""
    return [
        {
            "controller": chance(8).hex(),
            "link_secret": chance(32).hex(),
            "table_key": chance(32).hex(),
            "broker": {"host": "broker.example", "port": 1883, "user": "", "password": ""},
            "wifi": {"name": "portvakt", "password": ""},
        }
        for _ in description["controllers"]
    ]
