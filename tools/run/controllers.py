"""One controller of the building: a virtual board, its network, its doors and its log on flash."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.board.host import VirtualBoard
from sim.world.network import CUT, PASS, Network
from tools import boards
from tools.cloud.doors.locks import LockState
from tools.terminal import Problem

from .bank import LiveBank, has_lines
from .doors import LiveDoor
from .figures import StoreProgress
from .flash import FlashLog
from .inputs import LiveInputs
from .parcels import LiveParcels

BOARD = "virtual-two-door"  # of a controller whose description names no other
_ROOT = Path(__file__).resolve().parents[2]
_INSTALL_S = 90
_SMALL, _PSRAM = "220K", "2M"  # of heap, on words of 64 bits; doors have to do with the small one
_PORTVAKT = "from tools.cli import app; app()"


class LiveController:
    """identity: the controller's id as the cloud gave it; settings: what enrolment made for it."""

    def __init__(
        self,
        place: int,
        described: dict[str, Any],
        first_door: int,
        folder: Path,
        broker: tuple[str, int],
        interpreter: str,
        changed: Callable[[], None],
    ) -> None:
        self.place = place
        self.name = str(described["name"])
        self.folder = folder
        self.network = Network(*broker)
        self.network_up = True
        self.power = True
        self.online = False  # signed in to the cloud, and holds what it should
        self.progress = StoreProgress()
        self.locks: list[LockState] = []  # of its doors, as the cloud knows them
        self.settings: dict[str, Any] = {}
        self.board_name = str(described.get("board", BOARD))
        table = boards.load(self.board_name)
        self.board = VirtualBoard(
            f"controller-{place + 1}",
            table,
            folder,
            self._output,
            interpreter=interpreter,
            heap=_PSRAM if "bank" in table and table.get("psram") else _SMALL,
            on_start=self._started,
        )
        self.doors = [
            LiveDoor(first_door + i, i + 1, door["name"], table["doors"][i], self.board, changed)
            for i, door in enumerate(described["doors"])
        ]
        self.inputs = LiveInputs(table, self.board)
        self.parcels: LiveParcels | None = None
        if has_lines(table):
            bank = LiveBank(table, self.board, lambda n: changed())
            self.board.on_uart = bank.hear
            self.parcels = LiveParcels(bank)
        self.log = FlashLog(folder / "log.img")
        self._changed = changed

    @property
    def identity(self) -> str:
        return str(self.settings["controller"])

    async def install(self) -> tuple[str, float]:
        """Puts firmware and settings on the board with the very command an installer uses; it then starts.

        Returns the build id and the seconds it took.
        """
        settings = self.folder / "settings.json"
        settings.touch(0o600)
        settings.write_text(json.dumps(self.settings))
        begun = time.monotonic()
        if self.board.interpreter == "cpython":
            return await self._fill_folder(settings), time.monotonic() - begun
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PORTVAKT, "install", "--board", self.board_name, "--port", self.board.port,
            "--settings", str(settings), "--commission", "0", "--json",
            cwd=_ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            output, errors = await asyncio.wait_for(process.communicate(), _INSTALL_S)
        except TimeoutError:
            raise Problem(f"installing {self.name} took over {_INSTALL_S} s; {self.console()}") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        lines = output.decode(errors="replace").splitlines()
        if process.returncode or not lines:
            said = errors.decode(errors="replace").strip().splitlines()
            raise Problem(f"{self.name} could not be installed: {said[-1] if said else self.console()}")
        return str(json.loads(lines[-1]).get("build", "")), time.monotonic() - begun

    async def _fill_folder(self, settings: Path) -> str:
        """A board on CPython has no serial port to install over: the same files, as source, into its folder."""
        from tools import build
        from tools.install import payload

        ready = await asyncio.to_thread(lambda: payload.assemble(build.make(), self.board_name, settings))
        slot = f"/slots/{ready.build.id}"
        files = {f"{slot}/{name}": source.read_bytes() for name, source in build.sources().items()}
        files |= {f"/{name}": content for name, content in ready.new.items()}
        files["/current"] = f"{ready.build.id}\n".encode()
        await self.board.power_cut()
        self.board.install_files(files)
        await self.board.power_on()
        return ready.build.id

    async def set_network(self, up: bool) -> None:
        self.network_up = up
        await self.network.set(PASS if up else CUT)
        self.board.set_network(up)
        self._changed()

    async def set_power(self, on: bool) -> None:
        if on == self.power:
            return
        self.power = on
        if on:
            await self.board.power_on()
        else:
            await self.board.power_cut()
        self._changed()

    async def stop(self) -> None:
        await self.board.stop()
        await self.network.stop()

    def _output(self, pin: int, level: int) -> None:
        if not self.board.alive:  # its lines fell because nothing drives them any more
            for door in self.doors:
                door.power_lost()
            if self.parcels is not None:
                self.parcels.bank.power_lost()
            return
        if self.parcels is not None and self.parcels.bank.output(pin, level):
            self._changed()
        for door in self.doors:
            if door.output(pin, level):
                return

    def _started(self) -> None:
        """The board has started (again): it finds the doors as they are."""
        for door in self.doors:
            door.power_lost()
            door.inputs()
        self.inputs.tell()
        self._changed()

    def console(self) -> str:
        """What the board printed last, for a message."""
        return "the board said: " + (" | ".join(list(self.board.log_tail)[-5:]) or "nothing")
