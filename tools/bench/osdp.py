"""What OSDP readers cost a board: the code it loads for them, its heap, what a poll allocates; on real MicroPython."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from firmware.controller.storage.settings_save import save
from tools import boards, build
from tools.bench.goals import goal, show
from tools.bench.memory import HEAP
from tools.terminal import Json, Problem

BOARD = "esp32-osdp-two-door"
HEAP_GOAL = 120 * 1024
POLLS = 1_000
SCRIPT = Path(__file__).with_name("osdp_on_board") / "run.py"


def measure(polls: int = POLLS) -> dict[str, Any]:
    interpreter = Path(sys.executable).with_name("micropython")
    if not interpreter.exists():
        raise Problem("there is no MicroPython wheel for this machine; measure on Linux x86-64")
    made = build.make()
    sealed = _run(interpreter, made, polls, True)
    plain = _run(interpreter, made, polls, False)
    loaded = sorted(Path(file).relative_to(made.folder).as_posix() for file in sealed["files"] if file)
    bytes_of = {path: made.bytes_of(path) for path in loaded}
    return {
        "board": BOARD,
        "build": made.id,
        "loaded": bytes_of,
        "loaded_bytes": sum(bytes_of.values()),
        "osdp_bytes": sum(size for path, size in bytes_of.items() if "/osdp" in path),
        "heap_size": HEAP,
        "heap_of_lines_and_readers": sealed["board"],
        "microseconds_a_poll": {"plain": plain["microseconds"], "sealed": sealed["microseconds"]},
        "goals": [
            goal("heap after import and board", sealed["heap"] + sealed["board"], "bytes", HEAP_GOAL),
            goal("allocated a poll, in plain", plain["most"], "bytes", 0),
            goal("allocated a poll, sealed", sealed["most"], "bytes", 0),
        ],
    }


def _run(interpreter: Path, made: build.Build, polls: int, secure: bool) -> dict[str, Any]:
    board = boards.load(BOARD)
    keys = {}
    for number, door in enumerate(board["doors"], 1):
        door["reader"]["secure"] = secure
        keys[str(number)] = "00" * 16
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "board.json").write_text(json.dumps(board))
        if secure:
            save(f"{folder}/", keys, "osdp")
        code = f"import sys; sys.path[:] = [{str(build.ROOT)!r}, {str(made.folder)!r}, '.frozen']\n"
        code += f"sys.argv[:] = ['run', {folder!r}, '{polls}']\n" + SCRIPT.read_text()
        command = [str(interpreter), "-X", f"heapsize={HEAP}", "-c", code]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode:
        said = (run.stderr or run.stdout).strip().splitlines() or ["no message"]
        raise Problem(f"the board could not be run in a heap of {HEAP} ({said[-1]}); look at the last change")
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    if not all(found["answers"]) or found["sealed"] != [secure] * len(keys):
        raise Problem(f"the readers did not work on MicroPython: {found}; this is a defect, please report it")
    return found


def bench(
    polls: Annotated[int, typer.Option("--polls", help="How many.", min=100)] = POLLS, json: Json = False
) -> None:
    """What OSDP readers cost a board: code, heap, and what a poll allocates, on the real MicroPython."""
    show(json, measure(polls))
