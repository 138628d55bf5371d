"""The pages and the API of breaches: for owners alone, from the entry to the list and the notices."""

import csv
import io
import json
from typing import Any

import pytest
from breached import SAID, Breached
from cloud_world import House, Stopped

from tools.cloud.models import Breach, BreachEntry, Look, Role
from tools.cloud.services import clock


@pytest.fixture
def stranger(time_now: Stopped) -> Breached:
    return Breached(time_now, "Naboen", 9)


def test_a_breach_is_entered_worked_and_closed_on_the_pages(hit: Breached) -> None:
    client = hit.browser()
    page = client.get("/breaches/").content.decode()
    assert "No breach is open" in page and f"/tenants/{hit.tenant.pk}/breaches/new" in page
    now = hit.at(hours=1)  # Norway's clock in November
    said = {
        "of": f"controller-{hit.controller.pk}", "since": "2025-11-20", "since_time": "14:00", "until": "",
        "known": f"{now:%Y-%m-%d}", "known_time": f"{now:%H:%M}", "said": SAID,
    }  # fmt: skip
    answer = client.post(f"/tenants/{hit.tenant.pk}/breaches/new", said)
    row = Breach.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/breaches/{row.pk}/"
    assert f"{row.since:%Y-%m-%dT%H:%M}" == "2025-11-20T13:00" and row.controller == hit.controller
    page = client.get(f"/breaches/{row.pk}/").content.decode()
    assert "A controller: Oppgang A" in page and "71 hours left" in page and "Ingrid Solheim" in page and SAID in page
    done = {"what": "authority", "told": f"{now:%Y-%m-%d}", "told_time": f"{now:%H:%M}", "note": "sak 25/1"}
    assert client.post(f"/breaches/{row.pk}/enter", done).status_code == 302
    assert client.post(f"/breaches/{row.pk}/enter", {"what": "no people", "note": "ikke høy risiko"}).status_code == 302
    answer = client.post(f"/breaches/{row.pk}/close", {"note": ""})
    assert answer.status_code == 422 and "Say until when others could get at it" in answer.content.decode()
    more = {"until": "2025-11-20", "until_time": "15:00", "known": done["told"], "known_time": done["told_time"],
            "said": SAID, "measures": "Nye kort."}  # fmt: skip
    assert client.post(f"/breaches/{row.pk}/describe", more).status_code == 302
    assert client.post(f"/breaches/{row.pk}/close", {"note": "Skapet har lås."}).status_code == 302
    page = client.get(f"/breaches/{row.pk}/").content.decode()
    assert "Nye kort." in page and "Skapet har lås." in page and "sak 25/1" in page
    assert "Enter what was done" not in page


def test_who_looks_at_whom_it_concerns_is_kept(hit: Breached, time_now: Stopped) -> None:
    row, client = hit.opened(), hit.browser()
    looks = Look.objects.filter(what=Look.What.BREACH, user=hit.owner)
    assert client.get(f"/breaches/{row.pk}/").status_code == 200
    assert looks.count() == 1
    time_now.now += 601  # what is looked at within ten minutes is one look
    assert client.post(f"/breaches/{row.pk}/list").status_code == 200
    assert looks.count() == 2


def test_what_is_wrong_is_said_in_the_form_and_what_was_written_stays(hit: Breached) -> None:
    client = hit.browser()
    now = hit.at(hours=1)
    said = {"of": "whole", "since": f"{hit.at(days=3):%Y-%m-%d}", "known": f"{now:%Y-%m-%d}", "said": SAID}
    answer = client.post(f"/tenants/{hit.tenant.pk}/breaches/new", said)
    page = answer.content.decode()
    assert answer.status_code == 422 and "choose times that are past" in page and SAID in page
    row = hit.opened()
    answer = client.post(f"/breaches/{row.pk}/enter", {"what": "people", "note": "oppslag"})
    assert answer.status_code == 422 and "Say when they were told" in answer.content.decode()
    assert BreachEntry.objects.count() == 1


def test_the_list_has_everybody_and_no_formula(hit: Breached) -> None:
    hit.add_card("=HYPERLINK(1)", 300)
    row = hit.opened("controller", hit.controller)
    assert hit.browser().get(f"/breaches/{row.pk}/list").status_code == 405, "a question writes nothing"
    answer = hit.browser().post(f"/breaches/{row.pk}/list")
    assert answer["Content-Disposition"] == f'attachment; filename="breach-{row.pk}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {one["name"] for one in rows} == {"Ingrid Solheim", "'=HYPERLINK(1)"} and rows[0]["kind"] == "person"
    assert "Access lists" in rows[0]["data"]
    assert list(row.entries.values_list("what", flat=True)) == ["opened", "list"] and Look.objects.filter(what="breach")


def test_a_notice_is_edited_saved_taken_and_drafted_anew(hit: Breached) -> None:
    row, client = hit.opened(), hit.browser()
    page = client.get(f"/breaches/{row.pk}/authority?language=nb").content.decode()
    assert "Melding om brudd" in page and SAID in page
    saved = client.post(f"/breaches/{row.pk}/people?language=en", {"text": "Dear all", "do": "save"})
    assert saved.status_code == 302
    taken = client.get(f"/breaches/{row.pk}/people?language=en&as=text")
    assert taken.content.decode() == "Dear all" and taken["Content-Type"].startswith("text/plain")
    assert f"breach-{row.pk}-people-en.txt" in taken["Content-Disposition"]
    assert client.post(f"/breaches/{row.pk}/people?language=en", {"text": "", "do": "save"}).status_code == 422
    client.post(f"/breaches/{row.pk}/people?language=en", {"do": "draft"})
    assert "Your data at Solsiden" in client.get(f"/breaches/{row.pk}/people?language=en").content.decode()
    assert client.get(f"/breaches/{row.pk}/people?language=xx").status_code == 404


def test_every_page_of_an_owner_tells_the_hours_that_are_left(hit: Breached) -> None:
    assert "hours are left" not in hit.browser().get("/").content.decode()
    row = hit.opened()
    assert "72 hours are left to tell the authority" in hit.browser().get("/").content.decode()
    assert "hours are left" not in hit.browser(hit.member(Role.ADMINISTRATOR)).get("/").content.decode()
    hit.wait(hours=73)
    assert "the 72 hours to tell the authority are over" in hit.browser().get("/").content.decode()
    Breach.objects.filter(pk=row.pk).update(told_at=clock.now())
    assert "to tell the authority" not in hit.browser().get("/").content.decode()


@pytest.mark.parametrize("role", [one for one in Role.values if one != "owner"])
def test_nobody_but_an_owner_sees_any_of_it(hit: Breached, role: str) -> None:
    row = hit.opened()
    client = hit.browser(hit.member(role))
    new = f"/tenants/{hit.tenant.pk}/breaches/new"
    of = f"/breaches/{row.pk}/"
    for address in ("/breaches/", of, f"{of}people", f"{of}authority", new):
        assert client.get(address).status_code == 403, address
    assert client.post(f"{of}list").status_code == 403
    assert client.get("/api/breaches").json() == []
    assert client.get(f"/api/breaches/{row.pk}").status_code == 404


def test_another_organisation_has_no_such_breach(hit: Breached, stranger: Breached) -> None:
    row, client = hit.opened(), stranger.browser()
    for address in (f"/breaches/{row.pk}/", f"/breaches/{row.pk}/people", f"/api/breaches/{row.pk}"):
        assert client.get(address).status_code == 404, address
    assert client.get(f"/tenants/{hit.tenant.pk}/breaches/new").status_code == 404
    assert client.post(f"/breaches/{row.pk}/enter", {"what": "note", "note": "x"}).status_code == 404
    assert client.post(f"/breaches/{row.pk}/list").status_code == 404
    assert "No breach is open" in client.get("/breaches/").content.decode()


def test_the_api_does_the_same(hit: Breached) -> None:
    client = hit.browser()

    def send(method: str, path: str, body: Any = None) -> Any:
        answer = getattr(client, method)(f"/api{path}", json.dumps(body) if body is not None else None,
                                         content_type="application/json")  # fmt: skip
        return answer.status_code, answer.json()

    times = {"since": hit.at(hours=-5).isoformat(), "known_at": clock.now().isoformat()}
    body = {"scope": "controller", "controller": hit.controller.pk, "said": SAID, **times}
    status, said = send("post", f"/tenants/{hit.tenant.pk}/breaches", body)
    assert status == 201 and said["people"] == 1 and said["told_at"] is None
    assert said["entries"][0]["by"] == hit.owner.email
    number = said["id"]
    status, said = send("post", f"/breaches/{number}/people")
    assert [one["name"] for one in said] == ["Ingrid Solheim"]
    status, said = send("patch", f"/breaches/{number}", {"measures": "Nye kort.", "until": clock.now().isoformat()})
    assert status == 200 and said["measures"] == "Nye kort." and said["said"] == SAID and said["until"]
    status, said = send("post", f"/breaches/{number}/entries", {"what": "authority"})
    assert status == 400 and said == {"error": "Say when they were told."}
    entry = {"what": "authority", "told_at": clock.now().isoformat()}
    assert send("post", f"/breaches/{number}/entries", entry)[1]["told_at"]
    assert send("post", f"/breaches/{number}/entries", {"what": "no people", "note": "lav risiko"})[0] == 200
    status, said = send("get", f"/breaches/{number}/notices")
    assert {(one["to"], one["language"], one["kept"]) for one in said} == {
        (to, language, False) for to in ("authority", "people") for language in ("nb", "en")
    }
    status, said = send("put", f"/breaches/{number}/notices", {"to": "people", "language": "nb", "text": "Hei"})
    assert status == 200 and said == {"to": "people", "language": "nb", "text": "Hei", "kept": True}
    assert send("post", f"/breaches/{number}/close", {})[1]["closed_at"]
    assert [one["id"] for one in client.get("/api/breaches").json()] == [number]


def test_a_number_of_another_organisation_is_not_there(hit: Breached, stranger: House) -> None:
    times = {"since": hit.at(hours=-5).isoformat(), "known_at": clock.now().isoformat(), "said": SAID}
    for of in ({"scope": "controller", "controller": stranger.controller.pk}, {"scope": "token", "token": 999_999}):
        answer = hit.browser().post(
            f"/api/tenants/{hit.tenant.pk}/breaches", json.dumps({**of, **times}), content_type="application/json"
        )
        assert answer.status_code == 404
    assert not Breach.objects.exists()
