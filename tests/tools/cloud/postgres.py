"""A PostgreSQL of the tests' own: made in a folder for them, reached by a socket in it, gone after them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
NAME = "PORTVAKT_TESTS_ON"  # the environment's: sqlite (as is) or postgres

# Nothing of it is worth a wait for the disk.
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=40 -c shared_buffers=32MB"
)


def wanted() -> bool:
    return os.environ.get(NAME) == "postgres"


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: the newest there is."""
    if PROGRAMS:
        return PROGRAMS[-1]
    found = shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """Runs as nobody where the tests run as root, as PostgreSQL insists."""

    def __init__(self) -> None:
        found = programs()
        if found is None:
            raise RuntimeError("initdb is not there; install postgresql, or leave out the tests on it")
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="portvakt-postgres-"))
        self._user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", str(self._folder / "data"), "-A", "trust", "-U", "portvakt", "-E", "UTF8", "--no-sync")
        options = f"{OPTIONS} -k {self._folder}"
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-l", str(self._folder / "log"), "-o", options, "-w", "start")
        self.url = f"postgres://portvakt@{quote(str(self._folder), safe='')}/postgres"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        as_other = {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self._programs / program), *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, cwd=self._folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}, **as_other,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} could not: {done.stderr.strip()[-300:]}")
