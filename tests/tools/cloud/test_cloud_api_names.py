"""A field that the API does not know is refused by its name, in every body of every route."""

import json
from typing import Any

from cloud_world import House
from django.test import Client
from ninja import Schema

from tools.cloud.api import api
from tools.cloud.api.body import Body
from tools.cloud.models import Grant, Role
from tools.cloud.services import links


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
