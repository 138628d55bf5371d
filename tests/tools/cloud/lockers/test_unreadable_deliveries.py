"""A delivery whose recipient cannot be read: its log goes on, all others are told, shown, erased and overdue."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from locker_world import made
from test_cloud_unreadable import BROKEN
from test_couriers import program
from test_locker_pages import client

from tools.cloud.lockers import overdue, parcel
from tools.cloud.models import Alarm, ApiToken, Bank, Delivery, Event, Notice, Role
from tools.cloud.sealing import SealedValue
from tools.cloud.services import clock, housekeeping

DELIVERIES = 12  # the work that is a trouble


@pytest.fixture
def two(locker: Any, board: Any) -> Any:
    """(one that cannot be read, its codes, another, its codes): both on their way."""
    bad, of_bad = made(locker)
    good, of_good = made(locker, name="Kari Nordmann", unit="H0404")
    Delivery.objects.filter(pk=bad.pk).update(about=SealedValue("about", BROKEN))
    return bad, of_bad, good, of_good


def troubles() -> int:
    return Alarm.objects.filter(kind=Alarm.Kind.TROUBLE, extra=DELIVERIES, ended_at=None).count()


def test_its_events_are_stored_and_the_notice_is_a_trouble(two: Any, board: Any) -> None:
    bad, of_bad, good, of_good = two
    board.types(of_bad.deposit, compartment=5)
    board.types(of_good.deposit, compartment=6)
    assert board.acknowledged == board.last == Event.objects.count()
    states = Delivery.objects.filter(state="deposited").values_list("pk", "compartment")
    assert set(states) == {(bad.pk, 5), (good.pk, 6)}
    assert set(Notice.objects.values_list("delivery", flat=True)) == {good.pk}
    assert troubles() == 1


def test_pages_and_programs_are_shown_it_without_a_name_and_all_others_whole(
    two: Any, locker: Any, board: Any, time_now: Any
) -> None:
    bad, of_bad, good, _ = two
    Notice.objects.create(delivery=bad, kind="deposited", way="email", made_at=clock.now(), next_at=clock.now())
    board.types(of_bad.deposit, compartment=5)
    owner, admin = client(locker, "owner"), program(locker, "Drift", Role.ADMINISTRATOR)
    page = owner.get(f"/lockers/{locker.bank.pk}/")
    assert page.status_code == 200 and b"Kari Nordmann" in page.content
    for path in (f"/deliveries/{bad.pk}/", "/outbox/"):
        page = owner.get(path)
        assert page.status_code == 200 and b"a sealed secret cannot be read" in page.content.lower(), path
    assert Client().get(f"/parcel/{parcel.token(bad)}").status_code == 200
    listed = {one["id"]: one["recipient"]["name"] for one in admin.get("/api/deliveries").json()["deliveries"]}
    assert listed == {bad.pk: "", good.pk: "Kari Nordmann"}
    time_now.now += 60
    used = admin.get(f"/api/banks/{locker.bank.pk}/usage")
    assert [one["unit"] for one in used.json()] == [""]


def test_it_is_overdue_as_all_others_are(two: Any, board: Any) -> None:
    _, of_bad, good, of_good = two
    board.types(of_bad.deposit, compartment=5)
    board.types(of_good.deposit, compartment=6)
    Delivery.objects.update(due_at=clock.now() + timedelta(hours=1))
    assert overdue.tidy(clock.now() + timedelta(hours=2)) == 2
    assert not Delivery.objects.filter(overdue_at=None).exists()
    assert set(Notice.objects.filter(kind="overdue").values_list("delivery", flat=True)) == {good.pk}


def test_one_that_cannot_be_cancelled_keeps_no_other_from_it(
    two: Any, board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud.lockers import deliveries

    bad, _, good, _ = two
    cancel = deliveries.cancel

    def breaks(row: Delivery, user: Any) -> None:
        if row.pk == bad.pk:
            raise ValueError("whatever it is")
        cancel(row, user)

    monkeypatch.setattr(deliveries, "cancel", breaks)
    overdue.tidy(clock.now() + timedelta(days=61))
    assert Delivery.objects.get(pk=good.pk).state == "cancelling"
    assert troubles() == 1


def test_what_goes_wrong_in_housekeeping_keeps_no_data_for_longer(
    two: Any, locker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, good, _ = two
    Delivery.objects.filter(pk=good.pk).update(state="picked up", ended_at=clock.now() - timedelta(days=4000))

    def breaks(*_: Any) -> int:
        raise ValueError("whatever it is")

    for work in (overdue, housekeeping.rotation, housekeeping.learning, housekeeping.retention, housekeeping.acl):
        for name in ("tidy", "begin_due", "forget", "erase", "refresh_due"):
            monkeypatch.setattr(work, name, breaks, raising=False)
    with pytest.raises(ExceptionGroup) as wrong:
        housekeeping.tidy(clock.now())
    assert len(wrong.value.exceptions) == 6
    assert Delivery.objects.get(pk=good.pk).about == b""


def test_an_address_of_a_bank_whose_secret_cannot_be_read_leads_nowhere(two: Any, locker: Any) -> None:
    _, _, good, _ = two
    token = parcel.token(good)
    posten = program(locker, "Posten")
    Delivery.objects.filter(pk=good.pk).update(reference="RR1", token=ApiToken.objects.get())
    Bank.objects.update(delivery_secret=SealedValue("delivery_secret", BROKEN))
    assert Client().get(f"/parcel/{token}").status_code == 404
    assert [one["deposit_code"] for one in posten.get("/api/shipments").json()] == [None]
