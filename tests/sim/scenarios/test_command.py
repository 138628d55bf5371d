"""`portvakt sim run SCENARIO` against the cloud's real ingest, as people and CI call it."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
STORY = """
title = "Ten minutes"
story = "A right is taken away, the power fails, a door is released from afar."
days = 0.015
doors = 2
people = 3

[[person]]
name = "Guest"
card = [26, 1, 2]
doors = ["Inngang 1"]

[[happening]]
at = "00:05"
do = "tap"
who = "Guest"
door = "Inngang 1"

[[happening]]
at = "00:06"
do = "revoke"
who = "Guest"

[[happening]]
at = "00:07"
do = "grant"
who = "Guest"
doors = ["Sykkelrom 2"]

[[happening]]
at = "00:08"
do = "tap"
who = "Guest"
door = "Inngang 1"

[[happening]]
at = "00:09"
do = "release"
door = "Sykkelrom 2"

[[expect]]
verdict = "granted"
who = "Guest"
door = "Inngang 1"
at = "00:05"

[[expect]]
verdict = "{verdict}"
who = "Guest"
door = "Inngang 1"
at = "00:08"

[[expect]]
figure = "released from afar"
is = 1

[[expect]]
figure = "lost"
is = 0
"""


def sim(*words):
    command = [sys.executable, "-c", "from tools.cli import app; app()", "sim", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=100, check=False)


@pytest.mark.parametrize(("verdict", "code"), [("denied: not at this door", 0), ("granted", 1)])
def test_a_story_is_played_checked_and_shown(tmp_path, verdict, code):
    path, report, junit = tmp_path / "mine.toml", tmp_path / "mine.html", tmp_path / "mine.xml"
    path.write_text(STORY.replace("{verdict}", verdict))
    done = sim("run", str(path), "--report", str(report), "--junit", str(junit), "--json")
    assert done.returncode == code, done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["kept"] is (code == 0) and facts["figures"]["released from afar"] == 1
    assert facts["figures"]["recorded"] == facts["figures"]["stored"] == 5
    broken = [one["found"] for one in facts["expectations"] if not one["kept"]]
    assert broken == ([] if code == 0 else ["it was denied: not at this door"])
    assert ElementTree.parse(junit).getroot().get("failures") == str(code)
    assert "Ten minutes" in report.read_text() and "Guest denied: not at this door" in report.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "ofice-day"), "did you mean 'office-day'?"),
        (("run", "office-day", "--days", "3"), "--days does not go with a scenario"),
        (("run", "office-day", "--report", "/no/such/folder/x.html"), "there is no folder /no/such/folder"),
    ],
)
def test_what_cannot_be_played_is_one_sentence(words, said):
    done = sim(*words)
    assert done.returncode == 1 and said in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_scenarios_are_listed():
    facts = json.loads(sim("scenarios", "--json").stdout.splitlines()[-1])
    names = [one["name"] for one in facts["scenarios"]]
    assert {"office-day", "week-offline", "attack-night", "power-cuts", "broker-dies", "moving-day"} <= set(names)
