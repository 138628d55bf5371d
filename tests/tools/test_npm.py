"""Packages of npm: checked against their hashes, one folder a version, nothing said about where they came from."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tools import npm
from tools.terminal import Problem

NAME = "@micropython/micropython-webassembly-pyscript"


def archive(folder: Path, text: bytes = b"hello") -> Path:
    """What npm pack leaves: all files below "package"."""
    made = folder / "thing-1.0.0.tgz"
    with tarfile.open(made, "w:gz") as tar:
        entry = tarfile.TarInfo("package/deep/file.txt")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return made


def package(made: Path) -> npm.Package:
    return npm.Package("thing", "1.0.0", hashlib.sha512(made.read_bytes()).hexdigest())


def test_the_list_names_versions_and_hashes_and_no_address() -> None:
    assert "://" not in npm.LOCK.read_text()
    found = npm.packages()
    assert len({(p.name, p.version) for p in found}) == len(found) >= 4


def test_a_line_without_a_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "npm.txt"
    lock.write_text("axe-core==4.14.1\n")
    with pytest.raises(Problem, match="sha512"):
        npm.packages(lock)


def test_an_archive_with_the_right_hash_is_unpacked(tmp_path: Path) -> None:
    made = archive(tmp_path)
    npm.unpack(package(made), made, tmp_path / "out")
    assert (tmp_path / "out/deep/file.txt").read_bytes() == b"hello"


def test_an_archive_with_another_hash_leaves_nothing(tmp_path: Path) -> None:
    pinned = package(archive(tmp_path))
    with pytest.raises(Problem, match="do not use it"):
        npm.unpack(pinned, archive(tmp_path, b"hullo"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_versions_lie_side_by_side_and_one_must_be_named() -> None:
    old, new = npm.path(NAME, "1.24.0"), npm.path(NAME, "1.29.0-6")
    assert old != new
    assert (old / "micropython.wasm").read_bytes() != (new / "micropython.wasm").read_bytes()
    with pytest.raises(Problem, match="3 lines"):
        npm.path(NAME)


def test_what_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    npm.fetch(npm.packages())
    monkeypatch.setattr(npm, "_download", lambda *_: pytest.fail("downloaded again"))
    npm.fetch(npm.packages())


def test_node_runs() -> None:
    said = subprocess.run([npm.node(), "-p", "6 * 7"], capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout == "42\n"
