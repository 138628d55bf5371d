"""The channel: keys of one session between a controller and its cloud, and the sealing of its messages.

Opening, in clear but authenticated by the link secret:
    controller -> cloud   O version nonce(16) tag(16)
    cloud -> controller   A version nonce(16) tag(16)     the tag covers both nonces
    cloud -> controller   R                               "I do not know your session": a hint that proves nothing
Then every message, both ways:
                          S session(4) counter(4) ciphertext tag(16)
Encrypt, then authenticate: AES-128 in counter mode (built from ECB: the ESP32 port has no CTR), HMAC-SHA256 cut to
16 bytes. Each direction has its own keys; counters only go up.
"""

import struct

from cryptolib import aes
from micropython import const

from ..hmac import hmac, keyed, pads
from .wire import MAX_MESSAGE, VERSION

OPEN = 0x4F
ACCEPT = 0x41
RENEW = 0x52
SEALED = 0x53

NONCE = 16
TAG = 16
OVERHEAD = 25
_OPENING = const(34)
_PIECE = const(256)  # bytes that are encrypted at once


class Refused(Exception):
    """A message that is not what it should be; the argument says in a word why: it is counted under that word."""


def same(a, b):
    """Compares two tags in a time that does not tell where they differ."""
    difference = len(a) ^ len(b)
    for x, y in zip(a, b):
        difference |= x ^ y
    return not difference


def open_message(secret, controller_id, nonce):
    """What the controller sends to begin a session."""
    head = bytes((OPEN, VERSION)) + nonce
    return head + hmac(secret, controller_id.encode() + head)[:TAG]


def read_accept(secret, controller_id, controller_nonce, message):
    """The cloud's nonce. Raises Refused."""
    if len(message) != _OPENING or message[0] != ACCEPT:
        raise Refused("malformed")
    if message[1] != VERSION:
        raise Refused("version")
    head = message[: 2 + NONCE]
    if not same(hmac(secret, controller_id.encode() + controller_nonce + head)[:TAG], message[2 + NONCE :]):
        raise Refused("tag")
    return head[2:]


class Channel:
    """The controller's end of a session. Lives in RAM only; a restart of either end opens a new one."""

    def __init__(self, secret, controller_nonce, cloud_nonce):
        base = hmac(secret, b"portvakt session" + controller_nonce + cloud_nonce)
        self.session = hmac(base, b"session")[:4]
        self._out = _Direction(base, b"up")
        self._in = _Direction(base, b"down")

    def seal(self, message):
        """Encrypts and authenticates one message. Raises ValueError when it is longer than the wire takes."""
        if len(message) + OVERHEAD > MAX_MESSAGE:
            raise ValueError("message too long")
        way = self._out
        way.counter += 1
        end = 9 + len(message)
        sealed = bytearray(end + TAG)
        struct.pack_into("<B4sI", sealed, 0, SEALED, self.session, way.counter)
        view = memoryview(sealed)
        way.crypt(way.counter, message, view[9:])
        view[end:] = way.tag(view[:end])
        return sealed

    def open(self, sealed):
        """The message inside one that begins as SEALED. Raises Refused, and then nothing has changed."""
        if not OVERHEAD < len(sealed) <= MAX_MESSAGE:
            raise Refused("size")
        if sealed[1:5] != self.session:
            raise Refused("session")
        way = self._in
        view = memoryview(sealed)
        if not same(way.tag(view[:-TAG]), sealed[-TAG:]):
            raise Refused("tag")
        counter = struct.unpack_from("<I", sealed, 5)[0]
        if counter <= way.counter:
            raise Refused("replay")
        way.counter = counter
        return way.crypt(counter, view[9:-TAG], bytearray(len(sealed) - OVERHEAD))


class _Direction:
    def __init__(self, base, name):
        self.counter = 0
        self._cipher = aes(hmac(base, name + b" encrypt")[:16], 1)
        self._tag_key = pads(hmac(base, name + b" authenticate"))

    def tag(self, data):
        return keyed(self._tag_key, data)[:TAG]

    def crypt(self, counter, data, out):
        """Counter mode: the same step encrypts and decrypts. XOR runs on whole integers, not bytes: 20 times faster.

        Piece by piece into `out`: a heap long in use has no room for many copies of a long message.
        """
        blocks = bytearray(min(_PIECE, len(data) + 15 & -16))
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            for at in range(0, len(blocks), 16):
                struct.pack_into("<II", blocks, at, counter, start + at)
            stream = self._cipher.encrypt(blocks)[: len(piece)]
            mixed = int.from_bytes(stream, "little") ^ int.from_bytes(piece, "little")
            out[start : start + len(piece)] = mixed.to_bytes(len(piece), "little")
        return out
