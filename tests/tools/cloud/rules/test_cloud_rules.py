"""The rules a controller gets: what its firmware reads, only what it needs, within its limits; PINs, uses, holidays."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cloud_world import House, Stopped
from django.db import transaction
from django.db.models import F
from django.utils.translation import override

from firmware.controller import events
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.access.decision import decide
from firmware.controller.access.rules import Rules
from tools import boards, heap
from tools.cloud.access_list import acl
from tools.cloud.doors import door_rules
from tools.cloud.guests import guests
from tools.cloud.models import (
    AccessGroup,
    AclEntry,
    Area,
    Controller,
    Credential,
    Door,
    DoorRules,
    Grant,
    Profile,
    Schedule,
    Tenant,
)
from tools.cloud.people import people, pins
from tools.cloud.rules import holidays, rules, schedules
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal
from tools.terminal import Problem

WORK = [[31, 480, 960]]


def schedule(house: House, name: str = "Arbeidstid", times: Any = WORK, **more: Any) -> Schedule:
    return schedules.save(Schedule(tenant=house.tenant), name, times, **more)


def content(house: House) -> dict[str, Any]:
    """As the firmware takes it: a field it does not know or that is out of range would be refused."""
    fields = json.loads(json.dumps(rules.content(house.controller.pk)))
    Rules({"version": rules.version(fields), **fields}, 2)
    return fields


def place(house: House, door: int, of: Schedule | None) -> None:
    at = house.group.places.get(door=house.doors[door - 1])
    at.schedule = of
    at.save()


def keys(house: House, *values: bytes) -> set[bytes]:
    table_key = bytes.fromhex(house.settings["table_key"])
    return {credential_key(table_key, value) for value in values}


def held(house: House) -> set[bytes]:
    return {bytes(key) for key in AclEntry.objects.filter(controller=house.controller).values_list("key", flat=True)}


def profile(house: House, credential: Credential | None = None) -> Any:
    entry = AclEntry.objects.filter(controller=house.controller, credential=credential or house.card).first()
    return content(house)["profiles"][str(entry.profile)] if entry else None


def test_a_plain_controller_gets_plain_rules(house: House) -> None:
    times = {"release_ms": 5000, "held_ms": 30000, "retention_days": 90}
    assert content(house) == {"profiles": {"1": [1, 2]}, "doors": {"1": times, "2": times}}


def test_everything_that_can_be_said_is_taken_by_the_firmware(house: House) -> None:
    work = schedule(house)
    summer = schedule(
        house, "Sommer", [[255, 0, 1440]], first_day=date(2027, 6, 1), last_day=date(2027, 8, 31), following=work
    )
    holidays.fill(house.tenant.pk, 2027)
    holidays.add(house.tenant.pk, "Romjul", date(2026, 12, 27), date(2026, 12, 31))
    outside, inside = (Area.objects.create(site=house.site, number=n, name=str(n), limit=n * 10) for n in (1, 2))
    inside.forget_hours = 12
    inside.save()
    door_rules.change(
        house.doors[0],
        {
            "name": "Hovedinngang",
            "release_ms": 3000,
            "held_ms": 20000,
            "extended_ms": 12000,
            "retention_days": 30,
            "who": [["card+pin", None], ["card", work.pk]],
            "offline_hours": 48,
            "free": work,
            "first_in": True,
            "office": summer,
            "two_person": True,
            "two_person_when": work,
            "leads_from": outside,
            "leads_to": inside,
            "passback": "timed",
            "passback_minutes": 5,
            "interlock": 3,
            "interlock_open": False,
            "relock": "open",
            "relock_delay_ms": 500,
            "pulse_ms": 800,
            "warn_ms": 10_000,
            "repeat_ms": 60_000,
            "unopened": True,
            "forced": "event",
            "rex": "hold",
            "rex_when": work,
        },
    )
    place(house, 1, summer)
    house.person.extended, house.person.escort = True, "gives"
    house.person.save()
    for flag in AccessGroup.FLAGS:
        setattr(house.group, flag, True)
    house.group.save()
    pins.give(house.person)
    pins.give(house.person, "duress")
    fields = content(house)
    assert fields["zone"] == "CET-1CEST,M3.5.0,M10.5.0/3"
    assert fields["schedules"]["2"] == {"times": [[255, 0, 1440]], "from": "2027-06-01", "to": "2027-08-31", "next": 1}
    assert "2027-05-17" in fields["holidays"] and ["2026-12-27", "2026-12-31"] in fields["holidays"]
    door = fields["doors"]["1"]
    assert door["who"] == [["card+pin", 0], ["card", 1]] and door["pin_length"] == 6
    assert door["passage"] == [1, 2] and door["two_person"] == 1 and door["rex_schedule"] == 1
    assert fields["areas"] == {"1": {"limit": 10}, "2": {"limit": 20, "forget_hours": 12}}
    said = profile(house)
    assert said["doors"] == {"1": 2, "2": 0} and said["escort"] == "gives"
    assert all(said[flag] is True for flag in (*AccessGroup.FLAGS, "extended"))


def test_a_controller_gets_only_the_schedules_it_uses(house: House) -> None:
    work = schedule(house)
    schedule(house, "Ubrukt")
    holidays.fill(house.tenant.pk, 2026)
    assert "schedules" not in content(house) and "zone" not in content(house) and "holidays" not in content(house)
    place(house, 2, work)
    assert set(content(house)["schedules"]) == {"1"} and len(content(house)["holidays"]) == 12
    before = house.row().rules_version
    schedules.save(work, "Arbeidstid", [[31, 420, 960]])
    assert house.row().rules_version not in (0, before)
    assert AclEntry.objects.get().profile == 2, "another time of a schedule rewrites no record"


def test_two_groups_are_their_union(house: House) -> None:
    """One group at working hours, another on Sundays: both at the same door."""
    work, sunday = schedule(house), schedule(house, "Søndag", [[64, 600, 900]])
    place(house, 1, work)
    extra = AccessGroup.objects.create(tenant=house.tenant, name="søndag")
    extra.places.create(door=house.doors[0], schedule=sunday)
    Grant.objects.create(person=house.person, group=extra)
    fields = content(house)
    number = fields["profiles"]["3"]["doors"]["1"]
    first = fields["schedules"][str(number)]
    second = fields["schedules"][str(first["next"])]
    assert sorted(first["times"] + second["times"]) == [[31, 480, 960], [64, 600, 900]]


def test_grants_that_end_at_different_times_hold_each_until_its_own_end(house: House) -> None:
    group = AccessGroup.objects.create(tenant=house.tenant, name="post")
    group.doors.set(house.doors[1:])
    house.group.doors.set(house.doors[:1])
    noon = datetime.fromtimestamp(house.time.now, UTC).replace(hour=12, minute=0, second=0) + timedelta(days=1)
    Grant.objects.create(person=house.person, group=group, valid_until=noon)
    grant = house.person.grants.get(group=house.group)
    grant.valid_until = noon + timedelta(days=30)
    grant.save()
    entry = AclEntry.objects.get(credential=house.card)
    said = profile(house)
    assert entry.until > entry.due and said["doors"]["1"] == 0
    last = content(house)["schedules"][str(said["doors"]["2"])]
    links = [last, content(house)["schedules"][str(last["next"])]]
    assert {link["to"] for link in links} == {noon.date().isoformat(), (noon.date() - timedelta(days=1)).isoformat()}
    assert house.row().acl_due == noon
    house.time.now = noon.timestamp()
    assert acl.refresh_due(clock.now()) == 1
    assert profile(house) == [1], "what is over needs no schedule any more"


def passes(house: House, door: int, at: datetime) -> bool:
    """What the firmware decides for the card of the house, from its record and these rules."""
    fields = content(house)
    known: Any = Rules({"version": rules.version(fields), **fields}, 2)
    entry = AclEntry.objects.get(credential=house.card)
    known.waiting = {}  # nobody waits at a door for a companion
    tap = known.tap()
    tap.begin(known, door, int(at.timestamp()), 0)
    tap.found((entry.profile, entry.until))
    return decide(tap) & 0xFF == events.GRANTED


def test_the_firmware_decides_as_was_granted(house: House) -> None:
    """Two doors, two ends, one with a schedule and a holiday: asked every half hour, offline, over four days."""
    work = schedule(house, "Dag", [[31, 480, 960], [128, 600, 660]])
    start = datetime(2026, 12, 23, 0, 30, tzinfo=UTC)
    house.time.now = start.timestamp()
    holidays.fill(house.tenant.pk, 2026)
    post = AccessGroup.objects.create(tenant=house.tenant, name="post")
    post.places.create(door=house.doors[1], schedule=work)
    house.group.doors.set(house.doors[:1])
    noon = datetime(2026, 12, 24, 11, 30, tzinfo=UTC)
    end = datetime(2026, 12, 26, 9, 45, tzinfo=UTC)
    grant = house.person.grants.get()
    grant.valid_until = noon
    grant.save()
    Grant.objects.create(person=house.person, group=post, valid_until=end)
    seen = set()
    for step in range(4 * 48):
        at = start + timedelta(minutes=30 * step)
        there = at.astimezone(ZoneInfo("Europe/Oslo"))
        holiday = there.date() in (date(2026, 12, 25), date(2026, 12, 26))
        hours = (10, 11) if holiday else (8, 16)
        at_post = at < end and hours[0] <= there.hour < hours[1]
        assert passes(house, 1, at) == (at < noon), at
        assert passes(house, 2, at) == at_post, at
        seen.add((at < noon, at_post, holiday))
    assert len(seen) >= 5


def test_a_flag_does_not_outlive_its_grant(house: House) -> None:
    crew = AccessGroup.objects.create(tenant=house.tenant, name="vakt", lockdown=True)
    crew.doors.set(house.doors)
    end = clock.now() + timedelta(hours=8)
    grant = Grant.objects.create(person=house.person, group=crew, valid_until=end)
    entry = AclEntry.objects.get(credential=house.card)
    assert profile(house)["lockdown"] is True
    assert entry.until == entry.due, "offline it ends with the first of the two"
    house.time.now = end.timestamp() + 1
    acl.refresh_due(clock.now())
    assert profile(house) == [1, 2]
    grant.valid_from, grant.valid_until = clock.now() + timedelta(days=1), None
    grant.save()
    assert profile(house) == [1, 2], "and does not come before it"
    house.time.now += 86_461
    acl.refresh_due(clock.now())
    assert profile(house)["lockdown"] is True


def test_a_right_that_begins_later(house: House) -> None:
    grant = house.person.grants.get()
    grant.valid_from = clock.now() + timedelta(days=2, seconds=30)
    grant.save()
    said = profile(house)
    assert grant.valid_from.timestamp() <= said["from"] < grant.valid_from.timestamp() + 60
    assert house.row().acl_due.timestamp() == said["from"]
    house.time.now = said["from"]
    acl.refresh_due(clock.now())
    assert profile(house) == [1, 2]


def test_uses_are_counted_at_one_controller(house: House) -> None:
    grant = house.person.grants.get()
    grant.uses = 3
    grant.save()
    assert profile(house) == {"doors": {"1": 0, "2": 0}, "uses": 3}
    other = AccessGroup.objects.create(tenant=house.tenant, name="post")
    other.doors.set(house.doors[1:])
    with pytest.raises(Problem, match="stands alone at a controller"):
        Grant.objects.create(person=house.person, group=other)
    assert profile(house)["uses"] == 3
    far = House("Andre", house.time, seed=3)
    Controller.objects.filter(pk=far.controller.pk).update(site=house.site, name="B")
    House("Tredje", house.time, seed=4)  # has a controller, too, that nobody here may hear of
    with pytest.raises(Problem, match=r"has doors of several \(B, Oppgang A\)"), transaction.atomic():
        house.group.doors.add(far.doors[0])
    assert house.group.doors.count() == 2


def test_pins_are_records_only_where_a_door_asks_for_them(house: House) -> None:
    card = card_value(26, 1204)
    _, code = pins.give(house.person)
    _, duress = pins.give(house.person, "duress")
    assert held(house) == keys(house, card)
    door_rules.change(house.doors[0], {"who": [["card+pin", None]]})
    paired = keys(house, card, b"\x03" + card + code.encode(), b"\x04" + card + duress.encode())
    assert held(house) == paired
    door_rules.change(house.doors[0], {"who": [["card/pin", None]]})
    alone = keys(house, card, b"\x02" + code.encode(), b"\x04" + duress.encode())
    assert held(house) == alone
    door_rules.change(house.doors[0], {"who": []})
    house.group.pin = True
    house.group.save()
    assert held(house) == paired
    people.revoke(house.card)
    assert held(house) == set()


def test_nothing_of_a_pin_is_kept_plain(house: House) -> None:
    row, code = pins.give(house.person, digits="190283")
    row.refresh_from_db()
    assert code == "190283" and pins.digits(row.sealed) == code
    stored = json.dumps([str(value) for value in Credential.objects.filter(pk=row.pk).values_list().get()])
    assert code not in stored and code.encode() not in bytes(row.sealed)
    pins.revoke(row)
    row.refresh_from_db()
    assert (row.active, row.sealed, row.mark) == (False, None, "")


def test_a_new_pin_takes_the_place_of_the_old_one(house: House) -> None:
    door_rules.change(house.doors[0], {"who": [["pin", None]]})
    pins.give(house.person, digits="190283")
    _, second = pins.give(house.person)
    assert house.person.credentials.filter(kind="pin", active=True).count() == 1
    assert keys(house, b"\x02190283").isdisjoint(held(house)) and keys(house, b"\x02" + second.encode()) <= held(house)


WEAK = ["111111", "123456", "987654", "890123"]


@pytest.mark.parametrize("digits", [*WEAK, "12345", "1234567", "12345a", "１９０２８３"])
def test_a_pin_that_cannot_be(house: House, digits: str) -> None:
    with pytest.raises(Problem):
        pins.give(house.person, digits=digits)
    assert not house.person.credentials.exclude(kind="card").exists()


def test_two_people_have_not_the_same_pin(house: House) -> None:
    pins.give(house.person, digits="190283")
    other = house.add_person("Olav")
    with pytest.raises(Problem, match="choose another one"):
        pins.give(other, digits="190283")
    with pytest.raises(Problem, match="give that first"):
        pins.give(other, "duress")
    stranger = House("Fjordgata", house.time, seed=4)
    assert pins.give(stranger.person, digits="190283")[1] == "190283"


def test_pin_only_people_at_a_door_are_capped(house: House) -> None:
    Tenant.objects.filter(pk=house.tenant.pk).update(pin_digits=4)
    house.tenant.refresh_from_db()
    door_rules.change(house.doors[0], {"who": [["card/pin", None]]})
    for n in range(10):
        pins.give(house.add_person(f"Nummer {n}"))
    with pytest.raises(Problem, match=r"at Hovedinngang 11 people .* with a PIN alone, with 4 digits at most 10"):
        pins.give(house.person)
    assert not house.person.credentials.filter(kind="pin").exists()
    door_rules.change(house.doors[0], {"who": [["card+pin", None]]})
    pins.give(house.person)
    with pytest.raises(Problem, match="at most 10"):
        door_rules.change(house.doors[0], {"who": [["pin", None]]})
    assert DoorRules.objects.get().who == [["card+pin", None]]
    with pytest.raises(Problem, match="revoke them first"):
        pins.set_length(house.tenant, 6)


def test_a_guest_counts_at_the_doors_they_may_pass_and_no_other(house: House) -> None:
    first, second = house.doors
    for door in house.doors:
        door_rules.change(door, {"who": [["card/pin", None]]})
    now = clock.now()
    guests.invite_to([second], None, now + timedelta(days=2), None, None)
    assert [pins.with_pin(house.tenant.pk, door.pk, now) for door in (first, second)] == [0, 1]
    assert pins.with_pin(house.tenant.pk, second.pk, now + timedelta(days=3)) == 0


def test_what_a_board_cannot_take_is_refused_and_nothing_changes(house: House) -> None:
    places = AccessGroup.objects.create(tenant=house.tenant, name="mange")
    made = [schedule(house, f"Plan {n}", [[1, n, n + 1]]) for n in range(33)]
    door = house.doors[0]
    door_rules.change(door, {"who": [["card", one.pk] for one in made[:8]], "free": made[8], "office": made[9]})
    for n, one in enumerate(made[10:32]):
        group = AccessGroup.objects.create(tenant=house.tenant, name=f"gruppe {n}")
        group.places.create(door=door, schedule=one)
        Grant.objects.create(person=house.add_card(f"P{n}", n).person, group=group)
        Grant.objects.filter(person__name=f"P{n}", group=house.group).first().delete()  # type: ignore[union-attr]
    assert len(content(house)["schedules"]) == 32
    version = house.row().rules_version
    places.places.create(door=door, schedule=made[32])
    last = people.give_card(house.person.__class__.objects.create(tenant=house.tenant, name="Siste"), 26, 999)
    with pytest.raises(Problem, match="takes 32 schedules, this needs 33"):
        Grant.objects.create(person=last.person, group=places)
    assert not last.person.grants.exists() and house.row().rules_version == version


def test_where_there_is_no_room_a_right_ends_with_its_first_change(house: House) -> None:
    door_rules.change(
        house.doors[0], {"who": [["card", schedule(house, f"P{n}", [[1, n, n + 1]]).pk] for n in range(8)]}
    )
    group = AccessGroup.objects.create(tenant=house.tenant, name="post")
    group.doors.set(house.doors[1:])
    for n in range(16):
        person = house.add_card(f"Gjest {n}", n).person
        Grant.objects.create(person=person, group=group, valid_until=clock.now() + timedelta(days=1, minutes=n))
        Grant.objects.filter(person=person, group=house.group).update(valid_until=clock.now() + timedelta(days=9))
        acl.refresh(house.tenant.pk, clock.now(), people=[person.pk])
    assert len(content(house)["schedules"]) <= 32


def test_a_door_says_only_what_was_said_of_it(house: House) -> None:
    """What stands unlocked by a schedule has one: without it no field is there, and the door stays locked."""
    door_rules.change(house.doors[0], {"repeat_ms": 40_000})
    assert content(house)["doors"]["1"]["repeat_ms"] == 40_000
    assert not {"free", "office", "rex_schedule", "two_person", "who"} & content(house)["doors"]["1"].keys()
    hours = schedule(house)
    for name, field in (("free", "free"), ("office", "office"), ("rex_when", "rex_schedule")):
        door_rules.change(house.doors[0], {name: hours})
        assert field in content(house)["doors"]["1"]
        door_rules.change(house.doors[0], {name: None})
        assert field not in content(house)["doors"]["1"]


def test_whether_there_is_room_for_a_profile_is_what_the_board_would_say(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = "[1]", json.dumps({"doors": {"1": "0"}, "pin": True})
    assert rules.has_room(house.controller.pk, whole)

    def full(*given: Any) -> None:
        raise Refusal("too much")

    monkeypatch.setattr(rules, "_check", full)
    assert not rules.has_room(house.controller.pk, cut)
    assert rules.has_room(house.controller.pk, whole), "what cuts no schedule takes no room"


def test_profiles_that_nothing_names_are_taken_away_when_the_board_is_right(house: House) -> None:
    house.group.doors.set(house.doors[:1])
    assert set(content(house)["profiles"]) == {"1", "2"}
    assert rules.prune(house.controller.pk) == 0, "the board may still hold the old records"
    row = house.row()
    beside = House("Andre", house.time, seed=3).controller.pk
    Controller.objects.filter(pk=beside).update(held_acl_version=F("acl_version"), held_acl_digest=F("acl_digest"))
    assert rules.prune(row.pk) == 0, "another one holds its own"
    Controller.objects.filter(pk=row.pk).update(
        held_acl_version=row.acl_version, held_acl_digest=row.acl_digest, held_rules_version=row.rules_version
    )
    prunable = Controller.objects.filter(rules.prunable()).values_list("pk", flat=True)
    assert list(prunable.all()) == [row.pk]
    assert rules.prune(row.pk) == 1
    assert not prunable.all().exists(), "the one that is left is named"
    assert set(content(house)["profiles"]) == {"2"}
    assert Profile.objects.filter(controller=row.pk).count() == 1
    assert not house.row().in_sync, "and the board is told"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"retention_days": 4000, "retention_reason": "x"}, "less than or equal to 3650"),
        ({"interlock": 16}, "less than or equal to 15"),
        ({"passback": "hard"}, "two different areas"),
        ({"passback": "never"}, "not a valid choice"),
        ({"first_in": True}, "choose its schedule"),
        ({"who": [["eye", None]]}, "choose one of these"),
        ({"who": [["card", 987654]]}, "no such schedule"),
        ({"who": [["card", None]] * 9}, "at most 8"),
        ({"release_ms": 10}, "greater than or equal to 500"),
        ({"name": ""}, "cannot be blank"),
    ],
)
def test_a_door_rule_that_cannot_be_is_refused_whole(house: House, fields: dict[str, Any], said: str) -> None:
    with override("en"), pytest.raises(Problem, match=said):
        door_rules.change(house.doors[0], {"held_ms": 10_000, **fields})
    assert Door.objects.get(pk=house.doors[0].pk).held_ms == 30_000 and not DoorRules.objects.exists()


def test_another_tenants_schedules_and_areas_are_not_taken(house: House, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    theirs = schedule(other)
    area = Area.objects.create(site=other.site, number=1, name="x")
    of_others = {Schedule: theirs, Area: area}
    every = [
        {one.name: of_others[one.related_model]} for one in DoorRules._meta.fields if one.related_model in of_others
    ]
    assert len(every) >= 6
    for fields in (*every, {"who": [["card", theirs.pk]]}):
        with pytest.raises(Problem, match="of its own"):
            door_rules.change(house.doors[0], fields)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([[0, 0, 60]], "at least one day"),
        ([[256, 0, 60]], "at least one day"),
        ([[1, 60, 60]], "begins before it ends"),
        ([[1, 0, 1441]], "within one day"),
        ([[1, -1, 60]], "within one day"),
        ([[3, 0, 60], [1, 59, 90]], "overlap"),
        ([[1, n * 60, n * 60 + 30] for n in range(21)], "at most 20"),
        ([[1, 2]], "correct it"),
        ([[1, 2, "3"]], "correct it"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(house: House, times: Any, said: str) -> None:
    with pytest.raises(Problem, match=said):
        schedule(house, times=times)
    assert not Schedule.objects.exists()


def test_schedules_are_kept_short_and_in_order(house: House) -> None:
    assert schedules.checked([[2, 600, 660], [1, 480, 960], [4, 480, 960]]) == [[5, 480, 960], [2, 600, 660]]
    days = schedules.by_day([[31, 480, 960], [128, 0, 60]])
    assert days[0] == [(480, 960)] and days[7] == [(0, 60)] and days[6] == []
    assert schedules.checked(schedules.of_days(days)) == [[128, 0, 60], [31, 480, 960]]


def test_a_schedule_that_is_used_stays_and_leads_in_no_circle(house: House) -> None:
    work, other = schedule(house), schedule(house, "Annen")
    place(house, 1, work)
    with pytest.raises(Problem, match=r"used by alle \(Hovedinngang\)"):
        schedules.remove(work)
    schedules.save(other, "Annen", WORK, following=work)
    with pytest.raises(Problem, match="back to itself"):
        schedules.save(work, "Arbeidstid", WORK, following=other)
    door_rules.change(house.doors[1], {"who": [["card", other.pk]]})
    with pytest.raises(Problem, match="used by Postrom"):
        schedules.remove(other)
    door_rules.change(house.doors[1], {"who": []})
    schedules.remove(other)
    with pytest.raises(Problem, match="there is a schedule named Arbeidstid already"):
        schedule(house)
    assert schedule(house, "Ny").number == 2


def test_the_public_holidays_of_norway() -> None:
    """Dates of almanakk.no / lovdata: 2026 and 2027; Easter of years at the edges."""
    found = holidays.norwegian(2026)
    assert [day.isoformat()[5:] for day in sorted(found)] == [
        "01-01", "04-02", "04-03", "04-05", "04-06", "05-01", "05-14", "05-17", "05-24", "05-25", "12-25", "12-26",
    ]  # fmt: skip
    assert found[date(2026, 5, 14)] == "Kristi himmelfartsdag"
    easters = {2000: (4, 23), 2008: (3, 23), 2024: (3, 31), 2025: (4, 20), 2027: (3, 28), 2038: (4, 25), 2099: (4, 12)}
    # The years in which the rule has to step back a week.
    easters |= {1954: (4, 18), 1981: (4, 19), 2049: (4, 18), 2076: (4, 19)}
    assert all(holidays.easter_sunday(year) == date(year, *day) for year, day in easters.items())
    assert len(holidays.norwegian(2043)) == 11, "17 May and Whit Sunday on one day"


def test_holidays_are_entered_once(house: House) -> None:
    assert holidays.fill(house.tenant.pk, 2026) == 12
    assert holidays.fill(house.tenant.pk, 2026) == 0
    with pytest.raises(Problem, match="entered already"):
        holidays.add(house.tenant.pk, "Jul", date(2026, 12, 25))
    with pytest.raises(Problem, match="exchange them"):
        holidays.add(house.tenant.pk, "x", date(2026, 2, 2), date(2026, 2, 1))
    for year in range(2027, 2031):
        holidays.fill(house.tenant.pk, year)
    with pytest.raises(Problem, match="64 holidays already"):
        holidays.fill(house.tenant.pk, 2031)
    house.time.now += 3 * 366 * 86400
    assert holidays.fill(house.tenant.pk, 2031) == 12, "those of long ago make room"


def test_rules_that_need_more_memory_than_the_controller_has_are_refused_with_that_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.controller.board = boards.load("esp32-osdp-two-door")
    house.controller.save()
    door_rules.change(house.doors[0], {"unopened": True})
    before = rules.content(house.controller.pk)
    now = heap.needed(house.controller.board, before)
    monkeypatch.setattr(heap, "BUDGET", now + 1024)
    said = rf"these rules need \d\d KB of the controller's memory and it has {now // 1024 + 1};"
    with pytest.raises(Refusal, match=said):
        door_rules.change(house.doors[0], {"who": [["card+pin", None]], "offline_hours": 48})
    assert rules.content(house.controller.pk) == before
    house.controller.board["psram"] = True
    house.controller.save()
    door_rules.change(house.doors[0], {"who": [["card+pin", None]], "offline_hours": 48})
