"""What no database keeps is refused with a sentence, wherever in a request it stands, and nothing is done."""

from typing import Any

import pytest
from cloud_world import House
from django.test import Client

from tools.cloud.api import bounds
from tools.cloud.members import links
from tools.cloud.models import Person, Role


@pytest.fixture
def client(house: House) -> Any:
    token = links.make_token(house.tenant, "test", Role.ADMINISTRATOR)
    return Client(headers={"Authorization": f"Bearer {token}"})


def entered(client: Any, body: str) -> tuple[int, str]:
    """(status, sentence) of a person that is entered with this body, as it goes over the wire."""
    before = Person.objects.count()
    answer = client.post("/api/people", body.encode(), content_type="application/json")
    assert Person.objects.count() == before + (answer.status_code == 201)
    return answer.status_code, answer.json().get("error", "")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (r'{"name": "Olav\u0000"}', "zero byte or half a character"),
        (r'{"name": "\ud83d Olav"}', "zero byte or half a character"),
        (r'{"name": "Olav", "x\u0000": 1}', "zero byte or half a character"),
        (r'{"name": "Olav", "x": [{"y": "\u0000"}]}', "zero byte or half a character"),
        ('{"name": "Olav", "x": 9223372036854775808}', "A number is larger than 9223372036854775807"),
        ('{"name": "Olav", "x": [-9223372036854775808]}', "A number is larger than 9223372036854775807"),
        ('{"name": "Olav", "x": NaN}', "NaN is no number of JSON"),
        ('{"name": "Olav", "x": -Infinity}', "-Infinity is no number of JSON"),
        ('{"name": "Olav", "x": ' + "[" * bounds.DEEPEST + "]" * bounds.DEEPEST + "}", "nested too deep"),
    ],
)
def test_a_body_that_cannot_be_kept_is_refused_whole(client: Any, body: str, sentence: str) -> None:
    status, said = entered(client, body)
    assert status == 422 and sentence in said


def test_whole_characters_of_any_plane_are_taken(client: Any) -> None:
    assert entered(client, r'{"name": "Olav \ud83d\udd11"}')[0] == 201
    assert Person.objects.filter(name="Olav \U0001f511").exists()


@pytest.mark.parametrize("depth", [bounds.DEEPEST - 1, bounds.DEEPEST])
def test_lists_may_lie_in_each_other_so_deep_and_no_deeper(depth: int) -> None:
    said: Any = bounds.LARGEST
    for _ in range(depth):
        said = [said]
    if depth < bounds.DEEPEST:
        bounds.check(said)
    else:
        with pytest.raises(bounds.HttpError, match="nested too deep"):
            bounds.check(said)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("person=%00", "zero byte or half a character"),
        ("%00=1", "zero byte or half a character"),
        ("limit=1000000000000000000", "limit: a number has at most 18 digits here"),
        ("limit=%20-1000000000000000000%20", "limit: a number has at most 18 digits here"),
    ],
)
def test_so_is_what_stands_in_the_address(client: Any, query: str, sentence: str) -> None:
    answer = client.get(f"/api/events?{query}")
    assert answer.status_code == 422 and sentence in answer.json()["error"]
