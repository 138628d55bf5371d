"""`portvakt commission`: an installer on the cable begins commissioning without the cloud."""

from typing import Annotated

import typer

from tools.install.command import START_S
from tools.install.remote import RESET, TRIES, Remote, on_board
from tools.terminal import Json, Problem, result

# The next start finds it, removes it and begins: firmware/controller/commissioning.py.
TICKET = """import os
with open('/trial.new', 'w') as file:
    file.write('{build} commission {minutes}')
os.rename('/trial.new', '/trial')"""
ON_TRIAL = "import os, json; print(json.dumps({'trial': 'trial' in os.listdir('/')}))"


def commission(
    port: Annotated[str, typer.Option(help="Where the board is, for example /dev/ttyUSB0.")],
    minutes: Annotated[int, typer.Option(min=1, max=60, help="After so many it ends by itself.")] = 15,
    json: Json = False,
) -> None:
    """Restart a board into commissioning: every card, key and wire that works answers at its reader."""
    remote = Remote(port)
    found = remote.tell("run", on_board("probe.py"), timeout_s=START_S, tries=TRIES)
    if not found["current"]:
        raise Problem(f"{port}: there is no firmware of ours on this board; install it first")
    if remote.tell("exec", ON_TRIAL, tries=TRIES)["trial"]:
        raise Problem(f"{port}: a new firmware is on trial on this board; wait until it is kept")
    remote.call(
        "exec", TICKET.format(build=found["current"], minutes=minutes), "exec", "--no-follow", RESET, tries=TRIES
    )
    result(json, {"minutes": minutes}, f"{port}: the board restarts, and commissioning is on for {minutes} minutes")
