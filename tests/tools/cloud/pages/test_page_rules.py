"""Access on the pages: groups with schedules, weeks, holidays, a door's rules, PINs and limits; wrong input is kept."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest


def _week(**days: list[tuple[str, str]]) -> dict[str, Any]:
    """_week(d0=[("08:00", "16:00")]): the hours of Monday as a form sends them."""
    fields: dict[str, Any] = {}
    for bit in range(8):
        pairs = [*days.get(f"d{bit}", []), ("", "")]
        fields[f"from-{bit}"], fields[f"to-{bit}"] = [a for a, _ in pairs], [b for _, b in pairs]
    return fields


def _door(**fields: Any) -> dict[str, Any]:
    plain = {
        "name": "Hovedinngang",
        "release_ms": "5",
        "held_ms": "30",
        "relock": "time",
        "forced": "alarm",
        "rex": "release",
        "interlock_open": "on",
    }
    return plain | fields


def test_a_week_is_entered_and_read_again(browser: Any, house: Any) -> None:
    from tools.cloud.models import Schedule

    client = browser()
    hours = [("08:00", "12:00"), ("13:00", "00:00")]
    answer = client.post("/schedules/new", {"name": "Kontor", **_week(d0=hours, d1=hours, d7=[("10:00", "14:00")])})
    row = Schedule.objects.get()
    assert answer.headers["Location"] == f"/schedules/{row.pk}/"
    assert row.times == [[3, 480, 720], [128, 600, 840], [3, 780, 1440]]
    page = client.get(f"/schedules/{row.pk}/").content.decode()
    assert re.findall(r'name="from-0" value="([^"]*)"', page) == ["08:00", "13:00", ""]
    assert re.findall(r'name="to-0" value="([^"]*)"', page) == ["12:00", "00:00", ""]
    assert "Tuesday: 08:00–12:00 13:00–00:00" in client.get("/access/").content.decode()


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([("16:00", "08:00")], "Past midnight, divide it in two"),
        ([("08:00", "12:00"), ("11:00", "13:00")], "Two intervals overlap"),
        ([("08:00", "")], "each interval has two"),
        ([("8", "9")], "A time looks like 08:00"),
        ([("25:00", "26:00")], "A time looks like 08:00"),
    ],
)
def test_wrong_hours_are_marked_at_their_day_and_kept(browser: Any, house: Any, pairs: Any, text: str) -> None:
    from tools.cloud.models import Schedule

    answer = browser().post("/schedules/new", {"name": "Kontor", **_week(d2=pairs, d4=[("07:15", "09:00")])})
    page = answer.content.decode()
    assert answer.status_code == 422 and text in page
    assert page.count("day-row wrong") == 1
    assert 'value="07:15"' in page and all(f'value="{time}"' in page for pair in pairs for time in pair if time)
    assert 'value="Kontor"' in page and not Schedule.objects.exists()


def test_mondays_hours_are_copied_without_saving(browser: Any, house: Any) -> None:
    from tools.cloud.models import Schedule

    fields = {"name": "Kontor", "like-monday": "1", **_week(d0=[("08:00", "16:00")], d5=[("10:00", "11:00")])}
    page = browser().post("/schedules/new", fields).content.decode()
    assert page.count('value="08:00"') == 5 and page.count('value="10:00"') == 1
    assert not Schedule.objects.exists()


def test_a_group_with_its_doors_and_schedules(browser: Any, house: Any) -> None:
    from tools.cloud.models import AccessGroup

    client = browser()
    client.post("/schedules/new", {"name": "Kontor", **_week(d0=[("08:00", "16:00")])})
    schedule = house.tenant.schedules.get()
    first, second = house.doors
    client.post("/groups/new", {"name": "Renhold", f"door-{first.pk}": str(schedule.pk), "lockdown": "on"})
    group = AccessGroup.objects.get(name="Renhold")
    assert [(place.door, place.schedule) for place in group.places.all()] == [(first, schedule)]
    assert group.lockdown and not group.exempt
    assert "Hovedinngang (Kontor)" in client.get("/access/").content.decode()
    client.post(f"/groups/{group.pk}/", {"name": "Renhold", f"door-{second.pk}": "0"})
    assert [(place.door, place.schedule) for place in group.places.all()] == [(second, None)]
    answer = client.post(f"/groups/{group.pk}/", {"name": "alle", f"door-{first.pk}": "0"})
    assert answer.status_code == 422 and "There is a group named alle already" in answer.content.decode()
    assert [place.door for place in group.places.all()] == [second], "refused whole"
    assert "Kontor is used by" not in client.post(f"/schedules/{schedule.pk}/remove", follow=True).content.decode()
    client.post(f"/groups/{group.pk}/remove")
    assert not AccessGroup.objects.filter(name="Renhold").exists()


def test_in_a_large_house_only_doors_of_the_group_offer_all_hours(
    browser: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud.models import AccessGroup
    from tools.cloud.rules.forms import GroupForm

    client = browser()
    client.post("/schedules/new", {"name": "Kontor", **_week(d0=[("08:00", "16:00")])})
    schedule, (first, second) = house.tenant.schedules.get(), house.doors
    group = AccessGroup.objects.create(tenant=house.tenant, name="Renhold")
    group.doors.set([first])

    def offered() -> list[bool]:
        page = client.get(f"/groups/{group.pk}/").content.decode()
        menus = [page.partition(f'name="door-{door.pk}"')[2].partition("</select>")[0] for door in (first, second)]
        assert all('value="0"' in menu for menu in menus)
        assert ("hours chosen once it is saved" in page) is (GroupForm.MOST_OPTIONS == 0)
        return ["Kontor" in menu for menu in menus]

    assert offered() == [True, True]
    monkeypatch.setattr(GroupForm, "MOST_OPTIONS", 0)
    assert offered() == [True, False]
    fields = {"name": "Renhold", f"door-{first.pk}": "0", f"door-{second.pk}": str(schedule.pk)}
    wrong = client.post(f"/groups/{group.pk}/", fields | {"name": ""})
    assert wrong.status_code == 422 and f'value="{schedule.pk}" selected' in wrong.content.decode(), "what was chosen"
    assert client.post(f"/groups/{group.pk}/", fields).status_code == 302
    assert group.places.get(door=second).schedule == schedule and offered() == [True, True]


def test_of_a_group_of_many_doors_the_list_names_a_few(
    browser: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud.rules import views

    assert "more" not in browser().get("/access/").content.decode().partition("Hovedinngang")[2].partition("</span>")[0]
    monkeypatch.setattr(views, "DOORS_NAMED", 1)
    page = browser().get("/access/").content.decode()
    assert "Hovedinngang and 1 more</span>" in page and "Postrom" not in page


def test_a_schedule_in_use_stays(browser: Any, house: Any) -> None:
    client = browser()
    client.post("/schedules/new", {"name": "Kontor", **_week()})
    schedule = house.tenant.schedules.get()
    place = house.group.places.first()
    place.schedule = schedule
    place.save()
    page = client.post(f"/schedules/{schedule.pk}/remove", follow=True).content.decode()
    assert "Kontor is used by alle (Hovedinngang); change that first." in page


def test_holidays_are_filled_in_entered_and_removed(browser: Any, house: Any) -> None:
    client = browser()
    page = client.post("/holidays/fill", {"year": "2026"}, follow=True).content.decode()
    assert "12 holidays of 2026 are entered." in page and "Første juledag" in page
    client.post("/holidays/new", {"name": "Dugnad", "first": "2026-12-05"})
    dugnad = house.tenant.holidays.get(name="Dugnad")
    assert "Dugnad" in client.get("/access/").content.decode()
    answer = client.post("/holidays/new", {"name": "Uke", "first": "2026-12-09", "last": "2026-12-01"})
    assert answer.status_code == 422 and "exchange them" in answer.content.decode()
    assert 'value="2026-12-09"' in answer.content.decode()
    client.post(f"/holidays/{dugnad.pk}/remove")
    assert not house.tenant.holidays.filter(name="Dugnad").exists()
    assert "choose a year in between" in client.post("/holidays/fill", {"year": "x"}, follow=True).content.decode()


def test_a_doors_rules_are_changed_and_shown(browser: Any, house: Any) -> None:
    client = browser()
    path = f"/doors/{house.doors[0].pk}/"
    client.post("/schedules/new", {"name": "Kontor", **_week(d0=[("08:00", "16:00")])})
    schedule = house.tenant.schedules.get()
    fields = _door(
        release_ms="4.5", retention_days="0", free=str(schedule.pk), two_person="0", warn_ms="10", unopened="on"
    )
    fields |= {"who-0": "card+pin", "when-0": str(schedule.pk), "who-1": "card", "when-1": "0"}
    assert client.post(path, fields).status_code == 302
    door = house.doors[0]
    door.refresh_from_db()
    said = door.rules
    assert (door.release_ms, said.retention_days, said.free, said.two_person) == (4500, 0, schedule, True)
    assert said.who == [["card+pin", schedule.pk], ["card", None]]
    assert (said.two_person_when, said.warn_ms, said.unopened, said.extended_ms) == (None, 10_000, True, None)
    page = client.get(path).content.decode()
    assert 'value="4.5"' in page and 'value="0"' in page
    assert page.count("selected") >= 5


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"release_ms": "0.1"}, "greater than or equal to 0.5"),
        ({"retention_days": "9999"}, "less than or equal to 3650"),
        ({"first_in": "on"}, "choose its schedule"),
        ({"passback": "hard"}, "two different areas"),
        ({"name": ""}, "required"),
        ({"free": "987654"}, "not one of the available choices"),
    ],
)
def test_a_door_that_cannot_be_says_why_and_keeps_what_was_entered(
    browser: Any, house: Any, fields: dict[str, str], text: str
) -> None:
    answer = browser().post(f"/doors/{house.doors[0].pk}/", _door(held_ms="44", **fields))
    page = answer.content.decode()
    assert answer.status_code == 422 and text in page and 'value="44"' in page
    house.doors[0].refresh_from_db()
    assert house.doors[0].held_ms == 30_000 and not hasattr(house.doors[0], "rules")


def test_a_pin_is_shown_once(browser: Any, house: Any) -> None:
    client = browser()
    page = client.post(f"/people/{house.person.pk}/pin", {"kind": "pin", "digits": ""})
    digits = re.search(r'class="pin"[^>]*>(\d{6})<', page.content.decode())
    assert digits and "no-store" in page.headers["Cache-Control"]
    assert digits[1] not in client.get(f"/people/{house.person.pk}/").content.decode()
    answer = client.post(f"/people/{house.person.pk}/pin", {"kind": "pin", "digits": "123456"})
    assert answer.status_code == 422 and "among the first that anyone tries" in answer.content.decode()
    row = house.person.credentials.get(kind="pin", active=True)
    client.post(f"/cards/{row.pk}/revoke")
    row.refresh_from_db()
    assert not row.active and row.sealed is None


def test_a_right_is_limited(browser: Any, house: Any) -> None:
    client = browser()
    grant = house.person.grants.get()
    fields = {"valid_from": "2026-12-01", "valid_until": "2026-12-24", "until_time": "16:30", "uses": "3"}
    client.post(f"/grants/{grant.pk}", fields)
    grant.refresh_from_db()
    assert grant.uses == 3 and grant.valid_until == datetime(2026, 12, 24, 15, 30, tzinfo=UTC)
    assert "3 passages" in client.get(f"/people/{house.person.pk}/").content.decode()
    answer = client.post(f"/grants/{grant.pk}", fields | {"valid_until": "2026-11-01"})
    assert answer.status_code == 422 and "Exchange the two" in answer.content.decode()
    assert 'value="2026-11-01"' in answer.content.decode()
    grant.refresh_from_db()
    assert grant.uses == 3


def test_a_person_who_needs_longer(browser: Any, house: Any) -> None:
    browser().post(f"/people/{house.person.pk}/needs", {"extended": "yes", "escort": "gives"})
    house.person.refresh_from_db()
    assert house.person.extended and house.person.escort == "gives"


def test_areas(browser: Any, house: Any) -> None:
    client = browser()
    path = f"/sites/{house.site.pk}/areas"
    client.post(path, {"number": 1, "name": "Lager", "limit": 5})
    area = house.site.areas.get()
    assert "at most 5 people" in client.get(path).content.decode()
    fields = _door(leads_to=str(area.pk), passback="hard")
    assert client.post(f"/doors/{house.doors[0].pk}/", fields).status_code == 302
    assert "Doors lead to this area" in client.post(f"/areas/{area.pk}/remove", follow=True).content.decode()
    assert client.post(path, {"number": 16, "name": "x"}).status_code == 422


def _changes(house: Any) -> list[str]:
    schedule, holiday = house.tenant.schedules.first(), house.tenant.holidays.first()
    return [
        f"/schedules/{schedule.pk}/",
        f"/schedules/{schedule.pk}/remove",
        f"/holidays/{holiday.pk}/remove",
        f"/groups/{house.group.pk}/",
        f"/groups/{house.group.pk}/remove",
        f"/doors/{house.doors[0].pk}/",
        f"/doors/{house.doors[0].pk}/hold",
        f"/sites/{house.site.pk}/areas",
        f"/people/{house.person.pk}/pin",
        f"/people/{house.person.pk}/needs",
        f"/grants/{house.person.grants.get().pk}",
    ]


@pytest.fixture
def filled(house: Any, stranger: Any) -> None:
    from tools.cloud.models import Schedule
    from tools.cloud.rules import holidays, schedules

    for each in (house, stranger):
        schedules.save(Schedule(tenant=each.tenant), "Kontor", [[31, 480, 960]])
        holidays.fill(each.tenant.pk, 2026)


def test_a_viewer_changes_no_rules(browser: Any, house: Any, filled: None) -> None:
    client = browser(role="viewer")
    assert client.get("/access/").status_code == client.get(f"/doors/{house.doors[0].pk}/").status_code == 200
    for path in [*_changes(house), "/schedules/new", "/groups/new", "/holidays/new", "/holidays/fill"]:
        assert client.post(path, {"name": "x", "year": "2027", "minutes": "15"}).status_code == 403, path
    assert client.get("/groups/new").status_code == 403


def test_other_tenants_rules_do_not_exist(browser: Any, house: Any, stranger: Any, filled: None) -> None:
    client = browser()
    for path in _changes(stranger):
        assert client.post(path, {"name": "x"}).status_code == 404, path
    theirs = stranger.tenant.schedules.get()
    answer = client.post(f"/groups/{house.group.pk}/", {"name": "alle", f"door-{house.doors[0].pk}": str(theirs.pk)})
    assert answer.status_code == 422
    client.post(f"/groups/{house.group.pk}/", {"name": "alle", f"door-{stranger.doors[0].pk}": "0"})
    assert not house.group.places.filter(door=stranger.doors[0]).exists()
