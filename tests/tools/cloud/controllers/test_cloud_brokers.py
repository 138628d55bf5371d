"""Brokers: their addresses, what boards are told of them, and who may come in, at the real mosquitto and at amqtt."""

import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cloud_world import House

from firmware.controller.cloud.wire import topics
from firmware.controller.storage.settings_check import check
from tools.cloud.controllers import brokers, enrol, lost, mosquitto
from tools.cloud.models import Controller
from tools.run.children import own
from tools.terminal import Problem

ROOT = Path(__file__).resolve().parents[4]
WIFI = {"name": "Gaten 7", "password": ""}
WORKER = brokers.broker_of("mqtt://worker:of-the-cloud@127.0.0.1")


def test_the_broker_of_an_address() -> None:
    assert brokers.broker_of("mqtts://ola:p%40ss@mqtt.example.org") == {
        "host": "mqtt.example.org",
        "port": 8883,
        "user": "ola",
        "password": "p@ss",
        "tls": "certificates",
    }
    two = brokers.brokers_of("mqtts+psk://a.example.org mqtt://b.example.org:1884")
    assert [(one["port"], one["tls"]) for one in two] == [(8884, "psk"), (1884, "")]
    for url in (
        "http://ola:secret@example.org",
        "mqtt://",
        "mqtt://ola:secret@example.org:0",
        "mqtt://x:secret@h:99999",
    ):
        with pytest.raises(Problem, match="looks like mqtt://host:1883") as said:
            brokers.broker_of(url)
        assert "secret" not in str(said.value)


@pytest.mark.parametrize(
    "secret", ["pa/se-cret", "p?se-cret", "p#se-cret", "se-cret[", "se-cret]", "12/se-cret", "x://se-cret"]
)
def test_a_password_that_divides_its_address_is_said_to_be_written_otherwise(secret: str) -> None:
    with pytest.raises(Problem, match=r"mqtt://host:1883 has .* percent-encoded: / as %2F") as said:
        brokers.broker_of(f"mqtt://ola:{secret}@host:1883")
    assert "se-cret" not in str(said.value)
    assert brokers.broker_of("mqtt://ola:p%2Fa%25%5B@host")["password"] == "p/a%["


@pytest.mark.parametrize("url", ["mqtt://host/prefix", "mqtt://host?x=1", "mqtt://host#x", "mqtt://[::1", "mqtt://a]b"])
def test_what_comes_after_the_port_means_nothing_and_is_refused(url: str) -> None:
    with pytest.raises(Problem, match=r"looks like mqtt://host:1883"):
        brokers.broker_of(url)
    assert brokers.broker_of("mqtt://[::1]:1884/")["host"] == "::1"


def enrolled(house: House, urls: str, name: str = "Oppgang B") -> dict[str, Any]:
    told = enrol.enrol(house.site, name, {"doors": [{}]}, broker=brokers.brokers_of(urls), wifi=WIFI)[1]
    assert check(told) == [], "the firmware takes them"
    return told


def test_a_board_is_told_its_brokers_in_order_and_how_to_speak_tls_to_each(house: House) -> None:
    told = enrolled(house, "mqtts+psk://a.example mqtts://b.example mqtt://shared:word@c.example")
    user = told["controller"]
    first, (second, third) = told["broker"], told["more_brokers"]
    assert (first["user"], first["password"], first["tls"], len(first["key"])) == (user, "", "psk", 64)
    assert (second["user"], second["tls"]) == (user, "certificates") and "key" not in second
    assert (third["user"], third["password"]) == ("shared", "word") and "tls" not in third
    assert len({second["password"], first["key"][:32], told["link_secret"][:32]}) == 3
    assert told["since"] == int(house.time.now)
    assert {"more_brokers", "since"}.isdisjoint(enrolled(house, "mqtt://a.example", "Oppgang C"))


def test_a_key_and_a_user_do_not_go_together(house: House) -> None:
    with pytest.raises(Problem, match="by its own key"):
        enrolled(house, "mqtts+psk://user:word@a.example")
    with pytest.raises(Problem, match='"psk" or "certificates"'):
        enrol.enrol(house.site, "X", {"doors": [{}]}, broker={"host": "a", "port": 1, "tls": "none"})
    with pytest.raises(Problem, match="needs a broker"):
        enrol.enrol(house.site, "X", {"doors": [{}]}, broker=[])


def test_the_worker_needs_an_account_that_is_no_boards() -> None:
    for url in ("mqtt://h", "mqtt://worker@h", "mqtt://0123456789abcdef:x@h", "mqtt://a%0Auser:x@h", "mqtt://%2B:x@h"):
        with pytest.raises(Problem, match=r"user .* and password for the worker"):
            brokers.accounts(brokers.broker_of(url))


def test_a_lost_board_has_no_account_any_more(house: House) -> None:
    user = house.row().public_id
    before = brokers.accounts(WORKER)
    assert user in before["passwords"] and user in before["keys"] and user not in before["topics"]
    lost.lost(house.row(), None)
    after = brokers.accounts(WORKER)
    assert user not in after["passwords"] + after["keys"]
    Controller.objects.update(broker_key=b"put back from an old copy of the database")
    assert brokers.accounts(WORKER) == after


def test_files_are_for_their_owner_only_and_stay_when_nothing_changed(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    assert mosquitto.write(folder, brokers.accounts(WORKER))
    assert not mosquitto.write(folder, brokers.accounts(WORKER))
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    enrolled(house, "mqtt://a.example")
    assert mosquitto.write(folder, brokers.accounts(WORKER))


# Who may come in, and what they may say and hear.


def free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for sock in taken:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in taken]
    for sock in taken:
        sock.close()
    return ports


def until(true: Callable[[], Any], what: str, clients: list[mqtt.Client] | None = None, seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        for client in clients or ():
            client.loop(0.001)
        if not clients:
            time.sleep(0.005)


def listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        until(lambda: listens(port), "the broker")
        yield
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def amqtt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """One for all: it takes a second to start. It reads the accounts again when they change."""
    folder = tmp_path_factory.mktemp("amqtt")
    (port,) = free_ports(1)
    with running(own("broker", str(port), str(folder)), port):
        yield port, folder


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.mosquitto), "amqtt"])
def street(request: Any, house: House, tmp_path: Path) -> Iterator["Street"]:
    """Two boards of two tenants and the worker, at each broker."""
    other = House("Fjordgata", house.time, seed=7)
    if request.param == "amqtt":
        port, folder = request.getfixturevalue("amqtt")
        mosquitto.write(folder, brokers.accounts(WORKER))
        street = Street(port, folder, house, other)
        yield street
        street.close()
        return
    plain, psk = free_ports(2)
    conf = mosquitto.configuration(tmp_path, "root", plain=plain, psk=psk, certificates=0)
    mosquitto.write(tmp_path, {**brokers.accounts(WORKER), "mosquitto.conf": conf})
    with running([request.getfixturevalue("mosquitto"), "-c", str(tmp_path / "mosquitto.conf")], plain):
        street = Street(plain, tmp_path, house, other)
        yield street
        street.close()


class Street:
    def __init__(self, port: int, folder: Path, house: House, other: House) -> None:
        self.port, self.folder, self.house, self.other = port, folder, house, other
        self.clients: list[mqtt.Client] = []

    def enter(self, user: str | None, password: str | None, will: str = "", name: str = "") -> tuple[str, mqtt.Client]:
        """What the broker answers, and the client."""
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name or user or "nobody")
        if user is not None:
            client.username_pw_set(user, password)
        if will:
            client.will_set(will, b"will", qos=1)
        said: list[str] = []
        client.on_connect = lambda _, __, ___, reason, ____: said.append(str(reason))
        client.on_disconnect = lambda _, __, ___, reason, ____: said.append(str(reason))
        client.connect("127.0.0.1", self.port)
        self.until(lambda: said, "an answer", client)
        if said[0] == "Success":
            self.clients.append(client)
        return said[0], client

    def hear(self, client: mqtt.Client, pattern: str) -> list[tuple[str, bytes]]:
        """Subscribes. What it hears from then on."""
        messages: list[tuple[str, bytes]] = []
        answered: list[Any] = []
        client.on_message = lambda _, __, message: messages.append((message.topic, message.payload))
        client.on_subscribe = lambda *_: answered.append(1)
        client.subscribe(pattern, 1)
        self.until(lambda: answered, "an answer to a subscription")
        return messages

    def until(self, true: Callable[[], Any], what: str, *more: mqtt.Client) -> None:
        until(true, what, [*self.clients, *more])

    def account(self, house: House) -> tuple[str, str]:
        return brokers.account(house.row())[:2]

    def close(self) -> None:
        for client in self.clients:
            client.disconnect()


def test_a_board_comes_in_by_its_own_password_only(street: Street) -> None:
    user, password = street.account(street.house)
    _, of_another = street.account(street.other)
    assert street.enter(user, password)[0] == "Success"
    wrong = ((user, of_another), (user, ""), (user, None), ("nobody", password), (None, None), ("worker", "x"))
    for who, word in wrong:
        assert street.enter(who, word)[0] != "Success", (who, word)


def test_a_board_hears_and_says_on_its_own_topics_and_no_other(street: Street) -> None:
    mine, other = street.account(street.house), street.account(street.other)
    board, stranger = street.enter(*mine)[1], street.enter(*other)[1]
    worker = street.enter("worker", "of-the-cloud")[1]
    up = street.hear(worker, "portvakt/+/up")
    down = street.hear(board, topics(mine[0])[1])
    wrong: list[list[tuple[str, bytes]]] = []
    for pattern in ("#", "portvakt/#", "portvakt/+/down", "portvakt/+/up", *topics(mine[0])):
        wrong.append(street.hear(stranger, pattern))
    for topic in (*topics(mine[0]), "portvakt/+/up", topics(other[0])[1], "portvakt/x/up"):
        if "+" not in topic:
            stranger.publish(topic, b"forged")
    stranger.publish(topics(other[0])[0], b"its own")
    board.publish(topics(mine[0])[0], b"mine")
    street.until(lambda: len(up) >= 2, "what both boards said")
    worker.publish(topics(mine[0])[1], b"for the first board")
    worker.publish(topics(mine[0])[0], b"forged by the worker")
    street.until(lambda: down, "what the worker said")
    board.publish(topics(mine[0])[0], b"the end")
    street.until(lambda: len(up) >= 3, "the end")
    assert sorted(up) == sorted(
        [(topics(other[0])[0], b"its own"), (topics(mine[0])[0], b"mine"), (topics(mine[0])[0], b"the end")]
    )
    assert down == [(topics(mine[0])[1], b"for the first board")]
    assert not any(wrong)


def test_a_last_will_reaches_no_topic_but_its_own(street: Street) -> None:
    mine, other = street.account(street.house), street.account(street.other)
    worker = street.enter("worker", "of-the-cloud")[1]
    up = street.hear(worker, "portvakt/+/up")
    for topic in (topics(other[0])[0], topics(mine[0])[0]):
        said, board = street.enter(*mine, will=topic)
        if said == "Success":
            street.clients.remove(board)
            board.socket().close()
    street.until(lambda: up, "the will of the board itself")
    assert up == [(topics(mine[0])[0], b"will")]


def test_a_board_that_is_lost_does_not_come_in_again(street: Street) -> None:
    account = street.account(street.house)
    assert street.enter(*account)[0] == "Success"
    lost.lost(street.house.row(), None)
    assert mosquitto.write(street.folder, brokers.accounts(WORKER))
    mosquitto.tell(street.folder)
    until(lambda: street.enter(*account)[0] != "Success", "the broker to refuse it")


def test_a_folder_that_mosquitto_cannot_enter_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    inside = tmp_path / "a" / "b"
    assert mosquitto.shut_to(inside, None) is None
    assert mosquitto.shut_to(inside, (54321, 54321)) == tmp_path
    assert mosquitto.shut_to(inside, (tmp_path.stat().st_uid, 54321)) is None


def test_boards_with_a_password_reach_the_broker_from_elsewhere(tmp_path: Path) -> None:
    ports = {"plain": 1883, "psk": 8884, "certificates": 8883}
    assert "listener 1883 127.0.0.1\n" in mosquitto.configuration(tmp_path, "me", **ports)
    assert "listener 1883\n" in mosquitto.configuration(tmp_path, "me", plain_for_boards=True, **ports)
    assert [one["host"] for one in brokers.elsewhere("mqtt://127.0.0.1 mqtt://10.0.0.5")] == ["10.0.0.5"]


def test_two_brokers_need_to_know_when_the_settings_were_made(house: House) -> None:
    """A board cannot go back to the first one without (links.py of the firmware)."""
    two = brokers.brokers_of("mqtt://a.example.org mqtt://b.example.org")
    assert brokers.settings_of(house.controller, two, 1795000000.5)["since"] == 1795000000
    assert "since" not in brokers.settings_of(house.controller, two[:1], 1795000000.5)
