"""Makes a bare machine ready: the virtual environment, and apt packages that the tests need.

Runs on the system's Python before anything is installed, so it uses the standard library only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NEEDED = (3, 11)


def say(text: str) -> None:
    print(f"portvakt: {text}", file=sys.stderr, flush=True)


def can_apt() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def apt(*packages: str) -> bool:
    """Installs Debian packages. Returns whether that worked."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"installing {' '.join(packages)} with apt-get")
    quiet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    # A list out of date asks for packages that are gone. If the update fails, the old list may still do.
    subprocess.run([*quiet, "update"], env=env, capture_output=True, check=False)
    install = [*quiet, "install", "-y", "--no-install-recommends", *packages]
    done = subprocess.run(install, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        say("\n".join(["apt-get could not:", *(done.stdout + done.stderr).splitlines()[-5:]]))
    return done.returncode == 0


def make_environment() -> bool:
    """Makes .venv anew with pip in it. Returns whether that worked."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, check=False)
    return made.returncode == 0 and (VENV / "bin" / "pip").exists()


def environment(lock: str) -> int:
    """Brings .venv to what the lock file says, and the project into it."""
    if sys.version_info < NEEDED:
        say(f"Python {sys.version.split()[0]} is too old; install 3.11, or say make PYTHON=/path/to/it")
        return 1
    python = VENV / "bin" / "python"
    if not (VENV / "bin" / "pip").exists():
        say(f"making .venv with Python {sys.version.split()[0]}")
        package = f"python3.{sys.version_info[1]}-venv"
        if not make_environment() and not (can_apt() and apt(package) and make_environment()):
            say(f"python3 -m venv did not work; install {package} or its like, then make again")
            return 1
    say(f"installing {lock}")
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    pip = [str(python), "-m", "pip", "-qq", "install"]
    for what in (
        # The lock names all there is. Left to look for itself, pip takes what a package wants with an extra
        # (pydantic[email]) for unpinned as soon as a newer release of it is out.
        ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", lock],
        ["--no-deps", "--no-build-isolation", "-e", "."],
    ):
        if subprocess.run([*pip, *what], cwd=ROOT, env=env, check=False).returncode:
            say(f"pip could not install {what[-1]}; look at its message above, then make again")
            return 1
    return 0


def mosquitto() -> int:
    """Installs the broker for the tests where that is possible, else says what is left out. Never fails."""
    if shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists():
        return 0
    if not (can_apt() and apt("mosquitto")):
        say("mosquitto is not there and cannot be installed from here: the tests against it are SKIPPED")
    return 0


def postgresql() -> int:
    """Installs the programs of PostgreSQL for the tests where that is possible, else says what is left out."""
    if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"):
        return 0
    if can_apt():
        # The tests start a server of their own: no other one is wanted.
        config = Path("/etc/postgresql-common/createcluster.conf")
        if not config.exists():
            config.parent.mkdir(parents=True, exist_ok=True)
            config.write_text("create_main_cluster = false\n")
    if not (can_apt() and apt("postgresql")):
        say("PostgreSQL is not there and cannot be installed from here: the cloud's tests on it are SKIPPED")
    return 0


def chromium() -> int:
    """Installs a browser for the tests where that is possible, else says what is left out. Never fails."""
    if (shutil.which("chromium") or shutil.which("google-chrome")) and shutil.which("chromedriver"):
        return 0
    if not (can_apt() and apt("chromium", "chromium-driver")):
        say("Chromium is not there and cannot be installed from here: the tests of the pages in a browser are SKIPPED")
    return 0


PROGRAMS = {"mosquitto": mosquitto, "postgresql": postgresql, "chromium": chromium}

if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "environment":
        sys.exit(environment(sys.argv[2]))
    if len(sys.argv) == 2 and sys.argv[1] in PROGRAMS:
        sys.exit(PROGRAMS[sys.argv[1]]())
    sys.exit(f"usage: prepare.py environment LOCKFILE | prepare.py {' | '.join(PROGRAMS)}")
