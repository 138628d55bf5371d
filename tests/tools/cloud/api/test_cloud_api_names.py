"""A field that the API does not know is refused by its name: in every body, and behind the ? of every call."""

import json
import re
from typing import Any

import ninja.main
import pytest
from cloud_world import House
from django.test import Client
from ninja import Schema

from tools.cloud.api.body import Body
from tools.cloud.api.subjects import api
from tools.cloud.members import links
from tools.cloud.models import Grant, Role


def call(house: House, method: str, path: str, body: Any) -> tuple[int, str]:
    client = Client(headers={"Authorization": f"Bearer {links.make_token(house.tenant, 'any', Role.ADMINISTRATOR)}"})
    answer = client.generic(method, f"/api{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json().get("error", "")


def test_a_misspelt_field_changes_nothing_and_is_named(house: House) -> None:
    body = {"person": house.person.pk, "group": house.group.pk, "usse": 3}
    status, said = call(house, "POST", "/grants", body)
    assert status == 422 and "usse (did you mean uses?): not known here" in said
    assert Grant.objects.get(person=house.person).uses is None
    door = house.doors[0].pk
    status, said = call(house, "PATCH", f"/doors/{door}/rules", {"who": [{"what": "card", "whne": None}], "colour": 1})
    assert status == 422 and "colour: not known here" in said
    status, said = call(house, "PATCH", f"/doors/{door}/rules", {"who": [{"what": "card", "whne": None}]})
    assert status == 422 and "whne (did you mean when?): not known here" in said


def test_every_body_of_every_route_does_so() -> None:
    found = 0
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for model in operation.models:
                    if model.__ninja_param_source__ != "body":
                        continue
                    for field in model.model_fields.values():
                        kind = field.annotation
                        if isinstance(kind, type) and issubclass(kind, Schema):
                            found += 1
                            assert issubclass(kind, Body), (path, kind)
    assert found >= 20


def test_a_misspelt_filter_is_named_and_shows_nothing(house: House) -> None:
    asked = {
        "/events?persom=1": "persom (did you mean person?): not known here",
        "/credentials?flag=3&persno=1": "flag, persno (did you mean person?): not known here",
        "/people?active=true": "active: not known here",
    }
    for path, told in asked.items():
        assert call(house, "GET", path, None) == (422, told), path
    status, said = call(house, "POST", f"/doors/{house.doors[0].pk}/release?durring_lockdown=true", {})
    assert status == 422 and "did you mean during_lockdown?" in said
    assert not house.controller.commands.exists()
    assert call(house, "GET", f"/events?person={house.person.pk}&code=1&code=2", None)[0] == 200


def test_every_call_does_so_and_tells_nobody_else(house: House) -> None:
    """Who is not signed in hears that first."""
    found = 0
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, said in methods.items():
            where = re.sub("{[^}]+}", str(house.doors[0].pk), path.removeprefix("/api"))
            if "requestBody" not in said:  # else the body is what is wrong first
                found += 1
                assert call(house, method, f"{where}?zzz=1", None) == (422, "zzz: not known here"), path
    assert found >= 40
    assert Client().get("/api/people?zzz=1").status_code == 401


def test_a_door_is_unlocked_in_words_as_on_the_pages() -> None:
    """Addresses keep `release`; what is said of them has the pages' word."""
    described = api.get_openapi_schema()
    said = [
        said["summary"] + said.get("description", "")
        for calls in described["paths"].values()
        for said in calls.values()
    ]
    said += [one.get("description", "") for one in described["components"]["schemas"].values()]
    assert [one for one in said if re.search(r"(?i)\breleas", one)] == []
    assert any("unlock the door" in one for one in said)


def test_the_description_is_made_once_whoever_asks_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    whole = ninja.main.get_schema
    monkeypatch.setattr(ninja.main, "get_schema", lambda api, path_prefix: made.append("") or whole(api, path_prefix))
    monkeypatch.setattr(api, "_described", {})
    first, again = (Client().get("/api/openapi.json") for _ in range(2))
    assert first.status_code == 200 and first.content == again.content and made == [""]
