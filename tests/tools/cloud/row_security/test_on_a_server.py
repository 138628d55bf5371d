"""From an empty database to pages that are served, as whoever hosts it does: on a PostgreSQL, with its own accounts."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests
from django.db import connection
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ROOT = Path(__file__).resolve().parents[4]
pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL keeps tenants apart by itself"),
    pytest.mark.timeout(300),
    pytest.mark.slow,  # some twenty processes
]
DATABASE, OWNER = "house", "keeper"


class Host:
    """Whoever hosts it: with an account that owns a database and nothing else."""

    def __init__(self, folder: Path) -> None:
        of = connection.settings_dict
        self.server = {"host": of["HOST"], "user": of["USER"]}
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PORTVAKT"))}
        self.env |= {"PORTVAKT_DATA": str(folder / "data"), "PYTHONPATH": str(ROOT)}
        self.use(f"postgres://{OWNER}@{quote(of['HOST'], safe='')}/{DATABASE}")

    def use(self, url: str) -> None:
        self.env["DATABASE_URL"] = url

    def administrator(self, *said: str) -> None:
        with psycopg.connect(**self.server, dbname="postgres", autocommit=True) as server:
            for one in said:
                server.execute(one)

    def command(self, *verb: str) -> list[str]:
        return [sys.executable, "-c", "from tools.cli import app; app()", "cloud", *verb]

    def run(self, *verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*verb), env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=60)

    def call(self, *verb: str) -> Any:
        done = self.run(*verb, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def fail(self, *verb: str) -> str:
        done = self.run(*verb)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        return " ".join(done.stderr.split())

    def seen(self, link: str) -> tuple[str, str]:
        """(what the list of sites shows after signing in by a link, the first of the live stream), as it is served."""
        with subprocess.Popen(
            self.command("serve", "--port", "0"), env=self.env, cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as serving:
            try:
                address = (serving.stderr or sys.stderr).readline().strip()
                assert address.startswith("http://"), address
                return look(address, link.rsplit("/", 1)[1])
            finally:
                serving.send_signal(signal.SIGINT)


def look(address: str, token: str) -> tuple[str, str]:
    with requests.Session() as browser:
        # It says where before it listens there.
        browser.mount("http://", HTTPAdapter(max_retries=Retry(connect=10, backoff_factor=0.1)))
        enter = f"{address}/enter/{token}"
        secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(enter, timeout=30).text)
        assert secret
        browser.post(enter, {"csrfmiddlewaretoken": secret[1]}, timeout=30)
        sites = browser.get(f"{address}/api/sites", timeout=30).text
        with browser.get(f"{address}/doors/stream", stream=True, timeout=30) as stream:
            first = next(line.decode() for line in stream.iter_lines() if line.startswith(b"data"))
    return sites, first


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    made.administrator(f"CREATE ROLE {OWNER} LOGIN", f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    yield made
    made.administrator(f"DROP DATABASE {DATABASE} WITH (FORCE)", f"DROP ROLE IF EXISTS {DATABASE}_web_serve")
    made.administrator(f"DROP ROLE {DATABASE}_web", f"DROP ROLE {OWNER}")


def test_from_an_empty_database_to_what_is_served(host: Host) -> None:
    told = host.fail("migrate")
    needed = f'CREATE ROLE "{DATABASE}_web" NOLOGIN; GRANT "{DATABASE}_web" TO "{OWNER}"'
    assert needed in told
    assert needed in host.fail("serve", "--port", "0")
    host.administrator(*needed.split("; "))
    assert host.call("migrate") == {"migrated": True}
    links = [host.call("link", f"{name}@example.org", "--tenant", name)["url"] for name in ("Solsiden", "Fjellveien")]
    for name in ("Solsiden", "Fjellveien"):
        host.call("enrol", name, "--board", "esp32-two-door", "--tenant", name, "--site", name,
                  "--out", f"{host.env['PORTVAKT_DATA']}/{name}.json", "--broker", "mqtt://10.0.0.9")  # fmt: skip
    for link, mine, other in zip(links, ("Solsiden", "Fjellveien"), ("Fjellveien", "Solsiden"), strict=True):
        sites, first = host.seen(link)
        assert mine in sites and other not in sites
        assert "link-" in first or "alarms" in first

    # An account for serve alone.
    assert "may make no accounts" in host.fail("serve-account")
    host.administrator(f"ALTER ROLE {OWNER} CREATEROLE", f'GRANT "{DATABASE}_web" TO {OWNER} WITH ADMIN OPTION')
    own = host.call("serve-account")["url"]
    assert f"{DATABASE}_web_serve:" in own
    again = host.call("link", "Solsiden@example.org")["url"]
    owners = host.env["DATABASE_URL"]
    host.use(own)
    sites, _ = host.seen(again)
    assert "Solsiden" in sites and "Fjellveien" not in sites
    for verb in (["worker"], ["tidy"], ["link", "x@example.org"]):
        assert "need the tables' owner" in host.fail(*verb)
    with psycopg.connect(own) as serving:
        assert serving.execute("SELECT count(*) FROM cloud_tenant").fetchone() == (0,)
    host.use(owners)

    # What was switched off is found before anything is served; whoever does without says so.
    with psycopg.connect(owners, autocommit=True) as database:
        database.execute("ALTER TABLE cloud_person DISABLE ROW LEVEL SECURITY")
    assert "cloud_person" in host.fail("serve", "--port", "0")
    host.env["ROW_SECURITY"] = "of"
    assert "it is on or off" in host.fail("serve", "--port", "0")
    host.env["ROW_SECURITY"] = "off"
    sites, _ = host.seen(host.call("link", "Solsiden@example.org")["url"])
    assert "Solsiden" in sites and "Fjellveien" not in sites  # the application's own filter
