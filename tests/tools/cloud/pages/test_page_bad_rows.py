"""A stored value that nothing can make sense of: its page and everybody else's still show, and it can be put right."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tools.cloud.controllers import lost
from tools.cloud.models import Command, Controller, Credential, Grant, Holiday, Person, Schedule
from tools.cloud.pages.urls import urlpatterns
from tools.cloud.people import erasure, people
from tools.cloud.rules import schedules
from tools.cloud.services.refusal import Refusal
from tools.terminal import Problem

NEVER, FIRST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
BOARDS: list[Any] = [{"doors": [1]}, {"doors": 7}, {"doors": []}, {}, [], 5, {"doors": [[]], "inputs": [1, {}]}]


def pages(house: Any) -> list[str]:
    """Every page that can be opened, with the numbers of this house."""
    numbers = {
        "doors": house.doors[0].pk, "groups": house.group.pk, "people": house.person.pk,
        "sites": house.site.pk, "controllers": house.controller.pk, "schedules": Schedule.objects.get().pk,
    }  # fmt: skip
    found = []
    for one in urlpatterns:
        route = str(one.pattern)
        head = route.split("/")[0]
        number = str(numbers.get(head, 0))
        found.append("/" + route.replace("<number:pk>", number).replace("<number:site_pk>", number))
    return found


def shown(client: Any, house: Any) -> int:
    """Opens all; 405 is one that is only posted to. Returns how many showed."""
    count = 0
    for address in pages(house):
        if "stream" not in address:
            answer = client.get(address)
            assert answer.status_code < 500, address
            count += answer.status_code == 200
    for path in ("people", "credentials", "grants", "groups", "doors", "schedules", "controllers", "holidays"):
        assert client.get(f"/api/{path}").status_code == 200, path
    return count


@pytest.fixture
def client(browser: Any, house: Any) -> Any:
    schedules.save(Schedule(tenant=house.tenant), "Dag", [[31, 480, 960]])
    return browser()


@pytest.mark.parametrize("moment", [NEVER, FIRST])
def test_a_date_that_no_calendar_bears_hides_nothing(client: Any, house: Any, moment: datetime) -> None:
    as_usual = shown(client, house)
    assert as_usual > 20
    for zone in ("Europe/Oslo", "America/New_York"):
        house.site.zone = zone
        house.site.save()
        Grant.objects.update(valid_from=moment, valid_until=moment)
        Credential.objects.update(valid_until=moment)
        Schedule.objects.update(first_day=moment.date(), last_day=moment.date())
        Holiday.objects.get_or_create(tenant=house.tenant, name="x", first=moment.date(), last=moment.date())
        assert shown(client, house) == as_usual
    assert client.post(f"/people/{house.person.pk}/export").status_code == 200
    assert client.post(f"/cards/{house.card.pk}/revoke").status_code == 302
    assert not Credential.objects.get(pk=house.card.pk).active
    assert client.post(f"/grants/{house.person.grants.get().pk}", {"valid_until": "2030-01-01"}).status_code == 302
    erasure.erase(house.person, datetime(2026, 1, 1, tzinfo=UTC))
    assert not Person.objects.exists()


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_that_makes_no_sense_hides_nothing(client: Any, house: Any, board: Any) -> None:
    as_usual = shown(client, house)
    Controller.objects.update(board=board)
    for do in ("restart", "identify"):
        assert client.post(f"/controllers/{house.controller.pk}/do", {"do": do}).status_code == 302
    assert client.post(f"/controllers/{house.controller.pk}/commission", {"do": "begin"}).status_code == 302
    Command.objects.update(state="done")
    assert shown(client, house) == as_usual
    assert client.post(f"/controllers/{house.controller.pk}/lost").status_code == 302
    assert house.row().lost_at is not None and lost.to_replace(house.row())


@pytest.mark.parametrize("moment", [NEVER, FIRST, datetime(1999, 12, 30, tzinfo=UTC), datetime(2101, 1, 3, tzinfo=UTC)])
def test_no_way_in_takes_a_date_that_means_nothing(client: Any, house: Any, moment: datetime) -> None:
    day, said = moment.date(), f"{moment.isoformat()}"
    grant, card = house.person.grants.get(), {"person": house.person.pk, "bits": 26, "number": 7}
    schedule = Schedule.objects.get()
    for do in (
        lambda: people.limit(grant, valid_until=moment),
        lambda: people.limit(grant, valid_from=moment),
        lambda: people.give_card(house.person, 26, 7, moment),
        lambda: schedules.save(schedule, "Dag", [], first_day=day),
        lambda: schedules.save(schedule, "Dag", [], last_day=day),
    ):
        with pytest.raises(Refusal, match="choose one from 2000 to 2100"):
            do()
    for path, fields in (
        ("grants", {"person": house.person.pk, "group": house.group.pk, "valid_until": said}),
        ("grants", {"person": house.person.pk, "group": house.group.pk, "valid_from": said}),
        ("credentials", card | {"valid_until": said}),
        ("schedules", {"name": "x", "times": [], "first_day": str(day)}),
        ("schedules", {"name": "x", "times": [], "last_day": str(day)}),
        ("holidays", {"name": "x", "first": str(day)}),
    ):
        answer = client.post(f"/api/{path}", fields, content_type="application/json")
        # A day is refused by the service, a time whose year no clock can go on from already where it is read.
        assert answer.status_code in (400, 422), (path, answer.content)
        assert re.search("2000 to 2100|a time of a year between", answer.json()["error"]), (path, answer.content)
    assert not Credential.objects.filter(number=7) and not Holiday.objects.exists()
    assert Grant.objects.get().valid_until is None and Schedule.objects.get().first_day is None


def test_the_last_day_is_one(client: Any, house: Any) -> None:
    grant = house.person.grants.get()
    assert client.post(f"/grants/{grant.pk}", {"valid_until": "2100-12-31"}).status_code == 302
    answer = client.post(f"/grants/{grant.pk}", {"valid_until": str(date(2101, 1, 1))})
    assert answer.status_code == 422
    assert Grant.objects.get().valid_until == datetime(2100, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("board", [{"doors": [1]}, {"doors": [{}], "x": "y" * 8192}])
def test_a_board_is_checked_and_small(house: Any, board: Any) -> None:
    from tools.cloud.controllers import enrol

    with pytest.raises(Problem, match="must be of objects, 8192 characters"):
        enrol.enrol(house.site, "Ny", board)
    assert Controller.objects.count() == 1
