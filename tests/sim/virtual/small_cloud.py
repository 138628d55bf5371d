"""A cloud end without a database, for tests of the simulator: the real channel and wire, and nothing that is kept."""

import json
import random
import struct
from dataclasses import dataclass, field

from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OPEN, RENEW, Refused
from sim.far_end import Channel, accept_message, read_open, rules_parts
from sim.world.wiegand import payload

WIFI = {"name": "portvakt", "password": ""}
BROKER = {"host": "broker.example", "port": 1883, "user": "", "password": ""}


def settings_of(description, board, seed=1):
    """Settings for each controller, as an enrolment would make them."""
    chance = random.Random(seed)
    return [
        {
            "controller": chance.randbytes(8).hex(),
            "link_secret": chance.randbytes(32).hex(),
            "table_key": chance.randbytes(32).hex(),
            "broker": BROKER,
            "wifi": WIFI,
        }
        for _ in description["controllers"]
    ]


@dataclass
class Row:
    """One controller as this cloud knows it."""

    secret: bytes
    records: list
    profiles: dict
    channel: Channel | None = None
    events: dict = field(default_factory=dict)  # sequence number: 32 bytes
    twice: int = 0  # events that came again with another content
    version: int = 0  # of the table it holds


class SmallCloud:
    """description, settings: as the building has them. Everyone gets the rights that the description says."""

    def __init__(self, description, settings, publish, now, urandom):
        self.publish = publish
        self.now = now
        self.urandom = urandom
        self.rows = {}
        for one, setting in zip(description["controllers"], settings, strict=True):
            names = [door["name"] for door in one["doors"]]
            key = bytes.fromhex(setting["table_key"])
            profiles, held = {}, []
            for person in description["people"]:
                doors = [n + 1 for n, name in enumerate(names) if name in person["doors"]]
                if doors:
                    number = 1 + sum(1 << (door - 1) for door in doors)
                    profiles[str(number)] = doors
                    card = person["card"]
                    value = card_value(card["bits"], payload(**card))
                    until = records.until_minutes(person["until"])
                    held.append(records.pack_credential(credential_key(key, value), number, until))
            self.rows[setting["controller"]] = Row(bytes.fromhex(setting["link_secret"]), sorted(held), profiles)

    def poll(self):
        pass

    def on_message(self, topic, message):
        _, name, way = topic.split("/")
        row = self.rows[name]
        if way != "up":
            return
        try:
            if message[0] == OPEN:
                nonce, own = bytes(read_open(row.secret, name, message)), self.urandom(16)
                row.channel = Channel(row.secret, nonce, own)
                self.publish(wire.topics(name)[1], accept_message(row.secret, name, nonce, own))
                return
            if row.channel is None:
                raise Refused("session")
            self.take(name, row, row.channel.open(message))
        except Refused:
            self.publish(wire.topics(name)[1], bytes((RENEW,)))

    def take(self, name, row, message):
        kind = message[0]
        if kind == wire.HELLO:
            row.version = wire.read_json(message)["acl"]
            self.tell_all(name, row)
        elif kind == wire.EVENTS:
            (epoch,) = struct.unpack_from("<I", message, 1)
            for at in range(5, len(message), records.EVENT):
                event = bytes(message[at : at + records.EVENT])
                whole = records.unpack_event(event)
                if whole is None:
                    raise Refused("malformed")
                sequence = whole[0]
                row.twice += row.events.setdefault(sequence, event) != event
            self.send(name, row, wire.packed(wire.STORED, "<II", epoch, max(row.events)))
        elif kind == wire.TIME_ASKED:
            self.send(name, row, wire.packed(wire.TIME, "<8sQ", message[1:9], int(self.now() * 1000)))
        elif kind == wire.ACL_NOW:
            (row.version,) = struct.unpack_from("<I", message, 1)
        elif kind == wire.PING:
            self.send(name, row, bytes((wire.PONG,)))

    def tell_all(self, name, row):
        if row.version:
            return
        doors = {"1": {"release_ms": 3_000, "held_ms": 30_000}, "2": {"release_ms": 3_000, "held_ms": 30_000}}
        fields = {"version": 1, "profiles": row.profiles, "doors": doors}
        for part in rules_parts(1, json.dumps(fields).encode()):
            self.send(name, row, part)
        digest = 0
        for record in row.records:
            digest ^= records.credential_digest(record)
        head = wire.packed(wire.SNAPSHOT, "<IHHQ", 1, 0, 1, digest)
        self.send(name, row, head + b"".join(row.records))

    def send(self, name, row, message):
        self.publish(wire.topics(name)[1], row.channel.seal(message))
