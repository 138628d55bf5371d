"""A neighbour whose rows have the same numbers: whatever is done for one house, the other's rows stay as they are.

Each act is done once alone and once beside the neighbour, with the same result. Where a query forgets whose rows it
means, one of the two shows it.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped, counted_bytes
from django.apps import apps
from django.db import transaction
from django.db.models import F
from photographs import photograph

from firmware.controller import events as codes
from tools.cloud import models
from tools.cloud.access_list import acl, grants, history
from tools.cloud.alarms import alarms
from tools.cloud.breaches import breaches
from tools.cloud.commissioning import commissioning
from tools.cloud.controllers import lost, rotation, twins
from tools.cloud.doors import commands, door_rules
from tools.cloud.help import requests as help_requests
from tools.cloud.ingest import store
from tools.cloud.lockers import about, couriers, deliveries, happened, notices, overdue, stock
from tools.cloud.log import chain, retention
from tools.cloud.members import links, members
from tools.cloud.models import Alarm, Command, Delivery, DoorRules, Event, Gap, LogKey, Role, Schedule, Tenant, User
from tools.cloud.partners import feed, partners
from tools.cloud.people import births, groups, people, pictures, pins
from tools.cloud.privacy import requests, statement
from tools.cloud.rules import area_occupancy, faults, holidays, hours, rules
from tools.cloud.services import clock
from tools.cloud.webhooks import hooks
from tools.terminal import Problem

EPOCH = 5
Rows = dict[str, list[dict[str, Any]]]  # by model


class Furnished(House):
    """A house with one of everything that a query could take for another's."""

    def __init__(self, name: str, time_now: Stopped, seed: int) -> None:
        super().__init__(name, time_now, seed)
        now = clock.now()
        self.schedule = Schedule.objects.create(
            tenant=self.tenant, name=f"dag i {name}", number=7, times=[[31, 480, 960]]
        )
        holidays.add(self.tenant.pk, "fri", date(2026, 12, 24))
        models.Holiday.objects.create(tenant=self.tenant, name="gammel", first=date(2001, 1, 1), last=date(2001, 1, 1))
        self.area = models.Area.objects.create(site=self.site, number=1, name=f"gården i {name}")
        DoorRules.objects.create(door=self.doors[0], leads_to=self.area, free=self.schedule)
        groups.save(self.group, self.group.name, {}, {self.doors[0].pk: None, self.doors[1].pk: self.schedule.pk})
        self.owner = User.objects.named(f"owner@{name.lower()}.test")
        self.membership = members.invite(self.tenant, self.owner.email, Role.OWNER)
        links.make_token(self.tenant, "program", Role.VIEWER, self.owner)
        links.make(self.owner)
        pins.give(self.person, digits="831274")
        for number, code in enumerate((codes.STARTED, codes.DOOR_FORCED, codes.COMMISSIONING_BEGAN), 1):
            Event.objects.create(
                controller=self.controller, epoch=EPOCH, sequence=number, utc=now, code=code,
                door_number=code == codes.DOOR_FORCED, extra=15, flags=codes.TIME_TRUSTED, received_at=now,
            )  # fmt: skip
        chain.alarm(self.controller.pk, chain.ALTERED, now)
        LogKey.objects.create(controller=self.controller, epoch=EPOCH, sequence=1, key=bytes(16))
        Gap.objects.create(controller=self.controller, epoch=EPOCH, first=9, last=11, noticed_at=now)
        self.alarms = [
            Alarm.objects.create(controller=self.controller, raised_at=now, **fields)
            for fields in (
                {"kind": Alarm.Kind.EVENT, "code": codes.DOOR_FORCED, "door_number": 1},
                {"kind": Alarm.Kind.TWINS},
            )
        ]
        self.command = commands.release(self.doors[0], None)
        self.bank, self.delivery = self.add_bank()
        token = models.ApiToken.objects.get(tenant=self.tenant)
        hooks.put(token, "https://courier.example.test/")
        models.Delivery.objects.filter(pk=self.delivery.pk).update(token=token)
        self.delivery.refresh_from_db()
        notices.make(self.delivery, models.Notice.Kind.DEPOSITED, now)
        couriers.tell(self.delivery, "deposited", now, now)
        models.Allotment.objects.create(bank=self.bank, compartment=3, mark=7, person=self.person, made_at=now)
        self._others(now)
        acl.refresh(self.tenant.pk, now)

    def _others(self, now: datetime) -> None:
        """Who is not a member: residents, partners, a directory."""
        models.ResidentPolicy.objects.create(tenant=self.tenant)
        models.HelpPolicy.objects.create(tenant=self.tenant)
        births.change(self.person, date(1984, 2, 29), "", None)
        pictures.give(self.person, photograph())
        asked = help_requests.write(self.owner, self.tenant, self.person, "fault", "Døren går ikke opp")
        models.HelpLetter.objects.create(message=asked.messages.get(), made_at=now, next_at=now)
        partners.make(self.tenant, "Renhold", self.doors, list(models.Partner.Scope), self.owner)
        partner = models.Partner.objects.get(token__tenant=self.tenant)
        feed.put(partner, "https://partner.example.test/")
        models.PartnerCall.objects.create(partner=partner, hour=now, what="log")
        models.ScimToken.objects.create(tenant=self.tenant, name="katalog", hash=self.tenant.name)
        models.ScimUser.objects.create(tenant=self.tenant, person=self.person, user_name="ingrid", user_key="ingrid")
        models.ScimGroup.objects.create(tenant=self.tenant, group=self.group)
        told = requests.enter(self.person, requests.Kind.ERASURE, requests.Way.OFFICE)
        models.ErasedAt.objects.create(request=told, controller=self.controller, version=1, keys=b"")
        models.Erased.objects.create(tenant=self.tenant, number=4_000_000, at=now)
        end = now + timedelta(days=7)
        copy_ = {"person": self.person, "request": told, "hash": self.tenant.name, "content": b"PK"}
        models.DataCopy.objects.create(**copy_, made_at=now, expires_at=end)
        statement.renew(self.tenant, now)
        day = timedelta(days=1)
        breach = breaches.open_one(self.tenant, "controller", now - day, None, now, "innbrudd", self.controller)
        breaches.keep_notice(breach, "people", "nb", "Til alle")


def rows_of(tenant: Tenant) -> Rows:
    """Everything that belongs to a tenant."""
    owned = [model for model in apps.get_models() if hasattr(model, "TENANT_PATH")]
    rows = {model.__name__: model.objects.of(tenant.pk).order_by("pk").values() for model in owned}
    return {
        name: [{field: _plain(value) for field, value in row.items()} for row in found] for name, found in rows.items()
    }


def _plain(value: Any) -> Any:
    """What is sealed is compared by what is in it."""
    return bytes(value) if hasattr(value, "__bytes__") else value


ACTS: dict[str, Callable[[House], Any]] = {}


def act(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    ACTS[work.__name__] = work
    return work


@act
def rules_are_made(house: Furnished) -> Any:
    rules.refresh_tenant(house.tenant.pk)
    return rules.content(house.controller.pk)


@act
def rights_are_made_anew(house: Furnished) -> Any:
    for place in house.group.places.all():
        place.delete()
    return acl.refresh(house.tenant.pk, clock.now()), house.row().acl_version


@act
def the_rights_of_one_person(house: Furnished) -> Any:
    house.person.grants.get().delete()
    return house.row().acl_version, history.prune(house.controller.pk), rules.prune(house.controller.pk)


@act
def what_is_asked_and_granted(house: Furnished) -> Any:
    asked = len(grants.asks(house.tenant.pk))
    return asked, [door.number for door in house.doors if pins.with_pin(house.tenant.pk, door.pk, clock.now())]


@act
def a_delivery_is_made_and_cancelled(house: Furnished) -> Any:
    made, codes_ = deliveries.make(house.bank, about.entered(unit="H0301"))
    deliveries.cancel(made, None)
    return made.state, len(codes_.deposit), len(stock.missing(house.controller.pk, 24))


@act
def a_delivery_is_deposited_and_picked_up(house: Furnished) -> Any:
    key = house.delivery.number.to_bytes(7, "little")
    for n, code in enumerate((codes.DELIVERY_DEPOSITED, codes.DELIVERY_PICKED_UP, codes.COMPARTMENT_STUCK), 50):
        event = Event.objects.create(
            controller=house.controller, epoch=EPOCH, sequence=n, code=code, door_number=0, compartment=5, extra=1,
            flags=codes.TIME_TRUSTED, received_at=clock.now(), key=key,
        )  # fmt: skip
        happened.take(house.controller.pk, [event])
    return Delivery.objects.of(house.tenant).values_list("state", flat=True)[0]


@act
def deliveries_become_overdue(house: Furnished) -> Any:
    now = clock.now()
    models.Delivery.objects.of(house.tenant).update(state="deposited", deposited_at=now, due_at=now)
    return overdue.tidy(now)


@act
def another_length_of_pins(house: Furnished) -> Any:
    for pin in house.person.credentials.filter(kind="pin"):
        people.revoke(pin)
    pins.set_length(house.tenant, 8)
    return house.tenant.pin_digits


@act
def rules_that_the_board_refuses(house: Furnished) -> Any:
    models.Door.objects.filter(pk=house.doors[0].pk).update(name="Gårdsdøra")
    found = []
    for fault in (
        "schedules.7.times: must be 0 to 9",
        "areas.1.limit: must be 1 to 9",
        "doors.1.release: must be 1 to 9",
    ):
        mine = models.Controller.objects.filter(pk=house.controller.pk)
        mine.update(rules_fault=fault, rules_refused=F("rules_version"), held_rules_version=0)
        found.append(faults.of(house.row(), people=True))
    return found


@act
def holidays_of_a_year(house: Furnished) -> Any:
    return holidays.fill(house.tenant.pk, 2026), len(hours.holidays(house.tenant.pk))


@act
def a_door_with_rules_of_the_others(house: Furnished) -> Any:
    found = []
    theirs = {
        "free_id": Schedule.objects.exclude(tenant=house.tenant),
        "leads_to_id": models.Area.objects.exclude(site=house.site),
    }
    for field, rows in theirs.items():
        with pytest.raises(Problem), transaction.atomic():
            door_rules.change(house.doors[1], {field: (rows.values_list("pk", flat=True).first() or 999_999)})
        found.append(field)
    return found


@act
def an_emergency(house: Furnished) -> Any:
    return [command.state for command in commands.emergency(house.site, "lockdown", None)]


@act
def as_many_commands_as_fit(house: Furnished) -> Any:
    return [commands.release(house.doors[0], None).state for _ in range(9)]


@act
def the_answer_to_a_command_of_the_others(house: Furnished) -> Any:
    from firmware.controller.cloud import wire
    from firmware.controller.cloud.channel import Refused

    Command.objects.update(state=Command.State.SENT)
    theirs = Command.objects.exclude(controller=house.controller).values_list("pk", flat=True).first() or 999_999
    with pytest.raises(Refused, match="unexpected"):
        store.result(house.controller.pk, wire.json_message(wire.RESULT, {"id": theirs, "result": "done"}), clock.now())


@act
def a_controller_is_given_up(house: Furnished) -> Any:
    return lost.lost(house.controller, None), len(lost.to_replace(house.controller))


@act
def a_secret_is_to_change(house: Furnished) -> Any:
    return rotation.begin(house.controller.pk, counted_bytes()), rotation.begin(house.controller.pk, counted_bytes())


@act
def an_alarm_is_acknowledged(house: Furnished) -> Any:
    return [alarms.acknowledge(one, house.owner, clock.now()) for one in reversed(house.alarms)]


@act
def another_log_and_back(house: Furnished) -> Any:
    Alarm.objects.of(house.tenant.pk).update(acknowledged_at=clock.now())
    for epoch in (EPOCH, EPOCH + 1, EPOCH):
        twins.look(house.controller.pk, epoch, clock.now())
        models.Controller.objects.filter(pk=house.controller.pk).update(log_epoch=epoch)
    return twins.stands(house.controller.pk), [store._acked(house.controller.pk, epoch) for epoch in (EPOCH + 2, EPOCH)]


@act
def the_chain_is_walked(house: Furnished) -> Any:
    chain.keep_key(house.controller.pk, EPOCH, 1, bytes(range(16)))
    chain.alarm(house.controller.pk, chain.ALTERED, clock.now())
    walk = chain.ChainWalk()
    return [(fault.epoch, fault.sequence, fault.what) for fault in chain.verify(house.row(), walk)], walk


@act
def what_is_old_is_erased(house: Furnished) -> Any:
    house.time.now += timedelta(days=91).total_seconds()
    Tenant._base_manager.exclude(pk=house.tenant.pk).update(retention_days=3650, retention_reason="x")  # not on record
    house.controller.refresh_from_db()
    return retention._erase_of(house.row(), clock.now())


@act
def where_people_are(house: Furnished) -> Any:
    between = area_occupancy.passages(house.site.pk)
    return sorted((number, to) for (_, number), to in between.items()), len(area_occupancy.shared(between))


@act
def what_was_commissioned(house: Furnished) -> Any:
    last = commissioning.last(house.controller, clock.now())
    return last is not None and (last.on, last.begun, last.done)


@act
def a_member_is_no_longer_an_owner(house: Furnished) -> Any:
    with pytest.raises(Problem, match="no owner"):
        members.set_role(house.membership, Role.VIEWER)
    other = members.invite(house.tenant, f"second@{house.tenant.name.lower()}.test", Role.OWNER)
    members.set_role(house.membership, Role.VIEWER)
    members.end(house.membership)
    return other.role, models.ApiToken.objects.filter(tenant=house.tenant, revoked_at=None).count()


@act
def a_group_with_doors_and_schedules_of_the_others(house: Furnished) -> Any:
    door = models.Door.objects.exclude(controller=house.controller).values_list("pk", flat=True).first() or 999_999
    hours_ = Schedule.objects.exclude(tenant=house.tenant).values_list("pk", flat=True).first() or 999_999
    for wanted in ({door: None}, {house.doors[0].pk: hours_}):
        with pytest.raises(Problem), transaction.atomic():
            groups.save(house.group, house.group.name, {}, wanted)


@contextmanager
def _kept_until_the_end(work: Callable[[Stopped], Any]) -> Iterator[Any]:
    """What work makes in the database, for tests that each take back what they do there."""
    stopped = Stopped()
    before, clock.source = clock.source, stopped
    try:
        with transaction.atomic():
            yield work(stopped)
            transaction.set_rollback(True)
    finally:
        clock.source = before


@pytest.fixture(scope="module")
def alone(made_database: None) -> dict[str, Any]:
    """What each act gives in a house that has no neighbours."""
    found = {}
    with _kept_until_the_end(lambda stopped: Furnished("Solsiden", stopped, 1)) as house:
        begin = house.time.now
        for name, act in ACTS.items():
            with transaction.atomic():
                found[name] = act(copy.deepcopy(house))
                transaction.set_rollback(True)
            house.time.now = begin
    return found


@pytest.fixture(scope="module")
def street(alone: dict[str, Any]) -> Iterator[tuple[Furnished, list[tuple[Furnished, Rows]]]]:
    """The same house between two neighbours, and what they have. The acts in the house alone are over by now."""

    def build(stopped: Stopped) -> list[Furnished]:
        return [Furnished(name, stopped, seed) for name, seed in (("Nabo", 2), ("Solsiden", 1), ("Etterpå", 3))]

    with _kept_until_the_end(build) as (before, house, after):
        yield house, [(one, rows_of(one.tenant)) for one in (before, after)]


@pytest.mark.parametrize("name", ACTS)
def test_a_neighbour_with_the_same_numbers_is_left_alone_and_changes_nothing(
    name: str, alone: dict[str, Any], street: Any, time_now: Stopped
) -> None:
    house, neighbours = copy.deepcopy(street[0]), street[1]
    house.time = time_now
    kept = {"Command"} if name == "the_answer_to_a_command_of_the_others" else set()
    kept |= {"Tenant"} if name == "what_is_old_is_erased" else set()
    assert ACTS[name](house) == alone[name]
    for one, was in neighbours:
        now = rows_of(one.tenant)
        assert [one for one in _changes(was, now) if one[0] not in kept] == []


def _changes(was: Rows, now: Rows) -> list[tuple[str, str, Any, Any]]:
    """(model, field, as it was, as it is) of all that differs."""
    found = []
    for model in was:
        assert len(was[model]) == len(now[model]), model
        for before, after in zip(was[model], now[model], strict=True):
            found += [(model, name, before[name], after[name]) for name in before if before[name] != after[name]]
    return found


def test_each_furnished_house_has_something_in_every_room(street: Any) -> None:
    empty = {model for model, rows in rows_of(street[0].tenant).items() if not rows}
    guests = {"Guest", "GuestDoor", "Invitation"}  # who needs a keypad: residents/test_guests.py has two houses of them
    assert empty <= {"Look", "Reading", "Exposure", "Release", "Rollout", "RolloutBoard"} | guests, empty
