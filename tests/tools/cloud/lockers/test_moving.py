"""Deliveries that go other ways: from one person to another, back to the courier, to another bank; and low ones."""

from typing import Any

import pytest
from locker_world import BOARD, LockerHouse, connected, made
from test_couriers import hooked, sent, shipment
from test_locker_pages import client, posted

from firmware.controller.access import codes as codes_of_bank
from tools.cloud.lockers import about, deliveries, moving, sending, stock
from tools.cloud.members import members
from tools.cloud.members.terms import Terms
from tools.cloud.models import Bank, Change, Delivery, Notice, Role
from tools.cloud.services import clock
from tools.terminal import Problem


def left() -> list[tuple[str, str]]:
    """(to, text) of each notice that is due."""
    from django.utils.translation import override

    found: list[tuple[str, str]] = []
    with override("en"):
        sending.once(lambda way, to, subject, text: found.append((to, text)), clock.now(), lambda *_: 204)
    return found


def another(wire: Any, locker: Any, name: str = "Vestibylen") -> Any:
    """A second bank of the same organisation. (bank, its board)."""
    from cloud_world import counted_bytes

    from tools.cloud.controllers import enrol

    other = LockerHouse.__new__(LockerHouse)
    other.__dict__.update(vars(locker))
    other.controller, other.settings = enrol.enrol(
        locker.site, name, BOARD, doors=["En", "To"], urandom=counted_bytes(7 << 32)
    )
    other.bank = other.controller.bank
    return other.bank, connected(wire, other)


def test_one_person_leaves_something_for_another_and_never_learns_how_it_is_taken_out(locker: Any, board: Any) -> None:
    row, of = made(locker, giver="Per", giver_email="per@example.test")
    assert row.kind == Delivery.Kind.HAND_OVER
    ((to, text),) = left()
    assert to == "per@example.test" and deliveries.spaced(of.deposit) in text and "Ingrid Solheim" in text
    assert deliveries.spaced(of.pick_up) not in text and "/parcel/" not in text
    board.types(of.deposit, compartment=2)
    ((to, text),) = left()
    assert to == "ingrid@example.test" and deliveries.spaced(of.pick_up) in text
    assert b"per@example.test" not in bytes(Delivery.objects.get().about.kept)


def test_a_code_to_leave_something_is_told_no_more_when_it_lies_there(locker: Any, board: Any) -> None:
    _, of = made(locker, giver_phone="+47 900 00 000")
    board.types(of.deposit)
    assert [to for to, _ in left()] == ["ingrid@example.test"]
    assert Notice.objects.get(kind="to leave").state == "failed"


def test_through_the_api_and_on_the_page_of_the_recipient(locker: Any, board: Any) -> None:
    from django.test import Client

    from tools.cloud.lockers import parcel

    said = {
        "bank": locker.bank.pk,
        "recipient": {"unit": "H0301"},
        "giver": {"name": "Per", "email": "per@example.test"},
    }
    answer = posted(client(locker, "owner"), "/api/deliveries", said)
    assert answer.status_code == 201 and answer.json()["delivery"]["kind"] == "hand-over"
    page = Client(headers={"accept-language": "en"}).get(f"/parcel/{parcel.token(Delivery.objects.get())}")
    assert "Per" in page.content.decode() and "per@" not in page.content.decode()


def test_low_ones_have_numbers_of_their_own_and_go_to_nobody_else(locker: Any, board: Any) -> None:
    with pytest.raises(Problem, match="says of no compartment that it is low"):
        deliveries.make(locker.bank, about.entered(unit="H1"), low=True)
    bank = locker.bank
    bank.controller.board = {**BOARD, "bank": {**BOARD["bank"], "low": [4, 8]}}
    bank.controller.save(update_fields=["board"])
    bank.refresh_from_db()
    low = [deliveries.make(bank, about.entered(unit="H1"), low=True)[0] for _ in range(32)]
    assert all(codes_of_bank.is_low(row.number) and row.low for row in low)
    with pytest.raises(Problem, match="no free number for another low one"):
        deliveries.make(bank, about.entered(unit="H1"), low=True)
    Delivery.objects.filter(pk__in=[row.pk for row in low]).delete()
    assert not any(codes_of_bank.is_low(stock.free_number(bank)) for _ in range(40))


def test_the_page_asks_for_a_low_one_where_there_are_some(locker: Any, board: Any) -> None:
    owner, path = client(locker, "owner"), f"/lockers/{locker.bank.pk}/deliveries/new"
    assert b'name="low"' not in owner.get(path).content
    locker.controller.board = {**BOARD, "bank": {**BOARD["bank"], "low": [4]}}
    locker.controller.save(update_fields=["board"])
    assert b'name="low"' in owner.get(path).content
    assert owner.post(path, {"unit": "H0301", "low": "on"}).status_code == 200
    assert Delivery.objects.get().low


def test_what_was_picked_up_goes_back_to_who_brought_it(locker: Any, board: Any) -> None:
    posten, _ = hooked(locker)
    one = sent(posten, "/api/shipments", shipment(locker)).json()
    path = f"/api/shipments/{one['id']}/return"
    assert sent(posten, path).status_code == 400, "it has not come yet"
    board.types(one["deposit_code"], compartment=5)
    board.types(deliveries.codes_of(Delivery.objects.get()).pick_up)
    left()
    answer = sent(posten, path, {"reference": "back"})
    assert answer.status_code == 201, answer.content
    back = answer.json()
    assert (back["kind"], back["reference"], back["pick_up_code"]) == ("return", "back", None)
    assert sent(posten, path, {"reference": "back"}).status_code == 400, "made once"
    ((to, text),) = left()
    assert to == "ingrid@example.test" and "Posten fetches it" in text
    assert back["deposit_code"][:4] in text
    board.types(back["deposit_code"], compartment=3)
    now = posten.get(f"/api/shipments/{back['id']}").json()
    assert (now["state"], now["compartment"], now["deposit_code"]) == ("deposited", 3, None)
    assert board.types(now["pick_up_code"]) == 3
    assert posten.get(f"/api/shipments/{back['id']}").json()["pick_up_code"] is None
    assert posten.get(f"/api/shipments/{one['id']}").json()["pick_up_code"] is None


def test_a_delivery_moves_to_another_bank_whole_and_its_recipient_is_told(locker: Any, wire: Any, board: Any) -> None:
    bank, there = another(wire, locker)
    posten, _ = hooked(locker)
    one = sent(posten, "/api/shipments", shipment(locker)).json()
    owner = client(locker, "owner")
    row = Delivery.objects.get()
    answer = posted(owner, f"/api/deliveries/{row.pk}/move", {"to": bank.pk})
    assert answer.status_code == 201, answer.content
    wire.poll()
    row.refresh_from_db()
    assert (row.state, row.moved_to_id) == ("cancelled", answer.json()["delivery"]["id"])
    assert board.types(one["deposit_code"]) == 0
    (again,) = posten.get("/api/shipments?reference=RR123").json()
    assert (again["bank"], again["state"]) == (bank.pk, "made")
    assert sent(posten, "/api/shipments", shipment(locker)).json()["id"] == again["id"], "the call of before is known"
    ((to, text),) = left()
    assert to == "ingrid@example.test" and "Vestibylen" in text
    assert there.types(again["deposit_code"], compartment=7) == 7
    assert Change.objects.filter(after__do="move").count() == 1
    assert "Vestibylen" in owner.get(f"/deliveries/{row.pk}/").content.decode()


def test_who_looks_after_one_bank_is_not_told_of_the_other(locker: Any, wire: Any, board: Any) -> None:
    """All that lies elsewhere is to them as another organisation's: name and number of where it went, too."""
    bank, _there = another(wire, locker)
    for role in (Role.ADMINISTRATOR, Role.COURIER):
        members.invite(locker.tenant, f"{role}@example.test", Terms(role, None, {"banks": [locker.bank.pk]}))
    here, courier = client(locker, "administrator"), client(locker, "courier")
    one = posted(courier, "/api/shipments", shipment(locker)).json()
    owner, row = client(locker, "owner"), Delivery.objects.get()
    new = posted(owner, f"/api/deliveries/{row.pk}/move", {"to": bank.pk}).json()["delivery"]["id"]
    answers = (here.get(f"/api/deliveries/{row.pk}"), here.get(f"/api/deliveries?bank={locker.bank.pk}"))
    assert [one["moved_to"] for one in (answers[0].json(), *answers[1].json()["deliveries"])] == [None, None]
    assert owner.get(f"/api/deliveries/{row.pk}").json()["moved_to"] == new
    page = here.get(f"/deliveries/{row.pk}/").content.decode()
    assert "Vestibylen" not in page and f"/deliveries/{new}/" not in page and "not one of yours" in page
    assert courier.get("/api/shipments").json() == [] and courier.get(f"/api/shipments/{one['id']}").status_code == 404
    again = posted(courier, "/api/shipments", shipment(locker))
    assert (
        again.status_code == 400 and str(new) not in again.content.decode() and "moved to a bank" in str(again.json())
    )


def test_a_move_that_is_refused_leaves_everything_as_it_was(locker: Any, wire: Any, board: Any) -> None:
    bank, _ = another(wire, locker)
    row, of = made(locker)
    Bank.objects.filter(pk=bank.pk).update(held=bytes(1024))
    with pytest.raises(Problem, match="has not had the keys"):
        moving.move(row, Bank.objects.get(pk=bank.pk), None)
    row.refresh_from_db()
    assert (row.state, row.moved_to, Delivery.objects.count()) == ("made", None, 1)
    with pytest.raises(Problem, match="for Pakkeboks already"):
        moving.move(row, locker.bank, None)
    board.types(of.deposit)
    with pytest.raises(Problem, match="has not come yet"):
        moving.move(row, bank, None)


def test_no_delivery_moves_to_another_organisation(locker: Any, wire: Any, board: Any, time_now: Any) -> None:
    theirs = LockerHouse(time_now, "Andre", seed=9)
    connected(wire, theirs)
    row, _ = made(locker)
    owner = client(locker, "owner")
    assert posted(owner, f"/api/deliveries/{row.pk}/move", {"to": theirs.bank.pk}).status_code == 404
    owner.post(f"/deliveries/{row.pk}/move", {"to": theirs.bank.pk})
    with pytest.raises(Problem, match="another organisation"):
        moving.move(row, theirs.bank, None)
    assert Delivery.objects.count() == 1


def test_who_may_not_change_moves_and_returns_nothing(locker: Any, wire: Any, board: Any) -> None:
    bank, _ = another(wire, locker)
    row, _ = made(locker)
    viewer = client(locker, "viewer")
    for path, body in (("move", {"to": bank.pk}), ("return", {})):
        assert posted(viewer, f"/api/deliveries/{row.pk}/{path}", body).status_code == 403
    assert viewer.post(f"/deliveries/{row.pk}/move", {"to": bank.pk}).status_code == 403
    assert Delivery.objects.count() == 1


def test_pages_move_and_send_back(locker: Any, wire: Any, board: Any) -> None:
    bank, _ = another(wire, locker)
    row, _ = made(locker)
    owner = client(locker, "owner")
    assert "Move it to another bank" in owner.get(f"/deliveries/{row.pk}/").content.decode()
    page = owner.post(f"/deliveries/{row.pk}/move", {"to": bank.pk}).content.decode()
    new = Delivery.objects.get(bank=bank)
    assert deliveries.spaced(deliveries.codes_of(new).deposit) in page
    other, of = made(locker)
    board.types(of.deposit)
    board.types(of.pick_up)
    assert "Make a return" in owner.get(f"/deliveries/{other.pk}/").content.decode()
    page = owner.post(f"/deliveries/{other.pk}/return").content.decode()
    back = Delivery.objects.get(kind="return")
    assert deliveries.spaced(deliveries.codes_of(back).deposit) in page
    said = owner.post(f"/deliveries/{back.pk}/return", follow=True).content.decode()
    assert "Only what was picked up" in said and Delivery.objects.filter(kind="return").count() == 1
