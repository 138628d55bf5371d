"""Every model says whose data it holds, every text of one what it is; the table of retention is what is done."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client

from tools.cloud.audit import looks
from tools.cloud.doors import commands
from tools.cloud.log import retention as log_retention
from tools.cloud.members import members
from tools.cloud.models import Command, Look, Membership, Person, Role, Session, User, retention
from tools.cloud.models.personal import Nobody, Personal, of, personal
from tools.cloud.privacy import kept
from tools.cloud.residents import accounts
from tools.cloud.services import clock, housekeeping

README = Path(__file__).parents[4] / "tools/cloud/README.md"
# What people or programs may have written into.
TEXTS = (models.CharField, models.TextField, models.BinaryField, models.JSONField, models.GenericIPAddressField)
MODELS = sorted(apps.get_models(), key=lambda model: model._meta.label)
PEOPLE = (Person, User)


def label(model: Any) -> str:
    return str(model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_a_model_says_whose_data_it_holds(model: type[models.Model]) -> None:
    said = of(model)
    assert said is not None, f"say with PERSON whose data a {model.__name__} holds, or why nobody's"
    if isinstance(said, Nobody):
        assert len(said.why) > 5
    else:
        assert said.person or said.account or said.pseudonyms, "there is a way to somebody"


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_text_of_a_model_with_personal_data_says_what_it_is(model: type[models.Model]) -> None:
    said = personal(model)
    if said is None:
        return
    listed = [*said.theirs, *said.secret, *said.plain, *said.others, *said.pseudonyms]
    assert len(listed) == len(set(listed)), "each once"
    texts = {one.name for one in model._meta.concrete_fields if isinstance(one, TEXTS) and not one.choices}
    silent = texts - set(listed)
    assert not silent, f"say of {sorted(silent)} whether they are theirs, secret, plain or others'"
    assert {*said.theirs, *said.secret, *said.plain} <= {one.name for one in model._meta.concrete_fields}


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_reference_to_somebody_is_a_way_or_says_who_that_is(model: type[models.Model]) -> None:
    said = of(model)
    assert said is not None
    acts = set(said.acts)
    known = set(acts)
    if isinstance(said, Personal):
        known |= {way.split("__")[0] for way in (*said.person, *said.account)} | set(said.others)
    fields = [one for one in model._meta.concrete_fields if one.is_relation]
    silent = {one.name for one in fields if one.related_model in PEOPLE} - known
    assert not silent, f"{sorted(silent)} of {model.__name__} point at somebody: a way, acts or others?"
    emptied = {one.name for one in fields if one.remote_field.on_delete is models.SET_NULL}
    assert acts <= emptied, "they are emptied when the account goes"


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_the_ways_lead_to_people_and_accounts(model: type[models.Model]) -> None:
    said = personal(model)
    if said is not None:
        rows: Any = model._default_manager
        for ways, to in ((said.person, Person), (said.account, User)):
            for way in ways:
                rows.filter(**{f"{way}__in": to.objects.none()}).exists()  # else FieldError
                assert way == "pk" or _end(model, way) is to, way


def _end(model: Any, way: str) -> Any:
    for name in way.split("__"):
        model = model._meta.get_field(name).related_model
    return model


def test_a_model_that_says_nothing_is_found() -> None:
    """The search can fail: a model of no words, and one that inherits those of another."""

    class Silent(Membership):
        class Meta:
            proxy = True
            app_label = "cloud"

    try:
        assert of(Silent) is None
    finally:
        del apps.all_models["cloud"]["silent"]
        apps.clear_cache()


def test_each_row_of_the_table_is_of_some_model_and_each_model_of_some_row() -> None:
    named = {id(said.kept) for model in MODELS if (said := personal(model))}
    assert named == {id(row) for row in retention.TABLE}
    assert kept.rows() == list(retention.TABLE)


def test_the_readme_has_the_table() -> None:
    assert kept.as_markdown() in README.read_text("utf-8"), "put kept.as_markdown() into README.md"


def test_the_readme_has_the_table_of_what_is_done() -> None:
    assert kept.processing_as_markdown() in README.read_text("utf-8"), (
        "put kept.processing_as_markdown() into README.md"
    )


def test_the_page_shows_it_with_the_days_of_each_organisation(house: House) -> None:
    from tools.cloud.sites import tenants

    tenants.keep_for(house.tenant, 30)
    user = User.objects.named("vakt@example.test")
    assert "Names, cards" not in page(user, "en"), "an account of no organisation"
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.GUARD)
    text = page(user, "en")
    assert "30 days, where a door says nothing else" in text and "90 days, where" not in text
    assert text.count('class="own-facts"') == len(retention.TABLE)
    assert "Navn, kort, koder" in page(user, "nb")


def page(user: User, language: str) -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/privacy/kept")
    assert answer.status_code == 200
    return answer.content.decode()


def test_sessions_end_as_the_table_says() -> None:
    assert retention.SIGN_INS.period == timedelta(seconds=settings.SESSION_COOKIE_AGE)


@pytest.mark.parametrize("row, of_it, when", log_retention.RECORDS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_record_goes_when_its_days_are_over(
    house: House, time_now: Stopped, row: retention.Kept, of_it: Any, when: str
) -> None:
    made = {
        "Look": lambda: looks.note([house.tenant.pk], Look.What.LOG, clock.now()),
        "Change": lambda: members.invite(house.tenant, "ny@example.test", Role.VIEWER),
        "Alarm": lambda: of_it.objects.create(controller=house.controller, kind="silent", raised_at=clock.now()),
        "Command": lambda: commands.diagnostics(house.controller, None),
    }
    of_it.objects.all().delete()
    made[of_it.__name__]()
    assert row.period is not None
    time_now.now += row.period.total_seconds()
    log_retention.forget(clock.now())
    assert of_it.objects.exists(), "not before"
    time_now.now += 1
    log_retention.forget(clock.now())
    assert not of_it.objects.exists()


def test_an_account_that_is_nobody_any_more_goes_with_the_last_record_of_what_it_did(
    house: House, time_now: Stopped
) -> None:
    owner = members.invite(house.tenant, "eier@example.test", Role.OWNER)
    gone = members.invite(house.tenant, "sluttet@example.test", Role.ADMINISTRATOR)
    looks.note([house.tenant.pk], Look.What.LOG, clock.now(), user=gone.user)
    resident = User.objects.named("beboer@example.test")
    Person.objects.filter(pk=house.person.pk).update(user=resident)
    members.end(gone)
    User.objects.update(created_at=clock.now())
    for days, left in ((30, 3), (334, 3), (2, 2)):
        time_now.now += days * 86400
        housekeeping.tidy(clock.now())
        assert User.objects.count() == left, days
    assert set(User.objects.values_list("email", flat=True)) == {owner.user.email, resident.email}
    assert not Session.objects.exists() and not Command.objects.exists()
    assert accounts.forget_left(clock.now()) == 0
