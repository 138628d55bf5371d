"""One process that has collected all tests of a world and forks for each mutant: imports and database are made once."""

import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import coverage
import pytest

from tools.mutants import reach, rooms, swapped
from tools.mutants.mutant import MutantOutcome, MutantTask

SPARE_SECONDS = 4.0
SLOWER = 2  # than measured, in seconds of computing
WAITS = 5  # as long by the clock: the machine does other things too
SURVIVED, KILLED, OTHER = 0, 1, 2
LONGEST = 3000  # letters of a failure
PORTION = 100  # tests: what is measured is kept after so many, and who was broken off goes on from there


def _limit(seconds: float) -> None:
    """Of computing; a mutant that waits for something is ended by the process that waits for it."""
    most = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    os.setsid()


def in_fork(work: Callable[[], int], seconds: float, said: Path) -> tuple[int | None, str]:
    """(the exit code of that work in a process of its own, or None if it took too long; what it wrote to `said`)."""
    said.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        code = OTHER
        try:
            _limit(seconds)
            code = work()
        except BaseException:  # noqa: BLE001  this process ends here, and pytest's log says why
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    watched = os.pidfd_open(child)
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    ended = bool(poll.poll(seconds * WAITS * 1000))
    if not ended:
        os.killpg(child, signal.SIGKILL)
    os.close(watched)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it started itself
    code_left = None if not ended or os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return code_left, said.read_text() if said.exists() else ""


def _named(report: pytest.TestReport) -> str:
    """The test, and under it how it failed."""
    return f"{report.nodeid}\n{report.longreprtext[-LONGEST:]}"


class Server:
    """A pytest plugin in place of the usual loop."""

    def __init__(self, world: str, tasks: list[MutantTask], most_seconds: float, told: Callable[[Any], None]) -> None:
        self._world = world
        self._tasks = tasks
        self._most = most_seconds
        self._told = told
        self._stop_at: Path | None = None
        self._folder = TemporaryDirectory(prefix="portvakt-mutants-")
        self._said = Path(self._folder.name) / "said"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._stop_at is not None and report.failed:
            self._stop_at.write_text(_named(report))
            os._exit(KILLED)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        known = reach.load(self._world)
        items = {item.nodeid: item for item in session.items}
        new = [item for name, item in items.items() if name not in known.seconds and name not in known.failed]
        _make_database(session.items, known.seconds)
        known.keep(items)
        if new:
            self._measure(new, session, known)
        else:
            reach.save(self._world, known)
        there = swapped.functions({task.path for task in self._tasks})
        gc.collect()
        gc.freeze()  # from here on the collector sees none of it, and neither does code that asks it for functions
        for task in self._tasks:
            tests, cut = known.tests(task.mutant, self._most)
            asked = [items[name] for name in tests if name in items]
            self._told(self._tried(task, asked, cut, known, there.get(task.path, [])))
        return True

    def _tried(
        self, task: MutantTask, asked: list[pytest.Item], cut: bool, known: reach.LineReach, there: list[Any]
    ) -> MutantOutcome:
        if not asked:
            return MutantOutcome(task, "survived")

        def work() -> int:
            self._stop_at = self._said
            swapped.swap(task.path, task.before, task.after, there)
            _run(asked, asked)
            return SURVIVED

        started = time.monotonic()
        expected = sum(known.seconds[item.nodeid] for item in asked)
        code, said = in_fork(work, SPARE_SECONDS + SLOWER * expected, self._said)
        what = {None: "timed out", SURVIVED: "survived"}.get(code, "killed")
        return MutantOutcome(task, what, len(asked), said, cut and what == "survived", time.monotonic() - started)

    def _measure(self, new: list[pytest.Item], session: pytest.Session, known: reach.LineReach) -> None:
        for first in range(0, len(new), PORTION):
            self._told(f"{self._world}: measuring {len(new) - first} tests")
            portion = new[first : first + PORTION]

            def work(portion: list[pytest.Item] = portion) -> int:
                self._said.write_text(json.dumps(_measured(portion, session, self._world)))
                return SURVIVED

            code, said = in_fork(work, 7200.0, self._said)
            if code != SURVIVED:
                raise RuntimeError("the tests could not be measured")
            known.add(json.loads(said))
            reach.save(self._world, known)


def _make_database(items: list[pytest.Item], seconds: dict[str, float]) -> None:
    """By the quickest test: what is made for all of them stays, what is only its own does not."""
    first = min(items, key=lambda item: (seconds.get(item.nodeid, 9.0), item.nodeid))
    chain = first.listchain()
    farthest = min(items, key=lambda item: sum(one in chain for one in item.listchain()))
    first.config.hook.pytest_runtest_protocol(item=first, nextitem=farthest)


def _run(items: list[pytest.Item], everything: list[pytest.Item]) -> None:
    """Runs these, and takes down nothing that others of the session use."""
    for item, following in zip(items, [*items[1:], everything[0]], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class _Reports:
    """Which tests fail."""

    def __init__(self) -> None:
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def _measured(new: list[pytest.Item], session: pytest.Session, world: str) -> dict[str, Any]:
    reports = _Reports()
    session.config.pluginmanager.register(reports)
    files = {str(rooms.ROOT / file): file for file in rooms.files_of_world(world)}
    measure = coverage.Coverage(data_file=None, include=sorted(files), config_file=False)
    seconds = {}
    measure.start()
    for item, following in zip(new, [*new[1:], session.items[0]], strict=True):
        measure.switch_context(item.nodeid)
        started, computed = time.monotonic(), time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        # The machine does other things too; a test that waits for a program of its own computes nothing itself.
        taken = max(time.process_time() - computed, (time.monotonic() - started) / 4)
        seconds[item.nodeid] = round(taken, 4)
    measure.stop()
    data = measure.get_data()
    lines: dict[str, dict[str, list[int]]] = {}
    for path in data.measured_files():
        of_file = lines.setdefault(files[path], {})
        for line, tests in data.contexts_by_lineno(path).items():
            for test in tests:
                if test:
                    of_file.setdefault(test, []).append(line)
    failed = sorted(reports.failed)
    return {"seconds": {name: s for name, s in seconds.items() if name not in failed}, "failed": failed, "lines": lines}


def _arguments(world: str) -> list[str]:
    of = rooms.WORLDS[world]
    # A test that is measured takes longer than others bear; what never ends is ended here, not by pytest-timeout.
    quiet = ["-q", "--timeout=0", "-p", "no:cacheprovider", "-m", rooms.NOT_ASKED]
    return [*quiet, *(f"--ignore={file}" for file in of.without)]


def _same_every_time() -> None:
    """Properties try the same examples each time, so that a mutant's fate is no luck; that one fails is enough."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


def load_others() -> None:
    """What is of others and takes long to import, for the processes that are forked from this one."""
    for name in ("hypothesis", "schemathesis.pytest.plugin", "django.db.models", "django.test", "django.forms"):
        importlib.import_module(name)


def serve(world: str, tasks: list[MutantTask], most_seconds: float, told: Callable[[Any], None]) -> int:
    """In a process that has imported nothing of the project yet."""
    _same_every_time()
    arguments = [*_arguments(world), *rooms.WORLDS[world].tests]
    return int(pytest.main(arguments, plugins=[Server(world, tasks, most_seconds, told)]))


class _Stops:
    """Ends the process with the first failure."""

    def __init__(self, said: Path) -> None:
        self._said = said

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._said.write_text(_named(report))
            os._exit(KILLED)


def anew(task: MutantTask, known: reach.LineReach, world: str, most_seconds: float) -> MutantOutcome:
    """A mutant of what is done at import, in a process of its own."""
    tests, cut = known.tests(task.mutant, most_seconds)
    if not tests:
        return MutantOutcome(task, "survived")

    def work() -> int:
        _same_every_time()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        swapped.load_as(task.path, task.after)
        ended = pytest.main([*_arguments(world), *tests], plugins=[_Stops(said)])
        return SURVIVED if ended == pytest.ExitCode.OK else OTHER

    with TemporaryDirectory(prefix="portvakt-mutants-") as folder:
        said = Path(folder) / "said"
        started = time.monotonic()
        expected = sum(known.seconds[test] for test in tests)
        code, by = in_fork(work, 4 * SPARE_SECONDS + SLOWER * expected, said)
    what = {None: "timed out", SURVIVED: "survived"}.get(code, "killed")
    return MutantOutcome(task, what, len(tests), by or "import", cut and what == "survived", time.monotonic() - started)
