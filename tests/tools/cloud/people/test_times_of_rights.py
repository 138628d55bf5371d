"""A right begins and ends at times that mean something, whoever enters it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tools.cloud.people import people
from tools.terminal import Problem

SOON, SLIP, FAR = (datetime(year, 5, 17, tzinfo=UTC) for year in (2026, 206, 9026))


@pytest.mark.parametrize(("begins", "ends"), [(SLIP, None), (SLIP, SOON), (FAR, None), (None, SLIP), (SOON, FAR)])
def test_a_slip_of_the_finger_is_refused_and_changes_nothing(house: Any, begins: Any, ends: Any) -> None:
    grant = house.person.grants.get()
    with pytest.raises(Problem, match="is no day that means anything here"):
        people.limit(grant, valid_from=begins, valid_until=ends)
    grant.refresh_from_db()
    assert (grant.valid_from, grant.valid_until) == (None, None)
