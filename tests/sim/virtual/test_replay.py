"""A seed that broke a promise breaks it again at the same step, wherever it is run; and there is a shorter story."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools import umqtt
from tools.simulate.replay import SoakStory, kinds, shortest, tell_again, tried

# A story ends by what it has simulated. This only ends a machine that does not get on at all.
A_LONG_TIME_S = 900
STORY = SoakStory(seed=3, doors=2, days=0.2)


def plant() -> None:
    """Every fiftieth event is written twice."""
    from firmware.controller.storage.log import EventLog

    append = EventLog.append

    def twice(self: Any, *event: Any) -> Any:
        done = append(self, *event)
        if self.last % 50 == 0:
            append(self, *event)
        return done

    EventLog.append = twice


def with_defect(number: int, story: SoakStory) -> dict[str, Any]:
    from tools.simulate import planted

    planted.DEFECTS["twice"] = ("", "", "", "")
    planted.plant = lambda name: plant()
    return tried(number, replace(story, defect="twice"))


def elsewhere(story: SoakStory, folder: Path, hash_seed: str) -> dict[str, Any]:
    """In a process of its own, with another hash seed, in another folder."""
    umqtt.path()
    folder.mkdir()
    code = (
        "import json, sys; from test_replay import with_defect; from tools.simulate.replay import SoakStory;"
        "print(json.dumps(with_defect(0, SoakStory(**json.load(sys.stdin)))))"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[3])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({"seed": story.seed, "doors": story.doors, "days": story.days}),
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TMPDIR": str(folder), "PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=A_LONG_TIME_S,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.timeout(2 * A_LONG_TIME_S)
def test_a_broken_promise_breaks_again_at_the_same_step(tmp_path: Path) -> None:
    first = elsewhere(STORY, tmp_path / "here", "1")
    again = elsewhere(replace(STORY, days=1.5), tmp_path / "there", "2")
    assert first["promise"] is not None and first["step"] > 1_000
    assert first == again


@pytest.mark.slow
@pytest.mark.timeout(2 * A_LONG_TIME_S)
def test_a_shorter_story_breaks_the_same_promise() -> None:
    story = shortest(STORY, 2, 6, with_defect)
    assert story.days < STORY.days and set(story.without) == set(kinds()), story


def test_a_story_is_told_as_a_command() -> None:
    story = SoakStory(7, 4, 2.5, 50, ("network", "dns"), 0, True, "no encryption")
    assert story.command() == (
        "portvakt sim replay 7 --doors 4 --days 2.5 --taps 50 --without network --without dns --changes 0 --tls"
        " --defect 'no encryption'"
    )
    assert STORY.command() == "portvakt sim replay 3 --doors 2 --days 0.2"


def test_a_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(Exception, match="no fault is called rain; there are network, "):
        tell_again(replace(STORY, without=("rain",)))
