"""An e-mail by the host's plug-in (lockers/sending.py), and why one did not leave without whose address it is."""

import re
from typing import Any

_ADDRESS = re.compile(r"[^\s<>@,;:'\"(){}\[\]]+@[^\s<>@,;:'\"(){}\[\]]+")


def send(plugin: Any, to: str, subject: str, text: str) -> None:
    """Raises OSError, without the address in it."""
    try:
        plugin("email", to, subject, text)
    except OSError as error:
        raise OSError(unnamed(str(error).replace(to, "…"))) from None


def unnamed(why: str) -> str:
    """What a mail server says, without addresses."""
    return _ADDRESS.sub("…", why)
