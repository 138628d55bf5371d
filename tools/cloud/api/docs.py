"""The API's description as a page of ours, made of what /api/openapi.json says: without scripts, also on a phone."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    from .subjects import api

    described = api.get_openapi_schema()
    known = described["components"]["schemas"]
    calls = [
        _call(path, method, said, known)
        for path, methods in described["paths"].items()
        for method, said in methods.items()
    ]
    subjects: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        subjects.setdefault(call["subject"], []).append(call)
    told = {"about": described["info"]["description"], "subjects": subjects.items()}
    return render(request, "pages/api.html", told)


def _call(path: str, method: str, said: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    answers = {status: _schema(one) for status, one in said["responses"].items()}
    return {
        "subject": said["tags"][0],
        "method": method.upper(),
        "path": path,
        "what": said["summary"].capitalize(),
        "about": said.get("description", ""),
        "parameters": [_field(one["name"], one["schema"], one.get("required", False)) for one in said["parameters"]],
        "body": _fields(_schema(said.get("requestBody", {})), known),
        "answers": [
            {"status": status, "type": _type(schema), "fields": _fields(schema, known) if status < "400" else []}
            for status, schema in ((str(status), schema) for status, schema in answers.items())
        ],
    }


def _schema(one: dict[str, Any]) -> dict[str, Any]:
    return next((kind.get("schema", {}) for kind in one.get("content", {}).values()), {})


def _fields(schema: dict[str, Any], known: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of the object that this is, or is a list of."""
    name = _name(schema.get("items", schema))
    whole = known.get(name, {})
    required = whole.get("required", [])
    return [_field(field, of, field in required) for field, of in whole.get("properties", {}).items()]


def _field(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"name": name, "type": _type(schema), "required": required, "about": schema.get("description", "")}


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return _name(schema) or schema.get("format") or schema.get("type", "")


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]
