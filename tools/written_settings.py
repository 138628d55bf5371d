"""Settings of a board as somebody wrote them: what is wrong with them, and what an unknown name was meant to be."""

from typing import Any

from firmware.controller.storage import settings_check
from tools.nearest import hint

KNOWN = {
    "": {"controller", "link_secret", "table_key", "broker", "more_brokers", "wifi", "since"},
    "broker": {"host", "port", "user", "password", "tls", "key"},
    "wifi": {"name", "password"},
}


def faults(settings: Any) -> list[str]:
    """As the firmware says them; a name that it does not know with the nearest one that it does."""
    return [_with_hint(fault) for fault in settings_check.faults(settings)]


def _with_hint(fault: str) -> str:
    path, _, what = fault.partition(": ")
    if what != "is not known":
        return fault
    for place, name in _names(path):
        if name not in KNOWN[place]:
            return fault + hint(name, KNOWN[place])
    return fault


def _names(path: str) -> list[tuple[str, str]]:
    """(of which object, which of its names) for each name in a path."""
    first, *rest = path.split(".")
    if first == "more_brokers":
        first, rest = "broker", rest[1:]
    return [("", first), *((first, name) for name in rest[:1] if first in KNOWN)]
