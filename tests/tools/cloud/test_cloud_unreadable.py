"""One secret that cannot be read keeps nobody else from anything: what needs it waits, all else is done."""

from typing import Any

import pytest
from cloud_world import BOARD, House, counted_bytes

from tools.cloud.access_list import acl
from tools.cloud.controllers import enrol
from tools.cloud.controllers.troubles import Troubles
from tools.cloud.models import AclEntry, Alarm, Controller, Credential, Door, DoorRules, Grant
from tools.cloud.people import groups, people, pins
from tools.cloud.sealing import Unreadable
from tools.cloud.services import clock

BROKEN = b"\x01" + bytes(40)


@pytest.fixture
def home(house: House) -> House:
    """Ingrid has a card and a PIN, either of which opens the first door, and both together the second."""
    DoorRules.objects.create(door=house.doors[0], who=[["card/pin", None]])
    DoorRules.objects.create(door=house.doors[1], who=[["card+pin", None]])
    house.pin, _ = pins.give(house.person)  # type: ignore[attr-defined]
    return house


def held(house: House) -> dict[int, int]:
    """{credential: how many records of it the controller holds}"""
    found: dict[int, int] = {}
    for credential in AclEntry.objects.filter(controller=house.controller).values_list("credential", flat=True):
        found[credential] = found.get(credential, 0) + 1
    return found


def spoil(row: Any, field: str) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**{field: BROKEN})
    if field == "table_key":  # as it lies in the database: not sealed once more
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("UPDATE cloud_controller SET table_key = %s WHERE id = %s", [BROKEN, row.pk])


def test_a_pin_that_cannot_be_read_keeps_nobody_from_their_card(home: House) -> None:
    before = held(home)
    assert before == {home.card.pk: 2, home.pin.pk: 1}  # the card alone, the pair, the PIN alone
    spoil(home.pin, "sealed")
    with pytest.raises(Unreadable):
        pins.digits(Credential.objects.get(pk=home.pin.pk).sealed)
    new = home.add_card("Per", 77)
    assert held(home) == before | {new.pk: 1}, "what is held of it stays"
    acl.refresh(home.tenant.pk, clock.now())
    assert held(home) == before | {new.pk: 1}
    people.revoke(home.card)
    assert held(home) == {home.pin.pk: 1, new.pk: 1}, "the card is gone, and what it was with the PIN"
    groups.save(home.group, home.group.name, {}, {home.doors[1].pk: None})
    assert held(home) == {new.pk: 1}, "no door asks for the PIN alone"


def test_its_right_still_ends(home: House) -> None:
    spoil(home.pin, "sealed")
    Grant.objects.get(person=home.person).delete()
    assert held(home) == {}


def test_a_new_right_that_needs_it_waits_and_is_told(home: House) -> None:
    spoil(home.pin, "sealed")
    other, _ = enrol.enrol(home.site, "Oppgang B", BOARD, doors=["Bod", "Loft"], urandom=counted_bytes(9 << 32))
    door = Door.objects.filter(controller=other).first()
    DoorRules.objects.create(door=door, who=[["card/pin", None]])
    groups.save(home.group, home.group.name, {}, {home.doors[0].pk: None, door.pk: None})
    assert [one.credential_id for one in AclEntry.objects.filter(controller=other)] == [home.card.pk]
    troubles = Troubles()
    acl.refresh_due(clock.now(), troubles)
    assert {one.controller_id for one in Alarm.objects.filter(kind="trouble", ended_at=None)} == {
        other.pk, home.controller.pk
    }  # fmt: skip
    pins.give(home.person)
    home.time.now += 60
    acl.refresh_due(clock.now(), troubles)
    assert not Alarm.objects.filter(kind="trouble", ended_at=None).exists()
    assert AclEntry.objects.filter(controller=other).count() == 2


def test_a_boards_key_that_cannot_be_read_keeps_no_other_board_from_anything(home: House) -> None:
    other, _ = enrol.enrol(home.site, "Oppgang B", BOARD, doors=["Bod", "Loft"], urandom=counted_bytes(9 << 32))
    door = Door.objects.filter(controller=other).first()
    groups.save(home.group, home.group.name, {}, {home.doors[0].pk: None, door.pk: None})
    before = held(home)
    spoil(home.controller, "table_key")
    with pytest.raises(Unreadable):
        bytes(Controller.objects.get(pk=home.controller.pk).table_key)
    new = home.add_card("Per", 77)
    assert AclEntry.objects.filter(controller=other, credential=new).exists()
    assert held(home) == before
    people.revoke(home.card)
    assert home.card.pk not in held(home)
    assert not AclEntry.objects.filter(controller=other, credential=home.card).exists()
    acl.refresh_due(clock.now(), Troubles())
    [alarm] = Alarm.objects.filter(kind="trouble", ended_at=None)
    assert alarm.controller_id == home.controller.pk and "cannot be read" in alarm.said["text"]
