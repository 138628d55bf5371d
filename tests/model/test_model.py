"""The firmware decides as the model does, over random settings and stories; and a planted fault is seen."""

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.controller.access import schedule
from firmware.controller.access.reading import fields
from firmware.controller.access.rule import areas, uses
from tests.model.stories import Differ, campaign, story
from tests.model.stories import settings as rules_of


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False), st.integers(5, 40))
def test_the_firmware_decides_as_the_model(random: Random, length: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story(random, length, Counter(), Path(folder))


# No verdict on a tap goes by them.
OTHERS = {"held_ms", "retention_days", "free", "first_in", "office"}


def test_stories_have_every_field_that_a_verdict_may_go_by() -> None:
    """A field that no story has agrees with every model."""
    made = [rules_of(Random(seed)) for seed in range(300)]
    tables = {"profiles": fields.PROFILE, "doors": fields.PLAIN | fields.DOOR, "areas": fields.AREA}
    for part, table in tables.items():
        had = {name for rules in made for says in rules.get(part, {}).values() for name in says}
        assert sorted(set(table) - had - OTHERS) == [], f"put it into the {part} of tests/model/stories.py"


def test_stories_have_every_kind_of_verdict() -> None:
    counts = campaign(7, 12000)
    assert counts["decisions"] >= 12000
    for kind in (
        "GRANTED",
        "GRANTED_DURESS",
        "DENIED_UNKNOWN",
        "DENIED_DOOR",
        "DENIED_EXPIRED",
        "DENIED_NO_CLOCK",
        "DENIED_TIME",
        "DENIED_NOT_YET",
        "DENIED_KIND",
        "DENIED_PIN",
        "DENIED_LOCKED_OUT",
        "DENIED_USED",
        "DENIED_PASSBACK",
        "DENIED_FULL",
        "DENIED_INTERLOCK",
        "DENIED_LOCKDOWN",
        "DENIED_OFFLINE",
        "NEEDS_SECOND",
        "NEEDS_ESCORT",
        "... against soft anti-passback",
        "... with uses counted",
        "... together",
    ):
        assert counts[kind] > 3, (kind, counts)


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (uses, "uses", lambda tap: 0),
        (areas, "passback", lambda tap: 0),
        (areas, "area_limit", lambda tap: 0),
        (schedule.Calendar, "_holiday", lambda self, day: False),
    ],
)
def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch, where: object, name: str, fault: object) -> None:
    monkeypatch.setattr(where, name, fault)
    with pytest.raises(Differ):
        campaign(3, 20000)
