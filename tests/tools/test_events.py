"""The table of events: each code once, each told, the page as the source has it."""

import re

from firmware.controller import events
from sim import words
from tools.events import SOURCE, TABLE, sections, table

TEXT = SOURCE.read_text()
EVENTS = [event for section in sections(TEXT) for event in section.events]


def test_the_page_is_current() -> None:
    assert TABLE.read_text() == table(TEXT), "run: python -m tools.events"


def test_every_code_of_the_source_is_on_the_page_once_and_fits_a_byte() -> None:
    flags = {"TIME_TRUSTED", "NEW_KEY", "CHAIN_BEGINS", "COMMISSIONING"}
    named = {name: code for name, code in vars(events).items() if name.isupper()}
    assert {event.name: event.code for event in EVENTS} == {
        name: code for name, code in named.items() if name not in flags
    }
    codes = [event.code for event in EVENTS]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < 256 for code in codes)


def test_no_code_has_a_retired_number() -> None:
    """Logs and databases from before know it as something else."""
    (line,) = re.findall(r"^Retired: (.*)\.$", TEXT, re.M)
    retired = {int(number) for number in re.findall(r"\d+", line)}
    assert retired >= {69, 79, 84}, "what is retired stays so"
    assert not retired & {event.code for event in EVENTS}, "take a number that nothing had before"


def test_every_code_has_a_word_for_scenarios_and_pictures() -> None:
    assert [event.name for event in EVENTS if event.code not in words.EVENTS] == [], "put its word into sim/words.py"


def test_a_comment_is_taken_apart() -> None:
    (section,) = sections(
        "# The door. More.\nA = 1  # it opened; extra: how far\nB = 2  # extra: why\nC = 3  # it shut\nD = 4\n"
    )
    assert section.title == "The door. More."
    told = [(event.name, event.code, event.means, event.extra) for event in section.events]
    assert told == [("A", 1, "it opened", "how far"), ("B", 2, "", "why"), ("C", 3, "it shut", ""), ("D", 4, "", "")]
