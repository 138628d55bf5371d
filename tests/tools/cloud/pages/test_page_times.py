"""Every time that a person types or reads goes by the clock of the place that it is about."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud_world import counted_bytes
from django.test import override_settings

import tools.cloud
from firmware.controller import events
from tools.cloud.controllers import enrol
from tools.cloud.models import AccessGroup, Alarm, Grant, Look, Site
from tools.cloud.services import local_time

CLOUD = Path(tools.cloud.__file__).parent
NEW_YORK = "America/New_York"


@pytest.fixture
def far(house: Any) -> Any:
    """The house stands in New York; Django's own zone is one in which nobody lives."""
    Site.objects.filter(pk=house.site.pk).update(zone=NEW_YORK)
    house.time.now = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
    with override_settings(TIME_ZONE="Pacific/Kiritimati"):
        yield house


def limit(client: Any, grant: Grant, **fields: str) -> Any:
    return client.post(f"/grants/{grant.pk}", fields)


def saved(client: Any, house: Any, **fields: str) -> Grant:
    grant: Grant = house.person.grants.get()
    assert limit(client, grant, **fields).status_code == 302
    grant.refresh_from_db()
    return grant


def page(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", answer.content.decode())


def test_from_and_until_are_those_of_the_site(browser: Any, far: Any) -> None:
    client = browser()
    fields = {"valid_from": "2026-05-03", "from_time": "08:00", "valid_until": "2026-05-04", "until_time": "17:00"}
    grant = saved(client, far, **fields)
    assert grant.valid_from == datetime(2026, 5, 3, 12, tzinfo=UTC)
    assert grant.valid_until == datetime(2026, 5, 4, 21, tzinfo=UTC)
    shown = page(client, f"/people/{far.person.pk}/")
    assert "from 3 May 2026 08:00" in shown and "until 4 May 2026 17:00" in shown
    assert all(f'value="{value}"' in shown for value in fields.values())
    assert "By the clock in" in shown and ">New York</option>" in shown
    assert "until 4 May 2026 17:00" in page(client, f"/groups/{far.group.pk}/")


def test_a_day_alone_begins_with_it_and_ends_with_it(browser: Any, far: Any) -> None:
    client = browser()
    grant = saved(client, far, valid_from="2026-05-03", valid_until="2026-05-04")
    assert grant.valid_from == datetime(2026, 5, 3, 4, tzinfo=UTC)
    assert grant.valid_until == datetime(2026, 5, 5, 4, tzinfo=UTC)
    shown = page(client, f"/people/{far.person.pk}/")
    assert "until the end of 4 May 2026" in shown
    assert 'value="2026-05-04"' in shown and 'value="00:00"' in shown
    again = saved(client, far, valid_from="2026-05-03", from_time="00:00", valid_until="2026-05-04")
    assert (again.valid_from, again.valid_until) == (grant.valid_from, grant.valid_until)


def test_a_day_on_which_it_begins_and_ends_is_a_whole_day(browser: Any, far: Any) -> None:
    grant = saved(browser(), far, valid_from="2026-05-03", valid_until="2026-05-03")
    assert grant.valid_until - grant.valid_from == timedelta(hours=24)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"valid_until": "2027-03-14", "until_time": "02:30"}, "The clock in New York is set forward past 02:30"),
        ({"valid_until": "", "until_time": "17:00"}, "A time needs its day. Choose it."),
        ({"from_time": "17:00"}, "A time needs its day. Choose it."),
        ({"valid_until": "0001-01-01"}, "2000-01-01"),
        ({"valid_until": "9999-12-31"}, "2100-12-31"),
        ({"valid_from": "2026-05-03", "valid_until": "2026-05-02"}, "It ends before it begins."),
    ],
)
def test_a_time_that_cannot_be_says_why(browser: Any, far: Any, fields: dict[str, str], said: str) -> None:
    answer = limit(browser(), far.person.grants.get(), **fields)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert far.person.grants.get().valid_until is None


def test_of_a_time_that_comes_twice_the_one_that_gives_less(browser: Any, far: Any) -> None:
    grant = saved(browser(), far, valid_from="2026-11-01", from_time="01:30")  # the clock is set back at 02:00
    assert grant.valid_from == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    grant = saved(browser(), far, valid_until="2026-11-01", until_time="01:30")
    assert grant.valid_until == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/Havana", "America/Santiago", "Africa/Cairo", "Asia/Beirut", NEW_YORK])
def test_whole_days_also_where_the_clock_is_set_at_midnight(zone: str) -> None:
    day = date(2027, 1, 1)
    while day < date(2028, 1, 1):
        begins, ends = local_time.begins(day, None, zone), local_time.ends(day, None, zone)
        assert (
            local_time.there(begins, zone).date() == day == local_time.there(ends - timedelta(seconds=1), zone).date()
        )
        assert local_time.there(begins - timedelta(seconds=1), zone).date() < day
        assert local_time.last_day(ends, zone) == day and local_time.last_day(ends - timedelta(minutes=1), zone) is None
        day += timedelta(days=1)


@pytest.fixture
def both(far: Any) -> Any:
    """A second site, in Oslo; the group has doors of both."""
    oslo = Site.objects.create(tenant=far.tenant, name="Brygga", zone="Europe/Oslo")
    controller, _ = enrol.enrol(
        oslo, "Brygga", {"name": "test-two-door", "doors": [{}]}, urandom=counted_bytes(9 << 40)
    )
    far.group.doors.add(controller.doors.get())
    far.oslo = controller
    return far


def test_a_group_of_several_zones_asks_by_which_clock(browser: Any, both: Any) -> None:
    client = browser()
    shown = page(client, f"/people/{both.person.pk}/")
    assert ">New York</option>" in shown and ">Oslo</option>" in shown and "in several time zones" in shown
    grant = saved(client, both, valid_until="2026-05-04", until_time="17:00", zone="Europe/Oslo")
    assert grant.valid_until == datetime(2026, 5, 4, 15, tzinfo=UTC)
    assert "until 4 May 2026 11:00 (New York), 4 May 2026 17:00 (Oslo)" in page(client, f"/people/{both.person.pk}/")
    answer = limit(client, grant, valid_until="2026-05-05", zone="Asia/Tokyo")
    assert answer.status_code == 422


def test_a_group_in_one_of_several_zones_goes_by_that(browser: Any, both: Any) -> None:
    client = browser()
    group = AccessGroup.objects.create(tenant=both.tenant, name="Brygga")
    group.doors.set([both.oslo.doors.get()])
    both.person.grants.all().delete()
    Grant.objects.create(person=both.person, group=group)
    grant = saved(client, both, valid_until="2026-05-04", until_time="17:00", zone=NEW_YORK)
    assert grant.valid_until == datetime(2026, 5, 4, 15, tzinfo=UTC)
    assert "until 4 May 2026 17:00 (Oslo)" in page(client, f"/people/{both.person.pk}/")


def test_a_schedule_says_by_which_clock(browser: Any, far: Any) -> None:
    client = browser()
    assert "By the clock in New York." in page(client, "/schedules/new")
    Site.objects.create(tenant=far.tenant, name="Brygga", zone="Europe/Oslo")
    assert "At each door by the clock there (New York, Oslo)." in page(client, "/schedules/new")


def test_the_logs_days_are_those_under_which_it_shows_events(browser: Any, both: Any, record: Any) -> None:
    client = browser()
    late = datetime(2026, 5, 2, 2, tzinfo=UTC)  # still the first of May in New York
    here = record(events.GRANTED, person=both.person, utc=late)
    there = record(events.DENIED_UNKNOWN, utc=late)
    there.controller = both.oslo
    there.save()
    of_first = page(client, "/log/?since=2026-05-01&until=2026-05-01")
    of_second = page(client, "/log/?since=2026-05-02&until=2026-05-02")
    assert "Friday 1 May 2026" in of_first and "22:00:00" in of_first and "Brygga</span>" not in of_first
    assert "Saturday 2 May 2026" in of_second and "04:00:00" in of_second and "22:00:00" not in of_second
    assert ">New York</span>" in of_first and ">Oslo</span>" in of_second
    assert here.pk and client.get("/log/?until=9999-12-31").status_code == 200


def test_one_zone_is_not_named_in_the_log(browser: Any, far: Any, record: Any) -> None:
    record(events.GRANTED, person=far.person)
    assert "New York" not in page(browser(), "/log/")


def test_who_looked_alarms_cards_and_lost_boards(browser: Any, far: Any, record: Any) -> None:
    from tools.cloud.alarms import alarms
    from tools.cloud.controllers import lost
    from tools.cloud.services import clock

    client = browser()
    far.time.now = datetime(2026, 5, 2, 2, 30, tzinfo=UTC).timestamp()
    far.card.valid_until = datetime(2026, 5, 9, 2, tzinfo=UTC)
    far.card.save()
    assert "until 8 May 2026 22:00" in page(client, f"/people/{far.person.pk}/")
    Look.objects.create(tenant=far.tenant, what=Look.What.LOG, at=clock.now(), until=clock.now())
    assert "1 May 22:30" in page(client, "/looks/")
    record(events.DOOR_FORCED)
    alarms.gather(clock.now())
    alarm = Alarm.objects.get(controller=far.controller)
    alarms.acknowledge(alarm, client.user, clock.now())
    far.time.now += 86_400
    assert "1 May 22:30" in page(client, "/alarms/")
    far.controller.refresh_from_db()
    assert "Enrolled" in page(client, f"/controllers/{far.controller.pk}/")
    lost.lost(far.controller, None)
    assert "Reported lost on 2 May 2026 22:30" in page(client, f"/controllers/{far.controller.pk}/")


def test_the_persons_copy_goes_by_the_clock_of_the_site(browser: Any, far: Any, record: Any) -> None:
    record(events.GRANTED, person=far.person, utc=datetime(2026, 5, 2, 2, tzinfo=UTC))
    saved(browser(), far, valid_until="2026-05-04")
    said = json.loads(browser().post(f"/people/{far.person.pk}/export").content)
    assert said["kinds"]["event"]["rows"][0]["utc"] == "2026-05-01T22:00:00-04:00"
    assert said["kinds"]["grant"]["rows"][0]["valid_until"] == "2026-05-05T00:00:00-04:00"


# The kind: what would show or take a time by the clock of Django's settings

# date:'c' is for machines and has its offset.
SHOWN = re.compile(r"([\w.]+(?:\|\w+(?::[\w.]+)?)*?)\|(?:date|time|naturaltime|timesince|timeuntil)\b(?!:'c')")
DATES_ONLY = {
    "one.first",
    "one.last",
    "birth.born",
    "birth.agreed_on",
    "statement_changed",
}  # days without a time: of no zone


def test_no_template_shows_a_moment_by_the_clock_of_the_settings() -> None:
    found = []
    for file in sorted(CLOUD.rglob("*.html")):
        for said in SHOWN.findall(file.read_text()):
            name, _, filters = said.partition("|")
            if name not in DATES_ONLY and not filters.startswith("at:"):
                found.append((file.name, said))
    assert found == []


def test_no_code_asks_for_the_clock_of_the_settings() -> None:
    forbidden = re.compile(
        r"localtime\(|get_current_timezone|make_aware|localdate|settings\.TIME_ZONE|DateTimeField\(required"
        r"|forms\.(Split)?DateTimeField|datetime\.now\(\)|date\.today\("
    )
    found = [
        (file.name, line.strip())
        for folder in (CLOUD, CLOUD.parent / "run")
        for file in sorted(folder.rglob("*.py"))
        if "migrations" not in file.parts
        for line in file.read_text().splitlines()
        if forbidden.search(line)
    ]
    assert found == []
