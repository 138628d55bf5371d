"""The cloud's worker as the simulator runs it: the real ingest, killed at any moment, put back to an older backup."""

import sqlite3
from collections.abc import Callable
from random import Random
from typing import Any

from django.db import connection

from tools.cloud.ingest import ingest, session


class Killed(BaseException):
    """The process ended here. Like a kill it is no Exception."""


class SoakWorker:
    """What Ingest is to a building, in a process that may end at any query or message.

    later(seconds, call): the supervisor's clock. on_back: the database is an older one now.
    """

    def __init__(
        self,
        publish: Callable[[str, bytes], None],
        now: Callable[[], float],
        urandom: Callable[[int], bytes],
    ) -> None:
        self.later: Callable[[float, Callable[[], None]], Any] = lambda seconds, call: None
        self.said: Callable[[int, bytes], None] = lambda controller, message: None  # before a message is sealed
        self.ended: Callable[[str], None] = lambda why: None  # it ended by an error of its own
        self.kills = 0
        self._given = (self._publish, now, urandom)
        self._send = publish
        self._listen()
        self.ingest: ingest.Ingest | None = ingest.Ingest(*self._given)
        self._left: int | None = None  # queries and messages until it is killed
        self._down_s = 1.0
        self._working = False  # else the query is another process's, say the pages'
        self._backup: sqlite3.Connection | None = None

    # As the building sees it.

    def on_message(self, topic: str, payload: bytes) -> bool | None:
        return self._live(ingest.Ingest.on_message, topic, payload)

    def poll(self) -> None:
        self._live(ingest.Ingest.poll)

    def due(self) -> float | None:
        return None if self.ingest is None else self.ingest.due()

    def heard(self, controller: str, seconds: float) -> bool:
        """Whether a good message of that controller came so lately."""
        session = self.ingest.sessions.get(controller) if self.ingest is not None else None
        return session is not None and session.heard is not None and self._given[1]() - session.heard < seconds

    def sessions(self) -> list[session.ControllerSession]:
        """Those there are."""
        return [] if self.ingest is None else list(self.ingest.sessions.values())

    # What happens to it.

    def kill(self, chance: Random) -> None:
        """Soon, at a query, or between the commit and the message that follows it."""
        if self._left is None and self.ingest is not None:
            self._left = 1 + chance.randrange(30)
            connection.execute_wrappers.append(self._query)
            self._down_s = 0.5 + chance.expovariate(1 / 20)

    def back_up(self, chance: Random | None = None) -> None:
        if self._backup is not None:
            self._backup.close()
        self._backup = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(self._backup)

    def restore(self) -> bool:
        """False when there is no backup. The process starts again with it."""
        if self._backup is None or self.ingest is None:
            return False
        self._disarm()
        self.ingest = None
        self._backup.backup(connection.connection)
        self.later(1.0, self._start)
        return True

    def restart(self) -> None:
        """It ends and is started again at once."""
        self._disarm()
        self.ingest = None
        self._start()

    def mend(self) -> None:
        """It runs from now on."""
        self._disarm()
        if self.ingest is None:
            self._start()

    def _live(self, do: Callable[..., bool | None], *what: Any) -> bool | None:
        if self.ingest is None:
            return None
        self._working = True
        try:
            return do(self.ingest, *what)
        except Killed:
            self.kills += 1
            self.ingest = None
            self.later(self._down_s, self._start)
            return None
        except Exception as error:  # noqa: BLE001  a process that ends of itself, for everybody
            self.ended(repr(error))
            self.ingest = None
            self.later(1.0, self._start)
            return None
        finally:
            self._working = False

    def _start(self) -> None:
        if self.ingest is None:
            self.ingest = ingest.Ingest(*self._given)
            self.ingest.start()

    def _listen(self) -> None:
        """Lets said() see what sessions send, in clear."""
        seal = session.ControllerSession.send

        def send(one: Any, message: bytes) -> None:
            working, self._working = self._working, False  # what the simulator asks is not the worker's
            try:
                self.said(one.pk, message)
            finally:
                self._working = working
            seal(one, message)

        session.ControllerSession.send = send  # type: ignore[assignment,method-assign]

    def _publish(self, topic: str, payload: bytes) -> None:
        if self._left is not None and self._working:
            self._count()
        self._send(topic, payload)

    def _query(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self._working:
            self._count()
        return execute(sql, params, many, context)

    def _count(self) -> None:
        assert self._left is not None
        self._left -= 1
        if self._left <= 0:
            self._disarm()
            raise Killed

    def _disarm(self) -> None:
        if self._left is not None:
            self._left = None
            connection.execute_wrappers.remove(self._query)
