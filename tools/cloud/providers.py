"""Which OpenID Connect providers there are: from the environment, or a file of several."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.terminal import Problem

ENTRA_MANY = "https://login.microsoftonline.com/organizations/v2.0"  # any directory; a tenant of ours is bound to one
ENTRA_ISSUER = "https://login.microsoftonline.com/{tenantid}/v2.0"
KNOWN = {"id", "name", "kind", "issuer", "server", "client_id", "secret", "scope"}


def configured(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """As allauth takes them. OIDC_PROVIDERS: a file with a list; OIDC_ISSUER and its kin: one more, called oidc."""
    found = []
    if environment.get("OIDC_PROVIDERS"):
        found = _read(Path(environment["OIDC_PROVIDERS"]))
    if environment.get("OIDC_ISSUER") and environment.get("OIDC_CLIENT_ID"):
        found.append(
            {
                "id": "oidc",
                "name": environment.get("OIDC_NAME", "OpenID Connect"),
                "issuer": environment["OIDC_ISSUER"],
                "client_id": environment["OIDC_CLIENT_ID"],
                "secret": environment.get("OIDC_CLIENT_SECRET", ""),
            }
        )
    ids = [one["id"] for one in found]
    if len(set(ids)) != len(ids):
        raise Problem(f"two OpenID Connect providers have one id ({', '.join(ids)}); give each its own")
    return [app(one) for one in found]


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise Problem(f"{path} (OIDC_PROVIDERS) cannot be read: {fault}; correct it") from None
    for row in rows if isinstance(rows, list) else [None]:
        needed = {"id", "name", "client_id"}
        if not isinstance(row, dict) or not needed <= row.keys() <= KNOWN or not str(row["id"]).isalnum():
            raise Problem(
                f"{path} (OIDC_PROVIDERS): a provider has id (letters and digits), name, client_id, and secret, "
                "issuer, server, scope, kind (entra) where it needs them; correct it"
            )
        if row.get("kind") not in (None, "entra") or ("issuer" not in row and row.get("kind") != "entra"):
            raise Problem(f"{path} (OIDC_PROVIDERS): {row['id']} needs an issuer, and its kind is entra or left out")
    return list(rows)


def app(said: dict[str, Any]) -> dict[str, Any]:
    entra = said.get("kind") == "entra"
    issuer = said.get("issuer") or ENTRA_ISSUER
    server = said.get("server") or (ENTRA_MANY if entra and "issuer" not in said else issuer)
    settings = {"server_url": server, "issuer": issuer, "kind": said.get("kind", "")}
    if "scope" in said:
        settings["scope"] = ["openid", *(one for one in said["scope"] if one != "openid")]
    return {
        "provider_id": said["id"],
        "name": said["name"],
        "client_id": said["client_id"],
        "secret": said.get("secret", ""),
        "settings": settings,
    }
