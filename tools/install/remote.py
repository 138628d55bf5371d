"""A board at the other end of the real mpremote, in as few calls as possible: each costs a second."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.terminal import Problem

RESET = "import machine; machine.reset()"
CALL_S = 120  # copying everything at 115200 baud takes some 20 s
# A controller that is interrupted has a network thread that goes on, and prints between what mpremote reads.
TALKED_OVER = ("unexpected read during raw paste", "could not enter raw repl")
TRIES = 3  # of what may be done twice

# What mpremote says, and what that means to the installer.
MEANINGS = {
    "failed to access": "the port cannot be opened; check the cable and who else has it open",
    "no device found": "there is no such port; check the cable and its name (`portvakt doctor` lists them)",
    "could not enter raw repl": "no MicroPython answers; flash the board, or press its reset, then try again",
    "could not exec": "the board broke off; press its reset and try again",
    "ENOSPC": "the board's file system is full; erase the board and install again",
}


class Remote:
    """port: what mpremote calls it, for example /dev/ttyUSB0."""

    def __init__(self, port: str) -> None:
        self.port = port

    def call(self, *commands: str, timeout_s: float = CALL_S, tries: int = 1) -> str:
        """Runs mpremote's commands in one call, without a soft reset. Returns what the board printed.

        tries: more than one where the controller may be running, of commands that may be done twice.
        """
        for left in reversed(range(tries)):
            code, out, errors = self.run("connect", self.port, "resume", *commands, timeout_s=timeout_s)
            if not code:
                return out
            if not left or not any(words in out + errors for words in TALKED_OVER):
                break
        raise Problem(self._meaning(out + errors))

    def run(self, *words: str, timeout_s: float) -> tuple[int, str, str]:
        """mpremote with these words. Returns its exit code and what it printed."""
        try:
            run = subprocess.run(
                [sys.executable, "-m", "mpremote", *words],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise Problem(f"the board at {self.port} does not answer; press its reset, then try again") from None
        return run.returncode, run.stdout, run.stderr

    def _meaning(self, said: str) -> str:
        for words, meaning in MEANINGS.items():
            if words in said:
                return f"{self.port}: {meaning}"
        # A traceback's last line wherever it is: mpremote's own lines may come after it, for they are buffered.
        lines = said.strip().splitlines() or ["mpremote said nothing"]
        errors = [line for line in lines if re.match(r"\w*(Error|Exception|Interrupt)\b", line)]
        last = (errors or lines)[-1]
        return f"{self.port}: {last}; try again, and look at the board's console if it stays"

    def tell(self, *commands: str, timeout_s: float = CALL_S, tries: int = 1) -> dict[str, Any]:
        """As call; the board's last line of JSON."""
        for _ in range(tries):
            said = self.call(*commands, timeout_s=timeout_s, tries=tries)
            for line in reversed(said.splitlines()):
                if line.startswith("{") and (found := _object(line)) is not None:
                    return found
        raise Problem(f"{self.port}: the board's answer is not understood; press its reset and try again")


def _object(line: str) -> dict[str, Any] | None:
    """None of a line in whose middle something else was printed."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return None


def ports() -> list[str]:
    """The serial ports of devices that are plugged in."""
    from serial.tools import list_ports

    return [port.device for port in list_ports.comports() if port.vid is not None]


def the_port() -> str:
    """That of the only board there is."""
    found = ports()
    if not found:
        raise Problem("no board is plugged in; check the cable, or name its port with --port")
    if len(found) > 1:
        raise Problem(f"more boards than one are plugged in; name one with --port ({', '.join(found)})")
    return found[0]


def on_board(name: str) -> str:
    """A script of the folder on_board, by its path."""
    return str(Path(__file__).with_name("on_board") / name)
