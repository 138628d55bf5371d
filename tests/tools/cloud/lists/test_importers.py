"""Lists of other systems, and lists of groups: as those write them, tried first, the same again changes nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cloud_world import House
from django.utils.translation import override

from tools.cloud.lists import columns, group_list, importers, people_list, tables
from tools.cloud.lists.people_rows import Options
from tools.cloud.lists.report import Report
from tools.cloud.models import AccessGroup, Credential, GroupDoor, Person, Schedule
from tools.cloud.rules import schedules
from tools.cloud.services.refusal import Refusal

ACL = (
    "Card Number\tFrom\tTo\tPIN\tHoved Inngang\tpostrom\n"
    "10058400\t2026-01-01\t2026-12-31\t846130\tY\tN\n"
    "5001204\t2026-01-01\t2026-12-31\t0\tY\t29\n"
    "5001205\t2026-01-01\t2026-12-31\t\tN\tN\n"
)
ESP = {
    "type": "esp-rfid-userbackup",
    "version": "v0.6",
    "list": [
        {"uid": "3278004", "username": "Anna", "acctype": 1, "validuntil": 1798675200},
        {"uid": "3278005", "username": "Bo", "acctype": 0, "validuntil": 4294967295},
        {"uid": "3278006", "username": "", "acctype": 99, "validuntil": 0, "validsince": 0, "pincode": ""},
    ],
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def brought(house: House, text: str, keep: bool = True, **options: object) -> Report:
    chosen = Options(**options)  # type: ignore[arg-type]
    return people_list.carry_out(house.tenant, tables.read(text.encode()), chosen, keep)


def test_an_acl_file_of_uhppoted(house: House) -> None:
    assert importers.source(tables.read(ACL.encode())) == importers.UHPPOTED
    tried = brought(house, ACL, keep=False)
    assert [row.what for row in tried.rows] == ["made", "refused", "made"]
    assert "no group postrom 29" in str(tried.rows[1].told()["says"]).replace("Postrom", "postrom")
    assert AccessGroup.objects.count() == 1, "groups that it needs are made with it or not at all"
    hours = schedules.save(Schedule(tenant=house.tenant), "Profil 29", [[31, 480, 960]])
    AccessGroup.objects.create(tenant=house.tenant, name="Postrom 29").places.create(
        door=house.doors[1], schedule=hours
    )
    assert brought(house, ACL).done
    person = Person.objects.get(name="Card 10058400")
    assert person.credentials.get(kind="card").number == 100 << 16 | 58400
    assert person.credentials.filter(kind="pin", active=True).exists()
    grant = person.grants.get()
    assert grant.group.name == "Hovedinngang" and grant.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    names = Person.objects.get(name="Card 5001204").grants.order_by("group__name").values_list("group__name", flat=True)
    assert list(names) == ["Hovedinngang", "Postrom 29"]
    again = brought(house, ACL)
    assert again.done and again.counts["same"] == 3


def test_a_backup_of_esp_rfid(house: House) -> None:
    text = json.dumps(ESP)
    undecided = brought(house, text, groups=("alle",))
    assert undecided.counts["refused"] == 3 and "several ways" in str(undecided.rows[0].told()).lower()
    assert brought(house, text, groups=("alle",), bits=26).done
    anna, bo = Person.objects.get(name="Anna"), Person.objects.get(name="Bo")
    assert anna.grants.get().valid_until == datetime.fromtimestamp(1798675200, UTC) and not bo.active
    assert bo.grants.get().valid_until is None and Credential.objects.filter(number=3278006, active=True).exists()
    again = brought(house, text, groups=("alle",), bits=26)
    assert again.done and again.counts["same"] == 3


def test_an_uid_that_lost_a_zero_is_not_guessed(house: House) -> None:
    """String(byte, HEX) of the Arduino writes 0a as "a", and nobody can say which byte it was."""
    text = json.dumps(ESP | {"list": [{"uid": "a2b3c4d5", "username": "A"}, {"uid": "a2b3c4d", "username": "B"}]})
    found = brought(house, text, form="hex", apart=True)
    assert [row.what for row in found.rows] == ["made", "refused"]
    assert Credential.objects.get(bits=34).number == 0xA2B3C4D5


def test_groups_out_and_in(house: House) -> None:
    hours = schedules.save(Schedule(tenant=house.tenant), "Dag; kveld", [[31, 480, 960]])
    house.group.places.filter(door=house.doors[1]).update(schedule=hours)
    for kind in ("csv", "json"):
        data = tables.write(kind, columns.GROUPS, group_list.export(house.tenant))
        again = group_list.carry_out(house.tenant, tables.read(data), keep=True)
        assert again.done and again.counts["same"] == 1, [row.told() for row in again.rows]
    text = "name,doors,lockdown\nVakt,Hovedinngang; Postrom@Dag; kveld,yes\n"
    wrong = group_list.carry_out(house.tenant, tables.read(text.encode()), keep=True)
    assert (
        wrong.counts["refused"] == 1 and AccessGroup.objects.count() == 1 and "no schedule" in str(wrong.rows[0].told())
    )
    text = f"name,doors,lockdown\nVakt,Hovedinngang; Postrom@#{hours.pk},yes\n"
    tried = group_list.carry_out(house.tenant, tables.read(text.encode()), keep=False)
    assert tried.counts["made"] == 1 and AccessGroup.objects.count() == 1
    assert group_list.carry_out(house.tenant, tables.read(text.encode()), keep=True).done
    made = AccessGroup.objects.get(name="Vakt")
    assert made.lockdown and set(made.places.values_list("door", "schedule")) == {
        (house.doors[0].pk, None), (house.doors[1].pk, hours.pk),
    }  # fmt: skip
    assert group_list.carry_out(house.tenant, tables.read(text.encode()), keep=True).counts["same"] == 1
    assert GroupDoor.objects.count() == 4


def test_a_column_that_is_not_known_is_refused(house: House) -> None:
    with pytest.raises(Refusal, match="no column colour"):
        brought(house, "name,colour\nOla,red\n")
    with pytest.raises(Refusal, match="must be the name of one door"):
        brought(house, ACL.replace("postrom", "Garasje"))


def test_a_door_is_known_by_its_number_only_after_a_hash(house: House) -> None:
    first, second = house.doors
    first.name = f"B{second.pk}"
    first.save()
    text = f"name,doors,lockdown\nVakt,{first.name},no\nNatt,#{second.pk},no\n"
    assert group_list.carry_out(house.tenant, tables.read(text.encode()), keep=True).done
    of = {group.name: list(group.places.values_list("door", flat=True)) for group in AccessGroup.objects.all()}
    assert of["Vakt"] == [first.pk] and of["Natt"] == [second.pk]
