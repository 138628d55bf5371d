"""Files and folders that hold secrets: made for their owner only, closed or refused where others can read them."""

import getpass
import os
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tools.terminal import Problem, progress

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def umask() -> None:
    """Whatever this process makes from now on is its owner's only."""
    os.umask(OTHERS)


def folder(path: Path, *marks: str) -> None:
    """Makes a folder for secrets, or closes one of ours that others can read. marks: files that only ours hold.

    Another folder is left as it is: a user who names /tmp or a home by mistake must not find it shut.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _open_to_others(path):
        return
    if any(path.iterdir()) and not any((path / mark).exists() for mark in marks):
        raise Problem(
            f"{path} can be read by others and holds something else; run chmod 700 {path}, or name a folder of its own"
        )
    _close(path, 0o700)


def file(path: Path) -> None:
    """Closes a file that others can read, if it is there."""
    if path.exists() and _open_to_others(path):
        _close(path, 0o600)


def write(path: Path, content: str | bytes) -> None:
    """A new file with secrets. Raises OSError, FileExistsError where there is one."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as made:
        made.write(content.encode() if isinstance(content, str) else content)


def password(option: str, given: str | None, variable: str, kept: Path | None, question: str = "") -> str | None:
    """A password from the environment, a file or (question) a prompt; one in the command line is refused.

    Every account of a machine reads command lines, and the shell keeps them.
    """
    if given is not None:
        raise Problem(
            "a password in the command line can be read by every account here; "
            f"give {option}-file FILE or set {variable}"
        )
    if kept is not None:
        file(kept)
        try:
            return kept.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{kept} cannot be read as a password ({error})") from None
    if variable in os.environ:
        return os.environ[variable]
    return getpass.getpass(question) if question and sys.stdin.isatty() else None


def bare_address(option: str, url: str, variable: str) -> str:
    """An address from the command line. One with a password belongs into the environment."""
    if urlsplit(url).password is not None:
        raise Problem(f"{option}: a password in the command line can be read by every account here; set {variable}")
    return url


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def _close(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except OSError as error:
        raise Problem(
            f"{path} can be read by others and cannot be closed ({error.strerror}); have its owner run "
            f"chmod {mode:o} {path}"
        ) from None
    progress(f"{path} could be read by others; it is closed now (mode {mode:o})")
