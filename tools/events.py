"""`python -m tools.events`: the table of events for people, made from the comments of firmware/controller/events.py."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from sim import words

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
SOURCE = FIRMWARE / "controller" / "events.py"
TABLE = FIRMWARE / "controller" / "EVENTS.md"

_CODE = re.compile(r"([A-Z][A-Z_]*) = (\d+)(?:  # (.*))?")
_EXTRA = re.compile(r"(?:^|[;.] )(?:extra|`extra`)(?: of a line)?:? (.*)$")

# What EN 60839-11-1:2013 asks for, from excerpts of Table 2 and clause 8.4.3.1, which names lines of Table 3; the whole
# text was not at hand.
_STANDARD: dict[str, str] = {
    "GRANTED": "Table 3, line 1: access granted",
    "DENIED_": "Table 3, lines 2 and 18: access denied, the cause in the log",
    "DOOR_OPENED": "Table 2, line 20: status of the access point",
    "DOOR_CLOSED": "Table 3, lines 4 and 26: the alert ends when the portal is closed",
    "DOOR_HELD_SOON": "Table 3, line 4: pre-alert at the portal",
    "DOOR_HELD": "Table 3, line 32: open time exceeded",
    "NEEDS_SECOND": "Table 2, line 17: two-person access",
}


@dataclass(frozen=True)
class EventCode:
    """One code as the source tells it."""

    name: str
    code: int
    means: str
    extra: str

    @property
    def standard(self) -> str:
        for name, line in _STANDARD.items():
            if self.name == name or (name.endswith("_") and self.name.startswith(name)):
                return line
        return ""


@dataclass(frozen=True)
class Section:
    """The events below one comment. extra: what the comment says of all of them."""

    title: str
    events: tuple[EventCode, ...]


def sections(text: str) -> list[Section]:
    found: list[Section] = []
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if not lines or not lines[0].startswith("# ") or lines[0].startswith("# Bits"):
            continue
        title = " ".join(line[2:] for line in lines if line.startswith("# "))
        events = [_event(match) for line in lines if (match := _CODE.fullmatch(line))]
        found.append(Section(title, tuple(events)))
    return found


def _event(match: re.Match[str]) -> EventCode:
    comment = match[3] or ""
    split = _EXTRA.search(comment)
    means, extra = (comment[: split.start()], split[1]) if split else (comment, "")
    return EventCode(match[1], int(match[2]), means, extra)


def table(text: str) -> str:
    """The page."""
    lines = [
        "# Events",
        "",
        "What the log, the wire, the cloud and the pages call a thing that happened. Numbers are kept for ever. Door 0",
        "is the controller itself; `extra` is one byte. The word is what scenarios and pictures of the simulator say.",
        "",
        "Made from the comments of [events.py](events.py) by `python -m tools.events`; a test keeps it current.",
        "",
        "Every event has what clause 6.3.1 of EN 60839-11-1:2013 asks for: type, place, time and date. The last column",
        "names the lines of that standard that an event answers, from excerpts of Table 2 and clause 8.4.3.1; the",
        "whole text was not at hand, and no conformity is claimed.",
    ]
    for section in sections(text):
        lines += [
            "",
            f"## {section.title}",
            "",
            "| code | name | word | means | extra | EN 60839-11-1 |",
            "|---|---|---|---|---|---|",
        ]
        for event in section.events:
            cells = (str(event.code), event.name, words.word(event.code), event.means, event.extra, event.standard)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |") + "\n"


def main() -> int:
    TABLE.write_text(table(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written: {TABLE.relative_to(FIRMWARE.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
