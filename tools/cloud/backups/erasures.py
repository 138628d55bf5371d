"""Who was erased since a backup was made: kept in the database, and in a file beside it for when it is lost.

The file `erased` in the data folder has a line for each, "when tenant person" as numbers. Keep a copy of it where the
backups are; `portvakt cloud restore --erased` takes it.
"""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings
from django.db import transaction

from tools.terminal import Problem

from ..models import Erased, Membership, Person, Tenant
from ..models.retention import BACKUPS

NAME = "erased"
AT_ONCE = timedelta(hours=1)  # that an erasure takes: one of so long before a backup may not be in it


class Line(NamedTuple):
    at: datetime
    tenant: int
    person: int


def note(person: Person, now: datetime) -> None:
    """They are being erased, in this transaction."""
    Erased.objects.create(tenant_id=person.tenant_id, number=person.pk, at=now)
    transaction.on_commit(partial(_append, Line(now, person.tenant_id, person.pk)))


def forget(now: datetime) -> None:
    """There is no backup any more that has them."""
    assert BACKUPS.period is not None
    before = now - BACKUPS.period
    Erased.objects.filter(at__lt=before).delete()
    path = settings.DATA / NAME
    if path.exists():
        with _locked(path) as file:
            lines = list(_parse(file))
            kept = [line for line in lines if line.at >= before]
            if len(kept) < len(lines):
                file.seek(0)
                file.truncate()
                file.writelines(map(_text, kept))


def read(path: Path) -> list[Line]:
    if not path.exists():
        return []
    with path.open(encoding="ascii") as file:
        return list(_parse(file))


def replay(lines: Iterable[Line], made_at: datetime) -> int:
    """In a database that was put back: whoever was erased since it was made is erased anew. Returns how many."""
    from ..privacy import erasing  # which leads back here

    done = 0
    for line in sorted(set(lines)):
        if line.at < made_at - AT_ONCE:
            continue  # by then the number may be of somebody else
        person = Person.objects.filter(pk=line.person, tenant=line.tenant).first()
        if person is not None:
            # Whoever was the last owner then was not when they were erased: portvakt cloud link makes another.
            Membership.objects.filter(user=person.user_id, tenant=person.tenant_id).delete()
            erasing.at_once(person, members=True, way=erasing.Way.ITSELF)
            done += 1
    return done


def keep(lines: Iterable[Line]) -> None:
    """These were erased, too: an older backup may be put back after this one."""
    known = set(Erased.objects.values_list("tenant", "number"))
    here = set(Tenant.objects.values_list("pk", flat=True))
    new = {(one.tenant, one.person): one for one in sorted(lines) if one.tenant in here}
    rows = (one for key, one in new.items() if key not in known)
    Erased.objects.bulk_create(Erased(tenant_id=one.tenant, number=one.person, at=one.at) for one in rows)


@contextmanager
def _locked(path: Path) -> Iterator[IO[str]]:
    with path.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file


def _append(line: Line) -> None:
    with _locked(settings.DATA / NAME) as file:
        file.write(_text(line))


def _text(line: Line) -> str:
    return f"{int(line.at.timestamp())} {line.tenant} {line.person}\n"


def _parse(file: Iterable[str]) -> Iterator[Line]:
    for text in file:
        try:
            at, tenant, person = map(int, text.split())
        except ValueError:
            raise Problem(f"a line of the file {NAME} is no erasure ({text.strip()[:40]}); take its copy") from None
        yield Line(datetime.fromtimestamp(at, UTC), tenant, person)
