"""Two at the same moment: the second is told, or adds to it; nothing fails, and nothing taken away comes back."""

from datetime import date, timedelta
from typing import Any

import pytest
from cloud_world import House
from django.test import Client

from tools.cloud.members import members
from tools.cloud.models import Area, Grant, Person, Role, Schedule
from tools.cloud.people import erasure, groups, people
from tools.cloud.rules import areas, holidays, schedules
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal


@pytest.fixture
def group(house: House) -> Any:
    from tools.cloud.models import AccessGroup

    return groups.save(AccessGroup(tenant=house.tenant), "Boder", {}, {})


def test_who_is_granted_the_same_twice_has_it_once(house: House, group: Any) -> None:
    person = people.enter(house.tenant.pk, name="Kari")
    first, second = Grant(person=person, group=group), Grant(person=person, group=group)
    people.limit(first, uses=3)
    assert people.limit(second, uses=5).pk == first.pk
    assert [row.uses for row in person.grants.all()] == [5]


def test_a_right_that_is_taken_away_does_not_come_back_by_a_change_of_it(house: House, group: Any) -> None:
    person = people.enter(house.tenant.pk, name="Kari")
    grant = people.limit(Grant(person=person, group=group))
    people.take_out(Grant.objects.get(pk=grant.pk))
    with pytest.raises(Grant.DoesNotExist):
        people.limit(grant, valid_until=clock.now() + timedelta(days=1))
    assert not person.grants.exists()


def test_who_is_erased_already_is_not_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    person = people.enter(house.tenant.pk, name="Kari")
    stale = Person.objects.get(pk=person.pk)
    erasure.erase(person, clock.now())
    with pytest.raises(Person.DoesNotExist):
        erasure.erase(stale, clock.now())
    owner = members.invite(house.tenant, "eier@example.org", Role.OWNER).user
    browser = Client(raise_request_exception=False)
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    monkeypatch.setattr("tools.cloud.people.views._changeable", lambda request, pk: stale)
    assert browser.post(f"/people/{stale.pk}/erase").status_code == 404


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: Any, other: Any) -> None:
    """Another one was first to the lock."""
    lock = module.lock

    def waited(row: Any) -> Any:
        monkeypatch.setattr(module, "lock", lock)
        other()
        return lock(row)

    monkeypatch.setattr(module, "lock", waited)


def test_an_area_a_holiday_and_a_schedule_of_two_administrators(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2027, 5, 3)
    meanwhile(monkeypatch, areas, lambda: areas.put(house.site, 7, name="Garasje"))
    assert areas.put(house.site, 7, name="Kjeller").pk == Area.objects.get(site=house.site, number=7).pk
    meanwhile(monkeypatch, holidays, lambda: holidays.add(house.tenant.pk, "Fri", day))
    with pytest.raises(Refusal):
        holidays.add(house.tenant.pk, "Stengt", day)
    meanwhile(monkeypatch, schedules, lambda: schedules.save(Schedule(tenant=house.tenant), "Natt", []))
    schedules.save(Schedule(tenant=house.tenant), "Dag", [])
    assert Schedule.objects.filter(tenant=house.tenant, name__in=("Natt", "Dag")).count() == 2
