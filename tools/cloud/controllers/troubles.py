"""What goes wrong with the work for one board: counted, told on its tenant's pages, left aside, tried again later.

The worker serves everybody at once. Whatever one row of one tenant makes it stumble over, all others are served.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from ..models import Alarm
from ..services import clock
from ..services.refusal import Refusal, text

log = logging.getLogger("portvakt.troubles")

FIRST_PAUSE_S = 5.0
OVER_S = 3600.0  # what is not tried again by itself is over when it has not happened for so long
AGAIN = timedelta(hours=1)  # what comes back so soon is the same alarm as before
AWAY = (OperationalError, InterfaceError)  # the database itself is: everybody's trouble, and the next poll's work


class Work(IntEnum):
    """What was being done. The number is the `extra` of its alarm."""

    RIGHTS = 1
    LINE = 2
    COMMAND = 3
    MESSAGE = 4
    ALARMS = 5
    UPDATE = 6
    AREAS = 7
    ERASING = 8
    TIDYING = 9
    COUNTS = 10
    RULES = 11
    DELIVERIES = 12


# Ends with the hour, not with the next success: the next message, command, event or delivery is another one.
ONCE = (Work.COMMAND, Work.MESSAGE, Work.ALARMS, Work.DELIVERIES)

# Rights are worked out for all of a tenant at once, and a board ends by itself those whose end it was told.
LONGEST_PAUSE_S = {Work.RIGHTS: 3600.0}
LONGEST_PAUSE_OTHERS_S = 600.0

SENTENCES = {
    Work.RIGHTS: text("rights that begin or end by time could not be worked out for this controller"),
    Work.LINE: text("the access list or the rules of this controller could not be sent"),
    Work.COMMAND: text("a command could not be sent to this controller"),
    Work.MESSAGE: text("a message of this controller could not be worked on"),
    Work.ALARMS: text("an event of this controller could not be looked at for alarms"),
    Work.UPDATE: text("the update of this controller does not go on"),
    Work.AREAS: text("this controller could not be told who passed at the others"),
    Work.ERASING: text("what is past its days could not be erased for this controller"),
    Work.TIDYING: text("what this controller no longer needs could not be forgotten"),
    Work.RULES: text("the rules of this controller could not be made anew; those that it has hold"),
    Work.DELIVERIES: text("what a delivery at this controller asks for could not be done, or nobody be told of it"),
    Work.COUNTS: text("the refused messages of this controller could not be counted"),
}


@dataclass
class _Trouble:
    times: int = 0
    until: float = 0.0  # left aside until then
    open: bool = False  # its alarm stands in the database


class Attempt:
    """One piece of work. failed: it was left aside."""

    failed = False


class Troubles:
    """now: Unix seconds. Lives as long as the worker; which alarms stand it asks the database once."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self.counts: dict[str, int] = {}  # by work, for those who run the worker
        self._now = now or (lambda: clock.source())
        self._kept: dict[tuple[int, int], _Trouble] | None = None

    def rests(self, work: Work, controller: int) -> bool:
        """Whether it went wrong so lately that it is not tried again yet."""
        found = self._known().get((work, controller))
        return found is not None and found.until > self._now()

    def until(self, work: Work, controller: int) -> float:
        """When it may be tried again; 0: whenever."""
        found = self._known().get((work, controller))
        return 0.0 if found is None else found.until

    def of(self, work: Work) -> set[int]:
        """The controllers at which this has gone wrong."""
        return {controller for kind, controller in self._known() if kind == work}

    @contextmanager
    def aside(self, work: Work, controller: int) -> Iterator[Attempt]:
        """Work for one controller. An error in it ends here; only a database that is away is told to the caller."""
        attempt = Attempt()
        try:
            yield attempt
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the others are served
            attempt.failed = True
            self.note(work, controller, error)
        else:
            if work not in ONCE and (work, controller) in self._known():
                self._end(work, controller)

    def note(self, work: Work, controller: int, error: Exception) -> None:
        trouble = self._known().setdefault((work, controller), _Trouble())
        self.counts[work.name] = self.counts.get(work.name, 0) + 1
        rested = trouble.until <= self._now()
        longest = LONGEST_PAUSE_S.get(work, LONGEST_PAUSE_OTHERS_S)
        pause = OVER_S if work in ONCE else min(FIRST_PAUSE_S * 2 ** min(trouble.times, 10), longest)
        trouble.times, trouble.until = trouble.times + 1, self._now() + pause
        # The traceback once: what comes again and again, from a hostile board too, must not fill the disk.
        if trouble.times == 1 or (rested and work not in ONCE):
            why = None if isinstance(error, Refusal) or trouble.times > 1 else error
            log.error("controller %d: %s (%s)", controller, SENTENCES[work], error or repr(error), exc_info=why)
        if not trouble.open:
            trouble.open = self._raise(work, controller, error)

    def settle(self, work: Work, still: Collection[int] = ()) -> None:
        """Ends the troubles of work that is to be done no longer, or that has not gone wrong for an hour."""
        for controller in self.of(work).difference(still):
            if work not in ONCE or not self.rests(work, controller):
                self._end(work, controller)

    def _known(self) -> dict[tuple[int, int], _Trouble]:
        if self._kept is None:
            rows = Alarm.objects.filter(kind=Alarm.Kind.TROUBLE, ended_at=None).values_list("extra", "controller")
            self._kept = {row: _Trouble(open=True) for row in rows}
        return self._kept

    def _raise(self, work: Work, controller: int, error: Exception) -> bool:
        now = clock.at(self._now())
        said = {"text": error.text, "values": error.values} if isinstance(error, Refusal) else {"text": SENTENCES[work]}
        before = Alarm.objects.filter(controller=controller, kind=Alarm.Kind.TROUBLE, extra=work)
        try:
            with transaction.atomic():
                latest = before.filter(ended_at__gt=now - AGAIN).order_by("-pk").first()
                if latest is None:
                    latest = Alarm(controller_id=controller, kind=Alarm.Kind.TROUBLE, extra=work, raised_at=now)
                latest.ended_at, latest.said = None, said
                latest.save()
            return True
        except (DatabaseError, TypeError, ValueError):  # the controller is gone, or another worker has raised it
            return before.filter(ended_at=None).exists()

    def _end(self, work: Work, controller: int) -> None:
        rows = Alarm.objects.filter(controller=controller, kind=Alarm.Kind.TROUBLE, extra=work, ended_at=None)
        rows.update(ended_at=clock.at(self._now()))
        self._known().pop((work, controller), None)
