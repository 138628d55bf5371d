"""What may be attached to a request: the page, when, the browser in two words, the error that stood there.

It is shown to who writes, and signed: what is kept is what they saw, and of that only what they ticked.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from ..members import devices
from ..services import clock

NAMES = ("page", "time", "browser", "error")
ERRORS = ("400", "403", "404", "500")
SALT = "help diagnostics"
LONGEST = 2000  # of what comes back signed
HIDDEN = "…"


def page(address: str) -> str:
    """A page of ours, without its query, and without what in its path opens something. Empty: it is none of ours."""
    try:
        path = urlsplit(address).path
        found = resolve(path)
    except (Resolver404, ValueError):
        return ""
    for value in found.captured_kwargs.values():
        if isinstance(value, str) and value:  # numbers are of rows; any other part may be a token
            path = path.replace(value, HIDDEN)
    return path


def gather(request: HttpRequest) -> dict[str, str]:
    """What there is to show. An error page that cannot say where it stood is known by where the browser came from."""
    error = request.GET.get("error", "")
    where = request.GET.get("page", "") or request.headers.get("Referer", "")
    found = {
        "page": page(where),
        "time": clock.now().isoformat(timespec="seconds"),
        "browser": devices.named(request.headers.get("User-Agent", "")),
        "error": error if error in ERRORS else "",
    }
    return {name: said for name, said in found.items() if said}


def sign(shown: dict[str, str]) -> str:
    return signing.Signer(salt=SALT).sign_object(shown)


def read(signed: str) -> dict[str, str] | None:
    """What was shown; None where somebody made it up."""
    try:
        found: Any = signing.Signer(salt=SALT).unsign_object(signed[:LONGEST])
    except (signing.BadSignature, json.JSONDecodeError):
        return None
    return {name: str(found[name]) for name in NAMES if name in found}
