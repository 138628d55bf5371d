"""Memberships that are bound to places, and memberships that end. Who gets what of all there is: tests/.../attack."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cloud_world import BOARD, House, Stopped, counted_bytes
from django.db import IntegrityError, transaction
from django.test import Client

from tools.cloud.controllers import enrol, lost
from tools.cloud.members import links, members, terms
from tools.cloud.members.terms import Terms
from tools.cloud.models import AccessGroup, Grant, Membership, Person, Reach, Right, Role, Tenant, User, visible
from tools.cloud.models.reach import At
from tools.cloud.models.scope import Owned
from tools.cloud.people import people
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

Ask = Any


@pytest.fixture
def owner(house: House) -> User:
    return members.invite(house.tenant, "eier@example.org", Role.OWNER).user


@pytest.fixture
def bound(house: House, owner: User) -> Client:
    """An administrator of the first of the house's two doors; Ingrid's group has both."""
    wanted = Terms(Role.ADMINISTRATOR, None, {"doors": [house.doors[0].pk]})
    return signed_in(members.invite(house.tenant, "ola@example.org", wanted).user)


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    assert client.post(f"/enter/{links.make(user)}").status_code == 302
    client.user = user  # type: ignore[attr-defined]
    return client


def post(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, fields, "application/json")


def test_every_model_of_a_tenant_says_where_its_rows_lie() -> None:
    silent = [model.__name__ for model in _models(Owned) if not isinstance(vars(model).get("AT"), At)]
    assert silent == [], "say it with AT: models/reach.py has what there is"


def _models(of: type[Any]) -> list[type[Any]]:
    found = [model for one in of.__subclasses__() for model in _models(one)]
    return found + ([] if of._meta.abstract else [of])


def test_who_looks_after_a_door_sees_and_changes_what_is_of_it_only(house: House, bound: Client) -> None:
    first, second = house.doors
    own = post(bound, "/api/groups", name="porten", doors=[first.pk]).json()["id"]
    other = AccessGroup.objects.create(tenant=house.tenant, name="kjelleren")
    other.doors.set([second])
    kari = people.enter(house.tenant.pk, name="Kari")
    Grant.objects.create(person=kari, group=other)
    people.give_card(kari, 26, 77)
    assert [one["id"] for one in bound.get("/api/doors").json()] == [first.pk]
    assert {one["name"] for one in bound.get("/api/people").json()} == {"Ingrid Solheim"}
    assert {one["id"]: one["doors"] for one in bound.get("/api/groups").json()} == {
        house.group.pk: [first.pk], own: [first.pk],
    }  # fmt: skip
    page = bound.get(f"/groups/{house.group.pk}/").content
    assert b"Hovedinngang" in page and b"Postrom" not in page
    refused: list[tuple[str, str, dict[str, Any], int]] = [
        ("patch", f"/api/groups/{house.group.pk}", {"name": "alt"}, 403),  # it has a door elsewhere
        ("patch", f"/api/groups/{own}", {"doors": [second.pk]}, 400),
        ("patch", f"/api/groups/{own}", {"doors": []}, 400),
        ("patch", f"/api/groups/{own}/rules", {"doors": [{"door": second.pk}]}, 400),
        ("post", "/api/groups", {"name": "alle dører", "doors": [first.pk, second.pk]}, 400),
        ("post", "/api/people", {"name": "Ny"}, 400),
        ("post", "/api/people", {"name": "Ny", "group": house.group.pk}, 403),
        # A card of hers would open the other door as well.
        ("post", "/api/credentials", {"person": house.person.pk, "number": 99}, 403),
        ("post", "/api/pins", {"person": house.person.pk}, 403),
        ("patch", f"/api/people/{house.person.pk}", {"active": False}, 403),
        ("delete", f"/api/people/{house.person.pk}", {}, 403),
        ("get", f"/api/people/{house.person.pk}/export", {}, 403),
        ("post", "/api/grants", {"person": house.person.pk, "group": house.group.pk}, 403),
        ("post", "/api/grants", {"person": kari.pk, "group": own}, 404),
        ("post", "/api/schedules", {"name": "natt", "times": []}, 403),
    ]
    for method, path, fields, status in refused:
        answer = getattr(bound, method)(path, fields, "application/json") if method != "get" else bound.get(path)
        assert answer.status_code == status, (method, path, fields, answer.content)
    made = post(bound, "/api/people", name="Ny", group=own).json()["id"]
    assert post(bound, "/api/credentials", person=made, number=99).status_code == 201
    told = post(bound, "/api/credentials", person=made, number=77)
    assert told.status_code == 400 and "Kari" not in told.content.decode()
    page = bound.post(f"/people/{made}/cards", {"bits": 26, "facility": 0, "number": 77}).content
    assert b"Somebody else holds this card." in page and b"Kari" not in page
    # Into their own group with somebody of another one, who stays in that.
    assert bound.post(f"/people/{house.person.pk}/groups", {"groups": [own]}).status_code == 302
    assert set(house.person.grants.values_list("group", flat=True)) == {house.group.pk, own}
    assert bound.post(f"/people/{house.person.pk}/groups", {"groups": [house.group.pk]}).status_code == 422


def test_a_board_in_place_of_a_lost_one_is_theirs_as_the_old_one_was(house: House, bound: Client) -> None:
    lost.lost(house.controller, None)
    made, _ = enrol.enrol(house.site, "Ny", BOARD, replaces=house.row(), urandom=counted_bytes(9 << 40))
    assert [one["id"] for one in bound.get("/api/doors").json()] == [made.doors.get(number=1).pk]


def test_what_is_bound_stays_so_when_its_places_are_gone(house: House, bound: Client) -> None:
    row = Membership.objects.get(user__email="ola@example.org")
    row.doors.clear()
    assert bound.get("/api/doors").json() == [] and bound.get("/api/people").json() == []
    assert b"their places are gone" in bound.get("/account/").content
    with pytest.raises(Refusal):
        members.set_terms(row, Terms(Role.ADMINISTRATOR, None, {"doors": []}))


def test_what_no_membership_can_be_is_refused(house: House, owner: User, time_now: Stopped) -> None:
    now = clock.now()
    elsewhere = House("Fjordgata", time_now, seed=9)
    for wanted in (
        Terms(Role.OWNER, now + timedelta(days=1)),
        Terms(Role.OWNER, None, {"doors": [house.doors[0].pk]}),
        Terms(Role.VIEWER, now),
        Terms(Role.SUPPORT),
        Terms(Role.SUPPORT, now + timedelta(days=7, seconds=1)),
        Terms(Role.GUARD, None, {}),
        Terms(Role.GUARD, None, {"doors": [elsewhere.doors[0].pk]}),
        Terms(Role.GUARD, None, {"sites": [elsewhere.site.pk]}),
    ):
        with pytest.raises(Refusal):
            members.invite(house.tenant, "ny@example.org", wanted)
        with pytest.raises(Refusal):
            members.invite_by(owner, house.tenant, "ny@example.org", wanted, 60)
    assert not Membership.objects.filter(user__email="ny@example.org").exists()
    members.invite(house.tenant, "hjelp@example.org", Terms(Role.SUPPORT, now + timedelta(days=7)))
    rows = Membership.objects
    for fields in ({"role": "support"}, {"role": "owner", "until": now}, {"role": "owner", "bound": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.create(user=User.objects.named("ny@example.org"), tenant=house.tenant, **fields)


def test_a_membership_that_has_ended_allows_nothing_and_goes(house: House, owner: User, time_now: Stopped) -> None:
    until = clock.now() + timedelta(hours=2)
    row = members.invite(house.tenant, "hjelp@example.org", Terms(Role.SUPPORT, until))
    client = signed_in(row.user)
    assert len(client.get("/api/doors").json()) == 2 and client.get("/log/").status_code == 200
    assert post(client, f"/api/doors/{house.doors[0].pk}/release").status_code == 403
    time_now.now = until.timestamp()
    assert client.get("/api/doors").json() == [] and client.get("/log/").status_code == 403
    assert Reach.of(row.user).rights() == set() and not visible(Person, row.user).exists()
    housekeeping.tidy(clock.now())
    assert not Membership.objects.filter(pk=row.pk).exists() and not row.user.sessions.exists()
    assert members.of(house.tenant, owner)


def test_an_invitation_keeps_until_when_and_where(house: House, owner: User, time_now: Stopped) -> None:
    elsewhere = House("Fjordgata", time_now, seed=9)
    ola = members.invite(elsewhere.tenant, "ola@example.org", Role.VIEWER).user
    wanted = Terms(Role.GUARD, clock.now() + timedelta(days=3), {"sites": [house.site.pk], "doors": [], "banks": []})
    token = members.invite_by(owner, house.tenant, ola.email, wanted, 60 * 24 * 7)
    assert isinstance(token, str)
    late = members.invite_by(owner, house.tenant, ola.email, wanted, 60 * 24 * 7)
    assert isinstance(late, str)
    time_now.now += timedelta(days=4).total_seconds()
    assert members.accept(late, ola, "") is None, "its end is over: nothing comes of it"
    time_now.now -= timedelta(days=4).total_seconds()
    token = members.invite_by(owner, house.tenant, ola.email, wanted, 60)
    row = members.accept(str(token), ola, "")
    assert row is not None and terms.of(Membership.objects.get(pk=row.pk)) == wanted


def test_owners_say_on_the_page_who_may_what_where_and_until_when(house: House, owner: User) -> None:
    client = signed_in(owner)
    new = {"email": "vakt@example.org", "role": "guard", "until": "2030-01-31", "where": "some"}
    path = f"/tenants/{house.tenant.pk}/members/new"
    assert client.post(path, new).status_code == 400  # nowhere
    assert client.post(path, new | {"doors": [house.doors[1].pk]}).status_code == 200
    row = Membership.objects.get(user__email="vakt@example.org")
    page = client.get("/members/").content.decode()
    assert "only at Postrom" in page and "until the end of" in page and page.count('name="sites"') == 1  # invite
    page = client.get(re.findall(rf'href="(/members/\?change={row.pk})#member-{row.pk}"', page)[0]).content.decode()
    ticked = re.findall(r'<input type="checkbox" name="(\w+)" value="(\d+)"[^>]* checked', page)
    assert ticked == [("doors", str(house.doors[1].pk))] and page.count('name="sites"') == 2  # guard, invite
    change = client.get("/api/changes?kind=member").json()["changes"][0]["after"]
    assert change["role"] == "guard" and change["doors"] == ["Postrom"] and change["bound"] is True
    post_to = f"/members/{row.pk}/role"
    assert client.post(post_to, {"role": "receptionist", "where": "all"}).status_code == 302
    assert terms.of(Membership.objects.get(pk=row.pk)) == Terms(Role.RECEPTIONIST)
    assert client.post(post_to, {"role": "support", "where": "all"}).status_code == 400
    fields = {"role": "viewer", "places": {"sites": [house.site.pk]}}
    answer = client.patch(f"/api/members/{row.pk}", fields, "application/json")
    assert answer.json()["places"] == {"sites": [house.site.pk], "doors": [], "banks": []}
    assert client.patch(f"/api/members/{row.pk}", {"role": "guard"}, "application/json").json()["places"]["sites"]


def test_a_receptionist_makes_parcels_and_sees_no_log_and_no_people(house: House, owner: User) -> None:
    bank, delivery = house.add_bank()
    client = signed_in(members.invite(house.tenant, "luka@example.org", Role.RECEPTIONIST).user)
    assert (
        client.post(f"/lockers/{bank.pk}/deliveries/new", {"name": "Eva", "email": "eva@example.org"}).status_code
        == 200
    )
    assert client.post(f"/deliveries/{delivery.pk}/cancel").status_code == 302
    assert client.get("/log/").status_code == client.get("/people/").status_code == 403
    assert post(client, f"/api/doors/{house.doors[0].pk}/release").status_code == 403
    assert Right.GUESTS in Role.RECEPTIONIST.rights and Tenant.objects.count() == 1


def test_who_is_invited_by_the_api_gets_the_end_and_the_places_that_were_said(house: House, owner: User) -> None:
    until = clock.now() + timedelta(days=3)
    said = {
        "email": "ny@example.org",
        "role": "guard",
        "until": until.isoformat(),
        "places": {"doors": [house.doors[0].pk]},
    }
    answer = post(signed_in(owner), "/api/members", tenant=house.tenant.pk, **said)
    assert answer.status_code == 201, answer.content
    row = Membership.objects.get(user__email="ny@example.org")
    assert (row.until, list(row.doors.all())) == (until, [house.doors[0]])
