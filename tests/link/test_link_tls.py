"""The link in TLS: the firmware on real MicroPython, the real mosquitto with the files that the cloud end writes."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from tests.link.line import NAME, Board, Cloud, Mosquitto, free_ports
from tools.cloud.controllers import mosquitto as files_of

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto]
FREE = ("user root", "allow_anonymous true", "persistence false")
OTHER = "fedcba9876543210"
KEY, OTHER_KEY = "7b" * 32, "7c" * 32


def broker(port: int, **more: Any) -> dict[str, Any]:
    return {"host": "localhost", "port": port, "user": NAME, "password": "", **more}


@contextmanager
def board(micropython: str, folder: Path, **settings: Any) -> Iterator[Board]:
    made = Board(micropython, folder, {"since": 1795000000, **settings})
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a certificate of a broker named localhost, one of a board, and a stranger's of that name."""
    folder = tmp_path_factory.mktemp("tls_files")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for authority in ("ca", "stranger"):
        openssl("req", "-x509", *curve, "-keyout", f"{authority}.key", "-out", f"{authority}.pem", "-subj", "/CN=CA")
    for name, subject, authority in (
        ("broker", "localhost", "ca"), ("board", NAME, "ca"), ("forged", "localhost", "stranger")
    ):  # fmt: skip
        openssl("req", *curve, "-keyout", f"{name}.pem.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-extfile", "names")  # fmt: skip
    for name in ("ca", "board"):
        openssl("x509", "-in", f"{name}.pem", "-outform", "der", "-out", f"{name}.crt")
    openssl("pkey", "-in", "board.pem.key", "-outform", "der", "-out", "board.key")
    return folder


def listener(port: int, tls_files: Path, certificate: str = "broker") -> list[str]:
    return [f"listener {port}", f"certfile {tls_files}/{certificate}.pem", f"keyfile {tls_files}/{certificate}.pem.key"]


def test_a_board_with_the_key_opens_a_session_as_itself(micropython: str, mosquitto: str, tmp_path: Path) -> None:
    """With the very configuration that the cloud end writes, and its topics: another user would not be heard."""
    plain, psk = free_ports(2)
    files = {
        "passwords": files_of.password_line("worker", "w"),
        "keys": f"{NAME}:{KEY}\n",
        "topics": files_of.topics_of("worker"),
        "mosquitto.conf": files_of.configuration(tmp_path, "root", plain=plain, psk=psk, certificates=0),
    }
    files_of.write(tmp_path, files)
    server = Mosquitto(mosquitto, tmp_path, [files["mosquitto.conf"]], plain)
    cloud = Cloud(plain, "worker", "w")
    try:
        with board(micropython, tmp_path, broker=broker(psk, tls="psk", key=KEY)) as good:
            good.until("opened")
        with board(micropython, tmp_path, broker=broker(psk, tls="psk", key=OTHER_KEY)) as bad:
            bad.until("link:")
            assert "opened" not in bad.said and OTHER_KEY not in str(bad.said) and OTHER_KEY[:8] not in str(bad.said)
        assert cloud.opened == 1
        other = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=OTHER)
        other.username_pw_set("worker", "w")
        other.connect("127.0.0.1", plain)
        forger = broker(psk, tls="psk", key=KEY)
        with board(micropython, tmp_path, controller=OTHER, broker=forger) as forged:
            kept = [other.loop(0.1) for _ in range(8)]
            assert set(kept) == {mqtt.MQTT_ERR_SUCCESS}, "nobody is put out by name"
            assert "opened" not in forged.said
        other.disconnect()
    finally:
        cloud.close()
        server.kill()


def test_a_broker_without_the_key_does_not_get_in_by_any_certificate(
    micropython: str, mosquitto: str, tls_files: Path, tmp_path: Path
) -> None:
    plain, tls = free_ports(2)
    lines = [*FREE, f"listener {plain} 127.0.0.1", *listener(tls, tls_files)]
    server = Mosquitto(mosquitto, tmp_path, lines, plain)
    cloud = Cloud(plain)
    try:
        with board(micropython, tmp_path, broker=broker(tls, tls="psk", key=KEY)) as made:
            made.until("link:")
            assert "opened" not in made.said and cloud.opened == 0
    finally:
        cloud.close()
        server.kill()


def test_a_certificate_counts_when_authority_and_name_are_right(
    micropython: str, mosquitto: str, tls_files: Path, tmp_path: Path
) -> None:
    plain, tls, forged, asks = free_ports(4)
    lines = [
        *FREE,
        f"listener {plain} 127.0.0.1",
        *listener(tls, tls_files),
        *listener(forged, tls_files, "forged"),
        *listener(asks, tls_files),
        f"cafile {tls_files}/ca.pem",
        "require_certificate true",
    ]
    server = Mosquitto(mosquitto, tmp_path, lines, plain)
    cloud = Cloud(plain)
    (tmp_path / "broker.ca").write_bytes((tls_files / "ca.crt").read_bytes())
    how = {"tls": "certificates"}
    try:
        with board(micropython, tmp_path, broker=broker(tls, **how)) as made:
            made.until("opened")
        for wrong in (broker(forged, **how), {**broker(tls, **how), "host": "127.0.0.1"}, broker(asks, **how)):
            with board(micropython, tmp_path, broker=wrong) as made:
                made.until("link:")
                assert "opened" not in made.said
        for name in ("board.crt", "board.key"):
            (tmp_path / name).write_bytes((tls_files / name).read_bytes())
        with board(micropython, tmp_path, broker=broker(asks, **how)) as made:
            made.until("opened")
        assert cloud.opened == 2
    finally:
        cloud.close()
        server.kill()


def test_no_handshake_is_begun_while_a_card_is_read(micropython: str, tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        (tmp_path / "reading").touch()
        with board(micropython, tmp_path, broker=broker(listening.getsockname()[1], tls="psk", key=KEY)):
            connection = listening.accept()[0]
            with connection:
                connection.settimeout(0.4)
                with pytest.raises(TimeoutError):
                    connection.recv(1)
                (tmp_path / "reading").unlink()
                connection.settimeout(10)
                assert connection.recv(1) == b"\x16", "a handshake record"
