"""The page of lists: tried first, then kept; and written out."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tools.terminal import Problem

from ..audit import looks
from ..models import Look, Right, Tenant
from ..pages import access, telling
from ..services import clock, local_time
from . import columns, group_list, people_list, tables
from .forms import ListForm
from .people_rows import Options
from .report import Report

SHOWN = 200  # rows on a page


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.CHANGE)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    tenants = access.changeable(user)
    if not tenants.exists():  # of who looks after some doors only
        access.must_change(user, 0)
    form = ListForm(request.POST or None, request.FILES or None, tenants=tenants)
    if request.method == "POST" and form.is_valid():
        tenant: Any = form.cleaned_data.get("tenant") or form.only
        keep = request.POST.get("keep") == "yes"
        data = form.data_of_list()
        try:
            report = _carried_out(tenant, data, form.cleaned_data, keep)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            return render(request, "pages/lists/report.html", _shown(report, form, data, keep))
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/lists/page.html", {"form": form, "tenants": tenants, "here": "people"}, status=status)


@never_cache
@require_GET
@access.needs(Right.CHANGE)
def write_people(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    tenant = _tenant(request, tenant_pk)
    return _file(request, tenant, columns.PEOPLE, people_list.export(tenant), _("people"))


@never_cache
@require_GET
@access.needs(Right.CHANGE)
def write_groups(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    tenant = _tenant(request, tenant_pk)
    return _file(request, tenant, columns.GROUPS, group_list.export(tenant), _("groups"))


def _tenant(request: HttpRequest, pk: int) -> Tenant:
    user: Any = request.user
    return get_object_or_404(access.changeable(user), pk=pk)


def _file(request: HttpRequest, tenant: Tenant, header: Any, rows: Any, name: str) -> HttpResponse:
    """What is written out is kept as a look: it leaves the house."""
    user: Any = request.user
    kind = request.GET.get("as", "csv")
    if kind not in tables.FORMATS:
        raise Http404
    looks.note([tenant.pk], Look.What.EXPORT, clock.now(), user=user)
    separator = ";" if get_language() == "nb" else ","  # as Excel in that language wants it
    answer = HttpResponse(tables.write(kind, header, rows, separator), content_type=tables.TYPES[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _carried_out(tenant: Tenant, data: bytes, said: dict[str, Any], keep: bool) -> Report:
    table = tables.read(data, tables.most())
    if said["kind"] == "groups":
        return group_list.carry_out(tenant, table, keep, said["apart"])
    groups = tuple(f"#{group.pk}" for group in said["groups"])
    zone = local_time.of_tenant(tenant.pk)[0]
    options = Options(said["form"], said["bits"], said["whole"], said["apart"], groups, zone)
    return people_list.carry_out(tenant, table, options, keep, said["source"])


def _shown(report: Report, form: ListForm, data: bytes, keep: bool) -> dict[str, Any]:
    """Refused rows first, then what changes; rows without a change are only counted."""
    rows = [row.told() for row in report.rows]
    told = sorted(
        (row for row in rows if row["what"] != "same"), key=lambda row: (row["what"] != "refused", row["line"])
    )
    counts = report.counts
    changes = counts["made"] + counts["changed"]
    said = {name: value for name, value in form.data.lists() if name not in ("text", "csrfmiddlewaretoken", "keep")}
    return {
        "rows": told[:SHOWN],
        "more": max(0, len(told) - SHOWN),
        "counts": counts,
        "wrong": report.wrong and str(report.wrong),
        "done": report.done,
        "kept": keep,
        "changes": changes,
        "may_keep": not keep and changes and (form.cleaned_data["apart"] or not report.refused) and not report.wrong,
        "text": tables.decoded(data),
        "said": [(name, value) for name, values in said.items() for value in values if name != "file"],
        "here": "people",
    }
