"""Rollouts: a signed release goes to the boards of a rollout piece by piece, and each has to prove that it is well.

What a board has of it is asked, not remembered, so that it goes on after any cut. A failure is a board that is back at
the old firmware or silent too long after it was to start the new one; too many of them end the rollout.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused
from tools import release as releases

from ..access_list.prepared import Prepared
from ..controllers.troubles import Troubles, Work
from ..models import Rollout, RolloutBoard
from ..updates import updates
from . import store

log = logging.getLogger("portvakt.updates")
HEAD = 5  # bytes before a piece
OFFER = 0xFFFFFFFF
ASK_S = 60.0  # how often a board is asked how far it is when it says nothing
STATES = ("wanted", "staged", "starting", "trying", "running", "kept", "returned", "refused")
State = RolloutBoard.State
_RUNNING = Prepared(lambda: Rollout.objects.filter(state=Rollout.State.RUNNING).values_list("pk"))


class UpdateSession(Protocol):
    """What is needed of a session."""

    room: int

    def send(self, message: bytes) -> None: ...


class UpdateTransfer:
    """Driven by the ingest: poll() once a second, said() for each answer of a board."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._streams: dict[int, bytes] = {}  # of releases, by their row
        self._wanted: dict[int, int] = {}  # offset that a controller asked for
        self._asked: dict[int, float] = {}  # when a controller was last sent something

    def poll(self, live: Mapping[int, UpdateSession], now: datetime) -> None:
        running = [pk for (pk,) in _RUNNING.rows()]
        if not running:
            self._streams.clear()
            self._troubles.settle(Work.UPDATE)
            return
        under_way = set()
        for rollout in Rollout.objects.filter(pk__in=running).select_related("release"):
            updates.note_silence(rollout, now)
            if updates.settle(rollout):
                continue
            boards = rollout.boards.filter(state__in=[State.WAITING, State.SENDING, State.STAGED])
            under_way.update(boards.values_list("controller", flat=True))
            for board in boards.filter(controller__in=list(live)):
                if not self._troubles.rests(Work.UPDATE, board.controller_id):
                    with self._troubles.aside(Work.UPDATE, board.controller_id):
                        self._step(rollout, board, live[board.controller_id], now.timestamp())
        self._troubles.settle(Work.UPDATE, under_way)

    def _step(self, rollout: Rollout, board: RolloutBoard, session: UpdateSession, now: float) -> None:
        pk = board.controller_id
        offset = self._wanted.get(pk)
        if offset is not None and board.state != State.STAGED:
            piece = self._stream(rollout)[offset : offset + session.room - HEAD]
            message = wire.packed(wire.UPDATE, "<I", offset) + piece
        elif not 0 <= now - self._asked.get(pk, 0.0) < ASK_S:
            vouched = board.state == State.STAGED and updates.vouched(rollout.release, board.controller)
            message = self._offer(rollout, start=False, vouched=vouched)
        else:
            return
        self._wanted.pop(pk, None)
        self._asked[pk] = now
        session.send(message)

    def said(self, controller: int, message: bytes, session: UpdateSession, now: datetime) -> None:
        """UPDATE_STATE. Raises Refused."""
        try:
            fields = store.fields_of(message)
            build, state, offset, why = fields["build"], fields["state"], fields.get("next", 0), fields.get("why", "")
            if type(build) is not str or state not in STATES or type(offset) is not int or type(why) is not str:
                raise ValueError("state")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refused("malformed") from None
        boards = RolloutBoard.objects.filter(controller=controller, rollout__release__build=build)
        board = boards.filter(rollout__state=Rollout.State.RUNNING).select_related("rollout__release").first()
        if board is None:
            raise Refused("unexpected")
        if board.state in (State.KEPT, State.RETURNED):
            return
        if state in ("kept", "running"):
            self._put(board, State.KEPT, now)
        elif state == "returned" or (state == "wanted" and board.state == State.STAGED):
            self._put(board, State.RETURNED, now)
        elif state == "refused":
            # On trial it refuses every offer: it has not said yet how it is.
            if board.state != State.STAGED:
                log.warning("an update was refused: %s", why[:100])
                self._put(board, State.RETURNED, now)
        elif state == "wanted":
            if not 0 <= offset < board.rollout.release.size:
                raise Refused("malformed")
            self._wanted[controller] = offset
            if board.state == State.WAITING or board.sent != offset:
                RolloutBoard.objects.filter(pk=board.pk).update(state=State.SENDING, sent=offset, at=now)
        elif state == "staged":
            if board.state != State.STAGED:
                self._put(board, State.STAGED, now)
            session.send(self._offer(board.rollout, start=True))
        updates.settle(board.rollout)

    def _put(self, board: RolloutBoard, state: Any, now: datetime) -> None:
        self._wanted.pop(board.controller_id, None)
        RolloutBoard.objects.filter(pk=board.pk).update(state=state, at=now)

    def _stream(self, rollout: Rollout) -> bytes:
        if rollout.release_id not in self._streams:
            self._streams[rollout.release_id] = updates.stream(rollout.release)
        return self._streams[rollout.release_id]

    def _offer(self, rollout: Rollout, start: bool, vouched: bool = False) -> bytes:
        head, _ = releases.head_of(self._stream(rollout))
        fields: dict[str, Any] = {"build": rollout.release.build, "head": head}
        if start:
            fields["start"] = 1
        if vouched:
            fields["vouched"] = 1
        return wire.packed(wire.UPDATE, "<I", OFFER) + json.dumps(fields).encode()
