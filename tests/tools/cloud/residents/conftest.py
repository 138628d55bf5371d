"""What the tests of residents and guests share."""

from typing import Any

import pytest


@pytest.fixture
def home(time_now: Any) -> Any:
    from resident import Residence

    return Residence(time_now)
