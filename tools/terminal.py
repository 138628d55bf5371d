"""How every verb speaks: progress on stderr, the result last on stdout, a problem as one sentence."""

import json
import re
import sys
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on the last line.")]


# What moves the cursor, begins a line or turns the direction of writing: control characters (Unicode's Cc, U+2028 f.),
# signs that turn it (UAX 9, 2.1 to 2.5), halves of a character. A terminal does as they say, a log has a line more.
_STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Problem(Exception):
    """Something the user can do something about: "what happened; what to do". The exit code is 1."""


def steers(text: str) -> bool:
    """Whether something in a text is not to be seen but done by whoever shows it."""
    return _STEERS.search(text) is not None


def visible(text: str, but: str = "") -> str:
    """A text whose steering characters are shown as they are written: \\n, \\x1b. but: those that stay."""
    return _STEERS.sub(lambda one: one[0] if one[0] in but else one[0].encode("unicode_escape").decode(), text)


def progress(text: str) -> None:
    text = visible(text, but="\n\t")
    print(text, file=sys.stderr, flush=True)


def result(as_json: bool, facts: dict[str, Any], *lines: str) -> None:
    """The outcome: the facts for a program, the lines for a person."""
    if as_json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)
        return
    for line in lines:
        print(visible(line, but="\n\t"), flush=True)
