"""What is entered about a breach: what is affected and when, what happened, what was done."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import ApiToken, Breach, BreachEntry, Controller, Tenant
from ..pages import telling
from ..pages.forms import Plain, Shared
from ..rules.forms import day, hour
from ..services import local_time
from ..services.refusal import Refusal
from .breaches import ENTERED, NOTICE, TEXT, TEXTS, accounts

# The end and the knowing of it are changed as more comes to light; the beginning and what is affected are not.
BEGAN, ENDED, KNOWN, TIME = (
    gettext_lazy("It began"), gettext_lazy("It ended"), gettext_lazy("It was known"), gettext_lazy("Time"),
)  # fmt: skip
NOT_OVER = gettext_lazy("Empty: it is not over, or not known yet.")
HOURS = gettext_lazy("From then on there are 72 hours to tell the authority.")


def _words(label: Any, required: bool = False, help_text: Any = "", rows: int = 4) -> forms.CharField:
    widget = forms.Textarea({"rows": rows, "autocomplete": "off"})
    return forms.CharField(label=label, required=required, max_length=TEXT, help_text=help_text, widget=widget)


class MomentFields:
    """Days and times of day, as moments by the clock of the place."""

    cleaned_data: dict[str, Any]
    zone: str

    def moment(self, name: str) -> datetime | None:
        """A day without a time of day: its beginning."""
        said, at = self.cleaned_data.get(name), self.cleaned_data.get(f"{name}_time")
        if said is None:
            return None
        return local_time.begins(said, at, self.zone)

    def moments(self, form: Any, *names: str) -> None:
        for name in names:
            try:
                self.cleaned_data[f"{name}_at"] = self.moment(name)
            except Refusal as refusal:
                form.add_error(name, telling.sentence(refusal))


class BreachForm(MomentFields, Plain):
    """A new one. of: whole, account-3, controller-7, token-5."""

    of = forms.ChoiceField(label=gettext_lazy("What is affected?"))
    since = day(BEGAN, required=True)
    since_time = hour(TIME, gettext_lazy("Since when others could get at it."))
    until = day(ENDED)
    until_time = hour(TIME, NOT_OVER)
    known = day(KNOWN, required=True)
    known_time = hour(TIME, HOURS)
    said = _words(
        gettext_lazy("What happened"), True, gettext_lazy("In plain words: the notices begin with it. Name nobody.")
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.tenant, self.zone = tenant, local_time.of_tenant(tenant.pk)[0]
        self.found: dict[str, Any] = {"whole": None}
        controllers = Controller.objects.of(tenant).select_related("site").order_by("name", "pk")
        tokens = ApiToken.objects.filter(tenant=tenant).order_by("name", "pk")
        groups: list[Any] = [("whole", _("Everything that the organisation keeps here"))]
        for scope, label, rows, said in (
            ("controller", _("A controller"), controllers, lambda one: f"{one.name} ({one.site.name})"),
            ("account", _("An account"), accounts(tenant), lambda one: one.get_full_name()),
            ("token", _("An API token or partner"), tokens, lambda one: one.name),
        ):
            choices = [(f"{scope}-{one.pk}", said(one)) for one in rows]
            self.found |= {f"{scope}-{one.pk}": one for one in rows}
            groups += [(label, choices)] if choices else []
        self.fields["of"].choices = groups  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.moments(self, "since", "until", "known")
        said = str(self.cleaned_data.get("of", "whole"))
        self.cleaned_data |= {"scope": said.partition("-")[0], "row": self.found.get(said)}
        return self.cleaned_data


class DescribeForm(MomentFields, Shared):
    """More is known."""

    until = day(ENDED)
    until_time = hour(TIME, NOT_OVER)
    known = day(KNOWN, required=True)
    known_time = hour(TIME, HOURS)
    said = _words(gettext_lazy("What happened"), True)
    consequences = _words(
        gettext_lazy("What it may lead to"), help_text=gettext_lazy("Empty: the notices say what the program knows.")
    )
    measures = _words(
        gettext_lazy("What you have done, and will do"),
        help_text=gettext_lazy("The notices add what is on record: a board shut out, a token revoked."),
    )

    def __init__(self, *args: Any, row: Breach, zone: str, **kwargs: Any):
        initial: dict[str, Any] = {name: bytes(getattr(row, name)).decode() for name in TEXTS}
        for name, at in (("until", row.until), ("known", row.known_at)):
            local = local_time.there(at, zone) if at else None
            initial |= {name: local and local.date(), f"{name}_time": local and local.time()}
        super().__init__(*args, initial=initial, auto_id="describe_%s", **kwargs)
        self.row, self.zone = row, zone

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.moments(self, "until", "known")
        # A moment that was left as it is shown keeps its seconds.
        for name, at in (("until", self.row.until), ("known", self.row.known_at)):
            said = self.cleaned_data.get(f"{name}_at")
            if at is not None and said == at.replace(second=0, microsecond=0):
                self.cleaned_data[f"{name}_at"] = at
        return self.cleaned_data


class EntryForm(MomentFields, Plain):
    what = forms.ChoiceField(
        label=gettext_lazy("What was done"),
        choices=[(one.value, one.label) for one in BreachEntry.What if one in ENTERED],
    )
    told = day(gettext_lazy("They were told"))
    told_time = hour(TIME, "")
    note = _words(
        gettext_lazy("How, and by which way; or why not"),
        help_text=gettext_lazy("The number of the case, who sent it, why it comes later than 72 hours."),
        rows=3,
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any):
        super().__init__(*args, auto_id="entry_%s", **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.moments(self, "told")
        return self.cleaned_data


class CloseForm(Plain):
    note = _words(gettext_lazy("What was learnt"), rows=3)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, auto_id="close_%s", **kwargs)


class NoticeForm(Plain):
    text = forms.CharField(
        label=gettext_lazy("The text"), max_length=NOTICE, widget=forms.Textarea({"rows": 28, "spellcheck": "true"})
    )
