"""A story cut for real time: everything happens, in its order and with what follows; what cannot be cut is refused."""

from pathlib import Path

import pytest

from sim.story import script, short
from sim.story.script import Faulty, Story
from sim.virtual.scheduler import SECOND

HEAD = 'title = "T"\nstory = "S"\ndays = 1\ndoors = 2\npeople = 3\n'
FIRST = 'do = "tap"\nwho = "Funnet kort"\ndoor = "Inngang 1"\n'
EXPECT = '[[expect]]\nfigure = "lost"\nis = 0\n'


def told(folder: Path, text: str) -> Story:
    path = folder / "told.toml"
    path.write_text(text)
    return script.load(path)


def seconds(story: Story) -> list[float]:
    return [one.at / SECOND - short.LEAD_S for one in story.happenings]


def test_hours_are_cut_and_what_follows_at_once_is_not(tmp_path: Path) -> None:
    text = f"""{HEAD}
[[happening]]
at = "03:00"
{FIRST}
[[happening]]
at = "03:00:02"
{FIRST}
[[happening]]
at = "05:00"
do = "force"
door = "Inngang 1"
for = "40 s"

[[happening]]
at = "09:00"
do = "release"
door = "Inngang 1"

[[happening]]
at = "10:00"
do = "network off"
where = "all"
for = "9 h"

[[happening]]
at = "12:00"
{FIRST}
[[expect]]
event = "held open"
from = "05:00"
to = "06:00"
is = 1
"""
    story = short.shortened(told(tmp_path, text))
    assert seconds(story) == [0, 2, 8, 51, 64, 70]
    network = story.happenings[4]
    assert network.lasts == 12 * SECOND, "until the tap in it is answered, and as long again"
    held = story.expects[0]
    assert held.since == story.happenings[2].at and held.until == story.happenings[3].at
    assert story.visits == 0 and story.days * 86_400 < 160


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + EXPECT, "no happenings"),
        (HEAD + "[faults]\npower = 3\n" + EXPECT, "by chance"),
        (HEAD + "retention_days = 1\n" + EXPECT, "expire"),
        (HEAD + 'board = "esp32-two-door-supervised"\n' + EXPECT, "is wired as esp32-two-door-supervised"),
        (
            HEAD + '[[person]]\nname = "G"\ncard = [26, 1, 1]\ndoors = []\nuntil = 2040-01-01T00:00:00Z\n' + EXPECT,
            "clock decide",
        ),
        (
            HEAD + '[[happening]]\nat = "01:00"\ndo = "torn write"\nwhere = "all"\nfor = "1 s"\n' + EXPECT,
            "`sim cuts` does that",
        ),
        (
            HEAD + '[[happening]]\nat = "01:00"\nevery = "1 min"\ntimes = 99\n' + FIRST + EXPECT,
            "10 minutes of real time, 6 at the most",
        ),
    ],
)
def test_what_cannot_be_cut_is_refused_with_a_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(Faulty, match=why):
        short.shortened(told(tmp_path, text))


def test_at_least_five_of_our_scenarios_run_on_boards() -> None:
    runs = []
    for path in script.stories():
        try:
            runs.append(short.shortened(script.load(path)).name)
        except Faulty:
            continue
    assert set(runs) >= {"front-door", "lights-out", "link-blinks", "lockdown", "office-day", "week-offline"}
