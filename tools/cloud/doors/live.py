"""Who follows the doors live: one look at the database for all streams of this process, and who may go on.

Every stream is asked about again every few seconds: it ends with its session, its account and its role.
"""

import asyncio
import contextvars
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import connections
from django.template.loader import render_to_string
from django.utils.translation import override

from ..alarms import alarming
from ..audit import looks
from ..lockers import live as bank_live
from ..log import live as log_live
from ..models import Membership, Places, Session, User
from ..row_security import admitted
from ..services import clock
from . import door_status
from .doors_page import EVERY, Sought

log = logging.getLogger("portvakt.live")

LOOK_S = 0.3
ASK_S = 2.0  # so soon a stream ends whose access has been taken away
OF_A_USER = 12  # streams at once: open pages on a few screens
OF_ALL = 1000  # in this process; when they are all there, each tenant has its share of them

Sight = frozenset[tuple[Any, ...]]  # (tenant, role, places): who has the same sees the same


class End(Enum):
    """Why a stream ends."""

    OVER = "access has been taken away, or has changed"
    BROKEN = "the database does not answer: nobody can say who may look"
    CROWDED = "another tenant has fewer than its share"


class Crowded(Exception):
    """No room for another stream of this user."""


@dataclass(eq=False)
class DoorStream:
    """One open page. door, bank: of that door's or bank's page; log: of the log, which shows the rows up to that one;
    else of the page of doors, sought: which page of it. tenants: whose user it is."""

    user: User
    session: str
    language: str
    door: int | None = None
    bank: int | None = None
    log: int | None = None
    sought: Sought = EVERY
    tenants: frozenset[int] = frozenset()
    sight: Sight | None = None
    parts: dict[str, str] = field(default_factory=dict)
    end: End | None = None
    joined: float = field(default_factory=time.monotonic)
    begun: bool = False
    noted: float = field(default_factory=time.monotonic)  # when it was kept last that its user looks

    @property
    def kind(self) -> tuple[Any, ...]:
        # Who looks at the log is on record: its pages are each their own.
        own = None if self.log is None else (self.user.pk, self.log)
        return self.sight, self.language, self.door, self.bank, self.sought, own


class Hub:
    """The streams of one event loop."""

    def __init__(self) -> None:
        self.streams: set[DoorStream] = set()
        self._known: dict[tuple[Any, ...], tuple[Any, dict[str, str]]] = {}  # by kind: fingerprint, parts
        self._asked = -ASK_S
        self._task: asyncio.Task[None] | None = None
        self._tick = asyncio.Event()

    def join(self, stream: DoorStream) -> None:
        """Raises Crowded."""
        self._forget_unbegun()
        own = sum(one.user.pk == stream.user.pk for one in self.streams)
        if own >= OF_A_USER:
            raise Crowded
        if len(self.streams) >= OF_ALL:
            self._make_room(stream)
        self.streams.add(stream)

    def _make_room(self, stream: DoorStream) -> None:
        """The tenant with most streams gives up its newest to one that has fewer; among equals nobody does."""
        counts = Counter(tenant for one in self.streams for tenant in one.tenants)
        most, count = max(counts.items(), key=lambda pair: pair[1], default=(0, 0))
        if max((counts[tenant] for tenant in stream.tenants), default=count) + 1 >= count:
            raise Crowded
        ending = max((one for one in self.streams if most in one.tenants), key=lambda one: one.joined)
        ending.end = End.CROWDED
        self.leave(ending)

    def leave(self, stream: DoorStream) -> None:
        self.streams.discard(stream)

    async def next(self) -> None:
        """Waits for the next look."""
        if self._task is None or self._task.done():
            # In a context of its own: the thread of the request that came first ends with that request.
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())
        await self._tick.wait()

    async def _run(self) -> None:
        while self.streams:
            try:
                await sync_to_async(self.look)()
            except Exception:
                log.exception("the doors could not be looked at; streams end until they can")
                await sync_to_async(connections.close_all)()
                for stream in self.streams:
                    stream.end = stream.end or End.BROKEN
            self._tick.set()
            self._tick = asyncio.Event()
            await asyncio.sleep(LOOK_S)
        self._known = {}
        await sync_to_async(connections.close_all)()

    def look(self) -> None:
        """Brings what every stream shows up to date."""
        with admitted.asking():
            self._look(list(self.streams))

    def _look(self, streams: list[DoorStream]) -> None:
        if time.monotonic() - self._asked >= ASK_S or any(stream.sight is None for stream in streams):
            with admitted.everywhere():
                self._ask(streams)
            self._asked = time.monotonic()
        going = [stream for stream in streams if stream.end is None and stream.sight is not None]
        tenants = {tenant for one in going for tenant, *_ in one.sight or ()}
        admitted.to_tenants(*sorted(tenants))
        prints = door_status.fingerprints(tenants)
        known = {}
        for one in going:
            if one.kind not in known:
                now = tuple(prints.get(tenant) for tenant, *_ in sorted(one.sight or (), key=str))
                before = self._known.get(one.kind)
                fresh = before is not None and before[0] == now
                admitted.to_tenants(*sorted(tenant for tenant, *_ in one.sight or ()))
                known[one.kind] = before if before and fresh else (now, _parts(one))
            one.parts = known[one.kind][1]
        self._known = known

    def _ask(self, streams: list[DoorStream]) -> None:
        sessions = Session.living().filter(session_key__in={one.session for one in streams}, user__is_active=True)
        living = set(sessions.values_list("session_key", "user"))
        roles: dict[int, set[tuple[Any, ...]]] = {}
        members = Membership.objects.living().filter(user__in={one.user.pk for one in streams})
        for user, tenant, role, bound, pk in members.values_list("user", "tenant", "role", "bound", "pk"):
            roles.setdefault(user, set()).add((tenant, role, Places(pk).mark() if bound else ()))
        for stream in streams:
            sight = frozenset(roles.get(stream.user.pk, ()))
            if (stream.session, stream.user.pk) not in living or stream.sight not in (None, sight):
                stream.end = End.OVER
            stream.sight = sight
        self._note([stream for stream in streams if stream.end is None and stream.bank is None])

    def _note(self, streams: list[DoorStream]) -> None:
        """Who looks on is kept once for all their pages; that they began, by the view that has them join."""
        now = time.monotonic()
        due = [stream for stream in streams if now - stream.noted >= looks.AGAIN_S]
        for user in {stream.user.pk: stream.user for stream in due}.values():
            looks.at_doors(user, clock.now())
        for stream in due:
            stream.noted = now

    def _forget_unbegun(self) -> None:
        """Whose browser was gone before the first byte."""
        old = time.monotonic() - 10
        self.streams = {stream for stream in self.streams if stream.begun or stream.joined > old}


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def changes(of: Hub, stream: DoorStream) -> AsyncGenerator[dict[str, str] | None]:
    """What changes on the page, {element id: HTML}, and None when nothing did at a look. It stops when `end` is set."""
    stream.begun = True
    sent: dict[str, str] = {}
    try:
        while True:
            await of.next()
            if stream.end is not None:
                return
            changed = {name: html for name, html in stream.parts.items() if sent.get(name) != html}
            sent = stream.parts
            yield changed or None
    finally:
        of.leave(stream)


def _parts(stream: DoorStream) -> dict[str, str]:
    parts: dict[str, str] = {}
    user, door = stream.user, stream.door
    with override(stream.language):
        if stream.bank is not None:
            return bank_live.parts(user, stream.bank)
        if stream.log is not None:
            return log_live.parts(user, stream.log)
        if door is not None:
            found = door_status.doors(user, only=door)
            return {f"door-{door}-at": render_to_string("pages/_at.html", {"door_status": one}) for one in found}
        alarms = alarming.now_standing(user)
        parts["alarms"] = render_to_string("pages/_alarms.html", {"alarms": alarms})
        parts["bell"] = render_to_string("pages/_bell.html", {"alarms_standing": len(alarms)})
        for site in door_status.page(user, stream.sought).sites:
            for row in site["controllers"]:
                name = f"link-{row['controller'].pk}"
                parts[name] = render_to_string(
                    "pages/_link.html",
                    {name: row[name] for name in ("link", "controller", "emergency", "tried")},
                )
                for one in row["doors"]:
                    parts[f"door-{one.door.pk}-now"] = render_to_string("pages/_door.html", {"door_status": one})
    return parts
