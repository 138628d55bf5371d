"""What people and administrators enter about requests."""

from django import forms
from django.utils.translation import gettext_lazy

from .. import limits
from ..models import DataRequest
from ..pages.forms import Plain
from .requests import LINE, WORDS


def _several_lines(label: object, required: bool = True, help_text: object = "") -> forms.CharField:
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        required=required,
        max_length=WORDS,
        help_text=help_text,  # type: ignore[arg-type]
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OwnForm(Plain):
    """A person asks."""

    kind = forms.ChoiceField(label=gettext_lazy("What do you ask for?"), choices=DataRequest.Kind.choices)
    said = _several_lines(gettext_lazy("In your words"), required=False)


class BehalfForm(Plain):
    """An administrator enters what somebody asked for by telephone, letter or e-mail."""

    kind = forms.ChoiceField(label=gettext_lazy("What is asked for"), choices=DataRequest.Kind.choices)
    asked_by = forms.CharField(
        label=gettext_lazy("Who asked, and by which way"),
        max_length=LINE["asked_by"],
        help_text=gettext_lazy("The person by telephone, their employer by letter, a guardian …"),
    )
    checked = forms.CharField(
        label=gettext_lazy("How it was checked who that is"),
        max_length=LINE["checked"],
        help_text=gettext_lazy("Not with a copy of a passport: what you know of them already is enough."),
    )
    said = _several_lines(gettext_lazy("In their words"), required=False)


class ExtendForm(Plain):
    reason = forms.CharField(
        label=gettext_lazy("Why it takes longer"),
        max_length=LINE["extension"],
        help_text=gettext_lazy("The person reads it. It gives sixty days more, once."),
    )


class LiftForm(Plain):
    why = forms.CharField(
        label=gettext_lazy("Why it holds no longer"),
        max_length=LINE["lifting"],
        help_text=gettext_lazy("The person reads it. Tell them before you lift a restriction."),
    )


class AnswerForm(Plain):
    answer = _several_lines(gettext_lazy("Your answer"), help_text=gettext_lazy("The person reads it."))


class AfterForm(Plain):
    """When people are erased by themselves."""

    days = forms.IntegerField(
        label=gettext_lazy("Days after the last right has ended"),
        required=False,
        min_value=limits.ERASE_AFTER[0],
        max_value=limits.ERASE_AFTER[1],
        help_text=gettext_lazy("At most 80. Empty: nobody is erased by themselves."),
    )
