"""The session of the network loop against a cloud that holds the other end of the channel."""

from firmware.controller.cloud import session as sessions
from firmware.controller.cloud import wire
from firmware.controller.cloud.mailbox import Mailbox
from firmware.protocol.cloud_side import CloudChannel, accept_message, read_open
from tests.firmware.bench import BenchChip
from tests.firmware.helper import raises

SECRET = b"only for this test, not a secret"
NAME = "0123456789abcdef"
CLOUD_NONCE = b"s" * 16


class Lock:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Ends:
    """A session and its cloud; sent: what the session published."""

    def __init__(self):
        BenchChip()  # whose randomness a session takes, where a simulator is in the same process
        self.sent = []
        self.inbox, self.outbox = Mailbox(Lock(), 2), Mailbox(Lock(), 2)
        self.refused = {"malformed": 0, "size": 0, "version": 0, "session": 0, "tag": 0, "replay": 0}
        self.session = sessions.Session(NAME, SECRET, self.sent.append, self.inbox, self.outbox, self.refused)

    def open(self, now):
        self.session.begin(now)
        self.accept(now)
        assert self.inbox.get() == sessions.OPENED

    def accept(self, now):
        nonce = read_open(SECRET, NAME, self.sent[-1])
        self.cloud = CloudChannel(SECRET, nonce, CLOUD_NONCE)
        self.session.receive(accept_message(SECRET, NAME, nonce, CLOUD_NONCE), now)


def test_messages_pass_both_ways():
    ends = Ends()
    ends.open(0)
    ends.session.receive(ends.cloud.seal(b"down"), 10)
    assert ends.inbox.get() == b"down"
    ends.outbox.put(b"up")
    assert ends.session.pending()
    ends.session.step(20)
    assert ends.cloud.open(ends.sent[-1]) == b"up"


def test_the_link_is_confirmed_every_four_seconds():
    ends = Ends()
    ends.open(0)
    assert ends.session.due() == 4000
    ends.session.step(4000)
    assert ends.cloud.open(ends.sent[-1]) == bytes((wire.PING,))
    ends.session.receive(ends.cloud.seal(bytes((wire.PONG,))), 4010)
    assert ends.inbox.get() is None


def test_silence_ends_the_link():
    ends = Ends()
    ends.open(0)
    ends.session.step(11999)
    raises(OSError, lambda: ends.session.step(12000))


def test_an_opening_is_tried_three_times():
    ends = Ends()
    ends.session.begin(0)
    ends.session.step(5000)
    ends.session.step(10000)
    assert len(ends.sent) == 3
    raises(OSError, lambda: ends.session.step(15000))


def test_a_hint_opens_a_new_session_but_not_more_often_than_every_two_seconds():
    ends = Ends()
    ends.open(0)
    ends.session.receive(b"R", 100)
    ends.session.step(1999)
    assert len(ends.sent) == 1
    ends.session.step(2000)
    assert len(ends.sent) == 2
    ends.session.receive(ends.cloud.seal(b"still the old one"), 2010)
    assert ends.inbox.get() == b"still the old one"
    ends.accept(2020)
    assert ends.inbox.get() == sessions.OPENED


def test_a_full_inbox_stops_the_reading_and_loses_nothing():
    ends = Ends()
    ends.open(0)
    for text in (b"1", b"2", b"3"):
        ends.session.receive(ends.cloud.seal(text), 0)
    assert ends.session.blocked()
    assert [ends.inbox.get(), ends.inbox.get()] == [b"1", b"2"]
    assert not ends.session.blocked()
    assert ends.inbox.get() == b"3"


def test_hostile_messages_are_counted_and_do_nothing():
    ends = Ends()
    for message in (b"", b"x", b"A", b"S" + bytes(40), b"RR", bytes(5000)):
        ends.session.receive(message, 0)
    assert sum(ends.refused.values()) == 6
    ends.open(0)
    good = ends.cloud.seal(b"once")
    ends.session.receive(good, 0)
    ends.session.receive(good, 0)
    ends.session.receive(good[:-1] + bytes((good[-1] ^ 1,)), 0)
    assert ends.inbox.get() == b"once"
    assert ends.inbox.get() is None
    assert ends.refused["replay"] == 1
    assert ends.refused["tag"] == 1


def test_what_only_the_network_loop_may_say_is_refused_from_the_cloud():
    ends = Ends()
    ends.open(0)
    for inside in (sessions.OPENED, sessions.LOST, sessions.LOST + b"more"):
        ends.session.receive(ends.cloud.seal(inside), 0)
    assert ends.inbox.get() is None
    assert ends.refused["malformed"] == 3


def test_an_old_answer_does_not_open_a_session():
    ends = Ends()
    ends.session.begin(0)
    nonce = read_open(SECRET, NAME, ends.sent[-1])
    ends.session.begin(0)
    ends.session.receive(accept_message(SECRET, NAME, nonce, CLOUD_NONCE), 0)
    assert ends.refused["tag"] == 1
    assert ends.inbox.get() is None


def test_messages_of_an_old_session_are_not_sent_in_the_new_one():
    ends = Ends()
    ends.outbox.put(b"old")
    ends.session.begin(0)
    assert not ends.session.pending()
    ends.open(0)
    ends.session.step(10)
    assert len(ends.sent) == 2
