"""Access lists: what people are granted is what the tables say, whatever the way there was."""

from datetime import timedelta

import pytest
from cloud_world import House, Stopped, Wire
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as some

from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from tools.cloud.access_list import acl, rights
from tools.cloud.controllers import brokers, enrol
from tools.cloud.models import AccessGroup, AclChange, AclEntry, Credential, Door, Grant, Person, Profile
from tools.cloud.people import people
from tools.cloud.services import clock
from tools.terminal import Problem

tables = some.dictionaries(
    some.binary(min_size=7, max_size=7), some.tuples(some.integers(1, 3), some.integers(0, 9)), max_size=12
)


@given(tables, tables)
def test_the_difference_of_two_tables_leads_from_one_to_the_other(
    old: dict[bytes, tuple[int, int]], new: dict[bytes, tuple[int, int]]
) -> None:
    def held(table: dict[bytes, tuple[int, int]]) -> dict[bytes, acl.HeldCredential]:
        return {
            key: acl.HeldCredential(credential, records.pack_credential(key, 1, until))
            for key, (credential, until) in table.items()
        }

    table = {key: row.record for key, row in held(old).items()}
    changes = acl.difference(held(old), held(new))
    for op, record, _ in changes:
        if op == records.REMOVE:
            del table[record[:7]]
        else:
            table[record[:7]] = record
    assert table == {key: row.record for key, row in held(new).items()}
    assert [op for op, _, _ in changes] == sorted((op for op, _, _ in changes), reverse=True)  # removals first
    assert len(changes) <= len(old) + len(new)


def expected(house: House) -> dict[bytes, tuple[str, int]]:
    """What the table of the house's controller must say, worked out the plain way: {key: (profile, until)}."""
    now = records.until_minutes(int(clock.now().timestamp()))
    minutes = lambda moment: records.until_minutes(None if moment is None else int(moment.timestamp()))  # noqa: E731
    table = {}
    for card in Credential.objects.filter(tenant=house.tenant, active=True, person__active=True):
        doors: dict[int, set[rights.Span]] = {}
        for grant in card.person.grants.all():
            for door in grant.group.doors.filter(controller=house.controller):
                end = min(minutes(grant.valid_until), minutes(card.valid_until))
                doors.setdefault(door.number, set()).add(rights.Span(0, 0, end))
        right = rights.right(doors, now, {})
        if right is not None:
            key = credential_key(bytes(house.controller.table_key), card_value(card.bits, card.number))
            table[key] = right[:2]
    return table


def check(house: House) -> None:
    """Entries, digest and history all say what is granted."""
    profiles = dict(Profile.objects.filter(controller=house.controller).values_list("number", "content"))
    entries = list(AclEntry.objects.filter(controller=house.controller))
    said = {bytes(entry.key): (profiles[entry.profile], entry.until) for entry in entries}
    assert said == expected(house)
    digest = 0
    for entry in entries:
        digest ^= records.credential_digest(entry.record)
    row = house.row()
    assert row.acl_digest == f"{digest:016x}"
    replayed: dict[bytes, bytes] = {}
    for version, change in enumerate(AclChange.objects.filter(controller=row).order_by("version"), start=1):
        assert change.version == version
        record = bytes(change.record)
        if change.op == records.PUT:
            replayed[record[:7]] = record
        else:
            assert replayed.pop(record[:7]) == record
    assert replayed == {bytes(entry.key): entry.record for entry in entries}
    assert row.acl_version == AclChange.objects.filter(controller=row).count()


step = some.one_of(
    some.tuples(some.just("card"), some.integers(0, 2), some.integers(1, 6)),
    some.tuples(some.just("revoke"), some.integers(0, 5)),
    some.tuples(some.just("card ends"), some.integers(0, 5), some.integers(-5, 60) | some.none()),
    some.tuples(some.just("grant"), some.integers(0, 2), some.integers(0, 2), some.integers(-5, 60) | some.none()),
    some.tuples(some.just("take back"), some.integers(0, 8)),
    some.tuples(some.just("doors"), some.integers(0, 2), some.sets(some.integers(0, 3))),
    some.tuples(some.just("door"), some.integers(0, 3), some.sets(some.integers(0, 2))),
    some.tuples(some.just("active"), some.integers(0, 2), some.booleans()),
    some.tuples(some.just("drop group"), some.integers(0, 2)),
    some.tuples(some.just("drop person"), some.integers(0, 2)),
    some.tuples(some.just("wait"), some.integers(1, 40)),
    some.tuples(some.just("connect"), some.booleans()),
)


class Run:
    """One house under a list of steps, with a controller that is there now and then."""

    def __init__(self) -> None:
        self.time = Stopped()
        clock.source = self.time
        self.house = House("Lek", self.time, seed=11)
        other, _ = enrol.enrol(self.house.site, "Kjeller", {"doors": [{}, {}]})
        self.doors = [*self.house.doors, *other.doors.all()]
        tenant = self.house.tenant
        self.people = [Person.objects.create(tenant=tenant, name=f"P{n}") for n in range(3)]
        self.groups = [AccessGroup.objects.create(tenant=tenant, name=f"G{n}") for n in range(3)]
        self.line = Wire(self.time)
        self.board = self.line.connect(self.house.settings)
        self.there = False

    def do(self, what: str, *with_: object) -> None:
        getattr(self, what.replace(" ", "_"))(*with_)

    def card(self, person: int, number: int) -> None:
        if not self.people[person].pk:
            return
        try:
            people.give_card(self.people[person], 26, number)
        except Problem:
            assert Credential.objects.filter(number=number, active=True).exists()

    def _card(self, index: int) -> Credential | None:
        return Credential.objects.filter(tenant=self.house.tenant).order_by("pk")[index : index + 1].first()

    def revoke(self, index: int) -> None:
        card = self._card(index)
        if card is not None:
            people.revoke(card)

    def card_ends(self, index: int, minutes: int | None) -> None:
        card = self._card(index)
        if card is not None:
            card.valid_until = None if minutes is None else clock.now() + timedelta(minutes=minutes, seconds=7)
            card.save()

    def grant(self, person: int, group: int, minutes: int | None) -> None:
        if self.people[person].pk and self.groups[group].pk:
            until = None if minutes is None else clock.now() + timedelta(minutes=minutes, seconds=31)
            end = {"valid_until": until}
            Grant.objects.update_or_create(person=self.people[person], group=self.groups[group], defaults=end)

    def take_back(self, index: int) -> None:
        Grant.objects.filter(
            pk__in=list(Grant.objects.order_by("pk").values_list("pk", flat=True)[index:][:2])
        ).delete()

    def doors_of(self, numbers: set[int]) -> list[Door]:
        return [self.doors[n] for n in sorted(numbers)]

    def set_doors(self, group: int, numbers: set[int]) -> None:
        if self.groups[group].pk:
            self.groups[group].doors.set(self.doors_of(numbers))

    def door(self, door: int, groups: set[int]) -> None:
        self.doors[door].groups.set([self.groups[n] for n in sorted(groups) if self.groups[n].pk])

    def active(self, person: int, is_active: bool) -> None:
        if self.people[person].pk:
            self.people[person].active = is_active
            self.people[person].save()

    def drop_group(self, group: int) -> None:
        if self.groups[group].pk:
            self.groups[group].delete()

    def drop_person(self, person: int) -> None:
        if self.people[person].pk:
            self.people[person].delete()

    def wait(self, minutes: int) -> None:
        self.there = False
        self.line.poll(60 * minutes)

    def connect(self, is_there: bool) -> None:
        self.there = is_there
        if is_there:
            self.board.connect()


@settings(max_examples=40, deadline=None)
@given(some.lists(step, max_size=15))
def test_tables_follow_whatever_people_do(steps: list[tuple]) -> None:
    before = clock.source
    try:
        with transaction.atomic():
            run = Run()
            for what, *with_ in steps:
                run.do("set_doors" if what == "doors" else what, *with_)
                run.line.poll()
                check(run.house)
                if run.there:
                    assert run.house.row().in_sync
            run.board.connect()
            entries = AclEntry.objects.filter(controller=run.house.controller)
            assert run.board.table == {bytes(entry.key): entry.record for entry in entries}
            assert run.house.row().in_sync
            transaction.set_rollback(True)
    finally:
        clock.source = before


def test_revoking_is_one_commit(house: House) -> None:
    """In one transaction with the table's change: it cannot be half done."""
    with CaptureQueriesContext(connection) as queries:
        people.revoke(house.card)
    statements = [query["sql"].split()[0] for query in queries.captured_queries]
    outer = [n for n, word in enumerate(statements) if word in ("SAVEPOINT", "RELEASE")]
    writes = [n for n, word in enumerate(statements) if word in ("UPDATE", "INSERT", "DELETE")]
    assert len(writes) >= 4 and outer[0] < writes[0] and writes[-1] < outer[-1]


def test_a_profile_number_is_never_given_to_something_else(house: House) -> None:
    house.group.doors.set(house.doors[:1])
    house.group.doors.set(house.doors[1:])
    house.group.doors.set(house.doors)
    profiles = list(Profile.objects.order_by("number").values_list("number", "content"))
    assert profiles == [(1, "[1,2]"), (2, "[1]"), (3, "[2]")]


def test_a_card_that_another_holds_is_refused(house: House) -> None:
    heir = house.add_person("Olav Bakken")
    with pytest.raises(Problem, match="somebody else holds this card already"):
        people.give_card(heir, 26, 1204)
    with pytest.raises(Problem, match="this person holds this card already"):
        people.give_card(house.person, 26, 1204)
    people.revoke(house.card)
    assert people.give_card(heir, 26, 1204).active


def test_the_database_itself_refuses_a_card_with_two_holders(house: House) -> None:
    heir = house.add_person("Olav Bakken")
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.create(tenant=house.tenant, person=heir, bits=26, number=1204)


@pytest.mark.parametrize(("bits", "number"), [(3, 1), (65, 1), (35, 1), (37, 1), (48, 1), (26, 1 << 24), (26, -1)])
def test_a_card_that_cannot_be_is_refused(house: House, bits: int, number: int) -> None:
    with pytest.raises(Problem):
        people.give_card(house.person, bits, number)


def test_the_number_of_a_card_from_what_is_printed_on_it() -> None:
    assert people.card_number(26, 17, 1204) == 17 << 16 | 1204
    assert people.card_number(34, 3021, 40117) == 3021 << 16 | 40117
    for wrong in ((26, 256, 1), (26, 1, 65536), (34, -1, 1), (37, 1, 1)):
        with pytest.raises(Problem):
            people.card_number(*wrong)


def test_a_removed_card_leaves_the_tables_and_the_log_stays(house: House) -> None:
    house.card.delete()
    assert AclEntry.objects.count() == 0 and AclChange.objects.filter(op=records.REMOVE).count() == 1
    check(house)


def test_another_tenants_tables_are_left_alone(house: House, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    before = other.row().acl_version
    house.add_card("Olav Bakken", 1205)
    people.revoke(house.card)
    assert other.row().acl_version == before


def test_enrolment_tells_the_secrets_once(house: House) -> None:
    row = house.row()
    told = house.settings
    assert told["controller"] == row.public_id and len(row.public_id) == 16
    assert bytes.fromhex(told["link_secret"]) == bytes(row.link_secret) and len(bytes(row.link_secret)) == 32
    assert bytes.fromhex(told["table_key"]) == bytes(row.table_key) != bytes(row.link_secret)
    user, password, key = brokers.account(row)
    assert told["broker"] == {"host": "127.0.0.1", "port": 1883, "user": user, "password": password}
    assert user == row.public_id and len({password, key[:32], told["link_secret"][:32]}) == 3
    assert told["wifi"] == {"name": "", "password": ""}


def test_enrolment_says_what_is_wrong(house: House) -> None:
    with pytest.raises(Problem, match="has a controller named Oppgang A already"):
        enrol.enrol(house.site, "Oppgang A", {"doors": [{}]})
    with pytest.raises(Problem, match="must list 1 to 16 doors"):
        enrol.enrol(house.site, "B", {"doors": []})
    with pytest.raises(Problem, match="3 names were given"):
        enrol.enrol(house.site, "B", {"doors": [{}, {}]}, doors=["a", "b", "c"])
