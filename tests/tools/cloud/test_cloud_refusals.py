"""What services refuse, each limit from both sides: refused whole with nothing changed, and taken at its edge."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cloud_world import BOARD, House, Stopped, counted_bytes
from django.apps import apps
from django.db import transaction

from firmware.controller import events as codes
from tools.cloud import limits, models
from tools.cloud.controllers import controllers, enrol, rotation
from tools.cloud.log import chain
from tools.cloud.models import (
    AccessGroup,
    Controller,
    Credential,
    Event,
    Reading,
    Release,
    Rollout,
    RolloutBoard,
    Schedule,
    Site,
)
from tools.cloud.people import groups, people, pins
from tools.cloud.readings import learning
from tools.cloud.rules import holidays, schedules
from tools.cloud.services import clock
from tools.cloud.sites import sites
from tools.cloud.updates import updates
from tools.terminal import Problem

LONG = "x" * enrol.NAME
LEAST, MOST = limits.USES
DIGITS = limits.PIN_DIGITS


def a_release(house: House) -> Release:
    return Release.objects.create(build="abcdef012345", folder="none", size=1, added_at=clock.now())


def a_schedule(house: House, name: str) -> Schedule:
    return schedules.save(Schedule(tenant=house.tenant), name, [[31, 480, 960]])


def board(house: House, name: str = "Ny", **more: Any) -> Any:
    return enrol.enrol(house.site, name, more.pop("board", BOARD), urandom=counted_bytes(77 << 32), **more)


REFUSED: dict[str, Callable[[House], Any]] = {
    "a schedule without a name": lambda house: a_schedule(house, "  "),
    "a group without a name": lambda house: groups.save(AccessGroup(tenant=house.tenant), " ", {}, {}),
    "a site without a name": lambda house: sites.make(house.tenant.pk, " "),
    "a site of a zone that is none": lambda house: sites.make(house.tenant.pk, "Ny", "Europe/Nowhere"),
    "a site with a name that stands": lambda house: sites.make(house.tenant.pk, house.site.name),
    "a site with controllers is taken away": lambda house: sites.remove(house.site),
    "a controller without a name": lambda house: controllers.rename(house.controller, " "),
    "a holiday without a name": lambda house: holidays.add(house.tenant.pk, " ", date(2026, 5, 1)),
    "a holiday that ends before it begins": lambda house: holidays.add(
        house.tenant.pk, "fri", date(2026, 5, 2), date(2026, 5, 1)
    ),
    "a PIN of another kind": lambda house: pins.give(house.person, "card"),
    "a duress PIN without a PIN": lambda house: pins.give(house.person, "duress"),
    "PINs that are too short": lambda house: pins.set_length(house.tenant, DIGITS[0] - 1),
    "PINs that are too long": lambda house: pins.set_length(house.tenant, DIGITS[1] + 1),
    "no uses at all": lambda house: people.limit(house.person.grants.get(), uses=LEAST - 1),
    "too many uses": lambda house: people.limit(house.person.grants.get(), uses=MOST + 1),
    "a right that ends when it begins": lambda house: people.limit(house.person.grants.get(), clock.now(), clock.now()),
    "a card of another format": lambda house: people.give_card(house.person, 35, 1),
    "a card below nought": lambda house: people.give_card(house.person, 26, -1),
    "a card with too large a number": lambda house: people.give_card(house.person, 26, 1 << 24),
    "a card of the same person": lambda house: people.give_card(house.person, 26, 1204),
    "a facility code of too many bits": lambda house: people.card_number(26, 256, 1),
    "a number of too many bits": lambda house: people.card_number(26, 1, 1 << 16),
    "a facility code below nought": lambda house: people.card_number(34, -1, 1),
    "a printed number below nought": lambda house: people.card_number(34, 1, -1),
    "a controller's name that is too long": lambda house: board(house, LONG + "x"),
    "a door's name that is too long": lambda house: board(house, doors=["Dør", LONG + "x"]),
    "more names than doors": lambda house: board(house, doors=["1", "2", "3"]),
    "a board without doors": lambda house: board(house, board={"doors": []}),
    "a board of too many doors": lambda house: board(house, board={"doors": [{}] * (enrol.MOST_DOORS + 1)}),
    "a board whose doors are no objects": lambda house: board(house, board={"doors": [1]}),
    "a board of a name that stands": lambda house: board(house, house.controller.name),
    "a rollout to nobody": lambda house: updates.start(a_release(house), 0),
    "a rollout to more than all": lambda house: updates.start(a_release(house), 101),
}
TAKEN: dict[str, Callable[[House], Any]] = {
    "the longest name of a controller": lambda house: board(house, LONG)[0].name == LONG,
    "the longest name of a door": lambda house: board(house, doors=[LONG])[0].doors.first().name == LONG,
    "as many doors as a board may have": lambda house: board(house, board={"doors": [{}] * enrol.MOST_DOORS}),
    "one door": lambda house: board(house, board={"doors": [{}]})[0].doors.count() == 1,
    "the shortest PINs": lambda house: pins.set_length(house.tenant, DIGITS[0]) is None,
    "the longest PINs": lambda house: pins.set_length(house.tenant, DIGITS[1]) is None,
    "one use": lambda house: people.limit(house.person.grants.get(), uses=LEAST).uses == LEAST,
    "as many uses as there may be": lambda house: people.limit(house.person.grants.get(), uses=MOST).uses == MOST,
    "a right of a second": lambda house: people.limit(
        house.person.grants.get(), clock.now(), clock.now() + timedelta(seconds=1)
    ),
    "a right with an end alone": lambda house: people.limit(house.person.grants.get(), None, clock.now()),
    "the first and the last number of a card": lambda house: [
        people.give_card(house.person, 26, number) for number in (0, (1 << 24) - 1)
    ],
    "what is printed on a card": lambda house: (
        [people.card_number(26, 255, 65535), people.card_number(34, 65535, 0), people.card_number(26, 0, 7)]
        == [(1 << 24) - 1, 0xFFFF0000, 7]
    ),
    "a holiday of one day": lambda house: (
        holidays.add(house.tenant.pk, " fri ", date(2026, 5, 1), date(2026, 5, 1)).name == "fri"
    ),
    "a rollout to the first of a hundred": lambda house: updates.start(a_release(house), 1).boards.count() == 1,
    "a rollout to all": lambda house: updates.start(a_release(house), 100).boards.count() == 1,
    "names without the spaces around them": lambda house: (
        groups.save(AccessGroup(tenant=house.tenant), " nye ", {}, {}).name == "nye"
        and sites.make(house.tenant.pk, " Ny ").name == "Ny"
        and a_schedule(house, " dag ").name == "dag"
    ),
}


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows, what is sealed as it lies in the database."""
    found = [model for model in apps.get_models() if model.__module__.startswith(models.__name__)]
    return {
        model.__name__: [
            {name: str(value) for name, value in row.items()} for row in model.objects.order_by("pk").values()
        ]
        for model in found
    }


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_changed(house: House, what: str) -> None:
    before = everything()
    with transaction.atomic():
        with pytest.raises(Problem) as said, transaction.atomic():
            REFUSED[what](house)
        assert len(str(said.value)) > 20
    assert everything() == before


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_just_within_its_limit_is_taken(house: House, what: str) -> None:
    assert TAKEN[what](house)


def test_only_one_rollout_of_a_release_runs_and_never_to_a_lost_board(house: House, time_now: Stopped) -> None:
    release = a_release(house)
    there = House("Nabo", time_now, 2).controller
    lost_one = board(house)[0]
    Controller.objects.filter(pk=lost_one.pk).update(lost_at=clock.now())
    first = updates.start(release, 100)
    assert set(first.boards.values_list("controller", flat=True)) == {house.controller.pk, there.pk}
    with pytest.raises(Problem, match="is running"):
        updates.start(release, 100)
    updates.abort(first, "x" * 300)
    first.refresh_from_db()
    assert (first.state, first.why) == (Rollout.State.ABORTED, "x" * 200)
    assert not updates.settle(first), "boards are still waiting"
    first.boards.filter(controller=there).update(state=RolloutBoard.State.KEPT)
    second = updates.start(release, 100, [house.controller.pk, there.pk, lost_one.pk])
    assert list(second.boards.values_list("controller", flat=True)) == [house.controller.pk], "the other has it"
    updates.abort(second, "")
    other = Release.objects.create(build="0123456789ab", folder="none", size=1, added_at=clock.now())
    assert updates.start(other, 100, [there.pk]).boards.count() == 1, "of another release it has nothing yet"


def test_a_release_is_vouched_for_by_another_board_of_its_kind_that_has_read_a_card_since(
    house: House, time_now: Stopped
) -> None:
    """A board where nobody taps keeps new firmware on another's word: on its own, or of another kind, it must not."""
    release = a_release(house)
    there = House("Nabo", time_now, 2).controller
    mine, theirs = updates.start(release, 100).boards.order_by("controller")
    house.controller.refresh_from_db()

    def vouched() -> bool:
        return updates.vouched(release, house.controller)

    def tapped(controller: Controller, sequence: int, key: bytes | None = b"1234567", ago: int = 0) -> None:
        at = clock.now() - timedelta(seconds=ago)
        Event.objects.create(
            controller=controller, epoch=1, sequence=sequence, utc=at, code=codes.GRANTED, door_number=1, extra=0,
            flags=1, received_at=at, key=key,
        )  # fmt: skip

    tapped(house.controller, 1)
    mine.state = RolloutBoard.State.KEPT
    mine.save()
    assert not vouched(), "nobody vouches for himself"
    theirs.state = RolloutBoard.State.KEPT
    theirs.save()
    tapped(there, 1, ago=1)
    assert not vouched(), "that was before it kept the release"
    tapped(there, 2, key=None)
    assert not vouched(), "that was no card"
    tapped(there, 3)
    assert vouched()
    theirs.state = RolloutBoard.State.RETURNED
    theirs.save()
    assert not vouched(), "it went back"
    theirs.state = RolloutBoard.State.KEPT
    theirs.save()
    Controller.objects.filter(pk=there.pk).update(board={**BOARD, "name": "another"})
    assert not vouched(), "another kind of board"
    other = Release.objects.create(build="0123456789ab", folder="none", size=1, added_at=clock.now())
    assert not updates.vouched(other, house.controller)


def test_a_secret_counts_when_the_board_has_spoken_under_it_and_the_old_one_ends_after_its_time(
    house: House, time_now: Stopped
) -> None:
    pk = house.controller.pk
    there = House("Nabo", time_now, 2).controller
    assert rotation.wanted(pk, clock.now()) is None and rotation.wanted(999_999, clock.now()) is None
    before = bytes(house.row().link_secret)
    rotation.proven(pk, b"n" * 32, clock.now())
    rotation.proven(999_999, b"n" * 32, clock.now())
    assert bytes(house.row().link_secret) == before, "there is none that could be proven"
    assert rotation.begin(pk, lambda n: b"n" * n)
    assert rotation.wanted(pk, clock.now()) == b"n" * 32 and rotation.wanted(there.pk, clock.now()) is None
    rotation.proven(pk, b"x" * 32, clock.now())
    assert bytes(house.row().link_secret) == before, "another secret proves nothing"
    rotation.proven(pk, b"n" * 32, clock.now())
    row = house.row()
    assert bytes(row.link_secret) == b"n" * 32 and row.next_secret is None
    assert (row.secret_at, row.secrets_held) == (clock.now(), 2)
    time_now.now += rotation.KEEP.total_seconds() - 1
    assert rotation.wanted(pk, clock.now()) is None, "the board may still need the old one"
    time_now.now += 1
    assert rotation.wanted(pk, clock.now()) == b""
    rotation.held(pk, 1)
    assert rotation.wanted(pk, clock.now()) is None
    assert (there.refresh_from_db(), there.secrets_held)[1] != 2


@pytest.mark.parametrize(
    ("bits", "number", "printed"),
    [(26, 0x12_3456, (0x12, 0x3456)), (34, 0xFFFF_0001, (0xFFFF, 1)), (32, 5, None), (26, None, None)],
)
def test_what_is_printed_on_a_card_is_told_only_where_it_is_known(bits: int, number: Any, printed: Any) -> None:
    assert learning.printed(Reading(bits=bits, number=number)) == printed


def test_keys_of_a_chain_are_of_this_controller(house: House, time_now: Stopped) -> None:
    """keep_key is asked with a controller's number: the same place of another's log keeps its own key."""
    there = House("Nabo", time_now, 2).controller
    chain.keep_key(there.pk, 5, 1, b"t" * 16)
    chain.keep_key(house.controller.pk, 5, 1, b"m" * 16)
    kept = models.LogKey.objects.values_list("controller", "key")
    assert {pk: bytes(key) for pk, key in kept} == {there.pk: b"t" * 16, house.controller.pk: b"m" * 16}


def test_a_site_is_named_once_in_its_tenant_and_again_in_another(house: House, time_now: Stopped) -> None:
    there = House("Nabo", time_now, 2)
    assert Site.objects.filter(name=house.site.name).count() == 2
    with pytest.raises(Problem, match="already"):
        sites.change(sites.make(there.tenant.pk, "Annet"), name=there.site.name)
    assert Credential.objects.filter(tenant=there.tenant).count() == 1
