"""A story written as a scenario's file, for people to read and for `portvakt sim run` to play."""

import json
import math
from collections.abc import Sequence
from typing import Any

from sim.virtual.scheduler import DAY, MS, SECOND

from .script import Happening


def scenario(title: str, seed: int, end: int, happenings: Sequence[Happening], **building: Any) -> str:
    """building: doors and people, as a scenario's file names them. end: microseconds."""
    days = math.ceil((end + SECOND) / DAY * 1_000) / 1_000
    head = {"title": title, "story": "Found by chance, and shrunk.", "seed": seed, "days": days, **building}
    tables = [("happening", row(happening)) for happening in happenings]
    tables.append(("expect", {"figure": "broken promises", "is": 0}))
    text = [_lines(head)]
    text += [f"[[{name}]]\n{_lines(fields)}" for name, fields in tables]
    return "\n".join(text)


def row(happening: Happening) -> dict[str, Any]:
    """One happening, as its table has it."""
    fields: dict[str, Any] = {"at": moment(happening.at), "do": happening.do}
    fields |= {name: getattr(happening, name) for name in ("who", "door") if getattr(happening, name)}
    if happening.where:
        fields["where"] = list(happening.where)
    if happening.doors is not None:
        fields["doors"] = list(happening.doors)
    if happening.do == "torn write":
        fields["operation"] = happening.operation
    fields |= {name: getattr(happening, name) for name in ("line", "mv") if getattr(happening, name)}
    if happening.lasts is not None:
        fields["for"] = (
            f"{happening.lasts // SECOND} s" if happening.lasts % SECOND == 0 else f"{happening.lasts // MS} ms"
        )
    return fields


def moment(us: int) -> str:
    """Microseconds as a scenario has them: "day 2 14:03:20.125"."""
    day, rest = divmod(us // MS, DAY // MS)
    minutes, ms = divmod(rest, 60_000)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}".removesuffix(".000")
    return text if not day else f"day {day + 1} {text}"


def _lines(fields: dict[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
