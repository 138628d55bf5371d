"""Where data is: declared for each host that a setting names, checked at the start, shown to whoever is signed in."""

from typing import Any

import pytest
from asking import Asking
from django.conf import settings

from tools.cloud.privacy import hosting
from tools.terminal import Problem

NAMES = ("HOSTING", "HOSTING_COUNTRIES", "NOTICES", "NOTICES_EMAIL", "NOTICES_SMS")
HERE = "here=Norway"
MAIL = {"NOTICES": "tools.cloud.lockers.by_apprise:send", "NOTICES_EMAIL": "mailtos://u:secret@smtp.example.de?to={to}"}
PROVIDER = [{"settings": {"server_url": "https://login.example.se/v2"}}]


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "")
    monkeypatch.setattr(settings, "MQTT_URL", "mqtt://127.0.0.1")
    monkeypatch.setattr(settings, "OIDC", [])
    return put


def countries() -> dict[str, str]:
    return {one.host: one.country for one in hosting.kept()}


def test_nothing_is_declared_and_nothing_refused(env: Any) -> None:
    env(**MAIL)
    hosting.check()
    assert countries() == {"here": "", "smtp.example.de": ""}


def test_each_host_that_is_set_up_has_a_country(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MQTT_URL", "mqtt://127.0.0.1 mqtts://u:secret@Broker.example.no:8883")
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "db.example.no")
    monkeypatch.setattr(settings, "OIDC", PROVIDER)
    said = {**MAIL, "NOTICES_SMS": "twilio://secret:x@sms.example.us/{to}"}
    hosts = ("db.example.no", "broker.example.no", "smtp.example.de", "sms.example.us", "login.example.se")
    declared = HERE
    for host in hosts:
        env(HOSTING=declared, **said)
        with pytest.raises(Problem, match=r"does not say in which country") as refused:
            hosting.check()
        assert "secret" not in str(refused.value)
        declared += f"; {host}=Norway"
    env(HOSTING=declared)
    hosting.check()
    assert countries() == dict.fromkeys(("here", *hosts), "Norway")


def test_another_country_is_refused(env: Any) -> None:
    env(HOSTING=f"{HERE}; smtp.example.de=Germany", HOSTING_COUNTRIES="Norway; Sweden", **MAIL)
    with pytest.raises(Problem, match=r"smtp\.example\.de is in Germany, and data may be in Norway, Sweden"):
        hosting.check()
    env(HOSTING_COUNTRIES="Norway; Germany")
    hosting.check()


@pytest.mark.parametrize("text", ["here", "=Norway", "here=", "here=Norway; x"])
def test_what_is_no_declaration_is_refused(env: Any, text: str) -> None:
    env(HOSTING=text)
    with pytest.raises(Problem, match="HOSTING looks like"):
        hosting.check()


def test_a_socket_is_of_this_machine(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "/run/postgresql")
    assert countries() == {"here": ""}


def test_the_page_says_it(env: Any, home: Asking) -> None:
    client = home.office()
    assert "not declared" in client.get("/privacy/kept").content.decode()
    env(HOSTING=f"{HERE}; smtp.example.de=Germany", **MAIL)
    page = client.get("/privacy/kept").content.decode()
    assert "Germany" in page and "not declared" not in page and "example.de" not in page, "no address of a machine"
