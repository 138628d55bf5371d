from firmware.controller.cloud.channel import (
    ACCEPT,
    OVERHEAD,
    TAG,
    Channel,
    Refused,
    open_message,
    read_accept,
)
from firmware.controller.cloud.wire import MAX_MESSAGE, VERSION
from firmware.controller.hmac import hmac
from firmware.protocol import cloud_side
from firmware.protocol.cloud_side import accept_message, read_open
from tests.firmware.helper import Holes, raises

SECRET = b"only for this test, not a secret"
NAME = "0123456789abcdef"
UP, DOWN = b"c" * 16, b"s" * 16


def channels(secret=SECRET):
    return Channel(secret, UP, DOWN), cloud_side.CloudChannel(SECRET, UP, DOWN)


def refused(function):
    return raises(Refused, function).args[0]


def flipped(message, at):
    return message[:at] + bytes((message[at] ^ 1,)) + message[at + 1 :]


def test_hmac_is_that_of_rfc_4231():
    assert hmac(b"\x0b" * 20, b"Hi There").hex() == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert (
        hmac(b"Jefe", b"what do ya want for nothing?").hex()
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert hmac(b"\xaa" * 20, b"\xdd" * 50).hex() == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"


def test_both_ends_read_each_other():
    controller, cloud = channels()
    for length in (1, 15, 16, 17, 33, 999):
        message = bytes(range(256)) * 4
        assert cloud.open(controller.seal(message[:length])) == message[:length]
        assert controller.open(cloud.seal(message[:length])) == message[:length]


def test_what_is_sealed_is_not_readable_and_never_the_same():
    controller, _ = channels()
    first, second = controller.seal(b"card 12:3456"), controller.seal(b"card 12:3456")
    assert b"card" not in first
    assert first[9:] != second[9:]
    assert len(first) == len(b"card 12:3456") + OVERHEAD


def test_no_block_of_the_key_stream_comes_twice():
    """What is under a block that repeats could be read by who knows one of the two."""
    controller, cloud = channels()
    zeros = bytes(MAX_MESSAGE - OVERHEAD)  # what is sealed of them is the key stream itself
    streams = [bytes(end.seal(zeros))[9 : 9 + len(zeros)] for end in (controller, controller, cloud, cloud)]
    blocks = [stream[at : at + 16] for stream in streams for at in range(0, len(stream) - 15, 16)]
    assert len(blocks) > 200 and len(set(blocks)) == len(blocks)


def test_every_flipped_bit_is_refused_and_changes_nothing():
    controller, cloud = channels()
    sealed = controller.seal(b"hello")
    for at in range(len(sealed)):
        assert refused(lambda at=at: cloud.open(flipped(sealed, at))) in ("malformed", "session", "tag")
    assert cloud.open(sealed) == b"hello"


def test_a_replay_is_refused():
    controller, cloud = channels()
    first, second = controller.seal(b"1"), controller.seal(b"2")
    assert cloud.open(second) == b"2"
    assert refused(lambda: cloud.open(second)) == "replay"
    assert refused(lambda: cloud.open(first)) == "replay"


def test_a_message_of_the_own_direction_is_refused():
    controller, _ = channels()
    assert refused(lambda: controller.open(controller.seal(b"hello"))) == "tag"


def test_another_secret_opens_nothing():
    stranger, cloud = channels(b"another secret, also not a real1")
    assert refused(lambda: cloud.open(stranger.seal(b"hello"))) == "session"


def test_sizes_are_bounded_both_ways():
    controller, cloud = channels()
    raises(ValueError, lambda: controller.seal(bytes(MAX_MESSAGE)))
    longest = controller.seal(bytes(MAX_MESSAGE - OVERHEAD))
    assert len(longest) == MAX_MESSAGE
    assert refused(lambda: cloud.open(longest + b"x")) == "size"
    assert refused(lambda: cloud.open(b"S")) == "size"
    assert refused(lambda: cloud.open(b"")) == "size"


def test_an_opening_is_proven_by_the_secret_and_the_name():
    message = open_message(SECRET, NAME, UP)
    assert read_open(SECRET, NAME, message) == UP
    assert refused(lambda: read_open(SECRET, "fedcba9876543210", message)) == "tag"
    assert refused(lambda: read_open(b"x" * 32, NAME, message)) == "tag"
    assert refused(lambda: read_open(SECRET, NAME, message[:-1])) == "malformed"
    for at in range(len(message)):
        assert refused(lambda at=at: read_open(SECRET, NAME, flipped(message, at))) in ("malformed", "version", "tag")


def test_an_answer_belongs_to_one_opening():
    answer = accept_message(SECRET, NAME, UP, DOWN)
    assert read_accept(SECRET, NAME, UP, answer) == DOWN
    assert refused(lambda: read_accept(SECRET, NAME, b"d" * 16, answer)) == "tag"
    assert refused(lambda: read_accept(SECRET, NAME, UP, open_message(SECRET, NAME, UP))) == "malformed"


def test_a_long_message_is_opened_and_sealed_in_a_heap_full_of_holes():
    near, far = channels()
    message = bytes(MAX_MESSAGE - OVERHEAD)
    sealed = far.seal(message)
    with Holes(MAX_MESSAGE + 64, 2):
        assert near.open(sealed) == message
        assert len(near.seal(message)) == MAX_MESSAGE


def test_an_answer_of_another_version_says_so_though_its_tag_is_right():
    nonce = b"n" * 16
    head = bytes((ACCEPT, VERSION + 1)) + b"c" * 16
    tag = hmac(SECRET, NAME.encode() + nonce + head)[:TAG]
    assert refused(lambda: read_accept(SECRET, NAME, nonce, head + tag)) == "version"
