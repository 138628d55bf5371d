"""What a partner's system is told by itself: passages at its doors, and who comes to belong to them or does no more.

It is looked at where calls leave (lockers/sending.py), a second or two after it happened. Of each kind one call waits
at most: what happens while a system is away is told afterwards, in order, from where it had come. Nothing is said that
the partner could not ask for itself (said.py).
"""

import json
import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import new as hmac
from typing import Any

from django.db import transaction
from django.db.models import Max

from ..alarms import codes
from ..audit import changes
from ..members import bearers
from ..models import ApiToken, Change, Door, Event, Partner, PartnerFeed, PartnerTold, Person, Webhook, WebhookCall
from ..sealing import Unreadable
from ..services import clock
from ..webhooks import hooks
from . import partners, said

log = logging.getLogger("portvakt.partners")

PASSAGES, PEOPLE = "passages", "people"
SCOPES = {PASSAGES: Partner.Scope.LOG, PEOPLE: Partner.Scope.PEOPLE}
AT_ONCE = 100  # in one call
SETTLED = timedelta(seconds=2)  # a row of another worker may have taken its number earlier, and come later
COMPARE = timedelta(seconds=10)  # people are compared at most so often
AGAIN = timedelta(minutes=1)  # ... and so often where nothing was changed: grants begin and end by themselves
WAITS = timedelta(days=1)  # then a call is given up
SHOWN = timedelta(days=7)  # a call that has left is known


def put(partner: Partner, url: str) -> str:
    """Calls go there from now on: what was before is not told. Returns the secret that signs them, told this once."""
    with changes.together():
        secret = hooks.put(partner.token, url)
        webhook = Webhook.objects.get(token=partner.token)
        feed, new = PartnerFeed.objects.get_or_create(webhook=webhook, defaults={"event_after": _last_event()})
        if new:
            _keep(feed, _people(partner))
    return secret


def remove(partner: Partner) -> None:
    """Nothing is told from this moment on, what waits neither."""
    hooks.remove(partner.token)


def change(partner: Partner, doors: Collection[Door], scopes: Collection[str]) -> None:
    """As partners.change(). Who may know the log from now on is told by itself what happens from now on."""
    begins = Partner.Scope.LOG in scopes and Partner.Scope.LOG not in partner.scopes
    with changes.together():
        partners.change(partner, doors, scopes)
        if begins:
            PartnerFeed.objects.filter(webhook__token=partner.token).update(event_after=_last_event())


def _last_event() -> int:
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0


def gather(now: datetime) -> int:
    """Makes the calls of what happened since. Returns how many."""
    made = 0
    for pk in PartnerFeed.objects.filter(webhook__token__in=bearers.living(ApiToken.objects.all())).values_list(
        "pk", flat=True
    ):
        try:
            with transaction.atomic():
                made += _of(pk, now)
        except Unreadable as error:
            log.warning("nothing is told by webhook %d (%s)", pk, error)
    return made


def _of(pk: int, now: datetime) -> int:
    feed = PartnerFeed.objects.select_for_update().filter(pk=pk).first()
    partner = Partner.objects.filter(token__webhook=pk).select_related("token__tenant").first()
    if feed is None or partner is None:
        return 0
    return _passages(feed, partner, now) + _compare(feed, partner, now)


def _passages(feed: PartnerFeed, partner: Partner, now: datetime) -> int:
    if Partner.Scope.LOG not in partner.scopes or _waits(feed, PASSAGES):
        return 0
    rows = partners.events(partner).filter(pk__gt=feed.event_after, code__in=codes.PASSAGES)
    found = []
    for row in rows.select_related("credential")[:AT_ONCE]:
        if row.received_at > now - SETTLED:
            break
        found.append(row)
    if not found:
        return 0
    doors = partners.at(partner)
    told = [said.event(partner, row, doors[row.controller_id, row.door_number]) for row in found]
    _call(feed, PASSAGES, {"events": told}, now)
    feed.event_after = found[-1].pk
    feed.save(update_fields=["event_after"])
    return 1


def _compare(feed: PartnerFeed, partner: Partner, now: datetime) -> int:
    if Partner.Scope.PEOPLE not in partner.scopes:
        feed.told.all().delete()
        return 0
    newest = Change.objects.filter(tenant=partner.token.tenant_id).aggregate(last=Max("pk"))["last"] or 0
    pause = AGAIN if newest == feed.change_seen else COMPARE
    if _waits(feed, PEOPLE) or (feed.compared_at is not None and now - pause < feed.compared_at <= now):
        return 0
    told, there = dict(feed.told.values_list("pseudonym", "mark")), _people(partner)
    differ = [name for name in {**told, **there} if told.get(name) != (there[name][0] if name in there else None)]
    step = differ[:AT_ONCE]
    if step:
        parts: dict[str, list[Any]] = {
            "joined": [there[name][1] for name in step if name not in told],
            "changed": [there[name][1] for name in step if name in told and name in there],
            "left": [{"id": name} for name in step if name not in there],
        }
        _call(feed, PEOPLE, parts, now)
        feed.told.filter(pseudonym__in=step).delete()
        _keep(feed, {name: there[name] for name in step if name in there})
    if len(step) == len(differ):
        feed.compared_at, feed.change_seen = now, newest
        feed.save(update_fields=["compared_at", "change_seen"])
    return bool(step)


def _people(partner: Partner) -> dict[str, tuple[str, dict[str, Any]]]:
    """{pseudonym: (mark, what is said)} of who belongs to its doors now. None where it may not know that."""
    if Partner.Scope.PEOPLE not in partner.scopes:
        return {}
    found = [said.person(partner, row) for row in partners.people(partner, clock.now())]
    return {one["id"]: (_mark(partner, one), one) for one in found}


def _mark(partner: Partner, of: dict[str, Any]) -> str:
    return hmac(bytes(partner.pseudonym_key), _json(of).encode(), sha256).hexdigest()[:16]


def _keep(feed: PartnerFeed, there: dict[str, tuple[str, Any]]) -> None:
    """These are told."""
    PartnerTold.objects.bulk_create(
        PartnerTold(feed=feed, pseudonym=name, mark=mark) for name, (mark, _said) in there.items()
    )


def _waits(feed: PartnerFeed, kind: str) -> bool:
    return WebhookCall.objects.filter(webhook=feed.pk, kind=kind, state="waiting").exists()


def _call(feed: PartnerFeed, kind: str, data: dict[str, Any], now: datetime) -> None:
    content = _json({"type": f"door.{kind}", "timestamp": now.isoformat(), "data": data})
    WebhookCall.objects.create(webhook_id=feed.pk, kind=kind, at=now, content=content, made_at=now, next_at=now)


def _json(of: Any) -> str:
    return json.dumps(of, separators=(",", ":"), sort_keys=True, default=lambda moment: moment.isoformat())


def still(call: WebhookCall) -> str:
    """What of a call that waited is the partner's to know now; what is not is left out for good. Empty: nothing."""
    partner = Partner.objects.filter(token=call.webhook.token_id).select_related("token__tenant").first()
    content = call.content if partner is not None and SCOPES[call.kind] in partner.scopes else ""
    if partner is not None and content:
        whole = json.loads(content)
        data = whole["data"] = _allowed(partner, call.kind, whole["data"])
        content = _json(whole) if any(data.values()) else ""
    WebhookCall.objects.filter(pk=call.pk).exclude(content=content).update(content=content)
    return content


def _allowed(partner: Partner, kind: str, data: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if kind == PASSAGES:
        doors = {door.pk for door in partners.doors(partner)}
        silent = partners.silent(partner)
        return {"events": [one for one in data["events"] if one["door"] in doors and one["person"] not in silent]}
    there = _people(partner)
    return {
        part: [one for one in rows if one["id"] in there] if part != "left" else rows for part, rows in data.items()
    }


def heard(call: WebhookCall, good: bool) -> None:
    """A call to a partner was made: it counts as its own do. What it said is not kept when it has arrived."""
    partner = Partner.objects.filter(token=call.webhook.token_id).first()
    if partner is not None and call.delivery_id is None:
        partners.count(partner, "webhook", refused=not good)
        if good:
            WebhookCall.objects.filter(pk=call.pk).update(content="")


def forget_person(person: Person) -> None:
    """They are erased: what still waits names them no more. That they left is told, by the pseudonym alone."""
    waiting = WebhookCall.objects.filter(
        webhook__token__tenant=person.tenant_id, webhook__feed__isnull=False, state="waiting"
    )
    for call in waiting.select_related("webhook__token__partner"):
        name = partners.pseudonym(call.webhook.token.partner, person.pk)
        if name in call.content:
            whole = json.loads(call.content)
            whole["data"] = {part: _without(rows, name) for part, rows in whole["data"].items()}
            WebhookCall.objects.filter(pk=call.pk).update(content=_json(whole))


def _without(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    rows = [{**row, "person": None} if row.get("person") == name else row for row in rows]
    return [row for row in rows if row.get("id") != name or row.keys() == {"id"}]


def forget(now: datetime) -> None:
    """What waited for a day is given up: it is in the log. What has left is known for a week, and says nothing more."""
    calls = WebhookCall.objects.filter(webhook__feed__isnull=False)
    late = calls.filter(state="waiting", made_at__lte=now - WAITS)
    late.update(state="failed", ended_at=now, why="it waited for a day")
    calls.exclude(state="waiting").exclude(content="").update(content="")
    calls.filter(ended_at__lte=now - SHOWN).delete()
