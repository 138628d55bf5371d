"""Installations over a cable that is cut at any byte: the board runs the build before or the new one, and the second
try ends well. On every layout, with a file system that is full but for what an installation needs.

The installer's own code and mpremote's, in one process; the board is sim/cuts/cable.py.
"""

import contextlib
import hashlib
import io
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import serial

from sim.cuts import protocol_board
from sim.cuts.cable import WAYS, CableBoard
from sim.cuts.power import Tally, content
from tools import boards, build, layouts, pack
from tools.install import command, payload
from tools.install.remote import Remote
from tools.terminal import Problem

BOARD = "esp32-two-door"
PORT = "board://0"
BUILDS = 4
SPARE = 8  # blocks that stay free, as firmware/controller/storage/room.py has it
OTHERS = 14  # blocks of folders, the board's table and its settings, and of those that an installation brings
LATE = 4_000  # bytes at the end of an installation, in which the new build is put in charge
FATES = ("power cycled", "plugged in again", "left alone for ten minutes")


@cache
def table() -> dict[str, Any]:
    return boards.load(BOARD)


@cache
def base() -> build.Build:
    return build.make()


@cache
def some_build(number: int) -> build.Build:
    """This firmware with one module and some bytes more, so that every build is another one."""
    made = base()
    folder = Path(tempfile.mkdtemp(prefix="portvakt-build-"))
    files = {path: (made.folder / path).read_bytes() for path in made.files}
    files["controller/more.mpy"] = Random(number).randbytes(500 + 1500 * number)
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    hashes = {path: hashlib.sha256(body).hexdigest() for path, body in files.items()}
    return build.Build(hashlib.sha256(repr(hashes).encode()).hexdigest()[:12], folder, hashes)


def key(build_id: str) -> bytes:
    """A release key that tells with which build it came."""
    return (build_id * 43)[:512].encode()


class InProcess(Remote):
    """The real mpremote, without a process of its own."""

    def run(self, *words: str, timeout_s: float) -> tuple[int, str, str]:
        from mpremote.main import main  # type: ignore[import-untyped]

        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        printed = (contextlib.redirect_stdout(out), contextlib.redirect_stderr(out))
        with patch.object(sys, "argv", ["mpremote", *words]), printed[0], printed[1]:
            try:
                code = main() or 0
            except (SystemExit, Exception) as error:  # noqa: BLE001 - a process would end with a traceback
                code = 1
                print(f"{type(error).__name__}: {error}")
        out.flush()
        return int(code), out.buffer.getvalue().decode(errors="replace"), ""  # type: ignore[attr-defined]


class InstallTime:
    """Of the installer, which waits for starts: none passes here."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextlib.contextmanager
def at_the_bench() -> Iterator[None]:
    """mpremote finds the board; the installer neither waits nor talks."""
    if "sim.cuts" not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append("sim.cuts")
    with patch.object(command, "time", InstallTime()), patch.object(command, "progress", lambda text: None):
        yield


class InstallWalk:
    """One board of one layout that gets one build after another, each over a cable that is cut."""

    def __init__(self, seed: int, tally: Tally | None = None, layout: str = "") -> None:
        self.random = random = Random(seed)
        self.tally = tally
        self.layout = layout or layouts.names()[seed % len(layouts.names())]
        self.cuts = 0
        self.late = 0.2  # so many of the cuts come when the new build is put in charge
        blocks = layouts.load(self.layout).sectors("vfs")
        self.board = CableBoard(blocks, table()["flash"], self.whole, mpy(), random)
        protocol_board.BOARDS[PORT] = self.board
        self.number = random.randrange(BUILDS)
        self.current = ""
        self.new = self.some_payload()
        self.second_try()
        self.length = self.board.passed  # so many bytes pass on the line in an installation
        self.fill(blocks - OTHERS - SPARE - 2 * self.most_blocks() - random.randrange(4))

    @staticmethod
    def most_blocks() -> int:
        """What the largest slot takes."""
        return max(4 + len(some_build(number).slot[pack.NAME]) // 4088 for number in range(BUILDS))

    def fill(self, blocks: int) -> None:
        """Files of somebody else: two slots have room beside them, and little more."""
        with self.board.files.open("/mine", "wb") as file:
            file.write(self.random.randbytes(4088 * blocks))

    def some_payload(self) -> payload.Payload:
        self.number = (self.number + self.random.randrange(1, BUILDS)) % BUILDS
        one = some_build(self.number)
        new = payload.assemble(one, BOARD, None).new | {"release.key": key(one.id)}
        return payload.Payload(one, new, commission=15, serial=self.random.getrandbits(31))

    def whole(self, mounted: Any) -> str:
        """The build that lies in what main.py mounted, to the last byte."""
        if mounted is None:
            return ""
        there = self.board.files.content(mounted._path)
        for one in map(some_build, range(BUILDS)):
            if there == one.slot[pack.NAME] and all(mounted.stat(f"/{path}")[0] & 0x8000 for path in one.files):
                return one.id
        return ""

    def install(self) -> None:
        with at_the_bench():
            command.onto(InProcess(PORT), self.new, table(), {})

    def step(self) -> None:
        """An installation with a cut, what becomes of the board, and the second try."""
        board, random = self.board, self.random
        board.way, board.within, board.passed = random.choice(WAYS), 3, 0
        board.cut_at = random.randrange(self.length)
        if random.random() < self.late:
            board.way, board.within = WAYS[2], 40
            board.cut_at = self.length - random.randrange(100, LATE)
        with contextlib.suppress(Problem):
            self.install()
        board.cut_at = None
        fate = random.choice(FATES) if board.alive else FATES[0]
        if not board.plugged or not board.alive or board.flash.fault is not None:
            self.cuts += 1
            self.count(fate)
        self.afterwards(fate)
        self.second_try()
        self.new = self.some_payload()

    def afterwards(self, fate: str) -> None:
        board = self.board
        if fate == FATES[0]:
            board.power_cycle()
        elif fate == FATES[2] and not board.running:
            board.ten_minutes()
        else:
            board.replug()
            board.flash.fault = None
            return
        builds = (self.current, self.new.build.id)
        assert board.running in builds, f"{self.layout}, {fate}: the board runs {board.running or 'nothing'}"
        self.check()

    def second_try(self) -> None:
        try:
            self.install()
        except Problem as problem:
            raise AssertionError(f"{self.layout}: the second try is refused: {problem}") from problem
        assert self.board.running == self.new.build.id, f"{self.layout}: {self.board.running or 'nothing'} runs"
        self.current = self.new.build.id
        self.check()
        left = {"new", "ready", "maintenance", "returned", "room"} & set(self.board.files.listdir("/"))
        assert not left, f"{self.layout}: an installation is over, and there is still {left}"

    def check(self) -> None:
        """What runs is of one installation, and no strike has moved."""
        board = self.board
        assert board.files.content("/release.key") == key(board.running), f"{self.layout}: half of an installation"
        assert set(board.chip.outputs.values()) == {0}, "a strike is not in its safe state"

    def count(self, fate: str) -> None:
        if self.tally is not None:
            self.tally.ends[f"{self.layout}, {fate}"] += 1
            image = hashlib.blake2b(content(self.board.flash), digest_size=8).digest()
            self.tally.cuts += image not in self.tally.images
            self.tally.images.add(image)


@cache
def mpy() -> int:
    """As sys.implementation._mpy of the interpreter that this firmware is compiled for."""
    return 0x2800 | (base().folder / "controller" / "app.mpy").read_bytes()[1]
