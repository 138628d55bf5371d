"""A release comes only onto a board that has room for it: else it is refused at once, and nothing of it stays."""

from typing import Any

import pytest

from sim.cuts.update import SPARE, UpdateWalk

ROOM_FOR_SETTINGS = 6  # two copies of the settings and two of the rules, while one more is written: a block each


def brought(walk: Any) -> str:
    """How a release ends that comes without a cut: the state that the board tells last."""
    while True:
        try:
            walk.goes_on(walk.old_firmware)
        except AssertionError:
            return str(walk.firmware.said.get("why"))
        if walk.firmware.said["state"] == "staged":
            return "staged"


@pytest.mark.parametrize("spare", [-20, -12, -5, 0, 5, 7, SPARE])
def test_a_release_is_refused_at_once_or_comes_and_leaves_room_for_settings(spare: int) -> None:
    walk = UpdateWalk(1, spare=spare)
    walk.cuts_left = 0
    if brought(walk) == "no space":
        assert walk.files.listdir("/slots") == [walk.old.build]
        assert spare < SPARE
    else:
        assert walk.firmware.said["state"] == "staged"
        assert walk.files.free >= ROOM_FOR_SETTINGS


def test_a_half_release_finds_the_room_that_the_whole_one_had() -> None:
    walk = UpdateWalk(2, spare=SPARE)
    walk.cuts_left = 0
    while walk.firmware.said.get("state") != "staged":
        walk.start()
        for _ in "an offer", "a piece":
            walk.goes_on(walk.old_firmware)
