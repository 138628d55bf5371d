"""What programs of others may lean on, as it is written down: a change of the API is meant, or it is a fault.

After a change that is meant: WRITE_CONTRACT=1 and pytest of this file write it anew; the difference is what to tell.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from tools.cloud.api.subjects import api

WRITTEN = Path(__file__).with_name("api_contract.txt")
OF_NINJA = ("NinjaResponseSchema", "BodyParams", "QueryParams", "PathParams", "FormParams")  # one an operation
_NOT_KEPT = {"title", "description", "operationId", "summary", "tags"}  # texts, and names that nobody calls


def lines() -> Iterator[str]:
    """One for each answer, parameter and field, with its bounds."""
    schema = api.get_openapi_schema()
    for path, methods in sorted(schema["paths"].items()):
        for method, call in sorted(methods.items()):
            name = f"{method.upper()} {path}"
            yield f"{name} by {sorted(way for one in call.get('security', [{}]) for way in one)}"
            for parameter in call.get("parameters", ()):
                must = " must" if parameter.get("required") else ""
                yield f"{name} {parameter['in']} {parameter['name']}{must} {_said(parameter['schema'])}"
            for kind, body in sorted(call.get("requestBody", {}).get("content", {}).items()):
                yield f"{name} takes {kind} {_said(body['schema'])}"
            for status, answer in sorted(call["responses"].items(), key=str):
                gives = [_said(one["schema"]) for one in answer.get("content", {}).values()]
                yield f"{name} {status} {' '.join(gives)}".rstrip()
    for name, one in sorted(schema["components"]["schemas"].items()):
        for field, value in one.get("properties", {}).items():
            must = " must" if field in one.get("required", ()) else ""
            yield f"{name}.{field}{must} {_said(value)}"
        yield f"{name} {_said({key: value for key, value in one.items() if key not in ('properties', 'required')})}"


def _said(value: Any) -> str:
    if isinstance(value, dict):
        if "$ref" in value:
            return str(value["$ref"].rpartition("/")[2])
        kept = {key: _said(one) for key, one in sorted(value.items()) if key not in _NOT_KEPT}
        return "{" + ", ".join(f"{key}: {one}" for key, one in kept.items()) + "}"
    return "[" + ", ".join(map(_said, value)) + "]" if isinstance(value, list) else str(value)


def test_the_api_is_as_it_is_written_down() -> None:
    found = list(lines())
    if os.environ.get("WRITE_CONTRACT"):
        WRITTEN.write_text("\n".join(found) + "\n", encoding="utf-8")
    written = WRITTEN.read_text(encoding="utf-8").splitlines()
    gone, new = sorted(set(written) - set(found)), sorted(set(found) - set(written))
    assert (gone, new) == ([], []), "if it is meant: WRITE_CONTRACT=1 and this test"
    assert len(found) == len(written) > 500


def test_no_two_answers_or_bodies_have_one_name() -> None:
    """The description knows a schema by its name: of two the later one would stand for both."""
    named: dict[str, set[type]] = {}
    assert api.urls, "all routers are bound"
    for _, router in api._routers:
        for path in router.path_operations.values():
            for operation in path.operations:
                for model in (*operation.response_models.values(), *operation.models):
                    for one in _within(model):
                        named.setdefault(one.__name__, set()).add(one)
    assert len(named) > 60
    assert {name: found for name, found in named.items() if len(found) > 1} == {}


def _within(model: Any, known: set[Any] | None = None) -> Iterator[type[BaseModel]]:
    """The schemas that it is made of."""
    known = set() if known is None else known
    if model in known or model is None:
        return
    known.add(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        if model.__name__ not in OF_NINJA:
            yield model
        for field in model.model_fields.values():
            yield from _within(field.annotation, known)
    for one in get_args(model):
        yield from _within(one, known)
