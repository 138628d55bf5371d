"""Commands from people to doors and controllers. Each has an expiry; the worker sends it at most once.

A controller remembers what it did until that expires, in so much room. What it would refuse for want of it is refused
here: the row is there, with its reason, and is never sent. An emergency always gets through.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..audit import changes
from ..models import Change, Command, Controller, Door, Person, Site, User
from ..services import clock

SECONDS = 10  # a release that has not reached its door by then is dead
LEARN_S = 45  # a reader is armed for a card until then: a controller takes at most 60
LONGEST_S = 840  # of an emergency: a controller takes at most 900, and its clock may be behind
TOO_MANY = "too many at once"  # as the controller says it
MINUTE = 60  # ... and what moves no strike by itself may be a little later

_Do = Command.Do
EMERGENCY = (_Do.LOCKDOWN, _Do.EVACUATION, _Do.NORMAL)
# What shares a room at the controller, and how many fit into it: as firmware/controller/cloud/commands.py has it.
ROOMS = {
    (_Do.RELEASE, _Do.HOLD, _Do.TRY, _Do.OPEN): 8,
    EMERGENCY: 4,
    (_Do.IDENTIFY, _Do.RESTART, _Do.DIAGNOSTICS, _Do.LEARN, _Do.COMMISSION, _Do.AUDIT, _Do.CANCEL, _Do.EMPTY): 4,
}


def release(door: Door, user: User | None) -> Command:
    """Asks for one release of a door."""
    return _ask(door.controller_id, Command.Do.RELEASE, user, door=door)


def release_for(person: Person, door: Door) -> Command:
    """One release that a resident asks for on their own page.

    It is a passage as one with a card: with whom it was goes with the door's log (residents/tidy.py), so it stands in
    no record of changes, which is kept for a year.
    """
    return _queue(door.controller_id, Command.Do.RELEASE, None, SECONDS, door, person=person)


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


def open_compartment(controller: Controller, user: User | None, number: int) -> Command:
    """Opens one compartment of the controller's bank."""
    return _ask(controller.pk, Command.Do.OPEN, user, arguments={"compartment": number})


def audit(controller: Controller, user: User | None) -> Command:
    """Opens every compartment of the bank in turn, the next when the one before was shut."""
    return _ask(controller.pk, Command.Do.AUDIT, user, MINUTE)


def cancel(controller: Controller, user: User | None, delivery: int) -> Command:
    """The codes of a delivery are dead, unless it was deposited."""
    return _ask(controller.pk, Command.Do.CANCEL, user, MINUTE, arguments={"delivery": delivery})


def empty(controller: Controller, user: User | None, compartment: int, turn: int) -> Command:
    """Somebody has looked into a shared compartment: what was taken then is over."""
    return _ask(controller.pk, Command.Do.EMPTY, user, MINUTE, arguments={"compartment": compartment, "turn": turn})


def emergency(site: Site, do: str, user: User | None) -> list[Command]:
    """lockdown, evacuation or normal, for every controller of a site; one that is away hears of it for ten minutes."""
    if do not in EMERGENCY:
        raise ValueError(f"{do} is no emergency")
    controllers = Controller.objects.filter(site=site, lost_at=None).order_by("pk")
    with changes.together():
        changes.note(
            site.tenant_id, Change.Kind.SITE, Change.What.ASKED, number=site.pk, name=site.name, after={"do": do}
        )
        return [_queue(pk, do, user, 10 * MINUTE) for pk in controllers.values_list("pk", flat=True)]


def _ask(
    controller: int,
    do: Any,
    user: User | None,
    seconds: int = SECONDS,
    door: Door | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Command:
    """What is asked is kept with who asked, also where it is refused at once."""
    with changes.together():
        row = _queue(controller, do, user, seconds, door, arguments)
        at = Controller.objects.select_related("site").get(pk=controller)
        kind, of = (Change.Kind.CONTROLLER, at) if door is None else (Change.Kind.DOOR, door)
        said = {"do": do, **row.arguments} | ({"refused": row.why} if row.state == Command.State.REFUSED else {})
        changes.note(at.site.tenant_id, kind, Change.What.ASKED, number=of.pk, name=of.name, after=said)
    return row


def _queue(
    controller: int,
    do: Any,
    user: User | None,
    seconds: int,
    door: Door | None = None,
    arguments: Mapping[str, Any] | None = None,
    person: Person | None = None,
) -> Command:
    now = clock.now()
    expires_at = now + timedelta(seconds=seconds)
    verbs = next(verbs for verbs in ROOMS if do in verbs)
    others = Command.objects.filter(controller=controller, do__in=verbs, expires_at__gt=now)
    others = others.exclude(state__in=[Command.State.REFUSED, Command.State.EXPIRED])
    before = [_expiry(at) for at in others.order_by("-expires_at").values_list("expires_at", flat=True)[: ROOMS[verbs]]]
    refused = False
    if verbs is EMERGENCY:
        # Each expires later than the one before: so the controller has room for it, however many there were.
        if before and _expiry(expires_at) <= before[0]:
            expires_at = clock.at(min(before[0] + 1, now.timestamp() + LONGEST_S))
    else:
        refused = len(before) == ROOMS[verbs] and _expiry(expires_at) <= before[-1]
    return Command.objects.create(
        controller_id=controller,
        door=door,
        do=do,
        arguments=dict(arguments or {}),
        requested_by=user,
        person=person,
        requested_at=now,
        expires_at=expires_at,
        state=Command.State.REFUSED if refused else Command.State.QUEUED,
        why=TOO_MANY if refused else "",
        ended_at=now if refused else None,
    )


def _expiry(at: datetime) -> int:
    """As the controller is told it."""
    return math.ceil(at.timestamp())
