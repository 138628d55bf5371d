"""May this person pass this door at this time: as the firmware says, for any moment, also one that is not yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloud_world import House

from firmware.controller import events as codes
from tools.cloud.models import AccessGroup, Credential, Door, DoorRules, Grant, Schedule
from tools.cloud.people import people, pins
from tools.cloud.questions import access_at
from tools.cloud.rules import schedules

SUNDAY = datetime(2026, 11, 29, 13, 0, tzinfo=UTC)  # 14:00 in Oslo


def asked(house: House, at: datetime, door: int = 0) -> access_at.Answer:
    row = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[door].pk)
    return access_at.of(house.person, row, at)


def test_hours_begin_and_end_in_the_zone_of_the_site(house: House) -> None:
    hours = schedules.save(Schedule(tenant=house.tenant), "Søndag", [[64, 14 * 60, 15 * 60]])
    house.group.places.update(schedule=hours)
    assert asked(house, SUNDAY).may and asked(house, SUNDAY).by == "card"
    for away in (timedelta(minutes=-1), timedelta(hours=1), timedelta(days=1)):
        found = asked(house, SUNDAY + away)
        assert (found.may, found.code, found.extra) == (False, codes.DENIED_TIME, hours.number), away
    summer = datetime(2027, 6, 6, 12, 0, tzinfo=UTC)
    assert asked(house, summer).may and not asked(house, summer + timedelta(hours=1)).may


def test_a_right_that_is_still_to_come_and_one_that_ends(house: House) -> None:
    grant = house.person.grants.get()
    people.limit(grant, SUNDAY, SUNDAY + timedelta(days=2))
    assert [asked(house, SUNDAY + timedelta(days=n)).may for n in (-1, 0, 1, 2)] == [False, True, True, False]
    assert asked(house, SUNDAY - timedelta(days=1)).code == codes.DENIED_NOT_YET
    assert asked(house, SUNDAY + timedelta(days=2)).code == codes.DENIED_EXPIRED
    Credential.objects.filter(pk=house.card.pk).update(valid_until=SUNDAY + timedelta(days=1))
    assert [asked(house, SUNDAY + timedelta(days=n)).may for n in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"who": [["card+pin", None]]}, (codes.DENIED_KIND, 3, False)),
        ({"two_person": True}, (codes.NEEDS_SECOND, 0, True)),
        ({"passback": "hard", "passage": True, "interlock": 1, "offline_hours": 4}, (codes.GRANTED, 0, True)),
    ],
)
def test_what_a_door_asks_for(house: House, said: dict[str, Any], told: tuple[int, int, bool]) -> None:
    area = house.site.areas.create(number=1, name="Kjeller", limit=2)
    leads = {"leads_to": area} if said.pop("passage", False) else {}
    DoorRules.objects.create(door=house.doors[0], **said, **leads)
    found = asked(house, SUNDAY)
    assert (found.code, found.extra, found.may) == told
    assert set(found.also) == ({"passback", "interlock", "offline_hours", "limit"} if leads else set())
    if "who" in said:
        pins.give(house.person)
        assert asked(house, SUNDAY).may and asked(house, SUNDAY).by == "card+pin"
    assert asked(house, SUNDAY, door=1).may


def test_who_is_not_active_or_has_no_card_or_no_group_is_told_so(house: House) -> None:
    other = AccessGroup.objects.create(tenant=house.tenant, name="post")
    other.doors.set(house.doors[1:])
    Grant.objects.filter(person=house.person).update(group=other)
    assert asked(house, SUNDAY).code == codes.DENIED_DOOR and asked(house, SUNDAY, door=1).may
    people.change(house.person, active=False)
    assert asked(house, SUNDAY, door=1) == access_at.NOBODY
    people.change(house.person, active=True)
    people.revoke(house.card)
    assert asked(house, SUNDAY, door=1) == access_at.NOBODY


def test_many_are_asked_about_at_once(house: House) -> None:
    for n in range(3):
        house.add_card(f"Beboer {n}", 2000 + n)
    free = schedules.save(Schedule(tenant=house.tenant), "Åpent", [[64, 600, 900]])
    DoorRules.objects.create(door=house.doors[0], free=free)
    door = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[0].pk)
    moment = access_at.Moment(house.tenant.pk, SUNDAY)
    assert len(moment.people(door)) == 4 and all(moment.answer(one, door).may for one in moment.people(door))
    assert moment.open_to_all(door)
    assert not access_at.Moment(house.tenant.pk, SUNDAY + timedelta(hours=3)).open_to_all(door)
