"""Documents name what is there: every link, file, command and option in a Markdown file of this repository exists."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tools.bench import BENCHES
from tools.cli import VERBS
from tools.verbs import load

ROOT = Path(__file__).parents[1]
SAY = "the document names what is not there: correct it, or put back what it names"
# History names what stood there then.
HISTORY = {"CHANGELOG.md", "sim/RESULTS.md", "tools/bench/RESULTS.md"}
# Made where the software runs, or by whoever follows the document.
MADE = {"settings.json", "rules.json", "findings/NAME.sh", "portvakt.bin", "ESP32_GENERIC.bin"}

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_CODE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.(?:py|md|toml|sh|csv|svg|html|po|json)(?:::\w+)?")
_PATH = re.compile(r"[a-z][\w-]*(?:/[\w-]+)+/?")
_COMMAND = re.compile(r"(?:^|[\s`])(portvakt [a-z][^`#|&;\n]*)", re.M)


def _written() -> Iterator[str]:
    """The files of this repository; without what is made here, which another machine has not."""
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(name for name in inner if name not in ("build", "var", "__pycache__") and name[0] != ".")
        yield from (str(Path(folder, name).relative_to(ROOT)) for name in names)


FILES = sorted(_written())
DOCUMENTS = [name for name in FILES if name.endswith(".md")]
# As a document may call them: from any folder downwards.
ENDS = {name.split("/", cut)[-1] for name in FILES for cut in range(name.count("/") + 1)}
FOLDERS = {end.rsplit("/", cut)[0] for end in ENDS for cut in range(1, end.count("/") + 1)}
MODULES = {end.removesuffix(".py") for end in ENDS if end.endswith(".py")}


def _headings(file: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", _FENCE.sub("", file.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _wrong_links(name: str, text: str) -> Iterator[str]:
    for link in _LINK.findall(_FENCE.sub("", text)):
        if "://" in link or link.startswith("mailto:"):
            continue
        where, _, anchor = link.partition("#")
        file = (ROOT / name).parent / where if where else ROOT / name
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _headings(file)):
            yield link


def _wrong_paths(text: str) -> Iterator[str]:
    for said in _CODE.findall(_FENCE.sub("", text)):
        if said in MADE:
            continue
        if _FILE.fullmatch(said):
            file, _, test = said.partition("::")
            found = [name for name in FILES if name == file or name.endswith("/" + file)]
            if not found or (test and not any(f"def {test}(" in (ROOT / one).read_text("utf-8") for one in found)):
                yield said
        elif _PATH.fullmatch(said) and said.rstrip("/") not in FOLDERS | MODULES:
            yield said


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """(what these words call, the words after its name). Raises KeyError where there is no such verb."""
    verb, *rest = words
    where = VERBS[verb][0]
    if verb == "bench" and rest[0] != "all":
        BENCHES[rest[0]]
        where = f"tools.bench.{rest.pop(0).replace('-', '_')}:bench"
    command: Any = typer.main.get_command(load(where))
    while hasattr(command, "commands") and rest and not rest[0].startswith("--"):
        command = command.commands[rest.pop(0)]
    return command, rest


def _wrong_commands(text: str) -> Iterator[str]:
    """What the command line does not know: a verb, or an option of one."""
    for said in _COMMAND.findall(text):
        try:
            command, rest = _command(said.split(" (")[0].rstrip(" .,:)").split()[1:])
        except (KeyError, IndexError):
            yield said.strip()
            continue
        known = {"--help", *(option for one in command.params for option in (*one.opts, *one.secondary_opts))}
        if any(word.startswith("--") and word.split("=")[0].rstrip(".,:)") not in known for word in rest):
            yield said.strip()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    assert list(_wrong_links(name, (ROOT / name).read_text("utf-8"))) == [], SAY


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name not in HISTORY])
def test_every_file_that_is_named_exists(name: str) -> None:
    assert list(_wrong_paths((ROOT / name).read_text("utf-8"))) == [], SAY


_OURS, _SHOWN = "ours", "shown by"


def _rows_without_proof(text: str) -> Iterator[str]:
    """In tables of what we do beside others: rows that name no test of ours, nor say that we have none of it."""
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]] if line.startswith("|") else []
        if not cells or _SHOWN in cells:
            heads = cells
        elif heads and _SHOWN in heads and any(cells[1:]) and not set(line) <= set("|- "):
            row = dict(zip(heads, cells, strict=False))
            has_not = row.get(_SHOWN) == "no" and row.get(_OURS, "no").startswith("no")
            if not (has_not or re.search(r"`tests/[\w/]+\.py::test_\w+`", row.get(_SHOWN, ""))):
                yield cells[0]


@pytest.mark.parametrize("name", ["firmware/README.md", "tools/cloud/lockers/README.md"])
def test_what_we_do_beside_others_is_shown_by_tests(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert list(_rows_without_proof(text)) == [], "name the test that shows it, or say that we have it not"
    assert _SHOWN in text


def test_a_row_without_a_test_is_seen() -> None:
    head = "| | theirs | ours | shown by |\n|---|---|---|---|\n| **Group** | | | |\n"
    rows = "| a | yes | yes | |\n| b | yes | no | no |\n| c | no | yes | no |\n| e | `tests/a.py::test_e` |\n"
    right = "| d | no | yes | `tests/a.py::test_d` |\n"
    assert list(_rows_without_proof(head + rows + right)) == ["a", "c", "e"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_named_exists(name: str) -> None:
    assert list(_wrong_commands((ROOT / name).read_text("utf-8"))) == [], SAY


def test_what_is_not_there_is_seen() -> None:
    links = "[a](nowhere.md) [b](README.md#no-such-heading) [c](README.md#two-commands)"
    text = "`tools/nowhere.py` `tools/nowhere/` `nowhere.py` `tools/boards.py`"
    assert list(_wrong_links("README.md", links)) == ["nowhere.md", "README.md#no-such-heading"]
    assert list(_wrong_paths(text)) == ["tools/nowhere.py", "tools/nowhere/", "nowhere.py"]
    assert list(_wrong_paths("`tests/test_floors.py::test_nothing`")) == ["tests/test_floors.py::test_nothing"]
    told = "`portvakt bench nothing` `portvakt build --bord x` `portvakt build --board NAME`"
    assert list(_wrong_commands(told)) == ["portvakt bench nothing", "portvakt build --bord x"]


def test_make_help_says_what_each_target_is_for() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    [targets] = re.findall(r"^\.PHONY: (.+)$", text, re.M)
    assert set(re.findall(r"^\t@echo 'make (\w+) +\S.+'$", text, re.M)) == set(targets.split())
