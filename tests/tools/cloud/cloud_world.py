"""A small tenant, and the cloud's ingest with a wire that the tests hold in their hands."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from fake_controller import FakeController

from tools.cloud.access_list import acl
from tools.cloud.controllers import enrol
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.lockers import banks, deliveries
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.models import AccessGroup, Bank, Controller, Credential, Delivery, Grant, Person, Site, Tenant
from tools.cloud.models.rights import ENDING
from tools.cloud.people.people import give_card
from tools.cloud.services import clock

START = 1_763_800_000.0  # Unix seconds
BOARD = {"name": "test-two-door", "psram": True, "doors": [{}, {}]}


# A bank beside them: four small compartments, two medium, two large.
BANK: dict[str, Any] = {
    "locks": {"driver": "xor", "uart": 2, "tx": 17, "rx": 16, "addresses": [1], "locks": 8, "sensor": 1},
    "supply_ma": 2000,
    "coil_ma": 500,
    "sizes": "SSSSMMLL",
    "keypad": {"d0": 32, "d1": 33, "light": 23, "sound": 27, "cards": 1},
}


class Stopped:
    """A clock that moves when told to."""

    def __init__(self, now: float = START):
        self.now = now

    def __deepcopy__(self, memo: Any) -> "Stopped":
        return self  # there is one

    def __call__(self) -> float:
        return self.now


def counted_bytes(seed: int = 0) -> Callable[[int], bytes]:
    """A source of bytes that is different every time and the same in every run."""
    count = seed

    def take(n: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(8, "big").rjust(n, b"\xa5")[-n:]

    return take


def ends(role: str) -> dict[str, Any]:
    """What a membership needs beside its role: who is let in for days only has an end."""
    return {"until": clock.now() + timedelta(days=1)} if role in ENDING else {}


class House:
    """Doors 1 and 2 of one controller in the group "alle"; Ingrid may pass both with card 26/1204."""

    def __init__(self, name: str, time_now: Stopped, seed: int = 0, tenant: Tenant | None = None, card: int = 1204):
        """tenant: the house is another one of it."""
        self.time = time_now
        self.tenant = tenant or Tenant.objects.create(name=name)
        self.site = Site.objects.create(tenant=self.tenant, name="Borettslag")
        self.controller, self.settings = enrol.enrol(
            self.site, "Oppgang A", BOARD, doors=["Hovedinngang", "Postrom"], urandom=counted_bytes(seed << 32)
        )
        self.doors = list(self.controller.doors.all())
        self.group = AccessGroup.objects.create(tenant=self.tenant, name="alle")
        self.group.doors.set(self.doors)
        self.person = self.add_person("Ingrid Solheim")
        self.card = give_card(self.person, 26, card)

    @classmethod
    def again(cls, name: str, time_now: Stopped) -> "House":
        """As House(name, time_now), for a database without any: what the services wrote the first time is put there.

        Most tests begin with one: made anew each time it would be a third of their time.
        """
        if name not in _MADE:
            made = cls(name, Stopped(time_now.now))
            _MADE[name] = made.time.now, made, _rows()
            made.time = time_now
            return copy.deepcopy(made)
        at, made, rows = _MADE[name]
        if at != time_now.now or Tenant.objects.exists():
            return cls(name, time_now)
        with connection.cursor() as cursor:
            for insert, values in rows:
                cursor.execute(insert, values)
        made.time = time_now
        return copy.deepcopy(made)

    def add_person(self, name: str, group: AccessGroup | None = None) -> Person:
        person = Person.objects.create(tenant=self.tenant, name=name)
        Grant.objects.create(person=person, group=group or self.group)
        return person

    def add_card(self, name: str, number: int) -> Credential:
        return give_card(self.add_person(name), 26, number)

    def add_cards(self, count: int) -> None:
        """Many cards at once, as an import would."""
        Credential.objects.bulk_create(
            Credential(tenant=self.tenant, person=self.person, bits=34, number=number) for number in range(count)
        )
        acl.refresh(self.tenant.pk, clock.now())

    def add_bank(self, **about: str) -> tuple[Bank, Delivery]:
        """A bank at the controller, its stock filled, with a delivery that was not deposited yet."""
        self.controller.board = {**self.controller.board, "bank": BANK}
        self.controller.save(update_fields=["board"])
        bank = banks.make(self.controller, counted_bytes(self.controller.pk << 40))
        bank.keep_numbers(bank.wanted_numbers(), bank.wanted_numbers())
        said = {"name": "Ingrid Solheim", "email": "ingrid@example.test", **about}
        return bank, deliveries.make(bank, as_entered(**said))[0]

    def another_bank(self, seed: int = 0, **named: str) -> Bank:
        """A second one of the same site, its stock filled."""
        board = {**BOARD, "bank": BANK}
        name = named.get("name", "Vestibylen")
        made, _ = enrol.enrol(self.site, name, board, doors=[], urandom=counted_bytes((seed + 11) << 32))
        made.bank.keep_numbers(made.bank.wanted_numbers(), made.bank.wanted_numbers())
        return made.bank

    def fetched(self, bank: Bank, **about: str) -> Delivery:
        """A delivery that was picked up."""
        row, _ = deliveries.make(bank, as_entered(**{"unit": "H0303", **about}))
        Delivery.objects.filter(pk=row.pk).update(state="picked up", compartment=3, ended_at=clock.now())
        row.refresh_from_db()
        return row

    def row(self) -> Controller:
        return Controller.objects.get(pk=self.controller.pk)


# By name: when it was made, the house, and its rows as they are inserted.
_MADE: dict[str, tuple[float, House, list[tuple[str, list[Any]]]]] = {}


def _rows() -> list[tuple[str, list[Any]]]:
    """Everything that is in the tables now, as one INSERT with its values for each of them."""
    found = []
    for model in apps.get_app_config("cloud").get_models(include_auto_created=True):
        names = ", ".join(f'"{one.column}"' for one in model._meta.concrete_fields if not one.generated)
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}" ORDER BY 1')
            rows = cursor.fetchall()
        if rows:
            places = ", ".join(f"({', '.join(['%s'] * len(row))})" for row in rows)
            values = [value for row in rows for value in row]
            found.append((f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES {places}', values))
    return found


class Wire:
    """An ingest and the controllers at the other end. Delivers at once, unless told to hold messages."""

    def __init__(self, time_now: Stopped):
        self.time = time_now
        self.controllers: dict[str, FakeController] = {}
        self.down: list[tuple[str, bytes]] = []  # everything the ingest published
        self.holding = False
        self.ingest = self.new_ingest()

    def new_ingest(self, seed: int = 7) -> Ingest:
        return Ingest(self._publish, self.time, counted_bytes(seed << 40))

    def connect(self, settings: dict[str, Any], epoch: int = 5) -> FakeController:
        controller = FakeController(settings, self.up, counted_bytes(len(self.controllers) << 48 | 1), epoch)
        self.controllers[controller.id] = controller
        return controller

    def up(self, topic: str, payload: bytes) -> None:
        self.ingest.on_message(topic, payload)

    def _publish(self, topic: str, payload: bytes) -> None:
        self.down.append((topic, payload))
        controller = self.controllers.get(topic.split("/")[1])
        if controller is not None and not self.holding:
            controller.receive(payload)

    def poll(self, seconds: float = 0.1) -> None:
        self.time.now += seconds
        self.ingest.poll()
