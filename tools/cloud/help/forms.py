"""What is entered: a request, more of it, an answer, and how long all of it is kept."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from ..models import HelpPolicy, HelpRequest
from ..models.help import DAYS, TEXT
from ..pages.forms import Plain, Shared
from . import diagnostics, shown
from .asker import Asker


def _text(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=TEXT, widget=forms.Textarea({"rows": 6, "autocomplete": "off"}))


class RequestForm(Plain):
    """attached: what they are shown, signed (diagnostics.py). along: what of it they ticked; the page is, at first."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is it about?"), choices=HelpRequest.Kind.choices, widget=forms.RadioSelect
    )
    tenant = forms.TypedChoiceField(label=gettext_lazy("To whom?"), coerce=int)
    text = _text(gettext_lazy("What would you like to tell us?"))
    along = forms.MultipleChoiceField(
        required=False, label=gettext_lazy("Send along"), widget=forms.CheckboxSelectMultiple
    )
    attached = forms.CharField(required=False, max_length=diagnostics.LONGEST, widget=forms.HiddenInput)

    def __init__(self, *args: Any, houses: dict[int, Asker], found: dict[str, str], zone: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.read = diagnostics.read(str(self.data.get("attached", ""))) if self.is_bound else None
        self.made_up = self.is_bound and self.read is None
        self.shown = found if self.read is None else self.read
        fields: Any = self.fields
        fields["tenant"].choices = [(pk, one.tenant.name) for pk, one in houses.items()]
        fields["along"].choices = [
            (name, format_html('{} <span class="quiet small">{}</span>', label, said))
            for name, label, said in shown.about(self.shown, zone)
        ]
        self.initial |= {"kind": HelpRequest.Kind.QUESTION, "along": ["page"]}
        if len(houses) == 1:
            fields["tenant"].widget = forms.HiddenInput()
            self.initial["tenant"] = next(iter(houses))

    def signed(self) -> str:
        """For the template: what stands there."""
        return diagnostics.sign(self.shown)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.made_up:
            raise forms.ValidationError(
                gettext_lazy("What is sent along has to be shown to you first. It stands below; send again.")
            )
        said["about"] = {name: self.shown[name] for name in said.get("along", ())}
        return said


class MoreForm(Plain):
    text = _text(gettext_lazy("Write more"))


class HelpAnswerForm(Plain):
    text = _text(gettext_lazy("Your answer"))


class HelpPolicyForm(Shared):
    days = forms.IntegerField(
        min_value=DAYS[0],
        max_value=DAYS[1],
        label=gettext_lazy("Days that closed requests are kept"),
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, row: HelpPolicy, **kwargs: Any):
        super().__init__(*args, initial={"days": row.days}, auto_id=f"help_{row.tenant_id}_%s", **kwargs)
