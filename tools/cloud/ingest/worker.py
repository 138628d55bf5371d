"""The ingest as a process of its own: paho-mqtt in one thread, messages and poll() by turns."""

import logging
import os
import random
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from django.db import connection

from ..services import clock, digest
from ..services.enrol import broker_of
from .ingest import Ingest

log = logging.getLogger("portvakt.worker")

POLL_S = 0.1
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
KEEPALIVE_S = 15
DIGEST_S = 3600.0


class Worker:
    """url: of the broker, mqtt://user:password@host:port (mqtts: with TLS, names checked)."""

    def __init__(self, url: str):
        broker = broker_of(url)
        self._host, self._port = broker["host"], broker["port"]
        # A clean session: the protocol above asks again for whatever is lost, the broker need not remember.
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"portvakt-{os.urandom(6).hex()}", manual_ack=True
        )
        if broker["user"]:
            self._client.username_pw_set(broker["user"], broker["password"])
        if broker["tls"]:
            self._client.tls_set()
        self._client.on_connect = self._connected
        self._client.on_message = self._received
        self._ingest = Ingest(self._publish, time.time, os.urandom)
        self._started = False
        self._digest: str | None = None  # the last one's SHA-256
        self._digest_at = 0.0
        self._said: str | None = None

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Until stop() says so. A broker that goes away is connected to again, for ever."""
        pause = FIRST_PAUSE_S
        while not stop():
            if self._connect() and self._serve(stop):
                pause = FIRST_PAUSE_S
            # Workers and controllers that lost the same broker must not come back in the same moment.
            self._idle(pause * (0.5 + random.random() / 2), stop)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        self._client.disconnect()

    def _connect(self) -> bool:
        try:
            self._client.connect(self._host, self._port, KEEPALIVE_S)
        except OSError as error:
            self._say(f"no broker at {self._host}:{self._port} ({error}); trying again")
            return False
        return True

    def _serve(self, stop: Callable[[], bool]) -> bool:
        """Until the connection is gone. Whether it ever stood."""
        due = 0.0
        stood = False
        while not stop():
            result = self._client.loop(max(0.0, min(POLL_S, due - time.monotonic())))
            if result != mqtt.MQTT_ERR_SUCCESS:
                self._say(f"the broker is gone ({mqtt.error_string(result)}); connecting again")
                break
            stood = stood or self._client.is_connected()
            if time.monotonic() >= due:
                self._poll()
                due = time.monotonic() + POLL_S
        return stood

    def _idle(self, seconds: float, stop: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop():
            self._poll()
            time.sleep(min(POLL_S, max(0.0, until - time.monotonic())))

    def _poll(self) -> None:
        connection.close_if_unusable_or_obsolete()
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

    def _connected(self, client: mqtt.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._say(f"the broker at {self._host}:{self._port} refuses: {reason}; check MQTT_URL")
            return
        client.subscribe([("portvakt/+/up", 1), ("portvakt/+/presence", 1)])
        self._say(f"connected to {self._host}:{self._port}")
        if not self._started:
            self._started = True
            self._ingest.start()

    def _received(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._ingest.on_message(message.topic, bytes(message.payload))
        client.ack(message.mid, message.qos)

    def _publish(self, topic: str, payload: bytes) -> None:
        # Nothing is kept for later: a controller that was not reached is brought in line when it is back.
        self._client.publish(topic, payload, qos=0)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            log.info(text)
