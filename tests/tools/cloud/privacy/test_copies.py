"""A copy: all that is kept and nothing of others, encrypted, fetched once; of duress it says nothing."""

import csv
import io
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import pyzipper
from asking import ENGLISH, Asking
from cloud_world import House, Stopped
from django.test import Client
from django.urls import get_resolver

from firmware.controller import events as codes
from tools.cloud.audit import looks
from tools.cloud.lockers import about, deliveries
from tools.cloud.members import links
from tools.cloud.models import Change, Credential, DataCopy, DataRequest, Event, Guest, Look, Person, Role
from tools.cloud.people import erasure, people, pins
from tools.cloud.privacy import archive, copies, erasing, found, requests
from tools.cloud.services import clock

DAY = 86_400.0
SEVENZIP = next((path for path in map(shutil.which, ("7zz", "7z", "7za")) if path), None)


def passes(house: House, card: Credential, number: int, code: int = codes.GRANTED) -> None:
    Event.objects.create(
        controller=house.controller, epoch=1, sequence=number, utc=clock.now(), code=code, door_number=1, extra=0,
        flags=codes.TIME_TRUSTED, received_at=clock.now(), credential=card, key=b"1234567",
    )  # fmt: skip


def asked(client: Client, person: Person) -> tuple[str, str]:
    """(address, passphrase) of a copy that a person asks for on their page."""
    text = client.post(f"/me/{person.pk}/requests", {"kind": "access"}).content.decode()
    [address] = set(re.findall(r"/copy/[\w-]+", text))
    [secret] = re.findall(r"(?:[A-Z2-9]{4}-){5}[A-Z2-9]{4}", text)
    return address, secret


def opened(content: bytes, secret: str) -> dict[str, bytes]:
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive_:
        archive_.setpassword(secret.encode())
        return {name: archive_.read(name) for name in archive_.namelist()}


def everything(person: Person, themself: bool = True) -> dict[str, bytes]:
    return opened(archive.make(person, themself, "secret", clock.now(), "en"), "secret")


def test_a_person_fetches_all_that_is_kept_once(home: Asking) -> None:
    passes(home, home.card, 1)
    me = home.browser(home.person)
    address, secret = asked(me, home.person)
    stranger = Client(headers=ENGLISH)
    assert stranger.get(address).status_code == stranger.get(address).status_code == 200, "looking uses nothing up"
    assert secret not in str(list(DataCopy.objects.values_list())), "the passphrase is kept nowhere"
    answer = stranger.post(address)
    assert answer["Content-Type"] == "application/zip" and answer["X-Robots-Tag"] == "noindex"
    assert stranger.post(address).status_code == stranger.get(address).status_code == 404
    assert bytes(DataCopy.objects.get().content) == b""
    with pytest.raises(RuntimeError, match="password"):
        opened(answer.content, "wrong")
    files = opened(answer.content, secret)
    said = json.loads(files["data.json"])
    jsonschema_rs.validate(json.loads(files["schema.json"]), said)
    assert said["kinds"]["event"]["rows"][0]["code"] == "granted"
    assert said["kinds"]["credential"]["rows"][0]["number"] == 1204
    assert home.person.user and said["kinds"]["user"]["rows"][0]["email"] == home.person.user.email
    assert "Ingrid Solheim" in files["read me.html"].decode()
    row = home.last()
    mine = me.get(f"/me/{home.person.pk}/requests").content.decode()
    assert mine.count("· the person") == 4, "nobody else has done anything of it"
    assert row.state == "done" and [one.what for one in row.steps.all()] == ["made", "copied", "done", "fetched"]


def test_the_manifest_names_each_file_with_its_digest(home: Asking) -> None:
    files = everything(home.person)
    manifest = json.loads(files.pop("manifest.json"))
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: sha256(content).hexdigest() for name, content in files.items()
    }
    kinds = json.loads(files["data.json"])["kinds"]
    for name, rows in manifest["rows"].items():
        table = list(csv.DictReader(io.StringIO(files[f"tables/{name}.csv"].decode("utf-8-sig"))))
        assert rows == len(table) == len(kinds[name]["rows"]) > 0


@pytest.mark.skipif(SEVENZIP is None, reason="7-Zip is not installed")
def test_the_public_tool_opens_it(home: Asking, tmp_path: Path) -> None:
    address, secret = asked(home.browser(home.person), home.person)
    file = tmp_path / "copy.zip"
    file.write_bytes(Client(headers=ENGLISH).post(address).content)
    command = [str(SEVENZIP), "x", "-y", f"-o{tmp_path}", f"-p{secret}", str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert json.loads((tmp_path / "data.json").read_text("utf-8"))["person"] == "Ingrid Solheim"


def test_what_concerns_others_is_left_out(home: Asking) -> None:
    home.browser(home.person)
    assert home.person.user
    ola = home.add_person("Ola Nordmann")
    Person.objects.filter(pk=ola.pk).update(user=home.admin)
    looks.note([home.tenant.pk], Look.What.EXPORT, clock.now(), user=home.admin, person=home.person)
    passes(home, people.give_card(ola, 26, 4321), 1)
    bank, _ = home.add_bank(name="Kari Nabo", email="kari@example.test")
    said = about.entered(name="Ingrid", email=home.person.user.email, giver="Nils Giver", giver_email="nils@giver.test")
    deliveries.make(bank, said)
    guest = Person.objects.create(tenant=home.tenant, name="Guest QX7P")
    until = clock.now() + timedelta(days=1)
    Guest.objects.create(person=guest, host=home.person, made_at=clock.now(), valid_from=clock.now(), valid_until=until)
    requests.make(home.person, "complaint", "Jeg ser meg ikke", "mor Solveig", "kjenner henne")
    text = b"\n".join(everything(home.person).values()).decode()
    for theirs in (home.person.user.email, "Jeg ser meg ikke", "1204", "Oppgang A"):
        assert theirs in text, theirs
    for others in ("Ola", "Kari", "Nils", "giver.test", home.admin.email, "QX7P", "4321", "Solveig"):
        assert others not in text, others


def test_of_duress_nothing_is_told(home: Asking) -> None:
    pins.give(home.person)
    before = everything(home.person)
    duress, _ = pins.give(home.person, "duress")
    assert Change.objects.filter(hidden=True).exists()
    passes(home, duress, 1, codes.GRANTED_DURESS)
    home.controller.alarms.create(
        kind="event", code=codes.GRANTED_DURESS, event=Event.objects.get(), raised_at=clock.now(), door_number=1
    )
    after = everything(home.person)
    assert not re.search(r"duress|tvang", b"".join(after.values()).decode(), re.I)
    kinds = json.loads(after["data.json"])["kinds"]
    assert kinds["event"]["rows"][0]["code"] == "granted" and "alarm" not in kinds
    assert len(kinds["credential"]["rows"]) == len(json.loads(before["data.json"])["kinds"]["credential"]["rows"])


def program(home: Asking, role: Any = Role.ADMINISTRATOR) -> Client:
    return Client(headers={"authorization": f"Bearer {links.make_token(home.tenant, 'p', role)}"})


# Every way by which something of a person leaves as a file: who takes it may have been forced to.
WAYS: dict[str, Callable[[Asking], bytes]] = {
    "people/<number:pk>/export": lambda home: home.office().post(f"/people/{home.person.pk}/export").content,
    "api/people/<person_id>/export": lambda home: program(home).get(f"/api/people/{home.person.pk}/export").content,
    "api/requests/<request_id>/copy": lambda home: b"".join(everything(home.person, False).values()),
    "requests/<number:pk>/copy": lambda home: b"".join(everything(home.person, False).values()),
    "copy/<str:token>": lambda home: b"".join(everything(home.person).values()),
    "log/export.csv": lambda home: viewed(home, "/log/export.csv"),
    "log/export.json": lambda home: viewed(home, "/log/export.json"),
    "tenants/<number:tenant_pk>/lists/people": lambda home: (
        home.office().get(f"/tenants/{home.tenant.pk}/lists/people", {"kind": "json"}).getvalue()
    ),
    "api/lists/people": lambda home: program(home).get("/api/lists/people").content,
}


def viewed(home: Asking, page: str) -> bytes:
    """By a role that is not told of duress on the pages either."""
    return bytes(home.office(home.member(Role.VIEWER)).get(page).getvalue())


def addresses(patterns: Any, before: str = "") -> Iterator[str]:
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from addresses(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern)


def test_every_way_out_is_among_these() -> None:
    found = {one for one in addresses(get_resolver().url_patterns) if re.search(r"export|copy|lists/people", one)}
    assert found == set(WAYS)


@pytest.mark.parametrize("way", WAYS)
def test_no_file_tells_of_duress(home: Asking, way: str) -> None:
    pins.give(home.person)
    duress, _ = pins.give(home.person, "duress")
    passes(home, duress, 1, codes.GRANTED_DURESS)
    text = WAYS[way](home).decode()
    assert "Ingrid" in text, "it tells of them"
    assert not re.search(r"duress|tvang|forced", text, re.I)


def test_the_receipt_of_an_erasure_counts_no_duress_pin(home: Asking) -> None:
    pins.give(home.person)
    pins.give(home.person, "duress")
    assert erasing.at_once(home.person, members=True).receipt["counts"]["cards"] == 2


def test_secrets_are_in_no_copy(home: Asking) -> None:
    row, digits = pins.give(home.person)
    passes(home, home.card, 1)
    home.browser(home.person)
    text = b"".join(everything(home.person).values())
    key = Event.objects.get().key
    for secret in (
        digits.encode(),
        row.mark.encode(),
        bytes(row.sealed or b"").hex().encode(),
        bytes(key or b"").hex().encode(),
    ):
        assert secret and secret not in text


def test_an_administrator_gets_nothing_of_the_account(home: Asking) -> None:
    home.browser(home.person)
    kinds = json.loads(everything(home.person, themself=False)["data.json"])["kinds"]
    assert not {"user", "session", "login", "emailaddress"} & set(kinds)
    assert {"user", "session", "login"} <= set(json.loads(everything(home.person)["data.json"])["kinds"])


def test_who_looks_after_some_doors_takes_what_is_of_these(home: Asking) -> None:
    """Their request, parcels and passages elsewhere are not theirs to take along."""
    passes(home, home.card, 1)
    requests.make(home.person, "complaint", "Det trekker")
    row = home.tenant.memberships.get(user=home.admin)
    whole = set(home.office(home.admin).post(f"/people/{home.person.pk}/export").json()["kinds"])
    row.bound = True
    row.save()
    row.doors.set(home.doors)
    kinds = home.office(home.admin).post(f"/people/{home.person.pk}/export").json()["kinds"]
    assert {"person", "credential", "event"} <= set(kinds) < whole
    assert "Det trekker" not in json.dumps(kinds) and "datarequest" in whole


def test_another_tenants_rows_are_in_no_copy(home: Asking, time_now: Stopped) -> None:
    other = Asking(time_now, "Nabohuset", 1)
    home.browser(home.person)
    Person.objects.filter(pk=other.person.pk).update(user=home.person.user, name="Ingrid hos naboen")
    assert b"Nabohuset" not in b"".join(everything(home.person).values())


def test_it_is_made_on_behalf_of_somebody_and_that_is_kept(home: Asking) -> None:
    row, _ = requests.make(home.person, "access", asked_by="Ingrid, brev", checked="kjent")
    answer = home.office(home.admin).post(f"/requests/{row.pk}/copy")
    [address] = set(re.findall(r"/copy/[\w-]+", answer.content.decode()))
    assert Client(headers=ENGLISH).post(address).status_code == 200
    assert Look.objects.get(what="export").user == home.admin
    again = home.office(home.admin).post(f"/requests/{row.pk}/copy", follow=True)
    assert "closed already" in again.content.decode() and DataCopy.objects.count() == 1
    wrong, _ = requests.make(home.person, "objection")
    assert "not answered with a copy" in home.office().post(f"/requests/{wrong.pk}/copy", follow=True).content.decode()
    viewer = home.office(home.member(Role.VIEWER))
    assert viewer.post(f"/requests/{row.pk}/copy").status_code == 403


def test_an_address_ends_and_what_was_not_fetched_is_gone(home: Asking, time_now: Stopped) -> None:
    address, _ = asked(home.browser(home.person), home.person)
    time_now.now += 7 * DAY - 1
    assert Client(headers=ENGLISH).get(address).status_code == 200
    time_now.now += 1
    assert Client(headers=ENGLISH).post(address).status_code == 404
    copies.forget(clock.now())
    assert not DataCopy.objects.exists()


def test_a_copy_goes_with_the_person(home: Asking) -> None:
    asked(home.browser(home.person), home.person)
    erasure.erase(home.person, clock.now())
    assert not DataCopy.objects.exists() and DataRequest.objects.get().person is None


def test_a_cell_is_no_formula_and_a_name_no_markup(home: Asking) -> None:
    people.change(home.person, name="=1+1<script>")
    files = everything(home.person)
    assert b"'=1+1<script>" in files["tables/person.csv"] and b"<script>" not in files["read me.html"]


def test_every_model_with_personal_data_is_in_the_search(home: Asking) -> None:
    from django.apps import apps

    from tools.cloud.models.personal import personal

    searched = {one.model for one in found.of(home.person, True)}
    assert searched == {model for model in apps.get_models() if personal(model)}


@pytest.mark.slow
def test_a_hundred_thousand_events_take_seconds(home: Asking) -> None:
    fields: dict[str, Any] = {
        "controller": home.controller, "epoch": 1, "utc": clock.now(), "code": codes.GRANTED, "door_number": 1,
        "extra": 0, "flags": 1, "received_at": clock.now(), "credential": home.card, "key": b"1234567",
    }  # fmt: skip
    Event.objects.bulk_create(Event(sequence=n, **fields) for n in range(1, 100_001))
    began = time.monotonic()
    content = archive.make(home.person, True, "secret", clock.now(), "en")
    took = time.monotonic() - began
    print(f"100,000 events: {took:.1f} s, {len(content) / 1e6:.1f} MB")
    assert took < 10
