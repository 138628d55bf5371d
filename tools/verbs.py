"""Verbs of the command line that are loaded when they are called, so that one needs nothing of what another needs."""

import importlib
import sys
from collections.abc import Callable

import typer

from tools import private
from tools.terminal import Problem, visible

# Packages of the cloud extra, by the name that an import of them fails with.
CLOUD = {"django", "ninja", "allauth", "paho", "amqtt", "uvicorn", "whitenoise", "dj_database_url"}


def mount(app: typer.Typer, above: str, verb: str, where: str, summary: str) -> None:
    """Puts a verb into app. where: "module:name". above: the verbs before it, as `portvakt ABOVE VERB`."""
    # Everything after the verb, --help too, belongs to the verb.
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    said = f"{above} {verb}".strip()
    command: Callable[..., None] = lambda context: call(said, where, context.args)  # noqa: E731
    command.__annotations__ = {"context": typer.Context}
    app.command(verb, help=summary, context_settings=settings)(command)


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
        print(f"portvakt {verb}: {visible(str(problem))}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
