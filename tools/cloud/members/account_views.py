"""One's own account: where one is signed in, and the end of it elsewhere."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ..models import Membership, Session
from ..models.log_ins import MOST
from ..pages import access
from ..services import entered, local_time
from ..sessions import hashed
from .shown import said as in_words


@never_cache
@require_GET
@access.signed_in
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    own = _own(request)
    sessions = {row.session_key: row for row in Session.living().filter(user=user).order_by("-used_at")}
    log_ins = list(user.log_ins.order_by("-at", "-pk"))
    by_session = {row.session: row for row in log_ins}
    held = user.memberships.living().select_related("tenant").prefetch_related(*Membership.PLACES)
    memberships = list(held.order_by("tenant__name"))
    shown = {
        "zone": local_time.of_tenant(memberships[0].tenant_id)[0] if memberships else local_time.NOWHERE,
        "sessions": [{"row": row, "this": key == own, "log_in": by_session.get(key)} for key, row in sessions.items()],
        "log_ins": [{"row": row, "this": row.session == own, "here": row.session in sessions} for row in log_ins],
        "most": MOST,
        "memberships": [{"row": row, **in_words(row, local_time.of_tenant(row.tenant_id)[0])} for row in memberships],
        "here": "account",
    }
    return render(request, "pages/account.html", shown)


@require_POST
@access.signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """All but this one; or the one of a log-in."""
    user: Any = request.user
    others = user.sessions.exclude(session_key=_own(request))
    if "log_in" in request.POST:
        mine = user.log_ins.filter(pk=entered.number(request.POST["log_in"]))
        others = others.filter(session_key__in=mine.values("session"))
    gone, _rows = others.delete()
    messages.success(request, _("Signed out elsewhere: %(n)d.") % {"n": gone})
    return redirect("pages:account")


def _own(request: HttpRequest) -> str:
    return hashed(request.session.session_key or "")
