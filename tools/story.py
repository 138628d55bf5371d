"""`portvakt sim run SCENARIO` and `portvakt sim scenarios`: stories played against the cloud's real ingest."""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.virtual.building import VirtualBuilding
from sim.virtual.controller import VirtualController
from sim.virtual.scheduler import SECOND
from sim.world.building import Building
from tools.terminal import Problem, progress, result


class DatabaseHand:
    """What a story does in the cloud's database, and asks of it. See sim.cloud.Hand.

    worker: the ingest in its process; None for who only asks. description: people with `hours` get their schedules.
    """

    def __init__(self, worker: Any = None, description: Building | None = None) -> None:
        self.worker = worker
        self._hours: dict[str, int] = {}  # by person: the schedule
        if description is not None:
            self._enter_hours(description)
        self._made: Any = None

    def _enter_hours(self, description: Building) -> None:
        from tools.cloud.models import Schedule, Site, Tenant

        Site.objects.update(zone=description.get("zone", "Europe/Oslo"))
        made: dict[str, int] = {}
        for one in description["people"]:
            if one.get("hours"):
                times = json.dumps(one["hours"][1])
                if times not in made:
                    number = len(made) + 1
                    named = {"tenant": Tenant.objects.get(), "name": f"Hours {number}", "number": number}
                    made[times] = Schedule.objects.create(**named, times=json.loads(times)).pk
                self._hours[one["name"]] = made[times]
                if one["doors"]:
                    self.grant(one["name"], one["doors"])

    def restart(self) -> None:
        self.worker.restart()

    def back_up(self) -> None:
        self.worker.back_up()

    def restore(self) -> None:
        self._known().remember()
        self.worker.restore()

    def grant(self, who: str, doors: list[str]) -> None:
        from tools.cloud.models import AccessGroup, Door, Grant, GroupDoor, Person, Tenant

        person = Person.objects.get(name=who)
        group = AccessGroup.objects.create(tenant=Tenant.objects.get(), name=f"{who}: {', '.join(doors)}"[:100])
        for door in Door.objects.filter(name__in=doors):
            GroupDoor.objects.create(accessgroup=group, door=door, schedule_id=self._hours.get(who))
        Grant.objects.filter(person=person).delete()
        Grant.objects.create(person=person, group=group)

    def revoke(self, who: str) -> None:
        from tools.cloud.models import Grant

        Grant.objects.filter(person__name=who).delete()

    def release(self, controller: VirtualController, door: int) -> int:
        from tools.cloud.doors.commands import SECONDS, release
        from tools.cloud.models import Door

        release(Door.objects.get(controller__public_id=controller.settings["controller"], number=door), None)
        return SECONDS

    def emergency(self, do: str) -> int:
        from tools.cloud.doors.commands import emergency
        from tools.cloud.models import Site

        asked = emergency(Site.objects.get(), do, None)
        return int((asked[0].expires_at - asked[0].requested_at).total_seconds())

    def in_sync(self, controller: VirtualController) -> bool:
        return bool(self._row(controller).in_sync)

    def knows(self, controller: VirtualController, version: int, digest: int) -> bool:
        return self._known()(controller, version, digest)

    def _known(self) -> Any:
        from tools.simulate.listening import KnownVersions

        if self._made is None:
            self._made = KnownVersions()
        return self._made

    def heard(self, controller: VirtualController, seconds: float) -> bool:
        return bool(self.worker.heard(controller.settings["controller"], seconds))

    def acknowledged(self, controller: VirtualController) -> int:
        return int(self._row(controller).acked)

    def stored(self, controller: VirtualController) -> dict[int, tuple[int, ...]]:
        from tools.cloud.models import Event

        rows = self._events(controller).values_list("sequence", "utc", "code", Event.POINT, "extra", "flags")
        return {sequence: (int(utc.timestamp()) if utc else 0, *rest) for sequence, utc, *rest in rows}

    def twice(self, controller: VirtualController) -> int:
        events = self._events(controller)
        return int(events.count() - events.values("sequence").distinct().count())

    def overwritten(self, controller: VirtualController) -> set[int]:
        from tools.cloud.models import Gap

        gaps = Gap.objects.filter(controller__public_id=controller.settings["controller"])
        return {n for first, last in gaps.values_list("first", "last") for n in range(first, last + 1)}

    def _row(self, controller: VirtualController) -> Any:
        from tools.cloud.models import Controller

        return Controller.objects.get(public_id=controller.settings["controller"])

    def _events(self, controller: VirtualController) -> Any:
        from tools.cloud.models import Event

        return Event.objects.filter(controller__public_id=controller.settings["controller"])


@contextmanager
def real_stage(
    description: Building, folder: Path, seed: int, visits: float, board: dict[str, Any], begins: int
) -> Iterator[tuple[VirtualBuilding, DatabaseHand]]:
    """A building with the cloud's real ingest, and the hand that acts in its database. Once a process."""
    from tools.simulate import run as simulate

    with simulate.database(folder):
        from tools.cloud.services import clock
        from tools.simulate.worker import SoakWorker

        before = clock.source
        building: VirtualBuilding | None = None
        try:
            clock.source = lambda: building.utc() if building is not None else begins
            settings = simulate.enrolled(description, board, random.Random(f"{seed}/enrolment").randbytes)
            hand = DatabaseHand(None, description)
            building = VirtualBuilding(
                description, settings, board, folder, seed, cloud=SoakWorker, visits_a_day=visits or 1e-9, begins=begins
            )
            worker, scheduler = building.cloud, building.scheduler
            assert isinstance(worker, SoakWorker)
            hand.worker = worker
            worker.later = lambda seconds, call: scheduler.after(int(seconds * SECOND), call)
            yield building, hand
        finally:
            clock.source = before
            if building is not None:
                building.close()


def run_scenario(
    name: str, seed: int | None, report: Path | None, junit: Path | None, as_json: bool, small: bool = False
) -> bool:
    """Plays a scenario and says what came of it. small: with a cloud in memory. Whether everything is as expected."""
    from sim.story import outcome, play, script
    from tools.simulate import run as simulate

    simulate.import_path()
    try:
        story = script.load(script.find(name), seed)
    except script.Faulty as error:
        raise Problem(str(error)) from None
    writable(report, junit)
    stage = play.stage if small else real_stage
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        told = story.description, Path(scratch), story.seed, story.visits, story.board, story.begins
        with stage(*told) as (building, hand):
            if report is not None:
                from sim.report.watch import watch

                watch(building, hand)
            played = play.play(story, building, hand, _progress())
            found = outcome.outcomes(played)
            took = time.perf_counter() - began
            if report is not None:
                picture(report, building, story.title, story.seed, played.figures, found)
    if junit is not None:
        outcome.write_junit(junit, story.name, found, took)
    facts = {
        "scenario": story.name,
        "seed": story.seed,
        "kept": all(one.kept for one in found),
        "figures": played.figures,
        "expectations": [{"said": one.said, "kept": one.kept, "found": one.found, "at_us": one.at} for one in found],
        "seconds": round(took, 3),
        "speed": round(played.building.scheduler.now / 1e6 / took, 1),
    }
    head = (
        f"{story.title} (seed {story.seed}): {story.days:g} days of {len(played.building.doors)} doors in {took:.1f} s"
    )
    counted = ", ".join(f"{what} {value:g}" for what, value in played.figures.items())
    said = [f"  picture in {report}"] if report is not None else []
    result(as_json, facts, head, f"  {story.about}", f"  {counted}", *outcome.lines(found), *said)
    return bool(facts["kept"])


def run_on_board(name: str, seed: int | None, as_json: bool) -> bool:
    """Plays a scenario in virtual time and on virtual boards. Whether both told the same, and what was expected."""
    from sim.board.rom import micropython_exists
    from tools.simulate import run as simulate

    simulate.import_path()
    if not micropython_exists():
        raise Problem("there is no MicroPython wheel for this machine; without it there are no virtual boards")
    from tools.simulate.on_board import compared, lines

    facts = compared(name, seed)
    result(as_json, facts, *lines(facts))
    return bool(facts["kept"])


def writable(*paths: Path | None) -> None:
    """Raises Problem before a long run, not after it."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise Problem(f"{path}: there is no folder {path.parent}; make it first")


def alone(context: Any, *names: str) -> None:
    """Raises Problem when options that a scenario says itself are given on the command line."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise Problem(f"--{name} does not go with a scenario: its file says that itself; change it there")


def keep_run(building: VirtualBuilding, facts: dict[str, Any], report: Path | None, junit: Path | None) -> None:
    """The picture and the JUnit XML of a run without a scenario. For the picture it must have been watched."""
    from sim.story import outcome

    found = outcome.promises(building)
    for name in ("lost", "duplicated", "altered"):
        found.append(outcome.Outcome(f"{name}: is 0", f"it is {facts[name]}" if facts[name] else ""))
    shown = {name: value for name, value in facts.items() if type(value) is int and name != "seed"}
    if report is not None:
        picture(report, building, "A run of the building", facts["seed"], shown, found)
    if junit is not None:
        outcome.write_junit(junit, f"seed-{facts['seed']}", found, facts["seconds"])


def picture(
    path: Path,
    building: VirtualBuilding,
    title: str,
    seed: int,
    figures: dict[str, Any],
    found: list[Any] | None = None,
) -> None:
    """Writes the page. The building must have kept its records, and been watched (sim.report.watch) from the start."""
    from sim.report import facts, page

    shown = facts.facts(building, title, seed, figures)
    if found is not None:
        own = [one for one in found if not one.said.startswith("promise ")]
        shown["outcomes"] = [[one.said, one.found, one.at] for one in own]
    page.write(path, shown)


def list_scenarios(as_json: bool) -> None:
    """The scenarios that come with the simulator, with what each tells."""
    from sim.story import script
    from tools.simulate import run as simulate

    simulate.import_path()
    try:
        told = [script.load(path) for path in script.stories()]
    except script.Faulty as error:
        raise Problem(str(error)) from None
    facts = [{"name": one.name, "title": one.title, "about": one.about, "days": one.days} for one in told]
    result(
        as_json, {"scenarios": facts}, *(f"{one.name:14} {one.title} ({one.days:g} days). {one.about}" for one in told)
    )


def _progress() -> Any:
    """Says how far it is, every two seconds."""
    shown = time.perf_counter()

    def say(text: str) -> None:
        nonlocal shown
        if time.perf_counter() - shown > 2:
            shown = time.perf_counter()
            progress(text)

    return say
