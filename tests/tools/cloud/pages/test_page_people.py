"""People and cards on the pages: found, entered, given, taken away."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest


def _card(client: Any, person: Any, **fields: Any) -> Any:
    return client.post(f"/people/{person.pk}/cards", {"bits": 26, "facility": 17, "number": 4711, **fields})


def test_people_are_found_by_a_part_of_their_name(browser: Any, house: Any) -> None:
    house.add_person("Åse Øvrebø")
    client = browser()
    assert "Ingrid Solheim" in client.get("/people/").content.decode()
    found = client.get("/people/?q=vreb").content.decode()
    assert "Åse Øvrebø" in found
    assert "Ingrid" not in found
    assert "Nobody is called “zz”" in client.get("/people/?q=zz").content.decode()
    part = client.get("/people/?q=vreb", headers={"HX-Request": "true"}).content.decode()
    assert "Åse" in part
    assert "<html" not in part


def test_a_name_is_only_text(browser: Any, house: Any, stranger: Any) -> None:
    house.add_person("<script>alert(1)</script>")
    page = browser().get("/people/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_long_lists_have_pages(browser: Any, house: Any) -> None:
    from tools.cloud.models import Person

    for n in range(60):
        house.add_person(f"Nummer {n:02d}")
    house.add_person("Nummer 07")  # another one: each of them is on one page
    client = browser()

    def page(address: str) -> tuple[list[str], dict[str, str]]:
        found = client.get(address).content.decode()
        ways = re.findall(r'rel="(prev|next)" href="([^"]+)"', found)
        return re.findall(r"<strong>(.*?)</strong>", found), {way: to.replace("&amp;", "&") for way, to in ways}

    first, ways = page("/people/")
    assert len(first) == 50 and ways.keys() == {"next"}
    second, back = page(ways["next"])
    assert back.keys() == {"prev"} and first + second == sorted(Person.objects.values_list("name", flat=True))
    assert page(back["prev"])[0] == first
    sought, more = page("/people/?q=Nummer")
    assert sought + page(more["next"])[0] == [name for name in first + second if name.startswith("Nummer")]
    for nowhere in ("after=x", "after=999999", f"after={2**70}", "before=0"):
        assert page(f"/people/?{nowhere}")[0] == first
    Person.objects.filter(name=first[0]).update(active=False)  # who passes nowhere comes last, across pages too
    assert page(page("/people/")[1]["next"])[0][-1] == first[0]


def test_somebody_is_found_by_typing(browser: Any, house: Any, stranger: Any, record: Any) -> None:
    """In the log: one who is called so at once, of several by choice; nobody else's people."""
    house.add_person("Inger Solheim")
    stranger.add_person("Ingvild Fremmed")
    record(1, person=house.person)
    client = browser()
    offered = client.get("/people/called?field=person&person_name=ing").content.decode()
    assert "Ingrid Solheim" in offered and "Inger Solheim" in offered and "Ingvild" not in offered
    assert client.get("/people/called?person_name=zz").content.decode().count("Nobody is called so") == 1
    assert "Inger Solheim" not in client.get("/log/").content.decode()  # who did nothing: no menu has everybody
    several = client.get("/log/?person_name=ing").content.decode()
    assert "Several are called so: choose one." in several and several.count('type="radio"') == 2
    one = client.get("/log/?person_name=ingrid").content.decode()
    assert f'value="{house.person.pk}" checked' in one and f"person={house.person.pk}" in one
    other = client.get(f"/log/?person={house.person.pk}&person_name=inger").content.decode()
    assert f'value="{house.person.pk}" checked' not in other  # something else was typed since
    assert "Nobody is called so." in client.get("/log/?person_name=Ingvild").content.decode()


def test_a_person_is_entered_and_gets_a_card_and_a_group(browser: Any, house: Any) -> None:
    from tools.cloud.models import AclEntry, Person

    client = browser()
    answer = client.post("/people/new", {"name": "Kari Ny"})
    kari = Person.objects.get(name="Kari Ny")
    assert kari.tenant == house.tenant
    assert answer.headers["Location"] == f"/people/{kari.pk}/"
    assert _card(client, kari).status_code == 302
    card = kari.credentials.get()
    assert (card.bits, card.number) == (26, 17 << 16 | 4711)
    assert not AclEntry.objects.filter(credential=card).exists()
    client.post(f"/people/{kari.pk}/groups", {"groups": [house.group.pk]})
    assert AclEntry.objects.filter(credential=card).exists()
    client.post(f"/people/{kari.pk}/groups", {})
    assert not kari.grants.exists()
    assert not AclEntry.objects.filter(credential=card).exists()


def test_which_doors_change_is_said_before_somebody_is_moved(browser: Any, house: Any, stranger: Any) -> None:
    from tools.cloud.models import AccessGroup, GroupDoor, Schedule
    from tools.cloud.people import moving
    from tools.cloud.rules import schedules

    office = schedules.save(Schedule(tenant=house.tenant), "Kontor", [[31, 480, 960]])
    night = schedules.save(Schedule(tenant=house.tenant), "Natt", [[31, 0, 60]])
    other, third = (AccessGroup.objects.create(tenant=house.tenant, name=name) for name in ("andre", "tredje"))
    first, second = house.doors
    for group, door, schedule in ((other, first, office), (third, first, night), (third, second, None)):
        GroupDoor.objects.create(accessgroup=group, door=door, schedule=schedule)
    client, path = browser(), f"/people/{house.person.pk}/groups"

    def tried(*groups: Any) -> str:
        answer = client.post(path, {"groups": [group.pk for group in groups], "try": "1"})
        assert answer.status_code == 200
        said = answer.content.decode()
        found = re.search(r'<div class="notice moving" role="status">(.*?)</div></div>', said, re.DOTALL)
        assert found is not None and all(f'value="{group.pk}" checked' in said for group in groups)
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())

    assert "Hovedinngang at all times → Kontor Postrom no longer" in tried(other)
    assert "Hovedinngang at all times → Kontor, Natt" in tried(other, third)
    assert "no door changes" in tried(house.group, other, third) and "no door changes" in tried(house.group)
    assert "Hovedinngang no longer Postrom no longer" in tried()
    assert list(house.person.grants.values_list("group", flat=True)) == [house.group.pk], "nothing is changed"
    house.person.grants.all().delete()
    assert "Hovedinngang new: Kontor" in tried(other)
    assert moving.preview(house.person, [other.pk, stranger.group.pk], house.doors[0].__class__.objects.none()) == []
    assert client.post(path, {"groups": [stranger.group.pk], "try": "1"}).status_code == 422
    assert browser(role="viewer").post(path, {"groups": [other.pk], "try": "1"}).status_code == 403


def test_a_card_number_is_never_shown_whole(browser: Any, house: Any) -> None:
    client = browser()
    _card(client, house.person, number=54321)
    page = client.get(f"/people/{house.person.pk}/").content.decode()
    assert "ending in 321" in page
    assert "54321" not in page
    assert str(17 << 16 | 54321) not in page


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"facility": 300}, "at most 255"),
        ({"number": 70000}, "65535"),
        ({"number": ""}, "required"),
        ({"number": "-1"}, "greater than or equal to 0"),
        ({"bits": 37}, "not one of the available choices"),
        ({"facility": "0x11"}, "whole number"),
    ],
)
def test_a_card_that_cannot_be_is_refused_with_the_reason(
    browser: Any, house: Any, fields: dict[str, Any], text: str
) -> None:
    answer = _card(browser(), house.person, **fields)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert house.person.credentials.count() == 1


def test_a_card_that_somebody_holds_says_who(browser: Any, house: Any) -> None:
    client = browser()
    other = house.add_person("Olav Bakken")
    assert _card(client, other).status_code == 302
    answer = _card(client, house.person)
    assert answer.status_code == 422
    assert "Olav Bakken holds this card. Revoke it there first." in answer.content.decode()
    assert "Olav Bakken holds this card already." in _card(client, other).content.decode()


def test_a_revocation_tells_where_it_has_arrived(browser: Any, house: Any) -> None:
    client = browser()
    row = house.row()
    row.held_acl_version = row.acl_version
    row.confirmed_at = datetime.fromtimestamp(house.time.now, UTC)
    row.save(update_fields=["held_acl_version", "confirmed_at"])
    answer = client.post(f"/cards/{house.card.pk}/revoke", headers={"HX-Request": "true"}).content.decode()
    house.card.refresh_from_db()
    assert not house.card.active
    assert "Refused at 0 of 2 doors." in answer
    assert "Hovedinngang: on its way" in answer
    house.time.now += 60
    later = client.get(f"/cards/{house.card.pk}/arrival").content.decode()
    assert "Hovedinngang has no link: it may still let the card in" in later
    row = house.row()
    row.held_acl_version = row.acl_version
    row.save(update_fields=["held_acl_version"])
    assert "Refused at all 2 doors." in client.get(f"/cards/{house.card.pk}/arrival").content.decode()


def test_a_controller_that_never_got_the_card_refuses_it(browser: Any, house: Any) -> None:
    row = house.row()
    row.held_acl_version = row.acl_version
    row.save(update_fields=["held_acl_version"])
    client = browser()
    late = house.add_card("Sen Gjest", 77)
    client.post(f"/cards/{late.pk}/revoke")
    assert "Refused at all 2 doors." in client.get(f"/cards/{late.pk}/arrival").content.decode()


def test_a_controller_without_a_version_counts_as_holding_the_card(browser: Any, house: Any) -> None:
    client = browser()
    client.post(f"/cards/{house.card.pk}/revoke")
    assert "Refused at 0 of 2 doors." in client.get(f"/cards/{house.card.pk}/arrival").content.decode()


def test_nothing_new_about_a_revocation_is_not_said_again(browser: Any, house: Any) -> None:
    client = browser()
    page = client.post(f"/cards/{house.card.pk}/revoke", headers={"HX-Request": "true"}).content.decode()
    again = page.split('hx-get="')[1].split('"')[0]
    assert client.get(again).status_code == 204


def test_somebody_who_leaves_keeps_no_working_card(browser: Any, house: Any) -> None:
    from tools.cloud.models import AclEntry

    client = browser()
    client.post(f"/people/{house.person.pk}/active", {"active": "no"})
    assert not AclEntry.objects.filter(credential=house.card).exists()
    assert "Not active: no card works" in client.get(f"/people/{house.person.pk}/").content.decode()
    client.post(f"/people/{house.person.pk}/active", {"active": "yes"})
    assert AclEntry.objects.filter(credential=house.card).exists()


def test_a_viewer_changes_nothing(browser: Any, house: Any) -> None:
    client = browser(role="viewer")
    page = client.get(f"/people/{house.person.pk}/").content.decode()
    assert "Revoke" not in page
    assert "Give a card" not in page
    person = f"/people/{house.person.pk}/"
    for path in (person + "cards", person + "groups", person + "active", f"/cards/{house.card.pk}/revoke"):
        assert client.post(path, {}).status_code == 403, path
    assert client.get("/people/new").status_code == 403
    assert client.post("/people/new", {"name": "Inn Snik"}).status_code == 403
    house.card.refresh_from_db()
    house.person.refresh_from_db()
    assert house.card.active
    assert house.person.active
    assert house.person.grants.count() == 1


def test_other_tenants_people_and_groups_do_not_exist(browser: Any, house: Any, stranger: Any) -> None:
    client = browser()
    assert client.get(f"/people/{stranger.person.pk}/").status_code == 404
    assert client.post(f"/people/{stranger.person.pk}/groups", {}).status_code == 404
    assert client.post(f"/cards/{stranger.card.pk}/revoke").status_code == 404
    assert client.get(f"/cards/{stranger.card.pk}/arrival").status_code == 404
    answer = client.post(f"/people/{house.person.pk}/groups", {"groups": [stranger.group.pk]})
    assert answer.status_code == 422
    assert list(house.person.grants.values_list("group", flat=True)) == [house.group.pk]


def test_a_person_is_erased_by_who_may_change_people(browser: Any, house: Any, stranger: Any) -> None:
    path = f"/people/{house.person.pk}/erase"
    assert browser(role="viewer").post(path).status_code == 403
    assert browser(tenant=stranger.tenant).post(path).status_code == 404
    owner = browser()
    assert owner.get(path).status_code == 405
    assert "Erase Ingrid Solheim for good" in owner.get(f"/people/{house.person.pk}/").content.decode()
    answer = owner.post(path, follow=True)
    assert "The person is erased." in answer.content.decode()
    assert "Ingrid" not in owner.get("/people/").content.decode()
    assert "somebody who is erased" in owner.get("/looks/").content.decode()


def test_a_pin_is_not_counted_as_a_card(browser: Any, house: Any) -> None:
    from tools.cloud.people import pins

    pins.give(house.person)
    assert "1 card, PIN</span>" in browser().get("/people/").content.decode()
    house.person.credentials.filter(kind="card").update(active=False)
    assert "0 cards, PIN</span>" in browser().get("/people/").content.decode()


def test_a_zero_byte_is_sought_without_it(browser: Any, house: Any) -> None:
    """PostgreSQL takes none in a text."""
    from tools.cloud.services import entered

    client = browser()
    assert house.person.name in client.get("/people/?q=%00Solheim%00").content.decode()
    assert client.get("/people/?q=%00").status_code == 200
    assert entered.text("\0Sol\0heim ", 100) == "Solheim"
