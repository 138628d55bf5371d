"""Who is invited, and what a program gets a token for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import ApiToken, Role


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.TypedChoiceField(coerce=Role, choices=Role.choices, initial=Role.VIEWER, label=_("Role"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)


class TokenForm(forms.Form):
    name = forms.CharField(max_length=100, label=_("What it is for"), widget=forms.TextInput({"autocomplete": "off"}))
    role = forms.TypedChoiceField(
        coerce=Role, choices=[(role.value, role.label) for role in ApiToken.ROLES], initial=Role.VIEWER, label=_("Role")
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
