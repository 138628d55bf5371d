"""What administrators enter about residents, and residents about what they leave for others."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tools.terminal import Problem

from ..lockers import about, stock
from ..lockers.about import LONGEST, About
from ..models import Bank, Person, ResidentPolicy
from ..models.residents import AT_ONCE, DAYS, PARCEL_DAYS
from ..pages import telling
from ..pages.forms import Plain, Shared
from ..rules.forms import day
from ..services import clock, local_time
from . import parcels, policy


class AccountForm(Plain):
    """With which account somebody sees their own page."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("It becomes the address of their account, and is kept there alone."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )


class PolicyForm(Shared):
    unlock = forms.BooleanField(required=False, label=gettext_lazy("Residents unlock doors on their page"))
    guests = forms.BooleanField(required=False, label=gettext_lazy("Residents invite guests"))
    guests_at_once = forms.IntegerField(
        min_value=AT_ONCE[0], max_value=AT_ONCE[1], label=gettext_lazy("Guests at once of a resident")
    )
    guest_days = forms.IntegerField(
        min_value=DAYS[0], max_value=DAYS[1], label=gettext_lazy("Days that a guest may pass")
    )
    parcels = forms.BooleanField(
        required=False, label=gettext_lazy("Residents leave parcels for others, send back and take more time")
    )
    parcel_days = forms.IntegerField(
        min_value=PARCEL_DAYS[0],
        max_value=PARCEL_DAYS[1],
        label=gettext_lazy("Days that a resident may let a parcel lie"),
    )

    birth_dates = forms.BooleanField(
        required=False, label=gettext_lazy("Birth dates are taken over from the sign-in, where its provider tells them")
    )

    def __init__(self, *args: Any, row: ResidentPolicy, **kwargs: Any):
        kept = {name: getattr(row, name) for name in policy.FIELDS}
        super().__init__(*args, initial=kept, auto_id=f"policy_{row.tenant_id}_%s", **kwargs)


class HandOverForm(Plain):
    """Something for somebody else: where, for whom, until when."""

    at = forms.ModelChoiceField(Bank.objects.none(), label=gettext_lazy("Where"), empty_label=None)
    name = forms.CharField(
        max_length=LONGEST["name"],
        label=gettext_lazy("For whom"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        required=False,
        label=gettext_lazy("Their e-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    phone = forms.CharField(
        required=False,
        max_length=LONGEST["phone"],
        label=gettext_lazy("Their phone"),
        help_text=gettext_lazy("One of the two: they are told the code to fetch it when it lies there."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    description = forms.CharField(
        required=False,
        max_length=LONGEST["description"],
        label=gettext_lazy("What it is"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    low = forms.BooleanField(required=False, label=gettext_lazy("Low compartment, for accessible height"))
    due = day(gettext_lazy("To be fetched by"), required=True)

    def __init__(self, *args: Any, person: Person, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        self.found = parcels.banks_of(person)
        fields["at"].queryset = self.found
        self.to = About()
        if not any(stock.has_low(bank) for bank in self.found):
            del self.fields["low"]
        first = self.found.first()
        if first is not None:
            latest = local_time.there(clock.now() + parcels.days(person), first.controller.site.zone).date()
            fields["due"].widget.attrs["max"] = latest.isoformat()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        told = {name: said.get(name) or "" for name in ("name", "email", "phone", "description")}
        try:
            if not (told["email"] or told["phone"]):
                self.add_error("email", _("Give their e-mail or their phone."))
            else:
                self.to = about.entered(**told)
        except Problem as problem:
            self.add_error(None, telling.sentence(problem))
        return said

    @property
    def bank(self) -> Bank:
        bank: Bank = self.cleaned_data["at"]
        return bank

    def wants_low(self) -> bool:
        return bool(self.cleaned_data.get("low"))

    def due_at(self) -> datetime:
        """Until that day ends where the bank is."""
        return local_time.ends(self.cleaned_data["due"], None, self.bank.controller.site.zone)
