"""The privacy statement: says what is set up, in both languages, makes a version of each change, and tells people."""

import re
from typing import Any

import pytest
from asking import Asking
from cloud_world import House, Stopped
from django.conf import settings
from django.test import Client

from tools.cloud.doors import door_rules
from tools.cloud.members import links, members
from tools.cloud.models import Change, Role, Statement, Tenant
from tools.cloud.partners import partners
from tools.cloud.privacy import cookies, kept, leaving, statement
from tools.cloud.scim import tokens
from tools.cloud.services import clock
from tools.cloud.sites import tenants
from tools.terminal import Problem


def read(tenant: Tenant, language: str = "en", **asked: Any) -> str:
    answer = Client(headers={"accept-language": language}).get(f"/statement/{tenant.statement_key}", asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_anybody_reads_what_is_set_up_in_both_languages(house: House) -> None:
    statement.ask(house.tenant, "Kari Moe, kari@example.test")
    page = read(house.tenant)
    assert "Privacy at Solsiden" in page and "Kari Moe, kari@example.test" in page and "Version 1" in page
    assert all(str(row.kind) in page for row in kept.rows())
    assert "your own page here" in page and "sessionid" in page and "Nobody" in page
    page = read(house.tenant, "nb")
    assert "Personvern hos Solsiden" in page, page
    assert "Dine rettigheter" in page and "Informasjonskapsler" in page
    assert "To be answered" not in page and "Ingrid" not in page


def _facts(page: str) -> list[str]:
    """What the sections say, without the other versions."""
    return re.findall(r"<dd>(.*?)</dd>", page)


CHANGES: dict[str, tuple[Any, str]] = {
    "whom to ask": (lambda house: statement.ask(house.tenant, "Ola Moe"), "Whom to ask: Ola Moe"),
    "how long": (lambda house: tenants.keep_for(house.tenant, 30), "How long: 30 days"),
    "why so long": (lambda house: tenants.keep_for(house.tenant, 200, "theft last year"), "200 days: theft last year"),
    "erased after": (lambda house: leaving.erase_after(house.tenant, 33), "33 days after the last one has ended"),
    "a door": (
        lambda house: door_rules.change(house.doors[0], {"retention_days": 7}),
        "Hovedinngang (Oppgang A): 7 days",
    ),
    "a directory": (lambda house: tokens.make(house.tenant, "Entra"), "Entra: the directory that enters"),
}  # fmt: skip


@pytest.fixture
def stranger(time_now: Stopped) -> House:
    return House("Naboen", time_now, seed=9)


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_makes_a_version_and_the_one_before_stays(house: House, time_now: Stopped, what: str) -> None:
    do, said = CHANGES[what]
    first = statement.renew(house.tenant, clock.now())
    assert statement.renew(house.tenant, clock.now()) == first, "of no change comes no version"
    before = read(house.tenant)
    time_now.now += 86_400
    do(house)
    house.tenant.refresh_from_db()
    statement.look(clock.now())
    second = statement.latest(house.tenant)
    assert second is not None and second.number == 2
    new = statement.changed(second)
    assert new is not None and any(said in line for line in new.new), new
    page = read(house.tenant)
    assert "Version 2" in page and "What has changed since the version before" in page
    assert _facts(read(house.tenant, version=1)) == _facts(before)


def test_who_else_is_told_stands_there_until_it_is_over(house: House) -> None:
    partners.make(house.tenant, "Vaktselskap", house.doors[:1], ["people", "log"])
    links.make_token(house.tenant, "Posten", Role.COURIER)
    row = statement.renew(house.tenant, clock.now())
    told = {label: text for title, rows in row.content["en"] if title == "Who else is told" for label, text in rows}
    assert told.keys() == {"Vaktselskap"} and "the log of these doors" in told["Vaktselskap"].lower()
    for token in house.tenant.tokens.all():
        members.revoke(token)
    row = statement.renew(house.tenant, clock.now())
    assert (
        row.number == 2 and ["Nobody", "no program of others is set up"] in dict(row.content["en"])["Who else is told"]
    )


def test_the_trouble_of_one_keeps_no_other_from_theirs(
    house: House, stranger: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_together = statement._put_together

    def fails(tenant: Tenant, *more: Any) -> Statement:
        if tenant == house.tenant:
            raise ValueError("planted")
        return put_together(tenant, *more)

    monkeypatch.setattr(statement, "_put_together", fails)
    with pytest.raises(ExceptionGroup):
        statement.look(clock.now())
    assert Statement.objects.get().tenant == stranger.tenant
    monkeypatch.undo()
    statement.look(clock.now())
    assert Statement.objects.filter(tenant=house.tenant).exists(), "and it is tried again at the next tidying"


def test_people_are_told_for_thirty_days_and_not_of_the_first(home: Asking, time_now: Stopped) -> None:
    client, me = home.browser(home.person), f"/me/{home.person.pk}/"
    said = "privacy statement of this house has changed"
    statement.look(clock.now())
    assert said not in client.get(me).content.decode()
    tenants.keep_for(home.tenant, 30)
    statement.look(clock.now())
    assert said in client.get(me).content.decode()
    assert home.tenant.statement_key in client.get(f"/me/{home.person.pk}/profile").content.decode()
    time_now.now += statement.TOLD_FOR.total_seconds()
    assert said not in home.browser(home.person).get(me).content.decode()


def test_whoever_only_reads_writes_nothing(house: House) -> None:
    read(house.tenant)
    assert not Statement.objects.exists()
    statement.look(clock.now())
    assert Statement.objects.get().content == statement.now_of(house.tenant, clock.now()).content


def test_only_its_own_address_opens_it(house: House, stranger: House) -> None:
    key = house.tenant.statement_key
    assert len(key) == 22 and key != stranger.tenant.statement_key
    read(house.tenant)
    for wrong in (str(house.tenant.pk), key[:-1], key + "x", "x" * 500, "%00"):
        assert Client().get(f"/statement/{wrong}").status_code == 404
    for version in ("0", "2", "x", "-1", "9" * 30):
        assert Client().get(f"/statement/{key}?version={version}").status_code == 404
    assert "Naboen" not in read(house.tenant)


def test_whom_to_ask_is_for_who_answers_for_it(house: House, stranger: House) -> None:
    with pytest.raises(Problem, match="200 letters at most"):
        statement.ask(house.tenant, "x" * 201)
    with pytest.raises(Problem, match="control characters"):
        statement.ask(house.tenant, "Kari\x1b[2J")
    assert not Statement.objects.exists()
    statement.ask(house.tenant, " Kari \n Moe ")
    change = Change.objects.latest("pk")
    assert change.after == {"privacy_contact": "Kari Moe"} and not stranger.tenant.statements.exists()


def test_each_cookie_that_is_set_stands_in_the_table(home: Asking) -> None:
    """By a walk through what sets one: signing in, a form, its word on the next page, another language."""
    seen: set[str] = set()
    client = home.browser(home.person)
    client.get("/accounts/login/")
    client.post("/language", {"language": "nb", "next": "/"})
    seen |= client.cookies.keys()
    admin = home.office()
    answer = admin.post(f"/tenants/{home.tenant.pk}/privacy-contact", {"contact": "Kari"})
    assert answer.status_code == 302
    seen |= admin.cookies.keys()
    assert seen == {one.name for one in cookies.TABLE}
    assert cookies.TABLE[0].name == settings.SESSION_COOKIE_NAME
