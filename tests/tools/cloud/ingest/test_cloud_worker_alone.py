"""The worker with brokers that the tests hold in their hands: when it connects, whom it answers, what it outlives."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cloud_world import House, counted_bytes
from fake_controller import FakeController

from firmware.controller.cloud.channel import RENEW
from tools.cloud.ingest import worker as module
from tools.cloud.ingest.worker import Worker
from tools.cloud.log import digest
from tools.cloud.services import clock
from tools.terminal import Problem

ONE = "mqtt://worker:secret@a.example.org"
TWO = f"{ONE} mqtts://worker:other@b.example.org:9000"


class Socket:
    """Of TLS: bytes that lie in it already are seen by no select."""

    def __init__(self) -> None:
        self.waiting = 0

    def pending(self) -> int:
        return self.waiting


class Client:
    """What the worker asks of paho. refuses: connecting fails. result: what loop() says."""

    made: list["Client"] = []

    def __init__(self, version: Any, client_id: str, manual_ack: bool):
        self.version, self.id, self.manual_ack = version, client_id, manual_ack
        self.user: tuple[str, str] | None = None
        self.tls: list[Any] = []
        self.connects: list[tuple[str, int, int]] = []
        self.refuses: str | None = None
        self.loops: list[float] = []
        self.result = mqtt.MQTT_ERR_SUCCESS
        self.published: list[tuple[str, bytes, int]] = []
        self.subscribed: list[tuple[str, int]] = []
        self.acked: list[tuple[int, int]] = []
        self.gone = False
        self.writing = False
        self.sock: Any = Socket()
        self.on_connect: Callable[..., None] = lambda *_: None
        self.on_message: Callable[..., None] = lambda *_: None
        Client.made.append(self)

    def username_pw_set(self, user: str, password: str) -> None:
        self.user = user, password

    def tls_set(self, ca: Any) -> None:
        self.tls.append(ca)

    def connect(self, host: str, port: int, keepalive: int) -> None:
        self.connects.append((host, port, keepalive))
        if self.refuses is not None:
            raise OSError(self.refuses)

    def loop(self, seconds: float) -> int:
        self.loops.append(seconds)
        return self.result

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self.published.append((topic, payload, qos))

    def subscribe(self, topic: str, qos: int) -> None:
        self.subscribed.append((topic, qos))

    def ack(self, mid: int, qos: int) -> None:
        self.acked.append((mid, qos))

    def disconnect(self) -> None:
        self.gone = True

    def socket(self) -> Any:
        return self.sock

    def want_write(self) -> bool:
        return self.writing

    def comes_up(self, failure: bool = False) -> None:
        self.on_connect(self, None, None, SimpleNamespace(is_failure=failure), None)

    def hears(self, topic: Any, payload: bytes = b"O", mid: int = 1) -> None:
        self.on_message(self, None, _message(topic, payload, mid))


def _message(topic: Any, payload: bytes, mid: int) -> mqtt.MQTTMessage:
    message = mqtt.MQTTMessage(mid, topic if isinstance(topic, bytes) else topic.encode())
    message.payload, message.qos = payload, 1
    return message


class Hand:
    """Time, threads and select, moved by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 100.0
        self.slept: list[float] = []
        self.selected: list[tuple[int, int, float]] = []
        self.slow = False  # whether connecting goes on
        self.threads: list[Any] = []
        monkeypatch.setattr(
            module, "time", SimpleNamespace(monotonic=lambda: self.now, time=lambda: clock.source(), sleep=self.sleep)
        )
        monkeypatch.setattr(module, "select", SimpleNamespace(select=self.select))
        monkeypatch.setattr(module, "Thread", self.thread)
        monkeypatch.setattr(module.random, "random", lambda: 1.0)
        monkeypatch.setattr(module.mqtt, "Client", Client)
        Client.made = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def select(self, reading: list[Any], writing: list[Any], errors: list[Any], seconds: float) -> None:
        self.selected.append((len(reading), len(writing), seconds))

    def thread(self, target: Callable[[], None], name: str, daemon: bool) -> Any:
        assert daemon, "a broker that never answers must not keep the worker from ending"
        one = SimpleNamespace(start=lambda: None if self.slow else target(), is_alive=lambda: self.slow)
        self.threads.append(one)
        return one


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch, house: House) -> Iterator[Hand]:
    monkeypatch.setattr(digest, "make", lambda now, before: f"after {before}")
    yield Hand(monkeypatch)


def connected(urls: str = ONE) -> tuple[Worker, list[Client]]:
    worker = Worker(urls)
    for _ in range(2):
        worker._wait(0.0)
    for client in Client.made:
        client.comes_up()
    return worker, Client.made


def said(client: Client) -> list[tuple[str, bytes, int]]:
    found, client.published = client.published, []
    return found


def test_each_broker_is_asked_with_its_own_account_and_tls(hand: Hand) -> None:
    worker = Worker(TWO, "ca.pem")
    worker._wait(0.0)
    first, second = Client.made
    assert (first.user, first.tls, first.connects) == (("worker", "secret"), [], [("a.example.org", 1883, 15)])
    assert (second.user, second.tls, second.connects) == (
        ("worker", "other"),
        ["ca.pem"],
        [("b.example.org", 9000, 15)],
    )
    assert first.manual_ack and first.id != second.id and first.id.startswith("portvakt-") and len(first.id) == 21
    Worker("mqtt://a.example.org")
    assert Client.made[-1].user is None


@pytest.mark.parametrize("urls", ["", "mqtts+psk://a.example.org"])
def test_a_worker_without_a_broker_that_it_can_speak_to_does_not_start(hand: Hand, urls: str) -> None:
    with pytest.raises(Problem):
        Worker(urls)


def test_messages_are_heard_at_least_once_and_acknowledged_after_they_are_kept(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that was acknowledged before it was stored is lost with the worker."""
    worker, [client] = connected()
    assert client.subscribed == [("portvakt/+/up", 1)]
    order: list[str] = []
    monkeypatch.setattr(worker._ingest, "on_message", lambda topic, payload: order.append(f"{topic} {payload!r}"))
    monkeypatch.setattr(client, "ack", lambda mid, qos: order.append(f"ack {mid} {qos}"))
    client.hears("portvakt/0011223344556677/up", b"x", mid=7)
    assert order == ["portvakt/0011223344556677/up b'x'", "ack 7 1"]
    client.hears(b"\xff\xfe", mid=8)
    assert order[2:] == ["ack 8 1"], "a topic that is no text is let go, or the broker sends it for ever"


def test_a_broker_that_refuses_the_account_is_no_broker(hand: Hand, house: House) -> None:
    worker = Worker(ONE)
    worker._wait(0.0)
    [client] = Client.made
    client.comes_up(failure=True)
    worker._poll()
    assert client.subscribed == [] and client.published == []
    client.comes_up()
    worker._poll()
    assert [payload for _, payload, _ in said(client)] == [bytes((RENEW,))]


def test_sessions_are_called_back_once_when_the_worker_starts_and_not_at_each_connection(hand: Hand) -> None:
    worker, [client] = connected()
    worker._poll()
    assert len(said(client)) == 1
    client.comes_up()
    worker._poll()
    assert said(client) == []


def test_a_database_that_is_away_when_it_starts_is_tried_again(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, [client] = connected()
    polls: list[int] = []
    monkeypatch.setattr(worker._ingest, "poll", lambda: polls.append(1))
    start = worker._ingest.start
    with monkeypatch.context() as broken:
        broken.setattr(worker._ingest, "start", lambda: 1 / 0)
        worker._poll()
    assert polls == [] and said(client) == []
    monkeypatch.setattr(worker._ingest, "start", start)
    worker._poll()
    worker._poll()
    assert polls == [1, 1] and len(said(client)) == 1


def test_a_digest_is_made_once_an_hour_each_after_the_one_before(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def make(now: Any, before: str) -> str:
        asked.append((now, before))
        if len(asked) == 2:
            raise OSError("no room")
        return f"number {len(asked)}"

    monkeypatch.setattr(digest, "make", make)
    monkeypatch.setattr(digest, "last_of", lambda path: "of the file")
    worker, _ = connected()
    for step in (0, 3599, 1, 3600, 3600):
        hand.now += step
        worker._poll()
    assert [before for _, before in asked] == ["of the file", "number 1", "number 1", "number 3"]
    assert asked[0][0] == clock.now()


def test_it_polls_ten_times_a_second_and_serves_in_between(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(ONE)
    [client] = Client.made
    polled: list[float] = []
    monkeypatch.setattr(worker, "_poll", lambda: polled.append(hand.now))
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        hand.now += min(seconds, 0.04)

    monkeypatch.setattr(worker, "_wait", wait)
    worker.run(lambda: len(polled) == 3)
    assert polled == pytest.approx([100.0, 100.1, 100.2])
    assert all(0 <= seconds <= 0.1 for seconds in waits) and waits[1] == pytest.approx(0.1)
    assert client.gone


def test_without_a_broker_it_sleeps_and_with_one_it_waits_at_its_socket(hand: Hand) -> None:
    hand.slow = True
    worker = Worker(ONE)
    [client] = Client.made
    worker._wait(0.1)
    worker._wait(0.1)
    assert hand.slept == [0.1, 0.1] and client.loops == [] and len(hand.threads) == 1
    hand.slow = False
    worker._wait(0.1)
    assert hand.slept == [0.1, 0.1] and client.loops == [0.1] and hand.selected == []


def test_of_several_brokers_none_waits_for_another(hand: Hand) -> None:
    worker, (first, second) = connected(TWO)
    first.loops.clear()
    worker._wait(0.1)
    assert hand.selected[-1] == (2, 0, 0.1) and first.loops == [0.0] and hand.slept == [0.0]
    second.writing = True
    worker._wait(0.1)
    assert hand.selected[-1] == (2, 1, 0.1)
    hand.selected.clear()
    second.sock.waiting = 5
    worker._wait(0.1)
    second.sock.waiting, first.sock = 0, None
    worker._wait(0.1)
    assert hand.selected == [], "bytes of TLS that came already, and a broken socket, are served at once"
    first.sock = SimpleNamespace()  # without TLS
    worker._wait(0.1)
    assert len(hand.selected) == 1


def test_a_controller_is_answered_where_it_last_spoke_and_proved_it(hand: Hand, house: House) -> None:
    worker, (first, second) = connected(TWO)
    topic = f"portvakt/{house.row().public_id}"
    worker._publish(f"{topic}/down", b"a")
    assert [len(said(one)) for one in (first, second)] == [1, 1], "nobody knows where it is"
    at = first
    board = FakeController(house.settings, lambda name, payload: at.hears(name, payload), counted_bytes(9 << 40), 5)
    for here, elsewhere in ((second, first), (first, second)):
        at = here
        board.begin()
        [(_, answer, _)] = said(here)
        assert said(elsewhere) == [], "an opening is answered where it came from"
        board.receive(answer)
        board.hello()
        said(here)
        elsewhere.hears(f"{topic}/up", b"O" * 40)  # what anybody says there
        elsewhere.hears(f"{topic}/up", board.sent[-1])  # ... and what it has said once
        assert [one[1][0] for one in said(elsewhere)] in ([], [RENEW])
        worker._publish(f"{topic}/down", b"b")
        assert (said(here), said(elsewhere)) == ([(f"{topic}/down", b"b", 0)], [])
    second.hears(f"{topic}/presence")
    second.hears("portvakt/0011223344556677/up")
    assert set(worker._heard) == {f"{topic}/down"}, "nobody fills the memory with names"


def test_of_one_broker_nothing_is_remembered(hand: Hand) -> None:
    """Whoever may write to the broker could fill the worker's memory with topics."""
    worker, [client] = connected()
    client.hears("portvakt/0011223344556677/up")
    assert worker._heard == {}


def test_a_broker_that_goes_away_is_tried_again_ever_more_seldom(hand: Hand) -> None:
    worker = Worker(ONE)
    [client] = Client.made
    client.refuses = "no route"
    tries: list[float] = []
    for _ in range(4000):
        before = len(client.connects)
        worker._wait(0.01)
        if len(client.connects) > before:
            tries.append(hand.now)
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert pauses[:6] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4], abs=0.06)
    assert max(pauses) == pytest.approx(10.0, abs=0.06), "and never less often than that"
    assert client.loops == []


def test_after_a_connection_that_held_it_is_tried_at_once_again(hand: Hand) -> None:
    worker, [client] = connected()
    for _ in range(3):
        client.result = mqtt.MQTT_ERR_CONN_LOST
        worker._wait(0.01)
        client.result = mqtt.MQTT_ERR_SUCCESS
        tries = len(client.connects)
        worker._wait(0.01)
        assert len(client.connects) == tries, "not in the same moment as everybody else"
        hand.now += 0.2
        worker._wait(0.01)
        worker._wait(0.01)
        assert len(client.connects) == tries + 1
        client.comes_up()


def test_what_goes_on_is_logged_once(hand: Hand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "portvakt.worker")
    worker = Worker(ONE)
    [client] = Client.made
    client.refuses = "no route"
    for _ in range(300):
        worker._wait(0.01)
    client.refuses = None
    for _ in range(300):
        worker._wait(0.01)
    client.comes_up()
    assert [record.getMessage() for record in caplog.records] == [
        "no broker at a.example.org:1883 (no route); trying again",
        "connected to a.example.org:1883",
    ]
