"""firmware/README.md claims nothing without a test that exists, and forgets no file."""

import ast
import re
from pathlib import Path

from firmware.controller.access.reading.fields import SUPERVISION, WholeNumber, Word

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "firmware/README.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.count("|") >= 7 and not line.startswith(("| |", "|---", "| **"))]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_names_a_test_that_exists() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        named = NAMED.findall(row.split("|")[-2])
        assert named, row
        for path, name in named:
            assert name in names_in(path), f"{path}::{name}"


def test_theirs_has_a_source_or_says_that_nothing_was_said() -> None:
    sources = dict(re.findall(r"\[([ufm]\d)\] (.*?)(?= ·|\n[UM]|\.$)", PAGE.split("\nSources.")[1], re.DOTALL))
    for row in ROWS:
        for cell in row.split("|")[2:5]:
            assert cell.strip() == "not said" or re.search(r"\[[ufm]\d\]", cell), row
    assert set(re.findall(r"\[([ufm]\d)\]", PAGE)) == set(sources)
    assert all("https://" in text for text in sources.values())


def test_the_files_are_those_that_there_are() -> None:
    controller = ROOT / "firmware/controller"
    table = PAGE.split("## How to add")[0]
    for name in re.findall(r"`controller/([\w/]+(?:\.py|/))`", table):
        assert (controller / name).exists(), name
    for folder in [path for path in controller.iterdir() if path.is_dir() and any(path.glob("*.py"))]:
        assert f"`controller/{folder.name}/`" in table, folder.name


def test_every_field_of_door_supervision_is_told_with_its_limits() -> None:
    page = (ROOT / "firmware/controller/points/README.md").read_text()
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    assert set(rows) == set(SUPERVISION)
    for name, check in SUPERVISION.items():
        if isinstance(check, Word):
            assert all(f'"{word}"' in rows[name] for word in check.words), name
        if isinstance(check, WholeNumber):
            assert f"{check.least}-{check.most}" in rows[name], name
