"""A database that others are busy with: who writes gets their turn, and no write takes long."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House
from django.db import connection, connections
from django.db.backends.utils import CursorWrapper
from django.db.utils import ConnectionHandler, OperationalError
from django.test.utils import CaptureQueriesContext

from tools.cloud.controllers import enrol, lost
from tools.cloud.models import AccessGroup, Door, DoorRules, GroupDoor, Schedule
from tools.cloud.rules import rules
from tools.cloud.sqlite import base
from tools.terminal import Problem

BUSY, HOLDS_S = 3, 0.02


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Any]:
    """A file that others write to in a loop, each of them quicker than SQLite's own wait; and a connection of ours."""
    path = tmp_path / "crowded.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE note (text)")
    over = threading.Event()

    def write() -> None:
        own = sqlite3.connect(path, isolation_level=None, timeout=0)
        while not over.is_set():
            try:
                own.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                continue
            time.sleep(HOLDS_S)
            own.execute("COMMIT")
        own.close()

    threads = [threading.Thread(target=write) for _ in range(BUSY)]
    for thread in threads:
        thread.start()
    options = {"timeout": 30, "transaction_mode": "IMMEDIATE"}
    handler = ConnectionHandler({"default": {"ENGINE": "tools.cloud.sqlite", "NAME": str(path), "OPTIONS": options}})
    yield handler["default"]
    over.set()
    for thread in threads:
        thread.join()
    handler["default"].close()


def _write(ours: Any) -> None:
    ours.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with ours.cursor() as cursor:
        assert isinstance(cursor, CursorWrapper)
        cursor.execute("INSERT INTO note VALUES ('revoked')")
    ours.commit()
    ours.set_autocommit(True)


def test_who_writes_gets_a_turn_among_those_who_write_in_a_loop(crowded: Any) -> None:
    for _ in range(10):
        _write(crowded)
    with crowded.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM note")
        assert cursor.fetchone() == (10,)


def test_a_database_that_stays_locked_is_said_so_in_the_end(crowded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PATIENCE_S", 0.0)
    with pytest.raises(OperationalError, match="locked"):
        for _ in range(200):
            _write(crowded)


def test_a_board_of_sixteen_doors_holds_the_database_no_longer_than_one_of_two(house: House) -> None:
    counts = []
    for doors in (2, 16):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            enrol.enrol(house.site, f"Av {doors}", {"doors": [{}] * doors})
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 2 and counts[1] < 40, counts
    with pytest.raises(Problem, match="1 to 16 doors"):
        enrol.enrol(house.site, "For mange", {"doors": [{}] * 17})


def test_a_board_that_takes_the_place_of_a_lost_one_asks_for_the_same_at_the_same_times(house: House) -> None:
    """The doors' rules and the schedules of groups come along: a door never becomes easier to pass by it."""
    old = house.doors[0]
    DoorRules.objects.create(door=old, who=[["card+pin", None]])
    night = Schedule.objects.create(tenant=house.tenant, name="Natt", number=1, times=[[127, 0, 360]])
    GroupDoor.objects.filter(door=old).update(schedule=night)
    lost.lost(house.controller, None)
    house.controller.refresh_from_db()
    new, _ = enrol.enrol(house.site, "Ny", house.controller.board, replaces=house.controller)
    door = Door.objects.get(controller=new, number=1)
    assert door.rules.who == [["card+pin", None]] and door.name == "Hovedinngang"
    assert rules.content(new.pk)["doors"]["1"]["who"] == [["card+pin", 0]]
    assert GroupDoor.objects.get(door=door).schedule == night
    assert set(AccessGroup.objects.get(pk=house.group.pk).doors.values_list("controller", flat=True)) == {new.pk}
    assert new.entries.exists() or not house.person.credentials.filter(kind="pin").exists()


def test_the_settings_have_this_connection() -> None:
    assert connection.vendor != "sqlite" or isinstance(connections["default"], base.DatabaseWrapper)
