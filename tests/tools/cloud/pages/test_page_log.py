"""The log page: sentences, filters, gaps, times that are not to be trusted, paging."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from firmware.controller import events


def _rows(page: str) -> list[str]:
    listed = re.findall(r"<ol class=\"entries card\">(.*?)</ol>", page, re.S)
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", row)).strip()
        for row in re.findall(r"<li.*?</li>", "".join(listed), re.S)
    ]


def test_events_are_sentences_newest_first(browser: Any, house: Any, record: Any) -> None:
    record(events.GRANTED, person=house.person)
    record(events.DENIED_UNKNOWN, door=2)
    record(events.STARTED, door=0, extra=3)
    rows = _rows(browser().get("/log/").content.decode())
    assert "Controller started: watchdog" in rows[0] and rows[0].endswith("Oppgang A")
    assert "Denied: unknown card" in rows[1] and "Postrom" in rows[1]
    assert "Ingrid Solheim Granted" in rows[2] and "Hovedinngang" in rows[2]


def test_filters_narrow(browser: Any, house: Any, record: Any) -> None:
    other = house.add_person("Olav")
    record(events.GRANTED, person=house.person)
    record(events.DENIED_DOOR, door=2, person=house.person)
    record(events.DOOR_OPENED)
    client = browser()

    def count(query: str) -> int:
        return len(_rows(client.get(f"/log/?{query}").content.decode()))

    assert count("") == 3
    assert count(f"door={house.doors[1].pk}") == 1
    assert count(f"person={house.person.pk}") == 2
    assert count(f"person={other.pk}") == 0
    assert count("kind=denied") == 1
    assert count(f"kind=granted&person={house.person.pk}&door={house.doors[0].pk}") == 1
    assert count("kind=nonsense") == 3
    day = datetime.fromtimestamp(house.time.now, UTC).date()
    assert count(f"since={day}&until={day}") == 3
    assert count(f"since={day + timedelta(days=1)}") == 0
    assert count(f"until={day - timedelta(days=1)}") == 0


def test_an_empty_log_says_why(browser: Any, house: Any) -> None:
    client = browser()
    assert "Nothing has been recorded yet" in client.get("/log/").content.decode()
    assert "Nothing like that is in the log" in client.get("/log/?kind=alarm").content.decode()


def test_a_gap_is_shown_where_it_is(browser: Any, house: Any, record: Any) -> None:
    from tools.cloud.models import Gap

    record(events.DOOR_OPENED, sequence=4)
    record(events.DOOR_CLOSED, sequence=10)
    at = datetime.fromtimestamp(house.time.now, UTC)
    Gap.objects.create(controller=house.controller, epoch=1, first=5, last=9, noticed_at=at)
    client = browser()
    rows = _rows(client.get("/log/").content.decode())
    assert "Door closed" in rows[0] and "Door opened" in rows[2]
    assert "5 events of Oppgang A are missing (numbers 5 to 9)" in rows[1]
    assert len(_rows(client.get("/log/?kind=door").content.decode())) == 2  # nobody knows what was in it


def test_times_that_are_not_sure_are_marked(browser: Any, record: Any) -> None:
    record(events.DOOR_OPENED)
    record(events.DOOR_OPENED, flags=0)
    record(events.DOOR_OPENED, utc=None)
    sure, unsure, unknown = reversed(_rows(browser().get("/log/").content.decode()))
    assert "clock" not in sure
    assert "clock not confirmed" in unsure
    assert "time not known, came in at" in unknown


def test_what_came_in_later_is_marked(browser: Any, record: Any, house: Any) -> None:
    at = datetime.fromtimestamp(house.time.now, UTC)
    record(events.DOOR_OPENED, utc=at - timedelta(hours=3))
    assert "sent later" in _rows(browser().get("/log/").content.decode())[0]


def test_times_are_those_of_the_site(browser: Any, house: Any, record: Any) -> None:
    record(events.DOOR_OPENED, utc=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    page = browser().get("/log/").content.decode()
    assert "00:30:00" in page
    assert "Thursday 2 July 2026" in page


def test_paging_shows_every_event_once(browser: Any, record: Any) -> None:
    for _ in range(150):
        record(events.DOOR_OPENED)
    client = browser()
    seen: list[str] = []
    path = "/log/?kind=door"
    pages = [path]
    while True:
        page = client.get(path).content.decode()
        seen += re.findall(r"datetime=", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        path = "/log/" + older[1].replace("&amp;", "&")
        pages.append(path)
    assert len(seen) == 150
    assert len(pages) == 3
    newer = re.search(r'rel="prev" href="([^"]+)"', page)
    assert newer is not None
    back = client.get("/log/" + newer[1].replace("&amp;", "&")).content.decode()
    assert _rows(back) == _rows(client.get(pages[1]).content.decode())
    assert client.get("/log/?before=x").status_code == 200
    assert client.get(f"/log/?before={'9' * 40}").status_code == 200


def test_other_tenants_events_are_not_there(browser: Any, house: Any, stranger: Any, record: Any) -> None:
    record(events.GRANTED, person=house.person)
    client = browser(tenant=stranger.tenant)
    assert _rows(client.get("/log/").content.decode()) == []
    assert _rows(client.get(f"/log/?door={house.doors[0].pk}").content.decode()) == []
    theirs = stranger.person.pk  # the stranger's own Ingrid
    offered = client.get("/log/?person_name=ingrid").content.decode()
    assert f'value="{theirs}" checked' in offered and f'value="{house.person.pk}"' not in offered
    assert f'value="{house.person.pk}"' not in client.get("/log/").content.decode()


def test_the_log_is_taken_along_as_it_is_narrowed(browser: Any, house: Any, record: Any) -> None:
    from tools.cloud.models import Gap, Look
    from tools.cloud.services import clock

    house.person.name = "=Ingrid"
    house.person.save()
    record(events.GRANTED, person=house.person, sequence=3)
    record(events.DENIED_UNKNOWN, door=2, sequence=6)
    epoch = house.controller.events.get(sequence=6).epoch
    Gap.objects.create(controller=house.controller, epoch=epoch, first=4, last=5, noticed_at=clock.now())
    client = browser()
    assert (
        f'href="/log/export.csv?door={house.doors[1].pk}"'
        in client.get(f"/log/?door={house.doors[1].pk}").content.decode()
    )
    whole = client.get("/log/export.csv")
    assert whole.headers["Content-Disposition"].startswith('attachment; filename="log-')
    rows = list(csv.DictReader(io.StringIO(whole.content.decode("utf-8-sig"))))
    assert [row["event"] for row in rows] == ["granted", "gap", "denied_unknown"]
    assert [row["sequence"] for row in rows] == ["3", "4-5", "6"]
    assert rows[0]["person"] == "'=Ingrid" and rows[0]["door"] == "Hovedinngang" and rows[0]["time"][10] == "T"
    assert rows[1]["text"] == "2 events are missing in the log"
    said = client.get(f"/log/export.json?door={house.doors[1].pk}").json()
    assert [(one["event"], one["text"]) for one in said if one["event"] != "gap"] == [
        ("denied_unknown", "Denied: unknown card")
    ]
    assert client.get(f"/log/export.json?person={house.person.pk}").json()[0]["person"] == "=Ingrid"
    assert client.get("/log/export.csv?since=never").status_code == 404, "not all of it instead"
    assert Look.objects.filter(what=Look.What.LOG_FILE, user=client.user).count() == 2, "of all, and of one"
    for role, code in (("viewer", 200), ("guard", 403), ("installer", 403)):
        assert browser(role=role).get("/log/export.csv").status_code == code, role


def test_more_than_a_file_should_hold_is_refused(browser: Any, house: Any, record: Any, monkeypatch: Any) -> None:
    from tools.cloud.log import export

    monkeypatch.setattr(export, "MOST", 1)
    for _ in range(2):
        record(events.DOOR_OPENED)
    answer = browser().get("/log/export.csv?kind=door", follow=True)
    assert "more than 1 entries" in answer.content.decode() and answer.request["QUERY_STRING"] == "kind=door"


def test_what_comes_in_is_put_on_top_as_it_comes(browser: Any, house: Any, record: Any) -> None:
    from tools.cloud.doors import live
    from tools.cloud.models import Look

    record(events.DOOR_OPENED)
    client = browser()
    page = client.get("/log/").content.decode()
    [after] = re.findall(r'data-stream="/doors/stream\?log=(\d+)"', page)
    assert "live.js" in page and 'id="log-live"' in page
    for narrowed in ("kind=door", f"before={int(after) + 1}"):
        assert "log-live" not in client.get(f"/log/?{narrowed}").content.decode(), "it would not belong there"

    def parts(who: Any) -> dict[str, str]:
        return live._parts(live.DoorStream(who.user, "", "en", log=int(after)))

    assert _rows(parts(client)["log-live"]) == []
    looked = Look.objects.get(user=client.user, what=Look.What.LOG).times
    record(events.GRANTED, person=house.person)
    record(events.DENIED_UNKNOWN, door=2)
    rows = _rows(parts(client)["log-live"])
    assert ["unknown card" in row for row in rows] == [True, False] and "Ingrid Solheim" in rows[1]
    assert Look.objects.get(user=client.user, what=Look.What.LOG).times == looked + 1, "who follows it, looks"
    assert _rows(parts(browser(role="guard"))["log-live"]) == []
