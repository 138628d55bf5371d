"""Enrolment: a controller comes to be, and the settings that go onto its board. They are told once."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from tools import written_settings

from ..audit import changes
from ..lockers import banks, layout
from ..models import Controller, Door, DoorRules, GroupDoor, Membership, Site
from ..services import clock, entered, propagate
from ..services.refusal import Refusal
from . import brokers

RELEASE_MS = 5000
HELD_MS = 30000
NAME = 100  # characters
MOST_BOARD = 8_192  # characters of its table; those in boards/ have some 1,000
MOST_DOORS = 16  # each takes four pins; of an ESP32 and its expanders


def enrol(
    site: Site,
    name: str,
    board: Mapping[str, Any],
    *,
    doors: Sequence[str] = (),
    broker: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    wifi: Mapping[str, str] | None = None,
    replaces: Controller | None = None,
    urandom: Callable[[int], bytes] = os.urandom,
) -> tuple[Controller, dict[str, Any]]:
    """The new controller and the settings.json for its board. Its secrets are told here and nowhere else.

    doors: their names, in the order of the board; missing ones are numbered. broker: as the board reaches it,
    or several in order of preference.
    replaces: a lost controller whose doors this one takes over, with their names, settings and groups.
    """
    places = board.get("doors")
    if not isinstance(places, list) or not 1 <= len(places) <= MOST_DOORS:
        raise Refusal('board.json must list 1 to %(most)d doors under "doors"; a board has no more', most=MOST_DOORS)
    if not all(isinstance(place, dict) for place in places) or len(json.dumps(board)) > MOST_BOARD:
        raise Refusal("board.json must be of objects, %(most)d characters at most; correct it", most=MOST_BOARD)
    entered.lines(dict(board))
    if "bank" in board:
        layout.read(board)
    if len(doors) > len(places):
        raise Refusal("the board has %(n)d doors, %(names)d names were given", n=len(places), names=len(doors))
    if any(len(door) > NAME for door in (name, *doors)):
        raise Refusal("a name has at most %(most)d characters; shorten it", most=NAME)
    several: Sequence[Mapping[str, Any]]
    if broker is None:
        several = brokers.brokers_of(settings.BOARD_BROKERS)
    else:
        several = [broker] if isinstance(broker, Mapping) else broker
    # Whatever needs no database first: everybody else's writes wait for the transaction.
    link_secret, table_key = urandom(32), urandom(32)
    controller = Controller(
        site=site,
        name=name,
        public_id=urandom(8).hex(),
        link_secret=link_secret,
        table_key=table_key,
        broker_key=urandom(32),
        board=dict(board),
        enrolled_at=clock.now(),
    )
    made = {
        "controller": controller.public_id,
        "link_secret": link_secret.hex(),
        "table_key": table_key.hex(),
        **brokers.settings_of(controller, several, clock.now().timestamp()),
        "wifi": dict(wifi if wifi is not None else {"name": "", "password": ""}),
    }
    _check(made)
    try:
        with changes.of(controller):
            controller.save(force_insert=True)
            _make_doors(controller, doors, replaces)
            if "bank" in controller.board:
                banks.make(controller, urandom)
    except IntegrityError:
        if not Controller.objects.filter(site=site, name=name).exists():
            raise
        raise Refusal(
            "%(site)s has a controller named %(name)s already; choose another name", site=site.name, name=name
        ) from None
    controller.refresh_from_db()
    return controller, made


def _check(made: Mapping[str, Any]) -> None:
    """What the installer would refuse is said before there is a controller. The Wi-Fi may be named later, by hand."""
    faults = written_settings.faults(made)
    if made["wifi"].get("name") == "":
        faults = [fault for fault in faults if not fault.startswith("wifi.name: ")]
    if faults:
        raise Refusal("the board would not take these settings (%(faults)s); correct them", faults="; ".join(faults))


def _make_doors(controller: Controller, names: Sequence[str], lost: Controller | None) -> None:
    """In a few statements, however many doors. A name that was given for a door stays."""
    made = {
        number: Door(
            controller=controller,
            number=number,
            name=f"{controller.name[: NAME - 4]} {number}",
            release_ms=RELEASE_MS,
            held_ms=HELD_MS,
        )
        for number in range(1, len(controller.board["doors"]) + 1)
    }
    before = {} if lost is None else _doors_of(lost, controller)
    for number, old in before.items():
        if number not in made:
            raise Refusal("%(name)s had more doors than this board; choose a bigger board", name=old.controller.name)
        for field in ("name", *Door.SETTINGS):
            setattr(made[number], field, getattr(old, field))
    for number, name in enumerate(names, 1):
        made[number].name = name or made[number].name
    Door.objects.bulk_create(made.values())
    if lost is not None:
        _take_over(controller, made, before, lost)
    propagate.rules_of([controller.pk])


def _doors_of(lost: Controller, controller: Controller) -> dict[int, Door]:
    if lost.lost_at is None or lost.site_id != controller.site_id:
        raise Refusal("%(name)s is not a lost controller of this site; give it up as lost first", name=lost.name)
    banks.check_emptied(lost)
    return {door.number: door for door in lost.doors.select_related("controller", "rules")}


def _take_over(controller: Controller, made: Mapping[int, Door], before: Mapping[int, Door], lost: Controller) -> None:
    """The doors of a lost controller go on at a new one, with what they ask for and who may pass when."""
    asks = {number: door.rules for number, door in before.items() if hasattr(door, "rules")}
    for number, asked in asks.items():
        asked.door = made[number]
    DoorRules.objects.bulk_create(asks.values())
    new = {old.pk: made[number] for number, old in before.items()}
    places = list(GroupDoor.objects.filter(door__in=new))
    for place in places:
        place.door = new[place.door_id]
    GroupDoor.objects.bulk_update(places, ["door"])
    for bound in Membership.objects.filter(doors__in=new).distinct():
        with changes.of(bound):
            bound.doors.add(*(door for old, door in new.items() if bound.doors.filter(pk=old).exists()))
            bound.doors.remove(*new)
    propagate.access_at(controller.site.tenant_id, [controller.pk])
    with changes.of(lost):
        Controller.objects.filter(pk=lost.pk).update(replaced_by=controller)
