"""The command: draws a sample of mutants, tries each, and says which nobody noticed."""

import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

import pytest
import typer

from tools.mutants import figures, made, reach, reasons, rooms, server, swapped
from tools.mutants.mutant import Mutant, MutantOutcome, MutantTask
from tools.terminal import Json, progress, result

CONTROLS = 2  # of a room and way to try: nothing is changed, and nothing may fail
GUARDS = 0.6  # of a sample

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _task(mutant: Mutant, control: bool = False) -> MutantTask:
    before = (rooms.ROOT / mutant.file).read_text(encoding="utf-8")
    after = made.source(mutant)
    apart = swapped.needs_new_process(str(rooms.ROOT / mutant.file), before, after)
    return MutantTask(mutant, before, before if control else after, apart)


def _drawn(room: str, count: int, seed: int, at: list[str], again: bool) -> list[Mutant]:
    if not at and not again:
        return made.sample(room, count, seed, GUARDS)
    places = [place.partition(":") for place in at]
    said = ("file", "line", "was", "now")
    left = {tuple(one[key] for key in said) for one in _last()["survivors"].get(room, ())} if again else set()
    return [
        mutant
        for file in rooms.files(room)
        for mutant in made.mutants(file)
        if (mutant.file, mutant.line, mutant.was, mutant.now) in left
        or any(file.endswith(name) and line in ("", str(mutant.line)) for name, _, line in places)
        if made.differs(mutant)
    ]


def _last() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reach.FOLDER / "last.json").read_text())
    return found


def _controls(tasks: list[MutantTask]) -> list[MutantTask]:
    """The first few of each way, unchanged."""
    ways = ([task for task in tasks if task.new_process is apart] for apart in (False, True))
    return [
        MutantTask(task.mutant, task.before, task.before, task.new_process) for way in ways for task in way[:CONTROLS]
    ]


def _in_fork(work: Callable[[Callable[[Any], None]], None]) -> Iterator[Any]:
    """What work tells, from a process of its own: pytest leaves much behind in the one it runs in."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "wb", buffering=0) as out:
            work(lambda said: pickle.dump(said, out))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        while True:
            try:
                yield pickle.load(told)
            except EOFError:
                break
    os.waitpid(child, 0)


def _served(world: str, tasks: list[MutantTask], most_seconds: float) -> Iterator[MutantOutcome]:
    """Also where there are no tasks of that way: it measures what the others lean on."""

    def work(told: Callable[[Any], None]) -> None:
        log = os.open(reach.FOLDER / f"pytest-{world}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        told(server.serve(world, tasks, most_seconds, told))

    ended = None
    for said in _in_fork(work):
        if isinstance(said, MutantOutcome):
            yield said
        elif isinstance(said, str):
            progress(said)
        else:
            ended = said
    if ended != pytest.ExitCode.OK:
        progress(f"{world}: the tests could not be run; {reach.FOLDER / f'pytest-{world}.txt'} says why")
        raise typer.Exit(2)


def _tried(world: str, tasks: list[MutantTask], most_seconds: float) -> Iterator[MutantOutcome]:
    apart = [task for task in tasks if task.new_process]
    for outcome in _served(world, [task for task in tasks if not task.new_process], most_seconds):
        if outcome.asked:
            yield outcome
        else:
            apart.append(_at_import(outcome.task))
    known = reach.load(world)
    server.load_others()
    for task in apart:
        yield server.anew(task, known, world, most_seconds)


def _at_import(task: MutantTask) -> MutantTask:
    """Of a function that no test runs: a decorator, most often, and that was done before the first test."""
    first, last = task.mutant.function or (1, 0)
    return replace(task, mutant=replace(task.mutant, function=None, uses=frozenset(range(first, last + 1))))


def _tell(outcome: MutantOutcome) -> None:
    control = " (nothing was changed)" if outcome.task.before == outcome.task.after else ""
    why = outcome.by.partition("\n")[0] or f"{outcome.asked} tests{', not all' if outcome.cut else ''}"
    progress(f"{outcome.what:<9} {outcome.seconds:6.1f} s  {outcome.task.mutant}{control}  [{why}]")
    if control and outcome.what != "survived":
        progress(outcome.by)


def _facts(outcome: MutantOutcome) -> dict[str, Any]:
    mutant = outcome.task.mutant
    return {
        "file": mutant.file,
        "where": mutant.where,
        "line": mutant.line,
        "guard": mutant.guard,
        "was": mutant.was,
        "now": mutant.now,
        "tests": outcome.asked,
        "all_tests": not outcome.cut,
        "harmless": reasons.why(mutant),
    }


@app.command()
def main(
    room: Annotated[list[str] | None, typer.Option(help="Of these rooms; by default of all.")] = None,
    count: Annotated[int, typer.Option(help="How many of each room.", min=1)] = 150,
    seed: Annotated[int, typer.Option(help="The same seed, the same mutants of the same code.")] = 1,
    at: Annotated[list[str] | None, typer.Option(help="All mutants of FILE or FILE:LINE instead of a sample.")] = None,
    again: Annotated[bool, typer.Option("--again", help="The survivors of the last run instead of a sample.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Measure anew which tests run which lines.")] = False,
    part: Annotated[str, typer.Option(help="Of that sample only this part: 2/5, for hours in pieces.")] = "1/1",
    most_seconds: Annotated[float, typer.Option(help="Of tests for one mutant, as measured.", min=1)] = 30.0,
    json_: Json = False,
) -> None:
    """Changes the code in many small ways, one at a time, and says which change no test notices."""
    chosen = room or list(rooms.ROOMS)
    worlds = {rooms.ROOMS[name][0] for name in chosen}
    if anew:
        reach.forget(worlds)
    reach.FOLDER.mkdir(parents=True, exist_ok=True)
    this, parts = (int(number) for number in part.split("/"))
    drawn = {name: _drawn(name, count, seed, at or [], again)[this - 1 :: parts] for name in chosen}
    tasks = {name: [_task(mutant) for mutant in drawn[name]] for name in chosen}
    made.forget()
    outcomes: list[MutantOutcome] = []
    for world in sorted(worlds):
        of_world = [task for name in chosen if rooms.ROOMS[name][0] == world for task in tasks[name]]
        for outcome in _tried(world, [*_controls(of_world), *of_world], most_seconds):
            _tell(outcome)
            outcomes.append(outcome)
    found = _found(chosen, outcomes, seed)
    for goal in found["goals"]:
        progress(f"{goal['name']:<24} {goal['value']:>8} goal {goal['goal']:>4}  {'met' if goal['met'] else 'NOT MET'}")
    (reach.FOLDER / "last.json").write_text(json.dumps(found, indent=1))
    result(json_, found, *_lines(found))
    if not all(goal["met"] for goal in found["goals"]):
        raise typer.Exit(1)


def _found(chosen: list[str], outcomes: list[MutantOutcome], seed: int) -> dict[str, Any]:
    controls = [outcome for outcome in outcomes if outcome.task.before == outcome.task.after]
    changed = [outcome for outcome in outcomes if outcome.task.before != outcome.task.after]
    of = {name: [one for one in changed if one.task.mutant.file in set(rooms.files(name))] for name in chosen}
    by_room = {name: figures.of_room(of[name]) for name in chosen if of[name]}
    survivors = {name: [_facts(one) for one in of[name] if one.what == "survived"] for name in by_room}
    return {"seed": seed, "rooms": by_room, "survivors": survivors, "goals": figures.goals(by_room, controls)}


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for name, room in found["rooms"].items():
        low, high = room["interval"]
        lines.append(
            f"{name}: {room['killed']} of {room['mutants']} killed ({room['share']:.1%}, 95 % within {low:.1%} to "
            f"{high:.1%}; {room['timed_out']} timed out); guards {room['guards_killed']} of {room['guards']}; "
            f"survivors {room['survived']}, known as harmless {room['harmless']}"
        )
        for one in found["survivors"][name]:
            lines.append(f"  {one['file']}:{one['line']}  {one['was']}  ->  {one['now']}  ({one['tests']} tests)")
            if one["harmless"]:
                lines.append(f"    harmless: {one['harmless']}")
    return lines


if __name__ == "__main__":
    sys.exit(app())
