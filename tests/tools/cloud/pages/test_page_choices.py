"""Choices among rows: a number that no row can have is one that is not there, not a fault of the database's."""

from collections.abc import Iterator
from typing import Any

import pytest
from cloud_world import House
from django import forms
from django.urls import get_resolver

from tools.cloud.pages.forms import ChosenRows

LEAST = 4


def every_form(of: type = forms.BaseForm) -> Iterator[type]:
    for one in of.__subclasses__():
        yield one
        yield from every_form(one)


@pytest.mark.parametrize("number", ["1" * 19, "9" * 400, "²", "-1"])
def test_a_number_that_no_row_can_have_is_refused(browser: Any, house: House, number: str) -> None:
    client, place = browser(), f"/people/{house.person.pk}/groups"
    before = set(house.person.grants.values_list("pk", flat=True))
    assert client.post(place, {"groups": [str(house.group.pk), number]}).status_code == 422
    assert set(house.person.grants.values_list("pk", flat=True)) == before


def test_every_choice_of_several_rows_is_so() -> None:
    assert get_resolver().url_patterns, "which imports all forms"
    found = [
        (form.__module__, name, type(field))
        for form in every_form()
        if form.__module__.startswith("tools.")
        for name, field in form.base_fields.items()  # type: ignore[attr-defined]
        if isinstance(field, forms.ModelMultipleChoiceField)
    ]
    assert len(found) >= LEAST
    assert {kind for _, _, kind in found} == {ChosenRows}, found
