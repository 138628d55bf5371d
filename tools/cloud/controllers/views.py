"""A controller: how it is, its enrolment, its name, and its end when the board is lost."""

import json
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools import boards
from tools.terminal import Problem

from ..commissioning import views as commissioning
from ..doors import commands, door_status
from ..log import words
from ..models import Command, Controller, Credential, Right, Site, lock, visible
from ..pages import access, telling
from ..rules import faults
from ..services import clock
from ..services.refusal import Refusal
from ..sites.forms import ControllerForm, EnrolForm
from . import brokers, controllers, diagnostics, enrol, lost, twins

TABLE_FULL = "fffffffffffffffe"  # a digest that says: what the cloud wants does not fit this board
DOES = {
    Command.Do.IDENTIFY: gettext_lazy("Identify: the readers blink and sound"),
    Command.Do.DIAGNOSTICS: gettext_lazy("Collect diagnostics"),
    Command.Do.RESTART: gettext_lazy("Restart"),
}

# Why messages were not taken -> what that means, for somebody who looks after the controller.
REFUSALS = {
    "replay": gettext_lazy("old messages sent again"),
    "tag": gettext_lazy("forged or damaged messages"),
    "session": gettext_lazy("messages of a session that is over"),
    "malformed": gettext_lazy("messages that say nothing"),
    "conflict": gettext_lazy("events that differ from those stored"),
    "unknown": gettext_lazy("messages of an unknown kind"),
    "unexpected": gettext_lazy("answers that nobody asked for"),
    "version": gettext_lazy("messages of another version of the protocol"),
    "content": gettext_lazy("changes that the controller did not accept"),
    "size": gettext_lazy("messages that are too long"),
    "rules": gettext_lazy("rules that the controller did not accept"),
    "logs": gettext_lazy("new logs, one after the other, with nothing in them"),
    "database": gettext_lazy("messages that could not be stored at once"),
    "error": gettext_lazy("messages that were not understood"),
}


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.LOOK)
def add(request: HttpRequest, site_pk: int) -> HttpResponse:
    """Enrols a controller. Its settings are shown once, in the answer itself: they are kept nowhere."""
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=site_pk)
    access.must(user, site, Right.INSTALL)
    form = EnrolForm(request.POST or None, site=site)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            controller, settings = enrol.enrol(
                site,
                said["name"],
                boards.load(said["board"]),
                doors=said["door_names"],
                broker=[
                    {name: said[name] for name in ("host", "port", "tls", "user", "password")},
                    *brokers.brokers_of(django_settings.BOARD_BROKERS)[1:],
                ],
                wifi={"name": said["wifi_name"], "password": said["wifi_password"]},
                replaces=said.get("replaces"),
            )
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            text = json.dumps(settings, indent=1, ensure_ascii=False)
            shown = {"controller": controller, "settings": text, "board": said["board"], "here": "sites"}
            return render(request, "pages/enrolled.html", shown)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "pages/enrol.html", {"form": form, "site": site, "here": "sites"}, status=status)


@never_cache
@require_GET
@access.needs(Right.LOOK)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    controller = _find(request, pk)
    return _page(request, controller, ControllerForm(initial={"name": controller.name}))


def _page(request: HttpRequest, controller: Controller, form: ControllerForm) -> HttpResponse:
    user: Any = request.user
    pk = controller.pk
    now = clock.now()
    zone = controller.site.zone
    shown = {
        "controller": controller,
        "link": door_status.link(controller, now),
        "doors": controller.doors.all(),
        "seen": controller.last_seen and door_status.moment(controller.last_seen, zone, now),
        "records": controller.entries.count(),
        "held": controller.in_sync,
        "fault": faults.of(controller, access.may(user, controller, Right.PEOPLE)),
        "twins": telling.sentence(Refusal(twins.SENTENCE)) if twins.stands(pk) else "",
        "full": controller.held_acl_digest == TABLE_FULL,
        "refused": [(REFUSALS.get(why, why), count) for why, count in sorted(_refused(controller).items()) if count],
        "form": form,
        "install": access.may(user, controller, Right.INSTALL),
        **_commands(controller),
        "does": DOES.items(),
        "exposed": _exposed(request, controller),
        "commissioning": commissioning.shown(controller, user),
        "here": "sites",
    }
    return render(request, "pages/controller.html", shown, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@access.needs(Right.LOOK)
def asked(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of the last commands: the page asks while one is on its way."""
    controller = _changeable(request, pk)
    return render(request, "pages/_commands.html", {"controller": controller, **_commands(controller)})


@require_POST
@access.needs(Right.LOOK)
@access.whole
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    controller = lock(_changeable(request, pk))
    form = ControllerForm(request.POST, initial={"name": controller.name})
    if form.is_valid():
        try:
            controllers.rename(controller, form.cleaned_data["name"])
        except Problem as problem:
            form.add_error("name", telling.sentence(problem))
        else:
            messages.success(request, _("The controller is now called %(name)s.") % {"name": controller.name})
            return redirect("pages:controller", pk=pk)
    return _page(request, _find(request, pk), form)


@require_POST
@access.needs(Right.LOOK)
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """The board is lost: it is shut out, and the page lists what it knew."""
    user: Any = request.user
    controller = _changeable(request, pk)
    try:
        lost.lost(controller, user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:controller", pk=pk)


@require_POST
@access.needs(Right.LOOK)
def do(request: HttpRequest, pk: int) -> HttpResponse:
    """Identify, restart or diagnostics: what became of it stands on the controller's page."""
    user: Any = request.user
    controller = _changeable(request, pk)
    asked = {"identify": commands.identify, "restart": commands.restart, "diagnostics": commands.diagnostics}
    ask = asked.get(request.POST.get("do", ""))
    if ask is None or controller.lost_at is not None:
        return HttpResponseBadRequest()
    ask(controller, user)
    return redirect("pages:controller", pk=pk)


# State of a command -> the icon before it.
ICONS = {
    Command.State.DONE: "check",
    Command.State.EXPIRED: "cross",
    Command.State.REFUSED: "cross",
    Command.State.UNKNOWN: "unknown",
}


def _commands(controller: Controller) -> dict[str, Any]:
    """The last of them, and whether one is on its way."""
    now, zone = clock.now(), controller.site.zone
    rows = list(Command.objects.filter(controller=controller, do__in=DOES).order_by("-pk")[:3])
    return {
        "waiting": any(row.state in (Command.State.QUEUED, Command.State.SENT) for row in rows),
        "commands": [
            {
                "row": row,
                "icon": ICONS.get(row.state, "clock"),
                "time": door_status.moment(row.requested_at, zone, now),
                "data": diagnostics.rows(row.data, controller),
            }
            for row in rows
        ],
    }


def _find(request: HttpRequest, pk: int) -> Controller:
    user: Any = request.user
    return get_object_or_404(visible(Controller, user).select_related("site", "lost_by"), pk=pk)


def _changeable(request: HttpRequest, pk: int) -> Controller:
    user: Any = request.user
    controller = _find(request, pk)
    access.must(user, controller, Right.INSTALL)
    return controller


def _refused(controller: Controller) -> dict[str, int]:
    """What was not taken, by why: counted here, and by the board itself."""
    counts = dict(controller.refused)
    for why, count in controller.health.get("refused", {}).items():
        counts[why] = counts.get(why, 0) + count
    return counts


def _exposed(request: HttpRequest, controller: Controller) -> list[dict[str, Any]] | None:
    """What a lost board knew and still works. An installer sees how many, not whose."""
    user: Any = request.user
    if controller.lost_at is None:
        return None
    mine = set(visible(Credential, user).filter(exposures__controller=controller).values_list("pk", flat=True))
    return [
        {"row": one, "name": words.credential(one) if one.pk in mine else "", "known": one.pk in mine}
        for one in lost.to_replace(controller, access.may(user, controller, Right.DURESS))
    ]
