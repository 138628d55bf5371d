"""`portvakt cloud scim`: the tokens of directories, from the host."""

from typing import Annotated

import typer

from tools.terminal import Json, Problem, result

scim = typer.Typer(help="Directories (SCIM 2.0): their tokens.", no_args_is_help=True, add_completion=False)
TenantName = Annotated[str | None, typer.Option(help="Which tenant. Needed when there is more than one.")]


@scim.command()
def token(
    name: Annotated[str, typer.Argument(help="Which directory it is for.")],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """A token for a directory. It is shown once."""
    from ..command import _django, _tenant

    _django()
    from django.conf import settings

    from . import tokens

    made = tokens.make(_tenant(tenant, make=False), name)
    base = f"{settings.PORTVAKT_URL.rstrip('/')}/scim/v2"
    result(as_json, {"token": made, "name": name, "address": base}, made, f"Address (tenant URL): {base}")


@scim.command("list")
def listed(tenant: TenantName = None, as_json: Json = False) -> None:
    """The tokens that are good."""
    from ..command import _django, _tenant

    _django()
    rows = _tenant(tenant, make=False).scim_tokens.filter(revoked_at=None).order_by("pk")
    found = [{"id": row.pk, "name": row.name, "used_at": row.used_at and row.used_at.isoformat()} for row in rows]
    result(as_json, {"tokens": found}, *(f"{one['id']}  {one['name']}" for one in found))


@scim.command()
def revoke(
    number: Annotated[int, typer.Argument(help="As `list` shows it.")],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Revoke a token: the directory is refused from its next request on."""
    from ..command import _django, _tenant

    _django()
    from . import tokens

    row = _tenant(tenant, make=False).scim_tokens.filter(pk=number, revoked_at=None).first()
    if row is None:
        raise Problem(f"there is no token {number}; portvakt cloud scim list shows them")
    tokens.revoke(row)
    result(as_json, {"revoked": number}, f"{row.name} is refused from its next request on.")
