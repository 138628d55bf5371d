"""What the host's other accounts, and whoever finds a backup of the database, can read: nothing that opens anything."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from test_cloud_command import ROOT, Cloud

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture(autouse=True)
def open_umask() -> Any:
    """As a host has it that nobody has thought about."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def readable(folder: Path) -> list[str]:
    """What of a folder others may look at."""
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & OTHERS]


def kept(folder: Path) -> bytes:
    """The database as a backup has it, with what has not been written back yet."""
    return b"".join(path.read_bytes() for path in folder.glob("portvakt.sqlite3*"))


def test_nothing_that_the_commands_of_the_readme_make_is_readable_by_others(cloud: Cloud, tmp_path: Path) -> None:
    cloud.call("migrate")
    cloud.call("link", "ola@example.org", "--role", "owner")
    out = tmp_path / "settings.json"
    cloud.call("enrol", "Port", "--board", "esp32-two-door", "--broker", "mqtt://10.0.0.5", "--out", str(out))
    line = [sys.executable, "-c", "from tools.cli import app; app()", "cloud"]
    env = cloud.env | {"MQTT_URL": "mqtt://worker:secret@127.0.0.1:1"}
    running = [
        subprocess.Popen([*line, *verb], env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for verb in (["serve", "--port", "0"], ["worker"])
    ]
    try:
        for process in running:
            assert process.stderr is not None
            process.stderr.readline()  # each says one line when it is up
        files = cloud.run("cloud", "broker-files", str(tmp_path / "broker"), "--user", "root")
        assert files.returncode in (0, 1)
        data = cloud.folder / "data"
        assert (data / "portvakt.sqlite3").exists() and (data / "portvakt.sqlite3-wal").exists()
        assert [path for path in (*readable(data), str(out)) if Path(path).stat().st_mode & OTHERS] == []
    finally:
        for process in running:
            process.terminate()
            process.communicate(timeout=20)


def test_a_data_folder_that_others_can_read_is_closed_and_that_is_said(cloud: Cloud) -> None:
    cloud.prepare()
    data = cloud.folder / "data"
    for path in (data, *data.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    said = cloud.run("cloud", "tidy")
    assert said.returncode == 0 and "could be read by others; it is closed now" in said.stderr
    assert readable(data) == []
    assert "could be read" not in cloud.run("cloud", "tidy").stderr


def test_a_folder_that_holds_something_else_is_refused_and_left_as_it_is(cloud: Cloud) -> None:
    data = cloud.folder / "data"
    data.mkdir(mode=0o755)
    (data / "holiday.jpg").write_text("")
    assert f"run chmod 700 {data}, or name a folder of its own" in cloud.fail("migrate")
    assert data.stat().st_mode & 0o777 == 0o755


def test_a_database_elsewhere_is_closed_too(cloud: Cloud, tmp_path: Path) -> None:
    cloud.env["DATABASE_URL"] = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    cloud.call("migrate")
    (tmp_path / "elsewhere.sqlite3").chmod(0o644)
    cloud.call("tidy")
    assert (tmp_path / "elsewhere.sqlite3").stat().st_mode & OTHERS == 0


def test_a_copy_of_the_database_opens_nothing(cloud: Cloud, tmp_path: Path) -> None:
    """Every secret that the cloud tells or takes is looked for in the bytes, as it is and in hex."""
    cloud.prepare()
    link = cloud.call("link", "ola@example.org", "--role", "owner")["url"]
    token = cloud.call("token", "kode", "--role", "administrator")["token"]
    out = tmp_path / "settings.json"
    cloud.call("enrol", "Port", "--board", "esp32-two-door", "--broker", "mqtts+psk://10.0.0.5", "--out", str(out))
    settings = json.loads(out.read_text())
    done = cloud.run("cloud", code=SIGNED_IN.replace("LINK", link.rpartition("/")[2]))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    secrets = {
        "link_secret": settings["link_secret"],
        "table_key": settings["table_key"],
        "broker": settings["broker"]["key"],
        "link": link.rpartition("/")[2],
        "token": token.partition(".")[2],
        **told,
    }
    found = kept(cloud.folder / "data")
    assert b"ola@example.org" in found, "the search finds what is there"
    for name, secret in secrets.items():
        assert secret.encode() not in found, name
        if set(secret) <= set("0123456789abcdef"):
            assert bytes.fromhex(secret) not in found, name


# Signs in, gives a PIN, rotates a link secret and hears a board's log key. Tells each of them.
SIGNED_IN = """
import json, os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
django.setup()
from django.test import Client
from tools.cloud.models import Controller, Person, Tenant
from tools.cloud.controllers import rotation
from tools.cloud.log import chain
from tools.cloud.people import pins
client = Client(headers={"host": "127.0.0.1"})
client.post("/enter/LINK")
assert client.get("/").status_code == 200
row = Controller.objects.get()
person = Person.objects.create(tenant=Tenant.objects.get(), name="Ingrid")
pin = pins.give(person)[1]
rotation.begin(row.pk)
chain.keep_key(row.pk, 5, 1, b"\\x5a" * 32)
row.refresh_from_db()
print(json.dumps({
    "session": client.cookies["sessionid"].value,
    "broker_key": bytes(row.broker_key).hex(),
    "next_secret": bytes(row.next_secret).hex(),
    "log key": "5a" * 32,
    "pin": pin * 1,
}))
"""


def test_what_stood_in_plain_is_sealed_by_the_migration(cloud: Cloud) -> None:
    done = cloud.run("cloud", code=BEFORE)
    assert done.returncode == 0, done.stderr
    assert b"\xa1" * 32 in kept(cloud.folder / "data"), "the search finds what is there"
    cloud.call("migrate")
    assert not [key for key in (b"\xa1", b"\xa2", b"\xa3", b"\xa4", b"\xa5") if key * 32 in kept(cloud.folder / "data")]
    after = cloud.run("cloud", code=AFTER)
    assert after.returncode == 0, after.stderr
    told = json.loads(after.stdout.splitlines()[-1])
    assert told == ["a1" * 32, "a2" * 32, "a3" * 32, "a4" * 32, "a5" * 32, "135790"]


# A database as it was before secrets were sealed.
BEFORE = """
import base64, os
from hashlib import sha256
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
django.setup()
from cryptography.fernet import Fernet
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from tools.cloud import sealing
executor = MigrationExecutor(connection)
executor.loader.replace_migrations = False
executor.loader.build_graph()
executor.migrate([("cloud", "0008_link_secret")])
apps = executor.loader.project_state([("cloud", "0008_link_secret")]).apps
get = lambda name: apps.get_model("cloud", name)
tenant = get("Tenant").objects.create(name="Før")
site = get("Site").objects.create(tenant=tenant, name="Før")
row = get("Controller").objects.create(
    site=site, name="Før", public_id="0" * 16, board={}, enrolled_at=timezone.now(), link_secret=b"\\xa1" * 32,
    next_secret=b"\\xa2" * 32, table_key=b"\\xa3" * 32, broker_key=b"\\xa4" * 32,
)
get("LogKey").objects.create(controller=row, epoch=1, sequence=1, key=b"\\xa5" * 32)
person = get("Person").objects.create(tenant=tenant, name="Før")
fernet = Fernet(base64.urlsafe_b64encode(sha256(b"seal" + sealing.key()).digest()))
get("Credential").objects.create(
    tenant=tenant, person=person, kind="pin", bits=None, number=None, sealed=fernet.encrypt(b"135790"), mark="m"
)
"""
AFTER = """
import json, os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
django.setup()
from tools.cloud.models import Controller, Credential, LogKey
from tools.cloud.people import pins
row = Controller.objects.get()
keys = [row.link_secret, row.next_secret, row.table_key, row.broker_key, LogKey.objects.get().key]
print(json.dumps([bytes(key).hex() for key in keys] + [pins.digits(Credential.objects.get().sealed)]))
"""


def test_a_database_that_came_back_without_its_key_is_refused_and_no_other_key_is_made(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.prepare()
    cloud.call("link", "ola@example.org", "--role", "owner")
    cloud.call("enrol", "Port", "--board", "esp32-two-door", "--broker", "mqtt://b", "--out", str(tmp_path / "s.json"))
    key = cloud.folder / "data" / "pin_key"
    kept_key = key.read_text()
    key.unlink()
    for verb in ("worker", "serve", "tidy"):
        assert "pin_key is missing" in cloud.fail(verb)
    assert not key.exists()
    key.write_text("another one")
    key.chmod(0o600)
    assert "pin_key is not the one it was sealed with; restore it" in cloud.fail("worker")
    key.write_text(kept_key)
    cloud.call("tidy")


def test_one_board_whose_key_cannot_be_read_is_left_aside(house: Any) -> None:
    from tools.cloud.controllers import brokers, enrol
    from tools.cloud.models import Controller

    enrol.enrol(house.site, "Skadet", {"doors": [{}]})
    from django.db import connection

    with connection.cursor() as cursor:
        bad = "UPDATE cloud_controller SET broker_key = %s, link_secret = %s WHERE name = 'Skadet'"
        cursor.execute(bad, [b"\x01" + bytes(60), b"\x01" + bytes(60)])
    files = brokers.accounts(brokers.broker_of("mqtt://worker:secret@127.0.0.1"))
    assert house.controller.public_id in files["passwords"]
    assert Controller.objects.get(name="Skadet").public_id not in files["passwords"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["cloud", "enrol", "x", "--board", "esp32-two-door", "--out", "x.json", "--wifi-password", "hemmelig"],
         "give --wifi-password-file FILE or set PORTVAKT_WIFI_PASSWORD"),
        (["cloud", "enrol", "x", "--board", "esp32-two-door", "--out", "x.json", "--broker", "mqtt://a:hemmelig@b"],
         "set BOARD_BROKERS"),
        (["cloud", "home-assistant", "--broker", "mqtt://a:hemmelig@b"], "set HOME_MQTT_URL"),
        (["release", "key", "never.pem", "--password", "hemmelig"],
         "give --password-file FILE or set PORTVAKT_RELEASE_PASSWORD"),
    ],
)  # fmt: skip
def test_a_password_in_the_command_line_is_refused(cloud: Cloud, args: list[str], sentence: str) -> None:
    cloud.prepare()
    done = cloud.run(*args)
    assert done.returncode == 1 and sentence in done.stderr
    assert "hemmelig" not in done.stderr


def test_the_password_of_the_wifi_comes_from_a_file_or_the_environment(cloud: Cloud, tmp_path: Path) -> None:
    cloud.prepare()
    cloud.call("link", "ola@example.org", "--role", "owner")
    (tmp_path / "wifi").write_text("fra en fil\n")
    enrol = ["--board", "esp32-two-door", "--broker", "mqtt://b", "--wifi-name", "Storgata", "--out"]
    cloud.call("enrol", "A", *enrol, str(tmp_path / "a"), "--wifi-password-file", str(tmp_path / "wifi"))
    cloud.env["PORTVAKT_WIFI_PASSWORD"] = "fra omgivelsene"
    cloud.call("enrol", "B", *enrol, str(tmp_path / "b"))
    told = [json.loads((tmp_path / name).read_text())["wifi"]["password"] for name in "ab"]
    assert told == ["fra en fil", "fra omgivelsene"]
    assert (tmp_path / "wifi").stat().st_mode & OTHERS == 0


def test_keys_in_files_are_their_owners_only(tmp_path: Path) -> None:
    from tools import private
    from tools.cloud.controllers import mosquitto

    private.write(tmp_path / "key", "k")
    with pytest.raises(FileExistsError):
        private.write(tmp_path / "key", "k")
    mosquitto.write(tmp_path / "broker", {"keys": "k", "mosquitto.conf": ""})
    assert readable(tmp_path) == []
    assert time.time() - (tmp_path / "key").stat().st_mtime < 60


HEADERS = """
import json, os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
django.setup()
from django.test import Client
client = Client(headers={"host": "port.example.org"})
print(json.dumps([client.get("/accounts/login/", secure=secure).headers.get("Strict-Transport-Security")
                  for secure in (True, False)]))
"""


def test_where_https_is_configured_browsers_are_told_to_stay_with_it(cloud: Cloud) -> None:
    cloud.prepare()
    said = {}
    for address in ("https://port.example.org", "http://port.example.org"):
        cloud.env["PORTVAKT_URL"] = address
        done = cloud.run("cloud", code=HEADERS)
        assert done.returncode == 0, done.stderr
        said[address[:5]] = json.loads(done.stdout)
    assert said == {"https": ["max-age=31536000", None], "http:": [None, None]}
