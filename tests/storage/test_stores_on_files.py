"""The stores on files, with the same tests as on raw flash."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from firmware.controller.events import FILES_INSTEAD
from firmware.controller.storage import files
from firmware.controller.storage.sectors import faults
from sim.mcu.flash import SECTOR
from tests.firmware.storage import bench, test_log, test_state, test_table, test_table_snapshot

ROOMS = (test_table, test_table_snapshot, test_state, test_log)


class FileFlash:
    """Files, looked at as the tests look at flash."""

    def __init__(self, folder: Path, sectors: int) -> None:
        self.files = files.Files(str(folder), sectors)
        self.size = sectors * SECTOR
        self.reads = self.programs = self.erases = 0
        self.bytes_read = self.bytes_programmed = 0
        self.fault: Callable[[str, int, int], int | None] | None = None

    def _fault(self, op: str, offset: int, length: int) -> None:
        if self.fault:
            assert self.fault(op, offset, length) is None

    def read(self, offset: int, buf: Any) -> None:
        self._fault("read", offset, len(buf))
        self.reads += 1
        self.bytes_read += len(buf)
        view, at = memoryview(buf), 0
        while at < len(buf):
            part = min(len(buf) - at, SECTOR - (offset + at) % SECTOR)
            self.files.readblocks((offset + at) // SECTOR, view[at : at + part], (offset + at) % SECTOR)
            at += part

    def program(self, offset: int, data: Any) -> None:
        self._fault("program", offset, len(data))
        self.programs += 1
        self.bytes_programmed += len(data)
        self.files.writeblocks(offset // SECTOR, data, offset % SECTOR)

    def erase(self, sector: int) -> None:
        self._fault("erase", sector * SECTOR, SECTOR)
        self.erases += 1
        self.files.ioctl(6, sector)

    def poke(self, offset: int, data: bytes) -> None:
        while data:
            part = data[: SECTOR - offset % SECTOR]
            self.files.writeblocks(offset // SECTOR, part, offset % SECTOR)
            offset, data = offset + len(part), data[len(part) :]


@pytest.fixture
def on_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    numbers = itertools.count()

    def flash(sectors: int) -> FileFlash:
        return FileFlash(tmp_path / str(next(numbers)), sectors)

    for room in (bench, *ROOMS):
        if hasattr(room, "flash"):
            monkeypatch.setattr(room, "flash", flash)
    faults.clear()
    yield
    faults.clear()


CASES = [(room, name) for room in ROOMS for name in vars(room) if name.startswith("test_")]


@pytest.mark.parametrize(("room", "name"), CASES, ids=[name for _, name in CASES])
def test_on_files(room: ModuleType, name: str, on_files: None) -> None:
    getattr(room, name)()


def test_a_board_without_partitions_says_what_it_can_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], on_files: None
) -> None:
    for label in ("state", "log", "acl"):
        assert files.partition(label, f"{tmp_path}/").ioctl(4, 0) == (2 if label == "state" else 60)
    said = capsys.readouterr().out
    assert "files hold 9790 credentials" in said
    assert "files hold 7366 events" in said
    assert faults == [(FILES_INSTEAD, ord(letter)) for letter in "SLA"]
