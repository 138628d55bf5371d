"""mosquitto: what it reads of who may come in and what they may say and hear, and its configuration.

amqtt reads the same passwords (amqtt_accounts.py); so nothing here needs Django.
"""

import base64
import hashlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from tools import private

_ROUNDS = 101  # its own; the passwords are random, so that guessing is no use at any number


def password_line(user: str, password: str) -> str:
    """One line of a file of passwords. The same each time, so that a file that has not changed stays as it is."""
    salt = hashlib.sha256(f"{user}:{password}".encode()).digest()[:12]
    return f"{user}:$7${_ROUNDS}${_text(salt)}${_text(hashed(password, salt, _ROUNDS))}\n"


def hashed(password: str, salt: bytes, rounds: int) -> bytes:
    """What mosquitto 2 writes as $7$: PBKDF2 with HMAC-SHA512."""
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)


def topics_of(worker: str) -> str:
    """Who may say and hear what, as mosquitto reads it."""
    return (
        f"user {worker}\n"
        "topic read portvakt/+/up\ntopic write portvakt/+/down\n\n"
        "# Every board: its own topics only.\n"
        "pattern write portvakt/%u/up\npattern read portvakt/%u/down\n"
    )


def configuration(
    folder: Path,
    user: str,
    *,
    plain: int,
    psk: int,
    certificates: int,
    certificate: Path | None = None,
    key: Path | None = None,
    boards_ca: Path | None = None,
    plain_for_boards: bool = False,
) -> str:
    """mosquitto.conf for the other files in `folder`. boards_ca: boards come in by certificates that it signed."""
    lines = [
        "# Written by portvakt cloud broker-files.",
        f"user {user}",
        f"pid_file {folder / 'mosquitto.pid'}",
        "persistence false",
        "set_tcp_nodelay true",
        "allow_anonymous false",
        f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'topics'}",
        f"psk_file {folder / 'keys'}",
        "message_size_limit 4096",
        "",
        f"# For the worker{', and for boards with a password' if plain_for_boards else ' on this machine'}.",
        f"listener {plain}" + ("" if plain_for_boards else " 127.0.0.1"),
        "",
        "# For boards with a key. Each is who its key says it is, and puts out nobody else under another name.",
        f"listener {psk}",
        "psk_hint portvakt",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "tls_version tlsv1.2",
    ]
    if certificate is not None and key is not None:
        lines += [
            "",
            "# For boards that look at certificates.",
            f"listener {certificates}",
            f"certfile {certificate.absolute()}",
            f"keyfile {key.absolute()}",
            "use_username_as_clientid true",
        ]
        if boards_ca is not None:
            lines += [f"cafile {boards_ca.absolute()}", "require_certificate true", "use_identity_as_username true"]
    return "\n".join(lines) + "\n"


def shut_to(folder: Path, owner: tuple[int, int] | None) -> Path | None:
    """A folder above this one that mosquitto's account cannot enter. owner: that account, None where it is our own."""
    for above in folder.parents:
        if owner is None or not above.exists():
            continue
        found = above.stat()
        bit = 0o100 if found.st_uid == owner[0] else 0o010 if found.st_gid == owner[1] else 0o001
        if not found.st_mode & bit:
            return above
    return None


def write(folder: Path, files: Mapping[str, str], owner: tuple[int, int] | None = None) -> bool:
    """Puts the files into the folder, each whole and readable by its owner only. Whether anything changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private.folder(folder, "mosquitto.conf")
    changed = False
    for name, text in files.items():
        path = folder / name
        if path.exists() and path.read_text() == text:
            continue
        draft = folder / f".{name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(text)
        if owner is not None:
            os.chown(draft, *owner)
        draft.replace(path)
        changed = True
    if owner is not None:
        os.chown(folder, *owner)
    return changed


def tell(folder: Path) -> bool:
    """Has a running mosquitto read its files again. Whether there is one."""
    try:
        process = int((folder / "mosquitto.pid").read_text())
        # The file may be of one that ended long ago, and its number somebody else's by now.
        if Path(f"/proc/{process}/comm").read_text().strip() != "mosquitto":
            return False
        os.kill(process, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
