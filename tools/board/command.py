"""The verbs of `portvakt board`: start a virtual board; tap, type, press, open, switch, cut."""

import asyncio
import fcntl
import os
import shutil
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.board.rom import micropython_exists
from sim.words import place
from tools import boards, private
from tools.terminal import Json, Problem, progress, result

from .control import ask

BOARD = "virtual-two-door-inputs"
ROOT = Path(__file__).resolve().parents[2]
_LOCK = ".virtual"

Folder = Annotated[Path, typer.Option(help="Where the virtual board keeps its flash.")]
Door = Annotated[int, typer.Argument(help="The door's number on its board, the first is 1.")]
OnOff = Annotated[str, typer.Argument(help="on or off.")]
FOLDER = ROOT / "var" / "board"

app = typer.Typer(
    help="A virtual board on this machine, to be installed like a real one, and what people do at its doors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def virtual(
    board: Annotated[str, typer.Option(help="A folder of boards/.")] = BOARD,
    folder: Folder = FOLDER,
    erase: Annotated[bool, typer.Option("--erase", help="Begin with the flash as it comes from the factory.")] = False,
    json: Json = False,
) -> None:
    """Start a virtual board: real MicroPython on a flash of its own. Prints its serial port and stays until Ctrl-C."""
    table = boards.load(board)
    if not micropython_exists():
        raise Problem("the MicroPython wheel does not exist for this machine; a virtual board needs it")
    folder = folder.absolute()
    lock = _hold(folder, erase)
    try:
        asyncio.run(_stay(board, table, folder, json))
    finally:
        os.close(lock)


@app.command()
def tap(
    door: Door,
    card: Annotated[str, typer.Argument(help="bits:facility:number, for example 26:17:1204.")],
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Hold a card to a door's reader."""
    _do(folder, json, do="tap", door=door, card=card)


@app.command()
def key(
    door: Door,
    keys: Annotated[str, typer.Argument(help="Digits, * and #: for example 1234#.")],
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Press keys of a door's keypad."""
    _do(folder, json, do="key", door=door, keys=keys)


@app.command()
def rex(door: Door, folder: Folder = FOLDER, json: Json = False) -> None:
    """Press a door's exit button."""
    _do(folder, json, do="rex", door=door)


@app.command()
def push(door: Door, folder: Folder = FOLDER, json: Json = False) -> None:
    """Push a door's leaf: it opens when it is unlocked, and falls shut after three seconds."""
    _do(folder, json, do="push", door=door)


@app.command()
def contact(
    door: Door,
    state: Annotated[str, typer.Argument(help="open or closed.")],
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Open a door's leaf, by force where it is locked, and leave it so; or shut it."""
    _do(folder, json, do="contact", door=door, state=state)


@app.command("input")
def switch(
    number: Annotated[str, typer.Argument(metavar="INPUT", help="An input's number, or its kind: fire, mains, ...")],
    state: OnOff,
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Make an input of the board true, or end it: fire alarm, mains lost, enclosure opened, bell, battery low."""
    _do(folder, json, do="input", input=number, state=state)


@app.command()
def line(
    which: Annotated[str, typer.Argument(metavar="LINE", help="contact:1, rex:1, or an input's number or kind.")],
    fault: Annotated[str, typer.Argument(help="cut, short or whole.")],
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Cut or bridge a supervised line, or mend it."""
    _do(folder, json, do="line", line=which, fault=fault)


@app.command()
def code(
    code: Annotated[str, typer.Argument(help="Ten digits, or all thirteen.")],
    size: Annotated[str, typer.Option(help="S, M, L or X: a parcel of that size is to be put in.")] = "",
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Type a delivery's code at the keypad of a bank."""
    _do(folder, json, do="code", code=code, size=size)


@app.command()
def shut(
    compartment: Annotated[int, typer.Argument(help="Its number, the first is 1.")],
    folder: Folder = FOLDER,
    json: Json = False,
) -> None:
    """Shut a compartment of a bank."""
    _do(folder, json, do="shut", compartment=compartment)


@app.command()
def network(state: OnOff, folder: Folder = FOLDER, json: Json = False) -> None:
    """Whether the board's Wi-Fi is in reach. A connection that is open to a broker on this machine stays."""
    _do(folder, json, do="network", state=state)


@app.command()
def power(state: OnOff, folder: Folder = FOLDER, json: Json = False) -> None:
    """Cut the board's power, in the middle of whatever it does, or give it back."""
    _do(folder, json, do="power", state=state)


@app.command()
def state(folder: Folder = FOLDER, json: Json = False) -> None:
    """How its doors and inputs are."""
    _do(folder, json, do="state")


def _do(folder: Path, as_json: bool, **fields: Any) -> None:
    said = ask(folder.absolute(), **fields)
    doors = [
        f"door {n}: {'unlocked' if one['released'] else 'locked'}, {'open' if one['open'] else 'closed'}"
        for n, one in enumerate(said["doors"], 1)
    ]
    names = [f"door {n}" for n in range(1, len(doors) + 1)]
    places = [place(event["code"], event["door"], names) for event in said["events"]]
    events = [
        event["event"] + (f" ({where})" if where else "") for event, where in zip(said["events"], places, strict=True)
    ]
    nothing = [] if fields["do"] == "state" else ["nothing on record"]
    inputs = [f"{one['kind']}: on" for one in said["inputs"] if one["on"]]
    compartments = [f"compartment {n}: open" for n in said["compartments"]["open"]]
    result(as_json, said, *(events or nothing), *doors, *inputs, *compartments)


def _hold(folder: Path, erase: bool) -> int:
    """The folder is this board's alone as long as the lock that is returned is open."""
    private.umask()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / _LOCK).exists():
        raise Problem(f"{folder} holds something that is no virtual board; name another folder with --folder")
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise Problem(f"a virtual board runs in {folder} already; end it, or give another --folder") from None
    if erase:
        for old in folder.iterdir():
            if old.name != _LOCK:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    return lock


async def _stay(name: str, table: dict[str, Any], folder: Path, as_json: bool) -> None:
    """Until Ctrl-C, kill, or the end of the terminal."""
    from .control import Control
    from .wired import Wired

    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    wired = Wired(table, folder, "micropython", progress)
    control = Control(folder, wired.do)
    try:
        await wired.start()
        await control.start()
        port = wired.board.port
        result(
            as_json,
            {"board": name, "port": port, "folder": str(folder)},
            f"{port}",
            f"install it: portvakt install --board {name} --port {port} --settings settings.json",
            "then, in another terminal: portvakt board tap 1 26:17:1204; portvakt board --help",
        )
        await told.wait()
    finally:
        progress("ending")
        await control.stop()
        await wired.stop()
