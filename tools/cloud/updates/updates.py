"""Releases and rollouts: which firmware goes to which controllers, and when a rollout has failed."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count

from tools import release as releases
from tools.terminal import Problem

from ..audit import changes
from ..models import Change, Controller, Event, Release, Rollout, RolloutBoard
from ..services import clock

State = RolloutBoard.State
UNDER_WAY = (State.WAITING, State.SENDING, State.STAGED)
VOUCHERS = 50  # boards that are asked about at the most


def add(body: bytes) -> Release:
    """Takes a release in. The cloud cannot check who signed it: the boards do."""
    _, fields = releases.head_of(body)
    build = fields["build"]
    if type(build) is not str or len(build) != 12 or set(build) - set("0123456789abcdef"):
        raise Problem("the release names no build")
    if Release.objects.filter(build=build).exists():
        raise Problem(f"build {build} is here already")
    folder = Path(settings.DATA) / "releases"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / build).write_bytes(body)
    return Release.objects.create(build=build, folder=str(folder), size=len(body), added_at=clock.now())


def stream(release: Release) -> bytes:
    try:
        return (Path(release.folder) / release.build).read_bytes()
    except OSError as error:
        raise Problem(f"build {release.build} cannot be read ({error.strerror}); add it again") from None


def start(
    release: Release, percent: int, controllers: list[int] | None = None, abort_after: int = 1, timeout_h: int = 24
) -> Rollout:
    """A rollout to so many of these controllers (all: None). The same ones come first in every rollout of a release.

    Boards that have this release already from an earlier rollout are left out.
    """
    if not 1 <= percent <= 100:
        raise Problem("percent must be 1 to 100")
    if Rollout.objects.filter(release=release, state=Rollout.State.RUNNING).exists():
        raise Problem(f"a rollout of build {release.build} is running; end it first")
    rows = Controller.objects.filter(lost_at=None)
    if controllers is not None:
        rows = rows.filter(pk__in=controllers)
    has = set(
        RolloutBoard.objects.filter(rollout__release=release, state=State.KEPT).values_list("controller", flat=True)
    )
    # In an order that nobody chose and that stays: the first few are not always the same doors.
    order = sorted(
        rows.values_list("pk", "public_id"), key=lambda row: sha256((release.build + row[1]).encode()).digest()
    )
    chosen = [pk for pk, _ in order[: -(-len(order) * percent // 100)] if pk not in has]
    now = clock.now()
    with changes.together():
        rollout = Rollout.objects.create(
            release=release, percent=percent, started_at=now, abort_after=abort_after, timeout_h=timeout_h
        )
        RolloutBoard.objects.bulk_create(RolloutBoard(rollout=rollout, controller_id=pk, at=now) for pk in chosen)
        _keep(rollout, Change.What.MADE, {"percent": percent})
    return rollout


def abort(rollout: Rollout, why: str) -> None:
    """Nothing more is sent. What is on trial ends by itself, well or not."""
    with changes.together():
        Rollout.objects.filter(pk=rollout.pk).update(state=Rollout.State.ABORTED, why=why[:200])
        _keep(rollout, Change.What.CHANGED, {"state": Rollout.State.ABORTED, "why": why[:200]})


def _keep(rollout: Rollout, what: Any, said: dict[str, Any]) -> None:
    """In the record of each tenant whose controllers are in it, with how many these are."""
    theirs = rollout.boards.values_list("controller__site__tenant").annotate(count=Count("pk")).order_by()
    for tenant, count in sorted(theirs):
        more = {"number": rollout.pk, "name": rollout.release.build, "after": {**said, "controllers": count}}
        changes.note(tenant, Change.Kind.ROLLOUT, what, **more)


def note_silence(rollout: Rollout, now: datetime) -> None:
    """A board that was to start the new firmware and has not said that it is well has failed."""
    late = now - timedelta(hours=rollout.timeout_h)
    rollout.boards.filter(state=State.STAGED, at__lt=late).update(state=State.SILENT, at=now)


def settle(rollout: Rollout) -> bool:
    """Ends a rollout that failed, or that has nobody under way any more. Whether it is over."""
    failed = rollout.boards.filter(state__in=[State.RETURNED, State.SILENT]).count()
    if failed >= rollout.abort_after:
        abort(rollout, f"{failed} controllers returned to the old firmware or fell silent")
        return True
    if not rollout.boards.filter(state__in=UNDER_WAY).exists():
        Rollout.objects.filter(pk=rollout.pk, state=Rollout.State.RUNNING).update(state=Rollout.State.DONE)
        return True
    return False


def vouched(release: Release, controller: Controller) -> bool:
    """Whether another board of this kind has read a credential since it kept this release.

    Then also a board where nobody taps for a day may keep it: see firmware/controller/cloud/trial.py.
    """
    kind = controller.table.get("name")
    kept = RolloutBoard.objects.filter(rollout__release=release, state=State.KEPT).exclude(controller=controller)
    return any(
        one.controller.table.get("name") == kind
        and Event.objects.filter(controller=one.controller, key__isnull=False, received_at__gte=one.at).exists()
        for one in kept.select_related("controller")[:VOUCHERS]
    )
