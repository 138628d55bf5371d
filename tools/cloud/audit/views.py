"""Who changed what, newest first: for owners."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ..models import ApiToken, Change, Person, Right, User, visible
from ..pages import access
from ..rules.forms import day
from ..services import entered, local_time
from . import changing

PER_PAGE = 60


class ChangeFilters(forms.Form):
    """by: user-3, token-5, command or itself. person, object: from the page of what it is about."""

    by = forms.ChoiceField(required=False, label=gettext_lazy("Changed by"))
    kind = forms.ChoiceField(required=False, label=gettext_lazy("What"))
    since = day(gettext_lazy("From day"))
    until = day(gettext_lazy("To day"))
    person = forms.ModelChoiceField(Person.objects.none(), required=False, widget=forms.HiddenInput)
    object = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        fields: Any = self.fields
        mine = access.tenants(user, Right.AUDIT)
        people = User.objects.filter(memberships__tenant__in=mine).distinct().order_by("name", "email")
        tokens = ApiToken.objects.filter(tenant__in=mine).order_by("name", "pk")
        fields["by"].choices = [
            ("", _("Everybody")),
            *((f"user-{person.pk}", person.get_full_name()) for person in people),
            *((f"token-{token.pk}", f"{token.name} (API)") for token in tokens),
            ("command", _("On the command line")),
            ("itself", _("Portvakt itself")),
        ]
        told = access.somewhere(user, Right.DURESS)
        kinds = [one for one in Change.Kind.choices if told or one[0] != Change.Kind.DURESS]
        fields["kind"].choices = [("", _("Everything")), *kinds]
        fields["person"].queryset = visible(Person, user)


@never_cache
@require_GET
@access.needs(Right.AUDIT)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    filters = ChangeFilters(request.GET, user=user)
    wanted = filters.cleaned_data if filters.is_valid() else {}
    zones = local_time.of_tenants(access.tenants(user, Right.AUDIT).values_list("pk", flat=True))
    home = next(iter(zones.values()), [local_time.NOWHERE])[0]
    rows = _narrowed(visible(Change, user), wanted, home).select_related("user", "token", "person")
    before, after = (entered.number(request.GET.get(name, "")) for name in ("before", "after"))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PER_PAGE + 1])
        newer, older = len(found) > PER_PAGE, True
        found = found[:PER_PAGE][::-1]
    else:
        found = list((rows if before is None else rows.filter(pk__lt=before))[: PER_PAGE + 1])
        newer, older = before is not None, len(found) > PER_PAGE
        found = found[:PER_PAGE]
    chosen = {key: value for key, value in request.GET.items() if key in filters.fields and value}
    shown = {
        "filters": filters,
        "narrowed": bool(chosen),
        "about": _about(wanted, found),
        "rows": [changing.row(one, zones[one.tenant_id][0]) for one in found],
        "newer": newer and found and urlencode({**chosen, "after": found[0].pk}),
        "older": older and found and urlencode({**chosen, "before": found[-1].pk}),
        "here": "log",
    }
    return render(request, "pages/changes.html", shown)


def _narrowed(rows: QuerySet[Change], wanted: dict[str, Any], zone: str) -> QuerySet[Change]:
    who, _dash, number = (wanted.get("by") or "").partition("-")
    conditions = {
        "user": number if who == "user" else None,
        "token": number if who == "token" else None,
        "way": who if who in ("command", "itself") else None,
        "kind": wanted.get("kind"),
        "person": wanted.get("person"),
        "object": wanted.get("object"),
        "at__gte": wanted.get("since") and local_time.begins(wanted["since"], None, zone),
        "at__lt": wanted.get("until") and local_time.ends(wanted["until"], None, zone),
    }
    return rows.filter(**{name: value for name, value in conditions.items() if value})


def _about(wanted: dict[str, Any], found: list[Change]) -> str:
    """Whom or what the page was asked about from a page of its own."""
    if wanted.get("person"):
        return str(wanted["person"].name)
    return changing.name(found[0]) if wanted.get("object") and found else ""
