"""Banks and deliveries on the pages and through the API: who sees what, and what is told once."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from locker_world import made

from firmware.controller import events


def client(locker: Any, role: str) -> Client:
    from tools.cloud.models import Membership, User

    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=locker.tenant, role=role)
    found = Client(headers={"accept-language": "en"})
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def posted(of: Client, path: str, body: Any) -> Any:
    return of.post(path, json.dumps(body), content_type="application/json")


def test_codes_are_shown_once_to_who_makes_a_delivery(locker: Any, board: Any) -> None:
    from tools.cloud.models import Delivery

    owner = client(locker, "owner")
    page = owner.post(f"/lockers/{locker.bank.pk}/deliveries/new", {"name": "Ingrid", "unit": "H0301", "due": ""})
    deposit, pick_up = re.findall(r'class="code" translate="no">(\d{4} \d{3} \d{3})<', page.content.decode())
    assert board.types(deposit.replace(" ", ""), compartment=6) == 6
    row = Delivery.objects.get()
    for path in (f"/deliveries/{row.pk}/", f"/lockers/{locker.bank.pk}/", f"/api/deliveries/{row.pk}"):
        shown = owner.get(path).content.decode()
        assert "H0301" in shown
        assert pick_up not in shown and pick_up.replace(" ", "") not in shown
    assert board.types(pick_up.replace(" ", "")) == 6


def test_a_delivery_that_nobody_can_be_told_of_is_refused_with_a_sentence(locker: Any, board: Any) -> None:
    from tools.cloud.models import Delivery

    page = client(locker, "owner").post(f"/lockers/{locker.bank.pk}/deliveries/new", {"name": "Ingrid"})
    assert page.status_code == 422
    assert b"A recipient needs an e-mail address, a phone number or a unit; give one." in page.content
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("role", ["guard", "installer", "courier"])
def test_who_may_not_know_sees_numbers_and_no_names(locker: Any, board: Any, role: str) -> None:
    row, of = made(locker, unit="H0301")
    board.types(of.deposit, compartment=6)
    somebody = client(locker, role)
    page = somebody.get(f"/lockers/{locker.bank.pk}/").content.decode()
    assert 'class="box M taken"' in page
    assert "Ingrid" not in page and "H0301" not in page and f"/deliveries/{row.pk}/" not in page
    assert somebody.get(f"/deliveries/{row.pk}/").status_code == 403
    assert somebody.get(f"/api/deliveries/{row.pk}").status_code == 404
    assert somebody.get("/api/deliveries").json() == {"deliveries": [], "next": None}
    bank = somebody.get(f"/api/banks/{locker.bank.pk}").json()
    assert [one["state"] for one in bank["compartments"]] == ["free"] * 5 + ["taken"] + ["free"] * 2


def test_a_viewer_sees_for_whom_it_is_and_makes_none(locker: Any, board: Any) -> None:
    row, _ = made(locker)
    viewer = client(locker, "viewer")
    assert b"Ingrid Solheim" in viewer.get(f"/deliveries/{row.pk}/").content
    assert viewer.get(f"/lockers/{locker.bank.pk}/deliveries/new").status_code == 403
    assert viewer.post(f"/deliveries/{row.pk}/cancel").status_code == 403
    assert posted(viewer, "/api/deliveries", {"bank": locker.bank.pk, "recipient": {"unit": "1"}}).status_code == 403


def test_a_program_makes_a_delivery_and_gets_its_codes(locker: Any, board: Any) -> None:
    owner = client(locker, "owner")
    said = {"bank": locker.bank.pk, "recipient": {"email": "a@example.test"}, "due_at": "2025-11-30T12:00:00Z"}
    answer = posted(owner, "/api/deliveries", said)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert board.types(told["deposit_code"], compartment=2) == 2
    assert board.types(told["pick_up_code"]) == 2
    now = owner.get(f"/api/deliveries/{told['delivery']['id']}").json()
    assert (now["state"], now["compartment"], now["recipient"]["email"]) == ("picked up", 2, "a@example.test")


@pytest.mark.parametrize("due", ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_a_day_that_means_nothing_is_refused(locker: Any, board: Any, due: str) -> None:
    said = {"bank": locker.bank.pk, "recipient": {"unit": "1"}, "due_at": due}
    answer = posted(client(locker, "owner"), "/api/deliveries", said)
    assert answer.status_code == 400 and "within a year" in answer.json()["error"]


def test_the_picture_shows_each_compartment_as_it_stands(locker: Any, board: Any, time_now: Any) -> None:
    from datetime import timedelta

    from tools.cloud.lockers import shown
    from tools.cloud.models import Delivery
    from tools.cloud.services import clock

    for compartment in (1, 2):
        _, of = made(locker)
        board.types(of.deposit, compartment=compartment)
    Delivery.objects.filter(compartment=2).update(due_at=clock.now() - timedelta(minutes=1))
    board.happens(events.COMPARTMENT_OPENED, 3)
    board.happens(events.COMPARTMENT_STUCK, 8)
    found = [cell.state for cell in shown.cells(locker.bank, clock.now())]
    assert found == ["taken", "overdue", "open", "free", "free", "free", "free", "fault"]


def test_somebody_opens_a_compartment_by_command_and_that_is_kept(locker: Any, wire: Any, board: Any) -> None:
    from firmware.controller.cloud import wire as w
    from tools.cloud.models import Change

    guard = client(locker, "guard")
    assert guard.post(f"/lockers/{locker.bank.pk}/open", {"compartment": "4"}).status_code == 302
    assert guard.post(f"/lockers/{locker.bank.pk}/open", {"compartment": "9"}).status_code == 404
    wire.poll()
    command = w.read_json(board.last_heard(w.COMMAND))
    assert (command["do"], command["compartment"]) == ("open", 4)
    assert Change.objects.get(what="asked").after == {"do": "open", "compartment": 4}
    courier = client(locker, "courier")
    assert courier.post(f"/lockers/{locker.bank.pk}/open", {"compartment": "4"}).status_code == 403


def test_a_bank_gets_a_name_and_a_place(locker: Any) -> None:
    from tools.cloud.models import Bank

    owner = client(locker, "owner")
    said = {"name": "Skapet", "address": "Storgata 1", "latitude": "59.9", "longitude": ""}
    refused = owner.post(f"/lockers/{locker.bank.pk}/change", said)
    assert refused.status_code == 422 and b"A position has a latitude and a longitude" in refused.content
    assert owner.post(f"/lockers/{locker.bank.pk}/change", {**said, "longitude": "10.7"}).status_code == 302
    bank = Bank.objects.get()
    assert (bank.name, bank.address, bank.latitude, bank.longitude) == ("Skapet", "Storgata 1", 59.9, 10.7)
    assert b"Skapet" in owner.get("/lockers/").content


def test_a_bank_keeps_its_name_while_parcels_lie_in_it(locker: Any, board: Any) -> None:
    """Their recipients were told where to go."""
    owner = client(locker, "owner")
    said = {"name": "Skapet", "address": "Storgata 1", "latitude": "", "longitude": ""}
    change = f"/lockers/{locker.bank.pk}/change"
    codes = []
    for compartment in (7, 2):
        codes.append(made(locker)[1])
        board.types(codes[-1].deposit, compartment=compartment)
    refused = owner.post(change, said)
    assert refused.status_code == 422 and b"arcels lie in Pakkeboks, in compartments 2, 7;" in refused.content
    locker.bank.refresh_from_db()
    assert (locker.bank.name, locker.bank.address) == ("Pakkeboks", "")
    assert owner.post(change, {**said, "name": "Pakkeboks"}).status_code == 302
    for of in codes:
        board.types(of.pick_up)
    assert owner.post(change, said).status_code == 302


def test_another_tenant_s_bank_does_not_exist(locker: Any, time_now: Any) -> None:
    from locker_world import LockerHouse

    other = LockerHouse(time_now, "Fremmed", seed=1)
    owner = client(locker, "owner")
    for path in (f"/lockers/{other.bank.pk}/", f"/api/banks/{other.bank.pk}"):
        assert owner.get(path).status_code == 404
    answer = posted(owner, "/api/deliveries", {"bank": other.bank.pk, "recipient": {"unit": "1"}})
    assert answer.status_code == 404


def test_a_bank_s_page_is_brought_up_to_date_by_the_stream(locker: Any, board: Any) -> None:
    from tools.cloud.doors import live
    from tools.cloud.models import User

    owner = client(locker, "owner")
    courier = client(locker, "courier")
    del owner, courier
    _, of = made(locker, unit="H0301")
    board.types(of.deposit, compartment=6)

    def parts(role: str, bank: int) -> dict[str, str]:
        return live._parts(live.DoorStream(User.objects.named(f"{role}@example.test"), "", "en", bank=bank))

    found = parts("owner", locker.bank.pk)
    assert found.keys() == {"bank-picture", "bank-deliveries", f"link-{locker.controller.pk}"}
    assert 'class="box M taken"' in found["bank-picture"] and "H0301" in found["bank-deliveries"]
    assert parts("courier", locker.bank.pk).keys() == {"bank-picture", f"link-{locker.controller.pk}"}
    assert parts("owner", locker.bank.pk + 1) == {}
