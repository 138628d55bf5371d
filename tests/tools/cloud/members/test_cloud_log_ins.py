"""The last ten log-ins of an account: time in, out or broken off, device and address; and never an eleventh."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import postgres
import pytest
from cloud_world import House
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from tools.cloud.members import links, members
from tools.cloud.members.devices import named
from tools.cloud.models import LogIn, Role, Session, User

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Safari/604.1"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537 (KHTML, like Gecko) Chrome/120 Safari/537 Edg/120"


@pytest.fixture
def user(house: House) -> User:
    return members.invite(house.tenant, "ola@example.org", Role.VIEWER).user


def signed_in(user: User, agent: str = PHONE, address: str = "192.0.2.7") -> Client:
    client = Client(headers={"user-agent": agent, "accept-language": "en"}, REMOTE_ADDR=address)
    assert client.post(f"/enter/{links.make(user)}").status_code == 302
    return client


@pytest.mark.parametrize(
    "agent, said",
    [
        (PHONE, "Safari, iPhone"),
        (DESK, "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit Chrome/120 Mobile Safari/537", "Chrome, Android"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/23.0 Chrome/115 Safari/537", "Samsung Internet, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537 OPR/106.0", "Opera, Windows"),
        ("Mozilla/5.0 (iPad; CPU OS 17_1) FxiOS/120.0 Safari/605", "Firefox, iPad"),
        ("Mozilla/5.0 (iPhone) CriOS/120 Safari/604", "Chrome, iPhone"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/120 Safari/537", "Chrome, ChromeOS"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605", "Safari, Mac"),
        ("python-requests/2.31", "Python"),
        ("curl/8.5", "curl"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_told_in_words_of_ours(agent: str, said: str) -> None:
    assert named(agent) == said


def test_an_account_sees_its_log_ins_and_ends_one_of_them(user: User) -> None:
    phone, desk, left = signed_in(user), signed_in(user, DESK, "2001:db8::1"), signed_in(user, "", "no address")
    page = desk.get("/account/").content.decode()
    assert page.count("still signed in") == 3 and "Safari, iPhone" in page and "192.0.2.7" in page
    assert "Edge, Windows" in page and "2001:db8::1" in page and "Unknown device" in page
    rows = {row.device: row for row in user.log_ins.all()}
    strange = signed_in(User.objects.named("eva@example.org"))
    # Somebody else's is nobody's here, and one's own session stays.
    assert strange.post("/account/sign-out-elsewhere", {"log_in": rows["Safari, iPhone"].pk}).status_code == 302
    assert desk.post("/account/sign-out-elsewhere", {"log_in": rows["Edge, Windows"].pk}).status_code == 302
    assert user.sessions.count() == 3
    assert desk.post("/account/sign-out-elsewhere", {"log_in": rows["Safari, iPhone"].pk}).status_code == 302
    assert phone.get("/account/").status_code == 302 and left.get("/account/").status_code == 200
    left.post("/sign-out")
    Session.objects.filter(user=user).update(used_at=timezone.now() - timedelta(days=30))
    assert "ran out" in signed_in(user).get("/account/").content.decode()
    links.forget(timezone.now())
    ended = {row.device: row.end for row in user.log_ins.order_by("at")[:3]}
    assert ended == {"Safari, iPhone": "cut", "Edge, Windows": "over", "": "out"}
    assert user.log_ins.get(end="over").ended_at < timezone.now() - timedelta(days=29)


def test_the_newest_takes_the_place_of_the_oldest(user: User) -> None:
    for number in range(12):
        signed_in(user, address=f"192.0.2.{number}")
    assert sorted(user.log_ins.values_list("slot", flat=True)) == list(range(10))
    assert [row.address for row in user.log_ins.order_by("at")] == [f"192.0.2.{number}" for number in range(2, 12)]
    for slot in (10, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            LogIn.objects.create(user=user, slot=slot, session="x", at=timezone.now())


def test_many_at_once_are_ten_as_well(tmp_path: Path) -> None:
    environment = {**os.environ, "PORTVAKT_DATA": str(tmp_path), "SECRET_KEY": "for tests"}
    environment.pop("DATABASE_URL", None)
    if postgres.wanted():
        environment["DATABASE_URL"] = f"postgres://portvakt@{quote(connection.settings_dict['HOST'], safe='')}/postgres"
    here = Path(__file__).parents[1]
    path = os.pathsep.join([str(here), str(here.parents[2])])
    done = subprocess.run(
        [sys.executable, here / "log_ins_at_once.py"],
        env=environment | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    slots, newest, wrong = json.loads(done.stdout.splitlines()[-1])
    assert wrong == [] and slots == list(range(10)) and newest
