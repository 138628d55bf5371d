"""`portvakt cloud` as a process of its own, and a worker that dies between the commit and its acknowledgement."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


PREPARED: dict[str, "Cloud"] = {}


class Cloud:
    """An installation of its own in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        outside = ("DATABASE_URL", "MQTT_URL", "PORTVAKT_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "OIDC_ISSUER")
        self.env = {name: value for name, value in os.environ.items() if name not in outside}
        self.env.update(PORTVAKT_DATA=str(folder / "data"), PYTHONPATH=str(ROOT))

    def run(self, *args: str, code: str = "from tools.cli import app; app()") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *args], env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=60
        )

    def prepare(self) -> None:
        """As `portvakt cloud migrate` leaves it, which takes seconds and is done once a process."""
        if "data" not in PREPARED:
            made = PREPARED["data"] = Cloud(Path(tempfile.mkdtemp()))
            atexit.register(shutil.rmtree, made.folder)
            made.call("migrate")
        shutil.copytree(PREPARED["data"].folder / "data", self.folder / "data")

    def call(self, *args: str) -> dict:
        """A verb of the cloud with --json."""
        done = self.run("cloud", *args, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def fail(self, *args: str) -> str:
        done = self.run("cloud", *args)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        return done.stderr.strip()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    made = Cloud(tmp_path_factory.mktemp("cloud"))
    assert made.call("migrate") == {"migrated": True}
    return made


def test_the_first_steps_of_an_installation(cloud: Cloud, tmp_path: Path) -> None:
    assert (cloud.folder / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert "portvakt cloud link EMAIL makes the first" in cloud.fail("token", "x")
    link = cloud.call("link", "ola@example.org", "--tenant", "Solsiden")
    assert link["url"].startswith("http://127.0.0.1:8000/enter/")
    token = cloud.call("token", "kode", "--role", "administrator")
    assert token["token"].partition(".")[0].isdigit()
    out = tmp_path / "settings.json"
    made = cloud.call(
        "enrol", "Oppgang A", "--board", "esp32-two-door", "--out", str(out), "--broker", "mqtt://10.0.0.9"
    )
    settings = json.loads(out.read_text())
    assert settings["controller"] == made["controller"] and settings["broker"]["host"] == "10.0.0.9"
    assert out.stat().st_mode & 0o777 == 0o600
    assert settings["link_secret"] not in json.dumps(made)
    again = ("enrol", "Oppgang A", "--board", "esp32-two-door", "--out")
    assert "exists; choose another file" in cloud.fail(*again, str(out))
    assert "has a controller named Oppgang A already" in cloud.fail(*again, str(tmp_path / "more.json"))
    assert not (tmp_path / "more.json").exists()
    cloud.call("link", "ola@example.org", "--tenant", "Fjordgata")
    assert "name one with --tenant" in cloud.fail("token", "x")


def test_an_administrators_verbs(cloud: Cloud, tmp_path: Path) -> None:
    cloud.call("link", "kari@example.org", "--tenant", "Brygga")
    of = ("--tenant", "Brygga")
    cloud.call("enrol", "Port", "--board", "esp32-two-door", "--out", str(tmp_path / "port.json"), *of)
    assert cloud.call("retention", "14", *of) == {"days": 14}
    assert cloud.call("pins", "8", *of) == {"digits": 8}
    assert cloud.call("tidy") == {"erased": 0, "changes": 0, "profiles": 0}
    assert cloud.call("lost", "Port", *of)["replace"] == []
    assert cloud.call("lost", "Port", *of)["replace"] == [], "asked again it lists again"
    assert "no controller is called Nowhere" in cloud.fail("lost", "Nowhere", *of)


def test_a_link_gives_the_role_that_is_said_and_no_other(cloud: Cloud) -> None:
    of = ("--tenant", "Torget")
    cloud.call("link", "eier@example.org", *of)
    shown = lambda: {one["email"]: one["role"] for one in cloud.call("members", "list", *of)["members"]}  # noqa: E731
    assert shown() == {"eier@example.org": "owner"}, "the first of a tenant"
    assert "say with --role what they shall be" in cloud.fail("link", "per@example.org", *of)
    assert shown() == {"eier@example.org": "owner"}
    cloud.call("link", "per@example.org", "--role", "owner", *of)
    said = cloud.run("cloud", "link", "eier@example.org", "--role", "viewer", *of)
    assert "They are viewer of Torget now; they were owner." in said.stdout
    assert shown() == {"eier@example.org": "viewer", "per@example.org": "owner"}
    assert "would have no owner" in cloud.fail("link", "per@example.org", "--role", "viewer", *of)


def test_access_is_taken_away_on_the_command_line(cloud: Cloud) -> None:
    of = ("--tenant", "Havna")
    cloud.call("link", "eva@example.org", *of)
    cloud.call("link", "nils@example.org", "--role", "guard", *of)
    assert cloud.call("members", "role", "nils@example.org", "owner", *of)["before"] == "guard"
    assert cloud.call("members", "sign-out", "nils@example.org") == {"email": "nils@example.org", "sessions": 0}
    assert cloud.call("members", "inactive", "eva@example.org")["active"] is False
    assert "is not active; portvakt cloud members active eva@example.org" in cloud.fail("link", "eva@example.org")
    assert "would have no owner" in cloud.fail("members", "end", "nils@example.org", *of)
    cloud.call("members", "active", "eva@example.org")
    assert cloud.call("members", "end", "nils@example.org", *of)["ended"]
    assert "is no member of Havna" in cloud.fail("members", "end", "nils@example.org", *of)
    assert "there is no account x@example.org" in cloud.fail("members", "inactive", "x@example.org")
    number = cloud.call("token", "port", *of)["token"].partition(".")[0]
    assert [one["name"] for one in cloud.call("tokens", "list", *of)["tokens"]] == ["port"]
    assert cloud.call("tokens", "revoke", number)["revoked"]
    assert cloud.call("tokens", "list", *of)["tokens"] == []
    assert "there is no token 999999" in cloud.fail("tokens", "revoke", "999999")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["link", "nobody"], "nobody is no e-mail address"),
        (["link", "a@example.org", "--role", "king"], "king is no role"),
        (["token", "x", "--role", "owner"], "owner is no role of a token"),
        (["token", "x", "--tenant", "Nowhere"], "there is no tenant named Nowhere"),
        (["enrol", "x", "--board", "nowhere", "--out", "nowhere.out"], "there is no board 'nowhere'; choose one of"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(cloud: Cloud, args: list[str], sentence: str) -> None:
    assert sentence in cloud.fail(*args)


def test_a_database_without_tables_is_said(tmp_path: Path) -> None:
    assert "run portvakt cloud migrate" in Cloud(tmp_path).fail("link", "ola@example.org")


def test_a_wrong_broker_address_is_said(cloud: Cloud) -> None:
    cloud.env["MQTT_URL"] = "http://example.org"
    try:
        assert "looks like mqtt://host:1883" in cloud.fail("worker")
    finally:
        del cloud.env["MQTT_URL"]


def test_the_worker_waits_for_a_broker_and_ends_when_told(cloud: Cloud) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from tools.cli import app; app()", "cloud", "worker", "--json"],
        env=cloud.env | {"MQTT_URL": "mqtt://127.0.0.1:1"},  # nobody listens there
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "no broker at 127.0.0.1:1" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0 and json.loads(out) == {"ended": "by signal"}
    finally:
        process.kill()


# Opens a session, sends what is in the log and does it once more in a second process. In the first one the publish
# callback ends the process when the acknowledgement is about to go out: the commit is done, nobody knows it.
BETWEEN = """
import os, signal, sys, time
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "tools.cloud.settings"
django.setup()
sys.path.insert(0, "tests/tools/cloud")
from fake_controller import FakeController
from firmware.controller import events
from firmware.controller.cloud import wire
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import Event, Gap, Site, Tenant
from tools.cloud.controllers import enrol
import json, pathlib

dies = sys.argv[1] == "dies"
kept = pathlib.Path(os.environ["PORTVAKT_DATA"], "settings.json")
if dies:
    site = Site.objects.create(tenant=Tenant.objects.create(name="Kill"), name="Kill")
    kept.write_text(json.dumps(enrol.enrol(site, "Kill", {"doors": [{}]})[1]))
board = FakeController(json.loads(kept.read_text()), lambda topic, data: ingest.on_message(topic, data), os.urandom, 5)

def publish(topic, payload):
    before = board.acknowledged
    if dies and sending:
        os.kill(os.getpid(), signal.SIGKILL)
    board.receive(payload)

sending = False
ingest = Ingest(publish, time.time, os.urandom)
for number in range(30):
    board.record(events.RELEASED_REX, utc=1_763_800_000 + number)
board.connect()
sending = True
if not dies:
    print(json.dumps({"before": board.acknowledged}))
board.send_events(1, 30)
rows = list(Event.objects.order_by("id").values_list("sequence", flat=True))
print(json.dumps({"acknowledged": board.acknowledged, "rows": rows, "gaps": Gap.objects.count()}))
"""


def test_killed_between_commit_and_acknowledgement_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.prepare()
    died = cloud.run("dies", code=BETWEEN)
    assert died.returncode == -signal.SIGKILL and died.stdout == "", died.stderr
    lives = cloud.run("lives", code=BETWEEN)
    assert lives.returncode == 0, lives.stderr
    first, last = (json.loads(line) for line in lives.stdout.splitlines())
    assert first == {"before": 30}  # the commit had been made: the hello is answered with it
    assert last == {"acknowledged": 30, "rows": list(range(1, 31)), "gaps": 0}
