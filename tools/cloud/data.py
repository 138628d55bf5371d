"""The data folder: the database and the keys that sign sessions and seal PINs live in it."""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """PORTVAKT_DATA, or var/ beside the code. Made when it is missing."""
    path = Path(os.environ.get("PORTVAKT_DATA") or ROOT / "var")
    path.mkdir(parents=True, exist_ok=True)
    return path


def secret_key(data: Path) -> str:
    """SECRET_KEY from the environment, else the data folder's: made once, readable by its owner only."""
    return os.environ.get("SECRET_KEY") or kept_key(data, "secret_key")


def kept_key(data: Path, name: str) -> str:
    """A key in the data folder: made once, readable by its owner only."""
    path = data / name
    made = secrets.token_urlsafe(48)
    # Two processes may start at once: each writes a file of its own, the first link wins, both read that one.
    draft = data / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(made)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
