"""A certified provider that runs, and Ola, a member by their address."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import certified

    with certified.running(tmp_path_factory.mktemp("provider")) as found:
        yield found


@pytest.fixture
def provider(running: Any) -> Iterator[Any]:
    from django.test import override_settings

    with override_settings(SOCIALACCOUNT_PROVIDERS=running.apps()):
        yield running


@pytest.fixture
def ola(house: Any) -> Any:
    from tools.cloud.members import members
    from tools.cloud.models import Role

    return members.invite(house.tenant, "ola@example.org", Role.VIEWER).user
