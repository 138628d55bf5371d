"""Random stories: none breaks a promise; with a defect in the firmware one does, and shrinks to a few lines."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tools import umqtt

BOUNDED = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
LONG = settings(BOUNDED, max_examples=1_000, stateful_step_count=40, derandomize=False)

# In a process of its own: a defect is planted before anything imports the firmware.
WITH_A_DEFECT = """
import sys
sys.path[:0] = sys.argv[1:3]
from tools.simulate.planted import plant
plant("the rules are gone after a start")
from pathlib import Path
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sim.story import play, script
from sim.story.machine import World
from tests.sim.scenarios.test_machine import BOUNDED
try:
    run_state_machine_as_test(World, settings=settings(BOUNDED, max_examples=60))
except AssertionError as error:
    told = next(one for one in error.__notes__ if one.startswith("title ="))
folder = Path(sys.argv[3])
(folder / "found.toml").write_text(told)
story = script.load(folder / "found.toml")
with play.stage(story.description, folder / "world", story.seed, story.visits) as (building, hand):
    play.play(story, building, hand)
    print(building.promises.broken[0])
"""


def test_no_random_story_breaks_a_promise():
    from sim.story.machine import World

    run_state_machine_as_test(World, settings=BOUNDED)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_no_long_random_story_breaks_a_promise():
    from sim.story.machine import World

    run_state_machine_as_test(World, settings=LONG)


@pytest.mark.slow
def test_a_planted_defect_is_found_and_its_story_shrinks_to_a_few_steps(tmp_path):
    """Who comes after a start, before the cloud has sent its rules again, is turned away."""
    root = Path(__file__).resolve().parents[3]
    words = [sys.executable, "-c", WITH_A_DEFECT, str(root), str(umqtt.path()), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.startswith("promise 0 (works), check 'verdict'") and "granted was due" in done.stdout
    happenings = tomllib.loads((tmp_path / "found.toml").read_text())["happening"]
    assert [one["do"] for one in happenings] == ["network off", "power off", "tap"]
