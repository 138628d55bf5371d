"""Privacy for those who work requests, and for whoever is signed in: how long what is kept."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..audit import looks
from ..models import DataRequest, Look, Person, Reach, Right, Tenant, visible
from ..pages import access, telling
from ..services import clock, local_time
from . import archive, copies, erasing, hosting, kept, leaving, requests, shown, statement
from .forms import AfterForm, AnswerForm, BehalfForm, ExtendForm, LiftForm

NEXT = 20  # who will be erased by themselves
CLOSED = 50  # of those that are closed, below those that are not


@never_cache
@require_GET
@access.signed_in
def retention(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(
        request,
        "pages/privacy/kept.html",
        {"tenants": kept.of(user), "processing": kept.processing(), "hosting": hosting.kept(), "here": "kept"},
    )


@never_cache
@require_GET
@access.needs(Right.PRIVACY)
def queue(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    rows = visible(DataRequest, user).select_related("person", "tenant")
    going = rows.filter(state__in=DataRequest.GOING)
    tenants = access.tenants(user, Right.PRIVACY).order_by("name")
    told = {
        "going": shown.lines(going),
        "closed": shown.lines(rows.exclude(pk__in=going).order_by("-closed_at")[:CLOSED]),
        "several": len(tenants) > 1,
        "leaving": [_leaving(tenant) for tenant in tenants],
        "here": "people",
    }
    return render(request, "pages/privacy/queue.html", told)


def _leaving(tenant: Tenant, form: AfterForm | None = None) -> dict[str, Any]:
    people = leaving.leaving(tenant).select_related("tenant")
    return {
        "tenant": tenant,
        "zone": local_time.of_tenant(tenant.pk)[0],
        "people": [{"row": one, "due": leaving.due_at(one)} for one in people[:NEXT]],
        "more": max(0, people.count() - NEXT),
        "statement": statement.address(tenant),
        "form": form or AfterForm(initial={"days": tenant.erase_after}, auto_id=f"after_{tenant.pk}_%s"),
    }


@require_POST
@access.needs(Right.PRIVACY)
def erase_after(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """How long after their last right people are erased by themselves."""
    user: Any = request.user
    tenant = get_object_or_404(access.tenants(user, Right.PRIVACY), pk=tenant_pk)
    form = AfterForm(request.POST)
    if form.is_valid():
        leaving.erase_after(tenant, form.cleaned_data["days"])
        messages.success(request, _("It is saved when people are erased by themselves."))
    else:
        messages.error(request, " ".join(str(one) for one in form.errors["days"]))
    return redirect("pages:privacy")


@never_cache
@require_GET
@access.needs(Right.PRIVACY)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _find(request, pk))


@require_POST
@access.needs(Right.PRIVACY)
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("There is more time. The person can read why.")
    return _word(request, pk, ExtendForm, lambda row, said: requests.extend(row, said["reason"]), done)


@require_POST
@access.needs(Right.PRIVACY)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("It holds no longer. The person can read why.")
    return _word(request, pk, LiftForm, lambda row, said: requests.lift(row, said["why"]), done)


@require_POST
@access.needs(Right.PRIVACY)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    is_done = request.POST.get("outcome") == "done"
    done = _("The request is closed. The person can read your answer.")
    return _word(request, pk, AnswerForm, lambda row, said: requests.answer(row, said["answer"], done=is_done), done)


def _word(
    request: HttpRequest, pk: int, of: type[Form], do: Callable[[DataRequest, dict[str, Any]], object], done: str
) -> HttpResponse:
    """A word about a request. What is refused is told in its form, on the page of the request."""
    row, form = _find(request, pk), of(request.POST)
    if form.is_valid():
        try:
            do(row, form.cleaned_data)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, done)
            return redirect("pages:request", pk=pk)
    return _page(request, _find(request, pk), form, status=422)


@never_cache
@require_POST
@access.needs(Right.PRIVACY)
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy for the person: where it is fetched and its passphrase are shown once, in the answer itself."""
    user: Any = request.user
    row = _find(request, pk)
    try:
        made = copies.answer(row, themself=False)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:request", pk=pk)
    looks.note([row.tenant_id], Look.What.EXPORT, clock.now(), user=user, person=row.person)
    told = {**shown.request(row), **copies.told(made), "link": copies.address(made.token), "here": "people"}
    return render(request, "pages/privacy/copy_told.html", {**told, "back": reverse("pages:request", args=[pk])})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def fetch(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up: mail scanners and previews look. The button fetches it, once."""
    if request.method == "POST":
        content = copies.take(token)
        if content is not None:
            headers = {"Content-Disposition": 'attachment; filename="portvakt-copy.zip"'}
            return _private(HttpResponse(content, content_type="application/zip", headers=headers))
    row = copies.find(token)
    if row is None:
        return _private(render(request, "pages/privacy/gone.html", status=404))
    zone = local_time.of_tenant(row.request.tenant_id)[0]
    return _private(render(request, "pages/privacy/fetch.html", {"copy": row, "zone": zone}))


@never_cache
@require_POST
@access.needs(Right.PEOPLE)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy for the person it is about, at once and not encrypted. That it was made is kept."""
    user: Any = request.user
    person = get_object_or_404(visible(Person, user), pk=pk)
    access.must(user, person, Right.CHANGE)
    looks.note([person.tenant_id], Look.What.EXPORT, clock.now(), user=user, person=person)
    said = archive.for_office(person, Reach.of(user), clock.now(), request.POST.get("birth_date") == "yes")
    headers = {"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'}
    return HttpResponse(
        archive.json_of(said, indent=1), content_type="application/json; charset=utf-8", headers=headers
    )


@require_POST
@access.needs(Right.PRIVACY)
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Begun and kept as begun, then done: what a power cut ends in between goes on by itself."""
    user: Any = request.user
    row = _find(request, pk)
    try:
        erasing.begin(row, access.may(user, row.tenant_id, Right.MEMBERS))
        erasing.carry_out(row)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        messages.success(request, _("The person is erased here. The request is done when every controller says so."))
    return redirect("pages:request", pk=pk)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.PRIVACY)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """On behalf of somebody. The address where they see how it goes is shown once, in the answer itself."""
    user: Any = request.user
    person = get_object_or_404(visible(Person, user), pk=pk)
    access.must(user, person.tenant_id, Right.PRIVACY)
    form = BehalfForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row, token = requests.make(person, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            back = reverse("pages:request", args=[row.pk])
            told = {**shown.request(row), "link": requests.address(token), "back": back, "here": "people"}
            return render(request, "pages/privacy/told.html", told)
    told = {"person": person, "form": form, "here": "people"}
    return render(request, "pages/privacy/add.html", told, status=422 if form.is_bound else 200)


@never_cache
@require_GET
def followed(request: HttpRequest, token: str) -> HttpResponse:
    """How a request goes, for whom it is about, without an account: it says no name."""
    row = requests.find(token)
    if row is None:
        return _private(render(request, "pages/privacy/gone.html", status=404))
    return _private(render(request, "pages/privacy/followed.html", shown.request(row, names=False)))


def _private(reply: HttpResponse) -> HttpResponse:
    """No search engine keeps it."""
    reply["X-Robots-Tag"] = "noindex"
    return reply


def _find(request: HttpRequest, pk: int) -> DataRequest:
    user: Any = request.user
    row: DataRequest = get_object_or_404(visible(DataRequest, user).select_related("person", "tenant"), pk=pk)
    return row


def _page(request: HttpRequest, row: DataRequest, said: Form | None = None, status: int = 200) -> HttpResponse:
    """said: the form that was refused, as it was filled in."""

    def form(of: type[Form]) -> Form:
        return said if said is not None and type(said) is of else of()

    told = {
        **shown.request(row),
        "means": shown.MEANS[row.kind],
        "copied": row.kind in copies.KINDS,
        "extend_form": form(ExtendForm),
        "answer_form": form(AnswerForm),
        "lift_form": form(LiftForm),
        "here": "people",
    }
    return render(request, "pages/privacy/request.html", told, status=status)
