"""Birth dates: sealed, for the person and who may change people, shared as chosen, nobody under 18 unspoken for."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.db import connection
from django.test import Client

from tools.cloud.lists import people_list
from tools.cloud.members import identities, links
from tools.cloud.models import Birth, Change, Membership, Partner, Person, Role, User
from tools.cloud.openid import said_of
from tools.cloud.partners import partners
from tools.cloud.people import births, erasure
from tools.cloud.privacy import archive
from tools.cloud.residents import policy
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

GROWN, CHILD = date(1984, 2, 29), date(2010, 5, 17)  # the tests' clock stands in November 2025
AGREED = date(2025, 6, 1)
ENGLISH = {"accept-language": "en"}


def member(house: House, role: str) -> Client:
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role)
    client = Client(headers=ENGLISH)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_it_is_sealed_and_stands_in_no_record(house: House) -> None:
    births.change(house.person, GROWN, "", None)
    births.change(house.person, date(1984, 3, 1), "", None)
    assert births.of(house.person).born == date(1984, 3, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT born FROM cloud_birth")
        [(kept,)] = cursor.fetchall()
    assert b"1984" not in bytes(kept)
    record = [(one.before, one.after) for one in Change.objects.filter(kind="person").order_by("pk")]
    assert record[-2:] == [
        ({"birth_date": False}, {"birth_date": True}),
        ({"birth_date": True}, {"birth_date": "new"}),
    ]
    assert "1984" not in json.dumps(list(Change.objects.values_list("name", "before", "after")))


def test_it_is_in_no_file_unless_it_was_asked_for(house: House) -> None:
    births.change(house.person, CHILD, "Kari Berg", AGREED)
    admin = member(house, "administrator")
    token = links.make_token(house.tenant, "p", Role.ADMINISTRATOR)
    program = Client(headers={"authorization": f"Bearer {token}"})
    export_path, api = f"/people/{house.person.pk}/export", f"/api/people/{house.person.pk}/export"
    for without in (
        json.dumps(archive.data_of(house.person, False, clock.now(), birth_date=False)),
        json.dumps(people_list.export(house.tenant)),
        admin.post(export_path).content.decode(), program.get(api).content.decode(),
        program.get("/api/people").content.decode(), admin.get(f"/log/?person={house.person.pk}").content.decode(),
    ):  # fmt: skip
        assert "2010" not in without and "Kari Berg" not in without
    asked = admin.post(export_path, {"birth_date": "yes"}), program.get(f"{api}?birth_date=true")
    for answer in asked:
        said = {"born": "2010-05-17", "guardian": "Kari Berg", "agreed_on": "2025-06-01", "claimed": False}
        assert answer.json()["kinds"]["birth"]["rows"] == [{"person": "you", **said}]


@pytest.mark.parametrize("role", [role for role in Role.values if role != "support"])
def test_who_only_looks_does_not_see_it(house: House, role: str) -> None:
    births.change(house.person, CHILD, "Kari Berg", AGREED)
    client, may = member(house, role), role in ("owner", "administrator")
    page = client.get(f"/people/{house.person.pk}/").content.decode()
    assert ("2010-05-17" in page and "Kari Berg" in page) == may
    answer = client.get(f"/api/people/{house.person.pk}/birth")
    assert (answer.status_code == 200) == may and ("2010" in answer.content.decode()) == may
    assert client.post(f"/people/{house.person.pk}/birth", {"born": "1984-02-29"}).status_code == (302 if may else 403)


def test_the_person_sees_it_on_their_own_page(house: House) -> None:
    births.change(house.person, CHILD, "Kari Berg", AGREED)
    user = User.objects.named("ingrid@example.test")
    Person.objects.filter(pk=house.person.pk).update(user=user)
    client = Client(headers=ENGLISH)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/me/{house.person.pk}/profile").content.decode()
    assert "17 May 2010" in page and "Kari Berg" in page and "1 June 2025" in page


def test_nobody_under_18_is_entered_without_a_guardians_word(house: House) -> None:
    office = member(house, "administrator")
    path = f"/people/{house.person.pk}/birth"
    answer = office.post(path, {"born": "2010-05-17"})
    said = answer.content.decode()
    assert answer.status_code == 422 and f"{house.person.name} is under 18; first register the guardian" in said
    assert not Birth.objects.exists()
    word = {"guardian": "Kari Berg", "agreed_on": "2025-06-01"}
    assert office.post(path, {"born": "2010-05-17", **word}).status_code == 302
    assert births.of(house.person) == births.KnownBirth(CHILD, "Kari Berg", AGREED, False)
    assert office.post(path, {"born": "2010-05-17"}).status_code == 422, "the word is not taken away from under them"
    assert office.post(path, {}).status_code == 302 and not Birth.objects.exists()


@pytest.mark.parametrize(
    ("born", "minor"),
    [(date(2007, 11, 22), False), (date(2007, 11, 23), True), (date(2007, 11, 21), False), (GROWN, False)],
)
def test_who_is_18_today_answers_for_themselves(house: House, born: date, minor: bool) -> None:
    assert clock.now().date() == date(2025, 11, 22)
    assert births.is_minor(born, date(2025, 11, 22)) == minor
    if minor:
        with pytest.raises(Refusal):
            births.change(house.person, born, "", None)
    else:
        births.change(house.person, born, "", None)


def test_who_was_born_on_a_leap_day_is_18_on_the_first_of_march() -> None:
    born = date(2008, 2, 29)
    assert births.is_minor(born, date(2026, 2, 28)) and not births.is_minor(born, date(2026, 3, 1))


@pytest.mark.parametrize(
    ("born", "guardian", "agreed"),
    [
        (date(1899, 12, 31), "", None), (date(2025, 11, 23), "", None), (CHILD, "Kari Berg", None),
        (CHILD, "", AGREED), (CHILD, "Kari Berg", date(2025, 11, 23)), (CHILD, "Kari Berg", date(2010, 5, 16)),
        (CHILD, "Kari\nBerg", AGREED), (CHILD, "x" * 101, AGREED), (CHILD, "Kari 01010750160", AGREED),
        (CHILD, "01010750160", AGREED),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_and_changes_nothing(house: House, born: Any, guardian: str, agreed: Any) -> None:
    with pytest.raises(Refusal) as refused:
        births.change(house.person, born, guardian, agreed)
    assert not Birth.objects.exists() and str(born.year) not in str(refused.value).replace("1900", "")


def claims(born: Any, email: str = "ingrid@example.test") -> Any:
    token = {"iss": "https://id.example", "sub": "42", "email": email, "email_verified": True, "birthdate": born}
    return said_of("one", "", token, {})


@pytest.fixture
def ingrid(house: House) -> User:
    user = User.objects.named("ingrid@example.test")
    Person.objects.filter(pk=house.person.pk).update(user=user)
    return user


def test_a_provider_tells_it_only_where_the_house_wants_it(house: House, ingrid: User) -> None:
    assert identities.find(claims("1984-02-29")) == ingrid
    assert not Birth.objects.exists()
    policy.change(house.tenant, {"birth_dates": True})
    assert identities.find(claims("1984-02-29")) == ingrid
    assert births.of(house.person) == births.KnownBirth(GROWN, "", None, True)
    births.change(house.person, date(1985, 1, 1), "", None)
    identities.find(claims("1984-02-29"))
    assert births.of(house.person).born == GROWN, "the provider knows better"
    record = Change.objects.count()
    identities.find(claims("1984-02-29"))
    assert Change.objects.count() == record, "nothing is new"


@pytest.mark.parametrize("born", ["0000-05-17", "1984", "17.05.1984", "1984-02-30", 19840229, None, "", "2999-01-01x"])
def test_what_is_no_whole_day_is_none(house: House, ingrid: User, born: Any) -> None:
    policy.change(house.tenant, {"birth_dates": True})
    assert identities.find(claims(born)) == ingrid and not Birth.objects.exists()


def test_a_minor_is_not_signed_in_until_a_guardian_has_spoken(house: House, ingrid: User) -> None:
    from allauth.socialaccount.models import SocialAccount

    policy.change(house.tenant, {"birth_dates": True})
    with pytest.raises(Refusal, match="under 18"):
        identities.find(claims("2010-05-17"))
    assert not Birth.objects.exists() and not SocialAccount.objects.exists(), "nothing of it is left"
    births.change(house.person, None, "Kari Berg", AGREED)
    assert identities.find(claims("2010-05-17")) == ingrid
    assert births.of(house.person) == births.KnownBirth(CHILD, "Kari Berg", AGREED, True)


def test_the_guardian_is_forgotten_when_they_are_of_age(house: House, time_now: Stopped) -> None:
    births.change(house.person, date(2007, 11, 24), "Kari Berg", AGREED)
    housekeeping.tidy(clock.now())
    assert births.of(house.person).guardian == "Kari Berg"
    time_now.now += timedelta(days=2).total_seconds()
    housekeeping.tidy(clock.now())
    assert births.of(house.person) == births.KnownBirth(date(2007, 11, 24))


def test_it_goes_with_the_person(house: House) -> None:
    births.change(house.person, CHILD, "Kari Berg", AGREED)
    erasure.erase(house.person, clock.now())
    assert not Birth.objects.exists()


@pytest.mark.parametrize("shared", [True, False])
def test_a_partner_is_told_only_where_an_owner_shares_it(house: House, shared: bool) -> None:
    births.change(house.person, GROWN, "", None)
    owner = User.objects.named("owner@example.test")
    Membership.objects.create(user=owner, tenant=house.tenant, role=Role.OWNER)
    scopes = [Partner.Scope.PEOPLE, *([Partner.Scope.BIRTH] if shared else [])]
    token = partners.make(house.tenant, "Renhold AS", house.doors, scopes, by=owner)
    answer = Client(headers={"authorization": f"Bearer {token}"}).get("/partner/v1/people")
    assert answer.json()["people"][0]["birth_date"] == ("1984-02-29" if shared else None)
    assert ("1984" in answer.content.decode()) == shared
    with pytest.raises(Refusal, match="with the people"):
        partners.make(house.tenant, "Heis AS", house.doors, [Partner.Scope.BIRTH], by=owner)


def test_of_another_tenant_there_is_none(house: House, time_now: Stopped) -> None:
    other = House("Naboen", time_now, seed=5)
    births.change(other.person, GROWN, "", None)
    office = member(house, "administrator")
    assert office.post(f"/people/{other.person.pk}/birth", {"born": "1990-01-01"}).status_code == 404
    assert office.get(f"/api/people/{other.person.pk}/birth").status_code == 404
    body = json.dumps({"born": "1990-01-01"})
    answer = office.put(f"/api/people/{other.person.pk}/birth", body, content_type="application/json")
    assert answer.status_code == 404 and births.of(other.person).born == GROWN
