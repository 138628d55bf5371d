"""The data folder: the database and the keys that sign sessions and seal secrets live in it."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from tools import private
from tools.terminal import Problem

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "secret_key"
_MARKS = (SECRET_KEY, "pin_key", "portvakt.sqlite3", "run/.run")  # what only a data folder of ours holds


def folder() -> Path:
    """PORTVAKT_DATA, or var/ beside the code. Made when it is missing, closed when others can read it.

    Whatever sets the cloud end up comes by here: all that it makes from now on is its owner's only.
    """
    private.umask()
    path = Path(os.environ.get("PORTVAKT_DATA") or ROOT / "var")
    private.folder(path, *_MARKS)
    for inside in path.iterdir():
        if inside.is_file() and not inside.is_symlink():
            private.file(inside)
    return path


def secret_key(data: Path) -> str:
    """SECRET_KEY from the environment, else the data folder's: made once, readable by its owner only."""
    return os.environ.get("SECRET_KEY") or kept_key(data, SECRET_KEY)


def idle(hours: str) -> timedelta:
    """SESSION_IDLE_HOURS: after so long without use a session is over."""
    try:
        wanted = float(hours or 12)
    except ValueError:
        wanted = 0
    if not 0 < wanted <= 24 * 14:
        raise Problem(f"SESSION_IDLE_HOURS is {hours}; give hours, more than 0 and at most 336")
    return timedelta(hours=wanted)


def kept_key(data: Path, name: str) -> str:
    """A key in the data folder: made once, readable by its owner only."""
    path = data / name
    made = secrets.token_urlsafe(48)
    # Two processes may start at once: each writes a file of its own, the first link wins, both read that one.
    draft = data / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        private.write(draft, made)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    private.file(path)
    return path.read_text()
