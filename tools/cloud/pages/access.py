"""Who may open and change what on the pages."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, Model, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from ..alarms import alarms
from ..help import diagnostics
from ..models import Alarm, Bank, Breach, HelpRequest, Reach, Right, Tenant, User, visible
from ..models.breaches import TO_TELL
from ..models.reach import asked_once
from ..privacy import held, requests
from ..services import clock

View = Callable[..., HttpResponse]
LOOKS = ("GET", "HEAD")  # what changes nothing


def tenants(user: User, right: Right) -> QuerySet[Tenant]:
    """The tenants in all of which this user has a right."""
    return Tenant.objects.filter(pk__in=Reach.of(user).whole(right))


def somewhere(user: User, right: Right) -> set[int]:
    """Where this user has a right, if only at some places: for rows that are narrowed to those already."""
    return set(Reach.of(user).tenants(right))


def has_somewhere(user: User, right: Right) -> QuerySet[Tenant]:
    """The tenants in which this user has a right, if only at some places."""
    return Tenant.objects.filter(pk__in=somewhere(user, right))


def reached(user: User, model: type[Model], right: Right) -> set[int]:
    """The rows of a model, by their numbers, with which this user may do what a right allows."""
    rows: Any = model._default_manager
    return set(rows.reached(Reach.of(user), right).values_list("pk", flat=True))


def among(rows: QuerySet[Any], user: User, right: Right) -> set[int]:
    """Those of these rows with which this user may do what a right allows."""
    return set(rows.all().reached(Reach.of(user), right).values_list("pk", flat=True))  # type: ignore[attr-defined]


def may(user: User, what: Model | int, right: Right) -> bool:
    """what: a row, or a tenant as a whole."""
    return Reach.of(user).may(what, right)


def must(user: User, what: Model | int, right: Right) -> None:
    """Refuses what the user's role does not allow."""
    if not may(user, what, right):
        raise PermissionDenied(_("You may look here, but changes are made by administrators."))


def changeable(user: User) -> QuerySet[Tenant]:
    """The tenants whose people and rules this user may change, and not only see."""
    return tenants(user, Right.CHANGE)


def may_change(user: User, what: Model | int) -> bool:
    return may(user, what, Right.CHANGE)


def must_change(user: User, what: Model | int) -> None:
    must(user, what, Right.CHANGE)


def everything(user: User) -> set[str]:
    """The names of all rights that the user has somewhere: what the pages offer."""
    return {right.value for right in Reach.of(user).rights()}


def offered(request: HttpRequest) -> dict[str, Any]:
    """For every template: `may`, the names of the user's rights; `banks_there`, whether they see a bank; `is_somebody`,
    whether they have a page of their own; `alarms_standing`, how many they see stand now; `help_page`, which page this
    is where help is asked for; `help_waiting`, how many wait for their answer; `breach_due`, the hours left to tell the
    authority of a breach; `requests_overdue`, how many wait too long for them; `purge_behind`, whether something is
    held for longer than it is promised, to those who answer for it."""
    user: Any = getattr(request, "user", None)
    there = user is not None and user.is_authenticated
    frame = SimpleLazyObject(lambda: _frame(request) if there else {})
    return {
        "may": SimpleLazyObject(lambda: everything(user) if there else set()),
        "banks_there": SimpleLazyObject(lambda: frame.get("banks_there", False)),
        "is_somebody": SimpleLazyObject(lambda: frame.get("is_somebody", False)),
        "help_page": SimpleLazyObject(lambda: diagnostics.page(request.path)),
        "help_waiting": SimpleLazyObject(lambda: frame.get("help_waiting") or 0),
        "alarms_standing": SimpleLazyObject(lambda: len(alarms.standing(visible(Alarm, user))) if there else 0),
        "breach_due": SimpleLazyObject(lambda: _breach_due(frame.get("breach_known"))),
        "requests_overdue": SimpleLazyObject(lambda: _overdue(user) if there else 0),
        "purge_behind": SimpleLazyObject(lambda: there and _purge_behind(user)),
    }


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page asks for, in one question."""
    from ..residents import own  # which stands on this file

    user: Any = request.user
    waiting = visible(HelpRequest, user).filter(state=HelpRequest.State.WAITING).order_by().values("state")
    untold = visible(Breach, user).filter(told_at=None, closed_at=None)
    asked = {
        "banks_there": Exists(visible(Bank, user)),
        "is_somebody": Exists(own.persons(request)),
        "help_waiting": Subquery(waiting.annotate(n=Count("pk")).values("n")),
        "breach_known": Subquery(untold.order_by("known_at").values("known_at")[:1]),
    }
    return dict(User.objects.filter(pk=user.pk).values(**asked).get())


def _breach_due(known_at: datetime | None) -> dict[str, Any] | None:
    """hours: whole ones that are left; none are when it is late."""
    if known_at is None:
        return None
    left = known_at + TO_TELL - clock.now()
    return {"late": left <= timedelta(0), "hours": max(0, int(left.total_seconds() // 3600))}


def _overdue(user: User) -> int:
    return requests.overdue(Reach.of(user).whole(Right.PRIVACY), clock.now())


def _purge_behind(user: User) -> bool:
    return bool(Reach.of(user).whole(Right.PRIVACY)) and held.behind(clock.now()) is not None


def signed_in(view: View) -> View:
    """Sends whoever is not signed in to the sign-in page; an htmx request takes the whole page there."""
    guarded = login_required(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with asked_once() if request.method in LOOKS else nullcontext():
            response: HttpResponse = guarded(request, *args, **kwargs)
        if request.headers.get("HX-Request") and response.status_code == 302 and not request.user.is_authenticated:
            response.headers["HX-Redirect"] = response.headers["Location"]
            del response.headers["Location"]
            response.status_code = 204
        return response

    return answer


def whole(view: View) -> View:
    """What is posted here is read, compared and written in one transaction (models.lock); a row that is gone is 404."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None

    return answer


def needs(right: Right) -> Callable[[View], View]:
    """A page for those who have this right somewhere; which rows they then see is each row's own question."""

    def guard(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user: Any = request.user
            if right.value not in everything(user):
                raise PermissionDenied(_("Your role does not include this page. Ask an administrator."))
            return view(request, *args, **kwargs)

        return signed_in(answer)

    return guard


def by_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))
