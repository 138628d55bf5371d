"""The time of the services, in one place: the simulator in virtual time puts its own here."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

source: Callable[[], float] = time.time


def now() -> datetime:
    """The time, UTC."""
    return at(source())


def at(seconds: float) -> datetime:
    """Unix seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)
