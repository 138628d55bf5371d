"""The hourly digest: where every log stands, signed, and anchored where the database's owner cannot change it later.

An anchor is a class with put(line): PORTVAKT_ANCHORS names them, the built-in ones are a file that only grows and an
e-mail. Each line holds the SHA-256 of the one before, so none can be left out.
"""

import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.utils.module_loading import import_string

from tools import private

from ..models import Controller, Event

log = logging.getLogger("portvakt.digest")
FILE = "tools.cloud.log.digest.AnchorFile"
MAIL = "tools.cloud.log.digest.AnchorMail"


class Anchor(Protocol):
    def put(self, line: str) -> None:
        """Keeps a line for ever. Raises when it cannot."""


class AnchorFile:
    """A file that only grows: PORTVAKT_ANCHOR_FILE, else digests.jsonl in the data folder. Best on another machine."""

    def __init__(self) -> None:
        self.path = Path(os.environ.get("PORTVAKT_ANCHOR_FILE") or settings.DATA / "digests.jsonl")

    def put(self, line: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


class AnchorMail:
    """An e-mail to PORTVAKT_ANCHOR_MAIL, by Django's mail settings."""

    def put(self, line: str) -> None:
        from django.core.mail import send_mail

        send_mail("Portvakt digest", line, None, [os.environ["PORTVAKT_ANCHOR_MAIL"]])


def anchors() -> list[Anchor]:
    named = os.environ.get("PORTVAKT_ANCHORS", FILE)
    return [import_string(name.strip())() for name in named.split(",") if name.strip()]


def content(now: datetime, previous: str) -> dict[str, Any]:
    """Where every log stands."""
    rows = Controller.objects.filter(log_epoch__isnull=False).order_by("pk")
    chains = []
    for public_id, pk, epoch, acked in rows.values_list("public_id", "pk", "log_epoch", "acked"):
        last = Event.objects.filter(controller=pk, epoch=epoch, sequence=acked).values_list("chain", flat=True).first()
        chains.append([public_id, epoch, acked, bytes(last).hex() if last else ""])
    return {"at": now.isoformat(), "previous": previous, "chains": chains}


def make(now: datetime, previous: str = "", where: list[Anchor] | None = None) -> str:
    """Signs and anchors a digest. Returns its SHA-256, for the next one to name. A failing anchor stops no other."""
    text = json.dumps(content(now, previous), separators=(",", ":"))
    line = json.dumps({"digest": text, "signature": _key().sign(text.encode()).hex()}, separators=(",", ":"))
    for anchor in anchors() if where is None else where:
        try:
            anchor.put(line)
        except Exception:
            log.exception("the digest was not anchored by %s", type(anchor).__name__)
    return sha256(text.encode()).hexdigest()


def last_of(path: Path) -> str:
    """The SHA-256 of the last digest in a file, "" when there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return sha256(json.loads(lines[-1])["digest"].encode()).hexdigest() if lines else ""


def verify(lines: list[str], public: bytes) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for anchored digests against the database. A log may have grown since, but not changed."""
    previous: str | None = None
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            text = fields["digest"]
            Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(fields["signature"]), text.encode())
            said = json.loads(text)
        except (ValueError, KeyError, TypeError, InvalidSignature):
            yield number, "not signed by this cloud"
            continue
        if previous is not None and said["previous"] != previous:
            yield number, "a digest before it is missing or was changed"
        previous = sha256(text.encode()).hexdigest()
        for public_id, epoch, sequence, chain in said["chains"]:
            if not sequence or not chain:
                continue
            event = Event.objects.filter(controller__public_id=public_id, epoch=epoch, sequence=sequence).first()
            if event is None:
                if Controller.objects.filter(public_id=public_id).exists():
                    yield number, f"{public_id}: event {sequence} is gone"
            elif bytes(event.chain or b"").hex() != chain:
                yield number, f"{public_id}: event {sequence} is another one"


def public_key() -> bytes:
    return _key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _key() -> Ed25519PrivateKey:
    """The cloud's own key, made when it is first needed; outside the database."""
    path = Path(settings.DATA) / "digest.key"
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        private.write(path, made)
    private.file(path)
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
