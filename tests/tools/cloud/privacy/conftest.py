"""What the tests of privacy share."""

from typing import Any

import pytest


@pytest.fixture
def home(time_now: Any) -> Any:
    from asking import Asking

    return Asking(time_now)
