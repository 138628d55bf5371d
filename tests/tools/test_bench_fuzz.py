"""A small campaign of hostile messages; `portvakt bench fuzz` is the large one."""

from random import Random

from firmware.controller.cloud import wire
from sim.fuzz import messages
from tools.bench import fuzz


def test_a_small_campaign_breaks_nothing():
    figures = fuzz.measure(4_000, seed=7)
    assert all(goal["met"] for goal in figures["goals"]), figures
    assert {"malformed", "size", "session", "tag", "replay", "content", "unexpected"} <= set(figures["refused"])


def test_no_command_that_it_makes_is_due():
    chance, known = Random(3), messages.Known(1_800_000_000)
    for _ in range(5_000):
        body = messages.command(chance, known)
        try:
            expires = wire.read_json(body).get("expires")
        except (ValueError, RecursionError):
            continue
        assert not (isinstance(expires, int) and known.utc < expires <= known.utc + 600)


def test_what_stays_in_memory_is_told_from_what_comes_and_goes():
    assert fuzz._growth([100_000, 100_050, 100_020, 100_030]) == 0.5
    assert fuzz._growth([100_000, 200_000, 300_000, 400_000]) == 5_000.0
