"""Time zones: by which rule and which changes a controller without a network knows the local time."""

import importlib.resources
import struct
import zoneinfo
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import tzdata  # type: ignore[import-untyped]

from firmware.controller.access.reading.fields import CHANGES
from firmware.controller.access.zone import Zone

from ..services.refusal import Refusal, text

YEARS = 6  # of changes that a controller is told, with the one that goes on: five to come at any time
Change = tuple[int, int]  # second since 1970, seconds by which local time is ahead of UTC from then on


class ZoneClock(NamedTuple):
    """How the clock of a zone goes. changes: as firmware/controller/access/README.md has them, where there are any.

    ends: when the changes end and the rule alone is wrong again; None: it is right from then on.
    """

    rule: str
    changes: tuple[tuple[int, int], ...]
    ends: datetime | None


def prefer_newest() -> None:
    """Has zoneinfo read whichever is newer, the package `tzdata` or the system's files: it prefers the system's."""
    if not _is_newer(_systems_version(), tzdata.IANA_VERSION):
        zoneinfo.reset_tzpath(to=[])
        zoneinfo.ZoneInfo.clear_cache()


def version() -> str:
    """Of the data that is used, such as 2026f."""
    return (_systems_version() if zoneinfo.TZPATH else None) or tzdata.IANA_VERSION


@cache
def names() -> frozenset[str]:
    """Every zone that has a place in its name, and UTC."""
    return frozenset(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")


def there(moment: datetime, name: str) -> datetime:
    """A moment by the clock of a zone."""
    return moment.astimezone(zoneinfo.ZoneInfo(name))


@cache
def posix(name: str) -> str:
    """The POSIX TZ string of a zone, as its compiled file ends with it (RFC 9636, section 3.3)."""
    if name not in names():
        raise Refusal("there is no time zone %(name)s; give one like Europe/Oslo", name=name)
    footer = _compiled(name).rsplit(b"\n", 2)[-2].decode("ascii")
    if not footer:
        raise Refusal("the zone %(name)s has no rule for the future; choose one nearby", name=name)
    return footer


def clock(name: str, now: datetime) -> ZoneClock:
    """What a controller is told from now on. Another content only with another year or other data."""
    return _clock(name, now.astimezone(UTC).year)


def doubts(name: str, now: datetime) -> list[Refusal]:
    """What may be wrong with a zone's clock on controllers, now or later."""
    try:
        ends = clock(name, now).ends
    except Refusal as wrong:
        return [wrong]
    found = []
    if ends is not None:
        lasts = text(
            "no rule that a controller could follow for ever gives the time in %(name)s: it knows the changes until "
            "%(until)s and learns later ones from here; let it have a network before that"
        )
        found.append(Refusal(lasts, name=name, until=f"{ends:%Y-%m-%d}"))
    if now.year - int(version()[:4]) > 1:
        old = text("the time zone data are those of %(version)s, and laws change; update Portvakt")
        found.append(Refusal(old, version=version()))
    return found


@lru_cache(maxsize=1024)
def _clock(name: str, year: int) -> ZoneClock:
    rule, data = posix(name), _compiled(name)
    begin, end, ever = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + YEARS, 2200))
    changes = _wrong(Zone(rule), *_steps(data, begin, end))
    told = tuple((at // 60, offset // 60) for at, offset in changes[:CHANGES])
    if len(changes) > len(told):
        end = told[-1][0] * 60
    lasts = not _wrong(Zone(rule), *_steps(data, end, ever))
    return ZoneClock(rule, told, None if lasts else datetime.fromtimestamp(end, UTC))


def _wrong(rule: Zone, steps: list[Change], over: int) -> list[Change]:
    """From the first to the last stretch where the rule is wrong, and the moment from which it holds again.

    over: where the last step ends.
    """
    ends = [at for at, _ in steps[1:]] + [over]
    wrong = [n for n, (at, offset) in enumerate(steps) if not _follows(rule, at, ends[n], offset)]
    if not wrong:
        return []
    last = ends[wrong[-1]]
    return [*steps[wrong[0] : wrong[-1] + 1], (last, rule.offset(last))]


def _follows(rule: Zone, at: int, end: int, offset: int) -> bool:
    while at < end:
        if rule.offset(at) != offset:
            return False
        at = rule.until
    return True


def _steps(data: bytes, begin: int, end: int) -> tuple[list[Change], int]:
    """What a compiled file lists between two moments, and where that ends: after its last change the rule holds."""
    listed = _transitions(data)
    over = min(end, listed[-1][0]) if listed else begin
    steps: list[Change] = []
    for at, offset in listed:
        if at <= begin:
            steps = [(begin, offset)]
        elif at < over and (not steps or steps[-1][1] != offset):  # some change the name only
            steps.append((at, offset))
    return [step for step in steps if step[0] < over], over


def _transitions(data: bytes) -> list[Change]:
    """Of a TZif file of version 2 or later: behind the block of 32 bits lies one of 64 (RFC 9636, section 3)."""
    at = 0
    for size in (4, 8):
        universal, standard, leaps, times, kinds, letters = struct.unpack_from(">6I", data, at + 20)
        at += 44
        if size == 4:
            at += times * 5 + kinds * 6 + letters + leaps * 8 + standard + universal
    moments = struct.unpack_from(f">{times}q", data, at)
    which = data[at + times * 8 : at + times * 9]
    offsets = [struct.unpack_from(">i", data, at + times * 9 + n * 6)[0] for n in range(kinds)]
    return [(moment, offsets[kind]) for moment, kind in zip(moments, which, strict=True)]


def _compiled(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        file = Path(folder) / name
        if file.is_file():
            return file.read_bytes()
    return importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()


def _systems_version() -> str | None:
    """Of the files that zoneinfo would read first; None: it has none, or they do not say."""
    for folder in zoneinfo.TZPATH:
        for file, mark in (("tzdata.zi", "# version "), ("+VERSION", "")):
            try:
                first = (Path(folder) / file).read_text("ascii", "replace").partition("\n")[0]
            except OSError:
                continue
            if first.startswith(mark):
                return first.removeprefix(mark).strip()
    return None


def _is_newer(theirs: str | None, ours: str) -> bool:
    """2026a is before 2026b, 2026z before 2026za."""
    return theirs is not None and (theirs[:4], len(theirs), theirs) > (ours[:4], len(ours), ours)
