"""What the tests of the pages share: signed-in browsers, a second tenant, events."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest


@pytest.fixture
def browser(house: Any) -> Callable[..., Any]:
    """browser(): signed in as the owner of the house; browser(role="viewer"), browser(tenant=...)."""
    from django.test import Client

    from tools.cloud.models import Membership, User

    def sign_in(role: str = "owner", tenant: Any = None, language: str = "en") -> Any:
        of = tenant or house.tenant
        user = User.objects.named(f"{role}-{of.pk}@example.test")
        Membership.objects.get_or_create(user=user, tenant=of, role=role)
        client = Client(headers={"accept-language": language})
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.user = user  # type: ignore[attr-defined]
        return client

    return sign_in


@pytest.fixture
def stranger(house: Any, time_now: Any) -> Any:
    """Another tenant, whose things nobody of the house may see."""
    return type(house)("Fremmed", time_now, seed=1)


@pytest.fixture
def record(house: Any) -> Callable[..., Any]:
    """record(code, ...): an event of the house's controller, as the ingest would store it."""
    from tools.cloud.models import Event

    count = 0

    def store(code: int, door: int = 1, person: Any = None, **fields: Any) -> Any:
        nonlocal count
        count += 1
        at = datetime.fromtimestamp(house.time.now, UTC)
        card = person and person.credentials.first()
        values = {"utc": at, "received_at": at, "extra": 0, "flags": 1, "epoch": 1, "sequence": count, **fields}
        return Event.objects.create(controller=house.controller, code=code, door_number=door, credential=card, **values)

    return store


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """changes(client, language): the stream of a browser, with nothing to wait for: a look is made when it is asked."""
    from tools.cloud.doors import live
    from tools.cloud.doors import views as doors
    from tools.cloud.sessions import hashed

    hub = live.Hub()

    async def at_once() -> None:
        hub.look()

    monkeypatch.setattr(hub, "next", at_once)
    monkeypatch.setattr(live, "ASK_S", 0)

    def follow(client: Any, language: str = "en", door: int | None = None) -> Any:
        one = live.DoorStream(client.user, hashed(client.session.session_key), language, door)
        hub.join(one)
        return doors._written(hub, one)

    follow.hub = hub  # type: ignore[attr-defined]
    return follow
