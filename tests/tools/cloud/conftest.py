"""The cloud's tests: Django with a database in memory, each test in a transaction of its own.

With PORTVAKT_TESTS_ON=postgres the same on a PostgreSQL of their own.
"""

import os
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres
import pytest

import sim.mcu  # noqa: F401  before any firmware file is imported

ROOT = Path(__file__).resolve().parents[3]
SERVER = postgres.Server() if postgres.wanted() else None  # started with the first test


def _set_django_up() -> None:
    """With a data folder of its own; the environment of other tests stays as it was."""
    before = dict(os.environ)
    folder = tempfile.TemporaryDirectory(prefix="portvakt-tests-")
    try:
        for name in ("DATABASE_URL", "MQTT_URL", "PORTVAKT_URL", "OIDC_ISSUER"):
            os.environ.pop(name, None)
        os.environ.update(
            PORTVAKT_DATA=folder.name, SECRET_KEY="for tests", DJANGO_SETTINGS_MODULE="tools.cloud.settings"
        )
        if SERVER is not None:
            os.environ["DATABASE_URL"] = SERVER.url
        import django

        django.setup()
        # The tests write rows as the worker does; what they ask for by a request is seen as by a request.
        from tools.cloud.row_security import admitted

        admitted.from_now_on(admitted.HOST)
    finally:
        os.environ.clear()
        os.environ.update(before)
    _set_django_up.folder = folder  # type: ignore[attr-defined]  lives as long as the tests


_set_django_up()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SERVER is not None and postgres.programs() is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="PostgreSQL is not installed"))


@pytest.fixture(scope="session")
def made_database() -> Iterator[None]:
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment

    if SERVER is not None:
        SERVER.start()
    setup_test_environment()
    # The tables as the models say: the migrations, which take seconds, lead there too (test_migrations.py).
    from django.db import connection

    connection.settings_dict["TEST"]["MIGRATE"] = SERVER is not None
    made = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(made, verbosity=0)
    teardown_test_environment()
    if SERVER is not None:
        SERVER.stop()


@pytest.fixture(autouse=True)
def database(made_database: None) -> Iterator[None]:
    """Whatever a test writes is gone after it."""
    from django.db import connections, transaction

    ours = connections["default"]
    with transaction.atomic():
        # As a database in memory, which none of Django closes: it would take the test's transaction with it.
        ours.close = lambda: None
        yield
        del ours.close
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What services did not say, and signals.py had to make up for. A test may write rows itself; tools/ may not."""
    from tools.cloud import signals

    found: list[str] = []

    def caught(what: str) -> None:
        writer = _writer()
        if writer is not None:
            found.append(f"{what} at {writer}, and no service said so (audit/changes.py, propagate.py)")

    monkeypatch.setattr(signals, "caught", caught)
    yield found
    assert not found, "\n".join(found)


def _writer() -> str | None:
    """Where in tools/ rows are being written; None: in a test."""
    under = ("tools/cloud/signals.py", "tools/cloud/audit/changes.py", "tools/cloud/models/")
    for frame in reversed(traceback.extract_stack()[:-2]):
        path = Path(frame.filename)
        if not path.is_relative_to(ROOT) or ".venv" in path.parts:
            continue
        place = str(path.relative_to(ROOT))
        if place.startswith("tools/") and not place.startswith(under):
            return f"{place}:{frame.lineno} ({frame.name})"
        if place.startswith("tests/") and place != "tests/tools/cloud/conftest.py":
            return None
    return None


@pytest.fixture
def time_now() -> Iterator[Any]:
    """The services' clock, stopped: time_now.now is Unix seconds, to be moved by the test."""
    from cloud_world import Stopped

    from tools.cloud.services import clock

    stopped = Stopped()
    before, clock.source = clock.source, stopped
    yield stopped
    clock.source = before


@pytest.fixture
def house(time_now: Any) -> Any:
    """A tenant with a site, one controller of two doors, a group and a person with a card."""
    from cloud_world import House

    return House.again("Solsiden", time_now)
