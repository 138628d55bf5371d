"""Sites and controllers on the pages: made, named, enrolled, given up as lost; who may do it."""

import json
import re
from typing import Any

import pytest

from firmware.controller import events


def _enrolment(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Garasje",
        "board": "virtual-two-door",
        "doors": "Port\n",
        "host": "broker.example",
        "port": 1883,
        "wifi_name": "gård",
        "wifi_password": "hemmelig",
        **fields,
    }


def test_a_site_is_made_and_changed(browser: Any, house: Any) -> None:
    from tools.cloud.models import Site

    client = browser()
    assert client.post("/sites/new", {"name": "Brygga", "zone": "America/Lima"}).headers["Location"] == "/sites/"
    site = Site.objects.get(name="Brygga")
    assert (site.tenant, site.zone) == (house.tenant, "America/Lima")
    client.post(f"/sites/{site.pk}/", {"name": "Bryggen", "zone": "Europe/Oslo"})
    assert "Bryggen" in client.get("/sites/").content.decode()
    client.post(f"/sites/{site.pk}/remove")
    assert not Site.objects.filter(pk=site.pk).exists()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "", "zone": "Europe/Oslo"}, "required"),
        ({"name": "Ny", "zone": "Europe/Atlantis"}, "no such time zone"),
        ({"name": "Ny", "zone": "../../etc/passwd"}, "no such time zone"),
        ({"name": "Borettslag", "zone": "Europe/Oslo"}, "There is a site named Borettslag already"),
    ],
)
def test_a_site_that_cannot_be_says_why_and_keeps_what_was_entered(
    browser: Any, house: Any, fields: dict[str, str], text: str
) -> None:
    answer = browser().post("/sites/new", fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert text in page
    assert all(f'value="{value}"' in page for value in fields.values() if value)


def test_a_site_says_what_may_be_wrong_with_its_clock(
    browser: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud.rules import zones

    page = browser().get(f"/sites/{house.site.pk}/").content.decode()
    assert f"Time zone data: {zones.version()}." in page and "laws change" not in page
    monkeypatch.setattr(zones, "version", lambda: "2023c")
    assert "The time zone data are those of 2023c" in browser().get(f"/sites/{house.site.pk}/").content.decode()


def test_a_site_with_controllers_stays(browser: Any, house: Any) -> None:
    client = browser()
    client.post(f"/sites/{house.site.pk}/remove")
    assert "has controllers; a site that has any stays" in client.get("/sites/").content.decode()


def test_a_controller_is_enrolled_and_its_settings_shown_once(browser: Any, house: Any) -> None:
    from tools.cloud.models import Controller

    client = browser()
    answer = client.post(f"/sites/{house.site.pk}/controllers/new", _enrolment())
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    page = answer.content.decode()
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert found is not None
    settings = json.loads(found[1].replace("&quot;", '"'))
    row = Controller.objects.get(name="Garasje")
    assert settings["link_secret"] == bytes(row.link_secret).hex()
    assert settings["wifi"] == {"name": "gård", "password": "hemmelig"}
    account = {name: settings["broker"].pop(name) for name in ("user", "password")}
    assert account["user"] == row.public_id and len(account["password"]) == 32
    assert settings["broker"] == {"host": "broker.example", "port": 1883}
    assert list(row.doors.values_list("name", flat=True)) == ["Port", "Garasje 2"]
    later = client.get(f"/controllers/{row.pk}/").content.decode()
    assert settings["link_secret"] not in later and settings["table_key"] not in later


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "Oppgang A"}, "has a controller named Oppgang A already"),
        ({"doors": "a\nb\nc"}, "This board has 2 doors"),
        ({"board": "../x"}, "not one of the available choices"),
        ({"wifi_name": "ø" * 17}, "at most 32 bytes; letters like å take two"),
        ({"wifi_password": "hallo"}, "has 8 to 63 characters, or is a key of 64 hex digits"),
        ({"wifi_password": "g" * 64}, "has 8 to 63 characters, or is a key of 64 hex digits"),
        ({"host": ""}, "required"),
        ({"port": 70000}, "65535"),
    ],
)
def test_an_enrolment_that_cannot_be_says_why(browser: Any, house: Any, fields: dict[str, Any], text: str) -> None:
    from tools.cloud.models import Controller

    answer = browser().post(f"/sites/{house.site.pk}/controllers/new", _enrolment(**fields))
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert Controller.objects.count() == 1


def test_a_lost_controller_lists_what_to_replace(browser: Any, house: Any) -> None:
    client = browser()
    path = f"/controllers/{house.controller.pk}/"
    assert "To be replaced" not in client.get(path).content.decode()
    client.post(path + "lost")
    page = client.get(path).content.decode()
    assert "Reported lost" in page and "Ingrid Solheim" in page and "ending in 204" in page
    client.post(f"/cards/{house.card.pk}/revoke")
    assert "Nothing that the board knew works any more." in client.get(path).content.decode()
    client.post(path + "lost")
    assert "was reported lost before" in client.get(path).content.decode()
    assert "Hovedinngang" not in client.get("/").content.decode()


def test_a_new_board_takes_the_place_of_a_lost_one(browser: Any, house: Any) -> None:
    from tools.cloud.models import AclEntry, Controller

    client = browser()
    form = f"/sites/{house.site.pk}/controllers/new"
    assert "Replaces" not in client.get(form).content.decode()
    client.post(f"/controllers/{house.controller.pk}/lost")
    assert "Replaces" in client.get(form).content.decode()
    answer = client.post(form, _enrolment(name="Oppgang A", doors="", replaces=house.controller.pk))
    assert answer.status_code == 200, answer.content.decode()
    new = Controller.objects.get(name="Oppgang A", lost_at=None)
    assert list(new.doors.values_list("name", flat=True)) == ["Hovedinngang", "Postrom"]
    assert AclEntry.objects.get(credential=house.card).controller == new
    assert set(house.group.doors.all()) == set(new.doors.all())
    assert "Replaces" not in client.get(form).content.decode()


def test_a_controller_says_how_it_is(browser: Any, house: Any, record: Any) -> None:
    row = house.row()
    row.refused = {"tag": 17}
    row.health = {"boot": 4, "heap": 60000, "refused": {"tag": 3, "replay": 0}}
    row.firmware = "0.2.0"
    row.held_acl_digest = "fffffffffffffffe"
    row.save()
    client = browser()
    page = client.get(f"/controllers/{row.pk}/").content.decode()
    assert "forged or damaged messages" in page and ">20<" in page and "sent again</dt>" not in page
    assert "1 record does not fit this board" in page
    assert "0.2.0" in page and "Never linked" in page
    client.post(f"/controllers/{row.pk}/name", {"name": "Oppgang B"})
    assert "Oppgang B" in client.get("/sites/").content.decode()
    client.post(f"/controllers/{row.pk}/name", {"name": " "})
    assert house.row().name == "Oppgang B"


@pytest.mark.parametrize("role", ["viewer", "guard"])
def test_only_installers_and_administrators_change_places(browser: Any, house: Any, role: str) -> None:
    from tools.cloud.models import Controller, Site

    client = browser(role=role)
    assert client.get("/sites/").status_code == 200
    site, controller = f"/sites/{house.site.pk}/", f"/controllers/{house.controller.pk}/"
    assert "lost" not in client.get(controller).content.decode()
    paths = [site, site + "remove", site + "controllers/new", controller + "lost", controller + "name"]
    for path in ["/sites/new", *paths]:
        assert client.post(path, _enrolment()).status_code == 403, path
    assert Controller.objects.filter(lost_at=None, name="Oppgang A").count() == Site.objects.count() == 1


def test_an_installer_sees_no_people(browser: Any, house: Any, record: Any) -> None:
    record(events.GRANTED, person=house.person)
    client = browser(role="installer")
    assert client.get("/people/").status_code == client.get("/log/").status_code == 403
    assert client.get(f"/people/{house.person.pk}/").status_code == 403
    assert client.post(f"/doors/{house.doors[0].pk}/release").status_code == 403
    client.post(f"/controllers/{house.controller.pk}/lost")
    for path in ("/", "/sites/", f"/controllers/{house.controller.pk}/"):
        assert "Ingrid" not in client.get(path).content.decode(), path
    assert client.get("/").content.decode().count('href="/people/"') == 0


def test_a_guard_releases_and_sees_no_names(browser: Any, house: Any, record: Any) -> None:
    record(events.GRANTED, person=house.person)
    client = browser(role="guard")
    assert client.post(f"/doors/{house.doors[0].pk}/release").status_code == 302
    page = client.get("/").content.decode()
    assert "Granted" in page and "Ingrid" not in page
    assert "Ingrid" in browser().get("/").content.decode()


def test_other_tenants_places_do_not_exist(browser: Any, house: Any, stranger: Any) -> None:
    client = browser()
    site, controller = f"/sites/{stranger.site.pk}/", f"/controllers/{stranger.controller.pk}/"
    assert "Fremmed" not in client.get("/sites/").content.decode()
    assert client.get(controller).status_code == client.get(site).status_code == 404
    for path in (site, site + "remove", site + "controllers/new", controller + "lost", controller + "name"):
        assert client.post(path, _enrolment()).status_code == 404, path
    client.post(f"/controllers/{house.controller.pk}/lost")
    client.post(f"/controllers/{stranger.controller.pk}/lost")
    stranger.controller.refresh_from_db()
    assert stranger.controller.lost_at is None
    # a lost controller of another tenant cannot be taken over either
    answer = client.post(f"/sites/{house.site.pk}/controllers/new", _enrolment(replaces=stranger.controller.pk))
    assert answer.status_code == 422
