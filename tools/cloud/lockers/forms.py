"""What can be entered about banks and deliveries."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tools.terminal import Problem

from ..models import Bank, Delivery, Person
from ..pages import telling
from ..pages.forms import Plain, Shared
from ..people.found import FoundPerson
from ..rules.forms import day
from ..services import local_time
from . import about, stock
from .about import GIVER, LONGEST, About
from .shared import DAY


def _text(label: Any, name: str, help_text: Any = "", **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **attrs})
    return forms.CharField(
        required=False, max_length=(LONGEST | GIVER)[name], label=label, help_text=help_text, widget=widget
    )


class DeliveryForm(Plain):
    """For whom and what: at least one way to reach them."""

    name = _text(gettext_lazy("Recipient"), "name")
    email = _text(gettext_lazy("E-mail"), "email", inputmode="email")
    phone = _text(gettext_lazy("Phone"), "phone", inputmode="tel")
    unit = _text(gettext_lazy("Unit"), "unit", gettext_lazy("Of the house, such as H0301."))
    description = _text(gettext_lazy("What it is"), "description")
    low = forms.BooleanField(
        required=False,
        label=gettext_lazy("Low compartment"),
        help_text=gettext_lazy("For accessible height: a low one first, as long as one is free."),
    )
    giver = _text(
        gettext_lazy("Left by"), "giver", gettext_lazy("Only where somebody else than a courier leaves it there.")
    )
    giver_email = _text(
        gettext_lazy("Their e-mail"),
        "giver_email",
        gettext_lazy("They are told the code to put it in."),
        inputmode="email",
    )
    giver_phone = _text(gettext_lazy("Their phone"), "giver_phone", inputmode="tel")
    due = day(gettext_lazy("To be picked up by"))

    def __init__(self, *args: Any, bank: Bank, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._zone = bank.controller.site.zone
        self.about = About()
        if not stock.has_low(bank):
            del self.fields["low"]

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        try:
            self.about = about.entered(**{name: fields.get(name, "") for name in LONGEST | GIVER})
        except Problem as problem:
            self.add_error(None, telling.sentence(problem))
        return fields

    def wants_low(self) -> bool:
        return bool(self.cleaned_data.get("low"))

    def due_at(self) -> datetime | None:
        """Until that day ends where the bank is."""
        said = self.cleaned_data.get("due")
        return local_time.ends(said, None, self._zone) if said else None


class ParcelExtendForm(Plain):
    due = day(gettext_lazy("Until the end of"), required=True)


class MoveForm(Plain):
    """To another bank of the same organisation."""

    to = forms.ModelChoiceField(Bank.objects.none(), label=gettext_lazy("Bank"))

    def __init__(self, *args: Any, delivery: Delivery, banks: QuerySet[Bank], **kwargs: Any):
        """banks: those that whoever fills this in may see."""
        super().__init__(*args, **kwargs)
        tenant = delivery.bank.controller.site.tenant_id
        banks = banks.filter(controller__site__tenant=tenant, controller__lost_at=None)
        fields: dict[str, Any] = self.fields
        fields["to"].queryset = banks.exclude(pk=delivery.bank_id).order_by("name")


class AllotmentForm(Plain):
    """A compartment for somebody."""

    person = FoundPerson(Person.objects.none(), label=gettext_lazy("Person"))
    compartment = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Compartment"))
    last = day(gettext_lazy("Until the end of"))

    def __init__(self, *args: Any, bank: Bank, people: QuerySet[Person], **kwargs: Any):
        """people: those that whoever fills this in may see."""
        super().__init__(*args, **kwargs)
        self._zone = bank.controller.site.zone
        tenant = bank.controller.site.tenant_id
        fields: dict[str, Any] = self.fields
        fields["person"].queryset = people.filter(tenant=tenant, active=True)
        fields["compartment"].choices = _not_taken(bank)

    def until(self) -> datetime | None:
        """Until that day ends where the bank is."""
        said = self.cleaned_data.get("last")
        return local_time.ends(said, None, self._zone) if said else None


class SharedForm(Plain):
    """Compartments for whoever takes one."""

    numbers = forms.TypedMultipleChoiceField(
        coerce=int, label=gettext_lazy("Compartments"), widget=forms.CheckboxSelectMultiple
    )
    hours = forms.TypedChoiceField(coerce=int, label=gettext_lazy("Theirs for"))

    def __init__(self, *args: Any, bank: Bank, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["numbers"].choices = _not_taken(bank)
        hours = [(n, ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}) for n in (2, 4, 12, 24, 48, 72)]
        fields["hours"].choices = [(DAY, _("Until the day ends")), *hours]


def _not_taken(bank: Bank) -> list[tuple[int, str]]:
    taken = set(bank.allotments.values_list("compartment", flat=True))
    free = [one for one in bank.compartments.all() if one.number not in taken]
    return [(one.number, f"{one.number} · {one.get_size_display()}") for one in free]


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
