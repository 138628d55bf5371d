"""Backups are made, checked and removed when their days are over; one is put back with the erasures of since.

What is put back is worked on beside the database that is served: checked, brought to this version, everybody erased
anew who was erased since, tidied. Then it takes the other's place in one step: nobody ever looks at what it was before.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from tools.terminal import Problem

from .. import sealing
from ..lockers import stock
from ..models import Bank, Session, SignInLink, retention
from ..services import clock, housekeeping
from . import archive, erasures, postgresql, sqlite
from .archive import Facts
from .erasures import Line
from .place import Place

VENDORS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}
NAME = "portvakt-%Y-%m-%dT%H%M%SZ"
AHEAD = timedelta(minutes=5)  # that a clock may be wrong


def make(place: Place, folder: Path, data: Path) -> tuple[Path, list[Path]]:
    """Writes one. Returns where it is, and those that were removed because their days are over."""
    now = clock.now()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:{NAME}}.zip"
    if path.exists():
        raise Problem(f"{path} is there already; there is one backup a second")
    copied = data / f"backup.{os.getpid()}"
    try:
        VENDORS[place.vendor].copy(place, copied)
        archive.write(path, copied, Facts(place.vendor, newest_version(), now), archive.key(data))
    finally:
        copied.unlink(missing_ok=True)
    return path, forget(folder, now)


def forget(folder: Path, now: datetime) -> list[Path]:
    """Removes backups of ours whose days are over."""
    assert retention.BACKUPS.period is not None
    gone = []
    for path in sorted(folder.glob("portvakt-*.zip")):
        try:
            made_at = datetime.strptime(f"{path.stem}+0000", f"{NAME}%z")
        except ValueError:
            continue  # none of ours
        if made_at < now - retention.BACKUPS.period:
            path.unlink()
            gone.append(path)
    return gone


def newest_version() -> str:
    """The newest migration of this code."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return max(name for app, name in loader.disk_migrations if app == "cloud")


def restore(place: Place, path: Path, data: Path, erased: Path | None) -> dict[str, Any]:
    """Django is set up on place.draft. Raises Problem; nothing was changed then."""
    works, plain = VENDORS[place.vendor], data / f"restoring.{os.getpid()}"
    works.drop(place)
    try:
        facts = archive.read(path, archive.key(data), plain)
        _check(facts, place)
        lines = [*erasures.read(data / erasures.NAME), *works.erased(place)]
        lines += erasures.read(erased) if erased is not None else []
        works.put_beside(place, plain)
        call_command("migrate", interactive=False, verbosity=0)
        sealing.check()
        done = _work_on(lines, facts)
        connection.close()
        works.put_in_place(place)
    except BaseException:
        connection.close()
        works.drop(place)
        raise
    finally:
        plain.unlink(missing_ok=True)
    return {"made_at": facts.made_at.isoformat(timespec="seconds"), **done}


def _check(facts: Facts, place: Place) -> None:
    assert retention.BACKUPS.period is not None
    now = clock.now()
    if facts.vendor != place.vendor:
        raise Problem(f"this is a backup of {facts.vendor}, and DATABASE_URL names {place.vendor}; change DATABASE_URL")
    if facts.version > newest_version():
        raise Problem("this backup was made by a newer version; restore it with that one")
    if not now - retention.BACKUPS.period <= facts.made_at <= now + AHEAD:
        raise Problem(
            f"this backup is of {facts.made_at:%Y-%m-%d}, and one is kept for {retention.BACKUPS.period.days} days: "
            "who was erased since is not known any more; take a newer one"
        )


def _work_on(lines: list[Line], facts: Facts) -> dict[str, Any]:
    """Nobody is signed in afterwards, nobody is back who was erased, nothing is older than its days."""
    now = clock.now()
    with transaction.atomic():
        Session.objects.all().delete()
        SignInLink.objects.all().delete()
        erased = erasures.replay(lines, facts.made_at)
        erasures.keep(lines)
        numbers = sum(stock.restored(bank) for bank in Bank.objects.order_by("pk"))
    housekeeping.tidy(now)
    return {"erased": erased, "numbers": numbers}
