"""The table of retention, put together from what the models say: for the page and for the README."""

from typing import Any

from django.apps import apps
from django.utils.translation import override

from ..models import Person, Tenant, User
from ..models.personal import personal
from ..models.processing import TABLE as PROCESSING
from ..models.retention import TABLE, Kept
from .requests import Kind

HEAD = ("kept", "what for", "ground", "how long", "who may change it", "at its end")


def rows() -> list[Kept]:
    """Those that some model names, in the order of the table."""
    said = {id(declared.kept) for model in apps.get_models() if (declared := personal(model))}
    return [row for row in TABLE if id(row) in said]


def of(user: User) -> list[dict[str, Any]]:
    """The table of each organisation that an account is something in; with the days that hold there."""
    members = user.memberships.living().values("tenant")  # type: ignore[attr-defined]
    mine = Person.objects.filter(user=user).values("tenant")
    tenants = (Tenant.objects.filter(pk__in=members) | Tenant.objects.filter(pk__in=mine)).distinct().order_by("name")
    return [{"tenant": one, "rows": [{"row": row, "long": row.long(one)} for row in rows()]} for one in tenants]


def processing() -> list[dict[str, Any]]:
    """What is done with it. by: the words that stop it."""
    return [
        {"what": one.what, "ground": one.ground, "by": ", ".join(str(Kind(by).label) for by in one.stopped_by)}
        for one in PROCESSING
    ]


def processing_as_markdown() -> str:
    """As README.md has it."""
    with override("en"):
        cells = [(one["what"], one["ground"], one["by"] or "–") for one in processing()]
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in (("done", "ground", "stopped by"), *cells)]
    return "\n".join([lines[0], "|---|---|---|", *lines[1:]]) + "\n"


def as_markdown() -> str:
    """As README.md has it: test_declared.py compares."""
    with override("en"):
        lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in (HEAD, *map(_cells, rows()))]
    return "\n".join([lines[0], "|---" * len(HEAD) + "|", *lines[1:]]) + "\n"


def _cells(row: Kept) -> tuple[Any, ...]:
    return row.kind, row.purpose, row.ground, row.long(), row.changed_by, row.end
