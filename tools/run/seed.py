"""The demo tenant in the cloud, as the building describes it: made through the same services as any other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction

from firmware.controller.access.codes import SHORT
from sim.world.wiegand import payload
from tools import boards
from tools.cloud.controllers import brokers, mosquitto
from tools.cloud.controllers import enrol as enrolment
from tools.cloud.doors import door_rules
from tools.cloud.lockers import deliveries
from tools.cloud.lockers.about import entered
from tools.cloud.members import links, members
from tools.cloud.models import (
    AccessGroup,
    Bank,
    Controller,
    Delivery,
    Door,
    Role,
    Site,
    Tenant,
    User,
)
from tools.cloud.people import groups as access_groups
from tools.cloud.people import people as persons
from tools.cloud.sites import sites, tenants

from .controllers import BOARD
from .parcels import PUT_IN, TAKEN_OUT, Parcel

_DEMO_USER = "demo@portvakt.example"
_STEPS = {str(Delivery.State.DEPOSITED): PUT_IN, str(Delivery.State.PICKED_UP): TAKEN_OUT}


def places(described: dict[str, Any]) -> None:
    """An empty database becomes that of one tenant with one site and one administrator."""
    call_command("migrate", verbosity=0)
    tenancy(described)


def tenancy(described: dict[str, Any]) -> None:
    """The tenant, its site and its administrator, where the tables are there."""
    with transaction.atomic():
        tenant = tenants.make(described["site"])
        sites.make(tenant.pk, described["site"])
        members.invite(tenant, _DEMO_USER, Role("owner"))


def enrol(one: dict[str, Any], broker_port: int, release_ms: int) -> dict[str, Any]:
    """Enrols one controller. Returns the settings for its board, whose broker is at that loopback port."""
    board = boards.load(str(one.get("board", BOARD)))
    site = Site.objects.get()
    broker = {"host": "127.0.0.1", "port": broker_port, "user": "", "password": ""}
    names = [door["name"] for door in one["doors"]]
    wifi = {"name": "portvakt", "password": ""}
    controller, settings = enrolment.enrol(site, one["name"], board, doors=names, broker=broker, wifi=wifi)
    with transaction.atomic():
        for door in Door.objects.filter(controller=controller):
            door_rules.change(door, {"release_ms": release_ms})
    return settings


def people(described: dict[str, Any]) -> None:
    """Everyone with their card; who may pass the same doors is in the same group."""
    with transaction.atomic():
        tenant = Tenant.objects.get()
        groups: dict[tuple[str, ...], AccessGroup] = {}
        for each in described["people"]:
            person = persons.enter(tenant.pk, name=each["name"])
            card = each["card"]
            until = each.get("until")
            persons.give_card(
                person,
                card["bits"],
                payload(card["bits"], card["facility"], card["number"]),
                None if until is None else datetime.fromtimestamp(until, UTC),
            )
            doors = tuple(each["doors"])
            if doors not in groups:
                groups[doors] = _group(tenant, doors, described)
            persons.put_into(person, [groups[doors].pk])


def deliver(controller: str, recipient: str, unit: str) -> Parcel:
    """A delivery at the controller's bank, as somebody makes one on its page. Its codes are told this once."""
    bank = Bank.objects.select_related("controller__site").get(controller__public_id=controller)
    about = entered(name=recipient, unit=unit)
    made, codes = deliveries.make(bank, about, user=User.objects.get(email=_DEMO_USER))
    deposit, pick_up = (digits[:SHORT] for digits in codes)
    return Parcel(made.pk, made.number, recipient, unit, deposit, pick_up)


def ask_cloud(parcels: Sequence[Parcel]) -> bool:
    """Notes how far the cloud knows of each. Whether that is news."""
    before = [parcel.in_cloud for parcel in parcels]
    rows = dict(Delivery.objects.filter(pk__in=[one.delivery for one in parcels]).values_list("pk", "state"))
    for parcel in parcels:
        parcel.in_cloud = _STEPS.get(rows.get(parcel.delivery, ""), parcel.in_cloud)
    return before != [parcel.in_cloud for parcel in parcels]


def page_of(controller: str) -> int:
    """The number of its bank on the cloud's pages."""
    return Bank.objects.get(controller__public_id=controller).pk


def accounts(folder: Path, mqtt_url: str) -> None:
    """Every board's and the worker's, for the building's own broker."""
    mosquitto.write(folder, brokers.accounts(brokers.broker_of(mqtt_url)))


def is_online(controller: str) -> bool:
    """Whether the controller has signed in and holds what it should."""
    return Controller.objects.filter(public_id=controller, in_sync=True, confirmed_at__isnull=False).exists()


def sign_in_link() -> str:
    return links.make(User.objects.get(email=_DEMO_USER))


def _group(tenant: Tenant, doors: tuple[str, ...], described: dict[str, Any]) -> AccessGroup:
    """Named as the building has it; one that it does not know after its doors, of which there may be none."""
    names = {tuple(there): name for name, there in described.get("groups", {}).items()}
    rows = Door.objects.filter(controller__site__tenant=tenant, name__in=doors).values_list("pk", flat=True)
    name = names.get(doors) or ", ".join(doors)[:100] or "No doors"
    return access_groups.save(AccessGroup(tenant=tenant), name, {}, dict.fromkeys(rows))
