"""`portvakt install`: firmware and settings onto a board, verified there, in charge after one rename."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import boards
from tools import build as building
from tools.install import payload as payloads
from tools.install import target, tls_files
from tools.install.remote import RESET, TRIES, Remote, on_board, the_port
from tools.release import MOST_SERIAL
from tools.terminal import Json, Problem, progress, result

START_S = 20  # a board that was reset must answer within this time
NEIGHBOURS = ("from controller.storage.room import ", "from files import ")  # of scripts: they stand before them
ROOM = building.FIRMWARE / "controller" / "storage" / "room.py"
MAINTENANCE = "open('/maintenance', 'w').close()"
SERVICE = "import os; 'maintenance' in os.listdir('/') and os.remove('/maintenance')"


def install(
    board: Annotated[str, typer.Option(help="A folder of boards/, for example esp32-two-door.")],
    port: Annotated[
        str | None,
        typer.Option(
            envvar="PORTVAKT_PORT",
            help="Where the board is, for example /dev/ttyUSB0. Without: the only one that is plugged in.",
        ),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="The file that the cloud's enrolment made.")] = None,
    release_key: Annotated[
        Path | None, typer.Option(help="The .pub file of the key whose updates the board is to take.")
    ] = None,
    broker_ca: Annotated[Path | None, typer.Option(help="The CA of the broker's certificate, PEM or DER.")] = None,
    board_certificate: Annotated[
        Path | None, typer.Option(help="A certificate of the board, for a broker that wants to see one.")
    ] = None,
    board_key: Annotated[Path | None, typer.Option(help="The key of the board's certificate.")] = None,
    commission: Annotated[
        int, typer.Option(min=0, max=60, help="Minutes of commissioning after a first installation; 0: none.")
    ] = 15,
    serial: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_SERIAL,
            help="From then on the board takes no signed release with a smaller one. Without: the Unix time.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Put the firmware, a board's table and its settings on a board; verify every file there; start it."""
    begun = time.monotonic()
    table = boards.load(board)
    told = payloads.load_settings(settings) if settings else {}
    tls = tls_files.files(told, broker_ca, board_certificate, board_key)
    made = building.make()
    progress(f"build {made.id}: {len(made.files)} modules, {made.total} bytes")
    payload = replace(
        payloads.assemble(made, board, settings, release_key),
        commission=commission,
        serial=int(time.time()) if serial is None else serial,
        exactly=serial is not None,
    )
    payload.new.update(tls)
    port = port or the_port()
    proof = onto(Remote(port), payload, table, told)
    seconds = round(time.monotonic() - begun, 1)
    facts = {
        "build": made.id,
        "before": proof["before"],
        "files": len(payload.copied),
        "copied": proof["copied"],
        "bytes": payload.bytes,
        "verified": proof["verified"],
        "pruned": proof["pruned"],
        "settings": settings is not None,
        "commission": proof["commission"],
        "seconds": seconds,
    }
    result(
        json,
        facts,
        f"build {made.id} is in charge at {port}: {proof['verified']} files verified on the board, "
        f"{payload.bytes} bytes, {seconds} s"
        + (f"; commissioning is on for {proof['commission']} minutes" if proof["commission"] else ""),
    )


def onto(remote: Remote, payload: payloads.Payload, table: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The whole of it at the board. Returns what it said. When it fails the board runs what it ran before."""
    found = remote.tell("run", on_board("probe.py"), timeout_s=START_S, tries=TRIES)
    try:
        target.check(found, table, payload.build.folder / "controller" / "app.mpy")
        tls_files.check(found, settings)
        version = ".".join(map(str, found["version"]))
        progress(f"{remote.port}: MicroPython {version}, now {found['current'] or 'empty'}")
        if found["running"]:
            stop_controller(remote)
        progress("making room, copying, then verifying on the board")
        return transfer(remote, payload)
    except Problem:
        if found["running"]:
            back_in_service(remote)
        raise


def stop_controller(remote: Remote) -> None:
    """Restarts a board that is in service into maintenance: its watchdog would end a long copy otherwise."""
    progress("the controller is running: restarting the board into maintenance")
    remote.call("exec", MAINTENANCE, "exec", "--no-follow", RESET, tries=TRIES)
    wait_for_start(remote)


def wait_for_start(remote: Remote) -> None:
    """Until the board answers and the controller is not running."""
    deadline = time.monotonic() + START_S
    while True:
        time.sleep(0.5)
        try:
            if not remote.tell("run", on_board("probe.py"), timeout_s=START_S)["running"]:
                return
        except Problem:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise Problem(f"{remote.port}: the board does not stay in maintenance; press its reset and try again")


def back_in_service(remote: Remote) -> None:
    """After a failure: what was in charge before runs again."""
    try:
        remote.call("exec", SERVICE, "exec", "--no-follow", RESET, tries=TRIES)
        progress("nothing was changed; the board runs what it ran before")
    except Problem:
        progress("the board runs what it ran before after its next start: in 10 minutes, or when its power is cut")


def transfer(remote: Remote, payload: payloads.Payload) -> dict[str, Any]:
    """Makes room, copies what is missing, verifies, switches and restarts. Returns what the board said."""
    with tempfile.TemporaryDirectory(prefix="portvakt-") as scratch:
        staged = Path(scratch)
        room = remote.tell("run", script(staged, "prepare.py", payload))
        target.check_room(room)
        for folder in (f"slots/{payload.build.id}", "new"):
            (staged / folder).mkdir(parents=True)
        for path in room["missing"]:
            (staged / path.lstrip("/")).write_bytes(payload.copied[path])
        copy = ["fs", "--no-verbose", "cp", "-r", str(staged / "slots"), str(staged / "new"), ":/"]
        switch = ["run", script(staged, "switch.py", payload), "+", "exec", "--no-follow", RESET]
        proof = remote.tell(*copy, "+", *switch)
    return {**proof, "pruned": room["pruned"] + proof["pruned"], "copied": len(room["missing"])}


def script(folder: Path, name: str, payload: payloads.Payload) -> str:
    """A script of on_board/ with what it imports from its neighbours put before it, and its plan. Returns its path."""
    parts = [*((ROOM,) if name == "prepare.py" else ()), Path(on_board("files.py")), Path(on_board(name))]
    lines = [line for part in parts for line in part.read_text().splitlines() if not line.startswith(NEIGHBOURS)]
    text = "\n".join(lines) + "\n"
    file = folder / name
    file.write_text(text.replace("PLAN = {}", f"PLAN = {payload.plan()!r}"))
    return str(file)
