"""The lock files: everything with hashes, nothing about where it came from, one version of each."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(path for path in (ROOT / "tools" / "requirements").glob("*.txt") if path.name != "npm.txt")


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text and "--extra-index" not in text and "--find-links" not in text
    for block in re.split(r"\n(?=\S)", text):
        if not block.startswith("#"):
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_all_locks_agree() -> None:
    everything = versions(ROOT / "tools" / "requirements" / "dev.txt")
    for name in ("run.txt", "base.txt"):
        smaller = versions(ROOT / "tools" / "requirements" / name)
        assert smaller
        assert smaller.items() <= everything.items()


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tried = extras["dev"] + extras["postgres"]
    wanted = {"base.txt": project["dependencies"], "run.txt": extras["cloud"], "dev.txt": tried}
    for lock, requirements in wanted.items():
        locked = versions(ROOT / "tools" / "requirements" / lock)
        for requirement in requirements:
            name = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert name and name.group().lower() in locked, requirement


def test_the_board_stubs_stay_out_of_the_environment() -> None:
    for name in ("base.txt", "run.txt", "dev.txt"):
        assert "stubs" not in (ROOT / "tools" / "requirements" / name).read_text()
