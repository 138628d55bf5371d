"""What the link tells a broker of itself, and what it listens to."""

from firmware.controller.cloud import link as links
from firmware.controller.cloud.channel import RENEW
from firmware.controller.cloud.mailbox import Mailbox
from firmware.controller.cloud.wire import topics
from tests.firmware.test_link_lost import Clock, Lock

NAME = "00112233445566aa"
UP, DOWN = (topic.encode() for topic in topics(NAME))


class Client:
    """In place of umqtt.simple's: keeps what it is told."""

    made = None

    def __init__(self, name, *more):
        Client.made = self
        self.name = name
        self.more = more
        self.will = None
        self.connected = False
        self.subscribed = []
        self.published = []

    def set_callback(self, call):
        self.deliver = call

    def set_last_will(self, *will):
        self.will = will

    def connect(self):
        self.connected = True

    def subscribe(self, topic):
        self.subscribed.append(topic)

    def publish(self, topic, message, *more):
        self.published.append((topic, more))


class Linked(links.Link):
    def __init__(self, refused):
        self._broker = {"host": "broker", "port": 1883, "user": NAME, "password": "secret"}
        self.settings = {"controller": NAME, "link_secret": "11" * 32}
        self.shared = Mailbox(Lock(), 4), Mailbox(Lock(), 4), refused
        self._connect()


class Bench:
    """With it: a link that has just connected, at a time that stands."""

    def __enter__(self):
        self._before = links.simple.MQTTClient, links.clock
        links.simple.MQTTClient, links.clock = Client, Clock()
        refused = {"malformed": 0, "session": 0, "tag": 0, "size": 0}
        return Linked(refused), Client.made, refused

    def __exit__(self, *error):
        links.simple.MQTTClient, links.clock = self._before


def test_a_broker_is_told_the_account_that_the_settings_name():
    """With another one the board is refused, or speaks as somebody else."""
    with Bench() as (link, client, _):
        assert client.name == NAME.encode()
        assert client.more == ("broker", 1883, NAME.encode(), b"secret", 30)
        link._broker["user"] = link._broker["password"] = ""
        link._connect()
        assert Client.made.more == ("broker", 1883, None, b"", 30), "an empty name is no account"


def test_a_connection_leaves_nothing_at_the_broker_that_could_speak_for_a_later_one():
    with Bench() as (_, client, _):
        assert client.connected and client.will is None
        assert [topic for topic, _ in client.published] == [UP]  # it asks for a session
        assert not any(retained for _, more in client.published for retained in more)


def test_it_listens_to_its_own_topic_only():
    """amqtt 0.12.1 gives a new client what others have left as retained: no reason for a record of refused messages."""
    with Bench() as (_, client, refused):
        assert client.subscribed == [DOWN]
        for topic in (b"portvakt/ffeeddccbbaa9988/presence", b"portvakt/ffeeddccbbaa9988/down", b"", UP, DOWN + b"/x"):
            client.deliver(topic, b"0")
        assert not any(refused.values())
        client.deliver(DOWN, b"0")
        client.deliver(DOWN, b"")
        client.deliver(DOWN, b"Sxxxx" + bytes(40))
        assert refused["malformed"] == 2 and refused["session"] == 1, "what is not good there is counted as ever"


def test_its_own_messages_are_taken():
    with Bench() as (link, client, refused):
        client.deliver(DOWN, bytes((RENEW,)))
        assert link.session.renew and not any(refused.values())
