"""Alarms, emergencies and privacy on the pages: who sees what, who did what."""

import json
from datetime import timedelta
from typing import Any

import pytest

from firmware.controller import events


@pytest.fixture
def raised(house: Any, record: Any) -> Any:
    """raised(code, ...): an event and its alarm."""
    from tools.cloud.alarms import alarms
    from tools.cloud.services import clock

    def happen(code: int, **more: Any) -> Any:
        event = record(code, **more)
        alarms.gather(clock.now())
        return event

    return happen


def test_an_alarm_stands_on_top_until_somebody_acknowledges_it(browser: Any, raised: Any) -> None:
    from tools.cloud.models import Alarm

    client = browser()
    assert 'class="alarms"' not in client.get("/").content.decode()
    for _ in range(2):
        raised(events.DOOR_FORCED)
    page = client.get("/").content.decode()
    assert "Door forced open ×2" in page and "Hovedinngang (Oppgang A)" in page
    alarm = Alarm.objects.latest("pk")
    assert client.post("/alarms/acknowledge", {"alarm": alarm.pk}).status_code == 302
    assert 'class="alarms"' not in client.get("/").content.decode()
    assert client.user.email in client.get("/alarms/").content.decode()
    assert client.post("/alarms/acknowledge", {"alarm": "x"}).status_code == 404


def test_how_many_events_are_missing_is_said(browser: Any, house: Any) -> None:
    from tools.cloud.alarms import alarms
    from tools.cloud.models import Gap
    from tools.cloud.services import clock

    Gap.objects.create(controller=house.controller, epoch=1, first=5, last=9, noticed_at=clock.now())
    alarms.gather(clock.now())
    client = browser()
    assert all("5 events are missing" in client.get(path).content.decode() for path in ("/", "/alarms/"))


def test_what_is_over_says_so(browser: Any, raised: Any) -> None:
    raised(events.FIRE, door=0, extra=1)
    raised(events.FIRE_OVER, door=0, extra=1)
    raised(events.MAINS_LOST, door=0)
    raised(events.MAINS_BACK, door=0)
    page = browser().get("/").content.decode()
    assert "· over</span>" in page and "Mains power lost" not in page


def test_duress_is_silent(browser: Any, house: Any, raised: Any) -> None:
    """Those with the right see it on top and in the log; on the door's card and to all others it is a grant."""
    raised(events.GRANTED_DURESS, person=house.person)
    page = browser().get("/").content.decode()
    assert page.count("<strong>Duress") == 1 and page.count("Duress") == 2 and "Granted" in page
    assert "Duress" in browser().get("/log/?kind=alarm").content.decode()
    guard = browser(role="guard").get("/").content.decode()
    assert "Duress" in guard and "Ingrid" not in guard
    viewer = browser(role="viewer")
    for path in ("/", "/log/", "/log/?kind=granted", "/alarms/", f"/log/?person={house.person.pk}"):
        assert "uress" not in viewer.get(path).content.decode(), path
    assert "Granted" in viewer.get("/log/?kind=granted").content.decode()
    assert "Ingrid Solheim</a>" not in viewer.get("/log/?kind=alarm").content.decode()


def test_a_viewer_and_a_stranger_acknowledge_nothing(browser: Any, stranger: Any, raised: Any) -> None:
    from tools.cloud.models import Alarm

    raised(events.DOOR_FORCED)
    alarm = Alarm.objects.get()
    viewer = browser(role="viewer")
    assert "Door forced" in viewer.get("/").content.decode()
    assert "Acknowledge" not in viewer.get("/").content.decode()
    assert viewer.post("/alarms/acknowledge", {"alarm": alarm.pk}).status_code == 403
    other = browser(tenant=stranger.tenant)
    assert other.post("/alarms/acknowledge", {"alarm": alarm.pk}).status_code == 404
    assert "Door forced" not in other.get("/").content.decode() + other.get("/alarms/").content.decode()


def test_a_lockdown_is_asked_for(browser: Any, house: Any, stranger: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    path = f"/sites/{house.site.pk}/emergency"
    assert "Lock down" in client.get("/").content.decode()
    page = client.post(path, {"do": "lockdown"}, follow=True).content.decode()
    assert "is locked down" in page
    assert [(one.do, one.controller) for one in Command.objects.all()] == [("lockdown", house.controller)]
    assert client.post(path, {"do": "party"}).status_code == 400
    for role in ("viewer", "installer"):
        assert browser(role=role).post(path, {"do": "lockdown"}).status_code == 403
        assert "Lock down" not in browser(role=role).get("/").content.decode()
    assert client.post(f"/sites/{stranger.site.pk}/emergency", {"do": "lockdown"}).status_code == 404
    assert Command.objects.count() == 1


def test_commands_to_a_controller(browser: Any, house: Any, stranger: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    path = f"/controllers/{house.controller.pk}/"
    client.post(path + "do", {"do": "diagnostics"})
    Command.objects.update(state="done", data={"heap": 61234, "wear": 7})
    page = client.get(path).content.decode()
    assert "<dt>Free memory</dt>" in page and "59.8\xa0KB" in page
    assert '<dt>wear</dt><dd class="number">7</dd>' in page  # of a firmware that is newer than these pages
    assert client.post(path + "do", {"do": "format"}).status_code == 400
    assert browser(role="guard").post(path + "do", {"do": "restart"}).status_code == 403
    assert client.post(f"/controllers/{stranger.controller.pk}/do", {"do": "restart"}).status_code == 404
    client.post(f"/doors/{house.doors[0].pk}/hold", {"minutes": "60"})
    assert Command.objects.get(do="hold").arguments["until"] == int(house.time.now) + 3600
    client.post(f"/doors/{house.doors[0].pk}/hold", {"minutes": "0"})
    assert Command.objects.filter(do="hold").latest("pk").arguments == {"until": None}


def test_who_looked_is_for_the_owner(browser: Any, house: Any, stranger: Any) -> None:
    owner, viewer = browser(), browser(role="viewer")
    viewer.get("/log/")
    viewer.get(f"/log/?person={house.person.pk}")
    page = owner.get("/looks/").content.decode()
    assert viewer.user.email in page and "Ingrid Solheim" in page and "everybody" in page
    for role in ("viewer", "administrator", "guard", "installer"):
        assert browser(role=role).get("/looks/").status_code == 403
    assert viewer.user.email not in browser(tenant=stranger.tenant).get("/looks/").content.decode()


def test_a_person_gets_a_copy(browser: Any, house: Any, stranger: Any, record: Any) -> None:
    from tools.cloud.models import Look

    record(events.GRANTED, person=house.person)
    client = browser()
    answer = client.post(f"/people/{house.person.pk}/export")
    said = json.loads(answer.content)
    assert said["person"] == "Ingrid Solheim" and len(said["kinds"]["event"]["rows"]) == 1
    assert "attachment" in answer.headers["Content-Disposition"] and "no-store" in answer.headers["Cache-Control"]
    assert Look.objects.get(what="export").person == house.person
    assert browser(role="viewer").post(f"/people/{house.person.pk}/export").status_code == 403
    assert client.post(f"/people/{stranger.person.pk}/export").status_code == 404


def test_repeated_denials_and_erased_events_in_the_log(browser: Any, record: Any, house: Any) -> None:
    from tools.cloud.log import retention
    from tools.cloud.services import clock

    record(events.DENIED_UNKNOWN, utc=clock.now() - timedelta(days=91))
    retention.erase(clock.now())
    record(events.DENIALS_REPEATED, extra=events.DENIED_UNKNOWN, count=14)
    record(0, door=0)
    page = browser().get("/log/").content.decode()
    assert "Denied: unknown card, 14 times more" in page
    assert page.count("Erased on the controller when its time was over") == 1
    assert page.count("<time datetime=") == 2


def test_what_became_of_a_command_shows_by_itself(browser: Any, house: Any, stranger: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    path = f"/controllers/{house.controller.pk}/"
    client.post(path + "do", {"do": "identify"})
    assert f'hx-get="{path}commands"' in client.get(path).content.decode()
    for state, text in (("queued", "Queued"), ("sent", "Sent")):
        Command.objects.update(state=state)
        part = client.get(path + "commands").content.decode()
        assert f"Identify: {text}" in part and "hx-get" in part
    Command.objects.update(state="done")
    part = client.get(path + "commands").content.decode()
    assert "Identify: Done" in part and "hx-get" not in part  # there is nothing more to ask for
    assert browser(role="guard").get(path + "commands").status_code == 403
    assert client.get(f"/controllers/{stranger.controller.pk}/commands").status_code == 404


def test_diagnostics_are_words_and_no_lists(browser: Any, house: Any) -> None:
    from tools.cloud.doors import commands
    from tools.cloud.models import Command

    row = house.row()
    said = {
        "firmware": "0.1.0", "boots": 4, "heap": 61440, "ticks": 12345678, "log": [5, 11, 30, 28],
        "acl": [7, row.acl_digest, 2], "rules": row.rules_version, "doors": [[True, False], [False, True]],
    }  # fmt: skip
    commands.diagnostics(house.controller, None)
    path = f"/controllers/{house.controller.pk}/"
    named = ("Firmware", "Starts", "Free memory", "Events on its flash", "Access list", "Rules")
    right = (*named, "20, of which 2 not yet sent", "2 records, as it should be", "as they should be", "open, locked")
    for data, texts in (
        (said, (*right, "closed, unlocked")),
        (said | {"acl": [7, "0" * 16, 9], "rules": 1}, ("9 records, another list", "others than they should be")),
        ({"log": "none", "acl": [1], "doors": [1, [1, 2, 3]], "heap": None}, ("none", "[1]", "[1, 2, 3]", "None")),
    ):
        Command.objects.update(state="done", data=data)
        page = browser().get(path).content.decode()
        facts = page[page.index('id="commands"') :]
        for text in texts:
            assert f">{text}" in facts, text
        assert "12345678" not in facts
    assert "<dt>Hovedinngang</dt>" in facts


def test_every_page_counts_what_stands_for_whom_it_is_told_to(browser: Any, house: Any, raised: Any) -> None:
    client = browser()
    assert "bell" not in client.get("/people/").content.decode().split("<main")[0].replace('id="bell"', "")
    raised(events.DOOR_FORCED)
    raised(events.GRANTED_DURESS, person=house.person)
    for path in ("/people/", "/log/", "/account/", "/nowhere/"):
        assert '<span class="number">2</span>' in client.get(path).content.decode(), path
    assert "2 alarms to acknowledge" in client.get("/log/").content.decode()
    assert '<span class="number">1</span>' in browser(role="viewer").get("/log/").content.decode()


def test_an_alarm_is_acknowledged_on_the_alarms_own_page(browser: Any, raised: Any) -> None:
    from tools.cloud.models import Alarm

    raised(events.DOOR_FORCED)
    assert "Acknowledge" not in browser(role="viewer").get("/alarms/").content.decode()
    client = browser(role="guard")
    alarm = Alarm.objects.get()
    page = client.get("/alarms/").content.decode()
    assert f'name="alarm" value="{alarm.pk}"' in page and 'name="from" value="alarms"' in page
    answer = client.post("/alarms/acknowledge", {"alarm": alarm.pk, "from": "alarms"})
    assert answer.headers["Location"] == "/alarms/"
    page = client.get("/alarms/").content.decode()
    assert f'value="{alarm.pk}"' not in page and client.user.email in page


@pytest.mark.parametrize("note", ["a\0b", "a\x1b[2J", "x" * 201])
def test_a_note_that_no_line_can_hold_is_refused_and_the_alarm_stands(browser: Any, raised: Any, note: str) -> None:
    from tools.cloud.models import Alarm

    raised(events.DOOR_FORCED)
    alarm = Alarm.objects.get()
    answer = browser().post("/alarms/acknowledge", {"alarm": alarm.pk, "note": note}, follow=True)
    assert answer.status_code == 200 and 'class="notice message bad"' in answer.content.decode()
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is None


def test_what_an_alarm_was_is_noted_and_seen_by_those_who_see_the_log(browser: Any, raised: Any) -> None:
    from tools.cloud.models import Alarm

    raised(events.DOOR_FORCED)
    alarm = Alarm.objects.latest("pk")
    client = browser()
    assert 'name="note"' in client.get("/alarms/").content.decode()
    answer = client.post("/alarms/acknowledge", {"alarm": alarm.pk, "note": "x" * 201, "from": "alarms"}, follow=True)
    assert "at most 200" in answer.content.decode() and Alarm.objects.latest("pk").acknowledged_at is None
    client.post("/alarms/acknowledge", {"alarm": alarm.pk, "note": "Flyttebyrået\nhadde kilt den opp"})
    for role, seen in (("owner", True), ("guard", True), ("viewer", True), ("installer", False)):
        page = browser(role=role).get("/alarms/").content.decode()
        assert ("Flyttebyrået hadde kilt den opp" in page) == seen, role
