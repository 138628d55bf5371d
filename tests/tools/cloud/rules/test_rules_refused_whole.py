"""Rules that the board refuses: it says why, the page and the API say it in words, and correcting it is enough."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.test import Client
from whole_board import Whole

from firmware.controller.access.packed import unpacked
from firmware.controller.access.reading import fields
from tools.cloud.doors import door_rules
from tools.cloud.members import links
from tools.cloud.models import Controller, Grant, Profile, Role
from tools.cloud.people import people

KARI = "Kari Nordmann"


@pytest.fixture
def whole(house: House, time_now: Stopped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Whole:
    """A board whose firmware counts to 20, linked to a cloud that takes more; Kari has just got 30 uses."""
    monkeypatch.setitem(fields.PROFILE, "uses", fields.WholeNumber(1, 20))
    found = Whole(house, time_now, tmp_path)
    house.add_card(KARI, 77)
    people.limit(Grant.objects.get(person__name=KARI), uses=10)
    found.run(2)
    assert house.row().in_sync
    people.limit(Grant.objects.get(person__name=KARI), uses=30)
    found.run(2)
    return found


def correct(house: House) -> None:
    people.limit(Grant.objects.get(person__name=KARI), uses=12)


def take_away(house: House) -> None:
    Grant.objects.get(person__name=KARI).delete()


def delete_person(house: House) -> None:
    Grant.objects.get(person__name=KARI).person.delete()


@pytest.mark.parametrize("way", [correct, take_away, delete_person])
def test_correcting_it_is_enough(house: House, whole: Whole, way: Callable[[House], None]) -> None:
    row = house.row()
    assert not row.in_sync and row.rules_fault.endswith(".uses: must be 1 to 20")
    way(house)
    whole.run(3)
    row = house.row()
    assert row.in_sync and whole.board.loop.rules.version == row.rules_version
    contents = Profile.objects.filter(controller=row).values_list("content", flat=True)
    assert not [one for one in contents if '"uses":30' in one], "what no record names any more is gone"


def test_others_get_their_rights_when_it_is_corrected(house: House, whole: Whole) -> None:
    """Until then nobody new may pass: that is what the administrator has to know."""
    house.add_card("Per", 78)
    Grant.objects.get(person__name="Per")
    people.limit(Grant.objects.get(person__name="Per"), uses=3)
    whole.run(2)
    assert not house.row().in_sync
    correct(house)
    whole.run(3)
    assert house.row().in_sync
    said = [unpacked(one) for one in whole.board.loop.rules.profiles.values() if type(one) is bytes]
    assert any(one.get("uses") == 3 for one in said)


def page(house: House, language: str, role: str = "owner") -> str:
    from tools.cloud.models import Membership, User

    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role)
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(f"/controllers/{house.controller.pk}/").content.decode()


def told(house: House, role: Role) -> Any:
    client = Client(headers={"Authorization": f"Bearer {links.make_token(house.tenant, 'any', role)}"})
    return client.get(f"/api/controllers/{house.controller.pk}").json()["rules_fault"]


def test_the_page_and_the_api_say_what_is_wrong_and_where(house: House, whole: Whole) -> None:
    assert f"Rights of {KARI}, number of passages: must be 1 to 20. Correct it" in page(house, "en")
    assert f"Rettighetene til {KARI}, antall passeringer: må være 1 til 20. Rett det" in page(house, "nb")
    assert f"Rights of {KARI}, number of passages: must be 1 to 20." in told(house, Role.ADMINISTRATOR)
    correct(house)
    whole.run(3)
    assert "must be 1 to 20" not in page(house, "en") and told(house, Role.ADMINISTRATOR) is None


def test_who_may_not_see_people_is_told_without_their_names(house: House, whole: Whole) -> None:
    for said in (page(house, "en", "installer"), told(house, Role.INSTALLER)):
        assert "Rights of people, number of passages: must be 1 to 20." in said and KARI not in said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("doors.2.warn_ms: must be less than held_ms", "Postrom, warning before held open: must be shorter than"),
        ("doors.9.relock: is not known here", "Doors 9, when it locks again: its firmware does not know that; update"),
        ("profiles: at most 150 may be objects", "Rights of people: at most 150 may be objects."),
        ("holidays: must be a list of at most 64", "Holidays: must be a list of at most 64."),
        ("MemoryError('memory allocation failed, allocating 9216 bytes',)", "There is no memory left for so many"),
        ("zone: must be a whole POSIX TZ rule", "Time zone: must be a whole"),
        ("schedules.255.times: to: must be 1 to 1440", "A schedule of rights that begin or end, intervals: must be 1"),
        ("areas.3.limit: must be 1 to 1000", "Areas 3, at most so many people: must be 1 to 1000."),
        ("too long", "may not pass. Too long."),
        ("", "It does not say what is wrong"),
        ("doors..: <b>x", "&lt;b&gt;x"),
    ],
)
def test_whatever_a_board_says_is_said(house: House, fault: str, said: str) -> None:
    version = house.row().rules_version
    Controller.objects.filter(pk=house.controller.pk).update(rules_refused=version, rules_fault=fault)
    assert said in page(house, "en")


def test_a_fault_of_rules_that_are_over_is_not_shown(house: House) -> None:
    version = house.row().rules_version
    Controller.objects.filter(pk=house.controller.pk).update(rules_refused=version, rules_fault="doors.1.rex: wrong")
    door_rules.change(house.doors[0], {"rex": "hold"})
    assert told(house, Role.ADMINISTRATOR) is None
