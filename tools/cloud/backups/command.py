"""`portvakt cloud backup` and `restore`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tools.terminal import Json, result

backup_commands = typer.Typer()


@backup_commands.command("backup")
def backup(
    folder: Annotated[Path, typer.Argument(help="Where it is written; backups there whose days are over go.")],
    as_json: Json = False,
) -> None:
    """Write the database into an encrypted file, while it is used. Keep the key (backup_key) and pin_key elsewhere."""
    from ..command import _django

    _django()
    from django.conf import settings

    from . import backups, place

    path, gone = backups.make(place.of(settings.DATA), folder, settings.DATA)
    lines = [f"{path} is written and checked.", *(f"{one} was removed: its days are over." for one in gone)]
    result(as_json, {"file": str(path), "bytes": path.stat().st_size, "removed": [str(one) for one in gone]}, *lines)


@backup_commands.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="As backup has written it.")],
    erased: Annotated[
        Path | None, typer.Option(help="A copy of the file `erased`, where the data folder is lost too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a backup in the database's place. Who was erased since is erased anew before anybody can look."""
    from .. import data
    from ..command import _django
    from . import place

    here = data.folder()
    there = place.of(here)
    # Django works on the database beside: the other one is as it is until it is changed for it.
    os.environ["DATABASE_URL"], os.environ["ROW_SECURITY"] = there.draft, "off"
    _django(migrated=False)
    from . import backups

    done = backups.restore(there, file, here, erased)
    lines = [
        f"The database is as it was at {done['made_at']}, without {done['erased']} people who were erased since.",
        "What was changed since is not in it: look at who may pass, who is a member, and which tokens are revoked.",
        *(["Run portvakt cloud migrate before serve."] if there.vendor == "postgresql" else []),
    ]
    result(as_json, done, *lines)
