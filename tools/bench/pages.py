"""Every page and list of a big house on each database: milliseconds, bytes, queries; and what row security costs."""

import json as json_
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import postgres
from tools.bench.goals import goal, show
from tools.terminal import Json, Problem, progress

PEOPLE, EVENTS, DOORS, FEW = 50_000, 1_000_000, 200, 60
TIMES = 20  # that each page is asked for, after the one that is counted
P95_MS, MOST_BYTES, MOST_QUERIES = 150, 150_000, 12
SQLITE, POSTGRES, WITHOUT = "SQLite", "PostgreSQL", "PostgreSQL without row security"
# As it comes, but for what only a server of many users needs.
SERVER = ("shared_buffers=128MB", "max_connections=20")

Figures = dict[str, Any]


class Child:
    """pages_child.py on one database."""

    def __init__(self, folder: Path, size: tuple[int, ...], do: str, **environment: str) -> None:
        said = [sys.executable, "-m", "tools.bench.pages_child", do, *map(str, size)]
        there = {**os.environ, "PORTVAKT_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings"}
        for name in ("DATABASE_URL", "OIDC_ISSUER", "OIDC_PROVIDERS", "ROW_SECURITY"):
            there.pop(name, None)
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(said, stdin=pipe, stdout=pipe, env=there | environment, text=True)
        self.names: list[str] = self._read()

    def measure(self, index: int, times: int) -> Figures:
        assert self._process.stdin is not None
        print(json_.dumps([index, times]), file=self._process.stdin, flush=True)
        found: Figures = self._read()
        return found

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Problem("a process of this bench has ended; look at what it printed")
        return json_.loads(line)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(people: int = PEOPLE, events: int = EVENTS, doors: int = DOORS, times: int = TIMES) -> Figures:
    size = people, events, doors, people * 2 // 5, min(FEW, people // 10)  # as Size of big_house.py has them
    with _children(size) as children:
        found = _ask(children, times)
    wholes = {name: _whole(rows) for name, rows in found.items()}
    figures: Figures = {"house": dict(zip(("people", "events", "doors", "records", "few"), size, strict=True))}
    figures |= {"load of the machine": os.getloadavg()[0], "pages": found, "worst": wholes}
    if WITHOUT in found:
        figures["what row security costs"] = _costs(found[POSTGRES], found[WITHOUT])
    figures["goals"] = [one for name, rows in found.items() if name != WITHOUT for one in _goals(name, rows)]
    return figures


@contextmanager
def _children(size: tuple[int, ...]) -> Iterator[dict[str, Child]]:
    """The same house on each database. With and without row security it is one: they are asked by turns."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portvakt-bench-"))) for _ in range(2)]

        def begin(name: str, folder: Path, do: str, **environment: str) -> Child:
            progress(f"{name}: {'a house is made' if do == 'fill' else 'the same house'}")
            child = Child(folder, size, do, **environment)
            stack.callback(child.stop)
            return child

        found = {SQLITE: begin(SQLITE, folders[0], "fill")}
        if postgres.programs() is None:
            progress("PostgreSQL is not installed: SQLite alone")
        else:
            server = postgres.Server(SERVER)
            stack.callback(server.stop)
            server.start()
            url = {"DATABASE_URL": server.url}
            found[POSTGRES] = begin(POSTGRES, folders[1], "fill", **url)
            found[WITHOUT] = begin(WITHOUT, folders[1], "open", ROW_SECURITY="off", **url)
        yield found


def _ask(children: dict[str, Child], times: int) -> dict[str, Figures]:
    """Each page at each database in turn, so that what else the machine does falls on all of them."""
    found: dict[str, Figures] = {name: {} for name in children}
    for index, asked in enumerate(next(iter(children.values())).names):
        for name, child in children.items():
            row = child.measure(index, times)
            row["p95 ms"] = round(_p95(row.pop("ms")), 1)
            found[name][asked] = row
    return found


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def _whole(rows: Figures) -> Figures:
    """The ten that take longest."""
    slow = sorted(rows, key=lambda name: -rows[name]["p95 ms"])[:10]
    return {name: rows[name] for name in slow}


def _costs(with_it: Figures, without: Figures) -> Figures:
    """Of the pages together, and of the one where it is most."""
    shares = {name: with_it[name]["p95 ms"] / without[name]["p95 ms"] for name in with_it}
    ordered = sorted(shares, key=lambda name: shares[name])
    middle, most = ordered[len(ordered) // 2], ordered[-1]
    return {
        "p95, times as long in the middle": round(shares[middle], 2),
        "at most": {most: round(shares[most], 2)},
        "all pages, seconds": [
            round(sum(row["p95 ms"] for row in rows.values()) / 1000, 2) for rows in (with_it, without)
        ],
    }


def _goals(name: str, rows: Figures) -> list[Figures]:
    """Of each page that misses one, and one for all that do not."""
    found = []
    for what, unit, limit in (("p95 ms", "ms", P95_MS), ("bytes", "bytes", MOST_BYTES), ("queries", "", MOST_QUERIES)):
        over = [goal(f"{page}, {name}", row[what], unit, limit) for page, row in rows.items() if row[what] > limit]
        most = max(row[what] for row in rows.values() if row[what] <= limit)
        found += [*over, goal(f"the {len(rows) - len(over)} others, {name}", most, unit, limit)]
    wrong = sum(row["status"] >= 400 for row in rows.values())
    return [*found, goal(f"pages that did not answer, {name}", wrong, "pages", 0)]


def bench(
    people: Annotated[int, typer.Option("--people", min=100, help="People of the house.")] = PEOPLE,
    events: Annotated[int, typer.Option("--events", min=10, help="Events of its log.")] = EVENTS,
    doors: Annotated[int, typer.Option("--doors", min=4, help="Its doors.")] = DOORS,
    times: Annotated[int, typer.Option("--times", min=2, help="How often each page is asked for.")] = TIMES,
    json: Json = False,
) -> None:
    """Every page and list of a big house: how long, how large, how many queries."""
    show(json, measure(people, events, doors, times))
