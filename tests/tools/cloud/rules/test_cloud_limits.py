"""What the cloud takes, the board takes: random settings through services, API and pages, read by the real firmware."""

import logging
from datetime import UTC, date, datetime
from typing import Any

import pytest
from any_settings import Chance, Entering
from cloud_world import House, Stopped
from django.db import transaction

from firmware.controller.access.reading import calendar, fields
from firmware.controller.access.reading.fields import WholeNumber
from tools.cloud.models import AccessGroup, Schedule
from tools.cloud.people import groups
from tools.cloud.rules import holidays, schedules
from tools.cloud.services.refusal import Refusal

SETTINGS = 20_000  # taken in a whole run
STEPS = 20  # of a story; the last one is the one at fault


@pytest.fixture
def entering(house: House, time_now: Stopped) -> Entering:
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # what is refused is no news here
    return Entering(house, time_now)


def tell(entering: Entering, seed: int, stories: int, *kinds: str) -> None:
    """So many stories, of these kinds of settings; of all kinds when none is named."""
    for n in range(seed, seed + stories):
        entering.tell(Chance(n).story(STEPS, kinds))


def test_what_the_cloud_takes_the_board_takes(entering: Entering) -> None:
    tell(entering, 1, 25)
    assert entering.counts["taken"] > 200 and entering.counts["refused"] > 50


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_what_the_cloud_takes_the_board_takes_whatever_it_is(entering: Entering) -> None:
    seed = 1000
    while entering.counts["taken"] < SETTINGS:
        tell(entering, seed, 50)
        seed += 50
        print(f"up to seed {seed}: {entering.counts['taken']} taken")
    print(f"{entering.counts['taken']} settings taken, 0 of them refused by the board: {dict(entering.counts)}")


# A limit of the board, as it would be if somebody had made it smaller by one there and nowhere else.
QUICK = [
    (fields.PROFILE, "uses", WholeNumber(1, 99), "grant"),
    (fields.DOOR, "interlock", WholeNumber(2, 15), "door"),
    (fields.SUPERVISION, "repeat_ms", WholeNumber(10_000, 3_599_999), "door"),
    (fields.AREA, "limit", WholeNumber(1, 999), "area"),
    (vars(calendar), "TIMES", 1, "schedule"),
]
ALL = [
    (fields.DOOR, "extended_ms", WholeNumber(101, 3_600_000), "door"),
    (fields.DOOR, "pin_length", WholeNumber(4, 11), "tenant"),
    (fields.DOOR, "offline_hours", WholeNumber(1, 8759), "door"),
    (fields.DOOR, "passback_minutes", WholeNumber(2, 1440), "door"),
    (fields.AREA, "forget_hours", WholeNumber(1, 167), "area"),
    (fields.SUPERVISION, "relock_delay_ms", WholeNumber(1, 10_000), "door"),
    (fields.SUPERVISION, "pulse_ms", WholeNumber(50, 9999), "door"),
    (fields.SUPERVISION, "warn_ms", WholeNumber(1001, 600_000), "door"),
    (fields.PLAIN, "held_ms", WholeNumber(1001, 3_600_000), "door"),
    (fields.PLAIN, "retention_days", WholeNumber(0, 3649), "tenant"),
    (vars(fields), "IN_TURN", 2, "door"),
]


def found(entering: Entering, plant: Any, monkeypatch: pytest.MonkeyPatch, stories: int) -> None:
    table, name, wrong, kind = plant
    monkeypatch.setitem(table, name, wrong)
    with pytest.raises(AssertionError, match="the board: "):
        tell(entering, 1, stories, kind, *(("door",) if kind == "tenant" else ()))


@pytest.mark.parametrize("plant", QUICK, ids=lambda plant: plant[1])
def test_a_planted_wrong_limit_is_found(entering: Entering, plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found(entering, plant, monkeypatch, 50)


@pytest.mark.slow
@pytest.mark.parametrize("plant", ALL, ids=lambda plant: plant[1])
def test_any_planted_wrong_limit_is_found(entering: Entering, plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found(entering, plant, monkeypatch, 200)


# As many as may be, and one more


def fill(entering: Entering, one: Any, most: int) -> int:
    """Makes one after the other until it is said that there are too many; returns how many were taken."""
    for n in range(most):
        try:
            with transaction.atomic():
                one(n)
        except Refusal:
            return n
        if n % 8 == 0:
            entering.check()
    return most


def test_the_board_takes_as_many_of_each_as_the_cloud(house: House, entering: Entering) -> None:
    def holiday(n: int) -> None:
        holidays.add(house.tenant.pk, f"H{n}", date(2026, 1 + n // 28, 1 + n % 28))

    def hours(n: int) -> None:
        row = schedules.save(Schedule(tenant=house.tenant), f"S{n}", [[255, at, at + 1] for at in range(0, 40, 2)])
        groups.save(AccessGroup(tenant=house.tenant), f"G{n}", {}, {house.doors[0].pk: row.pk})
        entering.member(AccessGroup.objects.get(name=f"G{n}"), {})

    assert fill(entering, holiday, 80) == 64
    entering.check()
    assert 20 <= fill(entering, hours, 40) < 40
    entering.check()


def test_the_board_takes_as_many_different_rights_as_the_cloud(house: House, entering: Entering) -> None:
    def person(n: int) -> None:
        until = datetime.fromtimestamp(house.time.now + 86_400 * (n + 1), UTC)
        entering.member(house.group, {"valid_until": until, "uses": 1 + n % 100})

    fill(entering, person, 120)
    entering.check()
