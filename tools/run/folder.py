"""The data folder of a run: made anew at every start, held by one run at a time."""

import fcntl
import os
import shutil
from pathlib import Path

from tools import private
from tools.terminal import Problem

_MARK = "this folder is made anew by every portvakt run"


def fresh(path: Path) -> int:
    """Empties the folder, if it is one of ours, and holds it. Returns the lock: it lasts while it is open."""
    private.umask()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = path / ".run"
    if any(path.iterdir()) and not mark.exists():
        raise Problem(f"{path} holds something that no run has made; name an empty folder with --data")
    private.folder(path, mark.name)
    lock = os.open(mark, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise Problem(f"a building runs in {path} already; end it, or give another --data") from None
    for old in path.iterdir():
        if old == mark:
            continue
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    mark.write_text(_MARK + "\n")
    return lock
