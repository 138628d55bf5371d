"""The ingest as a process of its own: paho-mqtt in one thread, messages and poll() by turns."""

import logging
import os
import random
import select
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import paho.mqtt.client as mqtt
from django.db import connection

from tools.terminal import Problem

from ..controllers.brokers import brokers_of
from ..log import digest
from ..services import clock
from .ingest import Ingest

log = logging.getLogger("portvakt.worker")

POLL_S = 0.1
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
KEEPALIVE_S = 15
DIGEST_S = 3600.0


class Worker:
    """urls: of the broker, mqtt://user:password@host:port (mqtts: with TLS, names checked), or of several.

    ca: a file with the CA that signed the brokers' certificates; None: those that the system trusts.
    """

    def __init__(self, urls: str, ca: str | None = None):
        self._brokers = [Connection(broker, ca, self) for broker in brokers_of(urls)]
        if not self._brokers:
            raise Problem("MQTT_URL names no broker; it looks like mqtt://host:1883")
        self._heard: dict[str, Connection] = {}  # topic of a controller -> where it last spoke, as its seal proves
        self._answered: tuple[str, Connection] | None = None  # the topic and broker of the message in hand
        self._ingest = Ingest(self._publish, time.time, os.urandom)
        self._started = self._to_start = False
        self._digest: str | None = None  # the last one's SHA-256
        self._digest_at = 0.0

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Until stop() says so. A broker that goes away is connected to again, for ever."""
        due = 0.0
        while not stop():
            self._wait(max(0.0, min(POLL_S, due - time.monotonic())))
            if time.monotonic() >= due:
                self._poll()
                due = time.monotonic() + POLL_S
        for broker in self._brokers:
            broker.client.disconnect()

    def _wait(self, seconds: float) -> None:
        """Serves the brokers; at most so long when they say nothing."""
        ready = [broker for broker in self._brokers if broker.keep()]
        if len(ready) > 1:
            sockets: list[Any] = [broker.client.socket() for broker in ready]
            # None: it broke while something was sent. pending(): bytes of TLS that no select sees any more.
            if not any(sock is None or (hasattr(sock, "pending") and sock.pending()) for sock in sockets):
                writing: list[Any] = [broker.client.socket() for broker in ready if broker.client.want_write()]
                select.select(sockets, writing, [], seconds)
            seconds = 0.0
        elif not ready:
            time.sleep(seconds)
        for broker in ready:
            broker.serve(seconds)

    def _poll(self) -> None:
        try:
            connection.close_if_unusable_or_obsolete()
            if self._to_start:
                self._ingest.start()
                self._to_start = False
        except Exception:
            log.exception("the database cannot be read; trying again")
            return
        self._ingest.poll()
        if time.monotonic() >= self._digest_at:
            self._digest_at = time.monotonic() + DIGEST_S
            self._anchor()

    def _anchor(self) -> None:
        try:
            if self._digest is None:
                self._digest = digest.last_of(digest.AnchorFile().path)
            self._digest = digest.make(clock.now(), self._digest)
        except Exception:
            log.exception("no digest was made; trying again in an hour")

    def connected(self) -> None:
        if not self._started:
            self._started = self._to_start = True

    def received(self, broker: "Connection", message: mqtt.MQTTMessage) -> None:
        if len(self._brokers) == 1 or not message.topic.endswith("/up"):
            self._ingest.on_message(message.topic, bytes(message.payload))
            return
        down, before = message.topic[:-2] + "down", self._ingest.good(message.topic)
        self._answered = down, broker
        try:
            self._ingest.on_message(message.topic, bytes(message.payload))
        finally:
            self._answered = None
        # What is not proven tells nothing: one broker must not take boards away from another one by saying their names.
        if self._ingest.good(message.topic) != before:
            self._heard[down] = broker

    def _publish(self, topic: str, payload: bytes) -> None:
        # Nothing is kept for later: a controller that was not reached is brought in line when it is back.
        answers = self._answered is not None and self._answered[0] == topic
        heard = self._answered[1] if answers else self._heard.get(topic)  # type: ignore[index]
        for broker in [heard] if heard else self._brokers:
            broker.client.publish(topic, payload, qos=0)


class Connection:
    """One of the brokers. It is connected to beside everything else: a dead one keeps nobody waiting."""

    def __init__(self, broker: dict[str, Any], ca: str | None, worker: Worker):
        self._host, self._port = broker["host"], broker["port"]
        self._worker = worker
        # A clean session: the protocol above asks again for whatever is lost, the broker need not remember.
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"portvakt-{os.urandom(6).hex()}", manual_ack=True
        )
        if broker["user"]:
            self.client.username_pw_set(broker["user"], broker["password"])
        if broker["tls"] == "psk":
            raise Problem("the worker speaks TLS by certificates only; name a listener with mqtts:// or mqtt://")
        if broker["tls"]:
            self.client.tls_set(ca)
        self.client.on_connect = self._connected
        self.client.on_message = self._received
        self._trying: Thread | None = None
        self._failed: str | None = None
        self._up = False  # since the last try
        self._pause, self._again = FIRST_PAUSE_S, 0.0
        self._said: str | None = None

    def keep(self) -> bool:
        """Whether there is a connection to serve. Tries for one when it is time."""
        if self._trying is not None:
            if self._trying.is_alive():
                return False
            self._trying = None
            if self._failed is None:
                self._up = True
            else:
                self._say(f"no broker at {self._host}:{self._port} ({self._failed}); trying again")
                self._later()
        if not self._up and time.monotonic() >= self._again:
            self._trying = Thread(target=self._try, name=f"connecting to {self._host}", daemon=True)
            self._trying.start()
        return self._up

    def serve(self, seconds: float) -> None:
        result = self.client.loop(seconds)
        if result != mqtt.MQTT_ERR_SUCCESS:
            self._say(f"the broker is gone ({mqtt.error_string(result)}); connecting again")
            self._up = False
            self._later()

    def _try(self) -> None:
        try:
            self.client.connect(self._host, self._port, KEEPALIVE_S)
            self._failed = None
        except OSError as error:
            self._failed = str(error)

    def _later(self) -> None:
        # Workers and controllers that lost the same broker must not come back in the same moment.
        self._again = time.monotonic() + self._pause * (0.5 + random.random() / 2)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _connected(self, client: mqtt.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._say(f"the broker at {self._host}:{self._port} refuses: {reason}; check MQTT_URL")
            return
        client.subscribe("portvakt/+/up", 1)
        self._pause = FIRST_PAUSE_S
        self._say(f"connected to {self._host}:{self._port}")
        self._worker.connected()

    def _received(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self._worker.received(self, message)
        except UnicodeDecodeError:
            pass  # its topic is no text: a broker that lets that through is no broker, and no board said it
        client.ack(message.mid, message.qos)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            log.info(text)
