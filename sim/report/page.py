"""Writes the picture: page.html with its style, its script and the facts inside. It loads nothing from anywhere."""

import json
from html import escape
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
SCRIPTS = ("facts.js", "draw.js", "moving.js", "page.js")  # one script, in this order


def page(facts: dict[str, Any]) -> str:
    """The whole page."""
    # "</script>" and "<!--" in a name would end the script it stands in.
    data = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = (_HERE / "page.html").read_text(encoding="utf-8")
    for mark, part in (
        ("{{title}}", escape(str(facts["title"]))),
        ("{{style}}", (_HERE / "page.css").read_text(encoding="utf-8")),
        ("{{script}}", "".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)),
        ("{{facts}}", data),
    ):
        text = text.replace(mark, part)
    return text


def write(path: Path, facts: dict[str, Any]) -> None:
    path.write_text(page(facts), encoding="utf-8")
