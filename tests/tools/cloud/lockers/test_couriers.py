"""A courier's system: its own shipments and no name, once however often it asks, and calls that nobody can forge."""

import base64
import hmac
import json
import ssl
import subprocess
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tools.cloud.models import ApiToken, Delivery, Role, WebhookCall
from tools.terminal import Problem

HOOK = "https://courier.example.test/hook"


def program(locker: Any, name: str, role: Role = Role.COURIER) -> Client:
    from tools.cloud.members import links

    return Client(headers={"authorization": f"Bearer {links.make_token(locker.tenant, name, role)}"})


def sent(of: Client, path: str, body: Any = None) -> Any:
    return of.post(path, json.dumps(body or {}), content_type="application/json")


def shipment(locker: Any, reference: str = "RR123", **more: Any) -> dict[str, Any]:
    recipient = {"name": "Ingrid Solheim", "email": "ingrid@example.test"}
    return {"bank": locker.bank.pk, "reference": reference, "recipient": recipient, **more}


def test_a_courier_brings_a_parcel_and_follows_it_without_a_name(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    posten = program(locker, "Posten")
    answer = sent(posten, "/api/shipments", shipment(locker))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert board.types(made["deposit_code"], compartment=5) == 5
    now = posten.get(f"/api/shipments/{made['id']}")
    assert (now.json()["state"], now.json()["compartment"], now.json()["size"]) == ("deposited", 5, "M")
    assert now.json()["deposit_code"] is None
    code = deliveries.codes_of(Delivery.objects.get()).pick_up[:10].encode()
    for said in (answer, now, posten.get("/api/shipments"), posten.get(f"/api/banks/{locker.bank.pk}")):
        assert b"Ingrid" not in said.content and b"ingrid@" not in said.content
        assert code not in said.content


def test_a_call_that_is_sent_again_makes_nothing_anew(locker: Any, board: Any) -> None:
    posten = program(locker, "Posten")
    first, again = (sent(posten, "/api/shipments", shipment(locker)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Delivery.objects.count() == 1
    other = shipment(locker, recipient={"unit": "H0404"})
    assert sent(posten, "/api/shipments", other).status_code == 400
    assert len(posten.get("/api/shipments?reference=RR123").json()) == 1
    assert posten.get("/api/shipments?reference=RR124").json() == []


def test_the_same_call_is_the_same_also_when_there_is_more_time_meanwhile(locker: Any, board: Any) -> None:
    from datetime import timedelta

    from tools.cloud.lockers import deliveries
    from tools.cloud.services import clock

    posten = program(locker, "Posten")
    asked = shipment(locker, due_at=(clock.now() + timedelta(days=3)).isoformat())
    made = sent(posten, "/api/shipments", asked).json()
    deliveries.extend(Delivery.objects.get(), clock.now() + timedelta(days=9))
    again = sent(posten, "/api/shipments", asked)
    assert again.status_code == 200 and again.json()["id"] == made["id"]
    later = shipment(locker, due_at=(clock.now() + timedelta(days=12)).isoformat())
    assert sent(posten, "/api/shipments", later).status_code == 400


def test_no_courier_takes_all_numbers_of_a_bank(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import shipments

    posten, bring = program(locker, "Posten"), program(locker, "Bring")
    made = [sent(posten, "/api/shipments", shipment(locker, f"R{n}")) for n in range(shipments.MOST)]
    assert {one.status_code for one in made} == {201}
    more = sent(posten, "/api/shipments", shipment(locker, "one more"))
    assert more.status_code == 400 and "on their way to Pakkeboks" in more.json()["error"]
    assert sent(posten, "/api/shipments", shipment(locker, "R0")).status_code == 200, "known"
    assert sent(bring, "/api/shipments", shipment(locker)).status_code == 201
    board.types(made[0].json()["deposit_code"])
    assert sent(posten, "/api/shipments", shipment(locker, "one more")).status_code == 201


def test_another_courier_of_the_same_house_sees_nothing_of_it(locker: Any, board: Any) -> None:
    posten, bring = program(locker, "Posten"), program(locker, "Bring")
    made = sent(posten, "/api/shipments", shipment(locker)).json()
    assert bring.get("/api/shipments").json() == []
    assert bring.get(f"/api/shipments/{made['id']}").status_code == 404
    assert sent(bring, f"/api/shipments/{made['id']}/cancel").status_code == 404
    theirs = sent(bring, "/api/shipments", shipment(locker))
    assert theirs.status_code == 201 and theirs.json()["deposit_code"] != made["deposit_code"]


def test_a_token_that_is_revoked_follows_nothing_any_more(locker: Any, board: Any) -> None:
    from tools.cloud.members import members

    posten = program(locker, "Posten")
    made = sent(posten, "/api/shipments", shipment(locker)).json()
    members.revoke(ApiToken.objects.get(name="Posten"))
    assert posten.get(f"/api/shipments/{made['id']}").status_code == 401


def test_a_courier_cancels_what_it_has_not_brought(locker: Any, wire: Any, board: Any) -> None:
    posten = program(locker, "Posten")
    made = sent(posten, "/api/shipments", shipment(locker)).json()
    assert sent(posten, f"/api/shipments/{made['id']}/cancel").json()["state"] == "cancelling"
    wire.poll()
    assert posten.get(f"/api/shipments/{made['id']}").json()["state"] == "cancelled"
    assert board.types(made["deposit_code"]) == 0


def hooked(locker: Any, url: str = HOOK) -> tuple[Client, str]:
    """A courier whose system wants to hear, and the secret that its calls are signed with."""
    from tools.cloud.webhooks import hooks

    posten = program(locker, "Posten")
    return posten, hooks.put(ApiToken.objects.get(name="Posten"), url)


def test_what_becomes_of_a_shipment_is_told_once_each_and_signed(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries, sending
    from tools.cloud.services import clock

    posten, secret = hooked(locker)
    made = sent(posten, "/api/shipments", shipment(locker)).json()
    board.types(made["deposit_code"], compartment=5)
    board.types(deliveries.codes_of(Delivery.objects.get()).pick_up)
    calls: list[tuple[str, bytes, Any]] = []

    def post(url: str, content: bytes, headers: Any, **more: Any) -> int:
        calls.append((url, content, headers))
        return 204

    assert sending.once(None, clock.now(), post) == 2
    assert sending.once(None, clock.now(), post) == 0
    said = [json.loads(content) for _, content, _ in calls]
    assert [one["type"] for one in said] == ["delivery.deposited", "delivery.picked_up"]
    assert said[0]["data"] == {
        "delivery": made["id"], "reference": "RR123", "bank": locker.bank.pk, "compartment": 5
    }  # fmt: skip
    for url, content, headers in calls:
        assert url == HOOK and takes(secret, content, headers, now=clock.now().timestamp())
        assert not takes(secret, content + b" ", headers, now=clock.now().timestamp())
        assert not takes(secret, content, headers, now=clock.now().timestamp() + 400), "an old call says nothing"
    assert calls[0][2]["webhook-id"] != calls[1][2]["webhook-id"]


def takes(secret: str, content: bytes, headers: Any, now: float) -> bool:
    """As a receiver does it, by standardwebhooks.com."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    mac = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    fresh = abs(now - int(headers["webhook-timestamp"])) <= 300
    return fresh and hmac.compare_digest(f"v1,{mac}", headers["webhook-signature"])


def test_a_receiver_that_is_away_is_tried_again_with_pauses_and_the_same_id(
    locker: Any, board: Any, time_now: Any
) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    posten, _ = hooked(locker)
    board.types(sent(posten, "/api/shipments", shipment(locker)).json()["deposit_code"])
    tried: list[tuple[float, str]] = []

    def post(url: str, content: bytes, headers: Any, **more: Any) -> int:
        tried.append((time_now.now, headers["webhook-id"]))
        if len(tried) == 1:
            raise OSError("connection refused")
        return 500 if len(tried) < 4 else 200

    begin = time_now.now
    while WebhookCall.objects.get().state == "waiting":
        sending.once(None, clock.now(), post)
        time_now.now += 1
    assert [round(at - begin) for at, _ in tried] == [0, 10, 30, 70]
    assert len({name for _, name in tried}) == 1
    assert WebhookCall.objects.get().state == "sent"


def test_a_receiver_that_never_answers_is_given_up_after_a_day(locker: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    posten, _ = hooked(locker)
    board.types(sent(posten, "/api/shipments", shipment(locker)).json()["deposit_code"])
    begin = time_now.now
    while WebhookCall.objects.get().state == "waiting":
        time_now.now = WebhookCall.objects.get().next_at.timestamp()
        sending.once(None, clock.now(), lambda *_, **__: 503)
    call = WebhookCall.objects.get()
    assert (call.state, call.tries, call.why) == ("failed", sending.MOST_TRIES, "it answered 503")
    assert 86_400 < time_now.now - begin < 2 * 86_400


def test_of_two_processes_one_sends(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    posten, _ = hooked(locker)
    board.types(sent(posten, "/api/shipments", shipment(locker)).json()["deposit_code"])
    calls: list[str] = []

    def post(url: str, content: bytes, headers: Any, **more: Any) -> int:
        calls.append(url)
        assert sending.once(None, clock.now(), post) == 0, "it is on its way already"
        return 200

    assert sending.once(None, clock.now(), post) == 1 and len(calls) == 1


def calls_that_leave(status: int = 204) -> list[tuple[str, bytes]]:
    """(id, content) of each that is due."""
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    left: list[tuple[str, bytes]] = []

    def post(_: str, content: bytes, headers: Any, **more: Any) -> int:
        left.append((headers["webhook-id"], content))
        return status

    sending.once(None, clock.now(), post)
    return left


def test_a_call_says_the_same_at_every_try(locker: Any, board: Any, time_now: Any) -> None:
    posten, _ = hooked(locker)
    board.types(sent(posten, "/api/shipments", shipment(locker)).json()["deposit_code"], compartment=5)
    first = calls_that_leave(503)
    Delivery.objects.update(compartment=6, reference="")
    time_now.now += 3600
    assert calls_that_leave() == first and b"RR123" in first[0][1]


def test_what_waited_before_calls_kept_their_content_is_sent_as_it_was(locker: Any, board: Any) -> None:
    from importlib import import_module

    from django.apps import apps

    posten, _ = hooked(locker)
    board.types(sent(posten, "/api/shipments", shipment(locker)).json()["deposit_code"], compartment=5)
    kept = WebhookCall.objects.get().content
    WebhookCall.objects.update(content="")
    import_module("tools.cloud.migrations.0026_call_content").keep(apps, None)
    assert WebhookCall.objects.get().content == kept and "RR123" in kept


def test_no_id_comes_again_after_a_backup_for_anything_else(locker: Any, board: Any) -> None:
    """The database put back counts its calls anew: what it tells once more has the id it had, all else another."""
    from tools.cloud.lockers import couriers
    from tools.cloud.services import clock

    posten, _ = hooked(locker)
    for reference in ("RR1", "RR2"):
        sent(posten, "/api/shipments", shipment(locker, reference))
    one, other = Delivery.objects.order_by("pk")
    told = []
    for row in (one, other, one):  # after each, the backup: none of the calls is known
        couriers.tell(row, "deposited", clock.now(), clock.now())
        WebhookCall.objects.update(id=1)
        told += calls_that_leave()
        WebhookCall.objects.all().delete()
    assert told[0] == told[2] and told[0][0] != told[1][0]


@pytest.mark.parametrize(
    "url",
    [
        "http://courier.example.test/", "https://user:pw@courier.example.test/", "https://", "ftp://x", "", "https:///x",
        "https://courier.example.test:99999/", "https://courier.example.test/#x", "https://courier.example.test/ \n",
        "https://c.example.test/" + "x" * 500,
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(locker: Any, url: str) -> None:
    with pytest.raises(Problem, match="begins with https"):
        hooked(locker, url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "192.168.1.1"])
def test_no_call_goes_to_a_machine_of_this_network(host: str) -> None:
    from tools.cloud.webhooks import https

    with pytest.raises(https.PrivateAddress):
        https.post(f"https://{host}/", b"{}", {})


def test_a_call_goes_over_tls_to_the_name_it_is_for_and_follows_no_redirection(tmp_path: Path) -> None:
    from tools.cloud.webhooks import https

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    said = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *said.split(), *names], check=True, capture_output=True)
    heard: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(302 if self.path == "/away" else 204)
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    known, port = ssl.create_default_context(cafile=str(certificate)), server.server_port
    try:
        anywhere = {"allowed": lambda address: address == "127.0.0.1"}
        assert https.post(f"https://localhost:{port}/hook?a=1", b"{}", {}, known, **anywhere) == 204
        assert https.post(f"https://localhost:{port}/away", b"{}", {}, known, **anywhere) == 302
        with pytest.raises(ZeroDivisionError):  # what is wrong at the last moment, when the line is there
            https.post(f"https://localhost:{port}/not", b"{}", {}, known, **anywhere, last=lambda: 1 / 0)
        with pytest.raises(OSError, match="certificate"):
            https.post(f"https://127.0.0.1:{port}/", b"{}", {}, known, **anywhere)
        with pytest.raises(OSError, match="certificate"):
            https.post(f"https://localhost:{port}/", b"{}", {}, **anywhere)
    finally:
        server.shutdown()
    assert heard == [("/hook?a=1", b"{}"), ("/away", b"{}")]


def test_an_owner_says_where_calls_go_and_is_told_the_secret_once(locker: Any) -> None:
    from tools.cloud.models import Membership, User

    posten = program(locker, "Posten")
    token = ApiToken.objects.get(name="Posten")
    user = User.objects.named("owner@example.test")
    Membership.objects.create(user=user, tenant=locker.tenant, role="owner")
    owner = Client()
    owner.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    path = f"/api/tokens/{token.pk}/webhook"
    answer = owner.put(path, json.dumps({"url": HOOK}), content_type="application/json")
    assert answer.status_code == 200 and answer.json()["secret"].startswith("whsec_")
    assert posten.put(path, json.dumps({"url": HOOK}), content_type="application/json").status_code in (403, 404)
    assert token.webhook.webhook_secret.kept.find(base64.b64decode(answer.json()["secret"][6:])) == -1
    assert owner.delete(path).status_code == 204 and not ApiToken.objects.filter(webhook__isnull=False).exists()
