"""Where things are in this run: the broker, the database, the address of the pages."""

import os
import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

from tools.terminal import Problem

FIRST_PORT = 8000


def mqtt_of(given: str | None) -> tuple[str, bool]:
    """The broker's address, and whether it is ours to start."""
    if given:
        return given, False
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"mqtt://worker:{secrets.token_hex(16)}@127.0.0.1:{sock.getsockname()[1]}", True


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "mqtt" or not parts.hostname:
        raise Problem(f"MQTT_URL is {url.rpartition('@')[2]}; the building's boards need mqtt://host:port")
    return parts.hostname, parts.port or 1883


def prepare(folder: Path, mqtt_url: str, address: str) -> None:
    """Tells Django, here and in the children, where this building's data lie. Once in a process."""
    import django

    (folder / "static").mkdir()  # nothing is collected there, but its absence would be warned of

    os.environ.update(
        PORTVAKT_DATA=str(folder),
        DATABASE_URL=f"sqlite:///{folder / 'portvakt.sqlite3'}",
        MQTT_URL=mqtt_url,
        PORTVAKT_URL=address,
        DJANGO_SETTINGS_MODULE="tools.run.settings",
    )
    django.setup()


def bind(port: int | None) -> socket.socket:
    """A loopback socket on that port; without one on the first choice, or any free port when that is taken.

    Raises OSError when a port that was asked for is taken.
    """
    for choice in [port] if port is not None else [FIRST_PORT, 0]:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", choice))
            return sock
        except OSError:
            sock.close()
            if port is not None:
                raise
    raise OSError("no free port on 127.0.0.1")
