"""A small MQTT 3.1.1 broker without a network of its own: bytes in, bytes out, time as an argument.

Clean sessions only: a session asked to persist is served, but nothing is kept when it ends.
Section numbers are those of the OASIS standard, MQTT 3.1.1.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 10, 11, 12, 13, 14
LARGEST = 256 * 1024  # bytes of a packet; a client that sends more is put out

OnMessage = Callable[[str, bytes], None]


class Malformed(Exception):
    """Not MQTT 3.1.1: the connection is closed (4.8)."""


@lru_cache(maxsize=4096)
def matches(pattern: str, topic: str) -> bool:
    """Whether a topic falls under a subscription (4.7)."""
    wanted, have = pattern.split("/"), topic.split("/")
    for i, part in enumerate(wanted):
        if part == "#":
            return True
        if i >= len(have) or part not in ("+", have[i]):
            return False
    return len(wanted) == len(have)


def remaining_length(n: int) -> bytes:
    """As 2.2.3 packs it."""
    if n < 128:
        return bytes((n,))
    out = bytearray()
    while True:
        n, digit = divmod(n, 128)
        out.append(digit | (0x80 if n else 0))
        if not n:
            return bytes(out)


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes((kind << 4 | flags,)) + remaining_length(len(body)) + body


@lru_cache(maxsize=4096)
def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


@lru_cache(maxsize=4096)
def topic_of(name: bytes) -> str:
    """The topic of a PUBLISH."""
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if not topic or "+" in topic or "#" in topic:
        raise Malformed("topic")
    return topic


class PacketReader:
    """Takes a packet's body apart."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def take(self, n: int) -> bytes:
        piece = self.body[self.at : self.at + n]
        if len(piece) < n:
            raise Malformed("packet ends too early")
        self.at += n
        return piece

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def field(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            return self.field().decode()
        except UnicodeDecodeError:
            raise Malformed("not UTF-8") from None

    def rest(self) -> bytes:
        return self.take(len(self.body) - self.at)


class Client:
    """One connection. send(data), close(): the way back over the transport."""

    def __init__(self, broker: "Broker", send: Callable[[bytes], None], close: Callable[[], None]) -> None:
        self.name: str | None = None
        self.will: tuple[str, bytes, int, bool] | None = None
        self.subscriptions: dict[str, int] = {}
        self.keepalive_ms = 0
        self.deadline: int | None = None
        self.packet_id = 0
        self._broker = broker
        self._send = send
        self._close = close
        self._inbox = bytearray()
        self._gone = False

    def receive(self, data: bytes, now: int) -> None:
        """Bytes from the transport, in any pieces."""
        if self._gone:
            return
        self._inbox += data
        if self.keepalive_ms:
            self.deadline = now + self.keepalive_ms
        try:
            while not self._gone and (whole := self._next()) is not None:
                first, body = whole
                if first >> 4 == PUBLISH and self.name is not None:
                    self._publish(first & 15, body)
                else:
                    self._handle(first >> 4, first & 15, PacketReader(body), now)
        except Malformed:
            self.end(now)

    def lost(self, now: int) -> None:
        """The transport closed or broke."""
        self._leave(now)

    def end(self, now: int) -> None:
        """Puts the client out; its will is published (3.1.2.5)."""
        if not self._gone:
            self._leave(now)
            self._close()

    def deliver(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        head = text(topic)
        if qos:
            self.packet_id = self.packet_id % 0xFFFF + 1
            head += struct.pack(">H", self.packet_id)
        self._send(packet(PUBLISH, qos << 1 | retain, head + payload))

    def _leave(self, now: int) -> None:
        if self._gone:
            return
        self._gone = True
        self.deadline = None
        self._broker.remove(self)
        will, self.will = self.will, None
        if will is not None:
            self._broker.route(*will)

    def _next(self) -> tuple[int, bytes] | None:
        """The next whole packet: first byte, body."""
        inbox = self._inbox
        length = shift = 0
        for at in range(1, 5):
            if at >= len(inbox):
                return None
            digit = inbox[at]
            length |= (digit & 127) << shift
            shift += 7
            if not digit & 128:
                break
        else:
            raise Malformed("remaining length")
        if length > LARGEST:
            raise Malformed("too large")
        end = at + 1 + length
        if len(inbox) < end:
            return None
        first, body = inbox[0], bytes(inbox[at + 1 : end])
        del inbox[:end]
        return first, body

    def _handle(self, kind: int, flags: int, reader: PacketReader, now: int) -> None:
        if (self.name is None) != (kind == CONNECT):
            raise Malformed("CONNECT comes first, and once")
        if flags != (2 if kind in (SUBSCRIBE, UNSUBSCRIBE) else 0) and kind != PUBLISH:
            raise Malformed("reserved flags")
        if kind == CONNECT:
            self._connect(reader, now)
        elif kind == SUBSCRIBE:
            self._subscribe(reader)
        elif kind == UNSUBSCRIBE:
            packet_id = reader.take(2)
            while reader.at < len(reader.body):
                self.subscriptions.pop(reader.text(), None)
            self._broker.changed()
            self._send(packet(UNSUBACK, 0, packet_id))
        elif kind == PINGREQ:
            self._send(packet(PINGRESP, 0, b""))
        elif kind == DISCONNECT:
            self.will = None
            self.end(now)
        elif kind != PUBACK:
            raise Malformed(f"packet type {kind}")

    def _connect(self, reader: PacketReader, now: int) -> None:
        if reader.text() != "MQTT":
            raise Malformed("protocol name")
        if reader.take(1) != b"\x04":
            self._send(packet(CONNACK, 0, b"\x00\x01"))
            return self.end(now)
        flags = reader.take(1)[0]
        self.keepalive_ms = reader.number() * 1500  # one and a half times what was asked for (3.1.2.10)
        self.name = reader.text()
        if flags & 1 or not self.name:
            raise Malformed("flags or client identifier")
        if flags & 4:
            topic, payload = reader.text(), reader.field()
            self.will = (topic, payload, flags >> 3 & 3, bool(flags & 0x20))
        user = reader.text() if flags & 0x80 else None
        password = reader.field() if flags & 0x40 else None
        if not self._broker.admits(self.name, user, password):
            self._send(packet(CONNACK, 0, b"\x00\x05"))
            self.will = None
            return self.end(now)
        if self.keepalive_ms:
            self.deadline = now + self.keepalive_ms
        self._broker.enter(self, now)
        self._send(packet(CONNACK, 0, b"\x00\x00"))
        return None

    def _publish(self, flags: int, body: bytes) -> None:
        begins = 2 + int.from_bytes(body[:2], "big")
        qos = flags >> 1 & 3
        if qos > 1 or len(body) < begins + 2 * qos:
            raise Malformed("QoS 2, or packet ends too early")
        topic = topic_of(body[2:begins])
        self._broker.route(topic, body[begins + 2 * qos :], qos, bool(flags & 1))
        if qos:
            self._send(packet(PUBACK, 0, body[begins : begins + 2]))

    def _subscribe(self, reader: PacketReader) -> None:
        packet_id, granted, patterns = reader.take(2), bytearray(), []
        while reader.at < len(reader.body):
            pattern, qos = reader.text(), min(reader.take(1)[0], 1)
            patterns.append(pattern)
            granted.append(qos)
            self.subscriptions[pattern] = qos
        self._broker.changed()
        if not patterns:
            raise Malformed("nothing to subscribe to")
        self._send(packet(SUBACK, 0, packet_id + bytes(granted)))
        for topic, (payload, qos) in self._broker.retained.items():
            wanted = [self.subscriptions[p] for p in patterns if matches(p, topic)]
            if wanted:
                self.deliver(topic, payload, min(qos, max(wanted)), True)


class Broker:
    """admits(client id, user, password): whether that client may connect; by default each may."""

    def __init__(self, admits: Callable[[str, str | None, bytes | None], bool] = lambda *_: True) -> None:
        self.admits = admits
        self.clients: dict[str, Client] = {}
        self.retained: dict[str, tuple[bytes, int]] = {}
        self.messages = 0
        self.takeovers = 0
        self.between: Callable[[str, bytes, int, bool], None] | None = None  # a middleman: calls pass_on()
        self._listeners: list[tuple[str, OnMessage]] = []
        self._routes: dict[str, tuple[list[tuple[Client, int]], list[OnMessage]]] = {}  # by topic: its subscribers

    def accept(self, send: Callable[[bytes], None], close: Callable[[], None]) -> Client:
        """A new connection."""
        return Client(self, send, close)

    def subscribe(self, pattern: str, callback: OnMessage) -> None:
        """callback(topic, payload) hears every message under the pattern, what is retained first."""
        self._listeners.append((pattern, callback))
        self.changed()
        for topic, (payload, _) in list(self.retained.items()):
            if matches(pattern, topic):
                callback(topic, payload)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.route(topic, payload, 0, retain)

    @property
    def deadline(self) -> int | None:
        """When tick() has something to do."""
        return min((c.deadline for c in self.clients.values() if c.deadline is not None), default=None)

    def tick(self, now: int) -> None:
        """Puts out the clients that were silent for longer than their keepalive."""
        for client in list(self.clients.values()):
            if client.deadline is not None and now >= client.deadline:
                client.end(now)

    def restart(self, now: int) -> None:
        """Everyone is put out and nothing is remembered; wills are not published by a broker that dies."""
        for client in list(self.clients.values()):
            client.will = None
            client.end(now)
        self.retained.clear()

    # For the clients.

    def enter(self, client: Client, now: int) -> None:
        assert client.name is not None
        before = self.clients.get(client.name)
        if before is not None:
            self.takeovers += 1
            before.end(now)
        self.clients[client.name] = client
        self.changed()

    def remove(self, client: Client) -> None:
        if client.name is not None and self.clients.get(client.name) is client:
            del self.clients[client.name]
            self.changed()

    def changed(self) -> None:
        """Others are to hear a topic."""
        self._routes.clear()

    def route(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        if self.between is None:
            self.pass_on(topic, payload, qos, retain)
        else:
            self.between(topic, payload, qos, retain)

    def pass_on(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        self.messages += 1
        if retain:
            self.retained.pop(topic, None)
            if payload:
                self.retained[topic] = (payload, qos)
        route = self._routes.get(topic)
        if route is None:
            route = self._routes[topic] = self._route(topic)
        for client, wanted in route[0]:
            client.deliver(topic, payload, min(qos, wanted), False)
        for callback in route[1]:
            callback(topic, payload)

    def _route(self, topic: str) -> tuple[list[tuple[Client, int]], list[OnMessage]]:
        clients = []
        for client in self.clients.values():
            wanted = [qos for pattern, qos in client.subscriptions.items() if matches(pattern, topic)]
            if wanted:
                clients.append((client, max(wanted)))
        return clients, [callback for pattern, callback in self._listeners if matches(pattern, topic)]
