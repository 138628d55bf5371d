"""Where calls go is entered by somebody: whatever stands or answers there, no other call waits for it."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from locker_world import made
from test_couriers import HOOK, hooked, program, sent, shipment
from test_locker_pages import client

from tools.cloud.lockers import sending
from tools.cloud.models import ApiToken, Notice, WebhookCall
from tools.cloud.services import clock
from tools.cloud.webhooks import hooks, https
from tools.terminal import Problem

FOREVER = 1000


def deposited(posten: Any, locker: Any, board: Any, reference: str, compartment: int) -> None:
    code = sent(posten, "/api/shipments", shipment(locker, reference)).json()["deposit_code"]
    assert board.types(code, compartment=compartment) == compartment


@pytest.mark.parametrize(
    "url",
    [
        "https://[x", "https://[::1", "https://]x/", "https://a b/", "https://:pw@h/", "https://%00/", "https://a..b/",
        "https://-a.example/", f"https://{'a' * 64}.example/", "https://h/a b", "https://h\\x/", "https://[::ffff:z]/",
    ],
)  # fmt: skip
def test_an_address_that_no_call_could_go_to_is_refused(locker: Any, url: str) -> None:
    with pytest.raises(Problem, match="begins with https"):
        hooked(locker, url)
    token = ApiToken.objects.get()
    path = f"/api/tokens/{token.pk}/webhook"
    answer = client(locker, "owner").put(path, json.dumps({"url": url}), content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("url", ["https://[2001:4860:4860::8888]:8443/x?y=%20", "https://a_b.example.test./", HOOK])
def test_an_address_that_is_one_is_taken(locker: Any, url: str) -> None:
    hooked(locker, url)


@pytest.mark.parametrize("url", ["https://a..b.example/hook", "https://[x", "https://h.example.test:x/"])
def test_a_call_that_cannot_be_made_is_an_error_of_that_call(url: str) -> None:
    with pytest.raises(OSError, match="no call of HTTP"):
        https.post(url, b"", {})


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "fec0::1", "2002:7f00:1::", "2002:a00:1::1",
        "::127.0.0.1", "::ffff:10.0.0.1", "::1", "::", "ff0e::1", "fe80::1%1", "fd00::1", "224.0.0.1", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "4000::1",
    ],
)  # fmt: skip
def test_no_address_leads_inside_by_another_way_of_writing_it(address: str) -> None:
    assert not https.is_open(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_an_address_of_the_open_internet_is_one(address: str) -> None:
    assert https.is_open(address)


@pytest.mark.parametrize("error", [ValueError("x"), UnicodeError(), RuntimeError("y"), KeyError("z")])
def test_whatever_goes_wrong_with_one_row_all_others_leave(locker: Any, board: Any, error: Exception) -> None:
    posten, _ = hooked(locker)
    for n in (5, 6):
        deposited(posten, locker, board, f"RR{n}", n)
    WebhookCall.objects.filter(delivery__reference="RR5").update(content='"bad"')

    def post(_: str, content: bytes, __: Any, **more: Any) -> int:
        if b'"bad"' in content:
            raise error
        return 204

    def plugin(*_: str) -> None:
        raise error

    assert sending.once(plugin, clock.now(), post) == 1
    assert set(WebhookCall.objects.values_list("state", "why")) == {("sent", ""), ("waiting", type(error).__name__)}
    assert set(Notice.objects.values_list("state", "why")) == {("waiting", type(error).__name__)}


def test_a_receiver_that_does_not_answer_costs_the_others_one_call_a_minute(
    locker: Any, board: Any, time_now: Any
) -> None:
    posten, _ = hooked(locker)
    bring = program(locker, "Bring")
    hooks.put(ApiToken.objects.get(name="Bring"), "https://bring.example.test/")
    for n in range(1, 5):
        deposited(posten, locker, board, f"RR{n}", n)
    deposited(bring, locker, board, "B1", 5)
    asked: list[str] = []

    def post(url: str, *_: Any, **more: Any) -> int:
        asked.append(url)
        if url == HOOK:
            raise TimeoutError("it took too long")
        return 204

    assert sending.once(None, clock.now(), post) == 1
    assert asked == [HOOK, "https://bring.example.test/"]
    time_now.now += 61
    assert sending.once(None, clock.now(), lambda *_, **__: 204) == 4


def test_another_address_is_where_what_waits_goes(locker: Any, board: Any) -> None:
    posten, _ = hooked(locker)
    deposited(posten, locker, board, "RR1", 5)
    hooks.put(ApiToken.objects.get(), HOOK + "2")
    asked: list[str] = []
    assert sending.once(None, clock.now(), lambda url, *_, **__: asked.append(url) or 204) == 1
    assert asked == [HOOK + "2"]


def test_a_call_under_way_leaves_no_more_when_its_token_is_revoked(locker: Any, board: Any) -> None:
    """Finding the receiver takes seconds if that wants it; and so do the calls before it in the round."""
    from tools.cloud.members import members

    posten, _ = hooked(locker)
    for n in range(1, 4):
        deposited(posten, locker, board, f"RR{n}", n)
    left: list[str] = []

    def post(url: str, *_: Any, last: Callable[[], None]) -> int:
        if left:
            members.revoke(ApiToken.objects.get())  # while a line is made
        last()
        left.append(url)
        return 204

    assert sending.once(None, clock.now(), post) == 1
    assert len(left) == 1 and sorted(one.state for one in WebhookCall.objects.all()) == ["failed", "failed", "sent"]


def test_a_call_under_way_does_not_go_where_its_program_is_no_more(locker: Any, board: Any) -> None:
    posten, _ = hooked(locker)
    deposited(posten, locker, board, "RR1", 5)
    left: list[str] = []

    def post(url: str, *_: Any, last: Callable[[], None]) -> int:
        hooks.put(ApiToken.objects.get(), HOOK + "2")
        last()
        left.append(url)
        return 204

    assert sending.once(None, clock.now(), post) == 0
    assert not left and WebhookCall.objects.get().state == "waiting"


def test_nothing_goes_to_a_program_whose_token_was_revoked(locker: Any, board: Any) -> None:
    from tools.cloud.members import members

    posten, _ = hooked(locker)
    deposited(posten, locker, board, "RR1", 5)
    members.revoke(ApiToken.objects.get())
    asked: list[str] = []
    assert sending.once(None, clock.now(), lambda url, *_, **__: asked.append(url) or 204) == 0
    assert not asked and WebhookCall.objects.get().state == "failed"


def test_why_a_notice_did_not_leave_names_nobody(locker: Any, board: Any, caplog: pytest.LogCaptureFixture) -> None:
    import smtplib

    _, codes = made(locker, unit="H0301")
    board.types(codes.deposit, compartment=5)

    def plugin(_: str, to: str, *__: str) -> None:
        raise smtplib.SMTPRecipientsRefused({to.upper(): (550, b"no such user, Ingrid Solheim in H0301, o@x.test")})

    with caplog.at_level("INFO", logger="portvakt.send"):
        sending.once(plugin, clock.now())
    for kept in (caplog.text, Notice.objects.get().why):
        assert "no such user" in kept
        assert not any(mark in kept.lower() for mark in ("ingrid", "h0301", "@"))


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[[Callable[[ssl.SSLSocket], None]], tuple[str, ssl.SSLContext]]]:
    """Makes a receiver that does with a connection what it is told to. (its address, what it is known by)"""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    said = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *said.split(), *names], check=True, capture_output=True)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listens:

        def stands(answer: Callable[[ssl.SSLSocket], None]) -> tuple[str, ssl.SSLContext]:
            def serve() -> None:
                line, _ = listens.accept()
                with line, own.wrap_socket(line, server_side=True) as heard:
                    try:
                        while not heard.recv(4096).endswith(b"{}"):
                            pass
                        answer(heard)
                    except OSError:
                        return  # the caller has gone

            threading.Thread(target=serve, daemon=True).start()
            known = ssl.create_default_context(cafile=str(certificate))
            return f"https://localhost:{listens.getsockname()[1]}/", known

        yield stands


def drips(line: ssl.SSLSocket, what: bytes) -> None:
    for _ in range(FOREVER):
        line.sendall(what)
        time.sleep(0.02)


@pytest.mark.parametrize("what", [b"HTTP/1.1 100 Continue\r\n\r\n", b"H", b""])
def test_one_deadline_holds_for_the_whole_call(receiver: Any, monkeypatch: pytest.MonkeyPatch, what: bytes) -> None:
    monkeypatch.setattr(https, "TIMEOUT_S", 0.5)

    def answer(line: ssl.SSLSocket) -> None:
        if what == b"H":
            line.sendall(b"HTTP/1.1 100 C")
        drips(line, what)

    url, known = receiver(answer)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        https.post(url, b"{}", {}, known, lambda _: True)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "what", [b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, b"x" * 1000, b"HTTP/1.1 103 x" + b"y" * 20000]
)
def test_an_answer_without_end_is_none(receiver: Any, what: bytes) -> None:
    url, known = receiver(lambda line: line.sendall(what))
    with pytest.raises(OSError, match="no answer of HTTP"):
        https.post(url, b"{}", {}, known, lambda _: True)


def test_what_comes_before_the_answer_is_passed_over(receiver: Any) -> None:
    url, known = receiver(lambda line: line.sendall(b"HTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n"))
    assert https.post(url, b"{}", {}, known, lambda _: True) == 202


def test_a_name_server_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(https, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [][over.wait(30) :])
    with pytest.raises(TimeoutError, match="name server"):
        https.post(HOOK, b"{}", {})
    over.set()
