"""`portvakt bench`: figures against their goals, each command one room of figures.

A goal is {name, value, unit, goal, met}; a command exits 1 when one of its goals is not met.
"""

import typer

from tools.bench.goals import show
from tools.terminal import Json
from tools.verbs import mount

BENCHES = {
    "memory": "What every board loads; the live heap of each board from plain to rich rules.",
    "taps": "What is left of the heap after many taps, with the sync going on.",
    "tap": "Tap to strike on real MicroPython with every rule on, beside other designs.",
    "tap-links": "Tap to strike while the link is as bad as can be.",
    "lockers": "A code at a bank beside a card at a door; coils, heap, and guessing codes.",
    "osdp": "What OSDP readers cost a board: code, heap, and what a poll allocates.",
    "storage": "Our stores beside the usual ways to keep cards and events.",
    "decisions": "The firmware's decisions beside those of an independent model.",
    "fuzz": "Hostile messages, at least half of them sealed with the right keys.",
    "sync": "Events up and a card down over a link of 50 ms.",
    "cuts": "Cuts of the link at any byte, in virtual time.",
    "cuts-real": "The same with real brokers and MicroPython, and processes killed.",
    "revocation": "From the save to the tables of a thousand boards.",
    "lists": "Ten thousand people by a list beside one call each.",
    "pages": "Every page and list of a house of 50,000 people: time, bytes, queries.",
    "person-copy": "All that is kept of somebody with a hundred thousand passages, as an encrypted copy.",
    "scim": "From a directory that switches somebody off to the boards' tables.",
    "returning": "How two million boards come back to a broker that was away.",
}

app = typer.Typer(help="Figures against their goals.", no_args_is_help=True, add_completion=False)
for _name, _summary in BENCHES.items():
    mount(app, "bench", _name, f"tools.bench.{_name.replace('-', '_')}:bench", _summary)


@app.command("all")
def everything(json: Json = False) -> None:
    """What every board needs of its heap, and what many taps leave of it."""
    from tools.bench import memory, taps

    rooms = {"memory": memory.measure(), "taps": taps.measure()}
    goals = [goal for figures in rooms.values() for goal in figures["goals"]]
    show(json, {"rooms": rooms, "goals": goals})
