"""Somebody among many thousands, found by typing a part of the name: the field of a form, and what it offers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..models import Person
from ..services import entered

OFFERED = 12
TYPED = "_name"  # after the name of the field: what was typed


def called(people: QuerySet[Person], typed: str) -> list[Person]:
    """Those whose name has it, and one more than is offered where there are more."""
    return list(people.filter(name__icontains=typed).order_by("name", "pk")[: OFFERED + 1]) if typed else []


class FoundWidget(forms.TextInput):
    """A text to type into, and under it those who are called so, one of whom is chosen."""

    template_name = "pages/people/_found.html"
    choices: Any  # of the field
    known: Person | None = None  # whom the field has found

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str | None, str | None]:
        return data.get(name), data.get(name + TYPED)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and name + TYPED not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        people = self.choices.queryset
        said, typed = value if isinstance(value, tuple) else (value, None)
        chosen = self.known or _chosen(people, said, typed)
        offered = [chosen] if chosen else called(people, entered.text(typed or "", 100))
        context = super().get_context(name, None, attrs)
        context["widget"] |= {
            "typed": chosen.name if chosen else typed or "",
            "field": name,
            "chosen": chosen and chosen.pk,
            "people": offered[:OFFERED],
            "more": len(offered) > OFFERED,
        }
        return context


def _chosen(people: QuerySet[Person], said: Any, typed: str | None) -> Person | None:
    """Whose number was said, unless something else was typed since."""
    number = said.pk if isinstance(said, Person) else entered.number(str(said or ""))
    found = people.filter(pk=number).first() if number is not None else None
    if found is None or typed is None:
        return found
    return found if typed.strip() and typed.strip().casefold() in found.name.casefold() else None


class FoundPerson(forms.ModelChoiceField):
    """Takes a number, or what was typed where one is called so."""

    widget = FoundWidget

    def clean(self, value: Any) -> Person | None:
        said, typed = value if isinstance(value, tuple) else (value, None)
        people: Any = self.queryset
        found = _chosen(people, said, typed)
        if found is None and (typed or "").strip():
            called_so = called(people, entered.text(typed or "", 100))
            if len(called_so) != 1:
                told = _("Several are called so: choose one.") if called_so else _("Nobody is called so.")
                raise ValidationError(told)
            found = called_so[0]
        elif found is None:
            found = super().clean(None if typed is not None else said)
        self.widget.known = found
        return found
