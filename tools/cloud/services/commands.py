"""Commands from people to doors."""

from datetime import timedelta

from ..models import Command, Door, User
from . import clock

SECONDS = 10  # a command that has not reached its door by then is dead


def release(door: Door, user: User | None) -> Command:
    """Asks for one release of a door; the worker sends it at most once."""
    now = clock.now()
    return Command.objects.create(
        controller_id=door.controller_id,
        door=door,
        requested_by=user,
        requested_at=now,
        expires_at=now + timedelta(seconds=SECONDS),
    )
