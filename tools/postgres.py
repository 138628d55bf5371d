"""A PostgreSQL for a while: made in a folder of its own, reached by a socket in it, gone after tests and figures."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

# Nothing of it is worth a wait for the disk.
OPTIONS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=40", "shared_buffers=32MB",
)  # fmt: skip
PR_SET_PDEATHSIG = 1  # prctl(2)


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: the newest there is."""
    if PROGRAMS:
        return PROGRAMS[-1]
    found = shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """Runs as nobody where we run as root, as PostgreSQL insists, and ends with this process.

    options: of its configuration, name=value.
    """

    def __init__(self, options: Sequence[str] = OPTIONS) -> None:
        self._options = [word for option in ("listen_addresses=", *options) for word in ("-c", option)]
        self.folder = Path(tempfile.mkdtemp(prefix="portvakt-postgres-"))
        self._process: subprocess.Popen | None = None
        self.url = f"postgres://portvakt@{quote(str(self.folder), safe='')}/postgres"

    def start(self) -> None:
        found = programs()
        if found is None:
            raise RuntimeError("initdb is not there; install postgresql, or leave out what needs it")
        data = str(self.folder / "data")
        how: dict[str, Any] = {"cwd": self.folder, **_as_other()}
        how["env"] = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        if "user" in how:
            shutil.chown(self.folder, how["user"])
        with (self.folder / "log").open("w") as log:
            initdb: list[Any] = [
                found / "initdb",
                "-D",
                data,
                "-A",
                "trust",
                "-U",
                "portvakt",
                "-E",
                "UTF8",
                "--no-sync",
            ]
            subprocess.run(initdb, stdout=log, stderr=log, check=True, **how)
            server: list[Any] = [found / "postgres", "-D", data, *self._options, "-k", self.folder]
            self._process = subprocess.Popen(server, stdout=log, stderr=log, preexec_fn=_end_with_parent, **how)
        end = time.monotonic() + 60
        while subprocess.run([found / "pg_isready", "-q", "-h", self.folder], check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("postgres does not start: " + (self.folder / "log").read_text()[-500:])
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _as_other() -> dict[str, Any]:
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
