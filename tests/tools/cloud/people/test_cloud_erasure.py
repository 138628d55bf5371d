"""A person is erased: from the database's files too, from the changes of access lists, and from who looked."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events
from tools.cloud.access_list import history
from tools.cloud.audit import looks
from tools.cloud.controllers import lost
from tools.cloud.models import AclChange, Event, Look, Person
from tools.cloud.people import erasure
from tools.cloud.services import clock

# On disk, in a process of its own: a house, a board that is in sync, a person who is erased, a hundred days.
LIVES = """
import json, os, sys
import tools, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from cloud_world import House, Stopped, Wire
from tools.cloud.models import AclChange, Event, User
from tools.cloud.people import erasure, people
from tools.cloud.services import clock, housekeeping

time = clock.source = Stopped()
house = House("Solsiden", time)
person = house.add_person("Unni Utflytter")
card = people.give_card(person, 34, 0xB1C2D3E4)
line = Wire(time)
board = line.connect(house.settings).connect()
for _ in range(5):
    line.poll(1)
assert house.row().in_sync and board.may_pass(34, 0xB1C2D3E4, 1)
key = board.key(34, 0xB1C2D3E4)
board.record(0x10, key=key, utc=int(time.now))
board.send_events(1, 1)
marks = {"name": b"Unni Utflytter".hex(), "number": (0xB1C2D3E4).to_bytes(4, "big").hex(), "key": key.hex()}
print(json.dumps(marks), flush=True)
sys.stdin.readline()
erasure.erase(person, clock.now(), user=None)
for _ in range(5):
    line.poll(1)
assert house.row().in_sync and not board.may_pass(34, 0xB1C2D3E4, 1)
time.now += 100 * 86400
housekeeping.tidy(clock.now())
housekeeping.tidy(clock.now())
print("erased", flush=True)
sys.stdin.readline()
"""


def test_after_an_erasure_no_byte_of_the_person_is_left_in_the_files(tmp_path: Path) -> None:
    here = Path(__file__).parents[1]
    env = os.environ | {
        "PORTVAKT_DATA": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "SECRET_KEY": "tests",
        "PYTHONPATH": f"{here.parents[2]}:{here}",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LIVES], env=env, **pipes) as lives:
        assert lives.stdin and lives.stdout
        marks = {what: bytes.fromhex(text) for what, text in json.loads(lives.stdout.readline()).items()}
        before = found(tmp_path, marks)
        lives.stdin.write("\n")
        lives.stdin.flush()
        assert lives.stdout.readline() == "erased\n"
        after = found(tmp_path, marks)
        lives.stdin.write("\n")
        lives.stdin.flush()
        assert lives.wait(30) == 0
    assert before == {"name", "number", "key"}, "the search can find"
    assert after == set()


def found(folder: Path, marks: dict[str, bytes]) -> set[str]:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert files
    return {what for what, mark in marks.items() if any(mark in content for content in files)}


def test_who_looked_is_still_known_and_at_whom_is_not(house: House) -> None:
    looks.note([house.tenant.pk], Look.What.EXPORT, clock.now(), person=house.person)
    erasure.erase(house.person, clock.now())
    assert not Person.objects.exists()
    assert list(Look.objects.order_by("pk").values_list("what", "person", "erased")) == [
        ("export", None, True),
        ("erased", None, True),
    ]
    looks.note([house.tenant.pk], Look.What.EXPORT, clock.now())
    assert Look.objects.count() == 3, "a look at everybody is not one at who is erased"


def test_its_events_stay_and_name_nobody(house: House) -> None:
    event = Event.objects.create(
        controller=house.controller, epoch=1, sequence=1, code=events.GRANTED, door_number=1, extra=0, flags=1,
        received_at=clock.now(), credential=house.card, key=b"1234567",
    )  # fmt: skip
    erasure.erase(house.person, clock.now())
    event.refresh_from_db()
    assert (event.code, event.credential) == (events.GRANTED, None)


def test_a_board_that_is_away_is_still_told_to_remove_the_cards(house: House, time_now: Stopped) -> None:
    line = Wire(time_now)
    board = line.connect(house.settings).connect()
    for _ in range(5):
        line.poll(1)
    assert board.may_pass(26, 1204, 1)
    line.holding = True
    erasure.erase(house.person, clock.now())
    assert history.prune(house.controller.pk) == 0, "the board holds the card still"
    line.holding = False
    board.connect()
    for _ in range(5):
        line.poll(1)
    assert house.row().in_sync and not board.may_pass(26, 1204, 1)
    assert history.prune(house.controller.pk) == 1
    left = AclChange.objects.get(credential=None)
    assert (bytes(left.record), bytes(left.key)) == (b"", b""), "its digest is all that is left of the removal"
    house.add_card("Olav", 77)
    board.ping()
    for _ in range(5):
        line.poll(1)
    assert house.row().in_sync and board.may_pass(26, 77, 1), "deltas go on from what is held"


def test_a_board_that_went_back_in_time_gets_no_delta_with_holes(house: House, time_now: Stopped) -> None:
    house.add_card("Olav", 77)
    line = Wire(time_now)
    board = line.connect(house.settings).connect()
    for _ in range(5):
        line.poll(1)
    before, version = dict(board.table), board.version
    erasure.erase(house.person, clock.now())
    for _ in range(5):
        line.poll(1)
    house.add_card("Kari", 78)
    AclChange.objects.filter(version=version + 1).update(record=b"", key=b"")  # as when that is all it holds
    board.table, board.version = before, version
    line.ingest = line.new_ingest(9)
    board.connect()
    for _ in range(30):
        line.poll(1)
    assert house.row().in_sync
    assert [board.may_pass(26, number, 1) for number in (1204, 77, 78)] == [False, True, True]


def test_nothing_of_a_person_stays_for_a_board_that_is_lost(house: House) -> None:
    lost.lost(house.controller, None)
    assert AclChange.objects.exclude(credential=None).exists()
    erasure.erase(house.person, clock.now())
    assert not AclChange.objects.exists()


def test_nothing_is_half_erased(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks.note([house.tenant.pk], Look.What.EXPORT, clock.now(), person=house.person)

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Person, "delete", fails)
    with pytest.raises(OSError, match="full"):
        erasure.erase(house.person, clock.now() + timedelta(days=1))
    assert Look.objects.get().person == house.person


def test_the_api_erases_for_who_may_change_people(house: House) -> None:
    from django.test import Client

    from tools.cloud.models import Membership, User

    for role, status in (("viewer", 403), ("guard", 404), ("owner", 204)):
        user = User.objects.named(f"{role}@example.test")
        Membership.objects.create(user=user, tenant=house.tenant, role=role)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        assert client.delete(f"/api/people/{house.person.pk}").status_code == status
    assert not Person.objects.exists()
    assert Look.objects.get(what="erased").user == user
