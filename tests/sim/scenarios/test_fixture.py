"""The fixture that integrators use: its example is a test, and it fails a test whose building broke a promise."""

import ast
import re
import textwrap
from pathlib import Path

import pytest

from firmware.controller import events as codes
from firmware.controller import loop

pytest_plugins = ["sim.fixture", "pytester"]
ROOT = Path(__file__).resolve().parents[3]


def examples() -> str:
    """The tests that stand in the fixture's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / "sim" / "fixture.py").read_text())) or ""
    parts = [textwrap.dedent(part) for part in re.findall(r"(?:^    .*\n|^\n)+", text, re.M) if "def test_" in part]
    return "from datetime import UTC, datetime\n\n" + "\n".join(parts)


def test_the_examples_of_the_docstring_run_outside_the_project(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest('pytest_plugins = ["sim.fixture"]')
    pytester.makepyfile(examples())
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_the_example_of_the_simulators_page_runs(building):
    text = (ROOT / "sim" / "README.md").read_text().split("```python")[1].split("```")[0]
    names = {}
    exec(text, names)
    names["test_a_pin_at_the_garage"](building)


def test_a_building_that_breaks_a_promise_fails_its_test(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest('pytest_plugins = ["sim.fixture"]')
    pytester.makepyfile(
        """
        from firmware.controller import events as codes
        from firmware.controller import loop

        def test_it(building, monkeypatch):
            monkeypatch.setattr(loop, "decide", lambda tap: codes.GRANTED)
            building.tap("Garasje", "Funnet kort")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the building broke a promise:*"])


def test_a_breach_on_purpose_is_in_the_sentences(building, monkeypatch):
    monkeypatch.setattr(loop, "decide", lambda tap: codes.GRANTED)
    assert building.tap("Garasje", "Funnet kort") == "granted"
    assert any("denied was due" in sentence for sentence in building.broken)
    building.expect_broken()


def test_rights_releases_and_leaves(building):
    building.enter("Tuva Lien", (26, 17, 4711), ["Postrom"])
    assert building.tap("Postrom", "Tuva Lien") == "granted"
    assert building.is_released("Postrom") and building.push("Postrom") and building.is_open("Postrom")
    building.wait(10)
    assert not building.is_open("Postrom") and not building.push("Postrom")
    building.release("Garasje")
    assert building.is_released("Garasje")
    building.force("Takterrasse")
    building.press("Bakinngang")
    building.wait(10)
    assert [one.what for one in building.events("Garasje")] == ["released from afar"]
    assert [one.what for one in building.events("Takterrasse")] == ["forced", "closed"]
    assert [one.what for one in building.events("Bakinngang")] == ["exit button"]
    assert building.all_stored()


def test_without_a_broker_doors_go_on_and_the_log_catches_up(building):
    building.kill_broker()
    since = building.now
    assert building.tap("Postrom", "Ingrid Solheim") == "granted"
    building.wait(60)
    assert not building.all_stored()
    building.revive_broker()
    building.wait(120)
    assert building.all_stored()
    assert building.events("Oppgang A", since)[0].door == "Postrom"


def test_a_made_building_has_its_size_and_people_who_come(make_building, tmp_path):
    small = make_building(doors=2, people=4, visits=2_000)
    small.wait(1_800)
    assert len(small.doors) == 2 and len(small.people) == 4
    assert small.world.verdicts.counts["granted"] > 5
    small.report(tmp_path / "story.html")
    assert "Inngang 1" in (tmp_path / "story.html").read_text()


def test_a_wrong_name_says_which_there_are(building):
    with pytest.raises(ValueError, match="nobody is called 'Ingrid'; there are Ingrid Solheim"):
        building.tap("Garasje", "Ingrid")
    with pytest.raises(ValueError, match="there is no door 'Garage'; there are Hovedinngang"):
        building.grant("Ingrid Solheim", ["Garage"])
