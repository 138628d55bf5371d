"""Partners: of chosen doors what was allowed, by pseudonyms of their own, counted, and 404 for all else."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House
from django.test import Client

from firmware.controller import events
from tools.cloud.members import links, members
from tools.cloud.models import (
    AccessGroup,
    ApiToken,
    Change,
    Event,
    GroupDoor,
    Look,
    Membership,
    Partner,
    PartnerCall,
    Role,
    User,
)
from tools.cloud.partners import partners
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal

ALL = tuple(Partner.Scope)


@pytest.fixture
def owner(house: House) -> User:
    user = User.objects.named("eier@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.OWNER)
    return user


def asks(token: str) -> Any:
    """asks(token)(path): (status, what came)."""
    client = Client(headers={"authorization": f"Bearer {token}"})

    def ask(path: str) -> tuple[int, Any]:
        answer = client.get(f"/partner/v1{path}")
        return answer.status_code, answer.json()

    return ask


def at_second_door(house: House, name: str) -> Any:
    """Somebody who may pass the second door only."""
    group = AccessGroup.objects.create(tenant=house.tenant, name=name)
    GroupDoor.objects.create(accessgroup=group, door=house.doors[1])
    return house.add_person(name, group)


def passes(house: House, door: int = 1, code: int = events.GRANTED) -> None:
    Event.objects.create(
        controller=house.controller, epoch=1, sequence=1 + Event.objects.count(), door_number=door, code=code, extra=0,
        flags=1, utc=clock.now(), received_at=clock.now(), credential=house.card, key=b"1234567", count=0,
        chain=b"12345678",
    )  # fmt: skip


def test_a_partner_sees_its_doors_their_people_and_their_log(house: House, owner: User) -> None:
    only = at_second_door(house, "Bare postrommet")
    ask = asks(partners.make(house.tenant, "Renhold AS", [house.doors[0]], ALL, by=owner))
    assert [door["name"] for door in ask("/doors")[1]] == ["Hovedinngang"]
    people = ask("/people")[1]
    assert [one["name"] for one in people["people"]] == [house.person.name] and people["next"] is None
    passes(house, 1)
    passes(house, 2)
    log = ask("/events")[1]
    assert [(one["door"], one["what"]) for one in log["events"]] == [(house.doors[0].pk, "granted")]
    assert log["events"][0]["person"] == people["people"][0]["id"], "one and the same"
    assert ask(f"/events?after={log['next']}")[1] == {"events": [], "next": log["next"]}
    passes(house, 1, events.GRANTED_DURESS)
    [one] = ask(f"/events?after={log['next']}")[1]["events"]
    assert one["what"] == "granted", "nobody is told of duress"
    assert Look.objects.filter(what=Look.What.LOG, token__partner__isnull=False).exists(), "they looked, too"
    both = asks(partners.make(house.tenant, "Heis AS", house.doors, ALL, by=owner))
    assert {one["name"] for one in both("/people")[1]["people"]} == {house.person.name, only.name}


def test_two_partners_know_somebody_by_two_names(house: House, owner: User) -> None:
    asked = [asks(partners.make(house.tenant, name, house.doors, ALL, by=owner))("/people")[1] for name in "ab"]
    assert asked[0]["people"][0]["name"] == asked[1]["people"][0]["name"]
    assert asked[0]["people"][0]["id"] != asked[1]["people"][0]["id"]


@pytest.mark.parametrize("left", [Partner.Scope.PEOPLE, Partner.Scope.LOG, None])
def test_what_was_not_allowed_is_not_there(house: House, owner: User, left: Any) -> None:
    ask = asks(partners.make(house.tenant, "Renhold AS", house.doors, [s for s in ALL if s == left], by=owner))
    assert ask("/doors")[0] == 200
    assert ask("/people")[0] == (200 if left == Partner.Scope.PEOPLE else 404)
    assert ask("/events")[0] == (200 if left == Partner.Scope.LOG else 404)
    assert {(one.what, one.count, one.refused) for one in PartnerCall.objects.all()} == {
        ("doors", 1, 0), ("people", 1, left != Partner.Scope.PEOPLE), ("log", 1, left != Partner.Scope.LOG),
    }  # fmt: skip


def test_its_token_is_good_for_nothing_else(house: House, owner: User) -> None:
    token = partners.make(house.tenant, "Renhold AS", house.doors, ALL, by=owner)
    passes(house)
    client = Client(headers={"authorization": f"Bearer {token}"})
    for path in ("doors", "people", "tenants", "banks", "credentials", "controllers", "events"):
        assert client.get(f"/api/{path}").status_code == 401, path
    assert client.post(f"/api/doors/{house.doors[0].pk}/release").status_code == 401


def test_no_other_token_is_good_here(house: House, owner: User) -> None:
    assert asks(links.make_token(house.tenant, "Huset", Role.ADMINISTRATOR, by=owner))("/doors")[0] == 401
    assert asks("1.nonsense")("/doors")[0] == 401


def test_revoked_is_refused_and_so_is_who_was_made_by_an_owner_no_more(house: House, owner: User) -> None:
    tokens = [partners.make(house.tenant, name, house.doors, ALL, by=owner) for name in "ab"]
    members.revoke(ApiToken.objects.get(name="a"))
    assert [asks(token)("/doors")[0] for token in tokens] == [401, 200]
    Membership.objects.filter(user=owner).update(role=Role.VIEWER)
    assert asks(tokens[1])("/doors")[0] == 401


def test_people_belong_as_long_as_they_are_granted(house: House, owner: User) -> None:
    ask = asks(partners.make(house.tenant, "Renhold AS", house.doors, ALL, by=owner))
    grant = house.person.grants.get()
    now = clock.now()
    for begin, end, there in (
        (None, now + timedelta(minutes=1), True),
        (None, now, False),
        (now + timedelta(minutes=1), None, False),
        (now, None, True),
    ):
        grant.valid_from, grant.valid_until = begin, end
        grant.save()
        assert bool(ask("/people")[1]["people"]) == there, (begin, end)
    house.person.active = False
    house.person.save()
    assert not ask("/people")[1]["people"]


def test_so_many_calls_a_minute(house: House, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partners, "A_MINUTE", 2)
    ask = asks(partners.make(house.tenant, "Renhold AS", house.doors, ALL, by=owner))
    assert [ask("/doors")[0] for _ in range(4)] == [200, 200, 429, 429]
    assert PartnerCall.objects.get().refused == 2
    house.time.now += 60
    assert ask("/doors")[0] == 200


def test_a_page_ends_where_the_next_begins(house: House, owner: User) -> None:
    for n in range(4):
        house.add_person(f"P{n}")
    ask = asks(partners.make(house.tenant, "Renhold AS", house.doors, ALL, by=owner))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = ask(f"/people?limit=2&after={after}")[1]
        seen += [one["id"] for one in page["people"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == 5
    other = asks(partners.make(house.tenant, "Heis AS", house.doors, ALL, by=owner))
    for wrong in (other("/people?limit=1")[1]["next"], "x", "AAAA", "5"):
        assert ask(f"/people?after={wrong}")[0] == 422, wrong


def test_a_partner_is_bound_to_doors_of_its_tenant(house: House, owner: User, time_now: Any) -> None:
    other = House("Naboen", time_now, seed=5)
    for doors in ([], other.doors, [house.doors[0], other.doors[0]]):
        with pytest.raises(Refusal):
            partners.make(house.tenant, "Renhold AS", doors, ALL, by=owner)
    assert not ApiToken.objects.exists()
    partners.make(house.tenant, "Renhold AS", house.doors, (), by=owner)
    partner = Partner.objects.get()
    with pytest.raises(Refusal):
        partners.change(partner, other.doors, ())
    partners.change(partner, [house.doors[1]], [Partner.Scope.LOG])
    change = Change.objects.filter(kind=Change.Kind.TOKEN).latest("pk")
    assert change.before["doors"] != change.after["doors"] and change.after["scopes"] == ["log"]
