"""What couriers' systems are told of their deliveries, by webhook; leaving: sending.py."""

import json
from datetime import datetime

from ..models import Delivery, Webhook, WebhookCall
from . import about


def tell(delivery: Delivery, kind: str, at: datetime, now: datetime) -> None:
    """Something became of a delivery: its courier's system is to hear of it, if it wants to."""
    webhook = Webhook.objects.filter(token=delivery.token_id, token__revoked_at=None).first()
    if webhook is not None and delivery.token_id is not None and not about.is_enough(delivery.calls, kind, now):
        content = _content(delivery, kind, at)
        WebhookCall.objects.create(
            webhook=webhook, delivery=delivery, kind=kind, at=at, content=content, made_at=now, next_at=now
        )


def _content(row: Delivery, kind: str, at: datetime) -> str:
    """As it is now: what becomes of it later is another call. No name: a courier's system knows its reference."""
    data = {"delivery": row.pk, "reference": row.reference, "bank": row.bank_id, "compartment": row.compartment}
    said = {"type": f"delivery.{kind.replace(' ', '_')}", "timestamp": at.isoformat(), "data": data}
    return json.dumps(said, separators=(",", ":"), sort_keys=True)
