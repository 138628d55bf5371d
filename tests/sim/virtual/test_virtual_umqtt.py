"""The real umqtt.simple over virtual sockets, to the broker of the world."""

import errno

import pytest

from sim.virtual.chip import VirtualChip
from sim.virtual.net import VirtualNetwork
from sim.virtual.post import Post
from sim.virtual.scheduler import MS, SECOND, Scheduler
from sim.world.broker import Broker


class Place:
    """A broker and boards whose firmware is a function of (MQTT client, chip)."""

    def __init__(self, monkeypatch, seed=1):
        from umqtt import simple

        from sim.mcu.bind import Sockets

        monkeypatch.setattr(simple, "socket", Sockets())
        self.client_class = simple.MQTTClient
        self.world = Scheduler(seed)
        self.network = VirtualNetwork(self.world)
        self.broker = Broker()
        self.post = Post(self.world, self.network, self.broker)

    def board(self, firmware, name="board", keepalive=30):
        def boot(chip):
            chip.joined = True
            firmware(self.client_class(name, "broker", keepalive=keepalive), chip)

        chip = VirtualChip(name, self.world, self.network, {}, boot)
        chip.power_on()
        return chip


@pytest.fixture
def place(monkeypatch):
    return Place(monkeypatch)


def test_messages_go_both_ways(place):
    heard, got = [], []
    place.post.subscribe("up/+", lambda topic, payload: heard.append((topic, payload)))

    def firmware(client, chip):
        client.set_callback(lambda topic, message: got.append((topic, message)))
        client.connect()
        client.subscribe(b"down")
        client.publish(b"up/a", b"one")
        client.publish(b"up/a", b"two", qos=1)
        while len(got) < 2:
            client.wait_msg()
        client.disconnect()

    place.board(firmware)
    place.world.at(5 * SECOND, place.post.publish, "down", b"first")
    place.world.at(5 * SECOND, place.post.publish, "down", bytes(300))
    place.world.run(until=10 * SECOND)
    assert heard == [("up/a", b"one"), ("up/a", b"two")]
    assert got == [(b"down", b"first"), (b"down", bytes(300))]
    assert not place.broker.clients and not place.network.lines


def test_a_qos_1_publish_takes_a_round_trip(place):
    took = []

    def firmware(client, chip):
        client.connect()
        before = place.world.now
        client.publish(b"up", b"x", qos=1)
        took.append(place.world.now - before)

    place.board(firmware)
    place.world.run(until=10 * SECOND)
    assert 16 * MS <= took[0] <= 45 * MS


def test_power_that_goes_is_told_by_the_will_after_the_keepalive(place):
    told = []
    place.post.subscribe("presence", lambda topic, payload: told.append((place.world.now // SECOND, payload)))

    def firmware(client, chip):
        client.set_last_will(b"presence", b"0")
        client.connect()
        client.publish(b"presence", b"1")
        chip.sleep_ms(1_000_000)

    chip = place.board(firmware, keepalive=20)
    place.world.at(10 * SECOND, chip.power_cut)
    place.world.run(until=100 * SECOND)
    assert told == [(0, b"1"), (30, b"0")]


def test_a_broker_that_dies_is_a_connection_lost_and_then_refused(place):
    seen = []

    def firmware(client, chip):
        client.set_callback(lambda *message: None)
        client.connect()
        for step in (client.wait_msg, client.connect):
            try:
                step()
            except OSError as error:
                seen.append((place.world.now // SECOND, error.errno))
        chip.sleep_ms(10_000)
        client.connect()
        seen.append("back")

    place.board(firmware)
    place.world.at(5 * SECOND, place.post.stop)
    place.world.at(10 * SECOND, place.post.start)
    place.world.run(until=60 * SECOND)
    assert seen == [(5, errno.ECONNRESET), (5, errno.ECONNREFUSED), "back"]


def test_a_board_that_restarts_takes_its_session_over(place):
    def firmware(client, chip):
        client.connect()
        chip.sleep_ms(2_000)
        chip.reset()

    place.board(firmware)
    place.world.run(until=10 * SECOND)
    assert place.broker.takeovers >= 3 and len(place.broker.clients) == 1
