"""A recipient's own parcel: by an address that nobody can guess, with the code as long as it lies there."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from locker_world import made

from tools.cloud.lockers import deliveries, parcel


def seen(token: str) -> Any:
    return Client(headers={"accept-language": "en"}).get(f"/parcel/{token}")


def test_who_has_the_address_sees_where_it_lies_and_the_code_until_it_was_picked_up(locker: Any, board: Any) -> None:
    row, of = made(locker, description="Vinterjakke")
    token = parcel.token(row)
    before = seen(token).content.decode()
    assert "It has not come yet" in before and of.pick_up not in before and of.deposit[:10] not in before
    board.types(of.deposit, compartment=6)
    there = seen(token)
    page = there.content.decode()
    assert deliveries.spaced(of.pick_up) in page and "Compartment 6" in page and "Vinterjakke" in page
    assert deliveries.spaced(of.deposit) not in page and "Ingrid" not in page and "ingrid@" not in page
    assert (there["X-Robots-Tag"], there["Referrer-Policy"]) == ("noindex", "same-origin")
    assert "no-store" in there["Cache-Control"]
    board.types(of.pick_up)
    over = seen(token).content.decode()
    assert "nothing to pick up any more" in over and deliveries.spaced(of.pick_up) not in over


def test_no_other_address_leads_anywhere(locker: Any, board: Any) -> None:
    row, _ = made(locker)
    other, _ = made(locker)
    token = parcel.token(row)
    number, _, mac = token.partition("-")
    near = mac[:-1] + ("0" if mac[-1] != "0" else "1")
    wrongs = [f"{other.pk}-{mac}", f"{number}-{near}", number, f"{number}-", mac, token + "0", f"{10**30}-{mac}"]
    for wrong in [*wrongs, f"-{mac}", "²-1", "x" * 500]:
        assert seen(wrong).status_code == 404, wrong
    assert seen(token).status_code == 200


def test_it_ends_with_the_days_of_the_delivery(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import privacy
    from tools.cloud.services import clock

    row, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    assert seen(parcel.token(row)).status_code == 200
    privacy.forget(clock.now() + timedelta(days=91))
    assert seen(parcel.token(row)).status_code == 404


@pytest.mark.parametrize("with_code", [True, False])
def test_a_notice_has_the_address_and_the_outbox_has_not(locker: Any, board: Any, with_code: bool) -> None:
    from tools.cloud.lockers import notices
    from tools.cloud.models import Notice

    row, of = made(locker)
    board.types(of.deposit)
    text = notices.text(Notice.objects.get(), with_code=with_code)
    assert (f"/parcel/{parcel.token(row)}" in text) is with_code
    assert "/parcel/" in text


@pytest.mark.parametrize("end", [".", "/", "%20", "/x?y", "%2F"])
def test_no_log_has_an_address_that_opens(locker: Any, board: Any, end: str, caplog: pytest.LogCaptureFixture) -> None:
    """Django logs what was not found, and what was asked for in a way that is not allowed."""
    row, of = made(locker)
    board.types(of.deposit, compartment=6)
    token = parcel.token(row)
    assert seen(token + end).status_code == 404
    assert Client().post(f"/parcel/{token}").status_code == 405
    assert Client().get(f"/enter/{token}{end}/x").status_code == 404
    [console] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    said = "\n".join(console.format(record) for record in caplog.records)
    assert said.count("/parcel/…") == 2 and "/enter/…" in said
    assert token not in said and token.partition("-")[2] not in said


def test_a_bank_with_a_scanner_gets_a_code_that_it_reads_and_others_none(locker: Any, board: Any) -> None:
    import segno

    row, of = made(locker)
    board.types(of.deposit, compartment=6)
    assert 'class="qr"' not in seen(parcel.token(row)).content.decode()
    bank = dict(locker.controller.board["bank"])
    bank["keypad"] = {**bank["keypad"], "scanner": {"uart": 1, "tx": 4, "rx": 36}}
    locker.controller.board = {**locker.controller.board, "bank": bank}
    locker.controller.save(update_fields=["board"])
    drawn = seen(parcel.token(row)).content.decode().split('class="qr"')[1]
    how = {"scale": 8, "border": 4, "dark": "#000", "light": "#fff", "omitsize": True}
    assert segno.make_qr("PV" + of.pick_up, error="m").svg_inline(**how) in drawn
