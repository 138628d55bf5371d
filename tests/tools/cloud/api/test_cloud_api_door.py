"""The API for who stands at a door: a card read there, commissioning; who may, and that no tenant sees another's."""

from typing import Any

import pytest
from cloud_world import House, Stopped, Wire
from test_cloud_api import Api

from firmware.controller import events
from firmware.controller.cloud import wire
from tools.cloud.models import Command, Event, Look, Role
from tools.cloud.services import clock

NUMBER = 17 << 16 | 4711


@pytest.fixture
def linked(house: House, time_now: Stopped) -> Any:
    cable = Wire(time_now)
    controller = cable.connect(house.settings).connect()
    cable.poll()
    return cable, controller


def test_a_card_is_read_and_given(house: House, linked: Any) -> None:
    api = Api(house)
    cable, controller = linked
    status, reading = api("POST", f"/people/{house.person.pk}/readings", {"door": house.doors[0].pk})
    assert (status, reading["state"], reading["command"], reading["number"]) == (201, "waiting", "queued", None)
    cable.poll()
    command = Command.objects.get(do="learn")
    controller.say(wire.packed(wire.CARD_READ, "<BBQ", 0, 26, NUMBER) + str(command.pk).encode())
    status, reading = api("GET", f"/readings/{reading['id']}")
    assert (reading["state"], reading["bits"], reading["number"], reading["holder"]) == ("read", 26, NUMBER, None)
    status, card = api("POST", f"/readings/{reading['id']}/give")
    assert (status, card["number"], card["person_id"]) == (201, NUMBER, house.person.pk)
    assert api("POST", f"/readings/{reading['id']}/give")[0] == 400
    status, reading = api("GET", f"/readings/{reading['id']}")
    assert (reading["state"], reading["number"]) == ("given", None)
    assert set(Look.objects.values_list("what", flat=True)) == {"armed", "learned", "gave"}


def test_a_card_of_somebody_names_who(house: House, linked: Any) -> None:
    api = Api(house)
    other = house.add_card("Knut", NUMBER)
    _, reading = api("POST", f"/people/{house.person.pk}/readings", {"door": house.doors[0].pk})
    linked[0].poll()
    command = Command.objects.get(do="learn")
    linked[1].say(wire.packed(wire.CARD_READ, "<BBQ", 0, 26, NUMBER) + str(command.pk).encode())
    assert api("GET", f"/readings/{reading['id']}")[1]["holder"] == other.person_id
    status, said = api("POST", f"/readings/{reading['id']}/give")
    assert status >= 400 and "Somebody else holds" in str(said)  # by whom, those see who may
    assert api("DELETE", f"/readings/{reading['id']}")[0] == 204
    assert api("GET", f"/readings/{reading['id']}")[1]["number"] is None


def test_who_gives_no_cards_reads_none(house: House) -> None:
    _, reading = Api(house)("POST", f"/people/{house.person.pk}/readings", {"door": house.doors[0].pk})
    for role in (Role.VIEWER, Role.GUARD, Role.INSTALLER):
        api = Api(house, role)
        assert api("POST", f"/people/{house.person.pk}/readings", {"door": house.doors[0].pk})[0] in (403, 404)
        for method, path in (("GET", ""), ("POST", "/give"), ("DELETE", "")):
            assert api(method, f"/readings/{reading['id']}{path}")[0] in (403, 404)
    assert Command.objects.count() == 1


def test_another_tenant_arms_and_sees_nothing(house: House, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    _, reading = Api(house)("POST", f"/people/{house.person.pk}/readings", {"door": house.doors[0].pk})
    theirs = Api(other)
    assert theirs("GET", f"/readings/{reading['id']}")[0] == 404
    assert theirs("POST", f"/people/{other.person.pk}/readings", {"door": house.doors[0].pk})[0] == 404
    assert theirs("GET", f"/controllers/{house.controller.pk}/commissioning")[0] == 404
    assert theirs("POST", f"/controllers/{house.controller.pk}/commissioning", {})[0] == 404


def test_commissioning_begins_fills_its_list_and_ends(house: House) -> None:
    api = Api(house, Role.INSTALLER)
    path = f"/controllers/{house.controller.pk}/commissioning"
    assert api("GET", path)[1]["checks"] == []
    status, command = api("POST", path, {"minutes": 30})
    assert (status, command["do"], Command.objects.get().arguments) == (202, "commission", {"minutes": 30})
    for minutes in (-1, 61, "x"):
        assert api("POST", path, {"minutes": minutes})[0] == 422
    for n, (code, door, extra) in enumerate(
        [(events.COMMISSIONING_BEGAN, 0, 30), (events.TRIED, 1, 3), (events.READER_MISREAD, 2, 26)]
    ):
        Event.objects.create(
            controller=house.controller, epoch=1, sequence=n + 1, code=code, door_number=door, extra=extra, flags=1,
            utc=clock.now(), received_at=clock.now(),
        )  # fmt: skip
    found = api("GET", path)[1]
    assert found["on"] is True
    assert [(one["door_id"], one["what"]) for one in found["checks"] if one["at"]] == [(house.doors[0].pk, "reader")]
    assert found["misread"] == {str(house.doors[1].pk): {"26": 1}}
    assert api("POST", f"{path}/alarm")[0] == 202


def test_who_installs_nothing_begins_nothing(house: House) -> None:
    path = f"/controllers/{house.controller.pk}/commissioning"
    for role in (Role.VIEWER, Role.GUARD):
        assert Api(house, role)("POST", path, {})[0] == 403
        assert Api(house, role)("POST", f"{path}/alarm")[0] == 403
    assert Command.objects.count() == 0
