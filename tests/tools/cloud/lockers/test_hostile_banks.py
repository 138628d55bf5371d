"""Who has a bank's board, a courier's account or a slow receiver in hand: what they can overdo, and what is kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from locker_world import LockerHouse, made
from test_couriers import HOOK, hooked, program
from test_locker_pages import client

from firmware.controller import events as codes
from tools.cloud.doors import commands
from tools.cloud.lockers import about, deliveries, happened, notices, privacy, sending, usage
from tools.cloud.models import (
    Alarm,
    ApiToken,
    Change,
    Command,
    Controller,
    Delivery,
    Event,
    Notice,
    Webhook,
    WebhookCall,
)
from tools.cloud.services import clock
from tools.cloud.webhooks import hooks


def said(locker: Any, row: Delivery, sequence: int, code: int, utc: datetime | None = None, place: int = 1) -> None:
    """An event of the bank's board about a delivery."""
    event = Event(
        controller=locker.controller, epoch=1, sequence=sequence, code=code, key=row.number.to_bytes(4, "little"),
        door_number=0, compartment=place, extra=0, flags=codes.TIME_TRUSTED, utc=utc or clock.now(),
        received_at=clock.now(),
    )  # fmt: skip
    happened.take(locker.controller.pk, [event])


def test_a_board_that_says_deposited_without_end_writes_to_nobody_without_end(locker: Any, board: Any) -> None:
    row, _ = made(locker, phone="+47 99 00 00 00")
    hooked(locker)
    Delivery.objects.update(token=ApiToken.objects.get())
    left: list[str] = []
    for n in range(3 * about.A_DAY):
        said(locker, row, n, codes.DELIVERY_DEPOSITED, place=1 + n % 2)
        sending.once(lambda way, *_: left.append(way), clock.now() + timedelta(seconds=1), lambda *_, **__: 204)
    assert left.count("sms") == left.count("email") == WebhookCall.objects.count() == about.A_DAY
    said(locker, row, 99, codes.DELIVERY_PICKED_UP)
    assert WebhookCall.objects.filter(kind="picked up").count() == 1


def test_a_board_whose_clock_is_ahead_keeps_nobody_s_name_for_longer(locker: Any, board: Any) -> None:
    row, _ = made(locker)
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    said(locker, row, 1, codes.DELIVERY_DEPOSITED, ahead)
    said(locker, row, 2, codes.DELIVERY_PICKED_UP, ahead)
    row.refresh_from_db()
    assert row.deposited_at == row.ended_at == clock.now()
    assert privacy.forget(clock.now() + timedelta(days=locker.tenant.retention_days)) == 1


def test_a_tenant_s_slow_receivers_hold_up_no_other_s_calls(
    locker: Any, board: Any, time_now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = LockerHouse(time_now, "Fremmed", seed=1)
    for house, url, count in ((locker, "https://slow.example/", 60), (other, HOOK, 1)):
        program(house, url)
        hooks.put(ApiToken.objects.get(name=url), url)
        row = Delivery.objects.create(bank=house.bank, number=300, made_at=clock.now())
        at = clock.now() - timedelta(seconds=count)
        hook = Webhook.objects.get(url=url)
        WebhookCall.objects.bulk_create(
            WebhookCall(webhook=hook, delivery=row, kind="overdue", content="{}", at=at, made_at=at, next_at=at)
            for _ in range(count)
        )
    seconds = [0.0]
    monkeypatch.setattr(sending.time, "monotonic", lambda: seconds[0])
    told: list[float] = []

    def post(url: str, content: bytes, headers: Any, **more: Any) -> int:
        if url == HOOK:
            told.append(seconds[0])
            return 204
        seconds[0] += 9.9
        return 500

    sending.once(None, clock.now(), post)
    assert len(told) == 1 and told[0] < 2 * sending.SHARE_S
    assert seconds[0] < 2 * sending.SHARE_S, "notices wait for one round at most"


@pytest.mark.parametrize("unit", ["=1+1", "H1;=1+1", 'H1";=1+1', "H1; @x", "H1\t-1", "a\n=1", "H1,=1", "＝1"])
def test_no_unit_of_a_courier_s_is_reckoned_by_a_spreadsheet(unit: str) -> None:
    text = usage.as_csv([dict.fromkeys(usage.COLUMNS, "") | {"unit": unit}]).partition("\n")[2]
    for mark in ";,|\t\n":
        cells = [cell.strip(' "') for cell in text.split(mark)]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@＝")], (unit, mark)


def test_what_a_bank_is_called_makes_no_header_of_an_e_mail(locker: Any, board: Any) -> None:
    path, name = f"/api/banks/{locker.bank.pk}", "Bank\r\nBcc: all@example.test"
    installer = client(locker, "installer")
    asked = installer.patch(path, json.dumps({"name": name}), content_type="application/json")
    assert asked.status_code == 400 and "Bank\\r\\nBcc" in asked.json()["error"]
    with connection.cursor() as rows:  # from before that was refused: no service would write it
        rows.execute("update cloud_bank set name = %s where id = %s", [name, locker.bank.pk])
    row, _ = made(locker)
    notice = Notice(delivery=Delivery.objects.get(pk=row.pk), kind="deposited", way="email")
    assert len(notices.subject(notice).splitlines()) == 1


def test_a_new_secret_of_the_same_address_is_on_record(locker: Any) -> None:
    hooked(locker)
    token = ApiToken.objects.get()
    before = set(Change.objects.values_list("pk", flat=True))
    hooks.put(token, HOOK)
    [change] = Change.objects.exclude(pk__in=before)
    assert (change.kind, change.object, change.after) == ("token", token.pk, {"webhook": HOOK})


def test_it_is_on_record_who_cancelled_what_no_board_can_be_told_of(locker: Any, board: Any) -> None:
    made(locker)
    Controller.objects.update(lost_at=clock.now())
    row = Delivery.objects.get()
    deliveries.cancel(row, None)
    assert row.state == "cancelled"
    assert Change.objects.filter(kind="delivery", object=row.pk, after={"do": "cancel"}).count() == 1


def test_who_cancels_the_same_time_and_again_asks_the_board_once(locker: Any, board: Any) -> None:
    row, _ = made(locker)
    for _ in range(9):
        deliveries.cancel(Delivery.objects.get(pk=row.pk), None)
    assert Command.objects.filter(do="cancel").count() == 1, "others have need of its room"


def test_who_cancels_many_leaves_the_board_room_for_others_and_all_are_cancelled(
    locker: Any, wire: Any, board: Any
) -> None:
    rows = [made(locker)[0] for _ in range(6)]
    for row in rows:
        deliveries.cancel(row, None)
    assert Command.objects.filter(do="cancel").count() == deliveries.CANCELS
    assert commands.diagnostics(locker.controller, None).state == "queued"
    noted = Change.objects.filter(kind="delivery", after={"do": "cancel"}).values_list("object", flat=True)
    assert set(noted) | {row.pk for row in rows[: deliveries.CANCELS]} == {row.pk for row in rows}
    for _ in range(4):  # commands of before are forgotten when they expire
        wire.poll()
        wire.time.now += 1000
        board.connect()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_board_that_invents_deliveries_makes_no_more_than_its_stock_holds(locker: Any, board: Any) -> None:
    row, _ = made(locker)
    for n in range(happened.FOUND + 9):
        row.number += 1
        said(locker, row, n + 1, codes.DELIVERY_DEPOSITED, utc=clock.now() - timedelta(days=n))
    assert Delivery.objects.count() == happened.FOUND, "with the one that was made here by nobody in particular"
    trouble = Alarm.objects.get(kind=Alarm.Kind.TROUBLE)
    assert trouble.controller_id == locker.controller.pk and "more deliveries than" in str(trouble.said["text"])
    known = Delivery.objects.earliest("pk")
    said(locker, known, 999, codes.DELIVERY_DEPOSITED)
    known.refresh_from_db()
    assert known.state == "deposited", "of those that were made here it is believed"


def test_a_page_says_when_a_compartment_is_not_being_opened(locker: Any, board: Any) -> None:
    guard, path = client(locker, "guard"), f"/lockers/{locker.bank.pk}/open"

    def answer() -> str:
        page = guard.post(path, {"compartment": "1"}, follow=True)
        return str(list(page.context["messages"])[-1])

    says = [answer() for _ in range(9)]
    assert len(set(says[:8])) == 1 and says[8] not in says[:8], "the board has room for eight"
    row, _ = made(locker)
    said(locker, row, 1, codes.DELIVERY_DEPOSITED)  # else the page of a lost bank is gone
    Controller.objects.update(lost_at=clock.now())
    asked = Command.objects.count()
    assert answer() not in says and Command.objects.count() == asked
    api = f"/api/banks/{locker.bank.pk}/open"
    assert guard.post(api, json.dumps({"compartment": 1}), content_type="application/json").status_code in (400, 403)
