"""Brokers: their addresses, and the account of each board there.

A board's account is made of a key of its own: whoever keeps the broker learns nothing that opens a session.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from tools.nearest import unknown
from tools.terminal import Problem

from ..models import Controller
from ..sealing import Unreadable
from . import mosquitto

log = logging.getLogger("portvakt.brokers")
PORTS = {"mqtt": 1883, "mqtts": 8883, "mqtts+psk": 8884}
_WORKER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BOARD = re.compile(r"[0-9a-f]{16}")
FIELDS = {"host", "port", "user", "password", "tls"}
TLS = {"mqtt": "", "mqtts": "certificates", "mqtts+psk": "psk"}


def broker_of(url: str) -> dict[str, Any]:
    """A broker from its address. No sentence repeats a password."""
    if set(url.partition("://")[2].rpartition("@")[0]) & set("/?#[]"):
        raise Problem(
            f"the user or password for {bare(url)} has a letter that divides an address; write it percent-encoded: "
            "/ as %2F, ? as %3F, # as %23, [ as %5B, ] as %5D, @ as %40, % as %25"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket that is none of an IPv6 address
        parts, port = urlsplit(""), 0
    more = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or more:
        raise Problem(
            "a broker's address looks like mqtt://host:1883, mqtts://user:password@host (certificates) or "
            f"mqtts+psk://host (a key for each board); {bare(url)} does not"
        )
    return {
        "host": parts.hostname,
        "port": port or PORTS[parts.scheme],
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "tls": TLS[parts.scheme],
    }


def bare(url: str) -> str:
    """The address without user and password."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def brokers_of(urls: str) -> list[dict[str, Any]]:
    """Brokers in order of preference, from their addresses with spaces between."""
    return [broker_of(url) for url in urls.split()]


def elsewhere(urls: str) -> list[dict[str, Any]]:
    """Those of them that others than this machine reach."""
    return [one for one in brokers_of(urls) if one["host"] not in ("localhost", "127.0.0.1", "::1")]


def settings_of(controller: Controller, brokers: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """What a board's settings say about its brokers. One that names no user gets the account of the board."""
    user, password, key = account(controller)
    told = []
    for broker in brokers:
        if set(broker) - FIELDS or {"host", "port"} - set(broker):
            wrong = unknown(broker, FIELDS)
            raise Problem(
                "a broker has host and port, and may have user, password and tls"
                + (f"; {', '.join(wrong)} means nothing there" if wrong else "; name both")
            )
        how = broker.get("tls") or ""
        if how not in TLS.values():
            raise Problem('"tls" of a broker is "psk" or "certificates", or is left out')
        if how == "psk" and broker.get("user"):
            raise Problem("a broker with PSK knows each board by its own key: leave user and password out")
        one = {"host": broker["host"], "port": broker["port"]}
        if broker.get("user"):
            one |= {"user": broker["user"], "password": broker.get("password", "")}
        else:
            one |= {"user": user, "password": "" if how == "psk" else password}
        if how:
            one["tls"] = how
        if how == "psk":
            one["key"] = key
        told.append(one)
    if not told:
        raise Problem("a board needs a broker; name one with --broker or BOARD_BROKERS")
    settings: dict[str, Any] = {"broker": told[0]}
    if told[1:]:
        settings["more_brokers"] = told[1:]
    if told[1:] or "tls" in told[0]:
        settings["since"] = int(now)
    return settings


def account(controller: Controller) -> tuple[str, str, str]:
    """(user, password, PSK in hex). Neither secret tells the other, nor anything about the session."""
    key = bytes(controller.broker_key)
    return controller.public_id, _made(key, b"password")[:32], _made(key, b"psk")


def _made(key: bytes, what: bytes) -> str:
    return hmac.new(key, b"portvakt broker " + what, hashlib.sha256).hexdigest()


def accounts(worker: Mapping[str, Any]) -> dict[str, str]:
    """The files of mosquitto.py: `passwords`, `keys` (PSK) and `topics`. worker: its broker as broker_of() gives it."""
    if not worker["password"] or not _WORKER.fullmatch(worker["user"]) or _BOARD.fullmatch(worker["user"]):
        raise Problem(
            "MQTT_URL names no user (letters and digits) and password for the worker; choose some, as in "
            "mqtt://worker:PASSWORD@127.0.0.1"
        )
    boards = Controller.objects.filter(lost_at=None).exclude(broker_key=b"").order_by("pk")
    lines, keys = [mosquitto.password_line(worker["user"], worker["password"])], []
    for board in boards.iterator():
        try:
            user, password, key = account(board)
        except Unreadable as problem:
            log.error("%s gets no account at the broker: %s", board.public_id, problem)
            continue
        lines.append(mosquitto.password_line(user, password))
        keys.append(f"{user}:{key}\n")
    return {"passwords": "".join(lines), "keys": "".join(keys), "topics": mosquitto.topics_of(worker["user"])}
