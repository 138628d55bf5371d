"""HMAC-SHA256 (RFC 2104): the one of micropython-lib defaults to MD5 and knows no prepared keys."""

from hashlib import sha256


def hmac(key, message):
    """HMAC-SHA256 (RFC 2104), 32 bytes. key: at most 64 bytes."""
    return keyed(pads(key), message)


def keyed(padded, message):
    """HMAC-SHA256 with a key that was padded before, 32 bytes."""
    for pad in padded:  # the inner one, the outer one
        hashed = sha256(pad)
        hashed.update(message)
        message = hashed.digest()
    return message


def pads(key):
    """The two padded keys of a key of at most 64 bytes, so that a long-lived key is padded once."""
    key = int.from_bytes(key + bytes(64 - len(key)), "little")  # byte by byte takes three times as long
    inner, outer = int.from_bytes(b"\x36" * 64, "little"), int.from_bytes(b"\x5c" * 64, "little")
    return (key ^ inner).to_bytes(64, "little"), (key ^ outer).to_bytes(64, "little")
