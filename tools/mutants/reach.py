"""Which tests run which lines, and how long they take: measured once by coverage.py, kept until told to forget."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tools.mutants import rooms
from tools.mutants.mutant import Mutant

FOLDER = rooms.ROOT / "build" / "mutants"


@dataclass
class LineReach:
    """seconds: of each test that passes. lines: file -> test -> lines of the file that it runs."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lines: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    _totals: dict[str, int] = field(default_factory=dict)

    def add(self, measured: dict[str, Any]) -> None:
        self.seconds.update(measured["seconds"])
        self.failed = sorted({*self.failed, *measured["failed"]} - measured["seconds"].keys())
        for file, tests in measured["lines"].items():
            self.lines.setdefault(file, {}).update({test: set(lines) for test, lines in tests.items()})
        self._totals.clear()

    def keep(self, tests: Iterable[str]) -> None:
        """Forgets tests that are not there any more: to ask for one is no failure of the code."""
        there = set(tests)
        self.seconds = {test: seconds for test, seconds in self.seconds.items() if test in there}
        self.failed = [test for test in self.failed if test in there]
        for file, tests_of in self.lines.items():
            self.lines[file] = {test: lines for test, lines in tests_of.items() if test in there}
        self._totals.clear()

    def _lines_of(self, test: str) -> int:
        """How many it runs, of all files."""
        if not self._totals:
            for tests in self.lines.values():
                for name, lines in tests.items():
                    self._totals[name] = self._totals.get(name, 0) + len(lines)
        return self._totals.get(test, 0)

    def tests(self, mutant: Mutant, most_seconds: float) -> tuple[list[str], bool]:
        """(tests that run the statement; whether there were more of them). First those that are about it.

        That is: whose file is named after the module, lies in the folder that mirrors its own, or names it; which run
        most of the function, and little else.

        Of what is done once when a module is imported: all tests that run something of the file; where none does, as
        all of it is done at import, those of its room and those that import it, or else its room.
        """
        of_file = self.lines.get(mutant.file, {})
        wanted = set(range(mutant.first, mutant.last + 1))
        around: frozenset[int]
        first: list[str] = []
        if mutant.function is None:
            found = [test for test in of_file if test in self.seconds]
            found = found or _of_files(self.seconds, mutant.file, exactly=True)
            found = found or _of_files(self.seconds, mutant.file, exactly=False)
            around = mutant.uses
            readers = rooms.readers(mutant.file)
            first = [test for test in self.seconds if test.startswith(readers)] if readers else []
        else:
            found = [test for test, lines in of_file.items() if lines & wanted and test in self.seconds]
            around = frozenset(range(mutant.function[0], mutant.function[1] + 1))
        found.sort(
            key=lambda test: (
                not _named_after(test.partition("::")[0], Path(mutant.file).stem),
                Path(test.partition("::")[0]).parent != Path("tests", Path(mutant.file).parent),
                Path(mutant.file).stem not in _words(test.partition("::")[0]),
                -len(of_file.get(test, set()) & around),
                -round(20 * len(of_file.get(test, ())) / max(1, self._lines_of(test))),
                self.seconds[test],
                test,
            )
        )
        return _within([*first, *found], self.seconds, most_seconds)


def _named_after(file: str, module: str) -> bool:
    return f"_{module}" in Path(file).stem


def _of_files(tests: Iterable[str], file: str, exactly: bool) -> list[str]:
    return [test for test in tests if _is_about(test.partition("::")[0], file, exactly)]


@cache
def _is_about(test: str, file: str, exactly: bool) -> bool:
    """Whether a test file lies in the folder that mirrors that of a file, or imports it; not exactly: or from there."""
    folder, module = Path(file).parent, Path(file).stem
    path = rooms.ROOT / test
    if not path.exists() or Path(test).parent == Path("tests", folder):
        return path.exists()
    wanted = {folder.name, module} if exactly else {folder.name}
    imports = (line for line in path.read_text(encoding="utf-8").splitlines() if "import" in line)
    return any(wanted <= set(re.findall(r"\w+", line)) for line in imports)


@cache
def _words(file: str) -> frozenset[str]:
    """Of a test file."""
    path = rooms.ROOT / file
    return frozenset(re.findall(r"\w+", path.read_text(encoding="utf-8"))) if path.exists() else frozenset()


def _within(tests: list[str], seconds: dict[str, float], most: float) -> tuple[list[str], bool]:
    taken: list[str] = []
    left = most
    for test in tests:
        if seconds[test] <= left or not taken:
            left -= seconds[test]
            taken.append(test)
    return taken, len(taken) < len(tests)


def _place(world: str) -> Path:
    return FOLDER / f"reach-{world}.json"


def load(world: str) -> LineReach:
    reach = LineReach()
    if _place(world).exists():
        reach.add(json.loads(_place(world).read_text()))
    return reach


def save(world: str, reach: LineReach) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = {file: {test: sorted(found) for test, found in tests.items()} for file, tests in reach.lines.items()}
    _place(world).write_text(json.dumps({"seconds": reach.seconds, "failed": reach.failed, "lines": lines}))


def forget(worlds: Iterable[str]) -> None:
    for world in worlds:
        _place(world).unlink(missing_ok=True)
