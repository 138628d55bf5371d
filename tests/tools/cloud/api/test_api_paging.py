"""Lists of the API come a page at a time, and each row on one of them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tools.cloud.api.paging import MOST
from tools.cloud.members import links
from tools.cloud.models import AccessGroup, Controller, Credential, Door, Grant, Person, Role
from tools.cloud.people import people

LISTS = {
    "people": Person,
    "credentials": Credential,
    "grants": Grant,
    "groups": AccessGroup,
    "doors": Door,
    "controllers": Controller,
}


@pytest.fixture
def client(house: Any) -> Client:
    for n in range(4):
        house.add_card(f"Nummer {n}", 100 + n)
        AccessGroup.objects.create(tenant=house.tenant, name=f"Gruppe {n}")
    token = links.make_token(house.tenant, "program", Role.ADMINISTRATOR)
    return Client(headers={"authorization": f"Bearer {token}"})


def pages(client: Client, address: str) -> list[Any]:
    """Each page that the header leads to."""
    found, following = [], address
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.content
        found.append(answer.json())
        link = answer.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        following = link.partition("<")[2].partition(">")[0]
    return found


@pytest.mark.parametrize("name", LISTS)
def test_each_row_is_on_one_page_in_the_order_of_numbers(client: Client, name: str) -> None:
    numbers = sorted(LISTS[name].objects.values_list("pk", flat=True))  # type: ignore[attr-defined]
    found = pages(client, f"/api/{name}?limit=2")
    assert [row["id"] for page in found for row in page] == numbers
    assert [len(page) for page in found[:-1]] == [2] * (len(found) - 1) and len(found) == -(-len(numbers) // 2)
    assert pages(client, f"/api/{name}") == [[row for page in found for row in page]]


def test_what_a_list_is_narrowed_to_holds_on_the_next_page_too(client: Client, house: Any) -> None:
    people.give_card(house.person, 26, 4712)
    found = pages(client, f"/api/credentials?limit=1&person={house.person.pk}")
    assert [[row["person_id"] for row in page] for page in found] == [[house.person.pk]] * 2
    found = pages(client, "/api/people?limit=3&name=nummer")
    assert [row["name"] for page in found for row in page] == [f"Nummer {n}" for n in range(4)]


def test_who_can_open_a_door_and_unused_cards_come_so_too(client: Client, house: Any) -> None:
    found = pages(client, f"/api/doors/{house.doors[0].pk}/who?limit=2")
    names = [row["name"] for page in found for row in page["people"]]
    assert names == sorted(Person.objects.values_list("name", flat=True)) and len(found) == 3
    house.time.now += 2 * 86_400
    found = pages(client, "/api/cards/unused?limit=2&days=1")
    unused = [row["credential"] for page in found for row in page]
    assert unused == sorted(Credential.objects.values_list("pk", flat=True)) and len(found) == 3


def test_no_page_is_longer_than_the_contract_says(client: Client) -> None:
    assert client.get(f"/api/people?limit={MOST + 1}").status_code == 422
    assert client.get("/api/people?limit=0").status_code == 422
    with CaptureQueriesContext(connection) as asked:
        client.get("/api/people")
    assert f"LIMIT {MOST + 1}" in asked.captured_queries[-1]["sql"]
