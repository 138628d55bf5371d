"""Deliveries and usage by the API: narrowed, and told of the times that were asked for."""

from datetime import timedelta
from typing import Any

from locker_world import made
from test_locker_pages import client, posted

from tools.cloud.lockers import notices
from tools.cloud.models import Delivery, Notice
from tools.cloud.services import clock


def test_deliveries_are_narrowed_by_bank_and_state_and_paged(locker: Any, board: Any) -> None:
    owner = client(locker, "owner")
    rows = [made(locker, unit=f"H010{n}")[0].pk for n in range(3)]
    Delivery.objects.filter(pk=rows[0]).update(state="cancelled", ended_at=clock.now())

    def listed(**wanted: Any) -> list[int]:
        return [one["id"] for one in owner.get("/api/deliveries", wanted).json()["deliveries"]]

    assert listed() == rows[::-1]
    assert listed(state="cancelled") == [rows[0]] and listed(bank=locker.bank.pk + 1) == []
    assert listed(before=rows[1]) == [rows[0]] and listed(limit=1) == [rows[2]]


def test_who_leaves_something_is_kept_with_all_that_was_said(locker: Any, board: Any) -> None:
    giver = {"name": "Ola Moe", "email": "ola@example.test", "phone": "+4791234567"}
    said = {"bank": locker.bank.pk, "recipient": {"unit": "H0101"}, "giver": giver}
    answer = posted(client(locker, "owner"), "/api/deliveries", said)
    assert answer.status_code == 201, answer.content
    from tools.cloud.lockers.about import legible

    about = legible(Delivery.objects.get())
    assert (about.giver, about.giver_email, about.giver_phone) == tuple(giver.values())
    told = {notices.text(notice) for notice in Notice.objects.filter(kind=Notice.Kind.TO_LEAVE)}
    assert len(told) == 1 and "for H0101." in told.pop()


def test_who_opens_a_compartment_is_kept(locker: Any, board: Any) -> None:
    from tools.cloud.models import Command

    guard = client(locker, "guard")
    assert posted(guard, f"/api/banks/{locker.bank.pk}/open", {"compartment": 4}).status_code == 202
    command = Command.objects.get(do=Command.Do.OPEN)
    assert command.requested_by is not None and command.requested_by.memberships.get().role == "guard"


def test_usage_is_told_of_the_time_that_was_asked_for(locker: Any, board: Any, time_now: Any) -> None:
    row = made(locker, unit="H0101")[0]
    now = clock.now()
    Delivery.objects.filter(pk=row.pk).update(
        state="picked up",
        compartment=1,
        size="S",
        deposited_at=now - timedelta(days=40),
        ended_at=now - timedelta(days=39),
    )
    owner, path = client(locker, "owner"), f"/api/banks/{locker.bank.pk}/usage"
    assert owner.get(path).json() == []
    for days, told in ((30, True), (31, False)):  # of the last thirty days, where nothing else is said
        Delivery.objects.filter(pk=row.pk).update(ended_at=now - timedelta(days=days, minutes=-1))
        assert bool(owner.get(path).json()) is told
    year = {"since": (now - timedelta(days=366)).isoformat(), "until": now.isoformat()}
    assert owner.get(path, year).status_code == 200
    year["since"] = (now - timedelta(days=366, seconds=1)).isoformat()
    assert owner.get(path, year).status_code == 400
    Delivery.objects.filter(pk=row.pk).update(ended_at=now - timedelta(days=39))
    until = (now - timedelta(days=38)).isoformat()
    assert [one["compartment"] for one in owner.get(path, {"until": until}).json()] == [1]
    same = {"since": now.isoformat(), "until": now.isoformat()}
    assert owner.get(path, same).status_code == 400, "no time at all"
    assert owner.get(path, {"since": until, "until": now.isoformat()}).status_code == 200
