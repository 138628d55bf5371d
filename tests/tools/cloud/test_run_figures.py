"""A figure of `make run` that comes from the database: messages refused, by either end."""

from cloud_world import House

from firmware.controller import events
from tools.cloud.models import Controller, Event
from tools.cloud.services import clock
from tools.run.figures import stored


def test_what_either_end_refused_is_counted_and_what_a_cut_link_leaves_behind_is_not(house: House) -> None:
    name = house.controller.public_id
    assert stored(name, {}).refused == 0
    Event.objects.create(
        controller=house.controller, epoch=1, sequence=1, code=events.MESSAGE_REFUSED, door_number=0, extra=2, flags=1,
        utc=clock.now(), received_at=clock.now(),
    )  # fmt: skip
    Controller.objects.update(refused={"session": 5, "tag": 1})
    assert stored(name, {}).refused == 3
