"""The byte search: what is known of somebody is found somewhere before their erasure, and nowhere after it.

In files of a database of its own, SQLite with its journal or PostgreSQL's folder; in the exports; in the outbox.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import postgres
import pytest

HERE = Path(__file__).parent
LIVES = (HERE / "erased_life.py").read_text("utf-8")
# Where each of them has to be found before: else the search could not fail.
BEFORE = {
    "name": {"files", "exports"},
    "email": {"files", "exports", "outbox"},
    "phone": {"exports", "outbox"},
    "number": {"files", "exports"},
    "pin mark": {"files"},
    "pseudonym of the controller": {"files"},
    "pseudonym of the partner": {"exports"},
    "said": {"exports"},
    "parcel": {"files", "exports"},
    "picture": {"files"},
}


def life(env: dict[str, str], folder: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Where the marks of a person were found before and after: {mark: places}."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LIVES], env=env, **pipes) as lives:
        assert lives.stdin and lives.stdout
        searched = []
        marks: dict[str, list[str]] = {}
        for _ in range(2):
            line = lives.stdout.readline()
            assert line, "it ended"
            said = json.loads(line)
            marks = marks or said["marks"]
            searched.append(found(folder, marks, said))
            lives.stdin.write("\n")
            lives.stdin.flush()
        assert lives.wait(60) == 0
    return searched[0], searched[1]


def found(folder: Path, marks: dict[str, list[str]], said: dict[str, Any]) -> dict[str, set[str]]:
    """marks: each in the forms, as hex, in which it may stand."""
    places = {"files": [path.read_bytes() for path in folder.rglob("*") if path.is_file()]}
    places |= {name: [bytes.fromhex(text) for text in said[name]] for name in ("exports", "outbox")}
    assert places["files"] and sum(map(len, places["files"])) > 100_000
    return {
        mark: {
            place
            for place, contents in places.items()
            if any(bytes.fromhex(form) in content for form in forms for content in contents)
        }
        for mark, forms in marks.items()
    }


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    here = HERE.parent
    env = os.environ | {
        "PORTVAKT_DATA": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "SECRET_KEY": "tests",
        "PYTHONPATH": f"{here.parents[2]}:{here}:{HERE}",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)
    return env | more


def compare(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
    assert before.keys() == BEFORE.keys()
    missed = {mark: places - before[mark] for mark, places in BEFORE.items() if places - before[mark]}
    assert missed == {}, "the search can find"
    assert {mark: places for mark, places in after.items() if places} == {}


def test_no_byte_of_who_was_erased_is_left_with_sqlite(tmp_path: Path) -> None:
    compare(*life(environment(tmp_path), tmp_path))


@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")
def test_no_byte_of_who_was_erased_is_left_with_postgresql(tmp_path: Path) -> None:
    """After VACUUM FULL, and where old parts of its journal are removed and not used again (wal_recycle)."""
    server = postgres.Server([*postgres.OPTIONS, "wal_recycle=off", "min_wal_size=32MB", "max_wal_size=64MB"])
    server.start()
    try:
        compare(*life(environment(tmp_path, DATABASE_URL=server.url), server.folder / "data"))
    finally:
        server.stop()
