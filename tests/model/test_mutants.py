"""Every rule is broken once, and the model sees it: sources with one place changed, until the first difference."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tests.model.stories as stories

pytestmark = pytest.mark.slow  # a minute for all of them: `make soak`

PACKAGE = "firmware.controller."

MUTANTS = [
    ("access.decision", "if tap.door in tap.profile", "if tap.profile"),
    ("access.decision", "if tap.utc >= end", "if tap.utc > end"),
    ("access.decision", "return DENIED_NO_CLOCK", "return 0"),
    ("access.rule.times", "tap.utc < begins", "tap.utc <= begins"),
    ("access.rule.times", "return DENIED_NO_CLOCK", "return 0"),
    ("access.rule.times", "if not tap.utc and", "if"),
    ("access.rule.times", "tap.rules.on(schedule, tap.utc)", "tap.rules.on(schedule, tap.utc + 60)"),
    ("access.schedule", "<= minute <", "< minute <"),
    ("access.schedule", "first <= day <= last", "first <= day < last"),
    ("access.schedule", "1 << (day + 3) % 7", "1 << (day + 2) % 7"),
    ("access.schedule", "if not utc:\n            return False", "if not utc:\n            return True"),
    ("access.schedule", "times, first, last, schedule = ", "schedule, (times, first, last, _) = 0, "),
    ("access.zone", "utc + self.offset(utc)", "utc + self._standard"),
    ("access.zone", "listed[at + 2] * 60 <= utc", "listed[at + 2] * 61 <= utc"),
    ("access.zone", "elif utc >= listed[-2] * 60", "elif utc >= listed[-1] * 60"),
    ("access.zone", "+ 7 * week - 7", "+ 7 * week"),
    ("access.zone", "found -= 7", "found -= 0"),
    ("access.rule.auth_mode", "and not (tap.kind == CARD and", "or not (tap.kind == CARD and"),
    ("access.rule.auth_mode", "if tap.rules.on(schedule, tap.utc):", "if True:"),
    ("access.rule.auth_mode", "(CARD, PIN, CARD_PIN))", "(CARD, CARD_PIN))"),
    ("access.rule.lockout", "_TRIES = const(3)", "_TRIES = const(4)"),
    ("access.rule.lockout", "<< min(count - _TRIES", "<< min(count - count"),
    ("access.rule.lockout", "self.count(door, now) - 1", "self.count(door, now)"),
    ("access.rule.lockout", "_CLEARS_MS = const(7200000)", "_CLEARS_MS = const(3600000)"),
    ("access.rule.lockout", "if tap.kind == CARD_PIN and", "if False and"),
    ("access.rule.lockout", "min(15, memory.count(tap.key, tap.now) + 1) << 4", "0"),
    ("access.rule.uses", "count >= most", "count > most"),
    ("access.rule.uses", "+ 1 if", "if"),
    ("access.rule.areas", "if area != here", "if area == there"),
    ("access.rule.areas", "or _is_soft(tap, area)", ""),
    ("access.rule.areas", "_is_shared(tap, area) or", ""),
    ("access.rule.areas", 'or _is_shared(tap, tap.here["passage"][0])', ""),
    ("access.rule.areas", "// 60 - minute <", "// 60 - minute <="),
    ("access.rule.areas", '"exempt" in tap.profile', "False"),
    ("access.rule.area_occupancy", "passage[1], utc", "passage[0], utc"),
    ("access.rule.area_occupancy", "minute >= self._ends", "minute > self._ends"),
    ("access.rule.areas", "> limit", ">= limit"),
    ("access.rule.areas", "places = 2 if along(tap) else 1", "places = 1"),
    ("access.rule.areas", "[0] == area", "[0] is None"),
    ("access.rule.interlock", "other.door.released or", ""),
    ("access.rule.interlock", 'says.get("interlock_open", True)', "True"),
    ("access.rule.companion", "first.key == tap.key", "False"),
    ("access.rule.companion", '== "gives"', '!= "needs"'),
    ("access.rule.companion", '== "needs"', '== "need"'),
    ("access.rule.companion", "tap.utc and not", "not"),
    ("access.rule.times", "hours * 3600", "hours * 3000"),
    ("access.rule.times", "tap.utc and heard and", ""),
    ("access.rule.lockdown", '"lockdown" in tap.profile', "True"),
    ("access.full_tap", "GRANTED_DURESS if tap.duress else GRANTED", "GRANTED"),
    ("access.rule.companion", "_LASTS_MS = const(15000)", "_LASTS_MS = const(14000)"),
    ("pin_entry", "_PIN_MS = const(20000)", "_PIN_MS = const(19000)"),
    ("access.rule.companion", "first.utc, first.now, first.place = tap.utc, tap.now, None", "first.now = tap.now"),
    ("access.full_tap", 'if "extended" in tap.profile', "if False"),
    ("storage.checkpoint", "at = max(self._upto + 1, log.first)", "at = log.last + 1"),
]


SEEDS = range(3, 6)  # the first finds nearly all of them; some rules are rarely alone in what they say


@contextmanager
def changed(name: str, right: str, wrong: str) -> Iterator[None]:
    """The module's source with one place changed, also for those who imported from it."""
    module = importlib.import_module(PACKAGE + name)
    assert module.__file__
    source = Path(module.__file__).read_text()
    assert source.count(right) >= 1, f"{name} has no {right!r}: write the mutant anew"
    before = dict(vars(module))
    exec(compile(source.replace(right, wrong, 1), module.__file__, "exec"), vars(module))
    new = {id(before[key]): value for key, value in vars(module).items() if key in before and not key.startswith("__")}
    others = [other for key, other in sys.modules.items() if key.startswith(PACKAGE) and other is not module]
    moved = []
    for other in others:
        for key, value in list(vars(other).items()):
            if callable(value) and getattr(value, "__module__", "") == module.__name__ and id(value) in new:
                moved.append((other, key, value))
                setattr(other, key, new[id(value)])
    try:
        yield
    finally:
        for other, key, value in moved:
            setattr(other, key, value)
        vars(module).update(before)


@pytest.mark.parametrize(("name", "right", "wrong"), MUTANTS)
def test_the_model_sees_it(name: str, right: str, wrong: str) -> None:
    stories.campaign(1, 60)  # everything is loaded
    with changed(name, right, wrong), pytest.raises((stories.Differ, ValueError, IndexError)):
        for seed in SEEDS:
            stories.campaign(seed, 40_000)
