"""Access: groups, schedules and holidays. One page shows them all, each has a page of its own to be changed on."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..models import AccessGroup, Door, Grant, GroupDoor, Holiday, Right, Schedule, Tenant, lock, visible
from ..pages import access, paging, telling, times
from ..people import groups
from ..services import clock, entered, local_time
from . import holidays, schedules
from .forms import GroupForm, HolidayForm, ScheduleForm, chosen_tenant, like_monday

DOORS_NAMED = 8  # of a group, in the list of them
PER_PAGE = 100  # people of a group


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(request, "pages/access.html", _overview(user))


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.PEOPLE)
@access.whole
def group(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user: Any = request.user
    if pk is None:
        row = AccessGroup(tenant=_tenant(request, access.has_somewhere(user, Right.CHANGE)))
    else:
        row = get_object_or_404(visible(AccessGroup, user), pk=pk)
    may = pk is None or access.may(user, row, Right.CHANGE)
    if request.method == "POST":
        if pk is not None:
            access.must(user, row, Right.CHANGE)
        lock(row)
    form = GroupForm(request.POST or None, group=row, doors=visible(Door, user), initial={"name": row.name})
    form.needs_door = not access.may(user, row.tenant_id, Right.CHANGE)
    if request.method == "POST" and form.is_valid():
        flags = {flag: form.cleaned_data[flag] for flag in AccessGroup.FLAGS}
        try:
            groups.save(row, form.cleaned_data["name"], flags, form.wanted())
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved and on its way to the doors.") % {"name": row.name})
            telling.meanwhile(request, form)
            return redirect("pages:group", pk=row.pk)
    people = _people(request, row) if row.pk else paging.Page([], False, False)
    shown = {"form": form, "group": row, "people": people, "may_change": may, "here": "access"}
    return render(request, "pages/group.html", shown, status=_status(form))


def _people(request: HttpRequest, row: AccessGroup) -> paging.Page:
    """Who is in it, with until when."""
    user: Any = request.user
    grants = visible(Grant, user).filter(group=row.pk).select_related("person")
    after, before = (_grant(grants, request.GET.get(name, "")) for name in ("after", "before"))
    page = paging.page(grants, ("person__name", "pk"), PER_PAGE, after, before)
    if page.rows:
        zones, several = local_time.of_group(row), len(local_time.of_tenant(row.tenant_id)) > 1
        for grant in page.rows:
            grant.said = times.validity(grant, zones, several)
    return page


def _grant(grants: QuerySet[Any], number: str) -> Any:
    pk = entered.number(number)
    return None if pk is None else grants.filter(pk=pk).first()


@require_POST
@access.needs(Right.PEOPLE)
def group_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(AccessGroup, user), pk=pk)
    access.must(user, row, Right.CHANGE)
    groups.remove(row)
    messages.success(request, _("%(name)s is removed.") % {"name": row.name})
    return redirect("pages:access")


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.PEOPLE)
@access.whole
def schedule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user: Any = request.user
    if pk is None:
        row = Schedule(tenant=_tenant(request), times=[[31, 480, 960]])
    else:
        # Its page names the groups that use it.
        mine = access.somewhere(user, Right.PEOPLE)
        row = get_object_or_404(visible(Schedule, user).filter(tenant__in=mine), pk=pk)
    if request.method == "POST":
        access.must(user, row, Right.CHANGE)
        lock(row)
    initial = {"name": row.name, "first_day": row.first_day, "last_day": row.last_day, "following": row.next_id}
    data = request.POST or None
    copied = bool(data) and "like-monday" in request.POST
    form = ScheduleForm(like_monday(data) if copied else data, schedule=row, initial=initial)
    if request.method == "POST" and form.is_valid() and not copied:
        said = form.cleaned_data
        try:
            schedules.save(row, said["name"], said["times"], said["first_day"], said["last_day"], said["following"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved and on its way to the doors.") % {"name": row.name})
            telling.meanwhile(request, form)
            return redirect("pages:schedule", pk=row.pk)
    used = visible(GroupDoor, user).filter(schedule=row.pk)
    shown = {
        "form": form,
        "schedule": row,
        "zones": [local_time.city(zone) for zone in local_time.of_tenant(row.tenant_id)],
        "used": used.select_related("accessgroup", "door") if row.pk else [],
        "may_change": access.may(user, row, Right.CHANGE),
        "here": "access",
    }
    return render(request, "pages/schedule.html", shown, status=200 if copied else _status(form))


@require_POST
@access.needs(Right.PEOPLE)
def schedule_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(Schedule, user), pk=pk)
    access.must(user, row, Right.CHANGE)
    try:
        schedules.remove(row)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:schedule", pk=pk)
    messages.success(request, _("%(name)s is removed.") % {"name": row.name})
    return redirect("pages:access")


@require_POST
@access.needs(Right.PEOPLE)
def holiday_add(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = HolidayForm(request.POST)
    tenant = _tenant(request)
    if form.is_valid():
        try:
            holidays.add(tenant.pk, form.cleaned_data["name"], form.cleaned_data["first"], form.cleaned_data["last"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": form.cleaned_data["name"]})
            return redirect("pages:access")
    return render(request, "pages/access.html", _overview(user, form), status=422)


@require_POST
@access.needs(Right.PEOPLE)
def holidays_fill(request: HttpRequest) -> HttpResponse:
    """The public holidays of Norway, for the year that is asked for."""
    tenant = _tenant(request)
    text = request.POST.get("year", "")
    try:
        new = holidays.fill(tenant.pk, entered.number(text) or 0)
        messages.success(request, _("%(n)d holidays of %(year)s are entered.") % {"n": new, "year": text})
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:access")


@require_POST
@access.needs(Right.PEOPLE)
def holiday_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(Holiday, user), pk=pk)
    access.must(user, row, Right.CHANGE)
    holidays.remove(row)
    messages.success(request, _("%(name)s is removed.") % {"name": row.name})
    return redirect("pages:access")


def _overview(user: Any, form: HolidayForm | None = None) -> dict[str, Any]:
    now = clock.now()
    tenants = access.changeable(user)
    members = Count("grants", filter=Q(grants__person__active=True), distinct=True)
    places = visible(GroupDoor, user).filter(door__controller__lost_at=None).select_related("door", "schedule")
    places = places.order_by("door__controller", "door__number")
    found = visible(AccessGroup, user).prefetch_related(Prefetch("places", places)).annotate(members=members)
    for group in found:
        group.named, group.more = group.places.all()[:DOORS_NAMED], len(group.places.all()) - DOORS_NAMED
    coming = visible(Holiday, user).filter(last__gte=now.date())
    year = now.year if not coming.filter(first__year=now.year).exists() else now.year + 1
    return {
        "groups": found,
        "schedules": [{"row": row, "week": ScheduleForm(schedule=row).week} for row in visible(Schedule, user)],
        "holidays": coming,
        "form": form or HolidayForm(),
        "years": [year, year + 1],
        "tenants": tenants,
        "may_change": tenants.exists(),
        "may_add": access.has_somewhere(user, Right.CHANGE).exists(),
        "here": "access",
    }


def _tenant(request: HttpRequest, among: QuerySet[Tenant] | None = None) -> Tenant:
    """The tenant in which something new is made. among: else those that the user may change as a whole."""
    user: Any = request.user
    among = access.changeable(user) if among is None else among
    tenant = chosen_tenant(among, request.POST.get("tenant") or request.GET.get("tenant", ""))
    if tenant is None:
        raise PermissionDenied(_("You may look here, but changes are made by administrators."))
    return tenant


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200
