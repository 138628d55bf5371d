"""Commands from people to doors and controllers. Each has an expiry; the worker sends it at most once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..models import Command, Controller, Door, Site, User
from . import clock

SECONDS = 10  # a release that has not reached its door by then is dead
LEARN_S = 45  # a reader is armed for a card until then: a controller takes at most 60
MINUTE = 60  # ... and what moves no strike by itself may be a little later


def release(door: Door, user: User | None) -> Command:
    """Asks for one release of a door."""
    return _ask(door.controller_id, Command.Do.RELEASE, user, door=door)


def hold(door: Door, user: User | None, until: int | None) -> Command:
    """Holds a door released until then (Unix seconds; 0: until another command), None: no longer."""
    return _ask(door.controller_id, Command.Do.HOLD, user, door=door, arguments={"until": until})


def identify(controller: Controller, user: User | None, door: Door | None = None) -> Command:
    """Light and sound of a door's reader, or of all of them."""
    return _ask(controller.pk, Command.Do.IDENTIFY, user, MINUTE, door=door)


def restart(controller: Controller, user: User | None) -> Command:
    return _ask(controller.pk, Command.Do.RESTART, user, MINUTE)


def diagnostics(controller: Controller, user: User | None) -> Command:
    """What it brings is in the command's data when it is done."""
    return _ask(controller.pk, Command.Do.DIAGNOSTICS, user, MINUTE)


def learn(door: Door, user: User | None) -> Command:
    """The next card at the door's reader comes here, and nobody passes with it."""
    return _ask(door.controller_id, Command.Do.LEARN, user, LEARN_S, door=door)


def unlearn(controller: int, user: User | None) -> Command:
    """No reader of the controller waits for a card any more."""
    return _ask(controller, Command.Do.LEARN, user, LEARN_S)


def commission(controller: Controller, user: User | None, minutes: int) -> Command:
    """For so many minutes an installer tries the doors; 0 ends it."""
    return _ask(controller.pk, Command.Do.COMMISSION, user, MINUTE, arguments={"minutes": minutes})


def try_alarm(controller: Controller, user: User | None) -> Command:
    """The alarm relay for two seconds, while commissioning is on."""
    return _ask(controller.pk, Command.Do.TRY, user, SECONDS)


def emergency(site: Site, do: str, user: User | None) -> list[Command]:
    """lockdown, evacuation or normal, for every controller of a site; one that is away hears of it for ten minutes."""
    if do not in (Command.Do.LOCKDOWN, Command.Do.EVACUATION, Command.Do.NORMAL):
        raise ValueError(f"{do} is no emergency")
    controllers = Controller.objects.filter(site=site, lost_at=None).order_by("pk")
    return [_ask(pk, do, user, 10 * MINUTE) for pk in controllers.values_list("pk", flat=True)]


def _ask(
    controller: int,
    do: Any,
    user: User | None,
    seconds: int = SECONDS,
    door: Door | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Command:
    now = clock.now()
    return Command.objects.create(
        controller_id=controller,
        door=door,
        do=do,
        arguments=dict(arguments or {}),
        requested_by=user,
        requested_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
