"""Two administrators at one form: nobody undoes what the other has changed, and the second is told."""

from html.parser import HTMLParser
from typing import Any

import pytest

from tools.cloud.models import AccessGroup, Area, Bank, Schedule
from tools.cloud.pages import forms as shared
from tools.cloud.people import forms as people
from tools.cloud.rules import forms as rules
from tools.cloud.rules import schedules
from tools.cloud.sites import forms as places

Fields = dict[str, list[str]]

# Form -> page, where it is posted to, what one changes, what the other one does, and another value for the first.
CASES: dict[str, tuple[str, str, tuple[str, str], tuple[str, str] | None, str | None]] = {
    "DoorForm": ("/doors/{door}/", "", ("name", "Inngang nord"), ("release_ms", "7.0"), "Inngang sør"),
    "GroupForm": ("/groups/{group}/", "", ("name", "noen"), ("door-{door}", ""), "andre"),
    "ScheduleForm": ("/schedules/{schedule}/", "", ("from-0", "09:00"), ("from-1", "10:00"), "07:00"),
    "SiteForm": ("/sites/{site}/", "", ("name", "Tunet"), ("zone", "Europe/Paris"), "Hagen"),
    "ControllerForm": ("/controllers/{controller}/", "/name", ("name", "Oppgang N"), None, "Oppgang S"),
    "AreaForm": ("/sites/{site}/areas?number=3", "", ("name", "Loft"), ("limit", "9"), "Kjeller"),
    "GroupsForm": (
        "/people/{person}/",
        "/people/{person}/groups",
        ("groups", "+{other}"),
        ("groups", "-{group}"),
        None,
    ),
    "GrantForm": ("/people/{person}/", "/grants/{grant}", ("valid_until", "2030-01-01"), ("uses", "5"), "2031-01-01"),
    "BirthForm": ("/people/{person}/", "/people/{person}/birth", ("born", "1984-02-29"), None, "1985-03-01"),
    "NeedsForm": ("/people/{person}/", "/people/{person}/needs", ("escort", "needs"), ("extended", "on"), "gives"),
}
SHARED = [name for name, case in CASES.items() if case[3]]
CONTESTED = [name for name, case in CASES.items() if case[4]]


class Form(HTMLParser):
    """What a browser would post of the form that carries `seen` and goes to that address."""

    def __init__(self, page: str, action: str):
        super().__init__()
        self.fields: Fields = {}
        self._action, self._here, self._open, self._select, self._text = action, {}, False, "", ""
        self.feed(page)
        assert self.fields, f"no form to {action or 'the page itself'} says what it was filled from"

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        said = dict(attributes)
        name, value = said.get("name", ""), said.get("value") or ""
        if tag == "form":
            self._open, self._here = (
                said.get("action", "").endswith(self._action) == bool(self._action or "action" not in said),
                {},
            )
        elif tag == "input" and name:
            if said.get("type") not in ("checkbox", "radio"):
                self._here.setdefault(name, []).append(value)
            elif "checked" in said:
                self._here.setdefault(name, []).append(said.get("value") or "on")
        elif tag == "select":
            self._select = name
            self._here.setdefault(name, [])
        elif tag == "option" and (not self._here.get(self._select) or "selected" in said):
            self._here[self._select] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open and "seen" in self._here and not self.fields:
            self.fields = self._here
            del self.fields["csrfmiddlewaretoken"]  # another one each time


@pytest.fixture
def numbers(house: Any) -> dict[str, int]:
    Area.objects.create(site=house.site, number=3, name="Bod")
    return {
        "door": house.doors[0].pk, "group": house.group.pk, "site": house.site.pk, "controller": house.controller.pk,
        "person": house.person.pk, "grant": house.person.grants.get().pk,
        "schedule": schedules.save(Schedule(tenant=house.tenant), "Dag", [[31, 480, 960]]).pk,
        "other": AccessGroup.objects.create(tenant=house.tenant, name="noen få").pk,
        "bank": Bank.objects.create(controller=house.controller, name="Skap", delivery_secret=bytes(32)).pk,
    }  # fmt: skip


class Somebody:
    """Has a page open, changes one field of it and saves."""

    def __init__(self, client: Any, name: str, numbers: dict[str, int]):
        page, action, *changes = CASES[name]
        self.client, self.page, self.action = client, page.format(**numbers), action.format(**numbers)
        self.changes = [change and tuple(one.format(**numbers) for one in change) for change in changes[:2]]
        self.other = changes[2]
        self.fields = self.opened()

    def opened(self, text: str = "") -> Fields:
        return Form(text or self.client.get(self.page).content.decode(), self.action).fields

    def enter(self, field: str, value: str) -> None:
        held = self.fields.setdefault(field, [])
        if value[:1] in ("+", "-"):
            self.fields[field] = [one for one in held if one != value[1:]] + [value[1:]] * (value[0] == "+")
        else:
            self.fields[field] = [value, *held[1:]]

    def save(self) -> Any:
        there = self.page.split("?")[0]
        if self.action:
            there = self.action if self.action.count("/") > 1 else there.rstrip("/") + self.action
        return self.client.post(there, self.fields)


def test_every_form_of_what_is_kept_has_its_case() -> None:
    made = {cls for module in (people, places, rules) for cls in vars(module).values() if isinstance(cls, type)}
    found = {cls.__name__ for cls in made if issubclass(cls, shared.Shared) and cls is not shared.Shared}
    assert found == set(CASES)
    others = {cls.__name__ for cls in made if issubclass(cls, shared.forms.BaseForm)} - found
    # They make something new; nothing that is kept is changed by them.
    assert others == {"PersonForm", "CardForm", "Plain", "Shared", "EnrolForm", "HolidayForm", "PinForm"}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", SHARED)
def test_two_who_change_different_fields_both_have_their_way(
    browser: Any, numbers: dict[str, int], name: str, first: int
) -> None:
    one, two = Somebody(browser(), name, numbers), Somebody(browser("administrator"), name, numbers)
    one.enter(*one.changes[first])
    two.enter(*two.changes[1 - first])
    assert one.save().status_code == 302
    answer = two.save()
    assert answer.status_code == 302, answer.content.decode()
    told = two.client.get(answer.url).content.decode()
    assert "Changed by somebody else meanwhile, and left so: " in told
    both = one.opened()
    for field, value in one.changes:
        if value[:1] in ("+", "-"):
            assert (value[1:] in both.get(field, [])) == (value[0] == "+")
        else:
            assert both[field][0] == value


@pytest.mark.parametrize("name", CONTESTED)
def test_two_who_change_the_same_field_meet(browser: Any, numbers: dict[str, int], name: str) -> None:
    one, two = Somebody(browser(), name, numbers), Somebody(browser("administrator"), name, numbers)
    field, value = one.changes[0]
    one.enter(field, value)
    two.enter(field, two.other)
    if two.changes[1]:
        two.enter(*two.changes[1])
    assert one.save().status_code == 302
    answer = two.save()
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Somebody else has changed this meanwhile: " in text and "(now: " in text
    assert one.opened()[field][0] == value  # nothing of the second is kept
    again = two.opened(text)
    assert again[field][0] == two.other  # ... and nothing of it lost
    if two.changes[1]:
        assert again[two.changes[1][0]][0] == two.changes[1][1]
    two.fields = again
    assert two.save().status_code == 302
    assert one.opened()[field][0] == two.other


@pytest.mark.parametrize("name", list(CASES))
def test_one_who_changes_nothing_changes_nothing(browser: Any, numbers: dict[str, int], name: str) -> None:
    one, two = Somebody(browser(), name, numbers), Somebody(browser("administrator"), name, numbers)
    one.enter(*one.changes[0])
    assert one.save().status_code == 302
    kept = one.opened()
    assert two.save().status_code == 302
    assert one.opened() == kept


# What a program changes -> what somebody else changes between the program's look at the row and its write.
PATCHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "people/{person}": ({"name": "Ingrid S"}, "Person", {"escort": "gives"}),
    "sites/{site}": ({"name": "Tunet"}, "Site", {"zone": "Europe/Paris"}),
    "groups/{group}": ({"name": "noen"}, "AccessGroup", {"hold": True}),
    "groups/{group}/rules": ({"office": True}, "AccessGroup", {"name": "noen"}),
    "doors/{door}/rules": ({"release_ms": 7000}, "Door", {"name": "Inngang nord"}),
    "allotments/{allotment}": ({}, "", {}),  # its end is all that can be changed
    "controllers/{controller}": ({"name": "Oppgang N"}, "Controller", {"firmware": "9"}),
    "tenants/{tenant}": ({"retention_days": 30}, "Tenant", {"name": "Andre"}),
    "tenants/{tenant}/residents": ({}, "", {}),  # a row of its own, made when it is first changed
    "tenants/{tenant}/help": ({}, "", {}),  # so is this
    "breaches/{breach}": ({}, "", {}),  # of somebody who sees all of it, under its lock
    "tenants/{tenant}/statement": ({}, "", {}),  # one field, which is saved alone
    "banks/{bank}": ({"name": "Skapet"}, "Bank", {"address": "Storgata 2"}),
    "members/{member}": ({"role": "viewer"}, "", {}),  # one field, and locked: test_cloud_members.py
}


def test_every_patch_of_the_api_has_its_case() -> None:
    from tools.cloud.api.subjects import api

    paths = api.get_openapi_schema()["paths"]
    patched = {path for path, methods in paths.items() if "patch" in methods}
    assert {path.replace("_id}", "}") for path in patched} == {f"/api/{path}" for path in PATCHES}


@pytest.mark.parametrize("path", [path for path, case in PATCHES.items() if case[1]])
def test_a_program_changes_only_what_it_names(
    browser: Any, house: Any, numbers: dict[str, int], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud import models
    from tools.cloud.api.auth import Caller

    fields, name, others = PATCHES[path]
    rows = getattr(models, name).objects.filter(
        pk=(numbers | {"tenant": house.tenant.pk})[path.split("{")[1].split("}")[0]]
    )
    one = Caller.one

    def late(self: Caller, model: Any, pk: int, *related: str) -> Any:
        found = one(self, model, pk, *related)
        rows.update(**others)
        return found

    monkeypatch.setattr(Caller, "one", late)
    address = f"/api/{path.format(**numbers, tenant=house.tenant.pk)}"
    answer = browser().patch(address, fields, content_type="application/json")
    assert answer.status_code == 200, answer.content
    kept = {name: value for name, value in rows.values()[0].items() if name in fields or name in others}
    assert kept == fields | others
