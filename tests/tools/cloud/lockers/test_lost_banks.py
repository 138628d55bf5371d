"""A bank whose board is lost: nothing is deposited any more, what lies there stays in sight until it is taken out."""

from typing import Any

import pytest
from locker_world import BOARD, made
from test_couriers import hooked, sent, shipment
from test_locker_pages import client

from tools.cloud.controllers import enrol, lost
from tools.cloud.lockers import sending
from tools.cloud.models import Controller, Notice, WebhookCall
from tools.cloud.services import clock
from tools.terminal import Problem


def test_a_new_board_takes_over_only_an_empty_bank(locker: Any, board: Any) -> None:
    lying, of = made(locker)
    board.types(of.deposit, compartment=3)
    coming, _ = made(locker)
    secret = bytes(type(locker.bank).objects.get().delivery_secret)
    lost.lost(locker.controller, None)
    coming.refresh_from_db()
    assert coming.state == "cancelled"
    assert bytes(type(locker.bank).objects.get().delivery_secret) != secret
    old = Controller.objects.get(pk=locker.controller.pk)
    with pytest.raises(Problem, match="parcels lie in Pakkeboks, in compartments 3;"):
        enrol.enrol(locker.site, "Ny", BOARD, replaces=old)
    assert Controller.objects.count() == 1
    owner = client(locker, "owner")
    assert b"Reported lost" in owner.get("/lockers/").content
    assert b"nothing opens by code" in owner.get(f"/lockers/{locker.bank.pk}/").content
    assert b"It has been taken out" in owner.get(f"/deliveries/{lying.pk}/").content
    assert owner.post(f"/deliveries/{lying.pk}/take-back").status_code == 302
    lying.refresh_from_db()
    assert lying.state == "returned"
    assert owner.get(f"/lockers/{locker.bank.pk}/").status_code == 404
    new, _ = enrol.enrol(locker.site, "Ny", BOARD, replaces=old)
    assert new.bank.compartments.count() == 8


def test_nothing_is_made_for_a_bank_that_is_lost(locker: Any, board: Any) -> None:
    lost.lost(locker.controller, None)
    locker.controller.refresh_from_db()
    with pytest.raises(Problem, match="was reported lost"):
        made(locker)


def test_couriers_hear_what_becomes_of_their_shipments_at_a_lost_bank(locker: Any, board: Any) -> None:
    posten, _ = hooked(locker)
    sent(posten, "/api/shipments", shipment(locker, "coming"))
    lies = sent(posten, "/api/shipments", shipment(locker, "lies")).json()
    board.types(lies["deposit_code"], compartment=5)
    WebhookCall.objects.all().delete()
    lost.lost(locker.controller, None)
    answer = client(locker, "owner").post(f"/api/deliveries/{lies['id']}/take-back")
    assert answer.json() == {"pick_up_code": ""}, "no code that never was"
    told = WebhookCall.objects.values_list("delivery__reference", "kind")
    assert sorted(told) == [("coming", "cancelled"), ("lies", "returned")]


def test_nobody_is_told_a_code_of_a_bank_that_is_lost(locker: Any, board: Any) -> None:
    """Its secret is another one since: a code made of it was never one."""
    _, of = made(locker)
    board.types(of.deposit, compartment=5)
    lost.lost(locker.controller, None)
    told: list[Any] = []
    assert sending.once(lambda *said: told.append(said), clock.now()) == 0
    assert not told and Notice.objects.get().why == "the board of its bank was reported lost"
