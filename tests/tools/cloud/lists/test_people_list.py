"""Lists of people: tried before they are kept, whole or row by row, and the same list again changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cloud_world import House, Wire
from django.utils.translation import override

from tools.cloud.lists import people_list, tables
from tools.cloud.lists.people_rows import Options
from tools.cloud.lists.report import Report
from tools.cloud.models import AccessGroup, AclChange, AclEntry, Change, Controller, Credential, Grant, Person
from tools.cloud.people import people, pins

SHEET = """\
\ufeffNavn;Kort;Gruppe;Gyldig til;Kode;Aktiv\r
Åse Ødegård;26:50-1;alle;31.12.2026;;ja\r
"Berg; Bjørn";"26:50-2; 34:7-8";alle;;ja;\r
Ingrid Solheim;26:0-1204;alle;;;\r
"""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def brought(house: House, text: str | bytes, keep: bool = True, **options: Any) -> Report:
    table = tables.read(text if isinstance(text, bytes) else text.encode())
    return people_list.carry_out(house.tenant, table, Options(**options), keep)


def state(house: House) -> list[Any]:
    found: list[Any] = [list(Person.objects.order_by("pk").values_list("pk", "name", "active", "extended", "escort"))]
    found.append(list(Credential.objects.order_by("pk").values_list("person", "kind", "bits", "number", "active")))
    found.append(list(Grant.objects.order_by("pk").values_list("person", "group", "valid_from", "valid_until", "uses")))
    found.append([Change.objects.count(), AclChange.objects.count(), house.row().acl_version])
    return found


def test_a_sheet_as_excel_writes_it(house: House) -> None:
    before = state(house)
    tried = brought(house, SHEET, keep=False)
    assert [row.what for row in tried.rows] == ["made", "made", "same"] and not tried.done and not tried.refused
    assert state(house) == before, "tried only"
    done = brought(house, SHEET)
    assert done.done and done.counts == {"made": 2, "changed": 0, "same": 1, "refused": 0}
    aase, bjoern = Person.objects.get(name="Åse Ødegård"), Person.objects.get(name="Berg; Bjørn")
    assert aase.grants.get().valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC), "until the end of the day in Oslo"
    assert {(card.bits, card.number) for card in bjoern.credentials.filter(kind="card")} == {
        (26, 50 << 16 | 2), (34, 7 << 16 | 8),
    }  # fmt: skip
    told = [str(one) for one in done.rows[1].does]
    assert pins.digits(bjoern.credentials.get(kind="pin").sealed) in "".join(told)
    assert AclEntry.objects.filter(credential__person=bjoern).count() == 2
    after = state(house)
    again = brought(house, SHEET)
    assert again.done and again.counts["same"] == 3 and state(house) == after, "the same again changes nothing"


def test_what_is_kept_of_many_is_what_is_kept_of_one(house: House) -> None:
    """The record of changes and the table of the controller, beside the same by one call each."""
    mark = Change.objects.order_by("pk").last()
    brought(house, "name,cards,groups\nEn,26:1-1,alle\nTo,26:1-2,alle\n")
    by_list = list(Change.objects.filter(pk__gt=mark.pk).order_by("kind", "pk").values("kind", "what", "after", "name"))
    mark = Change.objects.order_by("pk").last()
    for name, number in (("En", 3), ("To", 4)):
        person = people.enter(house.tenant.pk, name=name)
        people.give_card(person, 26, 1 << 16 | number)
        people.put_into(person, [house.group.pk])
    one_by_one = Change.objects.filter(pk__gt=mark.pk).order_by("kind", "pk").values("kind", "what", "after", "name")
    assert [{**row, "name": ""} for row in by_list] == [{**row, "name": ""} for row in one_by_one]
    assert set(Change.objects.filter(kind="person").values_list("name", flat=True)) >= {"En", "To"}
    assert AclEntry.objects.filter(credential__person__name="En").count() == 2


def test_the_doors_are_asked_once_for_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.cloud.access_list import acl

    calls, refresh = [], acl.refresh
    monkeypatch.setattr(acl, "refresh", lambda *args, **more: calls.append(args) or refresh(*args, **more))
    brought(house, "name,cards,groups\n" + "".join(f"Beboer {n},26:9-{n},alle\n" for n in range(40)))
    assert len(calls) == 1 and AclEntry.objects.count() == 41


def test_a_revocation_by_list_reaches_the_board(house: House) -> None:
    wire = Wire(house.time)
    board = wire.connect(house.settings).connect()
    for _ in range(5):
        wire.poll()
    assert len(board.table) == 1
    done = brought(house, f"id,cards\n{house.person.pk},-\n")
    assert done.done and [str(one) for one in done.rows[0].does] == ["The card 26:0-1204 is revoked."]
    for _ in range(5):
        wire.poll()
    assert (
        board.table == {} and Change.objects.filter(kind="card", what="changed", after={"active": False}).count() == 1
    )


def test_all_rows_or_none_or_row_by_row(house: House) -> None:
    text = "name,cards,groups\nEn,26:1-1,alle\nTo,26:0-1204,alle\nTre,26:1-3,finnes ikke\n"
    before = state(house)
    refused = brought(house, text)
    assert [row.what for row in refused.rows] == ["made", "refused", "refused"] and not refused.done
    assert "Ingrid Solheim holds the card 26:0-1204" in refused.rows[1].told()["says"][0]
    assert state(house) == before
    apart = brought(house, text, apart=True)
    assert apart.done and [row.what for row in apart.rows] == ["made", "refused", "refused"]
    assert Person.objects.filter(name__in=["En", "To", "Tre"]).count() == 1


def test_who_a_controller_cannot_take_is_found_among_the_others(house: House) -> None:
    """Two rights of which one is counted stand in each other's way: that shows only when the tables are made."""
    other = AccessGroup.objects.create(tenant=house.tenant, name="post")
    other.doors.set(house.doors)
    rows = [f"Beboer {n},26:9-{n},alle,\n" for n in range(9)]
    rows.insert(4, "Gjest,26:8-1,alle,3\n")
    assert brought(house, "name,cards,groups,uses\n" + "".join(rows)).done
    rows = [row.replace("alle", "post") for row in rows]
    refused = brought(house, "name,cards,groups,uses\n" + "".join(rows).replace("post,3", "post,"))
    assert [row.name for row in refused.rows if row.what == "refused"] == ["Gjest"] and not refused.done
    assert not Grant.objects.filter(group=other).exists()
    apart = brought(house, "name,cards,groups,uses\n" + "".join(rows).replace("post,3", "post,"), apart=True)
    assert apart.done and Grant.objects.filter(group=other).count() == 9


def test_what_is_written_out_is_read_in_without_a_change(house: House) -> None:
    post = AccessGroup.objects.create(tenant=house.tenant, name="post; bod")
    post.doors.set(house.doors[1:])
    people.limit(Grant(person=house.person, group=post), datetime(2026, 5, 1, 6, 30, 5, tzinfo=UTC), None)
    people.give_card(house.person, 34, 0xA2B3C4D5, datetime(2027, 1, 1, 15, 0, tzinfo=UTC))
    pins.give(house.person)
    people.change(house.add_person("=HYPERLINK(1)"), active=False, escort="needs")
    for kind, separator in (("csv", ","), ("csv", ";"), ("tsv", ","), ("json", ",")):
        written = tables.write(kind, people_list.columns.PEOPLE, people_list.export(house.tenant), separator)
        assert b"=HYPERLINK" in written and (kind == "json" or b"'=HYPERLINK" in written)
        before = state(house)
        done = brought(house, written, whole=True)
        assert done.done and {row.what for row in done.rows} == {"same"}, (kind, [row.told() for row in done.rows])
        assert state(house) == before and len(done.rows) == 3


def test_whole_takes_away_what_is_not_named(house: House) -> None:
    post = AccessGroup.objects.create(tenant=house.tenant, name="post")
    post.doors.set(house.doors[1:])
    text = f"id,name,groups,cards\n{house.person.pk},Ingrid Berg,post,26:5-5\n"
    added = brought(house, text)
    assert added.rows[0].what == "changed" and house.person.grants.count() == 2
    whole = brought(house, text, whole=True)
    assert {str(one) for one in whole.rows[0].does} == {"The card 26:0-1204 is revoked.", "Leaves the group alle."}
    assert list(house.person.grants.values_list("group", flat=True)) == [post.pk]
    assert Person.objects.get(pk=house.person.pk).name == "Ingrid Berg"
    assert Change.objects.filter(kind="grant", what="removed").count() == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,cards\nOla,50-1204\n", "several ways"),
        ("name,cards\nOla,26:1-1\nOla,26:1-2\n", "line 2 enters somebody of the same name"),
        ("name,cards\nOla,26:1-1\nKari,26:1-1\n", "gives the card 26:1-1 to ola too"),
        ("id,name\n7777777,Ola\n", "no person with the number 7777777"),
        ("name,until\nOla,2027-01-01\n", "name the groups"),
        ("name,groups,from,until\nOla,alle,2027-01-02,2027-01-01\n", "ends after it begins"),
        ("name,groups,until\nOla,alle,31/31/2027\n", "is no day"),
        ("name,groups,until\nOla,alle,3027-01-01\n", "no day that means anything"),
        ("name,groups,uses\nOla,alle,0\n", "from 1 to 100"),
        ("name,active\nOla,perhaps\n", "yes or no"),
        ("name,pin\nOla,123456\n", "among the first that anyone tries"),
        ("name,pin\nOla,12\n", "has 6 digits"),
        ("name,escort\nOla,maybe\n", "an escort is needed"),
        ("groups\nalle\n", "nobody is named"),
        ("name,cards\n" + "x" * 101 + ",26:1-1\n", "1 to 100 letters"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_what_to_do(house: House, text: str, says: str) -> None:
    before = state(house)
    found = brought(house, text, apart=True)
    assert says in str([row.told() for row in found.rows]).lower() and found.counts["refused"] >= 1
    assert found.counts["made"] == (1 if ",26:1-1\n" in text and "x" * 101 not in text else 0)
    assert (state(house) == before) == (found.counts["made"] == 0)


def test_a_name_with_control_characters_is_refused_by_its_row_and_not_sought(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halves are tried for what only a controller refuses: a list of such names would hold the database for long."""
    sought: list[Any] = []
    monkeypatch.setattr(people_list, "_seek", lambda *_: sought.append(1))
    found = brought(house, "name\nOla\x1b[2J\nKari\x07\nPer\n", apart=True)
    assert found.counts["refused"] == 2 and found.counts["made"] == 1 and not sought
    assert "control characters" in str(found.rows[0].told())


def test_two_of_one_name_are_told_apart_by_number_or_card(house: House) -> None:
    other = house.add_person("Ingrid Solheim")
    assert "several people are called" in str(brought(house, "name,active\nIngrid Solheim,no\n").rows[0].told()).lower()
    assert brought(house, "name,cards,active\ningrid solheim,26:0-1204,no\n").done
    assert brought(house, f"id,active\n{other.pk},no\n").done
    assert not Person.objects.filter(active=True).exists() and AclEntry.objects.count() == 0


def test_another_tenants_people_are_not_there(house: House) -> None:
    there = House("Naboen", house.time, seed=9)
    found = brought(house, f"id,name\n{there.person.pk},Tatt\n")
    assert found.counts["refused"] == 1 and Person.objects.get(pk=there.person.pk).name != "Tatt"
    mine = brought(house, "name,cards\nIngrid Solheim,26:0-1204\n")
    assert mine.rows[0].what == "same"
    assert Controller.objects.get(pk=there.controller.pk).acl_version == there.row().acl_version
