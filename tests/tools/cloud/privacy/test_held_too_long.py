"""Nothing is held longer than the table says, and where it is, that is told: each kind, left behind by its purge."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asking import Asking
from cloud_world import Stopped
from test_copies import asked, passes

from tools.cloud.audit import looks
from tools.cloud.breaches import breaches
from tools.cloud.doors import commands
from tools.cloud.help import requests as help_requests
from tools.cloud.models import (
    Alarm,
    Change,
    Command,
    Delivery,
    Erased,
    HelpRequest,
    Look,
    Person,
    Progress,
    Reading,
    Tenant,
    retention,
)
from tools.cloud.people import people
from tools.cloud.privacy import held, requests
from tools.cloud.readings import learning
from tools.cloud.services import clock, housekeeping

DAY = 86_400.0


def parcel(home: Asking) -> None:
    bank, row = home.add_bank()
    assert bank
    Delivery.objects.filter(pk=row.pk).update(state="picked up", ended_at=clock.now())


def helped(home: Asking) -> None:
    row = help_requests.write(home.owner, home.tenant, home.person, "fault", "Døra går ikke opp")
    help_requests.close(row)


def read(home: Asking) -> None:
    row = learning.arm(home.person, home.doors[0], None, None)
    Reading.objects.filter(pk=row.pk).update(state="read", bits=26, number=7, read_at=clock.now())


def closed(home: Asking) -> None:
    requests.answer(requests.make(home.person, "complaint")[0], "Beklager.", done=True)


def breached(home: Asking) -> None:
    now = clock.now()
    row = breaches.open_one(home.tenant, "whole", now - timedelta(days=2), now - timedelta(days=1), now, "Innbrudd.")
    breaches.enter(row, "no authority", "Ingen risiko.")
    breaches.enter(row, "no people", "Ingen risiko.")
    breaches.close(row, "")


# Something of each kind, as it comes to be; its days begin now.
MADE: dict[str, Callable[[Asking], Any]] = {
    "people": lambda home: Person.objects.filter(pk=home.person.pk).update(left_at=clock.now(), active=False),
    "passages": lambda home: passes(home, home.card, 1),
    "parcels": parcel,
    "looks": lambda home: looks.note([home.tenant.pk], Look.What.LOG, clock.now()),
    "changes": lambda home: people.change(home.person, name="Ingrid Berg"),
    "alarms": lambda home: Alarm.objects.create(controller=home.controller, kind="silent", raised_at=clock.now()),
    "commands": lambda home: commands.diagnostics(home.controller, None),
    "requests": closed,
    "breaches": breached,
    "copies": lambda home: asked(home.browser(home.person), home.person),
    "help": helped,
    "readings": read,
    "backups": lambda home: Erased.objects.create(tenant=home.tenant, number=7, at=clock.now()),
}


def ends(home: Asking, name: str) -> timedelta:
    kept = held.PAST[name][0]
    days = kept.days(home.tenant)
    assert days is not None
    return timedelta(days=days) if kept.own else kept.period or timedelta(0)


def late(name: str) -> bool:
    return held.PAST[name][0] in [one.kept for one in held.too_long(clock.now())]


def only(home: Asking) -> None:
    """Nothing but what is made from now on."""
    for model in (Look, Change, Alarm, Command):
        model.objects.all().delete()


@pytest.mark.parametrize("name", MADE)
def test_what_is_a_day_past_its_end_is_found_and_a_tidying_leaves_none(
    home: Asking, time_now: Stopped, name: str
) -> None:
    only(home)
    MADE[name](home)
    begun = time_now.now
    time_now.now = begun + (ends(home, name) + held.LATE).total_seconds()
    assert not late(name), "not before"
    time_now.now += 1
    assert late(name)
    housekeeping.tidy(clock.now())
    assert held.too_long(clock.now()) == []


def test_each_kind_that_ends_by_days_is_measured() -> None:
    """What is not: it goes with something else, or is kept for as long as it works."""
    elsewhere = {
        retention.ACCOUNTS.kind, retention.SIGN_INS.kind, retention.COMPARTMENTS.kind, retention.GUESTS.kind,
        retention.TABLES.kind, retention.TOLD.kind, retention.PICTURES.kind,
    }  # fmt: skip
    assert set(MADE) == set(held.PAST)
    assert {kept.kind for kept, _ in held.PAST.values()} | elsewhere == {kept.kind for kept in retention.TABLE}


def test_an_organisation_that_erases_nobody_by_itself_holds_nobody_too_long(home: Asking, time_now: Stopped) -> None:
    MADE["people"](home)
    time_now.now += 400 * DAY
    assert late("people")
    Tenant.objects.update(erase_after=None)
    assert not late("people")


def test_what_is_restricted_is_held_and_that_is_right(home: Asking, time_now: Stopped) -> None:
    passes(home, home.card, 1)
    time_now.now += 92 * DAY
    assert late("passages")
    requests.make(home.person, "restriction")
    housekeeping.tidy(clock.now())
    assert not late("passages")


def shows(home: Asking, user: Any = None) -> bool:
    return "whose days are over" in home.office(user).get("/").content.decode()


def test_a_purge_that_falls_behind_is_told_on_every_page(
    home: Asking, time_now: Stopped, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    only(home)
    passes(home, home.card, 1)
    assert not shows(home), "nothing is known before the first tidying"
    housekeeping.tidy(clock.now())
    viewer = home.member("viewer")
    monkeypatch.setattr("tools.cloud.services.housekeeping.retention.erase", lambda now, troubles: 0)
    for _ in range(92):
        time_now.now += DAY
        housekeeping.tidy(clock.now())
    assert not shows(home)
    time_now.now += DAY + 1
    housekeeping.tidy(clock.now())
    assert shows(home) and shows(home, home.admin) and not shows(home, viewer)
    assert "held for too long" in caplog.text and "Ingrid" not in caplog.text
    monkeypatch.undo()
    housekeeping.tidy(clock.now())
    assert not shows(home)


def test_a_worker_that_does_not_run_is_told_too(home: Asking, time_now: Stopped) -> None:
    housekeeping.tidy(clock.now())
    time_now.now += DAY
    assert not shows(home)
    time_now.now += 1
    assert shows(home)
    assert Progress.objects.get(name=held.PURGED).at and HelpRequest.objects.count() == 0


def test_what_is_behind_is_measured_some_times_a_day(time_now: Stopped, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(held, "too_long", lambda now: asked.append(now) or [])
    for _ in range(13):
        housekeeping.hourly(clock.now())
        time_now.now += 3600
    assert len(asked) == 3
