"""A controller as the cloud sees it: the wire's real code, a table in a dict, a log in a list."""

import json
import struct
from collections.abc import Callable
from typing import Any

from firmware.controller import events, records
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import (
    ACCEPT,
    NONCE,
    RENEW,
    SEALED,
    Channel,
    Refused,
    open_message,
    read_accept,
)

BATCH = 30  # events in a message, as the firmware sends them


class FakeController:
    """up(topic, payload): to the cloud. deaf: kinds of message that it lets fall."""

    def __init__(
        self, settings: dict[str, Any], up: Callable[[str, bytes], None], urandom: Callable[[int], bytes], epoch: int
    ):
        self.id = settings["controller"]
        self.secret = bytes.fromhex(settings["link_secret"])
        self.table_key = bytes.fromhex(settings["table_key"])
        self.topic, _ = wire.topics(self.id)
        self._up = up
        self._urandom = urandom
        self.deaf: set[int] = set()
        self.heard: list[bytes] = []  # messages, opened
        self.sent: list[bytes] = []  # payloads, sealed
        self.channel: Channel | None = None
        self.renewals = 0
        self._nonce: bytes | None = None
        self.table: dict[bytes, bytes] = {}
        self.version = 0
        self._part = 0
        self._coming: dict[bytes, bytes] = {}
        self._coming_digest = 0
        self._coming_rules: list[bytes] = []
        self.rules: dict[str, Any] = {"version": 0, "profiles": {}, "doors": {}}
        self.epoch = epoch
        self.first = 1
        self.log: list[bytes] = []
        self.acknowledged = 0
        self.released: list[int] = []

    # Sending

    def publish(self, payload: bytes) -> None:
        self.sent.append(payload)
        self._up(self.topic, payload)

    def begin(self) -> bytes:
        """Opens a session. Returns the opening, for those who want to send it again."""
        self._nonce = self._urandom(NONCE)
        opening = open_message(self.secret, self.id, self._nonce)
        self.publish(opening)
        return opening

    def say(self, message: bytes) -> bytes:
        assert self.channel is not None, "there is no session"
        sealed = self.channel.seal(message)
        self.publish(sealed)
        return sealed

    def connect(self) -> "FakeController":
        self.begin()
        self.hello()
        return self

    def hello(self, **other: Any) -> None:
        fields = {
            "acl": self.version,
            "digest": f"{self.digest:016x}",
            "rules": self.rules["version"],
            "epoch": self.epoch,
            "first": self.first,
            "last": self.last,
            "boot": 1,
            "firmware": "0.1.0",
            "doors": 2,
            "refused": {"tag": 0},
        }
        self.say(wire.json_message(wire.HELLO, fields | other))

    def ping(self) -> None:
        self.say(bytes((wire.PING,)))

    def send_events(self, first: int, last: int) -> bytes:
        """In as many messages as it takes; the last of them, sealed."""
        sealed = b""
        for at in range(first - 1, last, BATCH):
            came = self.log[at : min(at + BATCH, last)]
            sealed = self.say(wire.packed(wire.EVENTS, "<I", self.epoch) + b"".join(came))
        return sealed

    # What it holds

    @property
    def last(self) -> int:
        return len(self.log)

    @property
    def digest(self) -> int:
        digest = 0
        for record in self.table.values():
            digest ^= records.credential_digest(record)
        return digest

    def key(self, bits: int, number: int) -> bytes:
        return credential_key(self.table_key, card_value(bits, number))

    def may_pass(self, bits: int, number: int, door: int) -> bool:
        """As the firmware decides, for a credential without an end."""
        record = self.table.get(self.key(bits, number))
        if record is None:
            return False
        profile = self.rules["profiles"].get(str(records.unpack_credential(record)[0]), [])
        return door in profile if isinstance(profile, list) else str(door) in profile["doors"]

    def record(self, code: int, door: int = 1, key: bytes | None = None, utc: int = 0) -> None:
        flags = events.TIME_TRUSTED if utc else 0
        self.log.append(records.pack_event(len(self.log) + 1, utc, code, door, 0, flags, key))

    # Receiving

    def receive(self, payload: bytes) -> None:
        if payload[0] == ACCEPT and self._nonce is not None:
            try:
                cloud_nonce = read_accept(self.secret, self.id, self._nonce, payload)
            except Refused:
                return  # the answer to an opening before this one
            self.channel = Channel(self.secret, self._nonce, cloud_nonce)
            self._nonce = None
        elif payload[0] == RENEW:
            self.renewals += 1
        elif payload[0] == SEALED and self.channel is not None and payload[1:5] == self.channel.session:
            message = bytes(self.channel.open(payload))
            self.heard.append(message)
            if message[0] not in self.deaf:
                self._do(message)

    def heard_kinds(self) -> list[int]:
        return [message[0] for message in self.heard]

    def last_heard(self, kind: int) -> bytes:
        return [message for message in self.heard if message[0] == kind][-1]

    def _do(self, message: bytes) -> None:
        kind = message[0]
        if kind == wire.STORED:
            epoch, sequence = struct.unpack_from("<II", message, 1)
            assert epoch == self.epoch and sequence <= self.last, "stored what was never sent"
            self.acknowledged = max(self.acknowledged, sequence)
        elif kind == wire.RULES:
            self._take_rules(message)
        elif kind == wire.DELTA:
            old, new = struct.unpack_from("<II", message, 1)
            if old == self.version:
                self._apply(message[9:])
                self.version = new
            self.say_acl()
        elif kind == wire.SNAPSHOT:
            self._take_part(message)
        elif kind == wire.COMMAND:
            command = wire.read_json(message)
            self.released.append(command["door"])
            self.say(wire.json_message(wire.RESULT, {"id": command["id"], "result": "done", "why": ""}))

    def say_acl(self) -> None:
        self.say(wire.packed(wire.ACL_NOW, "<IQ", self.version, self.digest))

    def _apply(self, changes: bytes) -> None:
        assert len(changes) % records.CHANGE == 0
        for at in range(0, len(changes), records.CHANGE):
            record = changes[at + 1 : at + records.CHANGE]
            if changes[at] == records.PUT:
                self.table[record[:7]] = record
            else:
                assert changes[at] == records.REMOVE
                del self.table[record[:7]]  # removing what is not there would be a wrong delta

    def _take_rules(self, message: bytes) -> None:
        version, part, parts = struct.unpack_from("<IHH", message, 1)
        assert part == 0 or part == len(self._coming_rules), "parts come in order"
        self._coming_rules = [*self._coming_rules[:part], message[9:]]
        if part + 1 == parts:
            self.rules = json.loads(b"".join(self._coming_rules))
            assert self.rules["version"] == version
        self.say(wire.packed(wire.RULES_TAKEN, "<IH", version, part + 1))

    def _take_part(self, message: bytes) -> None:
        version, part, parts, digest = struct.unpack_from("<IHHQH", message, 1)[:4]
        if part == 0:
            self.table, self.version, self._part = {}, 0, 0
        assert part == self._part, "parts come in order"
        came = [message[at : at + records.CREDENTIAL] for at in range(19, len(message), records.CREDENTIAL)]
        assert came == sorted(came)
        self.table.update((record[:7], record) for record in came)
        self._part += 1
        if self._part < parts:
            self.say(wire.packed(wire.PART_TAKEN, "<IH", version, self._part))
            return
        if self.digest == digest:
            self.version = version
        self.say_acl()
