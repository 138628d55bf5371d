"""Calls to somebody's system: where they go, and the signature, so that nobody else can say it, or say it again.

As standardwebhooks.com has it: `webhook-id` is the same for every try of one call, `webhook-timestamp` is of this try,
`webhook-signature` is "v1," and the HMAC-SHA256 of "id.timestamp.body" in Base64. Who takes a call looks at the
signature first, takes no timestamp older than five minutes, and each id once.
"""

import base64
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from hmac import new as hmac
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from ..audit import changes
from ..models import ApiToken, Change, Webhook, WebhookCall
from ..services.refusal import Refusal

SECRET = 32
LONGEST = 500
_PLAIN = re.compile(r"[!-~]+")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?")


def put(token: ApiToken, url: str, urandom: Callable[[int], bytes] = os.urandom) -> str:
    """Calls for this program go there from now on. Returns the secret that signs them, told this once."""
    _check(url)
    secret = urandom(SECRET)
    with changes.of(token):
        row = Webhook.objects.select_for_update().filter(token=token).first() or Webhook(token=token)
        if row.url == url:  # the same address, another secret: that calls are signed anew is kept too
            kind, what = Change.Kind.TOKEN, Change.What.CHANGED
            changes.note(token.tenant_id, kind, what, number=token.pk, name=token.name, after={"webhook": url})
        row.url, row.webhook_secret = url, secret  # what waits goes to where they want it now
        with changes.covering(row):
            row.save()
    return "whsec_" + base64.b64encode(secret).decode()


def remove(token: ApiToken) -> None:
    with changes.of(token):
        Webhook.objects.filter(token=token).delete()


def _check(url: str) -> None:
    try:
        good = len(url) <= LONGEST and _PLAIN.fullmatch(url) is not None and _is_good(urlsplit(url))
    except ValueError:  # a port or an address of IPv6 that is none
        good = False
    if not good:
        raise Refusal("a webhook is an address that begins with https:// and has no user in it; correct it")


def _is_good(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    named = len(host) <= 253 and _HOST.fullmatch(host) is not None
    if ":" in host:
        named = bool(ip_address(host))
    return named and parts.scheme == "https" and parts.port != 0 and "@" not in parts.netloc and not parts.fragment


def headers(call: WebhookCall, content: bytes, now: datetime) -> Mapping[str, str]:
    # By what it says: a database that came from a backup counts its rows anew, and must give no id that another call
    # had, nor another one to what was told before.
    name, at = f"call_{sha256(content).hexdigest()[:32]}", str(int(now.timestamp()))
    mac = hmac(bytes(call.webhook.webhook_secret), f"{name}.{at}.".encode() + content, sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
