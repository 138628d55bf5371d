"""Fire, lockdown, evacuation and what is wired to a board, told in a story: it happens, and the promises hold."""

import copy
import json

import pytest

from firmware.controller import events as codes
from firmware.controller.door_modes import DoorModes
from sim.story import outcome, play, script
from sim.story.verbs import SWITCHES

STORY = """
title = "A test"
story = "Eight minutes."
days = 0.0057
board = "esp32-two-door-supervised"
doors = 2
people = 1

[[person]]
name = "Per"
card = [26, 1, 2]
doors = ["Inngang 1", "Sykkelrom 2"]
"""
DOES = """
00:01:00 lockdown
00:01:20 tap       who = "Per", door = "Inngang 1"
00:01:30 fire      where = "all", for = "20 s"
00:01:40 go out    door = "Inngang 1"
00:01:45 tap       who = "Per", door = "Sykkelrom 2"
00:04:00 tap       who = "Per", door = "Inngang 1"
00:04:10 normal
00:04:20 pass      who = "Per", door = "Inngang 1"
00:04:40 evacuation
00:04:50 go out    door = "Sykkelrom 2"
00:05:10 normal
00:06:00 enclosure opened   where = "all", for = "20 s"
00:06:00 reader tamper      door = "Sykkelrom 2", for = "20 s"
00:06:10 mains off          where = "all", for = "30 s"
00:06:20 battery            where = "all", mv = 11000
00:06:30 line cut           door = "Inngang 1", line = "rex", for = "10 s"
00:06:50 line bridged       door = "Inngang 1", line = "contact", for = "10 s"
00:07:10 battery            where = "all", mv = 13800
00:07:20 bell               door = "Inngang 1"
"""
HOLDS = """
{verdict = "denied: lockdown", who = "Per", door = "Inngang 1", at = "00:01:20"}
{event = "released by fire", from = "00:01:30", to = "00:01:31", is = 2}
{event = "opened", door = "Inngang 1", from = "00:01:40", to = "00:01:45", is = 1}
{verdict = "denied: lockdown", who = "Per", door = "Sykkelrom 2", at = "00:01:45"}
{event = "locked after fire", from = "00:03:50", to = "00:03:52", is = 2}
{verdict = "denied: lockdown", who = "Per", door = "Inngang 1", at = "00:04:00"}
{verdict = "granted", who = "Per", door = "Inngang 1", at = "00:04:20"}
{event = "opened", door = "Sykkelrom 2", from = "00:04:50", to = "00:04:55", is = 1}
{event = "back to normal", is = 2}
{event = "enclosure opened", is = 1}
{event = "enclosure closed", is = 1}
{event = "reader tampered with", door = "Sykkelrom 2", is = 1}
{event = "mains lost", is = 1}
{event = "mains back", is = 1}
{event = "battery low", is = 1}
{event = "battery right", is = 1}
{event = "line cut", door = "Inngang 1", is = 1}
{event = "line bridged", door = "Inngang 1", is = 1}
{event = "line whole", door = "Inngang 1", is = 2}
{event = "bell", door = "Inngang 1", is = 1}
{event = "forced", is = 0}
"""


def table(line):
    at, rest = line.split(" ", 1)
    verb = max((one for one in script.VERBS if rest.startswith(one)), key=len)
    fields = [f'at = "{at}"', f'do = "{verb}"', rest[len(verb) :].strip()]
    return "{" + ", ".join(one for one in fields if one) + "}"


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Plays DOES on the supervised board with a bell button at door 1; returns what came of it and the building."""
    board = json.loads((script.setting.BOARDS / "esp32-two-door-supervised" / "board.json").read_text())
    board = copy.deepcopy(board)
    board["inputs"].append({"kind": "bell", "pin": 12, "active": 0, "door": 1})
    monkeypatch.setattr(script.setting, "board", lambda name, wrong: board)
    happenings = ",\n".join(table(line) for line in DOES.strip().splitlines())
    expects = ",\n".join(HOLDS.strip().splitlines())
    (tmp_path / "mine.toml").write_text(f"happening = [\n{happenings}\n]\nexpect = [\n{expects}\n]\n{STORY}")
    story = script.load(tmp_path / "mine.toml")

    def run():
        told = story.description, tmp_path / "world", story.seed, story.visits, story.board
        with play.stage(*told) as (building, hand):
            return outcome.outcomes(play.play(story, building, hand))

    return run


def test_every_verb_of_a_board_does_what_it_says(played):
    assert set(SWITCHES) <= set(script.VERBS)
    assert [(one.said, one.found) for one in played() if not one.kept] == []


def broken(found):
    return " ".join(one.found for one in found if not one.kept and one.said.startswith("promise"))


def test_doors_that_stay_released_after_an_evacuation_break_a_promise(played, monkeypatch):
    step = DoorModes._step

    def forgets(self, now, key=None):
        for place in self._places:
            place.evacuated = place.evacuated and self._emergency == 2
        step(self, now, key)

    monkeypatch.setattr(DoorModes, "_step", forgets)
    assert "did not lock again" in broken(played())


def test_who_passes_during_lockdown_breaks_a_promise(played, monkeypatch):
    monkeypatch.setattr(DoorModes, "_lock", lambda self, rules: None)
    assert "granted (code 1), and denied was due" in broken(played())


def test_a_lockdown_that_nobody_asked_for_breaks_a_promise(played, monkeypatch):
    monkeypatch.setattr(play.Player, "emergency", lambda self, do: self.hand.emergency(do) and None)
    assert f"(code {codes.LOCKDOWN_BEGAN}), and no command is good" in broken(played())
