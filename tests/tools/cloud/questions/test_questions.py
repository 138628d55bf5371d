"""Questions an administrator has, each answered as it was or will be, and told only to whom it is for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cloud_world import House, Wire
from django.test import Client

from firmware.controller import events as codes
from tools.cloud.models import (
    AccessGroup,
    Area,
    Change,
    Controller,
    Credential,
    Door,
    DoorRules,
    Event,
    Look,
    Membership,
    Role,
    Schedule,
    User,
)
from tools.cloud.people import erasure, groups, people
from tools.cloud.questions import held, inside, unused, who
from tools.cloud.rules import holidays, schedules
from tools.cloud.services import clock


def browser(house: House, role: Role = Role.ADMINISTRATOR) -> Client:
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(client: Client, path: str, **asked: Any) -> str:
    answer = client.get(path, asked)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def happened(house: House, card: Credential | None, ago: timedelta, code: int, door: int = 1, extra: int = 0) -> Event:
    return Event.objects.create(
        controller=house.controller, epoch=5, sequence=Event.objects.count() + 1, utc=clock.now() - ago, code=code,
        door_number=door, extra=extra, flags=codes.TIME_TRUSTED, received_at=clock.now(), credential=card,
    )  # fmt: skip


def test_who_can_open_a_door_next_sunday_and_who_could_last_night(house: House) -> None:
    hours = schedules.save(Schedule(tenant=house.tenant), "Søndag", [[64, 14 * 60, 15 * 60]])
    house.group.places.filter(door=house.doors[0]).update(schedule=hours)
    bo = house.add_card("Bo Berg", 2001).person
    people.change(house.add_card("Kari", 2002).person, active=False)
    door = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[0].pk)
    sunday = datetime(2025, 11, 30, 13, 30, tzinfo=UTC)
    found = who.of_door(door, sunday, clock.now())
    assert [one.name for one in found.may] == ["Bo Berg", "Ingrid Solheim"] and not found.not_now
    monday = who.of_door(door, sunday + timedelta(days=1), clock.now())
    assert not monday.may and len(monday.not_now) == 2
    house.time.now += 86_400
    people.change(bo, name="Bo B. Berg")
    people.limit(bo.grants.get(), uses=5)
    night = who.of_door(door, clock.now() - timedelta(hours=8), clock.now())
    assert night.since.people == {bo.pk}, "whose rights were changed since is said"
    client = browser(house)
    page = text(client, "/questions/door", door=door.pk, day="2025-11-30", time="14:30")
    assert "2 people can open it" in page and "with a card" in page and "passages that are left" in page
    page = text(client, "/questions/door", door=door.pk, day="2025-12-01", time="14:30")
    assert "0 people can open it" in page and "outside the hours of Søndag" in page
    page = text(client, "/questions/door", door=door.pk, day="2025-11-22", time="14:30")
    assert "By the rights and rules as they are today" in page and "changed since" in page
    assert "By the rights" not in text(client, "/questions/door", door=door.pk)


def test_what_was_changed_since_is_said_with_the_answer(house: House) -> None:
    """Today's groups answer for last night: who lost the right this morning is who was asked for."""
    bo, kari = house.add_card("Bo Berg", 2001).person, house.add_card("Kari", 2002).person
    door = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[0].pk)
    house.time.now += 86_400
    night = clock.now() - timedelta(hours=8)
    quiet = who.of_door(door, night, clock.now())
    assert (quiet.since.people, quiet.others, quiet.since.rules(door), quiet.since.whole) == (set(), [], [], True)
    people.put_into(bo, [])
    people.change(kari, name="Kari K.")
    hours = schedules.save(Schedule(tenant=house.tenant), "Dag", [[31, 480, 960]])
    groups.save(house.group, "alle", {}, {house.doors[1].pk: hours.pk})
    other = groups.save(AccessGroup(tenant=house.tenant), "kjelleren", {}, {house.doors[1].pk: None})
    found = who.of_door(door, night, clock.now())
    assert not found.may and found.since.people == {bo.pk} and found.others == [bo], "a name is no right"
    assert [(rule.kind, rule.name) for rule in found.since.rules(door)] == [("group", "alle"), ("schedule", "Dag")]
    second = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[1].pk)
    assert ("group", other.name) in [(rule.kind, rule.name) for rule in found.since.rules(second)]
    client = browser(house)
    asked = {"door": door.pk, "day": "2025-11-23", "time": "03:00"}
    page = text(client, "/questions/door", **asked)
    assert "Access group alle" in page and "they are not below" in page and "Bo Berg" in page
    page = text(client, f"/people/{bo.pk}/opens", day="2025-11-23", time="03:00")
    assert "Their own rights were changed since" in page and "changed since</span>" in page
    assert "as they are today" not in text(client, f"/people/{bo.pk}/opens")
    at = night.isoformat()
    told = client.get(f"/api/doors/{door.pk}/who", {"at": at}).json()
    assert (told["changed_since"], told["whole"]) == ([bo.pk], True)
    assert [rule["name"] for rule in told["rules_changed_since"]] == ["alle", "Dag"]
    assert all(one["changed_since"] for one in client.get(f"/api/people/{bo.pk}/doors", {"at": at}).json())
    assert not any(one["changed_since"] for one in client.get(f"/api/people/{bo.pk}/doors").json())
    erasure.erase(kari, clock.now())
    assert "Somebody was erased since" in text(client, "/questions/door", **asked)
    assert not client.get(f"/api/doors/{door.pk}/who", {"at": at}).json()["whole"]
    house.add_card("Ny", 2003)
    holidays.add(house.tenant.pk, "en annen dag", date(2026, 5, 17))
    found = who.of_door(door, night, clock.now())
    assert found.others == [bo], "who was entered since could not pass then"
    assert {rule.kind for rule in found.since.rules(door)} == {"group", "schedule"}, "nor had another day a say"
    page = text(client, "/questions/door", door=door.pk, day="2023-11-22", time="14:30")
    assert "kept for a year" in page, "the record goes back no further"


def test_a_moment_before_the_record_of_changes_may_have_been_another(house: House) -> None:
    """Nobody was erased and nothing was changed, as far as anybody knows: the record is kept for a year."""
    Change.objects.all().delete()
    client = browser(house)
    for days, known in ((8, True), (400, False)):
        at = {"at": (clock.now() - timedelta(days=days)).isoformat()}
        assert client.get(f"/api/doors/{house.doors[0].pk}/who", at).json()["whole"] is known
        told = client.get(f"/api/people/{house.person.pk}/doors", at).json()
        assert {one["changed_since"] for one in told} == {not known}


def test_why_somebody_was_refused_is_told_by_the_api_with_what_it_went_by(house: House) -> None:
    hours = schedules.save(Schedule(tenant=house.tenant), "Dag", [[31, 480, 960]])
    house.group.places.filter(door=house.doors[0]).update(schedule=hours)
    happened(house, house.card, timedelta(hours=3), codes.DENIED_TIME, extra=hours.number)
    event = Event.objects.latest("pk")
    why = browser(house).get(f"/api/events/{event.pk}/why").json()
    assert why["more"] == "It was outside the hours of the schedule Dag." and why["cure"]
    assert Look.objects.get(what=Look.What.LOG).user.email == "administrator@example.test"


def test_who_reads_events_by_the_api_is_kept(house: House) -> None:
    assert browser(house).get("/api/events").status_code == 200
    assert Look.objects.get(what=Look.What.LOG).user.email == "administrator@example.test"


def test_what_somebody_can_open_and_why_they_were_refused(house: House) -> None:
    hours = schedules.save(Schedule(tenant=house.tenant), "Dag", [[31, 480, 960]])
    house.group.places.filter(door=house.doors[0]).update(schedule=hours)
    house.group.places.filter(door=house.doors[1]).delete()
    area = Area.objects.create(site=house.site, number=3, name="Kjeller")
    happened(house, house.card, timedelta(hours=3), codes.DENIED_TIME, extra=hours.number)
    happened(house, house.card, timedelta(hours=2), codes.DENIED_PASSBACK, extra=area.number)
    happened(house, house.card, timedelta(hours=1), codes.DENIED_DOOR, door=2)
    page = text(browser(house), f"/people/{house.person.pk}/opens", day="2026-01-05", time="10:00")
    assert "Hovedinngang" in page.partition("Does not open")[0] and "Postrom" in page.partition("Does not open")[2]
    assert "It was outside the hours of the schedule Dag." in page and "The area is Kjeller." in page
    assert "Put the person into a group that has this door." in page
    assert Look.objects.filter(what=Look.What.LOG, person=house.person).exists(), "that somebody looked is kept"
    assert "Why were they refused?" in page
    viewer = browser(house, Role.INSTALLER)
    assert viewer.get(f"/people/{house.person.pk}/opens").status_code == 403
    other = House("Naboen", house.time, seed=9)
    assert browser(house).get(f"/people/{other.person.pk}/opens").status_code == 404
    assert browser(house).get("/questions/door", {"door": other.doors[0].pk}).status_code == 404


def test_who_is_inside(house: House) -> None:
    cellar = Area.objects.create(site=house.site, number=1, name="Kjeller", forget_hours=12)
    DoorRules.objects.create(door=house.doors[0], leads_to=cellar)
    DoorRules.objects.create(door=house.doors[1], leads_from=cellar)
    bo, kari = house.add_card("Bo", 2001), house.add_card("Kari", 2002)
    second = people.give_card(bo.person, 26, 2003)
    happened(house, house.card, timedelta(hours=13), codes.GRANTED)
    happened(house, bo, timedelta(hours=3), codes.GRANTED)
    happened(house, kari, timedelta(hours=2), codes.GRANTED)
    happened(house, kari, timedelta(hours=1), codes.GRANTED, door=2)
    happened(house, kari, timedelta(minutes=30), codes.DENIED_TIME)
    [one] = inside.of_site(house.site, clock.now())
    assert [it.person.name for it in one.people] == ["Bo"] and one.people[0].door == "Hovedinngang"
    happened(house, second, timedelta(minutes=5), codes.GRANTED, door=2)
    assert inside.of_site(house.site, clock.now())[0].people == [], "who left with another card has left"
    happened(house, kari, timedelta(minutes=1), codes.GRANTED)
    page = text(browser(house), f"/sites/{house.site.pk}/inside")
    assert "1 person" in page and "Kari" in page and "Kjeller" in page
    assert browser(house, Role.GUARD).get(f"/sites/{house.site.pk}/inside").status_code == 403


def test_cards_that_nobody_uses(house: House) -> None:
    house.time.now += 200 * 86_400
    bo, fresh = house.add_card("Bo", 2001), house.add_card("Kari", 2002)
    old = house.add_card("Ola", 2003)
    house.tenant.record_of_changes.filter(object__in=[bo.pk, old.pk]).delete()
    happened(house, bo, timedelta(days=3), codes.GRANTED)
    happened(house, old, timedelta(days=80), codes.GRANTED)
    seen = Credential.objects.all()

    def names(days: int) -> list[str]:
        return [card.person.name for card in unused.of_tenant(house.tenant, days, clock.now(), seen).cards]

    assert names(90) == ["Ingrid Solheim"] and names(30) == ["Ingrid Solheim", "Ola"] and fresh.active
    assert unused.of_tenant(house.tenant, 90, clock.now(), seen).doors == []
    assert len(unused.of_tenant(house.tenant, 91, clock.now(), seen).doors) == 2
    people.revoke(house.card)
    assert names(90) == []
    page = text(browser(house), "/questions/unused", days="100")
    assert "not used for 100 days" in page and "keep their log for fewer days" in page


def test_what_a_controller_holds_and_should(house: House) -> None:
    wire = Wire(house.time)
    wire.connect(house.settings).connect()
    for _ in range(5):
        wire.poll()
    assert held.of(house.row()).same and held.of(house.row()).rules
    bo = house.add_card("Bo", 2001)
    people.revoke(house.card)
    behind = held.of(house.row())
    assert not behind.same and behind.behind == 2 and behind.known
    assert {(one.person and one.person.name, one.comes) for one in behind.between} == {
        ("Bo", True), ("Ingrid Solheim", False),
    }  # fmt: skip
    page = text(browser(house), f"/controllers/{house.controller.pk}/held")
    assert "2 changes of the access list" in page and "is to go" in page and bo.person.name in page
    Controller.objects.filter(pk=house.controller.pk).update(
        held_acl_version=house.row().acl_version, held_acl_digest="0" * 16
    )
    strange = held.of(house.row())
    assert strange.strange and not strange.same and not strange.known
    assert "with another content" in text(browser(house), f"/controllers/{house.controller.pk}/held")


@pytest.mark.parametrize(
    "path", ["/questions/", "/questions/?q=ing", "/questions/door", "/questions/door?day=x&door=99"]
)
def test_a_page_without_an_answer(house: House, path: str) -> None:
    assert browser(house).get(path).status_code == (404 if "99" in path else 200)


def test_many_are_asked_about_in_few_questions(house: House) -> None:
    """As many for thirty as for three: of each right the board's rules are read once."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    door = Door.objects.select_related("controller__site__tenant", "rules").get(pk=house.doors[0].pk)
    counts = []
    for n in range(2):
        for k in range(3 + 27 * n):
            house.add_card(f"Beboer {n}-{k}", 3000 + 100 * n + k)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            who.of_door(door, clock.now(), clock.now())
        counts.append(len(asked))
    assert counts[0] == counts[1] < 30, counts


def test_something_else_that_was_made_lately_makes_no_card_a_new_one(house: House) -> None:
    house.time.now += 200 * 86_400
    Change.objects.create(
        tenant=house.tenant, kind=Change.Kind.PERSON, what=Change.What.MADE, way=Change.Way.COMMAND, at=clock.now(),
        object=house.card.pk,
    )  # fmt: skip
    found = unused.of_tenant(house.tenant, 90, clock.now(), Credential.objects.all()).cards
    assert house.card in found
