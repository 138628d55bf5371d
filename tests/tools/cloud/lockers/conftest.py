"""What the tests of lockers share: a house whose controller has a bank beside its two doors, and its board."""

from typing import Any

import pytest


@pytest.fixture
def locker(time_now: Any) -> Any:
    """A tenant whose controller has two doors and a bank of eight compartments: SSSSMMLL."""
    from locker_world import LockerHouse

    return LockerHouse(time_now)


@pytest.fixture
def wire(time_now: Any, locker: Any) -> Any:
    """The ingest, and nothing at the other end yet."""
    from cloud_world import Wire

    return Wire(time_now)


@pytest.fixture
def board(wire: Any, locker: Any) -> Any:
    """The house's board, connected; the cloud has filled its stock."""
    from locker_world import connected

    return connected(wire, locker)
