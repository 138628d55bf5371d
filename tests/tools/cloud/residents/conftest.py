"""What the tests of residents and guests share."""

from typing import Any

import pytest


@pytest.fixture
def home(time_now: Any) -> Any:
    from resident import Residence

    return Residence(time_now)


@pytest.fixture
def keypad(home: Any) -> Any:
    """The same house, with a keypad at its first door."""
    from tools.cloud.doors import door_rules

    door_rules.change(home.doors[0], {"who": [["card/pin", None]]})
    return home
