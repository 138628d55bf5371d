"""A database of SQLite: copied while it is used, and put in place in one step when nobody uses it."""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tools.terminal import Problem

from .erasures import Line
from .place import DRAFT, Place

ERASED = "SELECT at, tenant_id, number FROM cloud_erased"
WAIT_S = 2
ENDS = ("", "-wal", "-shm", "-journal")


def copy(place: Place, to: Path) -> None:
    """As it is at one moment, whoever writes meanwhile."""
    with closing(sqlite3.connect(place.database["NAME"])) as source, closing(sqlite3.connect(to)) as copied:
        source.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")


def erased(place: Place) -> list[Line]:
    """What a database that is there says of who was erased; one that cannot be read says nothing."""
    try:
        with closing(sqlite3.connect(f"file:{place.database['NAME']}?mode=ro", uri=True)) as there:
            rows = there.execute(ERASED).fetchall()
    except sqlite3.Error:
        return []
    return [Line(datetime.fromisoformat(f"{at}+00:00"), tenant, number) for at, tenant, number in rows]


def put_beside(place: Place, plain: Path) -> None:
    with closing(sqlite3.connect(plain)) as there:
        try:
            [found] = there.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.Error as error:
            found = str(error)
    if found != "ok":
        raise Problem(f"the database in this backup is damaged ({found}); nothing was changed. Take another backup")
    plain.replace(_draft(place))


def put_in_place(place: Place) -> None:
    """In one step: whenever the power fails there is the old one or the new one, whole."""
    draft, target = _draft(place), Path(place.database["NAME"])
    with closing(sqlite3.connect(draft, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode=DELETE")
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    if target.exists():
        _alone(target)
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def drop(place: Place) -> None:
    """What a try has left."""
    for end in ENDS:
        Path(f"{_draft(place)}{end}").unlink(missing_ok=True)


def _draft(place: Place) -> Path:
    return Path(f"{place.database['NAME']}{DRAFT}")


def _alone(target: Path) -> None:
    """Nobody else has it open: its journal goes into it, which would else be taken for the new one's."""
    try:
        with closing(sqlite3.connect(target, timeout=WAIT_S, isolation_level=None)) as there:
            there.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError:
        raise Problem("somebody has the database open; end serve, worker and all else, then restore again") from None
    except sqlite3.DatabaseError:  # what is there is damaged, which is why another one comes
        for end in ENDS[1:]:
            Path(f"{target}{end}").unlink(missing_ok=True)
