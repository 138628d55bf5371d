"""Keeps what Home Assistant is told at its broker: publishes what has changed, takes away what is no more."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import paho.mqtt.client as mqtt
from django.db import DatabaseError, connection

from ..models import Tenant
from ..services import clock
from . import entities

log = logging.getLogger("portvakt.home")

LOOK_S = 1.0
PAUSE_S = 5.0
KEEPALIVE_S = 15
OLD_S = 2.0  # within which the broker has delivered what was retained before


class Bridge:
    """broker: as controllers/brokers.py reads its address. ca: a file with the CA of its certificate, or None."""

    def __init__(self, tenant: Tenant, broker: Mapping[str, Any], ca: str | None = None):
        self._tenant = tenant
        self._broker = broker
        self._status = f"{entities.root(tenant)}/status"
        self._strikes = entities.RecentReleases(tenant)
        self._kept: dict[str, str] = {}  # topic -> what is retained there, as far as is known
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"portvakt-home-{os.urandom(4).hex()}")
        if broker["user"]:
            self._client.username_pw_set(broker["user"], broker["password"])
        if broker["tls"]:
            self._client.tls_set(ca_certs=ca)
        self._client.will_set(self._status, "offline", retain=True)
        self._client.on_connect = self._connected
        self._client.on_message = self._found
        self._look_at = 0.0

    def run(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Until stop() says so. A broker that goes away is connected to again, for ever."""
        while not stop():
            try:
                self._client.connect(self._broker["host"], self._broker["port"], KEEPALIVE_S)
                self._serve(stop)
            except OSError as error:
                log.info("no broker at %s:%s (%s); trying again", self._broker["host"], self._broker["port"], error)
            until = time.monotonic() + PAUSE_S
            while time.monotonic() < until and not stop():
                time.sleep(0.1)

    def _serve(self, stop: Callable[[], bool]) -> None:
        self._look_at = time.monotonic() + OLD_S
        while self._client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS:
            if self._client.is_connected() and time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_S
                self._look()
            if stop():
                self._client.publish(self._status, "offline", retain=True)
                self._client.loop(0.5)
                self._client.disconnect()
                return

    def _look(self) -> None:
        connection.close_if_unusable_or_obsolete()
        try:
            wanted = entities.messages(self._tenant, self._strikes, clock.now()) | {self._status: "online"}
        except DatabaseError:
            log.exception("the database does not answer; trying again")
            return
        for topic in sorted(self._kept.keys() - wanted.keys()):
            self._client.publish(topic, "", retain=True)
            del self._kept[topic]
        # States first: an entity that is announced then has its state at once.
        for topic in sorted(wanted, key=lambda topic: topic.startswith(entities.PREFIX)):
            if self._kept.get(topic) != wanted[topic]:
                self._client.publish(topic, wanted[topic], retain=True)
                self._kept[topic] = wanted[topic]

    def _connected(self, client: mqtt.Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            log.warning("the broker refuses: %s; check the user and password of its address", reason)
            return
        self._kept = {}
        client.subscribe([(f"{entities.root(self._tenant)}/#", 0), (f"{entities.PREFIX}/device/+/config", 0)])
        log.info("connected to %s:%s", self._broker["host"], self._broker["port"])

    def _found(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        """What an earlier run left: it goes, or is written over."""
        payload = bytes(message.payload).decode(errors="replace")
        root = entities.root(self._tenant)
        ours = message.topic.startswith(f"{root}/") or f'"{root}/' in payload
        if message.retain and payload and ours:
            self._kept.setdefault(message.topic, payload)
