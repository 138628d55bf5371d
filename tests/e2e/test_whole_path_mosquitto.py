"""The whole path with mosquitto, over MQTT_URL."""

import socket
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.e2e.whole_path")

from tests.e2e.house import House, Mosquitto  # noqa: E402  the rewriting comes before the import
from tests.e2e.whole_path import *  # noqa: E402, F403  the scenarios

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto]


@pytest.fixture(scope="module")
def house(mosquitto_broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One running building for all: starting it takes longer than any of them."""
    house = House(tmp_path_factory.mktemp("house"), mosquitto_broker)
    yield house
    house.close()


@pytest.fixture(scope="module")
def mosquitto_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), port)
    yield broker
    broker.kill()
