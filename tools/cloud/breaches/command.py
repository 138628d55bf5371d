"""`portvakt cloud breach`: the host has found a breach, and each organisation that it concerns is told."""

from datetime import datetime
from typing import Annotated

import typer

from tools.terminal import Json, Problem, result

breach_commands = typer.Typer()


@breach_commands.command("breach")
def breach(
    said: Annotated[str, typer.Argument(help="What happened, in plain words: owners read it, and name nobody.")],
    since: Annotated[str, typer.Option(help="Since when others could get at it: 2027-05-03T17:00:00+02:00.")],
    until: Annotated[str | None, typer.Option(help="Until when; left out: it is not over.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Which tenant; left out: all of them.")] = None,
    as_json: Json = False,
) -> None:
    """Somebody got at this installation: opens a breach in each tenant, whose owners see it on every page.

    Who hosts it tells those who answer for the data without delay (GDPR 33(2)); from now on their 72 hours run.
    """
    from ..command import _django

    _django()
    from django.db import transaction

    from ..models import Tenant
    from ..services import clock
    from . import breaches, scopes

    begun, ended = _moment(since, "--since"), None if until is None else _moment(until, "--until")
    found = Tenant.objects.order_by("pk") if tenant is None else Tenant.objects.filter(name=tenant)
    if not found:
        raise Problem(f"there is no tenant {tenant}" if tenant else "there is no tenant yet: nobody is concerned")
    with transaction.atomic():  # all of them or none: run again, it would be told twice
        rows = [breaches.open_one(one, "whole", begun, ended, clock.now(), said) for one in found]
    told = [{"tenant": row.tenant.name, "breach": row.pk, **scopes.work_out(row).counts()} for row in rows]
    lines = [
        f"{one['tenant']}: breach {one['breach']}, {one['people']} people, {one['accounts']} accounts" for one in told
    ]
    result(as_json, {"breaches": told}, *lines, "Tell the owners as well: they have 72 hours from now.")


def _moment(said: str, option: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Problem(f"{option} is a time with its offset from UTC, such as 2027-05-03T17:00:00+02:00")
    return at
