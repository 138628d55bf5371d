"""What stands in the environment and cannot work is refused with a sentence; none of them repeats a password."""

import os
from typing import Any
from urllib.parse import SplitResult, urlsplit

import dj_database_url

from tools.terminal import Problem


def of_pages(url: str) -> SplitResult:
    """PORTVAKT_URL. The pages lie at the root of a host: their links, cookies and forms know no folder above it."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, right = urlsplit(""), False
    if not right or "@" in parts.netloc:
        raise Problem(f"PORTVAKT_URL looks like https://doors.example.org; {url.rpartition('@')[2]} does not")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Problem(
            f"PORTVAKT_URL names a place below {parts.netloc}, and the pages lie at its root; give them a host name of "
            f"their own, such as {parts.scheme}://doors.{parts.hostname}"
        )
    return parts


def of_database(otherwise: str) -> dict[str, Any]:
    """DATABASE_URL, as Django takes it."""
    try:
        # Each request has a thread of its own (ASGI): what it kept open nobody would use again, nor close.
        return dict(dj_database_url.parse(os.environ.get("DATABASE_URL") or otherwise, conn_max_age=0))
    except (ValueError, KeyError):  # its own messages hold part of the password
        raise Problem(
            "DATABASE_URL looks like postgres://user:password@host:5432/name; in user and password write / as %2F, "
            "? as %3F, # as %23, [ as %5B, ] as %5D, @ as %40, % as %25"
        ) from None


def switch(name: str) -> bool:
    """on, which is as good as nothing, or off."""
    said = os.environ.get(name) or "on"
    if said not in ("on", "off"):
        raise Problem(f"{name} is {said}; it is on or off")
    return said == "on"
