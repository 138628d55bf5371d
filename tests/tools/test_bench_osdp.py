"""What OSDP readers cost a board, on real MicroPython."""

import pytest

from tools.bench import osdp


@pytest.mark.micropython
@pytest.mark.slow
def test_a_poll_allocates_nothing_and_the_board_fits_its_heap() -> None:
    found = osdp.measure(40)
    assert all(goal["met"] for goal in found["goals"]), found["goals"]
    loaded = found["loaded"]
    assert "controller/osdp.mpy" in loaded and "controller/osdp_codes.mpy" not in loaded
