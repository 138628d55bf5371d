"""Requests by the API: as on the pages, what is told once is told once, and who may not does not."""

import io
import re
from typing import Any

import pytest
import pyzipper
from asking import ENGLISH, Asking
from cloud_world import Stopped
from django.test import Client

from tools.cloud.members import links
from tools.cloud.models import DataRequest, Look, RequestStep, Role
from tools.cloud.privacy import requests

SAID = {"asked_by": "Ingrid, brev", "checked": "ringte tilbake"}


def program(home: Asking, role: Any = Role.ADMINISTRATOR) -> Client:
    token = links.make_token(home.tenant, f"{role} program", role)
    return Client(headers={"authorization": f"Bearer {token}", **ENGLISH})


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/api{path}", body, content_type="application/json")


def made(home: Asking, client: Client, kind: str) -> Any:
    answer = post(client, f"/people/{home.person.pk}/requests", {"kind": kind, **SAID})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_request_is_made_extended_and_closed_with_a_receipt(home: Asking, time_now: Stopped) -> None:
    client = program(home)
    told = made(home, client, "correction")
    row = told["request"]
    assert (row["state"], row["way"], row["overdue"]) == ("open", "behalf", False)
    path = f"/requests/{row['id']}"
    page = Client(headers=ENGLISH).get(re.sub(r"^https?://[^/]+", "", told["address"]))
    assert page.status_code == 200 and b"30 days left" in page.content
    assert post(client, f"{path}/extend", {"reason": "Arkivet må hentes"}).json()["extension"] == "Arkivet må hentes"
    again = post(client, f"{path}/extend", {"reason": "igjen"})
    assert again.status_code == 400 and "extended once" in again.json()["error"]
    done = post(client, f"{path}/answer", {"answer": "Rettet.", "outcome": "done"}).json()
    assert (done["state"], done["answer"]) == ("done", "Rettet.")
    by = [(one["what"], one["by"]) for one in client.get(f"/api{path}").json()["steps"]]
    assert by == [(what, "administrator program") for what in ("made", "extended", "done")]
    assert set(RequestStep.objects.values_list("token__name", flat=True)) == {"administrator program"}


def test_the_list_has_what_is_due_first_and_is_narrowed(home: Asking, time_now: Stopped) -> None:
    client = program(home)
    requests.answer(requests.make(home.person, "objection")[0], "Nei.", done=False)
    late, _ = requests.make(home.person, "complaint")
    time_now.now += 30 * 86_400
    soon, _ = requests.make(home.add_person("Ola"), "complaint")

    def listed(query: str = "") -> list[int]:
        return [one["id"] for one in client.get(f"/api/requests{query}").json()]

    assert listed("?state=open") == [late.pk, soon.pk] and len(listed()) == 3
    assert listed(f"?person={soon.person_id}") == [soon.pk] and listed("?limit=1&state=open") == [late.pk]
    assert [one["overdue"] for one in client.get("/api/requests?state=open").json()] == [True, False]


def test_a_copy_is_fetched_by_what_is_told_once(home: Asking) -> None:
    client = program(home)
    row = made(home, client, "access")["request"]
    answer = post(client, f"/requests/{row['id']}/copy")
    assert answer.status_code == 201
    told = answer.json()
    content = Client().post(re.sub(r"^https?://[^/]+", "", told["address"])).content
    with pyzipper.AESZipFile(io.BytesIO(content)) as opened:
        opened.setpassword(told["passphrase"].encode())
        assert b"Ingrid Solheim" in opened.read("data.json")
    look = Look.objects.get(what="export")
    assert look.token and look.token.name == "administrator program" and look.person == home.person
    assert post(client, f"/requests/{row['id']}/copy").status_code == 400


def test_an_erasure_says_what_was_done_where(home: Asking) -> None:
    client = program(home)
    row = made(home, client, "erasure")["request"]
    refused = post(client, f"/requests/{row['id']}/answer", {"answer": "x", "outcome": "done"})
    assert refused.status_code == 400 and "done by erasing" in refused.json()["error"]
    said = post(client, f"/requests/{row['id']}/erase").json()
    assert said["person_id"] is None and said["erased"]["counts"]["groups"] == 1 and said["asked_by"] == ""
    [board] = said["erased"]["controllers"]
    home.controller.refresh_from_db()
    assert board["digest"] == home.controller.acl_digest and board["held_at"] is None and not board["lost"]


def test_a_program_erases_no_member(home: Asking) -> None:
    home.person.user = home.admin
    home.person.save()
    row, _ = requests.make(home.person, "erasure")
    answer = post(program(home), f"/requests/{row.pk}/erase")
    assert answer.status_code == 400 and "an owner has to erase them" in answer.json()["error"]
    office = Client()
    office.force_login(home.owner, backend="django.contrib.auth.backends.ModelBackend")
    assert post(office, f"/requests/{row.pk}/erase").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.GUARD, Role.INSTALLER, Role.COURIER])
def test_who_may_not_work_them_sees_none(home: Asking, role: Any) -> None:
    row, _ = requests.make(home.person, "access")
    client = program(home, role)
    assert client.get("/api/requests").json() == []
    assert client.get(f"/api/requests/{row.pk}").status_code == 404
    answer = post(client, f"/people/{home.person.pk}/requests", {"kind": "access", **SAID})
    assert answer.status_code in (403, 404) and DataRequest.objects.count() == 1


@pytest.mark.parametrize("without", ["asked_by", "checked", "kind"])
def test_who_asked_and_how_that_was_checked_has_to_be_said(home: Asking, without: str) -> None:
    body = {"kind": "access", **SAID}
    body[without] = ""
    assert post(program(home), f"/people/{home.person.pk}/requests", body).status_code == 422
