"""Who calls the API, asked directly: tenants, roles and rights, each from both sides; and what its lists leave out."""

import json
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.http import Http404
from django.test import Client
from ninja.errors import HttpError

from tools.cloud.api import docs
from tools.cloud.api.auth import Caller
from tools.cloud.controllers import lost
from tools.cloud.members import links
from tools.cloud.models import Exposure, HeldRole, Person, Reach, Right, Role
from tools.cloud.models.rights import ROLES
from tools.cloud.people import people


def calling(roles: dict[int, Role]) -> Caller:
    return Caller(Reach({tenant: HeldRole(role) for tenant, role in roles.items()}))


def program(house: House, role: str = "administrator") -> Client:
    return Client(headers={"Authorization": f"Bearer {links.make_token(house.tenant, f'as {role}', role)}"})


@pytest.fixture
def there(time_now: Stopped) -> House:
    return House("Fjordgata", time_now, seed=9)


@pytest.mark.parametrize("right", list(Right), ids=lambda right: right.value)
@pytest.mark.parametrize("role", list(ROLES))
def test_a_caller_may_what_the_role_in_that_tenant_allows(house: House, there: House, role: str, right: Right) -> None:
    here = house.tenant.pk
    who = calling({here: Role(role)})
    may = right in ROLES[role]
    assert who.tenants(right) == ([here] if may else [])
    for ask in (lambda: who.must(here, right), lambda: who.tenant(None, right), lambda: who.tenant(here, right)):
        if may:
            assert ask() == here
            continue
        with pytest.raises(HttpError) as refused:
            ask()
        assert refused.value.status_code == 403
    for ask in (lambda: who.must(there.tenant.pk, right), lambda: who.tenant(there.tenant.pk, right)):
        with pytest.raises(Http404):
            ask()


def test_who_belongs_to_several_tenants_names_one(house: House, there: House) -> None:
    """What is meant for one building must not be done in another because its number is lower."""
    who = calling({house.tenant.pk: Role.OWNER, there.tenant.pk: Role.VIEWER})
    for caller in (who, calling({})):
        with pytest.raises(HttpError) as refused:
            caller.tenant(None)
        assert refused.value.status_code == 400
    assert who.tenant(house.tenant.pk) == who.change(house.tenant.pk) == house.tenant.pk
    with pytest.raises(HttpError):
        who.change(there.tenant.pk)


def test_a_row_is_found_only_by_who_may_see_it(house: House, there: House) -> None:
    mine, theirs = house.person, there.person
    who = calling({house.tenant.pk: Role.ADMINISTRATOR, there.tenant.pk: Role.INSTALLER})
    assert who.one(Person, mine.pk) == mine
    assert list(who.rows(Person)) == [mine], "an installer sees no people"
    for pk in (theirs.pk, 999_999):
        with pytest.raises(Http404):
            who.one(Person, pk)


def test_what_was_lost_is_told_with_names_only_where_one_may_see_them(house: House, there: House) -> None:
    """The list names people; of another board's cards, and of another tenant, it says nothing."""
    people.give_card(house.person, 34, 9)
    lost.lost(house.controller, None)
    lost.lost(there.controller, None)
    found = program(house).get(f"/api/controllers/{house.controller.pk}/lost").json()["replace"]
    known = Exposure.objects.filter(controller=house.controller).values_list("credential", flat=True)
    assert sorted(one["credential"] for one in found) == sorted(known) and len(found) == 2
    assert {one["name"] for one in found} == {"Ingrid Solheim"}
    assert program(house).get(f"/api/controllers/{there.controller.pk}/lost").status_code == 404
    hidden = program(house, "installer").get(f"/api/controllers/{house.controller.pk}/lost").json()["replace"]
    assert {one["name"] for one in hidden} == {None} and {one["person"] for one in hidden} == {None}
    people.revoke(house.card)
    left = program(house).get(f"/api/controllers/{house.controller.pk}/lost").json()["replace"]
    assert [one["credential"] for one in left] == [pk for pk in sorted(known) if pk != house.card.pk]


def test_lists_hold_what_works_and_is_one_s_own(house: House, there: House) -> None:
    """A token that was taken back must not look as if it still opened something."""
    from tools.cloud.models import ApiToken, Membership, User

    user = User.objects.named("owner@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role="owner")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for tenant, name in ((house.tenant, "b"), (house.tenant, "a"), (house.tenant, "gone"), (there.tenant, "theirs")):
        links.make_token(tenant, name, "viewer")
    gone = ApiToken.objects.get(name="gone")
    assert client.delete(f"/api/tokens/{gone.pk}").status_code == 204
    assert [one["name"] for one in client.get("/api/tokens").json()] == ["a", "b"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({"$ref": "#/components/schemas/DoorOut"}, "DoorOut"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/DoorOut"}}, "[DoorOut]"),
        ({"type": "array"}, "[]"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer | null"),
        ({"enum": ["a", 2], "type": "string"}, "a | 2"),
        ({}, ""),
    ],
)
def test_a_type_is_written_as_one_reads_it(schema: dict[str, Any], said: str) -> None:
    assert docs._type(schema) == said


def test_the_page_of_the_api_tells_fields_with_what_they_must_be(house: House) -> None:
    known = {
        "In": {"properties": {"a": {"type": "integer", "description": "How many."}, "b": {}}, "required": ["a"]},
        "Out": {"properties": {"c": {"type": "string"}}},
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}}
    gives = {"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "x/Out"}}}}}
    parameters = [
        {"name": "door", "schema": {"type": "integer"}, "required": True},
        {"name": "since", "schema": {"type": "string"}},
    ]
    call = docs._call(
        "/doors",
        "post",
        {
            "tags": ["doors"],
            "summary": "open a door",
            "description": "At once.",
            "parameters": parameters,
            "requestBody": body,
            "responses": {200: gives, 204: {}, 400: gives},
        },
        known,
    )
    assert json.loads(json.dumps(call)) == {
        "subject": "doors",
        "method": "POST",
        "path": "/doors",
        "what": "Open a door",
        "about": "At once.",
        "parameters": [
            {"name": "door", "type": "integer", "required": True, "about": ""},
            {"name": "since", "type": "string", "required": False, "about": ""},
        ],
        "body": [
            {"name": "a", "type": "integer", "required": True, "about": "How many."},
            {"name": "b", "type": "", "required": False, "about": ""},
        ],
        "answers": [
            {
                "status": "200",
                "type": "[Out]",
                "fields": [{"name": "c", "type": "string", "required": False, "about": ""}],
            },
            {"status": "204", "type": "", "fields": []},
            {"status": "400", "type": "[Out]", "fields": []},
        ],
    }
