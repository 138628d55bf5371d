"""Passwords as mosquitto keeps them. Apart from the other services: a broker that asks has no Django."""

import base64
import hashlib

_ROUNDS = 101  # mosquitto's own; the passwords are random, so that guessing is no use at any number


def line(user: str, password: str) -> str:
    """One line of a file of passwords. The same each time, so that a file that has not changed stays as it is."""
    salt = hashlib.sha256(f"{user}:{password}".encode()).digest()[:12]
    return f"{user}:$7${_ROUNDS}${_text(salt)}${_text(hashed(password, salt, _ROUNDS))}\n"


def hashed(password: str, salt: bytes, rounds: int) -> bytes:
    """What mosquitto 2 writes as $7$: PBKDF2 with HMAC-SHA512."""
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
