"""What the tests of the record of changes share."""

from typing import Any

import pytest


@pytest.fixture
def full(time_now: Any) -> Any:
    """A house with one of everything that can be changed."""
    from changed_house import Full

    return Full(time_now)
