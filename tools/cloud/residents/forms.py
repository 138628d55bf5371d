"""What administrators enter about residents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import ResidentPolicy
from ..models.residents import AT_ONCE, DAYS
from ..pages.forms import Plain, Shared
from . import policy


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

    def __init__(self, *args: Any, row: ResidentPolicy, **kwargs: Any):
        kept = {name: getattr(row, name) for name in policy.FIELDS}
        super().__init__(*args, initial=kept, auto_id=f"policy_{row.tenant_id}_%s", **kwargs)
