"""Goals: a figure with its unit, what it is to be, and whether it is."""

from typing import Any

import typer

from tools.terminal import progress, result

Figures = dict[str, Any]


def goal(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    """A figure that must not be more than its limit."""
    return {"name": name, "value": value, "unit": unit, "goal": limit, "met": value <= limit}


def show(json: bool, figures: Figures) -> None:
    """Prints figures with their goals, and exits 1 when one is not met."""
    for goal in figures["goals"]:
        met = "met" if goal["met"] else "NOT MET"
        progress(f"{goal['name']:<32} {goal['value']:>10} {goal['unit']:<8} goal {goal['goal']:>8}  {met}")
    missed = [goal["name"] for goal in figures["goals"] if not goal["met"]]
    result(json, figures, f"goals not met: {', '.join(missed)}" if missed else "all goals met")
    if missed:
        raise typer.Exit(1)
