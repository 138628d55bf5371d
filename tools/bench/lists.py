"""A list of ten thousand people, beside the same by one call each: on disk, in one run, by turns."""

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.goals import goal, show
from tools.terminal import Json, progress

PEOPLE = 10_000
CALLS = 1_000  # people by one call each: at the cost of the list they would be longer than anybody waits
ROUNDS = 2  # of calls: before the list and after it, so that neighbours on the machine fall on both
CONTROLLERS = 2

Figures = dict[str, Any]


def measure(people: int = PEOPLE, calls: int = CALLS) -> Figures:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return _measure(Path(folder), people, calls)


def _measure(folder: Path, count: int, calls: int) -> Figures:
    from tools.run.environment import prepare

    prepare(folder, "mqtt://127.0.0.1", "http://127.0.0.1")
    from django.core.management import call_command

    from tools.cloud.lists import people_list, tables
    from tools.cloud.lists.people_rows import Options
    from tools.cloud.models import AclChange, AclEntry

    call_command("migrate", verbosity=0)
    by_list, by_call = _house("By list"), _house("By call")
    table = tables.read(_sheet(count).encode())
    seconds: dict[str, float] = {}
    each: list[float] = []

    def timed(name: str, keep: bool) -> Any:
        began = time.monotonic()
        report = people_list.carry_out(by_list.tenant, table, Options(), keep)
        seconds[name] = round(time.monotonic() - began, 2)
        progress(f"{name}: {seconds[name]} s")
        return report

    each.append(_one_by_one(by_call, 0, calls // ROUNDS))
    tried = timed("the list tried", keep=False)
    done = timed("the list kept", keep=True)
    changes = AclChange.objects.count()
    again = timed("the same list again", keep=True)
    each.append(_one_by_one(by_call, calls // ROUNDS, calls))
    a_call = sum(each) / len(each)
    wrong = sum(row.what != "made" for report in (tried, done) for row in report.rows)
    wrong += sum(row.what != "same" for row in again.rows) + (not done.done)
    entries = AclEntry.objects.filter(controller__site__tenant=by_list.tenant).count()
    wrong += abs(entries - CONTROLLERS * count)
    share = seconds["the list kept"] / count / a_call
    return {
        "people": count,
        "controllers": CONTROLLERS,
        "seconds": seconds,
        "one call each, ms a person": [round(1000 * one, 2) for one in each],
        "by the list, ms a person": round(1000 * seconds["the list kept"] / count, 2),
        "times faster": round(1 / share, 1),
        "changes of access lists": changes,
        "load of the machine": os.getloadavg()[0],
        "goals": [
            goal("a list of people kept", seconds["the list kept"], "s", 60),
            goal("of one call each", round(share, 3), "share", 0.2),
            goal("rows that are not as they should", wrong, "rows", 0),
        ],
    }


def _house(name: str) -> Any:
    """A group with the doors of a few controllers."""
    from tools import boards
    from tools.cloud.controllers import enrol
    from tools.cloud.models import AccessGroup, Door
    from tools.cloud.people import groups
    from tools.cloud.sites import sites, tenants

    tenant = tenants.make(name)
    site = sites.make(tenant.pk, name)
    broker = {"host": "127.0.0.1", "port": 1883, "user": "", "password": ""}
    for n in range(CONTROLLERS):
        enrol.enrol(site, f"Controller {n}", boards.load("virtual-two-door"), broker=broker)
    doors = Door.objects.filter(controller__site=site).values_list("pk", flat=True)
    return groups.save(AccessGroup(tenant=tenant), "Everybody", {}, dict.fromkeys(doors))


def _sheet(count: int) -> str:
    rows = [f"Person {n:05d};34:{1 + n // 60_000}-{n % 60_000};Everybody" for n in range(count)]
    return "\n".join(["name;cards;groups", *rows])


def _one_by_one(group: Any, first: int, last: int) -> float:
    """Seconds a person by the services of one person."""
    from tools.cloud.people import people

    began = time.monotonic()
    for n in range(first, last):
        person = people.enter(group.tenant_id, name=f"Person {n:05d}")
        people.give_card(person, 34, n)
        people.put_into(person, [group.pk])
    a_person = (time.monotonic() - began) / (last - first)
    progress(f"one call each: {1000 * a_person:.2f} ms a person")
    return a_person


def bench(
    people: Annotated[int, typer.Option("--people", help="How many people the list has.", min=100)] = PEOPLE,
    calls: Annotated[int, typer.Option("--calls", help="How many are entered by one call each.", min=20)] = CALLS,
    json: Json = False,
) -> None:
    """A list of people beside one call each: seconds, and what is kept."""
    show(json, measure(people, calls))
