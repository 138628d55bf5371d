"""Each promise of tools/cloud/README.md names tests that there are; what has none says so.

By itself it prints the files of those tests, and of what keeps tenants apart: `make promises` runs them on PostgreSQL.
"""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "tools" / "cloud" / "README.md"
NONE = "**None**: not built"


def promises() -> list[tuple[str, str]]:
    """(promise, what proves it), row by row."""
    part = README.read_text(encoding="utf-8").partition("## Promises about people\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return [(row[0], row[1]) for row in rows[1:]]


def files() -> list[str]:
    """Of all promises, from the root of the repository, and whole rooms for what a table cannot name one by one."""
    named = {
        f"{HERE.relative_to(ROOT)}/{file}" for _, proof in promises() for file in re.findall(r"`([\w/]+\.py)::", proof)
    }
    rooms = [str((HERE / room).relative_to(ROOT)) for room in ("attack", "privacy", "row_security")]
    return rooms + sorted(one for one in named if not one.startswith(tuple(rooms)))


def functions(file: Path) -> set[str]:
    return {node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_there_are_promises_and_most_are_proven() -> None:
    assert len(promises()) > 30 and sum(proof == NONE for _, proof in promises()) <= 3


@pytest.mark.parametrize(("promise", "proof"), promises())
def test_what_is_said_to_prove_it_is_there(promise: str, proof: str) -> None:
    if proof == NONE:
        return
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", proof)
    assert named and ", ".join(f"`{file}::{name}`" for file, name in named) == proof
    for file, name in named:
        assert name in functions(HERE / file), (promise, file, name)


if __name__ == "__main__":
    print("\n".join(files()))
