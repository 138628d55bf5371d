"""Notices through Apprise, to a service on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tools.cloud.lockers import by_apprise

Heard = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def service() -> Iterator[tuple[str, Heard]]:
    """(address, what it heard) of something that takes JSON; it refuses what is for "gone"."""
    heard: Heard = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(500 if "gone" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", heard
    server.shutdown()


def test_a_notice_leaves_to_its_recipient(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address, heard = service
    monkeypatch.setenv("NOTICES_SMS", f"json://{address}/sms/{{to}}")
    by_apprise.send("sms", "+47 900 00 000", "Pakke", "Koden din: 1234 567 890.")
    [(path, said)] = heard
    assert path.rstrip("/").endswith(("/sms/%2B47%20900%2000%20000", "/sms/+47%20900%2000%20000"))
    assert (said["title"], said["message"]) == ("Pakke", "Koden din: 1234 567 890.")


@pytest.mark.parametrize(
    "set_to",
    ["", "json://{address}/nobody", "no-such-service://{address}/{to}", "json://{address}/gone/{to}"],
)
def test_what_does_not_leave_is_said_without_the_address(
    service: Any, monkeypatch: pytest.MonkeyPatch, set_to: str
) -> None:
    address, _ = service
    monkeypatch.setenv("NOTICES_EMAIL", set_to.replace("{address}", f"user:hemmelig@{address}"))
    with pytest.raises(OSError, match=r"NOTICES_EMAIL|Apprise") as said:
        by_apprise.send("email", "ingrid@example.test", "Pakke", "tekst")
    assert "hemmelig" not in str(said.value)
