"""Forms of what several people change: each says what it was filled from, so that nobody undoes another's change.

A form carries `seen`: of each field a digest of what it showed. When it comes back, under the lock of its row, a field
that is as it was shown takes what is kept by now, and is no change. A field that both have changed is refused once,
with what it is now; what was typed stays, and saving again is meant. Without `seen` (a program) all of it is meant.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..services import entered

SEEN = "seen"


class Plain(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)


class ChosenRows(forms.ModelMultipleChoiceField):
    """Some of the rows that there are."""

    def clean(self, value: Any) -> Any:
        """A number that no row can have is no choice; SQLite raises where it is asked for it."""
        for one in value or ():
            if entered.number(str(one)) is None:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": one})
        return super().clean(value)


class Shared(Plain):
    """A form of a row that is there already. Its initial values are what is kept now: read them under the lock."""

    meanwhile: tuple[str, ...] = ()  # labels of what somebody else has changed since, and this form leaves so
    contested: tuple[str, ...] = ()  # ... and of what this form would change as well
    data: Any
    _met = False

    @property
    def seen(self) -> SafeString:
        """For the template, within the form."""
        return format_html('<input type="hidden" name="{}" value="{}">', SEEN, json.dumps(_digests(self.kept())))

    def kept(self) -> dict[str, Any]:
        """{unit: its value now}. A unit is what somebody changes as one: a field, or one of several choices."""
        return {unit: value for name in self._own() for unit, value in self._units(name, self._initial(name))}

    def said(self) -> dict[str, Any]:
        """The same, as it was entered. What is entered wrong is left out: it is refused by its field."""
        found: dict[str, Any] = {}
        for name in self._own():
            try:
                field = self.fields[name]
                value = field.clean(field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name)))
            except ValidationError:
                continue
            found |= dict(self._units(name, value))
        return found

    def put(self, data: Any, unit: str, value: Any) -> None:
        """Enters a value of kept() into the data of the form, as a browser would."""
        name, _, choice = unit.partition(":")
        key = self.add_prefix(name)
        if choice:
            others = [one for one in data.getlist(key) if one != choice]
            data.setlist(key, [*others, choice] if value else others)
        elif isinstance(value, bool):
            data.setlist(key, ["on"] if value else [])
        else:
            field = self.fields[name]
            shown = field.widget.format_value(field.prepare_value(value))
            data.setlist(key, [str(one) for one in shown] if isinstance(shown, list) else [shown or ""])

    def label(self, unit: str) -> str:
        name, _, choice = unit.partition(":")
        if choice:
            labels = {str(value): str(text) for value, text in self.fields[name].choices}  # type: ignore[attr-defined]
            return labels.get(choice, choice)
        return str(self.fields[name].label)

    def shown(self, unit: str, value: Any) -> str:
        """A value for a person."""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        choices = dict(getattr(self.fields.get(unit), "choices", ()))
        text = choices.get(value, choices.get(str(value), value)) if not isinstance(value, list) else value
        return str(text) if text not in (None, "") else "–"

    def full_clean(self) -> None:
        if self.is_bound and not self._met:
            self._met = True
            self._meet()
        super().full_clean()
        if self.contested:
            told = _(
                "Somebody else has changed this meanwhile: %(what)s. Nothing was saved yet; what you entered stands "
                "below. Save again to put it in place of theirs."
            )
            self.add_error(None, told % {"what": "; ".join(self.contested)})

    def _meet(self) -> None:
        seen = _read(self.data.get(SEEN))
        if seen is None:
            return
        now, said, data = self.kept(), self.said(), self.data.copy()
        digests, typed = _digests(now), _digests(said)
        left, contested = [], []
        for unit, digest in digests.items():
            if seen.get(unit) == digest:
                continue
            if unit not in seen or typed.get(unit) == seen[unit]:
                self.put(data, unit, now[unit])
                left.append(self.label(unit))
            elif typed.get(unit) != digest:
                contested.append(_("%(field)s (now: %(value)s)") % self._told(unit, now[unit]))
        self.data, self.meanwhile, self.contested = data, tuple(left), tuple(contested)

    def _told(self, unit: str, value: Any) -> dict[str, str]:
        return {"field": self.label(unit), "value": self.shown(unit, value)}

    def _own(self) -> list[str]:
        return [name for name, field in self.fields.items() if not field.disabled]

    def _initial(self, name: str) -> Any:
        """As it would come back from a browser that showed it: a time without its seconds, a choice as text."""
        field, value = self.fields[name], self.get_initial_for_field(self.fields[name], name)
        if isinstance(field, (forms.BooleanField, forms.ModelMultipleChoiceField)) or value is None:
            return value
        try:
            return field.clean(field.widget.format_value(field.prepare_value(value)) if not isinstance(
                field, forms.ChoiceField) else field.prepare_value(value))  # fmt: skip
        except ValidationError:
            return value

    def _units(self, name: str, value: Any) -> Iterable[tuple[str, Any]]:
        field = self.fields[name]
        if isinstance(field, forms.ModelMultipleChoiceField):
            chosen = {getattr(one, "pk", one) for one in value or ()}
            return [(f"{name}:{pk}", pk in chosen) for pk in field.queryset.values_list("pk", flat=True)]
        return [(name, bool(value) if isinstance(field, forms.BooleanField) else value)]


def _digests(values: dict[str, Any]) -> dict[str, str]:
    return {unit: sha256(json.dumps(plain(value)).encode()).hexdigest()[:12] for unit, value in values.items()}


def plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, (list, tuple, QuerySet)):
        return [plain(one) for one in value]
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return "" if value is None else value


def _read(text: Any) -> dict[str, str] | None:
    """What a form was filled from; None where it does not say."""
    try:
        said = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
