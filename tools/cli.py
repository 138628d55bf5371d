"""The `portvakt` command: which verbs there are, and where each lives.

A verb's module is imported when it is called, so that installing a board needs nothing of the cloud end.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from tools import private
from tools.terminal import Problem

VERBS = {
    "run": ("tools.run.command:run", "The building: broker, cloud end and boards, shown on a page."),
    "build": ("tools.build:build", "Compile the firmware for boards, with hashes."),
    "install": ("tools.install.command:install", "Put firmware and settings on a board, with proof."),
    "board": ("tools.board.command:app", "A virtual board to install, and what people do at its doors."),
    "commission": ("tools.install.commission:commission", "Begin commissioning of a board on the cable."),
    "sim": ("tools.simulate.command:app", "Run the firmware in virtual time, from a seed."),
    "cloud": ("tools.cloud.command:app", "The cloud end: serve it, migrate it, administer it."),
    "log": ("tools.cloud.log:app", "The log in the cloud, and its proof."),
    "release": ("tools.release:app", "Sign a firmware for updates."),
    "bench": ("tools.bench:app", "Figures against their goals."),
    "doctor": ("tools.doctor:doctor", "What this machine has and lacks."),
}

# Packages of the cloud extra, by the name that an import of them fails with.
CLOUD = {"django", "ninja", "allauth", "paho", "amqtt", "uvicorn", "whitenoise", "dj_database_url"}

app = typer.Typer(
    help="Access control for doors and lockers: firmware, simulator, installer and cloud end.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"portvakt {importlib.metadata.version('portvakt')}")
        raise typer.Exit


@app.callback()
def portvakt(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def load(where: str) -> typer.Typer:
    """The verb at "module:name", which is a typer app or a function."""
    module, name = where.split(":")
    found = getattr(importlib.import_module(module), name)
    if isinstance(found, typer.Typer):
        return found
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command()(found)
    return alone


def call(verb: str, where: str, args: list[str]) -> None:
    private.umask()
    try:
        typer.main.get_command(load(where))(args=args, prog_name=f"portvakt {verb}")
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in CLOUD:
            raise
        cure = "this verb needs the cloud end: pip install -e '.[cloud]' (or make venv)"
        print(f"portvakt {verb}: {missing.name} is not installed; {cure}", file=sys.stderr)
        raise typer.Exit(1) from None
    except Problem as problem:
        print(f"portvakt {verb}: {problem}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _mount(verb: str, where: str, summary: str) -> None:
    # Everything after the verb, --help too, belongs to the verb.
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    command: Callable[..., None] = lambda context: call(verb, where, context.args)  # noqa: E731
    command.__annotations__ = {"context": typer.Context}
    app.command(verb, help=summary, context_settings=settings)(command)


for _verb, (_where, _summary) in VERBS.items():
    _mount(_verb, _where, _summary)
