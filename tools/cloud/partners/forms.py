"""What a partner is made of."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Door, Partner, Tenant
from ..pages.forms import ChosenRows
from ..webhooks import hooks


class PartnerForm(forms.Form):
    name = forms.CharField(max_length=100, label=_("Whose program"), widget=forms.TextInput({"autocomplete": "off"}))
    scopes = forms.MultipleChoiceField(
        choices=Partner.Scope.choices, required=False, label=_("May ask for"), widget=forms.CheckboxSelectMultiple
    )
    doors = ChosenRows(Door.objects.none(), label=_("Doors"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        theirs = Door.objects.filter(controller__site__tenant=tenant, controller__lost_at=None)
        field: Any = self.fields["doors"]
        field.queryset = theirs.select_related("controller__site").order_by("controller__site__name", "name")
        field.label_from_instance = lambda door: f"{door.name} ({door.controller.site.name})"


class WebhookForm(forms.Form):
    """Where its system wants to hear. hooks.put() says what is wrong with an address."""

    url = forms.CharField(
        max_length=hooks.LONGEST,
        label=_("Address of its system"),
        help_text=_("It begins with https:// and lies on the open internet."),
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
