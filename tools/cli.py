"""The `portvakt` command: which verbs there are, and where each lives.

A verb's module is imported when it is called, so that installing a board needs nothing of the cloud end.
"""

import importlib.metadata
from typing import Annotated

import typer

from tools.verbs import mount

VERBS = {
    "run": ("tools.run.command:run", "The building: broker, cloud end and boards, shown on a page."),
    "build": ("tools.build:build", "Compile the firmware for boards, with hashes."),
    "install": ("tools.install.command:install", "Put firmware and settings on a board, with proof."),
    "board": ("tools.board.command:app", "A virtual board to install, and what people do at its doors."),
    "commission": ("tools.install.commission:commission", "Begin commissioning of a board on the cable."),
    "sim": ("tools.simulate.command:app", "Run the firmware in virtual time, from a seed."),
    "cloud": ("tools.cloud.command:app", "The cloud end: serve it, migrate it, administer it."),
    "log": ("tools.cloud.log.command:app", "The log in the cloud, and its proof."),
    "release": ("tools.release:app", "Sign a firmware for updates."),
    "bench": ("tools.bench:app", "Figures against their goals."),
    "doctor": ("tools.doctor:doctor", "What this machine has and lacks."),
}

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


for _verb, (_where, _summary) in VERBS.items():
    mount(app, "", _verb, _where, _summary)
