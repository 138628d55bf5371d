"""Profiles as bytes: every one that rules may have comes back as it was."""

from firmware.controller.access.packed import packed, unpacked
from firmware.controller.access.rules import Rules

FLAGS = ("no_clock", "pin", "extended", "hold", "office", "exempt", "lockdown")


def test_every_profile_comes_back_as_it_was():
    for flags in range(128):
        says = {name: True for n, name in enumerate(FLAGS) if flags >> n & 1}
        for more in (
            {},
            {"escort": "needs", 1: 0},
            {"escort": "gives", "uses": 100, "from": 0xFFFFFFFF, 1: 255, 255: 1},
            {"uses": 1, "from": 0},
        ):
            says.update(more)
            assert unpacked(packed(says)) == says


def test_rules_keep_what_several_profiles_say_once():
    profiles = {"1": [1, 2], "2": [2, 1], "3": [1, 2], "4": {"doors": {"1": 0}, "uses": 3, "pin": False}}
    kept = Rules({"version": 1, "profiles": profiles}, 2).profiles
    assert kept[1] is kept[3] and kept[1] == (1, 2) and kept[2] == (2, 1)
    assert type(kept[4]) is bytes and unpacked(kept[4]) == {1: 0, "uses": 3}
