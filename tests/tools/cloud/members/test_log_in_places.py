"""Roughly where a log-in came from: only where it is turned on, by a file of the host, and never more than a name."""

import json
import random
from pathlib import Path
from typing import Any

import mmdb
import pytest
from cloud_world import House
from django.test import Client
from django.test.utils import override_settings
from test_cloud_log_ins import signed_in
from typer.testing import CliRunner

from tools import doctor
from tools.cloud.members import log_in_places, members, places_file
from tools.cloud.models import Change, LogIn, Person, Role, Tenant, User
from tools.cloud.privacy import archive, statement
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

BERGEN, SOMEWHERE, HERE_6 = "192.0.2.7", "198.51.100.9", "2001:db8:5::1"
KNOWN = {
    "192.0.2.0/24": mmdb.place("Norway", "Bergen", "Vestland"),
    "203.0.113.0/25": mmdb.place("Norway", region="Vestland"),
    "203.0.113.128/25": mmdb.place("Norway"),
    "2001:db8:5::/48": mmdb.place("Norway", "Hamar"),
}


@pytest.fixture
def file(tmp_path: Path) -> Any:
    path = tmp_path / "towns.mmdb"
    path.write_bytes(mmdb.file(KNOWN))
    with override_settings(LOG_IN_PLACES=str(path)):
        yield path


@pytest.fixture
def user(house: House) -> User:
    return members.invite(house.tenant, "ola@example.org", Role.VIEWER).user


def kept(user: User, address: str = BERGEN) -> str:
    signed_in(user, address=address)
    return str(user.log_ins.latest("at", "pk").place)


@pytest.mark.parametrize(
    "address, said",
    [
        (BERGEN, "Bergen, Norway"),
        ("203.0.113.1", "Vestland, Norway"),
        ("203.0.113.200", "Norway"),
        (HERE_6, "Hamar, Norway"),
        ("::ffff:192.0.2.7", ""),  # no address of anybody: the server's front says the plain one
        (SOMEWHERE, ""),
        ("127.0.0.1", ""),
        ("2001:db8:6::1", ""),
    ],
)
def test_a_town_or_region_and_the_country_or_nothing(file: Path, address: str, said: str) -> None:
    assert places_file.place(str(file), address) == said


def test_a_file_of_the_old_addresses_says_nothing_of_new_ones(tmp_path: Path) -> None:
    path = tmp_path / "old.mmdb"
    path.write_bytes(mmdb.file({name: one for name, one in KNOWN.items() if ":" not in name}, ip_version=4))
    assert places_file.place(str(path), BERGEN) == "Bergen, Norway" and places_file.place(str(path), HERE_6) == ""


@pytest.mark.parametrize(
    "record",
    ["Norway", {"country": "Norway"}, {"country": {"names": "Norway"}}, {"country": {"names": {"en": ["Norway"]}}},
     {"subdivisions": {"names": {"en": "x"}}}, {"city": {"names": {"en": "Ber\ngen"}}}, {}],
)  # fmt: skip
def test_a_record_of_another_shape_says_nothing(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "odd.mmdb"
    path.write_bytes(mmdb.file({"192.0.2.0/24": record}))
    assert places_file.place(str(path), BERGEN) == ""


def test_nothing_is_kept_where_nobody_turned_it_on(house: House, user: User, file: Path) -> None:
    assert kept(user) == ""
    log_in_places.turn(house.tenant, True)
    assert kept(user) == "Bergen, Norway"


def test_turned_on_it_shows_to_the_account_and_no_coordinate_is_kept(house: House, user: User, file: Path) -> None:
    log_in_places.turn(house.tenant, True)
    client = signed_in(user)
    assert client.get("/account/").content.decode().count("192.0.2.7 · Bergen, Norway") == 2
    assert "60392" not in json.dumps(list(LogIn.objects.values()), default=str)
    Person.objects.filter(pk=house.person.pk).update(user=user)
    house.person.refresh_from_db()
    [mine] = archive.data_of(house.person, True, clock.now())["kinds"]["login"]["rows"]
    assert mine["place"] == "Bergen, Norway"


def test_turned_off_what_is_kept_is_gone_at_once(house: House, user: User, file: Path) -> None:
    log_in_places.turn(house.tenant, True)
    assert kept(user) == "Bergen, Norway"
    log_in_places.turn(house.tenant, False)
    row = user.log_ins.get()
    assert row.place == "" and row.address == BERGEN
    assert kept(user) == ""
    record = Change.objects.filter(kind="tenant").order_by("pk").values_list("before", "after")
    assert list(record)[-2:] == [
        ({"log_in_places": False}, {"log_in_places": True}),
        ({"log_in_places": True}, {"log_in_places": False}),
    ]


def test_of_an_account_of_several_organisations_only_where_all_want_it(house: House, user: User, file: Path) -> None:
    log_in_places.turn(house.tenant, True)
    assert kept(user) == "Bergen, Norway"
    other = Tenant.objects.create(name="Utsikten")
    row = Person.objects.create(tenant=other, name="Ola", user=user)
    assert kept(user) == ""
    housekeeping.tidy(clock.now())
    assert not user.log_ins.exclude(place="").exists(), "nor is what was kept before"
    row.delete()
    assert kept(user) == "Bergen, Norway"
    members.end(house.tenant.memberships.get(user=user))
    housekeeping.tidy(clock.now())
    assert not LogIn.objects.exclude(place="").exists(), "of who is nobody anywhere none is kept"


def test_without_a_file_nobody_turns_it_on(house: House, user: User) -> None:
    with pytest.raises(Refusal, match="no file of places"):
        log_in_places.turn(house.tenant, True)
    assert kept(user) == ""


@pytest.mark.parametrize(
    "broken", [b"", b"no such file", mmdb.file(KNOWN)[:60], None], ids=["empty", "text", "cut", "gone"]
)
def test_with_a_broken_file_people_sign_in_all_the_same(
    house: House, user: User, file: Path, broken: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    log_in_places.turn(house.tenant, True)
    if broken is None:
        file.unlink()
    else:
        file.write_bytes(broken)
    assert kept(user) == ""
    assert "LOG_IN_PLACES" in caplog.text and BERGEN not in caplog.text
    assert places_file.fault(str(file)).startswith(f"LOG_IN_PLACES names {file}, which cannot be read (")


def test_whatever_is_damaged_people_sign_in(house: House, user: User, file: Path) -> None:
    log_in_places.turn(house.tenant, True)
    rng, whole = random.Random(16), file.read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        file.write_bytes(damaged)
        said = log_in_places.of(user, BERGEN)
        assert said.isprintable() and len(said) <= places_file.MOST
        places_file.fault(str(file))


def test_the_doctor_says_what_is_wrong_with_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "log-in places" not in [one.part for one in doctor.look()]
    monkeypatch.setenv("LOG_IN_PLACES", str(file))
    [found] = [one for one in doctor.look() if one.part == "log-in places"]
    assert found.ok and not found.remedy
    file.write_bytes(b"x")
    [found] = [one for one in doctor.look() if one.part == "log-in places"]
    assert not found.ok and "name a file such as GeoLite2-City.mmdb" in found.remedy


def test_the_server_says_it_before_it_begins(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tools.cloud import command

    monkeypatch.setattr(command, "_django", lambda **_: None)
    file.write_bytes(b"x")
    taken = CliRunner().invoke(command.app, ["serve", "--host", "192.0.2.1", "--port", "1"])
    assert taken.exit_code == 1 and "LOG_IN_PLACES names" in capsys.readouterr().err + taken.output


def owner(house: House) -> Client:
    account = members.invite(house.tenant, "eier@example.org", Role.OWNER).user
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_owner_turns_it_on_and_off_on_the_page(house: House, user: User, file: Path) -> None:
    client, address = owner(house), f"/tenants/{house.tenant.pk}/sign-in"
    assert "Keep roughly where a log-in came from" in client.get("/members/").content.decode()
    client.post(address, {"log_in_places": "on"})
    assert kept(user) == "Bergen, Norway"
    client.post(address, {})
    assert not LogIn.objects.exclude(place="").exists()
    with override_settings(LOG_IN_PLACES=""):
        assert "Keep roughly" not in client.get("/members/").content.decode()


def test_an_owner_turns_it_on_and_off_by_the_api(house: House, file: Path) -> None:
    client, address = owner(house), f"/api/tenants/{house.tenant.pk}/sign-in"
    for said, now in (({}, False), ({"log_in_places": True}, True), ({}, True), ({"log_in_places": False}, False)):
        answer = client.put(address, said, content_type="application/json")
        assert answer.status_code == 200 and answer.json()["log_in_places"] is now
        assert client.get(address).json()["log_in_places"] is now
    with override_settings(LOG_IN_PLACES=""):
        answer = client.put(address, {"log_in_places": True}, content_type="application/json")
    assert answer.status_code == 400 and "no file of places" in answer.content.decode()


def test_the_privacy_statement_says_it_where_it_is_on(house: House, file: Path) -> None:
    def said() -> str:
        rows = statement.sections(statement.renew(house.tenant, clock.now()), "en")
        return " ".join(one["label"] for section in rows for one in section["rows"])

    line = "Town or region and country are kept with your last ten log-ins"
    assert line not in said()
    log_in_places.turn(house.tenant, True)
    assert statement.latest(house.tenant).number == 2, "at once"  # type: ignore[union-attr]
    assert line in said()
