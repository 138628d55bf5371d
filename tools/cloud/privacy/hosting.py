"""Where data is: every host that a setting names lies in a country that was declared, or nothing begins.

HOSTING            hosts and their countries, this machine as `here`: "here=Norway; smtp.example.de=Germany"
HOSTING_COUNTRIES  where data may be: "Norway; Germany"; left out: wherever it is declared to be
Without HOSTING nothing is declared, and the page says so.
"""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tools.terminal import Problem

HERE = "here"
LOCAL = ("", "localhost", "127.0.0.1", "::1")


class Kept(NamedTuple):
    """country: empty where none is declared."""

    what: Any
    host: str
    country: str


DATABASE, BROKER, EMAIL, SMS, SIGN_IN = (
    _("The database"), _("The broker, which sees sealed messages alone"), _("E-mail"), _("SMS"), _("Sign-in"),
)  # fmt: skip


def kept() -> list[Kept]:
    """Each host that is set up, with the country that is declared for it."""
    declared = _declared()
    return [Kept(what, host, declared.get(host, "")) for what, host in dict.fromkeys(_hosts())]


def check() -> None:
    """Before anything begins. Raises Problem."""
    if not os.environ.get("HOSTING"):
        return
    allowed = [one.strip() for one in os.environ.get("HOSTING_COUNTRIES", "").split(";") if one.strip()]
    for one in kept():
        if not one.country:
            raise Problem(f"HOSTING does not say in which country {one.host} is; add {one.host}=COUNTRY")
        if allowed and one.country not in allowed:
            raise Problem(
                f"{one.host} is in {one.country}, and data may be in {', '.join(allowed)} (HOSTING_COUNTRIES); "
                "take another host, or allow that country"
            )


def _declared() -> dict[str, str]:
    found = {}
    for one in os.environ.get("HOSTING", "").split(";"):
        host, _equals, country = (part.strip() for part in one.partition("="))
        if bool(host) != bool(country):
            raise Problem(f"HOSTING looks like here=Norway; smtp.example.de=Germany: {one.strip()} does not")
        if host:
            found[host.lower()] = country
    return found


def _hosts() -> Iterator[tuple[Any, str]]:
    yield DATABASE, _host(str(settings.DATABASES["default"].get("HOST") or ""))
    for url in settings.MQTT_URL.split():
        yield BROKER, _of(url)
    for name, what in (("NOTICES_EMAIL", EMAIL), ("NOTICES_SMS", SMS)):
        if os.environ.get("NOTICES") and os.environ.get(name):
            yield what, _of(os.environ[name])
    for provider in settings.OIDC:
        yield SIGN_IN, _of(provider["settings"]["server_url"])


def _of(url: str) -> str:
    try:
        return _host(urlsplit(url).hostname or "")
    except ValueError:
        raise Problem("an address of NOTICES_EMAIL, NOTICES_SMS or MQTT_URL cannot be read; correct it") from None


def _host(name: str) -> str:
    """A socket's folder is this machine's as well."""
    return HERE if name in LOCAL or name.startswith("/") else name.lower()
