"""The ingest: every controller's session in one place. Driven from outside: no clock, no thread, no broker in here."""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial

from django.db import DatabaseError

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import RENEW, Refused

from ..access_list import acl
from ..access_list.prepared import Given, Prepared
from ..alarms import alarms
from ..controllers.troubles import AWAY, ONCE, Troubles, Work
from ..models import Command, Controller
from ..rules.renewal import Round
from ..services import housekeeping
from ..services.clock import at
from . import store
from .area_occupancy import AreaOccupancy
from .session import ControllerSession
from .updates import UpdateTransfer

log = logging.getLogger("portvakt.ingest")

SAID_AGAIN_S = 60.0  # what everybody suffers from is logged no more often
SAID_MOST = 100  # different ones
SWEEP_S = 1.0  # how often counts are written and time's own work is done
COMMANDS = 100  # taken in one poll

# Messages after which there is nothing more to do than before.
QUIET = (wire.PING, wire.EVENTS, wire.TIME_ASKED, wire.DOOR_STATUS)

# What a session needs of its row, and what brings it in line.
IDENTITY = ("pk", "public_id", "link_secret", "next_secret", "site__tenant")
SYNC = (
    "pk",
    "acl_version",
    "acl_digest",
    "rules_version",
    "held_acl_version",
    "held_acl_digest",
    "held_rules_version",
    "health",
)

_QUEUED = Prepared(lambda: Command.objects.filter(state=Command.State.QUEUED).values_list("controller", "expires_at"))
_TO_SEND = Prepared(
    lambda: Command.objects.filter(state=Command.State.QUEUED, expires_at__gt=Given("now")).values_list("controller")
)
_TIME_ENDS = Prepared(
    lambda: Controller.objects.filter(acl_due__isnull=False).order_by("acl_due").values_list("pk", "acl_due")[:1]
)
_TIMES_END = Prepared(lambda: Controller.objects.filter(acl_due__isnull=False).values_list("pk", "acl_due"))
_BEHIND = Prepared(lambda: Controller.objects.filter(in_sync=False).order_by("pk").values_list("pk"))
_LOST = Prepared(lambda: Controller.objects.filter(lost_at__isnull=False).values_list("public_id"))


class Ingest:
    """publish(topic, payload): to the broker. now(): Unix seconds, UTC, with fractions. urandom(n): n random bytes.

    Call start() once, on_message() for whatever comes, and poll() every 100 ms or sooner. Nothing raises but
    publish itself.
    """

    def __init__(
        self,
        publish: Callable[[str, bytes], None],
        now: Callable[[], float],
        urandom: Callable[[int], bytes],
    ):
        self.refused: dict[str, int] = {}  # messages that belong to no controller
        self._publish = publish
        self._now = now
        self._urandom = urandom
        self.sessions: dict[str, ControllerSession] = {}
        self.troubles = Troubles(now)
        self._updates = UpdateTransfer(self.troubles)
        self._area_occupancy = AreaOccupancy()
        self._round = Round(self.troubles)
        self._swept: float | None = None
        self._said: dict[str, float] = {}  # what everybody suffers from, and when it was logged

    def start(self) -> None:
        """Sessions live in memory: tells every controller that the ones of before are gone."""
        for public_id in Controller.objects.order_by("pk").values_list("public_id", flat=True):
            self._publish(wire.topics(public_id)[1], bytes((RENEW,)))

    def on_message(self, topic: str, payload: bytes) -> bool:
        """Whatever the broker delivers, whatever its sender. Returns whether due() may have another answer now."""
        session = None
        public_id = ""
        try:
            public_id = _read_topic(topic)
            session = self._session(public_id)
            was_live = session.is_live()
            return session.receive(bytes(payload)) not in QUIET or not was_live
        except Refused as why:
            self._count(session, why.args[0])
        except AWAY as error:
            # Not stored, so not acknowledged: the controller sends it again.
            self._say("a message was not stored", error)
            self._count(session, "database")
        except Exception as error:  # noqa: BLE001  whatever it is, the others are heard
            self._count(session, "database" if isinstance(error, DatabaseError) else "error")
            if session is None:
                self._say(f"a message of {public_id} was not understood", error)
            else:
                self._do(partial(self.troubles.note, Work.MESSAGE, session.pk, error))
        return True

    def good(self, topic: str) -> int:
        """How many messages of that topic were good so far: a controller's own, sealed, and new."""
        parts = topic.split("/")
        session = self.sessions.get(parts[1]) if len(parts) == 3 else None
        return 0 if session is None else session.good

    def poll(self) -> None:
        """What the cloud begins by itself: commands, changes of the access list, and once a second the rest."""
        now = at(self._now())
        self._do(self._send_commands)
        self._do(self._bring_in_line)
        self._do(self._keep_seen)
        if self._swept is None or not 0 <= self._now() - self._swept < SWEEP_S:
            self._swept = self._now()
            for work in (
                partial(acl.refresh_due, now, self.troubles),
                partial(alarms.gather, now, self.troubles),
                partial(housekeeping.hourly, now, self.troubles),
                partial(self._round.step, now),
                partial(store.end_commands, now),
                partial(self._updates.poll, self._live(), now),
                partial(self._area_occupancy.poll, self._live(), self.troubles, now),
                self._forget_lost,
                self._keep_refused,
            ):
                self._do(work)

    def _do(self, work: Callable[[], object]) -> None:
        """One kind of work for all. What goes wrong with it is tried again; the others go on."""
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever it is, the others are served
            self._say("the database did not take it" if isinstance(error, DatabaseError) else "this went wrong", error)

    def _say(self, what: str, error: Exception) -> None:
        """With the traceback, and not all day long."""
        said = f"{what}; trying again ({error!r})"
        if not 0 <= self._now() - self._said.get(said, -math.inf) < SAID_AGAIN_S:
            if len(self._said) > SAID_MOST:
                self._said.clear()
            self._said[said] = self._now()
            log.error(said, exc_info=error)

    def due(self) -> float | None:
        """When poll() has something to do next, in Unix seconds; None when only a message or a person can bring it.

        So that none polls for nothing. To be asked again after every message and every change in the database.
        What is only kept for the pages (last heard, counts) does not count.
        """
        try:
            now, live, queued = self._now(), self._live(), _QUEUED.rows()
            if any(controller in live for controller, _ in queued):
                return now
            moments = [expires_at for _, expires_at in queued]
            over = store.answers_over()
            times = [moment.timestamp() for moment in ([*moments, over] if over else moments)]
            until = self.troubles.until
            ends = _TIMES_END.rows() if self.troubles.of(Work.RIGHTS) else _TIME_ENDS.rows()
            times += [max(moment.timestamp(), until(Work.RIGHTS, pk)) for pk, moment in ends]
            times += [max(live[pk].due(now), until(Work.LINE, pk)) for (pk,) in _BEHIND.rows() if pk in live]
        except DatabaseError:
            return self._now() + SWEEP_S
        return min(times, default=None)

    def _session(self, public_id: str) -> ControllerSession:
        session = self.sessions.get(public_id)
        if session is None:
            row = (
                Controller.objects.select_related("site")
                .only(*IDENTITY)
                .filter(public_id=public_id, lost_at=None)
                .first()
            )
            if row is None:
                raise Refused("unknown")
            down = wire.topics(public_id)[1]
            send: Callable[[bytes], None] = lambda payload: self._publish(down, payload)  # noqa: E731
            with self.troubles.aside(Work.MESSAGE, row.pk):
                session = ControllerSession(
                    row, send, self._now, self._urandom, self._updates, self._area_occupancy, self.troubles
                )
            if session is None:
                raise Refused("unreadable")
            self.sessions[public_id] = session
        return session

    def _count(self, session: ControllerSession | None, why: str) -> None:
        if session is None:
            self.refused[why] = self.refused.get(why, 0) + 1
        else:
            session.count(why)

    def _live(self) -> dict[int, ControllerSession]:
        return {session.pk: session for session in self.sessions.values() if session.is_live()}

    def _send_commands(self) -> None:
        now = self._now()
        live = self._live()
        waiting = [controller for (controller,) in _TO_SEND.rows(now=at(now)) if controller in live]
        if not waiting:
            return
        queued = Command.objects.filter(state=Command.State.QUEUED, expires_at__gt=at(now), controller__in=waiting)
        for command in queued.order_by("pk").select_related("door")[:COMMANDS]:
            with self.troubles.aside(Work.COMMAND, command.controller_id) as attempt:
                self._send_command(command, live[command.controller_id], at(now))
            if attempt.failed:
                store.give_up(command, at(now))

    @staticmethod
    def _send_command(command: Command, session: ControllerSession, now: datetime) -> None:
        fields = command.arguments | {
            "id": command.pk,
            "do": command.do,
            "door": command.door.number if command.door else 0,
            "expires": math.ceil(command.expires_at.timestamp()),
        }
        message = wire.json_message(wire.COMMAND, fields)
        # Marked first: should this process end in between, the door stays shut and the command is not repeated.
        if store.take(command, now):
            session.send(message)

    def _bring_in_line(self) -> None:
        live = self._live()
        rows = _BEHIND.rows()
        behind = [pk for (pk,) in rows if pk in live and not self.troubles.rests(Work.LINE, pk)]
        if behind:
            for row in Controller.objects.filter(pk__in=behind, in_sync=False).order_by("pk").only(*SYNC):
                with self.troubles.aside(Work.LINE, row.pk):
                    live[row.pk].bring_in_line(row)
        self.troubles.settle(Work.LINE, {pk for (pk,) in rows})

    def _keep_seen(self) -> None:
        new = [session for session in self.sessions.values() if session.heard_is_new]
        if new:
            store.seen({session.pk: at(session.heard) for session in new if session.heard is not None})
            for session in new:
                session.heard_is_new = False

    def _forget_lost(self) -> None:
        """A board given up as lost is not heard any more, also when its session is open."""
        for (public_id,) in _LOST.rows():
            self.sessions.pop(public_id, None)

    def _keep_refused(self) -> None:
        for work in ONCE:
            self.troubles.settle(work)
        counted = [session for session in self.sessions.values() if session.refused]
        if counted:
            store.refused({session.pk: session.refused for session in counted}, self.troubles)
            for session in counted:
                session.refused = {}


@lru_cache(maxsize=4096)
def _read_topic(topic: str) -> str:
    """The controller. Raises Refused."""
    parts = topic.split("/")
    if len(parts) != 3 or parts[0] != "portvakt" or parts[2] != "up":
        raise Refused("topic")
    public_id = parts[1]
    if len(public_id) != 16 or set(public_id) - set("0123456789abcdef"):
        raise Refused("topic")
    return public_id
