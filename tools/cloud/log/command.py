"""`portvakt log`: proves that the log in the cloud is what the controllers recorded; and tells who changed what."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tools.cloud.command import _django
from tools.terminal import Json, Problem, progress, result

app = typer.Typer(help="The log and its proof; who changed what.", no_args_is_help=True, add_completion=False)


@app.callback()
def log() -> None:
    pass


@app.command()
def verify(
    controller: Annotated[str | None, typer.Option(help="One controller, by its name. Without: all.")] = None,
    anchors: Annotated[Path | None, typer.Option(help="Digests as an anchor kept them, one a line.")] = None,
    key: Annotated[str | None, typer.Option(help="The digests' public key, in hex. Without: this cloud's own.")] = None,
    as_json: Json = False,
) -> None:
    """Walk every log: which event was altered, put in or is missing. Exits 1 when one is."""
    _django()
    from ..models import Controller
    from . import chain, digest

    rows = Controller.objects.order_by("name")
    if controller is not None:
        rows = rows.filter(name=controller)
        if not rows:
            raise Problem(f"there is no controller named {controller}")
    walk = chain.ChainWalk()
    faults = [fault for row in rows for fault in chain.verify(row, walk)]
    for fault in faults:
        progress(f"{fault.controller}: event {fault.sequence} of log {fault.epoch}: {fault.what}")
    wrong: list[tuple[int, str]] = []
    if anchors is not None:
        try:
            lines = anchors.read_text(encoding="utf-8").splitlines()
            public = bytes.fromhex(key) if key else digest.public_key()
        except (OSError, ValueError) as error:
            raise Problem(f"{anchors} cannot be read ({error})") from None
        wrong = list(digest.verify(lines, public))
        for number, what in wrong:
            progress(f"{anchors}, line {number}: {what}")
    facts = {
        **vars(walk),
        "faults": [vars(fault) for fault in faults],
        "digests": [{"line": number, "what": what} for number, what in wrong],
    }
    bad = len(faults) + len(wrong)
    result(
        as_json,
        facts,
        f"{walk.events} events: {walk.proven} proven, {walk.erased} erased, {walk.unproven} from before the chain "
        f"or after a gap; {bad or 'no'} faults",
    )
    if bad:
        raise typer.Exit(1)


@app.command()
def key(as_json: Json = False) -> None:
    """The public key of this cloud's digests, to be kept beside them."""
    _django()
    from . import digest

    text = digest.public_key().hex()
    result(as_json, {"key": text}, text)


@app.command()
def changes(
    tenant: Annotated[str | None, typer.Option(help="Which tenant. Needed when there is more than one.")] = None,
    days: Annotated[int, typer.Option(help="So far back.", min=1, max=366)] = 30,
    as_json: Json = False,
) -> None:
    """Who changed what, oldest first."""
    _django()
    from datetime import timedelta

    from ..command import _tenant
    from ..models import Change
    from ..services import clock

    rows = Change.objects.filter(tenant=_tenant(tenant, make=False), at__gte=clock.now() - timedelta(days=days))
    found = [
        {
            "at": row.at.isoformat(timespec="seconds"), "way": row.way, "user": row.user and row.user.email,
            "token": row.token and row.token.name, "account": row.account, "kind": row.kind, "what": row.what,
            "object": row.object, "name": row.name, "before": row.before, "after": row.after,
        }
        for row in rows.select_related("user", "token").order_by("pk").iterator(chunk_size=2000)
    ]  # fmt: skip
    result(as_json, {"changes": found}, *(_line(row) for row in found))


def _line(row: dict[str, Any]) -> str:
    by = row["user"] or row["token"] or row["account"] or "portvakt"
    was, now = row["before"], row["after"]
    values = "".join(f"; {name}: {was.get(name)} -> {now.get(name)}" for name in {**was, **now})
    return f"{row['at']} {by} ({row['way']}): {row['kind']} {row['name']} {row['what']}{values}"
