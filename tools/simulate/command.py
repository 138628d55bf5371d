"""`portvakt sim`: the commands."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.cuts import cuts
from tools.terminal import Json, Problem, progress, result


class Kind(StrEnum):
    wiegand = "wiegand"
    osdp = "osdp"


class Place(StrEnum):
    doors = "doors"
    bank = "bank"
    own = "own"


Tls = Annotated[bool, typer.Option(help="Each connection holds a board for a second: a certificate's handshake.")]
Readers = Annotated[Kind, typer.Option(help="What hangs at the doors.")]
Lockers = Annotated[
    int, typer.Option(help="Compartments of a bank, at the first controller of the first building.", min=0, max=128)
]
Junit = Annotated[Path | None, typer.Option(help="Write what was kept and broken as JUnit XML.")]


class On(StrEnum):
    virtual = "virtual"
    board = "board"


app = typer.Typer(
    help="Run the firmware in virtual time, from a seed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def sim() -> None:
    """The simulator."""


@app.command()
def run(
    context: typer.Context,
    scenario: Annotated[
        str | None, typer.Argument(help="Play this: a name that `scenarios` lists, or a TOML file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Everything that happens follows from it; by default 1.")] = None,
    events: Annotated[int, typer.Option(help="Stop when so many events are recorded.", min=0)] = 10_000,
    doors: Annotated[int, typer.Option(help="How many doors; 6 is the demo building.", min=1, max=500)] = 6,
    days: Annotated[float | None, typer.Option(help="Stop after so many days, whatever was recorded.")] = None,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 200,
    faults: Annotated[bool, typer.Option(help="With failing power, networks and brokers.")] = True,
    on: Annotated[
        On, typer.Option(help="`board`: the scenario on real MicroPython too, which must agree.")
    ] = On.virtual,
    report: Annotated[Path | None, typer.Option(help="Write a picture of it: one HTML file.")] = None,
    junit: Junit = None,
    as_json: Json = False,
) -> None:
    """A building with its people and its cloud; figures at the end. Exit code 1 when anything was wrong."""
    from tools import story

    story.writable(report, junit)
    if on == On.board:
        story.alone(context, "events", "doors", "days", "taps", "faults", "report", "junit")
        if scenario is None:
            raise Problem("boards play a scenario; name one, such as front-door")
        if not story.run_on_board(scenario, seed, as_json):
            raise typer.Exit(1)
        return
    if scenario is not None:
        story.alone(context, "events", "doors", "days", "taps", "faults")
        if not story.run_scenario(scenario, seed, report, junit, as_json):
            raise typer.Exit(1)
        return
    from tools.simulate.run import import_path, lines, simulate

    import_path()
    facts = simulate(1 if seed is None else seed, events, doors, days, taps, faults, report, junit)
    result(as_json, facts, *lines(facts))
    if facts["faults"] or facts["lost"] or facts["duplicated"] or facts["altered"] or not facts["settled"]:
        raise typer.Exit(1)


app.command()(cuts)


@app.command()
def scenarios(as_json: Json = False) -> None:
    """The scenarios that `run` can play."""
    from tools.story import list_scenarios

    list_scenarios(as_json)


@app.command()
def repeat(
    seed: Annotated[int, typer.Option(help="The seed that is run twice; the next one is run once.")] = 1,
    events: Annotated[int, typer.Option(help="How many events a run records at least.", min=1)] = 10_000,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 6_000,
    as_json: Json = False,
) -> None:
    """Show that a run follows from its seed: twice the same seed with other hash seeds, and once another one."""
    from tools.simulate.run import HASH_SEEDS, repeated

    facts = repeated(seed, events, taps)
    text = [
        f"seed {one['seed']}, PYTHONHASHSEED {n}: {one['log_sha256']}"
        for n, one in zip(HASH_SEEDS, facts["runs"], strict=True)
    ]
    result(as_json, facts, *text, "same" if facts["same"] else "NOT THE SAME")
    if not (facts["same"] and facts["different"]):
        raise typer.Exit(1)


@app.command()
def soak(
    seed: Annotated[int, typer.Option(help="Everything that happens follows from it.")] = 1,
    doors: Annotated[int, typer.Option(help="How many doors, in buildings of some each.", min=1, max=1000)] = 10,
    days: Annotated[float, typer.Option(help="How many days each building runs.", min=0.01)] = 1,
    taps: Annotated[float, typer.Option(help="Visits a day at each door.", min=1)] = 200,
    tls: Tls = False,
    readers: Readers = Kind.wiegand,
    lockers: Lockers = 0,
    processes: Annotated[int, typer.Option(help="How many cores to use.", min=1)] = os.cpu_count() or 1,
    report: Annotated[Path | None, typer.Option(help="Write a picture of the last of it, a building a file.")] = None,
    junit: Junit = None,
    as_json: Json = False,
) -> None:
    """All faults at once, every promise judged all the time. Exit code 1 when one was broken, with the seed."""
    from tools.simulate.buildings import soak_all, soak_lines
    from tools.story import writable

    writable(report, junit)
    facts = soak_all(doors, days, seed, taps, processes, tls, report, junit, readers.value, lockers)
    result(as_json, facts, *soak_lines(facts))
    if facts["broken_promises"]:
        raise typer.Exit(1)


@app.command()
def replay(
    seed: Annotated[int, typer.Argument(help="Of the building, as the soak told it.")],
    doors: Annotated[int, typer.Option(help="As in the soak's last line.", min=1)] = 5,
    days: Annotated[float, typer.Option(help="At the most.", min=0.01)] = 1,
    taps: Annotated[float, typer.Option(help="As in the soak.", min=1)] = 200,
    tls: Tls = False,
    readers: Readers = Kind.wiegand,
    lockers: Lockers = 0,
    without: Annotated[list[str], typer.Option(help="Leave out a kind of fault; as --shrink told.")] = [],  # noqa: B006
    changes: Annotated[float | None, typer.Option(help="Rights changed a day; as --shrink told.", min=0)] = None,
    defect: Annotated[str, typer.Option(help="Plant this defect first; `planted` lists them.")] = "",
    shrink: Annotated[bool, typer.Option(help="Look for a shorter story in which the same promise breaks.")] = False,
    processes: Annotated[int, typer.Option(help="How many cores --shrink may use.", min=1)] = os.cpu_count() or 1,
    events: Annotated[int, typer.Option(help="How many of the last events are shown.", min=0)] = 24,
    report: Annotated[Path | None, typer.Option(help="Write a picture of the last of it: one HTML file.")] = None,
    junit: Junit = None,
    as_json: Json = False,
) -> None:
    """Run one building of a soak again and stop at the first broken promise. Exit code 1 when there is one."""
    from tools.simulate.replay import SoakStory, keep_junit, replay_lines, shortest, tell_again
    from tools.story import writable

    writable(report, junit)
    story = SoakStory(seed, doors, days, taps, tuple(without), changes, tls, defect, readers.value, lockers)
    if shrink:
        story = shortest(story, processes)
    facts = tell_again(story, report)
    keep_junit(junit, story, facts)
    for broken in facts["broken"]:
        broken["last"] = broken["last"][len(broken["last"]) - min(events, len(broken["last"])) :]
    facts["command"] = story.command()
    result(as_json, facts, *replay_lines(facts))
    if facts["broken"]:
        raise typer.Exit(1)


@app.command()
def planted(
    only: Annotated[str, typer.Option(help="Only defects whose name contains this.")] = "",
    place: Annotated[Place | None, typer.Option(help="Only defects that are looked for there.")] = None,
    seed: Annotated[int, typer.Option(help="Of the short soaks.")] = 1,
    processes: Annotated[int, typer.Option(help="How many cores to use.", min=1)] = os.cpu_count() or 1,
    as_json: Json = False,
) -> None:
    """Show that the soak can fail: defects planted in memory, one at a time. Exit code 1 when one was not found."""
    from tools.simulate.buildings import in_processes
    from tools.simulate.buildings import planted as child
    from tools.simulate.planted import DEFECTS, hunts, summary

    names = [name for name, one in DEFECTS.items() if only in name and place in (None, one.place or Place.doors)]
    if not names:
        raise Problem(f"no planted defect is called like '{only}'; run it without --only to see all")
    facts = summary(hunts(names, seed, lambda jobs: in_processes(child, jobs, processes, on_done=_tell_defect)))
    result(as_json, facts, *facts["lines"])
    if facts["not_found"]:
        raise typer.Exit(1)


def _tell_defect(facts: dict[str, Any]) -> None:
    how = "found" if facts["found"] else "not yet" if facts["name"] else "clean"
    name = facts["name"] or f"no defect, seed {facts['seed']}"
    progress(f"{how:<9}  {name}  ({facts['seconds']:.0f} s)")
