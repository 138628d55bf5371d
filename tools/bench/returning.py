"""How boards come back that lost one broker in the same moment: arrivals in each second after its return.

By the rule of link.py: a pause of nothing to twice of what doubles from 2 s to 20 s.
"""

import random
from collections import Counter
from html import escape
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.goals import show
from tools.terminal import Json

BOARDS = 2_000_000
AWAY_S = (1, 10, 60, 600)
FIRST_S, LONGEST_S = 2.0, 20.0
WIDE, HIGH, LEFT, TOP, GAP = 260, 160, 70, 60, 40


def measure(boards: int = BOARDS) -> dict[str, Any]:
    curves = {f"broker away {away} s": returning(away, boards) for away in AWAY_S}
    goals = []
    for name, curve in curves.items():
        share = round(curve["most in a second"] / boards, 4)
        goals.append({"name": f"{name}: most in a second", "value": share, "unit": "share", "goal": 0.5})
        goals[-1]["met"] = share <= 0.5
    return {"boards": boards, "curves": curves, "goals": goals}


def returning(away_s: float, boards: int, seed: int = 1) -> dict[str, Any]:
    """The broker was away for so long."""
    chance = random.Random(seed).random
    arrivals: Counter[int] = Counter()
    for _ in range(boards):
        at, pause = 0.0, FIRST_S
        while True:
            at += pause * 2 * chance()
            if at >= away_s:
                break
            pause = min(2 * pause, LONGEST_S)
        arrivals[int(at - away_s)] += 1
    seconds = [arrivals[second] for second in range(max(arrivals) + 1)]
    return {"most in a second": max(seconds), "all back after s": len(seconds), "a second": seconds}


def svg(found: dict[str, Any]) -> str:
    """The picture: a panel for each time that the broker was away, a bar for each second."""
    curves = found["curves"]
    most = max(curve["most in a second"] for curve in curves.values())
    longest = max(curve["all back after s"] for curve in curves.values())
    width, height = LEFT + len(curves) * (WIDE + GAP), TOP + HIGH + 60
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" role="img" aria-label="Boards coming back to a broker">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="26" font-size="16">{found["boards"]:,} boards come back to one broker: arrivals a second'
        "</text>",
    ]
    for n, (name, curve) in enumerate(curves.items()):
        left = LEFT + n * (WIDE + GAP)
        step = WIDE / longest
        rows.append(f'<text x="{left}" y="{TOP - 10}">{escape(name)}: at most {curve["most in a second"]:,}</text>')
        for second, count in enumerate(curve["a second"]):
            high = HIGH * count / most
            rows.append(
                f'<rect x="{left + second * step:.1f}" y="{TOP + HIGH - high:.1f}" width="{step * 0.85:.1f}" '
                f'height="{high:.1f}" fill="#24618e"/>'
            )
        rows.append(f'<path d="M{left} {TOP + HIGH}H{left + WIDE}" stroke="#888"/>')
        rows.append(f'<text x="{left}" y="{TOP + HIGH + 18}">0 s</text>')
        rows.append(f'<text x="{left + WIDE}" y="{TOP + HIGH + 18}" text-anchor="end">{longest} s</text>')
    return "\n".join([*rows, "</svg>"]) + "\n"


def bench(
    boards: Annotated[int, typer.Option("--boards", help="How many lost the broker.", min=100)] = BOARDS,
    picture: Annotated[Path | None, typer.Option(help="Draw the curves: an SVG file.")] = None,
    json: Json = False,
) -> None:
    """How two million boards come back to a broker that was away: arrivals a second."""
    found = measure(boards)
    if picture is not None:
        picture.write_text(svg(found))
    show(json, found)
