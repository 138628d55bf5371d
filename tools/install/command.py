"""`portvakt install`: firmware and settings onto a board, verified there, in charge after one rename."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import boards
from tools import build as building
from tools.install import papers, target
from tools.install import payload as payloads
from tools.install.remote import RESET, Remote, on_board
from tools.terminal import Json, Problem, progress, result

START_S = 20  # a board that was reset must answer within this time
MAINTENANCE = "open('/maintenance', 'w').close()"
SERVICE = "import os; 'maintenance' in os.listdir('/') and os.remove('/maintenance')"


def install(
    board: Annotated[str, typer.Option(help="A folder of boards/, for example esp32-two-door.")],
    port: Annotated[str, typer.Option(help="Where the board is, for example /dev/ttyUSB0.")],
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
    json: Json = False,
) -> None:
    """Put the firmware, a board's table and its settings on a board; verify every file there; start it."""
    begun = time.monotonic()
    table = boards.load(board)
    made = building.make()
    progress(f"build {made.id}: {len(made.files)} files, {made.total} bytes")
    payload = replace(payloads.assemble(made, board, settings, release_key), commission=commission)
    told = payloads.load_settings(settings) if settings else {}
    payload.new.update(papers.files(told, broker_ca, board_certificate, board_key))
    remote = Remote(port)
    found = remote.tell("run", on_board("probe.py"), timeout_s=START_S)
    target.check(found, table, made.folder / "controller" / "app.mpy", payload.space)
    papers.check(found, told)
    progress(f"{port}: MicroPython {'.'.join(map(str, found['version']))}, now {found['current'] or 'empty'}")
    if found["running"]:
        stop_controller(remote)
    try:
        progress("copying, then verifying on the board")
        proof = transfer(remote, payload)
    except Problem:
        if found["running"]:
            back_in_service(remote)
        raise
    seconds = round(time.monotonic() - begun, 1)
    facts = {
        "build": made.id,
        "before": proof["before"],
        "files": payload.count,
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


def stop_controller(remote: Remote) -> None:
    """Restarts a board that is in service into maintenance: its watchdog would end a long copy otherwise."""
    progress("the controller is running: restarting the board into maintenance")
    remote.call("exec", MAINTENANCE, "exec", "--no-follow", RESET)
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
        remote.call("exec", SERVICE, "exec", "--no-follow", RESET)
        progress("nothing was changed; the board runs what it ran before")
    except Problem:
        progress("the board is still in maintenance and controls nothing; install again")


def transfer(remote: Remote, payload: payloads.Payload) -> dict[str, Any]:
    """Copies, verifies, switches and restarts, all in one call of mpremote. Returns what the board said."""
    with tempfile.TemporaryDirectory(prefix="portvakt-") as scratch:
        staged = Path(scratch)
        (staged / "slots").mkdir()
        (staged / "slots" / payload.build.id).symlink_to(payload.build.folder, target_is_directory=True)
        (staged / "new").mkdir()
        for name, content in payload.new.items():
            (staged / "new" / name).write_bytes(content)
        script = staged / "switch.py"
        text = Path(on_board("switch.py")).read_text()
        script.write_text(text.replace("PLAN = {}", f"PLAN = {payload.plan()!r}"))
        copy = ["fs", "--no-verbose", "cp", "-r", str(staged / "slots"), str(staged / "new"), ":/"]
        return remote.tell(*copy, "+", "run", str(script), "+", "exec", "--no-follow", RESET)
