"""Single stories of parcels: once judged wrong; and of firmware with one place changed, which must be seen."""

from typing import Any

import pytest

from tests.model.test_mutants import changed
from tests.model.test_parcels import Parcels

Step = tuple[str, dict[str, Any]]


def tell(*steps: Step) -> None:
    """Says what test_parcels.py says when it plays them."""
    parcels = Parcels()
    try:
        for name, how in steps:
            getattr(parcels, name)(**how)
            parcels.nothing_is_called_picked_up_that_lies_there()
    finally:
        parcels.teardown()


SHUT_AFTER_A_START = (
    ("brings_and_finds_it_too_small", {"slot": 2, "sizes": (1, 1), "cuts": (None, 0), "shuts": False}),
    ("jams_where_his_parcel_lies", {"slot": 2, "sizes": (1, 1), "cut": None}),
)

STORIES = {
    "what was shut after a start jams": SHUT_AFTER_A_START,
}

BROKEN = [
    ("what jams is empty", "deliveries", "if kind == PICK_UP or one.seen:", "if kind == PICK_UP:",
     SHUT_AFTER_A_START, "2 is not where its code says"),
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_nothing_is_wrong_with(story: tuple[Step, ...]) -> None:
    tell(*story)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "story", "says"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN]
)
def test_it_is_seen(name: str, right: str, wrong: str, story: tuple[Step, ...], says: str) -> None:
    tell()  # everything is loaded
    with changed(name, right, wrong), pytest.raises(AssertionError, match=says):
        tell(*story)
