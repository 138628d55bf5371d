"""Firmware on its way: how every rollout fares at the controllers that one may see."""

from collections import Counter
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ..doors import door_status
from ..models import Controller, Right, Rollout, RolloutBoard, visible
from ..pages import access
from ..services import clock

SHOWN = 12  # rollouts, the newest first
BOARDS_SHOWN = 20  # of each, those first that somebody should look at

Words = tuple[str, str, str | Promise]

# State of a rollout, and of a controller in it -> look, icon, words.
ROLLOUTS: dict[str, Words] = {
    Rollout.State.RUNNING: ("", "clock", gettext_lazy("Under way")),
    Rollout.State.PAUSED: ("warn", "clock", gettext_lazy("Paused")),
    Rollout.State.DONE: ("good", "check", gettext_lazy("Done")),
    Rollout.State.ABORTED: ("bad", "cross", gettext_lazy("Ended early")),
}
State = RolloutBoard.State
BOARDS: dict[str, Words] = {
    State.WAITING: ("", "clock", gettext_lazy("Waits for its link")),
    State.SENDING: ("", "clock", gettext_lazy("Being sent")),
    State.STAGED: ("warn", "clock", gettext_lazy("On trial")),
    State.KEPT: ("good", "check", gettext_lazy("Kept")),
    State.RETURNED: ("bad", "cross", gettext_lazy("Back at the old firmware")),
    State.SILENT: ("bad", "unlinked", gettext_lazy("Silent since it was to start")),
}
ORDER = (State.RETURNED, State.SILENT, State.STAGED, State.SENDING, State.WAITING, State.KEPT)


@never_cache
@require_GET
@access.needs(Right.INSTALL)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    now = clock.now()
    mine = visible(Controller, user).filter(site__tenant__in=access.somewhere(user, Right.INSTALL))
    boards = RolloutBoard.objects.filter(controller__in=mine).select_related("controller__site")
    rows = Rollout.objects.filter(boards__controller__in=mine).distinct().select_related("release").order_by("-pk")
    rows = rows.prefetch_related(Prefetch("boards", boards.order_by("controller__name", "pk")))
    shown = [_rollout(row, now) for row in rows[:SHOWN]]
    return render(request, "pages/updates.html", {"rollouts": shown, "here": "sites"})


def _rollout(rollout: Rollout, now: Any) -> dict[str, Any]:
    boards = list(rollout.boards.all())
    states = Counter(board.state for board in boards)
    zone = boards[0].controller.site.zone
    return {
        "row": rollout,
        "look": ROLLOUTS[rollout.state],
        "zone": zone,
        "kept": states[State.KEPT],
        "failed": states[State.RETURNED] + states[State.SILENT],
        "count": len(boards),
        "boards": [
            {
                "controller": board.controller,
                "look": BOARDS[board.state],
                "part": 100 * board.sent // rollout.release.size if board.state == State.SENDING else None,
                "since": door_status.moment(board.at, board.controller.site.zone, now),
            }
            for board in sorted(boards, key=lambda board: ORDER.index(board.state))[:BOARDS_SHOWN]
        ],
        "more": max(0, len(boards) - BOARDS_SHOWN),
    }
