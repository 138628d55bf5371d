"""One tenant's trouble: counted, told to that tenant, left aside, tried again; everybody else is served."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller.cloud import wire
from tools import build, release
from tools.cloud.controllers.troubles import Work
from tools.cloud.doors import commands
from tools.cloud.ingest import ingest as ingests
from tools.cloud.models import (
    Alarm,
    Command,
    Controller,
    Credential,
    DoorRules,
    Event,
    Grant,
    Profile,
    RolloutBoard,
    Tenant,
)
from tools.cloud.people import pins
from tools.cloud.rules import rules
from tools.cloud.services import clock
from tools.cloud.updates import updates

SOON = timedelta(minutes=2)


@pytest.fixture
def neighbour(house: House, time_now: Stopped) -> House:
    return House("Fjordgata", time_now, seed=3)


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


@pytest.fixture
def to_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """to_release(): begins a rollout to every board; returns where its release lies."""
    from django.conf import settings

    def begin() -> Path:
        monkeypatch.setattr(settings, "DATA", tmp_path)
        (tmp_path / "a.mpy").write_bytes(b"a" * 3000)
        built = build.Build("abcdef012345", tmp_path, {"a.mpy": "00" * 32})
        made = updates.add(release.make(built, 1, rsa.generate_private_key(65537, 2048)))
        updates.start(made, 100)
        return Path(made.folder) / made.build

    return begin


def foreign_pin(house: House) -> Callable[[], None]:
    """A PIN that was sealed under another pin_key, of somebody whose right ends soon."""
    DoorRules.objects.create(door=house.doors[0], who=[["pin", None]])
    pin, _ = pins.give(house.person)
    Grant.objects.filter(person=house.person).first().delete()
    Grant.objects.create(person=house.person, group=house.group, valid_until=clock.now() + timedelta(minutes=1))
    good = bytes(Credential.objects.get(pk=pin.pk).sealed)
    Credential.objects.filter(pk=pin.pk).update(sealed=Fernet(Fernet.generate_key()).encrypt(b"483920"))
    return lambda: Credential.objects.filter(pk=pin.pk).update(sealed=good) and None


def odd_command(house: House) -> None:
    command = commands.release(house.doors[0], None)
    Command.objects.filter(pk=command.pk).update(arguments=["door", 1])


def odd_profile(house: House) -> Callable[[], None]:
    """Rules that cannot be written any more."""
    row = Profile.objects.filter(controller=house.controller).first()
    Profile.objects.filter(pk=row.pk).update(content="{")
    Controller.objects.filter(pk=house.controller.pk).update(rules_version=7)

    def mend() -> None:
        Profile.objects.filter(pk=row.pk).update(content=row.content)
        rules.refresh(house.controller.pk)

    return mend


def odd_counts(house: House) -> Callable[[], None]:
    Controller.objects.filter(pk=house.controller.pk).update(refused=[1, 2])
    return lambda: Controller.objects.filter(pk=house.controller.pk).update(refused={}) and None


def run(line: Wire, seconds: int, *boards: FakeController) -> None:
    for _ in range(seconds):
        for board in boards:
            board.ping()
            line.up(board.topic, b"?")
        line.poll(1)


def is_served(house: House, line: Wire, board: FakeController) -> None:
    """Whatever the worker does for a tenant, it does."""
    ends = Grant.objects.get(person=house.person)
    ends.valid_until = clock.now() + timedelta(seconds=90)
    ends.save()
    refused = house.row().refused.get("malformed", 0)
    board.record(codes.DOOR_FORCED, utc=int(line.time.now))
    board.send_events(board.last, board.last)
    command = commands.release(house.doors[1], None)
    run(line, 3, board)
    command.refresh_from_db()
    assert command.state == Command.State.DONE and board.released[-1] == 2
    assert Event.objects.filter(controller=house.controller, code=codes.DOOR_FORCED).exists()
    assert Alarm.objects.filter(controller=house.controller, code=codes.DOOR_FORCED).exists()
    run(line, 150, board)
    assert house.row().acl_due is None and house.row().in_sync, "what time ends is worked out"
    assert house.row().refused["malformed"] > refused
    assert not Alarm.objects.filter(controller=house.controller, kind="trouble").exists()


@pytest.mark.parametrize("poison", [foreign_pin, odd_command, odd_profile, odd_counts], ids=lambda one: one.__name__)
def test_what_one_tenant_has_wrong_in_its_rows_is_its_own_trouble(
    house: House, neighbour: House, line: Wire, poison: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sick, well = line.connect(house.settings).connect(), line.connect(neighbour.settings).connect()
    run(line, 2, sick, well)
    mend = poison(house)
    with caplog.at_level(logging.ERROR):
        run(line, 62, sick, well)
        for _ in range(12):
            sick.hello()  # which asks for what is new too
        is_served(neighbour, line, well)
    [alarm] = Alarm.objects.filter(kind="trouble")
    assert alarm.controller_id == house.controller.pk and alarm.said["text"]
    [tries] = line.ingest.troubles.counts.values()
    assert tries < 12 or poison is odd_counts, "tried again with pauses"
    tracebacks = [one for one in caplog.records if one.exc_info]
    assert len(tracebacks) <= 1 and len(caplog.records) < 12, "and the disk is not filled with it"
    if mend is not None:
        mend()
        run(line, 700, sick, well)
        alarm.refresh_from_db()
        assert alarm.ended_at is not None and house.row().in_sync, "tried again, and done"
        if poison is foreign_pin:
            assert house.row().acl_due is None


def test_a_release_that_was_moved_stops_its_rollout_and_nothing_else(
    house: House, neighbour: House, line: Wire, to_release: Callable[[], Path]
) -> None:
    boards = [line.connect(one.settings).connect() for one in (house, neighbour)]
    path = to_release()
    RolloutBoard.objects.filter(controller=neighbour.controller).delete()
    path.rename(path.with_name("moved"))
    run(line, 3, *boards)
    [alarm] = Alarm.objects.filter(kind="trouble")
    assert alarm.controller_id == house.controller.pk and "update" in alarm.said["text"]
    is_served(neighbour, line, boards[1])
    run(line, 30, *boards)
    assert line.ingest.troubles.counts["UPDATE"] < 12, "tried again with pauses"
    path.with_name("moved").rename(path)
    run(line, 700, *boards)
    alarm.refresh_from_db()
    assert alarm.ended_at is not None and wire.UPDATE in boards[0].heard_kinds()


STAGES = (
    (ingests.acl, "refresh_due"),
    (ingests.alarms, "gather"),
    (ingests.housekeeping, "hourly"),
    (ingests.store, "end_commands"),
    (ingests.store, "refused"),
    (ingests.store, "seen"),
    (ingests.UpdateTransfer, "poll"),
    (ingests.AreaOccupancy, "poll"),
)


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one[1])
def test_no_part_of_the_work_ends_the_others(
    house: House, line: Wire, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the fault is nobody's row: the rest of what poll() does goes on."""
    board = line.connect(house.settings).connect()
    run(line, 2, board)
    called = []

    def fails(*given: object) -> None:
        called.append(given)
        raise RuntimeError("planted")

    monkeypatch.setattr(*stage, fails)
    command = commands.release(house.doors[0], None)
    house.add_card("Per", 77)
    run(line, 3, board)
    command.refresh_from_db()
    assert called and command.state == Command.State.DONE and board.may_pass(26, 77, 1)


def test_what_everybody_suffers_from_is_logged_once_a_minute(
    line: Wire, time_now: Stopped, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*given: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(ingests.store, "end_commands", fails)
    with caplog.at_level(logging.ERROR):
        for minutes in (1, 2, 3):
            for _ in range(5):
                line.poll(1)
            assert [one.exc_info is not None for one in caplog.records] == [True] * minutes
            time_now.now += ingests.SAID_AGAIN_S


def test_a_message_that_nobody_expected_is_told_once_and_over_in_an_hour(
    house: House, neighbour: House, line: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sick, well = line.connect(house.settings).connect(), line.connect(neighbour.settings).connect()
    keep = ingests.store.result

    def fails(controller: int, *rest: Any) -> None:
        if controller == house.controller.pk:
            raise RuntimeError("planted")
        keep(controller, *rest)

    monkeypatch.setattr(ingests.store, "result", fails)
    with caplog.at_level(logging.ERROR):
        for _ in range(30):
            sick.say(wire.json_message(wire.RESULT, {"id": 1, "result": "done"}))
            run(line, 1, sick)
    assert len([one for one in caplog.records if one.exc_info]) == 1
    [alarm] = Alarm.objects.filter(kind="trouble")
    assert alarm.controller_id == house.controller.pk and alarm.ended_at is None
    assert house.row().refused["error"] == 30
    is_served(neighbour, line, well)
    line.poll(3700)
    alarm.refresh_from_db()
    assert alarm.ended_at is not None


def test_erasing_goes_on_after_a_tenant_at_which_it_fails(
    house: House, neighbour: House, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hour is used up only once: whoever stands behind a faulty tenant would never be erased."""
    from tools.cloud.log import retention

    old = [
        Event.objects.create(
            controller=one.controller, epoch=1, sequence=1, code=codes.GRANTED, door_number=1, extra=0, flags=1,
            utc=clock.now() - timedelta(days=100), received_at=clock.now() - timedelta(days=100),
        )
        for one in (house, neighbour)
    ]  # fmt: skip
    erase = retention._erase_of

    def fails(controller: Controller, now: Any) -> int:
        if controller.pk == house.controller.pk:
            raise OverflowError("planted")
        return erase(controller, now)

    monkeypatch.setattr(retention, "_erase_of", fails)
    line.poll(1)
    for event in old:
        event.refresh_from_db()
    assert [event.code == codes.GRANTED for event in old] == [True, False]
    assert Alarm.objects.get(kind="trouble").controller_id == house.controller.pk


def test_an_event_that_raises_no_alarm_does_not_keep_the_next_ones_from_it(
    house: House, neighbour: House, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = [line.connect(one.settings).connect() for one in (house, neighbour)]
    create = Alarm.objects.create

    def fails(**fields: Any) -> Alarm:
        if fields["controller_id"] == house.controller.pk:
            raise RuntimeError("planted")
        return create(**fields)

    monkeypatch.setattr(Alarm.objects, "create", fails)
    for board in boards:
        board.record(codes.FIRE, utc=int(line.time.now))
        board.send_events(1, 1)
    run(line, 3, *boards)
    assert Alarm.objects.get(code=codes.FIRE).controller_id == neighbour.controller.pk
    assert Alarm.objects.get(kind="trouble").controller_id == house.controller.pk


def test_a_trouble_has_a_sentence_on_the_pages_and_in_the_api(house: House, neighbour: House, line: Wire) -> None:
    from django.test import Client

    from tools.cloud.members import links
    from tools.cloud.models import Membership, User

    sick = line.connect(house.settings).connect()
    foreign_pin(house)
    run(line, 65, sick)
    for tenant, shown in ((house.tenant, True), (neighbour.tenant, False)):
        user = User.objects.named(f"owner-{tenant.pk}@example.test")
        Membership.objects.create(user=user, tenant=tenant, role="owner")
        client = Client(headers={"accept-language": "en"})
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        sentence = "A sealed secret cannot be read: the file pin_key is not the one it was sealed with; restore it."
        assert (sentence in client.get("/").content.decode()) == shown
        token = links.make_token(Tenant.objects.get(pk=tenant.pk), "test", "administrator")
        found = Client().get("/api/alarms", headers={"authorization": f"Bearer {token}"}).json()
        assert [one["kind"] for one in found] == (["trouble"] if shown else [])
        assert all(one["text"].startswith("a sealed secret cannot be read") for one in found)


def test_a_board_whose_secret_cannot_be_read_is_told(house: House, neighbour: House, line: Wire) -> None:
    sick = line.connect(house.settings)
    table = Controller._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET link_secret = %s WHERE id = %s", [b"\x01" + bytes(60), house.controller.pk])
    for _ in range(5):
        sick.begin()
        line.poll(1)
    assert line.ingest.refused == {"unreadable": 5}
    alarm = Alarm.objects.get(kind="trouble")
    assert alarm.controller_id == house.controller.pk and "pin_key" in alarm.said["text"]
    is_served(neighbour, line, line.connect(neighbour.settings).connect())


def test_a_worker_that_starts_anew_knows_what_stands(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    mend = odd_profile(house)
    run(line, 5, board)
    line.ingest = line.new_ingest(9)
    board.connect()
    run(line, 5, board)
    alarm = Alarm.objects.get(kind="trouble", extra=Work.LINE)
    assert alarm.ended_at is None
    line.ingest = line.new_ingest(10)
    mend()
    board.connect()
    run(line, 5, board)
    alarm.refresh_from_db()
    assert alarm.ended_at is not None and house.row().in_sync


def test_a_trouble_that_is_over_is_none_for_a_worker_that_starts(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    mend = odd_profile(house)
    run(line, 5, board)
    Alarm.objects.filter(kind="trouble").update(ended_at=clock.now() - timedelta(days=1))
    line.ingest = line.new_ingest(9)
    board.connect()
    run(line, 5, board)
    assert Alarm.objects.filter(kind="trouble", extra=Work.LINE, ended_at=None).count() == 1
    mend()
