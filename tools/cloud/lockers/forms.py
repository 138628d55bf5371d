"""What can be entered about banks and deliveries."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from tools.terminal import Problem

from ..models import Bank, Person
from ..pages import telling
from ..pages.forms import Plain, Shared
from ..rules.forms import day
from ..services import local_time
from . import about
from .about import LONGEST, About


def _text(label: Any, name: str, help_text: Any = "", **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **attrs})
    return forms.CharField(required=False, max_length=LONGEST[name], label=label, help_text=help_text, widget=widget)


class DeliveryForm(Plain):
    """For whom and what: at least one way to reach them."""

    name = _text(gettext_lazy("Recipient"), "name")
    email = _text(gettext_lazy("E-mail"), "email", inputmode="email")
    phone = _text(gettext_lazy("Phone"), "phone", inputmode="tel")
    unit = _text(gettext_lazy("Unit"), "unit", gettext_lazy("Of the house, such as H0301."))
    description = _text(gettext_lazy("What it is"), "description")
    due = day(gettext_lazy("To be picked up by"))

    def __init__(self, *args: Any, bank: Bank, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._zone = bank.controller.site.zone
        self.about = About()

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        try:
            self.about = about.entered(**{name: fields.get(name, "") for name in LONGEST})
        except Problem as problem:
            self.add_error(None, telling.sentence(problem))
        return fields

    def due_at(self) -> datetime | None:
        """Until that day ends where the bank is."""
        said = self.cleaned_data.get("due")
        return local_time.ends(said, None, self._zone) if said else None


class ExtendForm(Plain):
    due = day(gettext_lazy("Until the end of"), required=True)


class AllotmentForm(Plain):
    """A compartment for somebody."""

    person = forms.ModelChoiceField(Person.objects.none(), label=gettext_lazy("Person"))
    compartment = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Compartment"))
    last = day(gettext_lazy("Until the end of"))

    def __init__(self, *args: Any, bank: Bank, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._zone = bank.controller.site.zone
        tenant = bank.controller.site.tenant_id
        fields: dict[str, Any] = self.fields
        fields["person"].queryset = Person.objects.filter(tenant=tenant, active=True)
        taken = set(bank.allotments.values_list("compartment", flat=True))
        free = [one for one in bank.compartments.all() if one.number not in taken]
        fields["compartment"].choices = [(one.number, f"{one.number} · {one.get_size_display()}") for one in free]

    def until(self) -> datetime | None:
        """Until that day ends where the bank is."""
        said = self.cleaned_data.get("last")
        return local_time.ends(said, None, self._zone) if said else None


class BankForm(Shared):
    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    address = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Where couriers and recipients find it."),
    )
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, label=gettext_lazy("Latitude"))
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, label=gettext_lazy("Longitude"))

    @classmethod
    def of(cls, bank: Bank, data: Any = None) -> "BankForm":
        kept = {name: getattr(bank, name) for name in ("name", "address", "latitude", "longitude")}
        return cls(data, initial=kept)
