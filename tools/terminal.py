"""How every verb speaks: progress on stderr, the result last on stdout, a problem as one sentence."""

import json
import sys
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on the last line.")]


class Problem(Exception):
    """Something the user can do something about: "what happened; what to do". The exit code is 1."""


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def result(as_json: bool, facts: dict[str, Any], *lines: str) -> None:
    """The outcome: the facts for a program, the lines for a person."""
    if as_json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)
        return
    for line in lines:
        print(line, flush=True)
