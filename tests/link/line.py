"""The two ends of a real link: the firmware's on MicroPython, and a cloud that opens sessions and answers pings."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from firmware.controller.cloud.channel import OPEN, SEALED
from firmware.controller.cloud.wire import PING, PONG, topics
from firmware.protocol.cloud_side import CloudChannel, accept_message, read_open

ROOT = Path(__file__).parents[2]
NAME = "0123456789abcdef"
SECRET = "5a" * 32


def free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for sock in taken:
        sock.bind(("127.0.0.1", 0))
    ports = [int(sock.getsockname()[1]) for sock in taken]
    for sock in taken:
        sock.close()
    return ports


def until(true: Callable[[], Any], what: Callable[[], str] | str, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what if isinstance(what, str) else what()}")
        time.sleep(0.01)


class Mosquitto:
    """A broker with a configuration of the test's."""

    def __init__(self, program: str, folder: Path, lines: list[str], port: int) -> None:
        config = folder / f"mosquitto-{port}.conf"
        config.write_text("\n".join([*lines, ""]))
        self._command = [program, "-c", str(config)]
        self._port = port
        self.start()

    def start(self) -> None:
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=silent, stdout=silent, stderr=silent)
        until(lambda: _listens(self._port), "mosquitto")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Cloud:
    """At one broker. opened: sessions so far."""

    def __init__(self, port: int, user: str = "", password: str = "") -> None:
        self.opened = 0
        self._up, self._down = topics(NAME)
        self._channel: CloudChannel | None = None
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"cloud-{port}")
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = lambda *_: self._client.subscribe(self._up)
        self._client.on_message = lambda _, __, message: self._take(bytes(message.payload))
        self._client.connect("127.0.0.1", port)
        self._ended = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _take(self, message: bytes) -> None:
        secret = bytes.fromhex(SECRET)
        if message[0] == OPEN:
            nonce = os.urandom(16)
            theirs = read_open(secret, NAME, message)
            self._channel = CloudChannel(secret, theirs, nonce)
            self._client.publish(self._down, accept_message(secret, NAME, theirs, nonce))
            self.opened += 1
        elif message[0] == SEALED and self._channel and self._channel.open(message)[0] == PING:
            self._client.publish(self._down, self._channel.seal(bytes((PONG,))))

    def _run(self) -> None:
        """A broker that is back is found at once: paho itself would look once a second."""
        while not self._ended:
            if self._client.loop(0.02) != mqtt.MQTT_ERR_SUCCESS:
                try:
                    self._client.reconnect()
                except OSError:
                    time.sleep(0.02)

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._client.disconnect()


class Board:
    """The firmware's link as a process. said: its lines."""

    def __init__(self, micropython: str, folder: Path, settings: dict[str, Any]) -> None:
        told = {"controller": NAME, "link_secret": SECRET, **settings}
        (folder / "settings.json").write_text(json.dumps(told))
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [micropython, "-X", "heapsize=400K", "tests/link/board.py", str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def until(self, line: str, times: int = 1) -> None:
        """Until a line with these words was said so often."""
        until(lambda: sum(line in one for one in self.said) >= times, lambda: f"{line}; the board said {self.said}")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.rstrip())
