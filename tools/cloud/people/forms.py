"""What can be entered about people, their cards and their groups."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tools.terminal import Problem

from ..models import AccessGroup, Person, Tenant
from ..pages.forms import ChosenRows, Shared
from ..sealing import Unreadable
from . import births, people


class PersonForm(forms.ModelForm):
    """A new person. The tenant is asked for only when the user administers several; who looks after some doors only
    names a group of theirs, else they would not see whom they entered."""

    tenant = forms.ModelChoiceField(queryset=Tenant.objects.none(), label=gettext_lazy("Organisation"))
    group = forms.ModelChoiceField(queryset=AccessGroup.objects.none(), required=False, label=gettext_lazy("Group"))

    class Meta:
        model = Person
        fields = ["name", "tenant"]
        labels = {"name": gettext_lazy("Full name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off", "autofocus": True})}

    def __init__(
        self,
        *args: Any,
        tenants: QuerySet[Tenant],
        whole: QuerySet[Tenant],
        groups: QuerySet[AccessGroup],
        **kwargs: Any,
    ):
        """whole: of the tenants those in all of which the user may enter somebody; groups: in the others."""
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["tenant"].queryset = tenants  # type: ignore[attr-defined]
        self.only = tenants.first() if tenants.count() == 1 else None
        if self.only is not None:
            del self.fields["tenant"]
            self.instance.tenant = self.only
        self.whole = set(whole.values_list("pk", flat=True))
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        if not self.whole:
            self.fields["group"].empty_label = None  # type: ignore[attr-defined]
        if self.whole >= set(tenants.values_list("pk", flat=True)):
            del self.fields["group"]

    @property
    def chosen(self) -> Any:
        return self.cleaned_data.get("tenant") or self.only

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        tenant, group = fields.get("tenant") or self.only, fields.get("group")
        if tenant is not None and tenant.pk not in self.whole and (group is None or group.tenant_id != tenant.pk):
            self.add_error("group", _("Choose one of your groups."))
        elif tenant is not None and tenant.pk in self.whole:
            fields.pop("group", None)
        return fields


class CardForm(forms.Form):
    """A card as it is printed: facility code and number, in a frame of 26 or 34 bits."""

    bits = forms.TypedChoiceField(
        coerce=int,
        choices=[(26, gettext_lazy("26 bits (H10301)")), (34, gettext_lazy("34 bits"))],
        label=gettext_lazy("Format"),
    )
    facility = forms.IntegerField(min_value=0, label=gettext_lazy("Facility code"), max_value=0xFFFF)
    number = forms.IntegerField(min_value=0, label=gettext_lazy("Card number"), max_value=0xFFFF)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        for name in ("facility", "number"):
            self.fields[name].widget.attrs.update(inputmode="numeric", autocomplete="off")

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if not self.errors:
            try:
                fields["payload"] = people.card_number(fields["bits"], fields["facility"], fields["number"])
            except Problem:
                # The number fits every format, so it is the facility code that does not.
                self.add_error("facility", _("A 26-bit card has a facility code of at most 255. Is it a 34-bit card?"))
        return fields


class GroupsForm(Shared):
    """Which access groups a person is in."""

    groups = ChosenRows(queryset=AccessGroup.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, person: Person, groups: QuerySet[AccessGroup], **kwargs: Any):
        """groups: those that may be chosen here."""
        super().__init__(*args, **kwargs)
        self.all = groups
        self.fields["groups"].queryset = self.all  # type: ignore[attr-defined]
        self.initial["groups"] = list(person.grants.filter(group__in=groups).values_list("group", flat=True))


class BirthForm(Shared):
    """When somebody was born, and who answers for a minor."""

    born = forms.DateField(
        required=False, label=gettext_lazy("Birth date"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    guardian = forms.CharField(
        required=False,
        max_length=births.LONGEST,
        label=gettext_lazy("Guardian, of who is under 18"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    agreed_on = forms.DateField(
        required=False,
        label=gettext_lazy("The guardian agreed on"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any):
        try:
            known = births.of(person)
        except Unreadable:  # it is entered anew
            known = births.KnownBirth()
        self.claimed = known.claimed
        initial = {"born": known.born, "guardian": known.guardian, "agreed_on": known.agreed_on}
        super().__init__(*args, initial=initial, auto_id="birth_%s", **kwargs)


class NeedsForm(Shared):
    """What a person needs at a door."""

    extended = forms.BooleanField(required=False, label=gettext_lazy("Doors stay unlocked longer"))
    escort = forms.ChoiceField(required=False, label=gettext_lazy("Escort"))

    def __init__(self, *args: Any, person: Person, **kwargs: Any):
        super().__init__(*args, initial={"extended": person.extended, "escort": person.escort}, **kwargs)
        alone = ("", gettext_lazy("passes alone"))
        self.fields["escort"].choices = [alone, *Person.Escort.choices]  # type: ignore[attr-defined]
