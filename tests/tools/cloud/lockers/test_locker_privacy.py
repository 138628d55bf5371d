"""For whom a delivery was: sealed from the first, gone when its days are over, also from the database's files."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from locker_world import made
from test_couriers import hooked

HERE = Path(__file__).parent
# On disk, in a process of its own: a delivery is made, picked up, and the organisation's days go by.
LIVES = """
import json, os, sys
import tools, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from cloud_world import Stopped, Wire
from locker_world import LockerHouse, connected, made
from tools.cloud.models import Delivery
from tools.cloud.services import clock, housekeeping

time = clock.source = Stopped()
house = LockerHouse(time)
board = connected(Wire(time), house)
_, of = made(house, name="Unni Utflytter", description="hemmelig gave")
board.types(of.deposit, compartment=3)
board.types(of.pick_up)
marks = {"name": "Unni Utflytter", "what": "hemmelig gave", "sealed": Delivery.objects.get().about.kept.hex()}
print(json.dumps(marks), flush=True)
sys.stdin.readline()
time.now += 91 * 86400
housekeeping.tidy(clock.now())
housekeeping.tidy(clock.now())
print("erased", flush=True)
sys.stdin.readline()
"""


def test_no_file_ever_has_a_recipient_and_after_its_days_not_even_what_was_sealed(tmp_path: Path) -> None:
    env = os.environ | {
        "PORTVAKT_DATA": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "SECRET_KEY": "tests",
        "PYTHONPATH": f"{HERE.parents[3]}:{HERE.parent}:{HERE}",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LIVES], env=env, **pipes) as lives:
        assert lives.stdin and lives.stdout
        said = json.loads(lives.stdout.readline())
        marks = {"name": said["name"].encode(), "what": said["what"].encode(), "sealed": bytes.fromhex(said["sealed"])}
        before = found(tmp_path, marks)
        lives.stdin.write("\n")
        lives.stdin.flush()
        assert lives.stdout.readline() == "erased\n"
        after = found(tmp_path, marks)
        lives.stdin.write("\n")
        lives.stdin.flush()
        assert lives.wait(30) == 0
    assert before == {"sealed"}, "the search can find, and nothing lies in plain"
    assert after == set()


def found(folder: Path, marks: dict[str, bytes]) -> set[str]:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert files
    return {what for what, mark in marks.items() if any(mark in content for content in files)}


def test_the_days_are_the_organisation_s_and_begin_with_the_pick_up(locker: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import about, privacy
    from tools.cloud.models import Delivery, Tenant
    from tools.cloud.services import clock

    Tenant.objects.filter(pk=locker.tenant.pk).update(retention_days=7)
    waiting, of_waiting = made(locker, unit="H0301")
    over, of_over = made(locker, unit="H0302")
    for of in (of_waiting, of_over):
        board.types(of.deposit, compartment=3)
    board.types(of_over.pick_up)
    assert privacy.forget(clock.now() + timedelta(days=6, hours=23)) == 0
    assert privacy.forget(clock.now() + timedelta(days=7)) == 1
    over.refresh_from_db()
    assert about.of(over) == about.About() and over.state == "picked up"
    assert about.of(Delivery.objects.get(pk=waiting.pk)).unit == "H0301"


def test_a_tenant_s_days_are_no_other_s(locker: Any, board: Any, time_now: Any) -> None:
    from locker_world import LockerHouse

    from tools.cloud.lockers import privacy
    from tools.cloud.models import Tenant
    from tools.cloud.services import clock

    other = LockerHouse(time_now, "Fremmed", seed=1)
    Tenant.objects.filter(pk=other.tenant.pk).update(retention_days=0)
    _, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    assert privacy.forget(clock.now() + timedelta(days=1)) == 0


def test_nothing_of_a_recipient_stands_in_the_record_of_changes_or_the_log(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries
    from tools.cloud.models import Change, Event

    row, _ = made(locker, unit="H0301")
    deliveries.cancel(row, None)
    kept = str(list(Change.objects.values())) + str(list(Event.objects.values()))
    assert "Ingrid" not in kept and "H0301" not in kept


def test_what_never_ends_has_its_days_as_well(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import privacy
    from tools.cloud.models import Delivery, Tenant
    from tools.cloud.services import clock

    Tenant.objects.update(retention_days=7)
    coming, _ = made(locker)
    lies, of = made(locker)
    extended, _ = made(locker)
    board.types(of.deposit, compartment=3)
    Delivery.objects.filter(pk=coming.pk).update(state="cancelling")
    Delivery.objects.filter(pk=extended.pk).update(due_at=clock.now() + timedelta(days=300))
    assert privacy.forget(clock.now() + timedelta(days=372)) == 0
    assert privacy.forget(clock.now() + timedelta(days=374)) == 2
    assert list(Delivery.objects.exclude(about=b"")) == [extended]
    assert privacy.forget(clock.now() + timedelta(days=674)) == 1
    lies.refresh_from_db()
    assert lies.state == "deposited" and lies.compartment == 3


def test_a_courier_s_reference_and_why_nothing_left_go_as_well(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import privacy
    from tools.cloud.models import Delivery, Notice, Webhook, WebhookCall
    from tools.cloud.services import clock

    row, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    Delivery.objects.update(reference="Ingrid Solheim H0301")
    Notice.objects.update(why="no such user: ingrid")
    hooked(locker)
    later = clock.now() + timedelta(days=4000)
    for state, made_at in (("sent", clock.now()), ("waiting", clock.now()), ("waiting", later - timedelta(hours=47))):
        WebhookCall.objects.create(
            webhook=Webhook.objects.get(), delivery=row, kind="picked up", at=clock.now(), made_at=made_at,
            next_at=clock.now(), state=state, content="Ingrid Solheim",
        )  # fmt: skip
    privacy.forget(later)
    assert Delivery.objects.get().reference == "" and Notice.objects.get().why == ""
    calls = sorted(WebhookCall.objects.values_list("state", "content"))
    assert calls == [("failed", ""), ("sent", ""), ("waiting", "Ingrid Solheim")], "what nobody sends is given up"
    privacy.forget(later + timedelta(hours=1))
    assert set(WebhookCall.objects.values_list("content", flat=True)) == {""}
