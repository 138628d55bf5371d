"""Lists by page, by API and by the command line: tried, kept, written out; and by nobody who may not change."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from typer.testing import CliRunner

from tools.cloud.lists.command import lists
from tools.cloud.members import links
from tools.cloud.models import Look, Membership, Person, Role, User

SHEET = "navn;kort;gruppe;kode\r\nÅse;26:50-1;alle;ja\r\nBo;26:0-1204;;\r\n"


def browser(house: House, role: Role = Role.ADMINISTRATOR) -> Client:
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def hidden(page: str) -> dict[str, Any]:
    """What the form of the report sends again."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    fields["text"] = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)[1].replace("&quot;", '"')  # type: ignore[index]
    return fields


def test_a_file_on_the_page_is_tried_and_then_kept(house: House) -> None:
    client = browser(house)
    file = SimpleUploadedFile("liste.csv", SHEET.encode("cp1252"))
    tried = client.post("/lists/", {"kind": "people", "form": "any", "file": file})
    page = tried.content.decode()
    assert tried.status_code == 200 and "What the list would do" in page and "Ingrid Solheim holds the card" in page
    assert 'value="yes"' not in page, "all rows or none"
    apart = client.post("/lists/", hidden(page) | {"apart": "on"})
    page = apart.content.decode()
    assert "Import 1 row" in page and Person.objects.count() == 1
    kept = client.post("/lists/", hidden(page) | {"apart": "on", "keep": "yes"})
    page = kept.content.decode()
    assert "The list is imported" in page and re.search(r"Gets the PIN \d{6}", page) and kept["Cache-Control"]
    assert Person.objects.get(name="Åse").credentials.count() == 2
    wrong = client.post("/lists/", {"kind": "people", "form": "any", "text": "colour\nred\n"})
    assert wrong.status_code == 422 and b"There is no column colour" in wrong.content
    assert client.post("/lists/", {"kind": "people", "form": "any"}).status_code == 422


def test_what_is_written_out_is_kept_as_a_look(house: House) -> None:
    client = browser(house)
    for kind, begins in (("csv", b"\xef\xbb\xbfid,name"), ("tsv", b"id\tname"), ("json", b"[")):
        answer = client.get(f"/tenants/{house.tenant.pk}/lists/people?as={kind}")
        assert answer.status_code == 200 and answer.content.startswith(begins)
        assert f"people.{kind}" in answer["Content-Disposition"]
    assert b"Hovedinngang" in client.get(f"/tenants/{house.tenant.pk}/lists/groups").content
    assert client.get(f"/tenants/{house.tenant.pk}/lists/groups?as=exe").status_code == 404
    norwegian = client.get(f"/tenants/{house.tenant.pk}/lists/people", headers={"accept-language": "nb"})
    assert norwegian.content.startswith(b"\xef\xbb\xbfid;name")
    assert Look.objects.get(user__isnull=False).times == 5


def test_by_the_api(house: House) -> None:
    program = Client(headers={"authorization": f"Bearer {links.make_token(house.tenant, 't', Role.ADMINISTRATOR)}"})

    def post(kind: str, **body: Any) -> Any:
        return program.post(f"/api/lists/{kind}", json.dumps(body), content_type="application/json")

    tried = post("people", text="name,cards\nÅse,50-1\n")
    assert tried.status_code == 200 and not tried.json()["done"] and tried.json()["counts"]["refused"] == 1
    kept = post("people", text="name,cards\nÅse,50-1\n", bits=26, in_groups=["alle"], keep=True)
    assert kept.json()["done"] and Person.objects.get(name="Åse").grants.count() == 1
    rows = program.get("/api/lists/people").json()
    assert [row["cards"] for row in rows] == [["26:0-1204"], ["26:50-1"]] and rows[0]["from"] == ""
    again = post("people", text=json.dumps(rows), whole=True, keep=True)
    assert again.json()["counts"] == {"made": 0, "changed": 0, "same": 2, "refused": 0}
    groups = program.get("/api/lists/groups").json()
    assert post("groups", text=json.dumps(groups), keep=True).json()["counts"]["same"] == 1
    assert post("people", text="colour\nred\n").status_code == 400
    assert post("people", text="name\nx\n", bits=35).status_code == 422
    viewer = Client(headers={"authorization": f"Bearer {links.make_token(house.tenant, 'v', Role.VIEWER)}"})
    assert viewer.get("/api/lists/people").status_code == 403, "a list has whole card numbers"
    assert browser(house, Role.VIEWER).get("/lists/").status_code == 403


def test_by_the_command_line(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.cloud.command._django", lambda migrated=True: None)
    file = tmp_path / "liste.csv"
    file.write_bytes(SHEET.encode("cp1252"))

    def run(*args: str) -> Any:
        return CliRunner().invoke(lists, args)

    refused = run("import", "people", str(file))
    assert refused.exit_code == 1 and "Ingrid Solheim" in refused.stdout and Person.objects.count() == 1
    kept = run("import", "people", str(file), "--apart", "--json")
    assert kept.exit_code == 1 and json.loads(kept.stdout)["done"] and Person.objects.filter(name="Åse").exists()
    out = tmp_path / "ut.json"
    assert run("export", "people", str(out)).exit_code == 0 and out.stat().st_mode & 0o77 == 0
    again = run("import", "people", str(out), "--whole", "--json")
    assert again.exit_code == 0 and json.loads(again.stdout)["counts"]["same"] == 2
    assert run("export", "groups", str(tmp_path / "groups.csv"), "--semicolons").exit_code == 0
    assert run("import", "groups", str(tmp_path / "groups.csv")).exit_code == 0
    assert run("export", "people", str(out)).exit_code == 1 and run("import", "cats", str(file)).exit_code == 1
