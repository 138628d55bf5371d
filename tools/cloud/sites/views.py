"""Sites with their controllers: the list, a new site, another name or zone."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..doors import commands, door_status
from ..models import Command, Controller, Right, Site, lock, visible
from ..pages import access, telling
from ..rules import zones
from ..services import clock
from . import sites
from .forms import SiteForm

EMERGENCIES = {
    Command.Do.LOCKDOWN: gettext_lazy("%(site)s is locked down: sent to every controller; each says below when it is."),
    Command.Do.EVACUATION: gettext_lazy("%(site)s is evacuated: sent to every controller; each says below when it is."),
    Command.Do.NORMAL: gettext_lazy("%(site)s goes back to normal: sent to every controller."),
}


@never_cache
@require_GET
@access.needs(Right.LOOK)
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    now = clock.now()
    install = access.reached(user, Site, Right.INSTALL)
    there: dict[int, list[dict[str, Any]]] = {}
    controllers = visible(Controller, user).select_related("site").prefetch_related("doors")
    for controller in controllers.order_by("name", "pk"):
        row = {"controller": controller, "link": door_status.link(controller, now)}
        there.setdefault(controller.site_id, []).append(row)
    sites = visible(Site, user).order_by("name", "pk")
    rows = [{"site": one, "controllers": there.get(one.pk, []), "install": one.pk in install} for one in sites]
    return render(
        request,
        "pages/sites.html",
        {"sites": rows, "may_add": access.tenants(user, Right.INSTALL).exists(), "here": "sites"},
    )


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.INSTALL)
def add(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    tenants = access.tenants(user, Right.INSTALL)
    if not tenants.exists():  # of who is bound to some sites
        access.must(user, 0, Right.INSTALL)
    form = SiteForm(request.POST or None, tenants=tenants, initial={"zone": "Europe/Oslo"})
    if request.method == "POST" and form.is_valid():
        tenant: Any = form.cleaned_data.get("tenant") or form.only
        try:
            site = sites.make(tenant.pk, form.cleaned_data["name"], form.cleaned_data["zone"])
        except Problem as problem:
            form.add_error("name", telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is made. Now enrol its first controller.") % {"name": site.name})
            return redirect("pages:sites")
    return render(request, "pages/site.html", {"form": form, "here": "sites"}, status=_status(form))


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.LOOK)
@access.whole
def change(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=pk)
    access.must(user, site, Right.INSTALL)
    if request.method == "POST":
        lock(site)
    form = SiteForm(request.POST or None, initial={"name": site.name, "zone": site.zone})
    if request.method == "POST" and form.is_valid():
        try:
            sites.change(site, form.cleaned_data["name"], form.cleaned_data["zone"])
        except Problem as problem:
            form.add_error("name", telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": site.name})
            telling.meanwhile(request, form)
            return redirect("pages:sites")
    saved = get_object_or_404(Site, pk=pk)
    doubts = [telling.sentence(doubt) for doubt in zones.doubts(saved.zone, clock.now())]
    shown = {"form": form, "site": saved, "doubts": doubts, "data": zones.version(), "here": "sites"}
    return render(request, "pages/site.html", shown, status=_status(form))


@require_POST
@access.needs(Right.LOOK)
def emergency(request: HttpRequest, pk: int) -> HttpResponse:
    """Lockdown, evacuation, or back to normal, for all doors of a site."""
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=pk)
    access.must(user, site, Right.RELEASE)
    do = request.POST.get("do", "")
    if do not in EMERGENCIES:
        return HttpResponseBadRequest()
    commands.emergency(site, do, user)
    messages.success(request, EMERGENCIES[do] % {"site": site.name})
    return redirect("pages:doors")


@require_POST
@access.needs(Right.LOOK)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=pk)
    access.must(user, site, Right.INSTALL)
    try:
        sites.remove(site)
        messages.success(request, _("%(name)s is removed.") % {"name": site.name})
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:sites")


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200
