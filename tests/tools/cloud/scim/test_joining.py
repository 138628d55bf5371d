"""Somebody who was entered by hand and comes once more from the directory: one person when an administrator says so."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.test import Client
from test_scim import Directory

from tools.cloud.models import AclEntry, Change, Grant, Guest, Membership, Person, Role, ScimUser, User
from tools.cloud.people import erasure, people
from tools.cloud.residents import accounts
from tools.cloud.scim import groups, joining
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal


@pytest.fixture
def directory(house: House) -> Directory:
    return Directory(house)


def browser(house: House, role: Role = Role.ADMINISTRATOR) -> Client:
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def doubled(house: House, directory: Directory, **more: Any) -> ScimUser:
    """Ingrid, whom the directory enters as well."""
    said = directory.user("ingrid@example.test", displayName="Ingrid Solheim", **more)
    return ScimUser.objects.get(pk=int(said["id"]))


def test_a_name_and_an_address_suggest_and_join_nobody(house: House, directory: Directory) -> None:
    accounts.invite(house.person, "ingrid@example.test", None, linked=False)
    row = doubled(house, directory)
    assert row.person_id != house.person.pk and Person.objects.count() == 2
    (one,) = joining.suggestions(Person.objects.get(pk=house.person.pk))
    assert (one.person.pk, one.row.pk, one.name, one.address) == (house.person.pk, row.pk, True, True)
    (same,) = joining.suggestions(row.person)
    assert (same.person.pk, same.row.pk) == (house.person.pk, row.pk)
    page = browser(house).get(f"/people/{house.person.pk}/").content.decode()
    assert "The same person?" in page and "Name and address are the same." in page
    assert "The same person?" in browser(house).get(f"/people/{row.person_id}/").content.decode()
    viewer = browser(house, Role.VIEWER)
    assert "The same person?" not in viewer.get(f"/people/{house.person.pk}/").content.decode()
    for role, is_ in ((Role.VIEWER, "same"), (Role.INSTALLER, "same")):
        path = f"/people/{house.person.pk}/directory"
        assert browser(house, role).post(path, {"scim_user": row.pk, "is": is_}).status_code in (403, 404)
    assert ScimUser.objects.get().person_id == row.person_id


def test_who_is_joined_keeps_cards_and_doors_and_is_refused_when_the_directory_says_so(
    house: House, directory: Directory
) -> None:
    row, other = doubled(house, directory), house.add_person("Ola")
    chosen = groups.create(house.tenant, groups.Group(display_name="ansatte"))
    chosen.group.places.create(door=house.doors[1])
    directory.patch(f"Groups/{chosen.pk}", {"op": "Add", "path": "members", "value": [{"value": str(row.pk)}]})
    double = row.person_id
    answer = browser(house).post(
        f"/people/{house.person.pk}/directory", {"scim_user": row.pk, "is": "same"}, follow=True
    )
    assert "The directory looks after Ingrid Solheim from now on." in answer.content.decode()
    row.refresh_from_db()
    assert row.person_id == house.person.pk and not Person.objects.filter(pk=double).exists()
    named = Grant.objects.filter(person=house.person).values_list("group__name", flat=True)
    assert set(named) == {"alle", "ansatte"} and house.person.credentials.filter(active=True).count() == 1
    assert directory.ask("get", f"Users/{row.pk}")["groups"][0]["display"] == "ansatte", "as before, to the directory"
    note = Change.objects.filter(person=house.person, after__directory_person=True).get()
    assert note.user is not None and note.user.email == "administrator@example.test"
    assert AclEntry.objects.filter(credential__person=house.person).exists()
    directory.patch(f"Users/{row.pk}", {"op": "Replace", "path": "active", "value": "False"})
    assert not AclEntry.objects.filter(credential__person=house.person).exists(), "refused at the doors"
    assert other.active


def test_off_in_the_directory_is_off_from_the_join_on_and_off_here_stays(house: House, directory: Directory) -> None:
    row = doubled(house, directory, active=False)
    joining.join(house.person, row)
    assert not Person.objects.get(pk=house.person.pk).active
    second = house.add_card("Kari Moe", 77).person
    people.change(second, active=False)
    row = ScimUser.objects.get(pk=int(directory.user("kari", displayName="Kari Moe")["id"]))
    joining.join(second, row)
    assert not Person.objects.get(pk=second.pk).active


@pytest.mark.parametrize("what", ["card", "group", "account", "guest", "again", "another house"])
def test_what_would_be_lost_or_given_to_another_refuses_the_join(
    house: House, directory: Directory, what: str, time_now: Stopped
) -> None:
    row, person = doubled(house, directory), house.person
    if what == "card":
        people.give_card(row.person, 26, 99)
    elif what == "group":
        people.put_into(row.person, [house.group.pk])
    elif what == "account":
        accounts.invite(row.person, "x@example.test", None, linked=False)
    elif what == "guest":
        now = clock.now()
        ends = {"made_at": now, "valid_from": now, "valid_until": now + timedelta(days=1)}
        Guest.objects.create(person=house.add_person("Gjest"), host=row.person, **ends)
    elif what == "again":
        joining.join(person, row)
    else:
        person = House("Naboen", time_now, seed=9, card=5).person
    before = sorted(Person.objects.values_list("pk", "name"))
    with pytest.raises(Refusal):
        joining.join(person, row)
    assert sorted(Person.objects.values_list("pk", "name")) == before


def test_two_people_of_one_name_are_suggested_no_more_when_somebody_said_so(house: House, directory: Directory) -> None:
    row = doubled(house, directory)
    client = browser(house)
    path = f"/api/people/{house.person.pk}/directory"
    (one,) = client.get(path).json()
    assert (one["scim_user"], one["other"], one["same_name"], one["same_address"]) == (
        row.pk,
        row.person_id,
        True,
        False,
    )
    said = {"scim_user": row.pk, "same": False}
    assert client.post(path, said, "application/json").status_code == 204
    assert client.get(path).json() == [] and client.get(f"/api/people/{row.person_id}/directory").json() == []
    assert Person.objects.filter(name="Ingrid Solheim").count() == 2
    assert client.post(path, {"scim_user": row.pk, "same": True}, "application/json").status_code == 204
    assert Person.objects.get(name="Ingrid Solheim").scim.pk == row.pk


def test_the_record_of_the_second_entry_goes_when_the_person_is_erased(house: House, directory: Directory) -> None:
    joining.join(house.person, doubled(house, directory))
    assert Change.objects.filter(person=house.person, name="Ingrid Solheim", what="made").exists()
    erasure.erase(Person.objects.get(pk=house.person.pk), clock.now())
    assert not Change.objects.filter(name="Ingrid Solheim").exists()
