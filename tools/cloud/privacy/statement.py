"""The privacy statement of an organisation: put together from what is really set up, never written by hand.

Each change of what is set up, or of what this program says of itself, makes a new version; the ones before stay as
they were read. Whoever is somebody there is told on their own page.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from ..audit import changes
from ..models import ApiToken, Door, Partner, ScimToken, Statement, Tenant, Webhook, lock
from ..models.retention import SECURITY
from ..row_security import admitted
from ..services import clock, entered, local_time
from ..services.each import each
from ..services.refusal import Refusal
from . import cookies, hosting, kept, shown
from .requests import Kind

TOLD_FOR = timedelta(days=30)  # on each person's own page
KEY = re.compile(r"[A-Za-z0-9_-]{22}")  # of the address that opens one

Row = tuple[str, str]
Section = tuple[str, list[Row]]


class Difference(NamedTuple):
    """Between two versions. new, gone: "label: text"."""

    new: list[str]
    gone: list[str]


def renew(tenant: Tenant, now: datetime) -> Statement:
    """The version that holds: another one than the last where anything is said differently now."""
    with transaction.atomic():
        lock(Tenant(pk=tenant.pk))
        tenant.refresh_from_db()
        last = latest(tenant)
        row = _put_together(tenant, 1 if last is None else last.number + 1, now)
        if last is not None and last.content == row.content:
            return last
        row.save(force_insert=True)
        return row


def look(now: datetime) -> None:
    """For every organisation, some times a day: settings of the host change without anybody's doing here.

    None waits for another's trouble.
    """
    each((partial(renew, tenant, now) for tenant in Tenant.objects.order_by("pk")), "statements were not all renewed")


def latest(tenant: Tenant) -> Statement | None:
    return Statement.objects.filter(tenant=tenant).order_by("-number").first()


def now_of(tenant: Tenant, now: datetime) -> Statement:
    """The version that holds. Before the worker has looked for the first time: as it will be, not kept yet."""
    return latest(tenant) or _put_together(tenant, 1, now)


def find(key: str, number: int | None, now: datetime) -> Statement | None:
    """By the address of an organisation's statement. number: a version; None: the one that holds."""
    if not KEY.fullmatch(key):
        return None
    with admitted.everywhere():
        tenant = Tenant.objects.filter(statement_key=key).first()
    if tenant is None:
        return None
    admitted.to_tenant_too(tenant.pk)
    if number is not None:
        return Statement.objects.filter(tenant=tenant, number=number).select_related("tenant").first()
    return now_of(tenant, now)


def address(tenant: Tenant) -> str:
    return settings.PORTVAKT_URL.rstrip("/") + reverse("pages:statement", args=[tenant.statement_key])


def news(tenant: Tenant, now: datetime) -> date | None:
    """The day of a version that people are still told of. The first is none: it was there before them."""
    newer = Statement.objects.filter(tenant=tenant, number__gt=1, at__gt=now - TOLD_FOR)
    at = newer.values_list("at", flat=True).first()
    return at and local_time.there(at, local_time.of_tenant(tenant.pk)[0]).date()


def ask(tenant: Tenant, contact: str) -> None:
    """Whom people ask about their data: a name with an address or a telephone number."""
    contact = " ".join(contact.split())
    entered.lines(contact)
    if len(contact) > Tenant.CONTACT:
        raise Refusal("whom to ask is said in %(most)d letters at most; shorten it", most=Tenant.CONTACT)
    with changes.of(tenant):
        tenant.privacy_contact = contact
        tenant.save(update_fields=["privacy_contact"])
    renew(tenant, clock.now())


def sections(row: Statement, language: str = "") -> list[dict[str, Any]]:
    """[{title, rows: [{label, text}]}]. language: else that of the reader."""
    said = _said(row, language or get_language() or "")
    return [{"title": title, "rows": [{"label": label, "text": text} for label, text in rows]} for title, rows in said]


def changed(row: Statement) -> Difference | None:
    """Since the version before; None: there is none."""
    before = Statement.objects.filter(tenant=row.tenant_id, number=row.number - 1).first()
    if before is None:
        return None
    was, now = (
        [f"{label}: {text}" for _title, rows in _said(one, get_language() or "") for label, text in rows]
        for one in (before, row)
    )
    return Difference([one for one in now if one not in was], [one for one in was if one not in now])


def _said(row: Statement, language: str) -> list[Section]:
    content: dict[str, list[Section]] = row.content
    return content.get(language, content["en"])


def _put_together(tenant: Tenant, number: int, now: datetime) -> Statement:
    content = {language: _written(tenant, language) for language, _name in settings.LANGUAGES}
    return Statement(tenant=tenant, number=number, at=now, content=content)


def _written(tenant: Tenant, language: str) -> list[Any]:
    """As the database gives it back."""
    with override(language):
        return [[title, [[str(label), str(text)] for label, text in rows]] for title, rows in _sections(tenant)]


def _sections(tenant: Tenant) -> Iterator[tuple[str, Any]]:
    yield _("Who answers for it"), list(_answers(tenant))
    yield _("What is kept, what for and how long"), [(row.kind, _keeps(row, tenant)) for row in kept.rows()]
    if own := list(_doors(tenant)):
        yield _("Doors with days of their own"), own
    yield _("What is done with it"), [(one["what"], _does(one)) for one in kept.processing()] + list(_log_ins(tenant))
    yield _("Where it is"), [(_place(one), one.country or _("not declared")) for one in hosting.kept()]
    yield _("Who else is told"), list(_receivers(tenant)) or [(_("Nobody"), _("no program of others is set up"))]
    yield _("Your rights"), [(Kind(kind).label, text) for kind, text in shown.MEANS.items()]
    yield _("Cookies"), [(one.name, f"{one.purpose}; {one.life}") for one in cookies.TABLE]


def _answers(tenant: Tenant) -> Iterator[Row]:
    yield _("Controller of the data"), tenant.name
    yield _("Whom to ask"), tenant.privacy_contact or _("whoever gave you your card or account")
    yield _("How"), _("on your own page here, or as above; you are answered within thirty days, and it costs nothing")


def _keeps(row: Any, tenant: Tenant) -> str:
    return _("%(purpose)s. Ground: %(ground)s. How long: %(long)s. Then: %(end)s.") % {
        "purpose": row.purpose, "ground": row.ground, "long": row.long(tenant), "end": row.end,
    }  # fmt: skip


def _does(one: dict[str, Any]) -> str:
    stopped = _("Stopped by: %(by)s.") % {"by": one["by"]} if one["by"] else _("It goes on.")
    return f"{one['ground']}. {stopped}"


def _log_ins(tenant: Tenant) -> Iterator[Row]:
    if tenant.log_in_places:
        yield (
            _("Town or region and country are kept with your last ten log-ins"),
            _(
                "looked up by the address in a file on the machine that serves these pages: nobody else is asked, and "
                "no coordinates are kept. Only you see it. Ground: %(ground)s."
            )
            % {"ground": SECURITY},
        )


def _doors(tenant: Tenant) -> Iterator[Row]:
    """Of an organisation that keeps its log for long by itself, too: why."""
    if tenant.retention_reason:
        yield _("All other doors"), _("%(days)d days: %(why)s") % _why(tenant)
    doors = Door.objects.of(tenant).filter(controller__lost_at=None, rules__retention_days__isnull=False)
    for door in doors.select_related("rules", "controller").order_by("name", "pk"):
        said = _("%(days)d days: %(why)s") if door.rules.retention_reason else _("%(days)d days")
        yield f"{door.name} ({door.controller.name})", said % _why(door.rules)


def _why(row: Any) -> dict[str, Any]:
    return {"days": row.retention_days, "why": row.retention_reason}


def _place(one: hosting.Kept) -> str:
    return str(one.what) if one.host == hosting.HERE else f"{one.what} ({one.host})"


def _receivers(tenant: Tenant) -> Iterator[Row]:
    living = ApiToken.objects.filter(tenant=tenant, revoked_at=None)
    for partner in Partner.objects.filter(token__in=living).select_related("token").order_by("token__name", "pk"):
        scopes = [str(label) for scope, label in Partner.Scope.choices if scope in partner.scopes]
        yield partner.token.name, _("of chosen doors: %(what)s") % {"what": "; ".join(scopes) or _("their names")}
    parcels = Webhook.objects.filter(token__in=living, token__partner=None).select_related("token")
    for hook in parcels.order_by("token__name", "pk"):
        yield hook.token.name, _("what becomes of the parcels that it brought")
    for token in ScimToken.objects.filter(tenant=tenant, revoked_at=None).order_by("name", "pk"):
        yield token.name, _("the directory that enters and ends people here")
    for provider in settings.OIDC:
        if not tenant.providers or provider["provider_id"] in tenant.providers:
            yield provider["name"], _("that you sign in here, when you choose to sign in there")
    for one in hosting.kept():
        if one.what in (hosting.EMAIL, hosting.SMS):
            yield _place(one), _("the address and the text of each message to you")
