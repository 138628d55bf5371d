"""The stream under umqtt.simple: gathers writes, reads whole, refuses what is too long."""

from firmware.controller import clock, ticks
from firmware.controller.cloud import link
from firmware.controller.cloud.channel import OVERHEAD, Channel
from firmware.controller.cloud.wire import MAX_MESSAGE
from tests.firmware.bench import BenchChip
from tests.firmware.helper import Holes, raises


class FakeSocket:
    """A connection that takes three bytes at a time and gives what is in `incoming`, `gives` of it after each pause.

    pause_ms: how long nothing comes.
    """

    def __init__(self, chip, incoming=b""):
        self.chip = chip
        self.incoming = incoming
        self.gives, self.pause_ms = 1000, 0
        self.sent = b""
        self.writes = 0

    closed = False

    def close(self):
        self.closed = True

    def settimeout(self, seconds):
        pass

    def write(self, data):
        self.writes += 1
        self.sent += bytes(data[:3])
        return min(3, len(data))

    def wait(self, sock, ms, pending):
        assert sock is self and not pending()
        self.chip.sleep_ms(max(0, min(ms, self.pause_ms)))
        return ms > self.pause_ms

    def recv(self, size):
        size = min(size, self.gives)
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        return data


class Sockets:
    """In place of the socket module."""

    def __init__(self, made):
        self._made = made

    def socket(self):
        return self._made


def stream(incoming=b""):
    fake = FakeSocket(BenchChip(), incoming)
    before, link.socket = link.socket, Sockets(fake)
    try:
        return link.Stream(bytearray(8)), fake
    finally:
        link.socket = before


def read(made, size):
    before, link.wait = link.wait, made.socket.wait
    try:
        return made.read(size)
    finally:
        link.wait = before


def test_writes_go_out_together_before_the_next_read():
    made, fake = stream(b"answer")
    made.write(b"\x30\x05")
    made.write(b"abcdef", 3)
    assert fake.writes == 0
    assert read(made, 6) == b"answer"
    assert fake.sent == b"\x30\x05abc"
    made.flush()
    assert fake.sent == b"\x30\x05abc"


def test_what_does_not_fit_beside_the_others_sends_them_first():
    made, fake = stream()
    made.write(b"abcdef")
    made.write(b"ghi")
    assert fake.sent == b"abcdef"
    made.flush()
    assert fake.sent == b"abcdefghi"


class Counting(FakeSocket):
    def write(self, data):
        self.writes += len(data)
        return len(data)


def test_two_of_the_longest_messages_leave_a_heap_full_of_holes():
    """Found in six boards after sixty cuts: a batch that never got out, for want of a long piece of memory."""
    made, _ = stream()
    made._out = memoryview(bytearray(2 * MAX_MESSAGE + 100))
    made.socket = Counting(None)
    near = Channel(b"a link secret for this test only", bytes(16), bytes(16))
    message, topic = bytes(MAX_MESSAGE - OVERHEAD), bytes(28)
    with Holes(MAX_MESSAGE + 64, 1):
        for _ in range(2):
            made.write(b"\x30\x9e\x08\x00", 3)
            made.write(topic)
            made.write(near.seal(message))
        assert made.socket.writes == 0
        made.flush()
    assert made.socket.writes == 2 * (3 + 28 + MAX_MESSAGE)


def test_a_connection_that_ends_is_an_error_and_not_a_short_message():
    made, _ = stream(b"ab")
    raises(OSError, lambda: read(made, 3))


def test_a_read_that_timed_out_is_an_error():
    made, fake = stream(b"x")
    fake.pause_ms = 60_000
    begun = fake.chip.now
    raises(OSError, lambda: read(made, 1))
    assert ticks.diff(fake.chip.now, begun) == 10_000


def test_what_comes_in_pieces_is_read_whole():
    made, fake = stream(b"in pieces and more")
    fake.gives, fake.pause_ms = 2, 1000
    assert read(made, 9) == b"in pieces" and fake.incoming == b" and more"


def test_a_slow_drip_does_not_hold_the_link_for_longer():
    """Found with six boards and amqtt: a read that began its ten seconds anew with every byte, and every collection."""
    made, fake = stream(bytes(MAX_MESSAGE))
    fake.gives, fake.pause_ms = 1, 3_000
    begun = fake.chip.now
    raises(OSError, lambda: read(made, MAX_MESSAGE))
    assert ticks.diff(fake.chip.now, begun) == 10_000


def test_a_message_too_long_for_us_is_refused_unread():
    made, fake = stream(bytes(MAX_MESSAGE + 1))
    raises(OSError, lambda: made.read(MAX_MESSAGE + 1))
    assert len(fake.incoming) == MAX_MESSAGE + 1


def test_a_socket_that_takes_nothing_more_is_an_error():
    made, fake = stream()
    fake.write = lambda data: 0
    made.write(b"x")
    raises(OSError, made.flush)


def test_a_stream_that_is_closed_closes_its_connection():
    made, fake = stream()
    made.close()
    assert fake.closed


class Polled:
    """In place of the select module. gives: what each look finds."""

    POLLIN = 1

    def __init__(self, chip, *gives):
        self.chip, self.gives = chip, list(gives)

    def poll(self, ms=None):
        if ms is None:
            return self
        self.chip.sleep_ms(ms)
        return self.gives.pop(0) if self.gives else []

    def register(self, sock, what):
        assert what == self.POLLIN


def test_a_connection_is_waited_for_until_something_comes_and_no_longer():
    chip = BenchChip()
    before = link.select
    try:
        link.select = Polled(chip, [], [], [("socket", 1)])
        assert link.wait("socket", 10000, bool), "the third look finds it"
        began = clock.now()
        assert not link.wait("socket", 5000, bool) and ticks.diff(clock.now(), began) == 5000
        link.select = Polled(chip, [("socket", 1)])
        assert not link.wait("socket", 10000, lambda: True), "there is something to send first"
    finally:
        link.select = before
