"""Everything that the description of the API allows, and much that it does not, as every role: never a 5xx.

schemathesis makes the requests, in all its phases. FUZZ_EXAMPLES=50 asks for more of each operation (`make soak` does).
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "1")
CHECKS = "not_a_server_error,response_schema_conformance"
SLOW = ("owner", "viewer", "guard", "installer", "courier", "auditor", "receptionist")
ROLES = ["administrator", *(pytest.param(role, marks=pytest.mark.slow) for role in SLOW)]


def database(folder: Path) -> str | None:
    """A database of the server's own on the PostgreSQL of the tests, where they run on one."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    import psycopg

    of = settings.DATABASES["default"]
    name = f"fuzz_{os.getpid()}_{folder.name.replace('-', '_')}"
    with psycopg.connect(host=of["HOST"], user=of["USER"], dbname="postgres", autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    return f"postgres://{of['USER']}@{quote(of['HOST'], safe='')}/{name}"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """(address, headers by which each role is known) of a cloud end in a process of its own."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "PORTVAKT_DATA": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings",
        "PORTVAKT_URL": address, "PYTHONPATH": f"{HERE.parents[3]}:{HERE.parent}", "SECRET_KEY": "for tests",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)
    url = database(tmp_path)
    if url:
        env["DATABASE_URL"] = url
    command = [sys.executable, str(HERE / "fuzzed_server.py"), str(port)]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=(tmp_path / "log").open("w"), text=True
    ) as server:
        try:
            assert server.stdout
            known = json.loads(server.stdout.readline())
            wait_for(f"{address}/api/openapi.json")
            yield address, known
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


def test_a_request_leaves_no_connection_to_the_database(served: tuple[str, dict[str, list[str]]]) -> None:
    """A server of PostgreSQL has a hundred as it comes; what asked and was answered must not hold one."""
    import psutil
    from django.conf import settings
    from django.db import connection

    address, known = served
    name, value = known["viewer"][0].split(": ", 1)
    [server] = psutil.Process().children()[-1:] if connection.vendor == "sqlite" else [None]

    def held() -> int:
        if server is not None:
            return sum(one.path.endswith(".sqlite3") for one in server.open_files())
        import psycopg

        of = settings.DATABASES["default"]
        with psycopg.connect(host=of["HOST"], user=of["USER"], dbname="postgres", autocommit=True) as admin:
            asked = "select count(*) from pg_stat_activity where datname like %s"
            return int(admin.execute(asked, [f"fuzz_{os.getpid()}%"]).fetchone()[0])  # type: ignore[index]

    most = 0
    for _ in range(30):
        asking = urllib.request.Request(f"{address}/api/doors", headers={name: value})
        with urllib.request.urlopen(asking, timeout=20) as answer:
            answer.read()
        most = max(most, held())
    assert 0 < most <= 4, most


@pytest.mark.fuzz
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("role", ROLES)
def test_no_request_ends_in_a_fault_of_ours(
    served: tuple[str, dict[str, list[str]]], role: str, tmp_path: Path
) -> None:
    address, known = served
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"{address}/api/openapi.json",
        *(word for header in known[role] for word in ("-H", header)), "-c", CHECKS, "-n", EXAMPLES, "--seed", "1",
        "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color", "--warnings", "off",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    cases = re.search(r"(\d[\d,]*) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-6_000:] + (tmp_path / "log").read_text()[-3_000:]
    print(f"{role}: {cases and cases[0]}")
    assert cases and int(cases[1].replace(",", "")) > 500, done.stdout[-1_000:]
