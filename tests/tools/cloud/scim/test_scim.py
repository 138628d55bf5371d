"""A directory's people and groups: Entra's habits, who leaves is refused, and nothing of another tenant."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cloud_world import House, Wire
from django.test import Client

from tools.cloud.models import (
    AccessGroup,
    AclEntry,
    Change,
    Grant,
    Membership,
    Person,
    Role,
    ScimGroup,
    ScimToken,
    ScimUser,
    User,
)
from tools.cloud.people import people
from tools.cloud.scim import groups, messages, tokens
from tools.cloud.services.refusal import Refusal

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TYPE = "application/scim+json"


class Directory:
    """Entra ID, as it asks."""

    def __init__(self, house: House) -> None:
        self.client = Client(headers={"authorization": f"Bearer {tokens.make(house.tenant, 'Entra')}"})

    def ask(self, method: str, path: str, said: Any = None, status: int = 200, **headers: str) -> Any:
        body = {} if said is None else {"data": json.dumps(said), "content_type": TYPE}
        answer = getattr(self.client, method)(f"/scim/v2/{path}", headers=headers, **body)
        assert answer.status_code == status, (answer.status_code, answer.content)
        return answer.json() if answer.content else answer

    def user(self, name: str, **more: Any) -> Any:
        said = {
            "schemas": [USER, ENTERPRISE], "userName": name, "externalId": f"ext-{name}", "active": True,
            "displayName": f"Visningsnavn {name}", "meta": {"resourceType": "User"},
            "emails": [{"primary": True, "type": "work", "value": f"{name}@example.test"}], "roles": [],
            "name": {"formatted": "Full", "familyName": "Etternavn", "givenName": name},
            ENTERPRISE: {"department": "x"},
        }  # fmt: skip
        return self.ask("post", "Users", said | more, 201)

    def patch(self, path: str, *operations: Any, status: int = 200, **headers: str) -> Any:
        return self.ask("patch", path, {"schemas": [PATCH], "Operations": list(operations)}, status, **headers)


@pytest.fixture
def entra(house: House) -> Iterator[Directory]:
    yield Directory(house)


def test_somebody_comes_works_and_leaves(house: House, entra: Directory) -> None:
    assert entra.ask("get", 'Users?filter=userName eq "anna"')["totalResults"] == 0
    made = entra.user("Anna")
    person = Person.objects.get(name="Visningsnavn Anna")
    assert made["active"] and "emails" not in made and made["meta"]["location"].endswith(f"/scim/v2/Users/{made['id']}")
    assert "example.test" not in str(ScimUser.objects.values()), "what nobody needs here is not kept"
    assert entra.ask("get", 'Users?filter=USERNAME eq "ANNA"')["Resources"][0]["id"] == made["id"]
    assert entra.ask("get", 'Users?filter=externalId eq "ext-Anna"')["totalResults"] == 1
    entra.user("anna", status=409) if False else entra.ask(
        "post", "Users", {"schemas": [USER], "userName": "ANNA"}, 409
    )
    people.give_card(person, 26, 4711)
    people.put_into(person, [house.group.pk])
    assert AclEntry.objects.filter(credential__person=person).exists()
    gone = entra.patch(f"Users/{made['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert gone["active"] is False and not AclEntry.objects.filter(credential__person=person).exists()
    kept = Change.objects.filter(person=person, what="changed").get()
    assert (kept.way, kept.account, kept.after) == ("api", "SCIM: Entra", {"active": False})
    back = entra.patch(f"Users/{made['id']}", {"op": "replace", "value": {"active": True, "name.familyName": "Ny"}})
    assert back["name"]["familyName"] == "Ny" and AclEntry.objects.filter(credential__person=person).exists()
    entra.ask("delete", f"Users/{made['id']}", status=204)
    entra.ask("get", f"Users/{made['id']}", status=404)
    person.refresh_from_db()
    assert not person.active and not person.grants.exists() and not AclEntry.objects.filter(credential__person=person)
    entra.user("Anna")


def test_who_was_switched_off_here_stays_so_until_the_directory_does_something(house: House, entra: Directory) -> None:
    number = entra.user("Bo")["id"]
    person = Person.objects.get(name="Visningsnavn Bo")
    people.change(person, active=False)
    entra.patch(f"Users/{number}", {"op": "Replace", "path": "active", "value": "True"})
    entra.patch(f"Users/{number}", {"op": "Replace", "path": "displayName", "value": "Bo Berg"})
    assert Person.objects.get(pk=person.pk).name == "Bo Berg" and not Person.objects.get(pk=person.pk).active
    people.change(person, active=True)
    entra.patch(f"Users/{number}", {"op": "Replace", "path": "active", "value": False})
    people.change(Person.objects.get(pk=person.pk), active=True)
    entra.patch(f"Users/{number}", {"op": "Replace", "path": "active", "value": False})
    assert not Person.objects.get(pk=person.pk).active, "off is off, also where it is no news"


def test_groups_choose_people_and_their_doors_stay_ours(house: House, entra: Directory) -> None:
    ids = [entra.user(name)["id"] for name in ("A", "B", "C")]
    said = {"schemas": [GROUP], "displayName": "alle", "members": []}
    assert entra.ask("post", "Groups", said, 409)["scimType"] == "uniqueness", "nobody has let it have this group"
    assert entra.ask("get", "Groups")["totalResults"] == 0
    groups.let(house.group, True)
    row = entra.ask("get", 'Groups?excludedAttributes=members&filter=displayName eq "Alle"')["Resources"][0]
    assert "members" not in row
    path = f"Groups/{row['id']}"
    added = entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": one} for one in ids]})
    assert {one["value"] for one in added["members"]} == set(ids) and house.group.grants.count() == 4
    assert entra.ask("get", f"Users/{ids[0]}")["groups"][0]["display"] == "alle"
    entra.patch(path, {"op": "Remove", "path": f'members[value eq "{ids[0]}"]'})
    left = entra.patch(path, {"op": "Remove", "path": "members", "value": [{"value": ids[1]}]})
    assert [one["value"] for one in left["members"]] == [ids[2]]
    assert Grant.objects.filter(person=house.person).exists(), "who was put in here is not the directory's"
    assert house.group.places.count() == 2 and Change.objects.filter(kind="grant", what="removed").count() == 2
    entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": "999999"}]}, status=400)
    entra.patch(path, {"op": "Replace", "path": "displayName", "value": "ansatte"})
    assert AccessGroup.objects.get(pk=house.group.pk).name == "ansatte" and house.group.places.count() == 2
    entra.ask("delete", path, status=204)
    assert AccessGroup.objects.filter(pk=house.group.pk).exists() and house.group.grants.count() == 1
    empty = entra.ask("post", "Groups", {"schemas": [GROUP], "displayName": "nye", "members": [{"value": ids[0]}]}, 201)
    entra.ask("delete", f"Groups/{empty['id']}", status=204)
    assert not AccessGroup.objects.filter(name="nye").exists() and not ScimGroup.objects.exists()


def test_a_group_that_is_taken_from_the_directory_is_no_more_its_own(house: House, entra: Directory) -> None:
    ids = [entra.user("A")["id"]]
    groups.let(house.group, True)
    path = f"Groups/{ScimGroup.objects.get().pk}"
    entra.patch(path, {"op": "add", "path": "members", "value": [{"value": one} for one in ids]})
    groups.let(house.group, False)
    entra.ask("get", path, status=404)
    entra.patch(path, {"op": "remove", "path": "members"}, status=404)
    assert house.group.grants.count() == 2, "who is in it stays"


@pytest.mark.parametrize(("letters", "status"), [(0, 400), (1, 201), (groups.NAME, 201), (groups.NAME + 1, 400)])
def test_a_group_has_a_name_as_long_as_one_of_ours(entra: Directory, letters: int, status: int) -> None:
    entra.ask("post", "Groups", {"schemas": [GROUP], "displayName": "x" * letters}, status)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "Entra\0", "Entra\nID", "Entra\x1b[2J"])
def test_a_token_has_a_name_of_one_line(house: House, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[ScimToken] = []
    monkeypatch.setattr(ScimToken, "save", saved.append)
    with pytest.raises(Refusal):
        tokens.make(house.tenant, name)
    assert not saved, "refused before a database is asked, which may not keep it"


def test_a_deleted_user_is_in_no_group_any_more(house: House, entra: Directory) -> None:
    groups.let(house.group, True)
    number, group = entra.user("A")["id"], ScimGroup.objects.get().pk
    entra.patch(f"Groups/{group}", {"op": "add", "path": "members", "value": [{"value": number}]})
    entra.ask("delete", f"Users/{number}", status=204)
    assert "members" not in entra.ask("get", f"Groups/{group}")


def test_a_version_that_is_old_is_refused(house: House, entra: Directory) -> None:
    made = entra.user("A")
    path, old = f"Users/{made['id']}", made["meta"]["version"]
    change = {"op": "replace", "path": "displayName", "value": "Anna"}
    entra.patch(path, change, **{"If-Match": old})
    entra.patch(path, {**change, "value": "Annen"}, status=412, **{"If-Match": old})
    now = entra.ask("get", path)["meta"]["version"]
    assert now != old
    entra.ask("get", path, status=304, **{"If-None-Match": now})
    entra.ask("delete", path, status=412, **{"If-Match": old})
    entra.ask("delete", path, status=204, **{"If-Match": f"{old}, {now}"})


def test_pages_of_a_list(house: House, entra: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        entra.user(f"u{n}")
    page = entra.ask("get", "Users?startIndex=2&count=2")
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [one["userName"] for one in page["Resources"]] == ["u1", "u2"]
    assert entra.ask("get", "Users?count=0")["totalResults"] == 5
    found = entra.ask("get", 'Users?filter=userName sw "u" and not (name.givenName eq "u3")&attributes=userName')
    assert found["totalResults"] == 4 and "displayName" not in found["Resources"][0]
    assert entra.ask("get", "Users?filter=userName xx 1", status=400)["scimType"] == "invalidFilter"
    monkeypatch.setattr("tools.cloud.scim.views.MOST_SEEN", 3)
    assert entra.ask("get", 'Users?filter=userName sw "u"', status=400)["scimType"] == "tooMany"


def test_what_is_hostile_is_refused_in_its_form(house: House, entra: Directory) -> None:
    made = entra.user("A")
    for said in (
        {"schemas": [USER]}, {"schemas": [USER], "userName": "x" * 300}, {"schemas": [USER], "userName": "a\0b"}, [],
        {"schemas": [USER], "userName": {"a": 1}}, {"userName": "y", "externalId": "z" * 300},
        {"userName": "a\x1b[2J"}, {"userName": "y", "externalId": "a\nb"}, {"userName": "y", "displayName": "a\u202eb"},
        {"userName": "y", "displayName": "y", "name": {"givenName": "a\x07b"}},
    ):  # fmt: skip
        assert entra.ask("post", "Users", said, 400)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    entra.ask("post", "Groups", {"displayName": "a\x1bb"}, 400)
    entra.ask("post", "Groups", {"displayName": "y", "externalId": "a\nb"}, 400)
    deep = "[" * 50_000
    assert entra.client.post("/scim/v2/Users", deep, TYPE).status_code == 400
    assert entra.client.post("/scim/v2/Users", "x" * (messages.MOST_BYTES + 1), TYPE).status_code == 413
    for path in ("Users/0", "Users/x", "Users/" + "9" * 40, "Nothing", "Groups/1", "Schemas/urn:none"):
        entra.ask("get", path, status=404)
    entra.ask("put", "Users", {}, 405)
    entra.ask("get", 'Schemas?filter=id eq "x"', status=403)
    entra.patch(f"Users/{made['id']}", {"op": "remove"}, status=400)
    entra.patch(f"Users/{made['id']}", {"op": "replace", "path": "id", "value": "7"}, status=400)
    entra.patch(f"Users/{made['id']}", {"op": "replace", "path": "userName", "value": ""}, status=400)
    assert ScimUser.objects.get().user_name == "A"


def test_only_with_its_own_token_and_only_its_own(house: House, entra: Directory) -> None:
    made = entra.user("A")
    there = House("Naboen", house.time, seed=9)
    other = Directory(there)
    groups.let(house.group, True)
    for path in (f"Users/{made['id']}", f"Groups/{ScimGroup.objects.get().pk}"):
        other.ask("get", path, status=404)
        other.patch(path, {"op": "replace", "path": "externalId", "value": "x"}, status=404)
        other.ask("delete", path, status=404)
    assert other.ask("get", "Users")["totalResults"] == 0 and other.user("A")["id"] != made["id"]
    mine = other.ask("post", "Groups", {"schemas": [GROUP], "displayName": "x"}, 201)["id"]
    other.patch(f"Groups/{mine}", {"op": "add", "path": "members", "value": [{"value": made["id"]}]}, status=400)
    good = entra.client.defaults.get("HTTP_AUTHORIZATION") or tokens.make(house.tenant, "t")
    for header in ("", "Bearer", "Bearer x", "Bearer 1.", "Basic abc", f"Bearer {str(good).split('.')[0]}.x"):
        answer = Client(headers={"authorization": header}).get("/scim/v2/Users")
        assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer" and b"schemas" in answer.content
    tokens.revoke(ScimToken.objects.filter(tenant=house.tenant).first())
    entra.ask("get", "Users", status=401)
    assert Change.objects.filter(kind="token", what="changed", tenant=house.tenant).exists()


def test_what_an_owner_made_goes_with_them(house: House) -> None:
    owner = User.objects.named("owner@example.test")
    row = Membership.objects.create(user=owner, tenant=house.tenant, role=Role.OWNER)
    token = tokens.make(house.tenant, "Entra", owner)
    assert tokens.read(token)
    Membership.objects.filter(pk=row.pk).update(role=Role.VIEWER)
    assert tokens.read(token) is None


def test_a_leaver_is_out_of_the_board(house: House, entra: Directory) -> None:
    number = entra.user("A")["id"]
    person = Person.objects.get(name="Visningsnavn A")
    people.give_card(person, 26, 4711)
    people.put_into(person, [house.group.pk])
    wire = Wire(house.time)
    board = wire.connect(house.settings).connect()
    for _ in range(5):
        wire.poll()
    assert len(board.table) == 2
    entra.patch(f"Users/{number}", {"op": "Replace", "path": "active", "value": "False"})
    for _ in range(5):
        wire.poll()
    assert len(board.table) == 1


def test_who_is_shown_by_no_name_is_called_by_both_of_theirs(house: House) -> None:
    directory = Directory(house)
    names = ({"givenName": "Kari", "familyName": "Moe"}, {"givenName": "Ola"}, {"honorificPrefix": "Dr."})
    for n, named in enumerate(names):
        directory.ask("post", "Users", {"schemas": [USER], "userName": f"{n}@example.test", "name": named}, 201)
    found = Person.objects.filter(scim__isnull=False).order_by("pk").values_list("name", flat=True)
    assert list(found) == ["Kari Moe", "Ola", "2@example.test"]
