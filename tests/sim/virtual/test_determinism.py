"""A run is a function of its seed. `portvakt sim repeat` shows the same with 10,000 events."""

import pytest

from tools.simulate.run import repeated


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_seed_one_story_whatever_the_hash_seed():
    facts = repeated(seed=5, events=400, taps=6_000)
    first, second, third = facts["runs"]
    assert facts["same"] and facts["different"]
    assert first["events_recorded"] == second["events_recorded"] >= 400
    for one in (first, third):
        assert one["settled"] and one["lost"] == one["duplicated"] == one["altered"] == 0
        assert one["faults"] == []
        assert one["granted"] and one["denied"]
