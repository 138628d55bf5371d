"""A backup: encrypted, checked, and put back without who was erased since; the old database is whole until then."""

import atexit
import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import postgres
import pytest
from django.conf import settings

from tools.cloud.backups import archive, backups, erasures
from tools.cloud.backups.place import DRAFT, with_name
from tools.cloud.models import Erased, retention
from tools.cloud.privacy import erasing
from tools.cloud.services import clock, housekeeping
from tools.terminal import Problem

HERE = Path(__file__).parent
LIVES = (HERE / "lives.py").read_text("utf-8")
WITH = ["Ingrid Solheim", "Olav Bakken", "Unni Utflytter"]
WITHOUT = ["Ingrid Solheim", "Olav Bakken"]


class Place:
    """An installation in a folder, with its database there or on a server."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.data, self.backups = folder / "data", folder / "backups"
        outside = ("DATABASE_URL", "SECRET_KEY", "PIN_KEY", "BACKUP_KEY")
        self.env = {name: value for name, value in os.environ.items() if name not in outside} | {
            "PORTVAKT_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings",
            "PYTHONPATH": str(HERE.parents[3]), "ROW_SECURITY": "off",
        }  # fmt: skip
        self.url = url
        if url:
            self.env["DATABASE_URL"] = url

    def cloud(self, *words: str) -> dict[str, Any]:
        done = self.tried(*words)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def tried(self, *words: str) -> subprocess.CompletedProcess[str]:
        code = "from tools.cli import app; app()"
        return self.ran([sys.executable, "-c", code, "cloud", *words, "--json"])

    def ran(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.env | more, capture_output=True, text=True, check=False, timeout=100)

    def life(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.ran([sys.executable, "-c", LIVES, *words], **more)

    def lives(self, what: str) -> None:
        done = self.life(what)
        assert done.returncode == 0, done.stderr

    def look(self) -> dict[str, Any]:
        done = self.life("look")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def begin(self) -> Path:
        """A house, and a backup of it."""
        if self.url:
            return self._made()
        if not MADE:  # which takes seconds, and is the same each time
            folder = Path(tempfile.mkdtemp())
            atexit.register(shutil.rmtree, folder)
            MADE.append((folder, Place(folder)._made()))
        folder, file = MADE[0]
        shutil.copytree(folder, self.data.parent, dirs_exist_ok=True)
        return self.backups / file.name

    def _made(self) -> Path:
        self.cloud("migrate")
        self.lives("make")
        return Path(self.cloud("backup", str(self.backups))["file"])


MADE: list[tuple[Path, Path]] = []


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: Any, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    if postgres.programs() is None or shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL is not installed")
    server = postgres.Server()
    server.start()
    try:
        yield Place(tmp_path, server.url)
    finally:
        server.stop()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_who_was_erased_since_is_not_brought_back(place: Place) -> None:
    file = place.begin()
    content = file.read_bytes()
    assert b"Unni" not in content and b"sqlite" not in content[200:].lower(), "it is encrypted"
    assert file.stat().st_mode & 0o777 == 0o600
    place.lives("erase")
    assert place.look()["people"] == sorted([*WITHOUT, "Kari Ny"])
    done = place.cloud("restore", str(file))
    assert done["erased"] == 1
    seen = place.look()
    assert seen["people"] == WITHOUT and "unni@example.test" not in seen["users"]
    assert seen["sessions"] == 0 and seen["erased"] == 1
    left = [path for path in place.data.rglob("*") if path.is_file() and b"Unni Utflytter" in path.read_bytes()]
    assert left == [], "nor is a byte of them on the disk"


@pytest.mark.slow
def test_a_database_that_is_lost_comes_back_and_the_file_beside_it_tells_who_was_erased(on_sqlite: Place) -> None:
    file = on_sqlite.begin()
    on_sqlite.lives("erase")
    database = on_sqlite.data / "portvakt.sqlite3"
    database.write_bytes(b"no database at all")
    on_sqlite.cloud("restore", str(file))
    assert on_sqlite.look()["people"] == WITHOUT
    kept = on_sqlite.data.parent / "kept"
    shutil.copy(on_sqlite.data / "erased", kept)
    for lost in (database, on_sqlite.data / "erased"):
        lost.unlink()
    on_sqlite.cloud("restore", str(file), "--erased", str(kept))
    assert on_sqlite.look()["people"] == WITHOUT


@pytest.mark.slow
def test_who_was_the_last_owner_then_is_not_brought_back_either(on_sqlite: Place) -> None:
    on_sqlite.begin()
    on_sqlite.lives("promote")
    file = Path(on_sqlite.cloud("backup", str(on_sqlite.data.parent / "other"))["file"])
    on_sqlite.lives("demote")
    on_sqlite.lives("erase")
    on_sqlite.cloud("restore", str(file))
    assert on_sqlite.look()["people"] == WITHOUT


def test_a_damaged_file_is_refused_with_a_sentence(on_sqlite: Place) -> None:
    file = on_sqlite.begin()
    content, key = file.read_bytes(), archive.key(on_sqlite.data)
    damaged = on_sqlite.data.parent / "damaged.zip"
    step = len(content) // 60
    for at in range(0, len(content), step):
        whole = bytearray(content)
        whole[at] ^= 0x10
        damaged.write_bytes(whole)
        told = _read(damaged, key, on_sqlite.data / "plain")
        assert told is None or "nothing was changed" in told, at
        if told is None:  # a bit that says nothing of the content: a date, an attribute
            assert (on_sqlite.data / "plain").read_bytes()[:6] == b"SQLite"
            (on_sqlite.data / "plain").unlink()
        assert not (on_sqlite.data / "plain").exists(), at
    middle = bytearray(content)
    middle[len(content) // 2] ^= 1
    for wrong in (bytes(middle), content[:-1], content[: len(content) // 2], b"", b"PK" * 50):
        damaged.write_bytes(wrong)
        done = on_sqlite.tried("restore", str(damaged))
        assert done.returncode == 1 and "is damaged" in done.stderr and "Traceback" not in done.stderr
    assert on_sqlite.look()["people"] == WITH
    assert sorted(path.name for path in on_sqlite.data.iterdir() if "restor" in path.name) == []


def test_a_full_disk_is_no_damage(on_sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = on_sqlite.begin()

    def full(error: int) -> None:
        raise OSError(error, "no room")

    monkeypatch.setattr(os, "fsync", lambda _number: full(errno.ENOSPC))
    told = _read(file, archive.key(on_sqlite.data), on_sqlite.data / "plain")
    assert told is not None and "there is no room" in told and "damaged" not in told
    assert not (on_sqlite.data / "plain").exists()


def _read(path: Path, key: bytes, to: Path) -> str | None:
    try:
        archive.read(path, key, to)
    except Problem as problem:
        return str(problem)
    return None


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("key", "another key"),
        ("none", "there is no file"),
        ("old", "is not known any more"),
        ("newer", "newer version"),
    ],
)
def test_what_cannot_be_put_back_is_refused(on_sqlite: Place, what: str, sentence: str) -> None:
    file = on_sqlite.begin()
    facts = archive.read(file, archive.key(on_sqlite.data), on_sqlite.data / "plain")
    assert retention.BACKUPS.period is not None
    said = {
        "old": facts._replace(made_at=facts.made_at - retention.BACKUPS.period),
        "newer": facts._replace(version="9999_future"),
    }
    if what in said:
        archive.write(file, on_sqlite.data / "plain", said[what], archive.key(on_sqlite.data))
    (on_sqlite.data / "plain").unlink()
    if what == "key":
        (on_sqlite.data / "backup_key").write_text("another")
    done = on_sqlite.tried("restore", str(file if what != "none" else file.with_name("x.zip")))
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr
    assert on_sqlite.look()["people"] == WITH


def test_while_somebody_works_with_the_database_it_is_not_replaced(on_sqlite: Place) -> None:
    file = on_sqlite.begin()
    on_sqlite.lives("erase")
    there = sqlite3.connect(on_sqlite.data / "portvakt.sqlite3")
    there.execute("SELECT count(*) FROM cloud_person").fetchone()
    done = on_sqlite.tried("restore", str(file))
    assert done.returncode == 1 and "end serve, worker" in done.stderr
    assert there.execute("SELECT count(*) FROM cloud_person").fetchone() == (3,)
    there.close()
    on_sqlite.cloud("restore", str(file))


CUTS = {
    "sqlite": ("read", "checked", "migrated", "tidied", "in place", "journal emptied"),
    "postgresql": ("beside", "tidied"),
}


@pytest.mark.parametrize(
    ("place", "at"),
    [
        pytest.param(vendor, at, marks=() if at == "journal emptied" else pytest.mark.slow)
        for vendor, cuts in CUTS.items()
        for at in cuts
    ],
    indirect=["place"],
)
def test_a_power_cut_leaves_the_old_database_whole(place: Place, at: str) -> None:
    file = place.begin()
    place.lives("erase")
    before = place.look()
    real = place.url or f"sqlite:///{place.data / 'portvakt.sqlite3'}"
    draft = with_name(real, "postgres_restoring") if place.url else f"{real}{DRAFT}"
    died = place.life("cut", at, str(file), DATABASE_URL=draft, REAL_URL=real)
    assert died.returncode == 9, died.stderr
    assert place.look() == before
    assert place.cloud("restore", str(file))["erased"] == 1, "and the next try goes through"
    assert place.look()["people"] == WITHOUT


def test_backups_go_when_their_days_are_over(on_sqlite: Place) -> None:
    assert retention.BACKUPS.period is not None
    now = clock.now().replace(microsecond=0)
    on_sqlite.backups.mkdir(parents=True)
    over, young = (now - retention.BACKUPS.period + timedelta(seconds=more) for more in (-1, 1))
    for at in (over, young):
        (on_sqlite.backups / f"{at:{backups.NAME}}.zip").write_bytes(b"x")
    (on_sqlite.backups / "portvakt-mine.zip").write_bytes(b"x")
    assert [path.name for path in backups.forget(on_sqlite.backups, now)] == [f"{over:{backups.NAME}}.zip"]
    assert len(list(on_sqlite.backups.iterdir())) == 2


def test_who_was_erased_is_known_as_long_as_there_are_backups(
    house: Any, time_now: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA", tmp_path)
    erasing.at_once(house.person, members=True)
    erasures._append(erasures.Line(clock.now(), house.tenant.pk, 7))
    assert retention.BACKUPS.period is not None
    time_now.now += retention.BACKUPS.period.total_seconds()
    housekeeping.tidy(clock.now())
    assert Erased.objects.count() == 1 and len(erasures.read(tmp_path / "erased")) == 1
    time_now.now += 1
    housekeeping.tidy(clock.now())
    assert not Erased.objects.exists() and erasures.read(tmp_path / "erased") == []


def test_a_number_that_is_somebody_elses_by_now_erases_nobody(house: Any) -> None:
    line = erasures.Line(datetime(2020, 1, 1, tzinfo=UTC), house.tenant.pk, house.person.pk)
    assert erasures.replay([line], clock.now()) == 0
    other = erasures.Line(clock.now(), house.tenant.pk + 1, house.person.pk)
    assert erasures.replay([other], clock.now()) == 0
    assert erasures.replay([line._replace(at=clock.now())], clock.now()) == 1
