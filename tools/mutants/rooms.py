"""What is changed, and which tests are asked about it."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Tests of these kinds run what they test in another process, where no change of ours arrives.
NOT_ASKED = "not slow and not mosquitto and not chromium and not micropython and not fuzz"


@dataclass(frozen=True)
class Suite:
    """Tests that are collected into one process. without: files whose tests start programs of their own."""

    tests: tuple[str, ...]
    without: tuple[str, ...] = ()


# Of the cloud's tests, those that start programs of their own.
STARTERS = ("ingest/test_cloud_busy", "test_cloud_command", "test_cloud_secrets")
WORLDS = {
    "cloud": Suite(
        ("tests/tools/cloud",),
        tuple(f"tests/tools/cloud/{name}.py" for name in STARTERS),
    ),
    "firmware": Suite(
        (
            *(f"tests/{room}" for room in ("firmware", "points", "storage", "model", "update")),
            "tests/tools/test_contract.py",
        )
    ),
}
# room: (the world that tests it, its files)
ROOMS = {
    "services": ("cloud", ("tools/cloud/*/*.py",)),
    "ingest": ("cloud", ("tools/cloud/ingest/*.py",)),
    "api": ("cloud", ("tools/cloud/api/*.py", "tools/cloud/*/*api.py")),
    "pages": ("cloud", ("tools/cloud/pages/access.py",)),
    "access": ("firmware", ("firmware/controller/access/*.py",)),
    "cloud": ("firmware", ("firmware/controller/cloud/*.py",)),
    "storage": ("firmware", ("firmware/controller/storage/*.py",)),
}
# Services are what the subjects of the cloud end do: all its folders but these, without what is thin on them.
NO_SUBJECT = {"models", "migrations", "ingest", "api", "pages", "home_assistant", "sqlite"}
THIN = ("api", "forms", "views", "command")
# Tests that read what a room does when it is imported, and so run no line of it.
READ = {
    "api": ("tests/tools/cloud/api/test_cloud_api_contract.py",),
    "cloud": ("tests/tools/test_contract.py",),
}


def files(room: str) -> list[str]:
    """Of a room, relative to the repository, in a fixed order."""
    found = {path for pattern in ROOMS[room][1] for path in ROOT.glob(pattern)}
    if room == "services":
        found = {path for path in found if path.parent.name not in NO_SUBJECT and not path.stem.endswith(THIN)}
    return [str(path.relative_to(ROOT)) for path in sorted(found)]


def files_of_world(world: str) -> list[str]:
    return [file for room, (of, _) in ROOMS.items() if of == world for file in files(room)]


def readers(file: str) -> tuple[str, ...]:
    """Test files that read what this file does when it is imported."""
    return next((tests for room, tests in READ.items() if file in files(room)), ())
