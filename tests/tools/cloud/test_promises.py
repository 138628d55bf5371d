"""Each promise of tools/cloud/README.md names tests that there are; what has none says so."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
README = Path(__file__).parents[3] / "tools" / "cloud" / "README.md"
NONE = "**None**: not built"


def promises() -> list[tuple[str, str]]:
    """(promise, what proves it), row by row."""
    part = README.read_text(encoding="utf-8").partition("## Promises about people\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return [(row[0], row[1]) for row in rows[1:]]


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
