"""How every door stands now: what its last events, its controller's link and its last release say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firmware.controller import events

from ..alarms import codes
from ..log import words
from ..models import Alarm, Command, Controller, Door, Event, Right, User, processing, standing, visible
from ..pages import access
from ..services import clock
from . import doors as door_states
from . import doors_page, locking, locks
from .doors_page import EVERY, Sought
from .locking import Locking, moment

RELEASE_SHOWN_S = 60  # how long the fate of a release stands on its door

Text = str | Promise

# What the contact says -> look, icon, words.
CONTACTS: dict[str, tuple[str, str, Text]] = {
    "closed": ("", "door-closed", gettext_lazy("Closed")),
    "open": ("warn", "door-open", gettext_lazy("Open")),
    "held": ("warn", "door-held", gettext_lazy("Held open")),
    "forced": ("bad", "door-forced", gettext_lazy("Forced")),
    "unknown": ("", "unknown", gettext_lazy("Not reported yet")),
}

# State of what was asked of a door -> look, icon, words. A hold that is done shows as the state of its door.
RELEASES: dict[str, tuple[str, str, Text]] = {
    Command.State.QUEUED: ("", "clock", gettext_lazy("Unlock: on its way")),
    Command.State.SENT: ("", "clock", gettext_lazy("Unlock: sent, waiting for the door")),
    Command.State.DONE: ("good", "check", gettext_lazy("Unlocked for a moment")),
    Command.State.EXPIRED: ("warn", "clock", gettext_lazy("Not unlocked: the controller was not reached in time")),
    Command.State.REFUSED: ("bad", "cross", gettext_lazy("Not unlocked: the controller refused")),
    Command.State.UNKNOWN: ("warn", "unknown", gettext_lazy("Unlock: no answer. Look at the door or the log")),
}
HOLDS: dict[str, tuple[str, str, Text]] = {
    Command.State.QUEUED: ("", "clock", gettext_lazy("Hold: on its way")),
    Command.State.SENT: ("", "clock", gettext_lazy("Hold: sent, waiting for the door")),
    Command.State.EXPIRED: ("warn", "clock", gettext_lazy("Hold: the controller was not reached in time")),
    Command.State.REFUSED: ("bad", "cross", gettext_lazy("Hold: the controller refused")),
    Command.State.UNKNOWN: ("warn", "unknown", gettext_lazy("Hold: no answer. Look at the door or the log")),
}


def linked(controller: Controller, now: datetime) -> bool:
    return door_states.is_confirmed(controller.confirmed_at, now)


def local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


@dataclass
class LinkStatus:
    linked: bool
    confirmed: int | None  # Unix seconds, for the page to count on
    text: str


def link(controller: Controller, now: datetime) -> LinkStatus:
    at = controller.confirmed_at
    if at is None:
        return LinkStatus(False, None, _("Never linked: install it, or look at its network"))
    if linked(controller, now):
        age = max(0, int((now - at).total_seconds()))
        return LinkStatus(True, int(at.timestamp()), _("Confirmed %(n)d s ago") % {"n": age})
    since = moment(at, controller.site.zone, now)
    return LinkStatus(
        False, None, _("No confirmed link since %(since)s: revocations reach it when it is back") % {"since": since}
    )


@dataclass
class DoorStatus:
    """One door as its card shows it. contact: closed, open, held, forced or unknown. linked: this is how it is now."""

    door: Door
    linked: bool
    why: str  # of locks.WHY, empty when it is locked as usual
    lock: Locking | None
    contact: str
    look: str
    icon: str
    text: Text
    passage: dict[str, Any] | None
    release: dict[str, Any] | None


def doors(user: User, only: int | None = None) -> list[DoorStatus]:
    """Every door the user may see (or one of them), as it stands."""
    rows = visible(Door, user).filter(controller__lost_at=None)
    return _standing(user, rows if only is None else rows.filter(pk=only), clock.now())


def _standing(user: User, rows: QuerySet[Door], now: datetime) -> list[DoorStatus]:
    passages = Event.objects.filter(
        controller=OuterRef("controller"), door_number=OuterRef("number"), code__in=codes.PASSAGES
    )
    rows = rows.select_related("controller__site")
    rows = rows.annotate(passage=Subquery(passages.order_by("-id").values("id")[:1]))
    found = list(rows.order_by("controller__site__name", "controller__name", "number"))
    # On a screen that others see, too: whose data is restricted is not named there to anybody.
    named = Event.objects.exclude(credential__person__in=standing.stopped(processing.LOG))
    passed = named.select_related("credential__person").in_bulk(
        [door.passage for door in found if door.passage is not None]  # type: ignore[attr-defined]
    )
    releases = {command.door_id: command for command in _releases(user, now)}
    log = access.somewhere(user, Right.LOG)
    by = locks.told_who(lambda right: access.somewhere(user, right))
    return [
        _door_status(
            state,
            door,
            passed.get(door.passage),  # type: ignore[attr-defined]
            releases.get(door.pk),
            now,
            named=door.controller.site.tenant_id in log,
            by=door.controller.site.tenant_id in by,
        )
        for door, state in zip(found, door_states.states(found, now), strict=True)
    ]


def _releases(user: User, now: datetime) -> QuerySet[Command]:
    return _recent(visible(Command, user), now)


def _recent(commands: QuerySet[Command], now: datetime) -> QuerySet[Command]:
    recent = now - timedelta(seconds=RELEASE_SHOWN_S)
    asked = (Command.Do.RELEASE, Command.Do.HOLD)
    return commands.filter(requested_at__gt=recent, do__in=asked).order_by("pk")


def _door_status(
    state: door_states.DoorState,
    door: Door,
    passage: Event | None,
    release: Command | None,
    now: datetime,
    *,
    named: bool,
    by: bool,
) -> DoorStatus:
    """named: the reader may know who passed; by: and who asked for what here."""
    look, icon, text = CONTACTS[state.contact]
    return DoorStatus(
        door,
        state.confirmed,
        state.lock.why,
        locking.of(state.lock, door.controller.site.zone, now, by, named),
        state.contact,
        look,
        icon,
        text,
        passage and _passage(passage, door, now, named),
        release and _release(release, door),
    )


def _passage(event: Event, door: Door, now: datetime, named: bool) -> dict[str, Any]:
    code = codes.shown(event.code, False)  # on a screen that others see, too: duress stands among the alarms
    called = words.words(code)
    return {
        "look": called.look,
        "icon": called.icon,
        "text": words.sentence(code, event.extra, event.credential is not None, event.count),
        "person": event.credential.person.name if named and event.credential else "",
        "time": moment(event.utc or event.received_at, door.controller.site.zone, now),
    }


def _release(command: Command, door: Door) -> dict[str, Any] | None:
    said = HOLDS if command.do == Command.Do.HOLD else RELEASES
    if command.state not in said:
        return None
    look, icon, text = said[command.state]
    if command.state == Command.State.REFUSED and command.why in words.WHY:
        text = f"{text} ({words.WHY[command.why]})"
    return {"look": look, "icon": icon, "text": text, "time": local(command.requested_at, door.controller.site.zone)}


@dataclass
class DoorsPage:
    """sites: {site, controllers: [{controller, link, emergency, tried, doors}]}, each of which may be without doors.

    previous, next: the board that the page before or after this one goes on from.
    """

    sites: list[dict[str, Any]]
    previous: int | None
    next: int | None


def page(user: User, sought: Sought = EVERY) -> DoorsPage:
    """The doors under their sites and controllers."""
    now = clock.now()
    found = doors_page.boards(user, sought)
    boards: list[Controller] = found.rows
    by_controller: dict[int, list[DoorStatus]] = {}
    for door_status in _standing(user, doors_page.doors(user, sought).filter(controller__in=boards), now):
        by_controller.setdefault(door_status.door.controller_id, []).append(door_status)
    grouped: dict[int, dict[str, Any]] = {}
    tried = _tried(user, boards)
    for controller in boards:
        site = grouped.setdefault(controller.site_id, {"site": controller.site, "controllers": []})
        site["controllers"].append(
            {
                "controller": controller,
                "link": link(controller, now),
                "emergency": _emergency(by_controller.get(controller.pk, [])),
                "tried": controller.pk in tried,
                "doors": by_controller.get(controller.pk, []),
            }
        )
    previous, following = boards[0].pk if found.previous else None, boards[-1].pk if found.next else None
    return DoorsPage(list(grouped.values()), previous, following)


def _emergency(standings: list[DoorStatus]) -> Locking | None:
    """The lockdown or evacuation that a controller says all its doors are in."""
    found = [standing.lock for standing in standings if standing.why in ("lockdown", "evacuation")]
    return found[0] if found else None


def _tried(user: User, boards: list[Controller]) -> set[int]:
    """Those of them in commissioning, as they last said."""
    of = (events.COMMISSIONING_BEGAN, events.COMMISSIONING_ENDED, events.STARTED)
    said = Event.objects.filter(controller=OuterRef("pk"), door_number=0, code__in=of)
    rows = visible(Controller, user).filter(pk__in=[board.pk for board in boards])
    rows = rows.annotate(said=Subquery(said.order_by("-id").values("code")[:1]))
    return set(rows.filter(said=events.COMMISSIONING_BEGAN).values_list("pk", flat=True))


def _holding(controller: Controller, now: datetime) -> tuple[Any, ...]:
    """What it says of its doors, and which of that is over by now."""
    told = sorted((controller.door_status or {}).items())
    return controller.door_status is None, *((door, *said, 0 < said[1] <= now.timestamp()) for door, said in told)


def fingerprints(tenants: Collection[int]) -> dict[int, list[Any]]:
    """{tenant: what changes whenever its doors would look different}: cheap enough to ask several times a second."""
    now = clock.now()
    found: dict[int, list[Any]] = {tenant: [] for tenant in tenants}
    for c in Controller.objects.of(*tenants).select_related("site").order_by("pk"):
        confirmed_at = c.confirmed_at if linked(c, now) else None
        found[c.site.tenant_id] += [(c.pk, c.log_epoch, c.acked, c.in_sync, c.name, confirmed_at, _holding(c, now))]
    alarms = Alarm.objects.of(*tenants).filter(acknowledged_at=None).order_by("pk")
    for tenant, *alarm in alarms.values_list(Alarm.TENANT_PATH, "pk", "ended_at"):
        found[tenant] += [("alarm", *alarm)]
    for tenant, *release in _recent(Command.objects.of(*tenants), now).values_list(Command.TENANT_PATH, "pk", "state"):
        found[tenant] += [("release", *release)]
    return found
