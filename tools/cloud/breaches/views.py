"""Breaches: the list of them, a new one, and the page on which one is worked. For owners."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..audit import looks
from ..models import Breach, BreachNotice, Look, Right, visible
from ..pages import access, telling
from ..services import clock, local_time, spreadsheet
from . import breaches, notices, recorded, scopes, shown
from .forms import BreachForm, CloseForm, DescribeForm, EntryForm, NoticeForm

RELATED = ("tenant", "account", "controller", "token")


@never_cache
@require_GET
@access.needs(Right.BREACHES)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    rows = list(visible(Breach, user).select_related(*RELATED))
    zones = local_time.of_tenants({row.tenant_id for row in rows})
    lines = [shown.line(row, zones[row.tenant_id][0]) for row in rows]
    tenants = access.tenants(user, Right.BREACHES).order_by("name")
    told = {
        "open": [one for one in lines if one["row"].closed_at is None],
        "closed": [one for one in lines if one["row"].closed_at is not None],
        "tenants": tenants,
        "several": len(tenants) > 1,
        "here": "log",
    }
    return render(request, "pages/breaches/list.html", told)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.BREACHES)
def add(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    user: Any = request.user
    tenant = get_object_or_404(access.tenants(user, Right.BREACHES), pk=tenant_pk)
    now = local_time.there(clock.now(), local_time.of_tenant(tenant.pk)[0])
    initial = {"known": now.date(), "known_time": now.time()}
    form = BreachForm(request.POST or None, tenant=tenant, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        times = said["since_at"], said["until_at"], said["known_at"]
        try:
            row = breaches.open_one(tenant, said["scope"], *times, said["said"], said["row"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("The breach is opened. Below stands whom it concerns."))
            return redirect("pages:breach", pk=row.pk)
    told = {"tenant": tenant, "form": form, "here": "log"}
    return render(request, "pages/breaches/add.html", told, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@access.needs(Right.BREACHES)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _find(request, pk))


@require_POST
@access.needs(Right.BREACHES)
@access.whole
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)

    def do(said: dict[str, Any]) -> None:
        texts = {name: said[name] for name in breaches.TEXTS}
        breaches.describe(row, texts, said["until_at"], said["known_at"])

    return _word(request, row, DescribeForm(request.POST, row=row, zone=shown.zone_of(row)), do, _("It is saved."))


@require_POST
@access.needs(Right.BREACHES)
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """What was done: the authority or people told, or why not; a note."""
    row = _find(request, pk)
    form = EntryForm(request.POST, zone=shown.zone_of(row))
    return _word(
        request, row, form, lambda said: breaches.enter(row, said["what"], said["note"], said["told_at"]),
        _("It is entered."),
    )  # fmt: skip


@require_POST
@access.needs(Right.BREACHES)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    form = CloseForm(request.POST)
    return _word(request, row, form, lambda said: breaches.close(row, said["note"]), _("The breach is closed."))


@never_cache
@require_POST
@access.needs(Right.BREACHES)
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody whom it concerns, as CSV. That it was taken is kept, here and among who looked."""
    user: Any = request.user
    row = _find(request, pk)
    zone = shown.zone_of(row)
    answer = HttpResponse(spreadsheet.MARK, content_type="text/csv; charset=utf-8")
    rows = (_cells(one, zone) for one in shown.people(scopes.work_out(row)))
    answer.writelines(spreadsheet.lines(shown.COLUMNS, rows))
    answer["Content-Disposition"] = f'attachment; filename="breach-{row.pk}.csv"'
    looks.note([row.tenant_id], Look.What.BREACH, clock.now(), user=user)
    breaches.taken(row)
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.BREACHES)
def notice(request: HttpRequest, pk: int, to: str) -> HttpResponse:
    """The draft of a notice: edited, saved, drafted anew, or taken as a file (?as=text)."""
    row, language = _find(request, pk), request.GET.get("language") or get_language() or ""
    if language not in notices.LANGUAGES:
        raise Http404
    form = NoticeForm(request.POST) if request.method == "POST" else None
    if form is not None:
        anew = request.POST.get("do") == "draft"
        try:
            if anew or form.is_valid():
                breaches.keep_notice(row, to, language, None if anew else form.cleaned_data["text"])
                messages.success(request, _("It is drafted anew.") if anew else _("The text is saved."))
                return redirect(f"{request.path}?language={language}")
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
    said = notices.of(row, to, language)
    if form is None and request.GET.get("as") == "text":
        answer = HttpResponse(said.text, content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="breach-{row.pk}-{to}-{language}.txt"'
        return answer
    told = {
        "row": row,
        "zone": shown.zone_of(row),
        "name": shown.name(row),
        "notice": said,
        "title": BreachNotice.To(to).label,
        "languages": notices.LANGUAGES,
        "form": form or NoticeForm(initial={"text": said.text}),
        "here": "log",
    }
    return render(request, "pages/breaches/notice.html", told, status=422 if form is not None else 200)


def _cells(one: dict[str, Any], zone: str) -> dict[str, Any]:
    return {
        **one,
        "since": local_time.there(one["since"], zone),
        "data": "; ".join(one["data"]),
        "looked_at": one["looked_at"] or "",
        "removed_before": "yes" if one["removed_before"] else "",
    }


def _word(
    request: HttpRequest, row: Breach, form: Form, do: Callable[[dict[str, Any]], object], done: str
) -> HttpResponse:
    """A word about a breach. What is refused is told in its form, on the page of the breach."""
    if form.is_valid():
        try:
            do(form.cleaned_data)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, done)
            return redirect("pages:breach", pk=row.pk)
    return _page(request, _find(request, row.pk), form, status=422)


def _find(request: HttpRequest, pk: int) -> Breach:
    user: Any = request.user
    row: Breach = get_object_or_404(visible(Breach, user).select_related(*RELATED), pk=pk)
    return row


def _page(request: HttpRequest, row: Breach, said: Form | None = None, status: int = 200) -> HttpResponse:
    """said: the form that was refused, as it was filled in. Names of people are shown, and that is kept."""
    user: Any = request.user
    zone, affected = shown.zone_of(row), scopes.work_out(row)
    looks.note([row.tenant_id], Look.What.BREACH, clock.now(), user=user)
    counts = affected.counts()
    named = list(shown.people(affected, shown.NAMED))
    told = {
        **shown.line(row, zone),
        "texts": {name: bytes(getattr(row, name)).decode() for name in breaches.TEXTS},
        "consequences": notices.consequences(row),
        "measures": notices.measures(row),
        "counts": counts,
        "kinds": shown.kinds(affected),
        "people": named[: shown.NAMED],
        "more": max(0, counts["people"] + counts["perhaps"] - shown.NAMED),
        "done": recorded.newest(row, shown.DONE),
        "attributed": row.scope in (Breach.Scope.ACCOUNT, Breach.Scope.TOKEN),
        "entries": shown.entries(row),
        "describe_form": _form(said, DescribeForm, row=row, zone=zone),
        "entry_form": _form(said, EntryForm, zone=zone),
        "close_form": _form(said, CloseForm),
        "here": "log",
    }
    return render(request, "pages/breaches/one.html", told, status=status)


def _form(said: Form | None, of: type[Form], **more: Any) -> Form:
    return said if said is not None and type(said) is of else of(**more)
