"""A bank whose board is lost: nothing is deposited any more, what lies there stays in sight until it is taken out."""

from typing import Any

import pytest
from locker_world import BOARD, made
from test_locker_pages import client

from tools.cloud.controllers import enrol, lost
from tools.cloud.models import Controller
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
