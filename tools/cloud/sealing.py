"""Secrets in the database are sealed under a key that lies outside it: AES-256-GCM, one key for each use.

Who has a copy of the database has no PIN and no board's key. PIN_KEY, or the file pin_key in the data folder, is what
all of it hangs on: a database without it has to be enrolled and given PINs anew.
"""

import os
from functools import cache
from hashlib import sha256
from hmac import new as hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from tools.terminal import Problem

from .data import kept_key
from .services.refusal import Refusal, text

FORM = b"\x01"  # AES-256-GCM: form, nonce, what was encrypted with its tag
NONCE = 12
NAME = "pin_key"
UNREADABLE = text("a sealed secret cannot be read: the file pin_key is not the one it was sealed with; restore it")
SAMPLE = 20  # boards; where only some cannot be read, the others are served


class Unreadable(Refusal):
    """Something was sealed under another key, or is damaged."""


def seal(use: str, plain: bytes) -> bytes:
    """use: what it is for. What is sealed for one use cannot be opened for another."""
    nonce = os.urandom(NONCE)
    return FORM + nonce + _cipher(use).encrypt(nonce, plain, FORM)


def unseal(use: str, sealed: bytes) -> bytes:
    try:
        if sealed[:1] != FORM:
            raise InvalidTag
        return _cipher(use).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], FORM)
    except (InvalidTag, ValueError):
        raise Unreadable(UNREADABLE) from None


def mark(text: str) -> str:
    """The same for the same text; says nothing without the key."""
    return hmac(key(), text.encode(), sha256).hexdigest()


def check() -> None:
    """Refuses to work with a key under which nothing in the database was sealed: a backup came back without its own."""
    from .models import Controller

    rows = list(Controller.objects.filter(lost_at=None).only("link_secret").order_by("pk")[:SAMPLE])
    if rows and not os.environ.get("PIN_KEY") and not (settings.DATA / NAME).exists():
        raise Problem(f"{settings.DATA / NAME} is missing: the keys in this database are sealed with it; restore it")
    for row in rows:
        try:
            bytes(row.link_secret)
            return
        except Unreadable as problem:
            told = problem
    if rows:
        raise told


@cache
def key() -> bytes:
    given = os.environ.get("PIN_KEY")
    return given.encode() if given else kept_key(settings.DATA, NAME).encode()


@cache
def _cipher(use: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"portvakt seal " + use.encode()).derive(key()))


class SealedValue:
    """A value as it lies in the database. bytes() opens it: a row that cannot be opened is still a row."""

    __slots__ = ("_use", "kept")

    def __init__(self, use: str, kept: bytes) -> None:
        self._use, self.kept = use, kept

    def __bytes__(self) -> bytes:
        return unseal(self._use, self.kept)

    def __repr__(self) -> str:
        return f"<sealed {self._use}>"


class SealedField(models.BinaryField):
    """Bytes that are sealed in the database. Read with bytes(). Empty ones stay empty; others cannot be looked up."""

    def get_prep_value(self, value: object) -> object:
        if isinstance(value, SealedValue):
            return value.kept
        return seal(self.name, bytes(value)) if value else value  # type: ignore[call-overload]

    def from_db_value(self, value: object, *_: object) -> SealedValue | bytes | None:
        if not value:
            return None if value is None else b""
        return SealedValue(self.name, bytes(value))  # type: ignore[call-overload]
