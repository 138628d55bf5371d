"""`portvakt bench`: figures against their goals, each command one room of figures.

A goal is {name, value, unit, goal, met}; a command exits 1 when one of its goals is not met.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench import (
    cuts,
    cuts_real,
    decisions,
    fuzz,
    growth,
    heap_parts,
    memory,
    osdp,
    returning,
    revocation,
    storage,
    sync,
    tap,
    tap_links,
    taps,
)
from tools.terminal import Json, progress, result

app = typer.Typer(help="Figures against their goals.", no_args_is_help=True, add_completion=False)

Figures = dict[str, Any]
ROOMS: dict[str, Callable[[], Figures]] = {"memory": memory.measure, "taps": taps.measure}


def show(json: bool, figures: Figures) -> None:
    """Prints figures with their goals, and exits 1 when one is not met."""
    for goal in figures["goals"]:
        met = "met" if goal["met"] else "NOT MET"
        progress(f"{goal['name']:<32} {goal['value']:>10} {goal['unit']:<8} goal {goal['goal']:>8}  {met}")
    missed = [goal["name"] for goal in figures["goals"] if not goal["met"]]
    result(json, figures, f"goals not met: {', '.join(missed)}" if missed else "all goals met")
    if missed:
        raise typer.Exit(1)


@app.command("memory")
def show_memory(
    write: Annotated[bool, typer.Option("--write", help="Measure each part anew for tools/heap.json.")] = False,
    json: Json = False,
) -> None:
    """What every board loads; the live heap of each board with plain to rich rules, on words of 32 and 64 bits."""
    if write:
        heap_parts.write()
    show(json, memory.everything())


@app.command("taps")
def show_taps(
    taps_: Annotated[int, typer.Option("--taps", help="How many taps.", min=10)] = taps.TAPS, json: Json = False
) -> None:
    """What is left of the heap after many taps, with the sync going on."""
    show(json, taps.measure(taps_))


@app.command("osdp")
def show_osdp(
    polls: Annotated[int, typer.Option("--polls", help="How many.", min=100)] = osdp.POLLS, json: Json = False
) -> None:
    """What OSDP readers cost a board: code, heap, and what a poll allocates, on the real MicroPython."""
    show(json, osdp.measure(polls))


@app.command("storage")
def show_storage(
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, in seconds.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the growth: an SVG file.")] = None,
    json: Json = False,
) -> None:
    """Our stores beside the usual ways to keep cards and events, on the real MicroPython over one model of flash."""
    found = storage.measure(quick)
    if picture is not None:
        picture.write_text(growth.svg(found))
    show(json, found)


@app.command("fuzz")
def show_fuzz(
    messages: Annotated[int, typer.Option("--messages", help="How many.", min=1000)] = fuzz.MESSAGES,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same messages.")] = 1,
    json: Json = False,
) -> None:
    """Hostile messages to a controller and to the cloud, at least half of them sealed with the right keys."""
    show(json, fuzz.measure(messages, seed))


@app.command("decisions")
def show_decisions(
    count: Annotated[int, typer.Option("--count", help="How many decisions.", min=1000)] = decisions.DECISIONS,
    seed: Annotated[int, typer.Option("--seed", help="Of the first story.")] = 1,
    json: Json = False,
) -> None:
    """The firmware's decisions beside those of an independent model, over random settings and stories."""
    show(json, decisions.measure(count, seed))


@app.command("sync")
def show_sync(
    events: Annotated[int, typer.Option("--events", help="How many wait to be sent.", min=600)] = sync.EVENTS,
    broker: Annotated[str, typer.Option("--broker", help="amqtt or mosquitto; by default one after the other.")] = "",
    json: Json = False,
) -> None:
    """Events up and a card down over a link of 50 ms, with amqtt and with mosquitto."""
    show(json, sync.measure(events, broker))


@app.command("returning")
def show_returning(
    boards: Annotated[int, typer.Option("--boards", help="How many lost the broker.", min=100)] = returning.BOARDS,
    picture: Annotated[Path | None, typer.Option(help="Draw the curves: an SVG file.")] = None,
    json: Json = False,
) -> None:
    """How two million boards come back to a broker that was away: arrivals a second."""
    found = returning.measure(boards)
    if picture is not None:
        picture.write_text(returning.svg(found))
    show(json, found)


@app.command("cuts")
def show_cuts(
    count: Annotated[int, typer.Option("--count", help="How many cuts.", min=1)] = cuts.CUTS,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same cuts.")] = 1,
    json: Json = False,
) -> None:
    """Cuts of the link at any byte, of every kind, in virtual time: nothing lost, nothing twice, lists equal."""
    show(json, cuts.measure(count, seed))


@app.command("cuts-real")
def show_cuts_real(
    broker: Annotated[str, typer.Option("--broker", help="amqtt or mosquitto.")] = "mosquitto",
    count: Annotated[int, typer.Option("--count", help="How many cuts.", min=1)] = cuts_real.CUTS,
    boards: Annotated[int, typer.Option("--boards", help="How many controllers.", min=1)] = cuts_real.BOARDS,
    seed: Annotated[int, typer.Option("--seed", help="Of what is cut where.")] = 1,
    json: Json = False,
) -> None:
    """The same with a real broker and MicroPython: a proxy cuts at a byte, processes are killed with -9."""
    show(json, cuts_real.measure(broker, count, boards, seed))


@app.command("revocation")
def show_revocation(
    boards: Annotated[int, typer.Option("--boards", help="How many controllers.", min=5)] = revocation.BOARDS,
    count: Annotated[int, typer.Option("--count", help="How many cards.", min=10)] = revocation.REVOCATIONS,
    json: Json = False,
) -> None:
    """From the save to the boards' tables, with a thousand controllers on one mosquitto."""
    show(json, revocation.measure(boards, count))


@app.command("tap-links")
def show_tap_links(
    taps_: Annotated[int, typer.Option("--taps", help="How many at each simulated board.", min=50)] = tap_links.TAPS,
    live: Annotated[int, typer.Option("--live", help="How many at each board on MicroPython; 0: none.")] = 1_000,
    json: Json = False,
) -> None:
    """Tap to strike with no network, a black hole, a stalled TLS, a snapshot ...: chip's pauses, and MicroPython."""
    show(json, tap_links.both(taps_, live))


@app.command("tap")
def show_tap(
    taps_: Annotated[int, typer.Option("--taps", help="How many taps a round and size.", min=200)] = tap.TAPS,
    rounds: Annotated[int, typer.Option("--rounds", help="Of each tap the quickest counts.", min=1)] = tap.ROUNDS,
    soak: Annotated[int, typer.Option("--soak", help="Taps after which the heap is looked at.", min=10_000)] = tap.SOAK,
    json: Json = False,
) -> None:
    """Tap to strike on the real MicroPython with every rule on, beside the bare kernel and other designs."""
    show(json, tap.measure(taps_, rounds, soak))


@app.command("all")
def everything(json: Json = False) -> None:
    """Every room of figures."""
    rooms = {name: measure() for name, measure in ROOMS.items()}
    goals = [goal for figures in rooms.values() for goal in figures["goals"]]
    show(json, {"rooms": rooms, "goals": goals})
