"""The broker's protocol, byte by byte."""

import pytest

from sim.world.broker import Broker, matches, packet, remaining_length, text


class End:
    """One client connection from the outside."""

    def __init__(self, broker):
        self.out = bytearray()
        self.closed = False
        self.client = broker.accept(self.out.extend, self.close)

    def close(self):
        self.closed = True

    def send(self, data, now=0):
        self.client.receive(data, now)
        return self.take()

    def take(self):
        data, self.out[:] = bytes(self.out), b""
        return data

    def connect(self, name="a", keepalive=0, will=None, now=0):
        flags, tail = 2, b""
        if will:
            flags |= 4 | 0x20
            tail = text(will[0]) + len(will[1]).to_bytes(2, "big") + will[1]
        body = text("MQTT") + bytes((4, flags)) + keepalive.to_bytes(2, "big") + text(name) + tail
        return self.send(packet(1, 0, body), now)

    def subscribe(self, pattern, qos=0):
        return self.send(packet(8, 2, b"\0\7" + text(pattern) + bytes((qos,))))


CONNACK = b"\x20\x02\x00\x00"


@pytest.mark.parametrize(
    ("pattern", "topic", "does"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "x/y", True),
        ("a/b", "a", False),
        ("a", "a/b", False),
    ],
)
def test_patterns(pattern, topic, does):
    assert matches(pattern, topic) is does


def test_lengths_as_in_the_standard():
    assert [remaining_length(n) for n in (0, 127, 128, 16_383, 16_384)] == [
        b"\x00",
        b"\x7f",
        b"\x80\x01",
        b"\xff\x7f",
        b"\x80\x80\x01",
    ]


def test_connect_publish_ping_and_leave():
    broker, heard = Broker(), []
    broker.subscribe("up/#", lambda topic, payload: heard.append((topic, payload)))
    end = End(broker)
    assert end.connect() == CONNACK
    assert end.send(packet(3, 0, text("up/a") + b"hello")) == b""
    assert end.send(packet(3, 2, text("up/a") + b"\x12\x34again")) == b"\x40\x02\x12\x34"
    assert end.send(b"\xc0\x00") == b"\xd0\x00"
    assert heard == [("up/a", b"hello"), ("up/a", b"again")]
    end.send(b"\xe0\x00")
    assert end.closed and not broker.clients


def test_a_packet_may_come_in_any_pieces():
    broker, heard = Broker(), []
    broker.subscribe("#", lambda topic, payload: heard.append(payload))
    end = End(broker)
    end.connect()
    for byte in packet(3, 0, text("t") + bytes(200)) * 2:
        end.send(bytes((byte,)))
    assert heard == [bytes(200)] * 2


def test_subscribers_hear_at_the_lower_qos():
    broker = Broker()
    a, b = End(broker), End(broker)
    a.connect("a")
    b.connect("b")
    assert a.subscribe("t", qos=1) == b"\x90\x03\x00\x07\x01"
    assert b.subscribe("t", qos=0) == b"\x90\x03\x00\x07\x00"
    sender = End(broker)
    sender.connect("c")
    sender.send(packet(3, 2, text("t") + b"\0\x01x"))
    assert a.take() == packet(3, 2, text("t") + b"\0\x01x")
    assert b.take() == packet(3, 0, text("t") + b"x")


def test_retained_is_told_to_who_comes_later_and_can_be_taken_back():
    broker, heard = Broker(), []
    broker.publish("p", b"1", retain=True)
    end = End(broker)
    end.connect()
    assert end.subscribe("p").endswith(packet(3, 1, text("p") + b"1"))
    broker.subscribe("p", lambda topic, payload: heard.append(payload))
    broker.publish("p", b"", retain=True)
    assert heard == [b"1", b""] and not broker.retained


def test_a_will_is_published_unless_the_client_says_goodbye():
    broker, heard = Broker(), []
    broker.subscribe("w", lambda topic, payload: heard.append(payload))
    one, two = End(broker), End(broker)
    one.connect("one", will=("w", b"lost"))
    one.client.lost(now=1)
    assert heard == [b"lost"] and broker.retained["w"] == (b"lost", 0)
    two.connect("two", will=("w", b"left"))
    two.send(b"\xe0\x00")
    assert heard == [b"lost"]


def test_a_second_session_of_one_client_puts_the_first_out():
    broker, heard = Broker(), []
    broker.subscribe("w", lambda topic, payload: heard.append(payload))
    one, two = End(broker), End(broker)
    one.connect("same", will=("w", b"0"))
    assert two.connect("same") == CONNACK
    assert one.closed and heard == [b"0"] and broker.takeovers == 1
    one.client.lost(now=5)
    assert broker.clients["same"] is two.client


def test_silence_longer_than_one_and_a_half_keepalives_ends_a_session():
    broker, heard = Broker(), []
    broker.subscribe("w", lambda topic, payload: heard.append(payload))
    end = End(broker)
    end.connect(keepalive=10, will=("w", b"silent"), now=1_000)
    assert broker.deadline == 16_000
    end.send(b"\xc0\x00", now=9_000)
    broker.tick(now=16_000)
    assert not end.closed and broker.deadline == 24_000
    broker.tick(now=24_000)
    assert end.closed and heard == [b"silent"] and broker.deadline is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xc0\x00",  # before CONNECT
        packet(1, 0, text("MQTT") + bytes((4, 2, 0, 0)) + text("")),  # no name
        packet(1, 0, text("MQXX") + bytes((4, 2, 0, 0)) + text("a")),
        b"\x10\xff\xff\xff\xff\x7f",  # a length of five digits
        b"\x10\xff\xff\xff\x7f",  # too large
        packet(1, 0, b"\x00\x09MQ"),
    ],
)
def test_what_is_not_mqtt_is_put_out(data):
    end = End(Broker())
    end.send(data)
    assert end.closed


@pytest.mark.parametrize(
    "data",
    [
        packet(3, 0, text("a/+") + b"x"),  # a pattern as a topic
        packet(3, 4, text("a") + b"\0\1x"),  # QoS 2
        packet(8, 0, b"\0\1" + text("a") + b"\0"),  # wrong flags
        packet(8, 2, b"\0\1"),  # nothing asked for
        packet(1, 0, text("MQTT") + bytes((4, 2, 0, 0)) + text("a")),  # a second CONNECT
        packet(15, 0, b""),
    ],
)
def test_what_is_wrong_later_is_put_out_too(data):
    broker = Broker()
    end = End(broker)
    end.connect()
    end.send(data)
    assert end.closed and not broker.clients


def test_another_version_is_told_so():
    end = End(Broker())
    assert end.send(packet(1, 0, text("MQTT") + bytes((5, 2, 0, 0)) + text("a"))) == b"\x20\x02\x00\x01"
    assert end.closed


def test_who_is_not_admitted_is_told_so():
    end = End(Broker(admits=lambda name, user, password: name == "b"))
    assert end.connect("a") == b"\x20\x02\x00\x05"
    assert end.closed


def test_a_restart_forgets_everything():
    broker = Broker()
    end = End(broker)
    end.connect(will=("w", b"0"))
    broker.publish("p", b"1", retain=True)
    broker.restart(now=0)
    assert end.closed and not broker.clients and not broker.retained
