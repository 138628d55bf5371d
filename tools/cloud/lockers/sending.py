"""Lets leave what waits: notices to people, calls to couriers' and partners' systems. A process of its own: it waits.

Nothing leaves by itself. `portvakt cloud lockers send` sends calls to where couriers want them; notices only where
NOTICES names a plug-in, a function "module:name" that takes (way, to, subject, text) and raises OSError when it failed.
Whatever goes wrong with one row, of a plug-in or at another's machine, is that row's: all others leave.
"""

import importlib
import logging
import os
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet

from tools.terminal import Problem

from ..guests import letters
from ..help import letters as help_letters
from ..members import bearers
from ..models import ApiToken, HelpLetter, Invitation, Notice, Webhook, WebhookCall
from ..partners import feed
from ..sealing import Unreadable
from ..services import clock, mail
from ..webhooks import hooks, https
from . import about, notices

log = logging.getLogger("portvakt.send")

Plugin = Callable[[str, str, str, str], None]
Post = Callable[..., int]
LOOK_S = 1.0
AT_ONCE = 50  # of a tenant
SHARE_S = 20.0  # ... and so long in one round: whose receivers are slow waits for itself
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=2)
MOST_TRIES = 24  # over a day
REST = timedelta(minutes=1)  # for all calls to an address that did not answer: each costs the others its time


def plugin() -> Plugin | None:
    """None: no notices leave."""
    named = os.environ.get("NOTICES", "")
    if not named:
        return None
    module, _, name = named.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name or "send")
    except (ImportError, AttributeError, ValueError) as error:
        raise Problem(
            f"NOTICES names {named}, which cannot be loaded ({error}); it looks like module:function"
        ) from None
    return found  # type: ignore[no-any-return]


def is_set_up() -> bool:
    """Whether notices leave, as far as this process knows."""
    return bool(os.environ.get("NOTICES"))


def run(send: Plugin | None, stop: Callable[[], bool] = lambda: False) -> None:
    """Until stop() says so. A database that is away is tried again."""
    while not stop():
        try:
            once(send, clock.now())
        except DatabaseError as error:
            log.warning("the database does not answer (%s); trying again", error)
            connection.close()
        until = time.monotonic() + LOOK_S
        while time.monotonic() < until and not stop():
            time.sleep(0.1)


def once(send: Plugin | None, now: datetime, post: Post = https.post) -> int:
    """Whatever is due. Returns how many left."""
    left = 0
    if send is not None:
        notice = Notice.objects.select_related("delivery__bank__controller__site")
        left += _each(notice, now, lambda row: _notice(row, send))
        invited = Invitation.objects.exclude(email=b"").select_related("guest__person__tenant", "guest__host")
        left += _each(invited, now, lambda row: _letter(row, send))
        answered = HelpLetter.objects.select_related("message__request__user", "message__request__tenant")
        left += _each(answered, now, lambda row: _answered(row, send))
    feed.gather(now)
    calls = WebhookCall.objects.select_related("webhook__token", "delivery")
    return left + _each(calls, now, lambda row: _call(row, now, post))


def _each(rows: QuerySet[Any], now: datetime, work: Callable[[Any], None]) -> int:
    """What is due, of each tenant in turn: no other one's rows stand before it."""
    tenant, left = rows.model.TENANT_PATH, 0
    due = rows.filter(state="waiting", next_at__lte=now).order_by("next_at", "pk")
    for one in due.order_by(tenant).values_list(tenant, flat=True).distinct():
        until = time.monotonic() + SHARE_S
        for row in due.filter(**{tenant: one})[:AT_ONCE]:
            if time.monotonic() >= until:
                break
            # As it is by then: what came before it in this round may have taken its time.
            left += _leave(row, now, lambda pk=row.pk: work(rows.get(pk=pk)))  # type: ignore[misc]
    return left


def _leave(row: Any, now: datetime, work: Callable[[], None]) -> bool:
    """Claimed first, so that of two processes one tries; what is cut off in between is tried again after its pause."""
    mine = type(row).objects.filter(pk=row.pk, state="waiting", tries=row.tries, next_at=row.next_at)
    pause = min(FIRST_PAUSE * 2**row.tries, LONGEST_PAUSE)
    if not mine.update(tries=row.tries + 1, next_at=now + pause):
        return False
    tried = type(row).objects.filter(pk=row.pk)
    try:
        work()
    except _Over as error:
        tried.update(state="failed", ended_at=now, why=str(error)[:100])
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, all others leave
        why = str(error) if isinstance(error, (OSError, Unreadable)) else type(error).__name__
        why = "".join(letter if letter.isprintable() else " " for letter in why)[:100]
        failed = {"state": "failed", "ended_at": now} if row.tries + 1 >= MOST_TRIES else {}
        tried.update(why=why, **failed)
        log.info("%s %d did not leave (%s)", type(row).__name__, row.pk, why)
    else:
        tried.update(state="sent", ended_at=now, why="")
        return True
    return False


class _Over(Exception):
    """There is nothing to be sent any more."""


def _letter(row: Invitation, send: Plugin) -> None:
    if not letters.send(row, send):
        raise _Over("the invitation is over")


def _answered(row: HelpLetter, send: Plugin) -> None:
    if not help_letters.send(row, send):
        raise _Over("who asked has no account any more")


def _notice(row: Notice, send: Plugin) -> None:
    to = notices.address(row)
    if not to or not notices.is_due(row):
        raise _Over("the parcel does not wait any more")
    if row.delivery.bank.controller.lost_at is not None:  # its secret is another one since: so would the code be
        raise _Over("the board of its bank was reported lost")
    try:
        send(row.way, to, notices.subject(row), notices.text(row, with_code=True))
    except OSError as error:
        raise OSError(_unnamed(str(error), row)) from None


def _unnamed(why: str, row: Notice) -> str:
    """What a mail server says names whom it was for; neither the log nor the outbox's reasons are erased with them."""
    said = about.of(row.delivery)
    for mark in sorted(filter(None, vars(said).values()), key=len)[::-1]:
        why = re.sub(re.escape(mark), "…", why, flags=re.IGNORECASE)
    return mail.unnamed(why)


def _call(row: WebhookCall, now: datetime, post: Post) -> None:
    content = (row.content if row.delivery_id is not None else feed.still(row)).encode()
    if not content:
        raise _Over("nothing of it is to be told any more")
    where = row.webhook.url, bytes(row.webhook.webhook_secret)

    def last() -> None:
        """Whoever takes the token away while the line is made is told that nothing leaves any more."""
        found = Webhook.objects.filter(pk=row.webhook_id, token__in=bearers.living(ApiToken.objects.all())).first()
        if found is None:
            raise _Over("its API token was revoked, or its webhook was removed")
        if (found.url, bytes(found.webhook_secret)) != where:
            raise OSError("its webhook was changed meanwhile")

    last()
    try:
        status = post(row.webhook.url, content, hooks.headers(row, content, now), last=last)
    except OSError:
        others = WebhookCall.objects.filter(webhook=row.webhook, state="waiting", next_at__lt=now + REST)
        others.exclude(pk=row.pk).update(next_at=now + REST)
        feed.heard(row, good=False)
        raise
    feed.heard(row, good=200 <= status < 300)
    if not 200 <= status < 300:
        raise OSError(f"it answered {status}")
