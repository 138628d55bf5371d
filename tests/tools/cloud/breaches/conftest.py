"""What the tests of breaches share."""

from typing import Any

import pytest


@pytest.fixture
def hit(time_now: Any) -> Any:
    from breached import Breached

    return Breached(time_now)
