"""A story at a date: its schedules and ends go by the clock on the wall, and a board that has it wrong is found."""

import pytest

from sim.story import outcome, play, script

STORY = """
title = "A test"
story = "Three o'clock comes twice."
begins = 2026-10-25T02:45:00+02:00
days = 0.035
doors = 2
people = 1
schedule = [{name = "second hour", times = ["sunday 02:00-03:00"]}]

[[person]]
name = "Watch"
card = [26, 1, 2]
doors = ["Inngang 1"]
hours = "second hour"

[[person]]
name = "Guest"
card = [26, 1, 3]
doors = ["Inngang 1"]
until = 2026-10-25T02:20:00+01:00

[[happening]]
at = 2026-10-25T02:55:00+02:00
do = "tap"
who = "Watch"
door = "Inngang 1"

[[happening]]
at = 2026-10-25T02:10:00+01:00
do = "tap"
who = "Watch"
door = "Inngang 1"

[[happening]]
at = 2026-10-25T02:19:30+01:00
do = "tap"
who = "Guest"
door = "Inngang 1"

[[happening]]
at = 2026-10-25T02:20:30+01:00
do = "tap"
who = "Guest"
door = "Inngang 1"

[[expect]]
verdict = "granted"
who = "Watch"
door = "Inngang 1"
at = 2026-10-25T02:55:00+02:00

[[expect]]
verdict = "granted"
who = "Watch"
door = "Inngang 1"
at = 2026-10-25T02:10:00+01:00

[[expect]]
verdict = "granted"
who = "Guest"
door = "Inngang 1"
at = 2026-10-25T02:19:30+01:00

[[expect]]
verdict = "denied: card expired"
who = "Guest"
door = "Inngang 1"
at = 2026-10-25T02:20:30+01:00
"""


@pytest.fixture
def found(tmp_path):
    (tmp_path / "mine.toml").write_text(STORY)

    def run():
        story = script.load(tmp_path / "mine.toml")
        told = story.description, tmp_path / "world", story.seed, story.visits, story.board, story.begins
        with play.stage(*told) as (building, hand):
            return [one for one in outcome.outcomes(play.play(story, building, hand)) if not one.kept]

    return run


def test_the_hour_that_comes_twice_is_there_twice(found):
    assert found() == []


def test_a_board_that_does_not_set_its_clock_back_breaks_a_promise(found, monkeypatch):
    monkeypatch.setitem(script.setting.ZONES, "Europe/Oslo", "CET-2")
    told = " ".join(one.found for one in found())
    assert "denied (code 7), and granted was due" in told
    assert "it was denied: outside its schedule" in told
