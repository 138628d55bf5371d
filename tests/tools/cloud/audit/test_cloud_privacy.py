"""Privacy: what is past its days is gone, also from the file; who looks is kept; the history of lists is forgotten."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from firmware.controller import events
from tools.cloud.access_list import history
from tools.cloud.alarms import alarms, codes
from tools.cloud.audit import looks
from tools.cloud.doors import door_rules, live
from tools.cloud.log import retention
from tools.cloud.models import AclChange, Alarm, Door, DoorRules, Event, Look, Membership, Person, Tenant, User
from tools.cloud.people import people
from tools.cloud.privacy import archive
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal
from tools.cloud.sessions import hashed
from tools.cloud.sites import tenants


def record(house: House, age_days: float, door: int = 1, **more: Any) -> Event:
    at = clock.now() - timedelta(days=age_days)
    fields: dict[str, Any] = {
        "code": events.GRANTED, "extra": 0, "flags": 1, "utc": at, "received_at": at, "credential": house.card,
        "key": b"1234567", "count": 0, "chain": b"12345678", **more,
    }  # fmt: skip
    sequence = 1 + Event.objects.count()
    return Event.objects.create(controller=house.controller, epoch=1, sequence=sequence, door_number=door, **fields)


def content(event: Event) -> tuple[Any, ...]:
    row = Event.objects.get(pk=event.pk)
    return row.code, row.utc, row.door_number, row.flags, row.count, row.key, row.credential


NOTHING = (codes.EXPIRED, None, 0, 0, 0, None, None)


def test_what_is_past_its_days_is_erased_and_its_chain_stays(house: House) -> None:
    old, young, own = record(house, 90.01), record(house, 89.9), record(house, 91, door=0)
    assert retention.erase(clock.now()) == 2
    assert content(old) == content(own) == NOTHING and content(young) != NOTHING
    old.refresh_from_db()
    assert (old.sequence, bytes(old.chain)) == (1, b"12345678")
    assert retention.erase(clock.now()) == 0


def test_a_passage_at_a_door_that_there_is_not_is_erased_as_any_other(house: House) -> None:
    old, young = record(house, 91, door=77), record(house, 89, door=77)
    assert retention.erase(clock.now()) == 1
    assert content(old) == NOTHING and content(young) != NOTHING


def test_each_door_has_its_own_days(house: House) -> None:
    door_rules.change(house.doors[0], {"retention_days": 7})
    tenants.keep_for(house.tenant, 30)
    week, month = record(house, 8), record(house, 8, door=2)
    late = record(house, 31, door=2)
    assert retention.erase(clock.now()) == 2
    assert content(week) == content(late) == NOTHING and content(month) != NOTHING


def test_a_door_that_keeps_no_log_names_nobody(house: House) -> None:
    door_rules.change(house.doors[0], {"retention_days": 0})
    event = record(house, 0)
    retention.erase(clock.now())
    event.refresh_from_db()
    assert (event.code, event.key, event.credential) == (events.GRANTED, None, None)


def test_a_board_of_many_doors_costs_no_more_questions_than_one_of_few(house: House) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as questions:
            retention.erase(clock.now())
        return len(questions)

    few = asked()
    Door.objects.bulk_create(
        Door(controller=house.controller, number=number, name=f"{number}") for number in range(3, 17)
    )
    assert asked() == few


def test_a_time_that_is_not_trusted_makes_nothing_older_or_younger(house: House) -> None:
    wrong = record(house, 400, flags=0, received_at=clock.now())
    future = record(house, -4000, received_at=clock.now() - timedelta(days=91))
    late = record(house, 91, received_at=clock.now())
    retention.erase(clock.now())
    assert content(wrong) != NOTHING
    assert content(future) == content(late) == NOTHING


def test_the_alarm_of_an_erased_event_goes_with_it(house: House) -> None:
    record(house, 91, code=events.GRANTED_DURESS)
    alarms.gather(clock.now())
    Alarm.objects.create(controller=house.controller, kind="silent", raised_at=clock.now() - timedelta(days=364))
    Alarm.objects.create(controller=house.controller, kind="gap", raised_at=clock.now() - timedelta(days=366))
    assert Alarm.objects.count() == 3
    retention.erase(clock.now())
    retention.forget(clock.now())
    assert Alarm.objects.get().kind == "silent"


def test_what_is_erased_is_gone_from_the_file(tmp_path: Path) -> None:
    """As settings.py opens SQLite: the bytes of an erased row are not left in a free page."""
    from django.conf import settings

    if connection.vendor != "sqlite":
        pytest.skip("the files of another database are its own")
    assert settings.DATABASES["default"]["OPTIONS"]["init_command"].count("secure_delete=ON") == 1
    path = tmp_path / "kept.sqlite3"
    base = sqlite3.connect(path)
    base.executescript(settings.DATABASES["default"]["OPTIONS"]["init_command"])
    base.execute("create table event (id integer primary key, what text)")
    base.executemany("insert into event (what) values (?)", [(f"Ingrid passerte {n} " * 50,) for n in range(500)])
    base.commit()
    base.execute("update event set what = null")
    base.commit()
    base.execute("pragma wal_checkpoint(truncate)")
    base.close()
    assert b"Ingrid passerte" not in path.read_bytes()


def test_who_looks_is_kept_once_in_ten_minutes(house: House, time_now: Stopped) -> None:
    for _ in range(3):
        looks.note([house.tenant.pk], Look.What.LOG, clock.now())
    assert Look.objects.get().times == 3
    time_now.now += 601
    looks.note([house.tenant.pk], Look.What.LOG, clock.now())
    looks.note([house.tenant.pk], Look.What.LOG, clock.now(), person=house.person)
    assert Look.objects.count() == 3
    time_now.now += 366 * 86400
    retention.forget(clock.now())
    assert not Look.objects.exists()


@pytest.mark.parametrize("role", ["administrator", "viewer", "guard"])
def test_who_sees_at_the_doors_who_passed_is_kept(house: House, role: str) -> None:
    """Their pages name who passed last, and follow by themselves: a day before them is as good as the log."""
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for path in ("/", f"/doors/{house.doors[0].pk}/", "/alarms/", "/doors/stream"):
        Look.objects.all().delete()
        assert client.get(path).status_code == 200, path
        assert [one.what for one in Look.objects.filter(user=user)] == (["doors"] if role != "guard" else []), path
    Look.objects.all().delete()
    hub = live.Hub()
    streams = [live.DoorStream(user, hashed(client.session.session_key or ""), "en") for _ in range(3)]
    for one in streams:
        hub.join(one)
    hub.look()
    assert not Look.objects.exists()
    for one in streams:
        one.noted -= looks.AGAIN_S
    for _ in range(2):
        hub._asked -= live.ASK_S
        hub.look()
    for _ in range(3):
        client.get("/")
    assert [one.times for one in Look.objects.all()] == ([1] if role != "guard" else []), "one write a minute"


def test_a_person_gets_all_that_is_kept_of_them_and_nothing_of_others(house: House) -> None:
    record(house, 1)
    other = house.add_card("Olav Bakken", 4711)
    record(house, 1, credential=other)
    looks.note([house.tenant.pk], Look.What.EXPORT, clock.now(), person=house.person)
    said = archive.data_of(house.person, False, clock.now())
    kinds = {name: kind["rows"] for name, kind in said["kinds"].items()}
    assert kinds["person"][0]["name"] == "Ingrid Solheim" and kinds["credential"][0]["number"] == 1204
    assert [(event["code"], event["door"]) for event in kinds["event"]] == [("granted", "Hovedinngang")]
    assert kinds["grant"][0]["group"] == {"name": "alle", "doors": ["Hovedinngang", "Postrom"]}
    assert len(kinds["look"]) == 1
    assert "Olav" not in str(said) and "4711" not in str(said)


def test_the_history_of_a_list_is_forgotten_when_nobody_needs_it(house: House, time_now: Stopped) -> None:
    line = Wire(time_now)
    board = line.connect(house.settings).connect()
    board.record(events.GRANTED, key=board.key(26, 1204), utc=int(time_now.now))
    board.send_events(1, 1)
    for door in (house.doors[:1], house.doors[1:], house.doors):
        time_now.now += 60
        house.group.doors.set(door)
    gone = house.add_card("Olav", 77)
    time_now.now += 60
    people.revoke(gone)
    before = AclChange.objects.count()
    assert history.prune(house.controller.pk) == 0, "the board holds the first version still"
    board.ping()
    for _ in range(5):
        line.poll(1)
    assert house.row().in_sync
    assert history.prune(house.controller.pk) == 0, "an event of before may be on its way"
    time_now.now += 60
    board.record(events.GRANTED, key=board.key(26, 1204), utc=int(time_now.now))
    board.send_events(2, 2)
    done = history.prune(house.controller.pk)
    assert 0 < done < before
    last = set(AclChange.objects.values_list("credential", "op"))
    assert last == {(house.card.pk, AclChange.Op.PUT), (gone.pk, AclChange.Op.PUT), (gone.pk, AclChange.Op.REMOVE)}
    assert history.prune(house.controller.pk) == 0
    board.record(events.DENIED_UNKNOWN, key=board.key(26, 77), utc=int(time_now.now))
    board.send_events(3, 3)
    assert Event.objects.get(sequence=3).credential == gone, "a revoked card still has a name"
    house.add_card("Kari", 78)
    board.ping()
    for _ in range(5):
        line.poll(1)
    assert house.row().in_sync and board.may_pass(26, 78, 1), "deltas go on from what is held"


@pytest.mark.parametrize("there", [True, False])
def test_housekeeping_can_be_done_any_time(house: House, time_now: Stopped, there: bool) -> None:
    if there:
        Wire(time_now).connect(house.settings).connect()
    record(house, 91)
    assert housekeeping.tidy(clock.now()) == {"erased": 1, "changes": 0, "profiles": 0}
    assert housekeeping.tidy(clock.now()) == {"erased": 0, "changes": 0, "profiles": 0}
    assert Person.objects.filter(name="Ingrid Solheim").exists()


def test_a_log_is_kept_longer_than_ninety_days_only_for_a_reason(house: House) -> None:
    tenants.keep_for(house.tenant, 90, "not needed, so not kept")
    assert house.tenant.retention_reason == ""
    door = house.doors[0]
    for days in (91, 3650):
        for reason in ("", "  \n"):
            with pytest.raises(Refusal, match="needs a reason"):
                tenants.keep_for(house.tenant, days, reason)
            with pytest.raises(Refusal, match="needs a reason"):
                door_rules.change(door, {"retention_days": days, "retention_reason": reason})
    tenants.keep_for(house.tenant, 91, " Tyveri i\nkjelleren ")
    door_rules.change(door, {"retention_days": 120, "retention_reason": "Sparebank"})
    house.tenant.refresh_from_db()
    assert (house.tenant.retention_days, house.tenant.retention_reason) == (91, "Tyveri i kjelleren")
    door_rules.change(door, {"name": "Bankboksen"})
    assert DoorRules.objects.get(door=door).retention_reason == "Sparebank", "what else is changed leaves it"
    door_rules.change(door, {"retention_days": None})
    assert DoorRules.objects.get(door=door).retention_reason == ""


@pytest.mark.parametrize("model", [Tenant, DoorRules])
def test_not_even_the_database_takes_one_without(house: House, model: Any) -> None:
    door_rules.change(house.doors[0], {"retention_days": 7})
    with pytest.raises(IntegrityError), transaction.atomic():
        model._base_manager.update(retention_days=91)
