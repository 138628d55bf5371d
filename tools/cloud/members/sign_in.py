"""How the members of a tenant may sign in: through which providers, and of which directory of Entra's they are."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from ..audit import changes
from ..models import Tenant
from ..openid import ENTRA, GUID
from ..services.refusal import Refusal


def offered() -> list[tuple[str, str]]:
    """[(id, name)] of the providers that this installation has."""
    return [(one["provider_id"], one["name"]) for one in _apps()]


def has_entra() -> bool:
    return any(one["settings"]["kind"] == ENTRA for one in _apps())


def _apps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return found


def choose(tenant: Tenant, providers: Iterable[str], directory: str) -> None:
    """providers: none of them is all there are. Who is signed in stays; one-time links go on as ever."""
    wanted, directory = sorted(set(providers)), directory.strip().lower()
    strange = set(wanted) - {one for one, _name in offered()}
    if strange:
        raise Refusal("there is no provider %(id)s here; choose one of those there are", id=min(strange))
    if directory and not GUID.fullmatch(directory):
        raise Refusal("a directory is told by its tenant ID, such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301; correct it")
    with changes.of(tenant):
        tenant.providers, tenant.entra = wanted, directory
        tenant.save(update_fields=["providers", "entra"])
