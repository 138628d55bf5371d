"""Time zones: the rule by which a controller without a network knows the local time."""

import importlib.resources
import zoneinfo
from functools import cache
from pathlib import Path

from .told import Told


@cache
def names() -> frozenset[str]:
    """Every zone that has a place in its name, and UTC."""
    return frozenset(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")


@cache
def posix(name: str) -> str:
    """The POSIX TZ string of a zone, as its compiled file ends with it (RFC 9636, section 3.3)."""
    if name not in names():
        raise Told("there is no time zone %(name)s; give one like Europe/Oslo", name=name)
    footer = _compiled(name).rsplit(b"\n", 2)[-2].decode("ascii")
    if not footer:
        raise Told("the zone %(name)s has no rule for the future; choose one nearby", name=name)
    return footer


def _compiled(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        file = Path(folder) / name
        if file.is_file():
            return file.read_bytes()
    return importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()
