"""What happens by itself: what an hour matters for every hour, the rest some times a day, nothing in between."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firmware.controller import events
from tools.cloud.alarms import codes
from tools.cloud.audit import looks
from tools.cloud.doors import commands
from tools.cloud.models import Command, Event, Look, Tenant
from tools.cloud.services import clock, housekeeping

HOUR = housekeeping.HOUR.total_seconds()


@pytest.fixture
def tidied(house: House) -> House:
    """A moment ago."""
    housekeeping.hourly(clock.now())
    return house


def old_passage(house: House) -> Event:
    at = clock.now() - timedelta(days=100)
    Event.objects.create(
        controller=house.controller,
        epoch=5,
        sequence=1,
        extra=0,
        code=events.GRANTED,
        door_number=1,
        utc=at,
        received_at=at,
        flags=events.TIME_TRUSTED,
        credential=house.card,
    )
    return Event.objects.get()


def old_look(house: House) -> Look:
    looks.note([house.tenant.pk], Look.What.LOG, clock.now())
    Look.objects.update(until=clock.now() - timedelta(days=1000))
    return Look.objects.get()


def is_erased(event: Event) -> bool:
    event.refresh_from_db()
    return event.code == codes.EXPIRED


def test_a_passage_past_its_days_is_erased_within_the_hour(tidied: House, time_now: Any) -> None:
    event = old_passage(tidied)
    time_now.now += HOUR - 1
    housekeeping.hourly(clock.now())
    assert not is_erased(event)
    time_now.now += 1
    housekeeping.hourly(clock.now())
    assert is_erased(event)


def test_what_is_kept_for_years_goes_some_times_a_day(tidied: House, time_now: Any) -> None:
    row = old_look(tidied)
    for _ in range(5):
        time_now.now += HOUR
        housekeeping.hourly(clock.now())
    assert Look.objects.filter(pk=row.pk).exists(), "what is not due is not looked for each hour"
    time_now.now += HOUR
    housekeeping.hourly(clock.now())
    assert not Look.objects.filter(pk=row.pk).exists()


def test_a_clock_that_was_ahead_keeps_nothing_from_being_done(tidied: House, time_now: Any) -> None:
    event, row = old_passage(tidied), old_look(tidied)
    time_now.now -= 30 * 24 * HOUR
    housekeeping.hourly(clock.now() + timedelta(days=29))
    assert is_erased(event) and not Look.objects.filter(pk=row.pk).exists()


def test_between_two_tidyings_it_asks_one_question(tidied: House) -> None:
    with CaptureQueriesContext(connection) as asked:
        housekeeping.hourly(clock.now())
    assert len(asked) == 1


def test_a_year_old_secret_is_renewed_by_itself(tidied: House, time_now: Any) -> None:
    time_now.now += 400 * 24 * HOUR
    housekeeping.hourly(clock.now())
    tidied.controller.refresh_from_db()
    assert tidied.controller.next_secret is not None


def test_who_unlocked_a_door_that_keeps_no_log_is_forgotten_within_the_hour(tidied: House, time_now: Any) -> None:
    commands.release(tidied.doors[0], None)
    Command.objects.update(person=tidied.person)
    Tenant.objects.update(retention_days=0)
    time_now.now += HOUR
    housekeeping.hourly(clock.now())
    assert Command.objects.get().person is None
