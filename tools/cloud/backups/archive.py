"""A backup as a file: the database and what is known of it, in a ZIP with AES-256 under a key that is kept apart.

As WinZip and 7-Zip have it (AE-2); the key is 384 random bits, made once (`backup_key` in the data folder, or
BACKUP_KEY): whoever has the file alone has nothing. Each file is checked whole before anything is done with it.
"""

import errno
import json
import os
import struct
import zlib
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyzipper

from tools.terminal import Problem

from ..data import kept_key

FORM = 1
DATABASE, FACTS = "database", "facts.json"
PIECE = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)
WRONG = (
    RuntimeError,
    pyzipper.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    OSError,
)


class Facts(NamedTuple):
    """vendor: sqlite or postgresql. version: the newest migration."""

    vendor: str
    version: str
    made_at: datetime
    digest: str = ""


def key(data: Path) -> bytes:
    return (os.environ.get("BACKUP_KEY") or kept_key(data, "backup_key")).encode()


def write(path: Path, database: Path, facts: Facts, secret: bytes) -> None:
    """All of it or no file; read again before it is called a backup."""
    draft = path.with_suffix(".draft")
    try:
        told = facts._replace(digest=_digest(database))
        with pyzipper.AESZipFile(
            draft, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES, allowZip64=True
        ) as file:
            file.setpassword(secret)
            file.write(database, DATABASE)
            file.writestr(FACTS, json.dumps({"form": FORM, **told._asdict(), "made_at": told.made_at.isoformat()}))
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        read(draft, secret)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, secret: bytes, to: Path | None = None) -> Facts:
    """Checks it whole. to: where the database is written. Raises Problem, and leaves nothing there then."""
    try:
        with pyzipper.AESZipFile(path) as file:
            file.setpassword(secret)
            facts = _facts(json.loads(file.read(FACTS)))
            digest = sha256()
            with file.open(DATABASE) as packed, (to or Path(os.devnull)).open("wb") as plain:
                while piece := packed.read(PIECE):
                    digest.update(piece)
                    plain.write(piece)
                plain.flush()
                if to is not None:
                    os.fsync(plain.fileno())
    except FileNotFoundError:
        raise Problem(f"there is no file {path}; give a backup that portvakt cloud backup has written") from None
    except WRONG as error:
        _remove(to)
        if isinstance(error, OSError) and error.errno in FULL:
            raise Problem(f"there is no room to unpack {path}; nothing was changed. Make room, then restore") from None
        raise Problem(
            f"{path} is damaged, or was encrypted with another key ({type(error).__name__}); nothing was changed. "
            "Take another backup, or put its backup_key in place"
        ) from None
    if digest.hexdigest() != facts.digest:
        _remove(to)
        raise Problem(f"{path} does not hold what it held; nothing was changed. Take another backup")
    return facts


def _facts(said: dict[str, Any]) -> Facts:
    if said.pop("form") != FORM:
        raise ValueError
    return Facts(**{**said, "made_at": datetime.fromisoformat(said["made_at"])})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)
