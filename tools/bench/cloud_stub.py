"""The cloud's end of a link for benches, without a database: it lets boards in and keeps them busy as they are to be.

modes: "plain"; "snapshot": one whole access list after the other comes in, without a pause; "events": when the last
event of the log is stored, all of it is asked for again, as a cloud does that was restored from a backup.
"""

import struct
from collections.abc import Callable
from typing import Any

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OPEN, RENEW, SEALED, Refused
from firmware.protocol import cloud_side


class CloudStub:
    """Of one controller. settings: as enrolment made them. publish(topic, payload). now(): Unix seconds."""

    def __init__(
        self,
        settings: dict[str, Any],
        publish: Callable[[str, bytes], None],
        now: Callable[[], float],
        urandom: Callable[[int], bytes],
        cards: list[tuple[int, int]],
        rules: bytes,
        mode: str = "plain",
    ) -> None:
        self.mode = mode
        self.ready = False  # it follows the rules and holds the cards
        self.stored = 0  # events that came, each as often as it came
        self.parts = 0  # of snapshots that were taken
        self.version = 1
        self._id = settings["controller"]
        self._secret = bytes.fromhex(settings["link_secret"])
        self._down = wire.topics(self._id)[1]
        self._publish, self._now, self._urandom = publish, now, urandom
        self._rules = rules
        self._channel: cloud_side.CloudChannel | None = None
        self._opened: cloud_side.CloudChannel | None = None
        self._first = self._last = 0
        table = bytes.fromhex(settings["table_key"])
        keys = sorted(credential_key(table, card_value(bits, number)) for bits, number in cards)
        whole = [records.pack_credential(key, 1, records.NO_END) for key in keys]
        self._digest = 0
        for record in whole:
            self._digest ^= records.credential_digest(record)
        many = cloud_side.RECORDS
        self._pieces = [b"".join(whole[at : at + many]) for at in range(0, len(whole), many)]

    def receive(self, payload: bytes) -> None:
        """What came up; what cannot be is let fall."""
        try:
            self._receive(payload)
        except Refused:
            pass

    def _receive(self, payload: bytes) -> None:
        if payload[0] == OPEN:
            nonce, own = cloud_side.read_open(self._secret, self._id, payload), self._urandom(16)
            self._opened = cloud_side.CloudChannel(self._secret, nonce, own)
            self._publish(self._down, cloud_side.accept_message(self._secret, self._id, nonce, own))
            return
        if payload[0] != SEALED:
            return
        if self._opened is not None and payload[1:5] == self._opened.session:
            self._channel, self._opened = self._opened, None
        if self._channel is None or payload[1:5] != self._channel.session:
            self._publish(self._down, bytes((RENEW,)))
            return
        message = self._channel.open(payload)
        does = self._DOES.get(message[0])
        if does is not None:
            does(self, message)

    def _say(self, message: bytes) -> None:
        assert self._channel is not None
        self._publish(self._down, self._channel.seal(message))

    def _hello(self, message: bytes) -> None:
        hello = wire.read_json(message)
        self._first, self._last = hello["first"], hello["last"]
        if hello["rules"] != 1:
            for part in cloud_side.rules_parts(1, self._rules):
                self._say(part)
        if self.mode == "snapshot" or int(hello["digest"], 16) != self._digest:
            self._begin()
        else:
            self.ready = True

    def _begin(self) -> None:
        self.version += 1
        self._part(0)

    def _part(self, part: int) -> None:
        head = wire.packed(wire.SNAPSHOT, "<IHHQH", self.version, part, len(self._pieces), self._digest, 0)
        self._say(head + self._pieces[part])

    def _part_taken(self, message: bytes) -> None:
        version, part = struct.unpack_from("<IH", message, 1)
        if version == self.version and part < len(self._pieces):
            self.parts += 1
            self._part(part)

    def _acl_now(self, message: bytes) -> None:
        (digest,) = struct.unpack_from("<Q", message, 5)
        if digest == self._digest:
            self.ready = True
            if self.mode == "snapshot":
                self._begin()

    def _events(self, message: bytes) -> None:
        epoch, first = struct.unpack_from("<II", message, 1)
        count = (len(message) - 5) // records.EVENT
        upto = first + count - 1
        self.stored += count
        self._last = max(self._last, upto)
        if self.mode == "events" and upto >= self._last:
            upto = max(0, self._first - 1)
        self._say(wire.packed(wire.STORED, "<II", epoch, upto))

    def _ping(self, message: bytes) -> None:
        self._say(bytes((wire.PONG,)))

    def _time_asked(self, message: bytes) -> None:
        self._say(wire.packed(wire.TIME, "<8sQ", bytes(message[1:9]), int(self._now() * 1000)))

    _DOES = {
        wire.HELLO: _hello,
        wire.PART_TAKEN: _part_taken,
        wire.ACL_NOW: _acl_now,
        wire.EVENTS: _events,
        wire.PING: _ping,
        wire.TIME_ASKED: _time_asked,
    }
