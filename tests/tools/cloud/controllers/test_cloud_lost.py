"""A board given up as lost: shut out, its queue ended, what it ever knew listed exactly; zones as POSIX rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events as codes
from tools.cloud.controllers import enrol, lost
from tools.cloud.doors import commands
from tools.cloud.models import AclEntry, Command, Controller, Event, Exposure, Site
from tools.cloud.people import people
from tools.cloud.rules import zones
from tools.terminal import Problem


def test_what_a_lost_board_knew_is_listed_exactly(house: House) -> None:
    still = house.add_card("Olav", 77)
    once = house.add_card("Kari", 78)  # was on the board, is not any more, and still works elsewhere
    once.person.grants.get().delete()
    gone = house.add_card("Per", 79)
    people.revoke(gone)
    never = people.give_card(type(house.person).objects.create(tenant=house.tenant, name="Aldri"), 26, 80)
    assert lost.lost(house.controller, None) == 3
    assert {card.pk for card in lost.to_replace(house.controller)} == {house.card.pk, still.pk, once.pk}
    assert not Exposure.objects.filter(credential__in=[gone, never]).exists()
    people.revoke(still)
    assert {card.pk for card in lost.to_replace(house.controller)} == {house.card.pk, once.pk}


def test_a_lost_board_is_deaf_and_dumb(house: House, time_now: Stopped) -> None:
    line = Wire(time_now)
    board = line.connect(house.settings).connect()
    secret = bytes(house.row().link_secret)
    waiting = commands.release(house.doors[0], None)
    lost.lost(house.controller, None)
    row = house.row()
    assert bytes(row.link_secret) != secret and bytes(row.table_key).hex() != house.settings["table_key"]
    assert Command.objects.get(pk=waiting.pk).state == Command.State.EXPIRED
    assert not AclEntry.objects.exists()
    line.poll(1.1)
    board.record(codes.GRANTED, key=board.key(26, 1204))
    board.send_events(1, 1)
    board.begin()
    assert not Event.objects.exists()
    assert board.released == []
    house.add_card("Ny", 99)
    assert not AclEntry.objects.exists()


def test_a_board_is_given_up_once(house: House) -> None:
    lost.lost(house.controller, None)
    with pytest.raises(Problem, match="reported lost before"):
        lost.lost(house.controller, None)


def test_only_a_lost_board_is_replaced(house: House) -> None:
    with pytest.raises(Problem, match="give it up as lost first"):
        enrol.enrol(house.site, "Ny", house.controller.board, replaces=house.controller)
    lost.lost(house.controller, None)
    house.controller.refresh_from_db()
    with pytest.raises(Problem, match="more doors than this board"):
        enrol.enrol(house.site, "Ny", {"doors": [{}]}, replaces=house.controller)


@pytest.mark.parametrize("theirs", [True, False], ids=["another tenant", "another site of the tenant"])
def test_a_lost_controller_is_replaced_at_its_own_site_only(house: House, time_now: Stopped, theirs: bool) -> None:
    """Its doors come with who may pass there: they are nobody's at another site."""
    site = House("Annet sted", time_now, 9).site if theirs else Site.objects.create(tenant=house.tenant, name="Garasje")
    lost.lost(house.controller, None)
    house.controller.refresh_from_db()
    with pytest.raises(Problem, match="not a lost controller of this site"):
        enrol.enrol(site, "Ny", house.controller.board, replaces=house.controller)
    assert not Controller.objects.filter(site=site, name="Ny").exists()
    assert house.row().replaced_by_id is None
    new, _ = enrol.enrol(house.site, "Ny", house.controller.board, replaces=house.controller)
    assert house.row().replaced_by_id == new.pk


@pytest.mark.parametrize("name", ["Europe/Oslo", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
def test_a_zone_has_the_rule_that_its_clock_follows(name: str) -> None:
    rule = zones.posix(name)
    winter, summer = (datetime(2036, month, 15, 12, tzinfo=UTC).astimezone(ZoneInfo(name)) for month in (1, 7))
    offsets = {winter.utcoffset(), summer.utcoffset()}
    assert ("," in rule) == (len(offsets) == 2)
    hours = rule.lstrip("<>+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") or rule
    assert rule.isascii() and hours is not None
    if name == "Europe/Oslo":
        assert rule == "CET-1CEST,M3.5.0,M10.5.0/3" and offsets == {timedelta(hours=1), timedelta(hours=2)}


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "/etc/localtime", ""])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="no time zone"):
        zones.posix(name)
