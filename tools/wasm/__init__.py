"""Real MicroPython with words of 32 bits, as a board has them: its WebAssembly port, under node.

What the port lacks is in lacks.py; machine, network and esp32 are the simulated chip's (sim/mcu).
"""

import subprocess
from pathlib import Path

from tools import npm

PACKAGE = "@micropython/micropython-webassembly-pyscript"
HERE = Path(__file__).parent
HEAP = 256 * 1024  # bytes to begin with; this port takes more from its host when they are full


def releases() -> list[str]:
    """The releases of MicroPython that are pinned, oldest first."""
    return [package.version for package in npm.packages() if package.name == PACKAGE]


def run(
    folder: Path, script: str, release: str, arguments: tuple[str, ...] = (), timeout: int = 100, heap: int = HEAP
) -> subprocess.CompletedProcess[str]:
    """Copies the folder into the interpreter's own file system and runs a script of it.

    The script finds `arguments`, and defines step(), which returns whether there is more to do. A collection happens
    between two steps and nowhere else: inside one, gc.collect() frees nothing. Its `code` is the exit code.
    """
    package = npm.path(PACKAGE, release)
    command = [str(part) for part in (npm.node(), HERE / "run.mjs", package, heap, folder, script, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
