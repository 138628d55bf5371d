"""Single stories of parcels: once judged wrong; and of firmware with one place changed, which must be seen."""

from contextlib import suppress
from typing import Any

import pytest

from tests.model.test_mutants import changed
from tests.model.test_parcels import Parcels

Step = tuple[str, dict[str, Any]]


def tell(*steps: Step) -> None:
    """Says what test_parcels.py says when it plays them: the first thing that is wrong."""
    parcels = Parcels()
    try:
        for name, how in steps:
            getattr(parcels, name)(**how)
            parcels.nothing_is_called_picked_up_that_lies_there()
    except AssertionError:
        with suppress(AssertionError):
            parcels.teardown()
        raise
    parcels.teardown()


def all_open(cut: int | None = None) -> Step:
    return "opens_all", {"cut": cut}


BROUGHT = ("brings", {"slot": 1, "size": 2, "cut": None, "shuts": True})
SHUT_AFTER_A_START = (
    ("brings_and_finds_it_too_small", {"slot": 2, "sizes": (1, 1), "cuts": (None, 0), "shuts": False}),
    ("jams_where_his_parcel_lies", {"slot": 2, "sizes": (1, 1), "cut": None}),
)
OLDER_CLOUD = (("next_key_comes", {"slot": 1}), ("the_cloud_is_an_older_one", {}))
FOUND_OPEN = (all_open(cut=1), all_open())  # the first one's power went as its lock had moved

STORIES = {
    "what was shut after a start jams": SHUT_AFTER_A_START,
    "keys come with much to say": (all_open(), ("shuts_all", {}), *OLDER_CLOUD),
    "the network goes with much to say": (all_open(), ("shuts_all", {}), ("the_network_goes", {})),
    "found open, asked for twice": (*FOUND_OPEN, all_open()),
    "some found open, asked for twice": (all_open(cut=3), all_open(), all_open()),
}

COMPARTMENTS = "points.compartments"
BROKEN = [
    ("nobody has seen that it opens", COMPARTMENTS, "not in (REST, STANDS):", "not in (REST, OPEN):",
     (all_open(), all_open()), "a second pulse at the open door"),
    ("found open, tried once more", COMPARTMENTS,
     "        self.phase[i] = STANDS\n        self.take_out_of_use",
     "        self._put(i, AGAIN)\n        self.take_out_of_use",
     FOUND_OPEN, "a second pulse at the open door 1"),
    ("any key is taken", "cloud.stock_messages", "number > before.number", "number != before.number",
     OLDER_CLOUD, "a key of the past is back"),
    ("what jams is empty", "deliveries", "if kind == PICK_UP or one.seen:", "if kind == PICK_UP:",
     SHUT_AFTER_A_START, "2 is not where its code says"),
    ("a pick-up code works on", "deliveries",
     "            one.state = ENDED\n            self._full", "            self._full",
     (BROUGHT,), "1 opens again and again"),
    ("what opens was picked up", "deliveries", "if code == COMPARTMENT_CLOSED:", "if code == COMPARTMENT_CLOSED - 1:",
     (BROUGHT, ("fetches", {"slot": 1, "cut": None, "shuts": False})), "nobody has shut its door"),
    ("a deposit code works on", "deliveries", "if run else one.number in self._again", "if run else True",
     (BROUGHT, ("comes_again_too_late", {"slot": 1, "size": 1})), "more than two minutes ago"),
    ("the size is not looked at", "deliveries", "if size <= has and cost", "if cost",
     (BROUGHT,), "door 1 is smaller than all that 1 asked for"),
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
