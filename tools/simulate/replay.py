"""One building of a soak again, to the step at which a promise broke; and the shortest story in which it breaks."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tools.simulate.buildings import in_processes
from tools.terminal import Problem, progress

MOST = 80  # stories that are tried
BEYOND = 1.05  # how much later than before a promise may break in a story that is tried


@dataclass(frozen=True)
class SoakStory:
    """What a soak of one building follows from. without: kinds of fault left out. defect: one planted in the code."""

    seed: int
    doors: int
    days: float
    taps: float = 200
    without: tuple[str, ...] = ()
    changes: float | None = None
    tls: bool = False
    defect: str = ""
    readers: str = "wiegand"
    lockers: int = 0

    def command(self) -> str:
        words = [f"portvakt sim replay {self.seed} --doors {self.doors} --days {self.days:g}"]
        if self.taps != 200:
            words.append(f"--taps {self.taps:g}")
        words += [f"--without {kind}" for kind in self.without]
        if self.changes is not None:
            words.append(f"--changes {self.changes:g}")
        if self.tls:
            words.append("--tls")
        if self.readers != "wiegand":
            words.append(f"--readers {self.readers}")
        if self.lockers:
            words.append(f"--lockers {self.lockers}")
        if self.defect:
            words.append(f"--defect '{self.defect}'")
        return " ".join(words)


def kinds(bank: bool = False) -> list[str]:
    """Every kind of fault that can be left out. bank: also those of one."""
    from sim.virtual.faults import EVERYTHING
    from tools.simulate.soak_faults import BANK_RATES, RATES

    return [*(kind for kind, rate in asdict(EVERYTHING).items() if rate), *RATES, *(BANK_RATES if bank else ())]


def tell_again(story: SoakStory, report: Path | None = None) -> dict[str, Any]:
    """Its figures, up to the first broken promise. Once a process."""
    if story.defect:
        from tools.simulate import planted

        if story.defect not in planted.DEFECTS:
            raise Problem(f"no planted defect is called '{story.defect}'; run `portvakt sim planted` to see all")
        planted.plant(story.defect)  # before anything imports the firmware
    from tools.simulate.plan import Plan
    from tools.simulate.run import import_path
    from tools.simulate.soak import soak

    import_path()
    unknown = set(story.without) - set(kinds(bank=True))
    if unknown:
        raise Problem(f"no fault is called {sorted(unknown)[0]}; there are {', '.join(kinds(bank=True))}")
    return soak(
        Plan(
            story.seed,
            story.doors,
            story.days,
            story.taps,
            rates=dict.fromkeys(story.without, 0.0),
            first=True,
            changes=story.changes,
            tls=story.tls,
            report=report,
            readers=story.readers,
            lockers=story.lockers,
        )
    )


def tried(number: int, story: SoakStory) -> dict[str, Any]:
    """In a child: what broke first, and when."""
    try:
        facts = tell_again(story)
    except Problem as error:
        return {"promise": None, "what": str(error), "at": 0.0, "step": 0}
    if not facts["broken"]:
        return {"promise": None}
    return {name: facts["broken"][0][name] for name in ("promise", "what", "at", "step")}


def shortest(
    story: SoakStory, processes: int, most: int = MOST, tried: Callable[[int, SoakStory], dict[str, Any]] = tried
) -> SoakStory:
    """Leaves out whatever is not needed to break the same promise, one thing after another. most: stories tried."""
    from tools.simulate.run import import_path

    import_path()
    (first,) = in_processes(tried, [(story,)], 1)
    if first["promise"] is None:
        raise Problem(f"nothing was broken: {story.command()}")
    story = _until(story, first["at"])
    progress(f"promise {first['promise']} breaks at step {first['step']}, {first['at']:.0f} s: looking for less")
    count, last = 0, None
    while story != last and count < most:
        last, names = story, list(_shorter(story))
        while names and count < most:
            batch, names = names[:processes], names[processes:]
            less = _shorter(story)
            batch = [name for name in batch if name in less]
            count += len(batch)
            found = in_processes(tried, [(less[name],) for name in batch], processes)
            for n, (name, facts) in enumerate(zip(batch, found, strict=True)):
                if facts["promise"] == first["promise"]:
                    story = _until(less[name], facts["at"])
                    progress(f"  {facts['step']} steps, {facts['at']:.0f} s: {story.command()}")
                    names = batch[n + 1 :] + names  # they were tried without this
                    break
    return story


def _until(story: SoakStory, at: float) -> SoakStory:
    """Ends a little after that second."""
    return replace(story, days=round(max(0.01, (at + 60) / 86_400), 4))


def _shorter(story: SoakStory) -> dict[str, SoakStory]:
    """Stories with one thing less in them, by a name of what that is; the biggest first."""
    longer = replace(story, days=round(story.days * BEYOND, 4))
    found = {f"{doors} doors": replace(longer, doors=doors) for doors in (1, 2) if doors < story.doors}
    if story.changes != 0:
        found["no changes"] = replace(longer, changes=0)
    left = [kind for kind in kinds(bool(story.lockers)) if kind not in story.without]
    half = len(left) // 2
    for name, out in [("no faults", left), ("half", left[:half]), ("other half", left[half:])] if half > 1 else []:
        found[name] = replace(longer, without=(*story.without, *out))
    for kind in left:
        found[kind] = replace(longer, without=(*story.without, kind))
    if story.taps > 10:
        found[f"a quarter of {story.taps:g} taps"] = replace(longer, taps=max(10, story.taps // 4))
    return found


def replay_lines(facts: dict[str, Any]) -> list[str]:
    if not facts["broken"]:
        return [f"seed {facts['seed']}: nothing was broken in {facts['days']} days, {facts['events']} events"]
    one = facts["broken"][0]
    return [
        f"seed {facts['seed']}, step {one['step']}, {one['at']:.6f} s: promise {one['promise']} broken: {one['what']}",
        *(f"  {line}" for line in one["last"]),
        f"  {facts['command']}",
    ]


def keep_junit(path: Path | None, story: SoakStory, facts: dict[str, Any]) -> None:
    if path is not None:
        from sim.story.outcome import Outcome, write_junit

        write_junit(
            path, f"replay-{story.seed}", [Outcome(*outcome) for outcome in facts["outcomes"]], facts["seconds"]
        )
