"""Erasure as a request: done here, followed until each controller reports its list without them, over power cuts."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asking import ENGLISH, Asking
from cloud_world import BOARD, House, Stopped, Wire, counted_bytes
from django.test import Client
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller import records
from tools.cloud.audit import looks
from tools.cloud.controllers import enrol, lost
from tools.cloud.lockers import about, deliveries, notices
from tools.cloud.log import chain
from tools.cloud.members import links, members
from tools.cloud.models import (
    Change,
    Credential,
    DataRequest,
    Delivery,
    ErasedAt,
    Event,
    Grant,
    Look,
    Notice,
    Partner,
    Person,
    Role,
    Tenant,
    User,
)
from tools.cloud.partners import partners
from tools.cloud.people import erasure, people
from tools.cloud.privacy import erasing, leaving, requests
from tools.cloud.residents import accounts
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

DAY = 86_400.0
KEY = bytes(range(16))


class Board:
    """A controller with a chained log, in which Ingrid passes."""

    def __init__(self, line: Wire, settings: dict[str, Any]) -> None:
        self.line, self.before, self.key = line, bytes(8), KEY
        self.board: FakeController = line.connect(settings)
        self.board.begin()
        self.board.hello(chain=[1, KEY.hex()])
        self.go()

    def go(self, times: int = 5) -> None:
        self.board.ping()
        for _ in range(times):
            self.line.poll(1)

    def passes(self, key: bytes, times: int = 1) -> None:
        from binascii import crc32

        for _ in range(times):
            number, utc = len(self.board.log) + 1, int(self.line.time.now)
            bare = records.pack_event(number, utc, codes.GRANTED, 1, 0, codes.TIME_TRUSTED, key)
            self.before = records.chain_mac(self.key, self.before, bare)
            body = bare[:20] + self.before
            self.board.log.append(body + crc32(body).to_bytes(4, "little"))

    def sends(self) -> None:
        self.board.send_events(self.board.acknowledged + 1, self.board.last)


def faults(house: House) -> list[tuple[int, str]]:
    return [(fault.sequence, fault.what) for fault in chain.verify(house.row(), chain.ChainWalk())]


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def erased(row: DataRequest) -> DataRequest:
    row.refresh_from_db()
    return row


def test_it_is_done_when_every_controller_has_reported_the_new_digest(home: Asking, line: Wire) -> None:
    other, settings = enrol.enrol(home.site, "Garasje", BOARD, doors=["Port", "Bod"], urandom=counted_bytes(9 << 40))
    home.group.doors.add(*other.doors.all())
    board, away = Board(line, home.settings), Board(line, settings)
    assert board.board.may_pass(26, 1204, 1) and away.board.may_pass(26, 1204, 1)
    del line.controllers[away.board.id]  # hears nothing from now on
    row, token = requests.make(home.person, "erasure", "Jeg flytter")
    office = home.office()
    assert office.post(f"/requests/{row.pk}/erase").status_code == 302
    assert not Person.objects.filter(pk=home.person.pk).exists()
    assert erased(row).state == "erasing" and row.person is None and bytes(row.said) == b""
    board.go()
    assert not board.board.may_pass(26, 1204, 1)
    erasing.go_on(clock.now())
    mine = ErasedAt.objects.get(controller=home.controller)
    assert mine.held_at and mine.digest == home.row().held_acl_digest and mine.version == home.row().held_acl_version
    assert erased(row).state == "erasing", "the garage has not been reached"
    text = office.get(f"/requests/{row.pk}/").content.decode()
    assert f"digest {mine.digest}" in text and "has not been reached yet" in text
    line.controllers[away.board.id] = away.board
    away.board.connect()
    away.go()
    assert not away.board.may_pass(26, 1204, 1)
    erasing.go_on(clock.now())
    assert erased(row).state == "done" and row.closed_at is not None
    steps = list(row.steps.values_list("what", flat=True))
    assert steps == ["made", "begun", "erased", "done"]
    receipt = Client(headers=ENGLISH).get(f"/request/{token}").content.decode()
    assert receipt.count("reported its access list without them") == 2
    assert "Ingrid" not in receipt and "Garasje" not in receipt and "Oppgang" not in receipt


def test_a_wrong_digest_is_no_report(home: Asking, line: Wire) -> None:
    board = Board(line, home.settings)
    row = erasing.at_once(home.person, members=True)
    board.board.deaf.update(range(256))
    version = home.row().acl_version
    board.board.version, board.board.table = version, {}
    board.board.table[b"1234567"] = b"1234567" + bytes(5)  # somebody else's key stands there
    board.board.hello()
    erasing.go_on(clock.now())
    assert home.row().held_acl_version == version and erased(row).state == "erasing"
    board.board.table = {}
    board.board.hello()
    erasing.go_on(clock.now())
    assert erased(row).state == "done"


def test_the_log_keeps_number_and_chain_and_verifies_on(home: Asking, line: Wire) -> None:
    board = Board(line, home.settings)
    key = board.board.key(26, 1204)
    home.add_card("Ola", 77)
    board.passes(key, 3)
    board.passes(board.board.key(26, 77), 2)
    board.sends()
    assert set(Event.objects.values_list("credential__person__name", flat=True)) == {"Ingrid Solheim", "Ola"}
    chains = list(Event.objects.order_by("sequence").values_list("sequence", "code", "chain"))
    assert faults(home) == []
    row = erasing.at_once(home.person, members=True)
    assert list(Event.objects.order_by("sequence").values_list("sequence", "code", "chain")) == chains
    gone = Event.objects.filter(anonymous=True)
    assert gone.count() == 3 and not gone.exclude(key=None, credential=None).exists()
    assert not Event.objects.filter(key=key).exists(), "the pseudonym is gone too"
    assert faults(home) == []
    walk = chain.ChainWalk()
    list(chain.verify(home.row(), walk))
    assert (walk.events, walk.proven, walk.erased) == (5, 2, 3)
    assert erased(row).receipt["counts"]["events"] == 3
    # A new worker, and the same events once more: nothing is taken for another log, or a break.
    line.ingest = line.new_ingest(8)
    board.board.connect()
    board.board.send_events(1, 5)
    board.passes(board.board.key(26, 77), 2)
    board.sends()
    assert faults(home) == [] and not Event.objects.filter(code=codes.CHAIN_BROKEN).exists()
    assert Event.objects.filter(chain_ok=True).count() == 7
    Event.objects.filter(sequence=4).update(extra=9)
    assert faults(home) == [(4, "altered")], "the walk can still fail"


def test_what_a_board_sends_late_is_made_anonymous_too(home: Asking, line: Wire) -> None:
    board = Board(line, home.settings)
    key = board.board.key(26, 1204)
    line.holding = True
    board.passes(key, 2)  # while nobody hears it
    row = erasing.at_once(home.person, members=True)
    line.holding = False
    board.board.connect()
    board.go()
    board.sends()
    assert Event.objects.filter(key=key).count() == 2
    housekeeping.tidy(clock.now())
    assert not Event.objects.filter(key=key).exists() and Event.objects.filter(anonymous=True).count() == 2
    assert faults(home) == [] and erased(row).state == "done"
    assert bytes(ErasedAt.objects.get().keys) == key, "there may be more"
    line.time.now += 3601
    board.board.hello()
    housekeeping.tidy(clock.now())
    assert bytes(ErasedAt.objects.get().keys) == b""


def test_the_last_owner_is_refused_and_told_what_to_do(home: Asking) -> None:
    Person.objects.filter(pk=home.person.pk).update(user=home.owner)
    row, _ = requests.make(home.person, "erasure")
    answer = home.office().post(f"/requests/{row.pk}/erase", follow=True)
    assert "make somebody else an owner first" in answer.content.decode()
    assert erased(row).state == "open" and Person.objects.filter(pk=home.person.pk).exists()
    members.invite(home.tenant, "ny@example.test", Role.OWNER)
    home.person.refresh_from_db()
    erasing.begin(row, members=True)
    erasing.carry_out(row)
    assert not User.objects.filter(pk=home.owner.pk).exists()
    assert not Change.objects.filter(name=home.owner.email).exists()


def test_who_is_a_member_is_erased_by_an_owner_only(home: Asking) -> None:
    boss = members.invite(home.tenant, "sjef@example.test", Role.VIEWER)
    Person.objects.filter(pk=home.person.pk).update(user=boss.user)
    row, _ = requests.make(Person.objects.get(pk=home.person.pk), "erasure")
    answer = home.office(home.admin).post(f"/requests/{row.pk}/erase", follow=True)
    assert "an owner has to erase them" in answer.content.decode() and erased(row).state == "open"
    answer = home.office(home.admin).post(f"/people/{home.person.pk}/erase", follow=True)
    assert "an owner has to erase them" in answer.content.decode()
    token = links.make_token(home.tenant, "t", Role.ADMINISTRATOR)
    said = Client(headers={"authorization": f"Bearer {token}"}).delete(f"/api/people/{home.person.pk}")
    assert said.status_code == 400 and Person.objects.filter(pk=home.person.pk).exists()


def test_an_owner_who_became_the_last_one_meanwhile_stops_it(home: Asking) -> None:
    second = members.invite(home.tenant, "to@example.test", Role.OWNER)
    Person.objects.filter(pk=home.person.pk).update(user=home.owner)
    row, _ = requests.make(Person.objects.get(pk=home.person.pk), "erasure")
    erasing.begin(row, members=True)
    members.end(second)
    erasing.go_on(clock.now())
    assert erased(row).state == "open" and row.steps.last().what == "stopped"
    assert Person.objects.filter(pk=home.person.pk).exists()


def test_a_controller_that_never_comes_back_is_named_with_what_it_could_tell(home: Asking) -> None:
    row = erasing.at_once(home.person, members=True)
    assert row.state == "erasing"
    lost.lost(home.controller, None)
    erasing.go_on(clock.now())
    assert erased(row).state == "done"
    text = home.office().get(f"/requests/{row.pk}/").content.decode()
    assert "what it held nobody can erase" in text and "keyed hashes" in text
    assert not ErasedAt.objects.exclude(keys=b"").exists()


def test_words_about_parcels_go_with_the_person(home: Asking) -> None:
    home.browser(home.person)
    assert home.person.user
    email = home.person.user.email
    bank, other = home.add_bank(name="Kari", email="kari@example.test")
    mine, _ = deliveries.make(
        bank, about.entered(name="Ingrid", email=email, description="Bok"), reference="fra Ingrid"
    )
    elsewhere, _ = deliveries.make(bank, about.entered(name="Ingrid", email=email.upper()))
    Delivery.objects.filter(pk=elsewhere.pk).update(recipient=None)
    given, _ = deliveries.make(bank, about.entered(name="Ola", unit="H0101", giver="Ingrid", giver_email=email))
    notices.make(mine, Notice.Kind.DEPOSITED, clock.now())
    row = erasing.at_once(home.person, members=True)
    said = {one.pk: about.of(one) for one in Delivery.objects.all()}
    assert said[mine.pk] == said[elsewhere.pk] == about.About()
    assert said[given.pk] == about.About(name="Ola", unit="H0101")
    assert said[other.pk].name == "Kari", "another's stays"
    assert not Notice.objects.filter(delivery=mine).exists()
    assert Delivery.objects.get(pk=mine.pk).reference == ""
    assert erased(row).receipt["counts"]["parcels"] == 3
    assert not User.objects.filter(email=email).exists()


def test_the_receipt_names_directory_and_partners(home: Asking) -> None:
    from tools.cloud.models import ScimUser

    ScimUser.objects.create(tenant=home.tenant, person=home.person, user_name="ingrid", user_key="ingrid")
    partners.make(home.tenant, "Renhold AS", home.doors, list(Partner.Scope), None)
    row = erasing.at_once(home.person, members=True)
    text = home.office().get(f"/requests/{row.pk}/").content.decode()
    assert "Renhold AS" in text and "directory knew them" in text


def test_whoever_erases_at_once_gets_a_receipt_too(home: Asking) -> None:
    looks.note([home.tenant.pk], Look.What.EXPORT, clock.now(), person=home.person)
    home.office(home.admin).post(f"/people/{home.person.pk}/erase")
    row = home.last()
    assert (row.way, row.kind, row.state) == ("office", "erasure", "erasing")
    assert row.receipt["counts"] == {
        "cards": 1, "groups": 1, "events": 0, "parcels": 0, "looks": 1,
        "changes": Change.objects.filter(erased=True).count() - 1,
    }  # fmt: skip
    assert Look.objects.get(what="erased").user == home.admin
    assert "Ingrid" not in json.dumps(list(Change.objects.values_list("name", "before", "after")))


def test_what_else_they_asked_for_ends_with_them(home: Asking) -> None:
    other, _ = requests.make(home.person, "access", "Kopi, takk", "Ingrid", "pr telefon")
    asked, token = requests.make(home.person, "erasure")
    row = erasing.at_once(home.person, members=True)
    assert row.pk == asked.pk, "the request that there was is the one that is followed"
    other.refresh_from_db()
    assert (other.state, other.asked_by, other.checked, bytes(other.said)) == ("taken back", "", "", b"")
    with pytest.raises(Refusal, match="closed"):
        requests.take_back(row)
    assert requests.find(token) == row


# Where the power fails: what is called there -> whether the person is still there afterwards.
CUTS = {
    "begun": ("erasing", "carry_out", True),
    "half done": ("erasure", "_forget_account", True),
    "done, not followed": ("erasing", "_follow", True),
    "committed": ("erasure", "overwrite", False),
}
DIES = """
import os, sys
import tools, django
django.setup()
from tools.cloud.models import DataRequest, Person
from tools.cloud.people import erasure
from tools.cloud.privacy import erasing, requests
where, what = sys.argv[1:]
row, _ = requests.make(Person.objects.get(name="Unni Utflytter"), "erasure", "Unni Utflytter flytter")
setattr({"erasing": erasing, "erasure": erasure}[where], what, lambda *_, **__: os._exit(9))
erasing.begin(row, members=True)
erasing.carry_out(row)
"""
PREPARES = """
import tools, django
django.setup()
from tables import make_tables
make_tables()
from asking import Asking
from cloud_world import Stopped
from tools.cloud.people import people
from tools.cloud.residents import accounts
home = Asking(Stopped())
person = home.add_person("Unni Utflytter")
people.give_card(person, 34, 0xB1C2D3E4)
accounts.invite(person, "unni-1@example.test", home.admin)
"""
GOES_ON = """
import json
import tools, django
django.setup()
from tools.cloud.controllers import lost
from tools.cloud.models import Controller, DataRequest, Person
from tools.cloud.services import clock, housekeeping
there = Person.objects.filter(name="Unni Utflytter").exists()
state = DataRequest.objects.get().state
housekeeping.tidy(clock.now())
row = DataRequest.objects.get()
left = Person.objects.filter(name="Unni Utflytter").exists()
print(json.dumps([there, state, row.state, left, row.controllers.count()]))
lost.lost(Controller.objects.get(), None)
housekeeping.tidy(clock.now())
assert DataRequest.objects.get().state == "done"
"""


@pytest.mark.parametrize("cut", CUTS)
def test_after_a_power_cut_in_its_middle_it_goes_on(cut: str, tmp_path: Path) -> None:
    where, what, there = CUTS[cut]
    here = Path(__file__).parents[1]
    env = os.environ | {
        "PORTVAKT_DATA": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "SECRET_KEY": "tests",
        "PYTHONPATH": f"{here.parents[2]}:{here}:{Path(__file__).parent}",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)

    def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, *words]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=100)

    made = run(PREPARES)
    assert made.returncode == 0, made.stderr
    assert (died := run(DIES, where, what)).returncode == 9, died.stderr
    on = run(GOES_ON)
    assert on.returncode == 0, on.stderr
    assert json.loads(on.stdout) == [there, "erasing", "erasing", False, 1]
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Unni Utflytter" not in content and b"unni-" not in content


# --- by itself


def test_who_has_no_right_any_more_is_erased_by_themselves_within_80_days(home: Asking, time_now: Stopped) -> None:
    end = clock.now() + timedelta(days=10)
    people.limit(Grant.objects.get(person=home.person), valid_until=end)
    housekeeping.tidy(clock.now())
    assert Person.objects.get(pk=home.person.pk).left_at is None
    time_now.now = end.timestamp() + 1800  # the worker comes by within the hour
    housekeeping.tidy(clock.now())
    person = Person.objects.get(pk=home.person.pk)
    assert person.left_at == end
    office = home.office()
    assert "erased by itself on" in office.get(f"/people/{person.pk}/").content.decode()
    assert "Ingrid Solheim" in office.get("/privacy/").content.decode()
    time_now.now = (end + timedelta(days=80)).timestamp() - 1
    housekeeping.tidy(clock.now())
    assert Person.objects.filter(pk=home.person.pk).exists()
    time_now.now += 1
    housekeeping.tidy(clock.now())
    assert not Person.objects.filter(pk=home.person.pk).exists()
    assert (home.last().way, home.last().kind) == ("itself", "erasure")


def stays(home: Asking, days: int, time_now: Stopped) -> bool:
    housekeeping.tidy(clock.now())
    time_now.now += days * DAY
    housekeeping.tidy(clock.now())
    return Person.objects.filter(pk=home.person.pk).exists()


@pytest.mark.parametrize("reason", ["access", "account", "parcel", "compartment"])
def test_whoever_has_something_here_stays(home: Asking, time_now: Stopped, reason: str) -> None:
    bank, delivery = home.add_bank()
    if reason != "access":
        people.take_out(Grant.objects.get(person=home.person))
    if reason == "account":
        accounts.invite(home.person, "ingrid@hjem.test", home.admin)
    if reason == "parcel":
        Delivery.objects.filter(pk=delivery.pk).update(recipient=home.person)
    if reason == "compartment":
        bank.allotments.create(compartment=1, mark=1, person=home.person, made_at=clock.now(), held=True)
    housekeeping.tidy(clock.now())
    assert Person.objects.get(pk=home.person.pk).left_at is None


def test_who_is_not_active_has_no_right_whatever_they_hold(home: Asking, time_now: Stopped) -> None:
    people.change(home.person, active=False)
    assert not stays(home, 80, time_now)


def test_who_gets_a_right_again_stays(home: Asking, time_now: Stopped) -> None:
    people.change(home.person, active=False)
    assert stays(home, 79, time_now)
    people.change(Person.objects.get(pk=home.person.pk), active=True)
    assert stays(home, 200, time_now)


def test_where_it_is_switched_off_nobody_goes_and_owners_choose_the_days(home: Asking, time_now: Stopped) -> None:
    office, page = home.office(), f"/tenants/{home.tenant.pk}/erase-after"
    assert office.post(page, {"days": "81"}, follow=True).status_code == 200
    assert Tenant.objects.get().erase_after == 80, "more than that is not promised"
    office.post(page, {"days": ""})
    people.change(home.person, active=False)
    assert stays(home, 400, time_now)
    assert "until the person asks" in office.get("/privacy/kept").content.decode()
    office.post(page, {"days": "5"})
    housekeeping.tidy(clock.now())
    assert not Person.objects.filter(pk=home.person.pk).exists()
    assert Change.objects.filter(kind="tenant", after__erase_after=5, user=home.owner).exists()


def test_an_end_that_is_noticed_late_counts_from_then(home: Asking, time_now: Stopped) -> None:
    """As after an update to this version: nobody is erased whom nobody was told of."""
    Grant.objects.filter(person=home.person).update(valid_until=clock.now() - timedelta(days=300))
    leaving.note(clock.now())
    assert Person.objects.get(pk=home.person.pk).left_at == clock.now()


def test_members_of_the_organisation_stay_while_they_are(home: Asking, time_now: Stopped) -> None:
    Person.objects.filter(pk=home.person.pk).update(user=home.admin, active=False)
    assert stays(home, 200, time_now)
    assert not re.search(r"erased by itself", home.office().get("/privacy/").content.decode())


def test_nothing_is_anonymous_of_anybody_else(home: Asking, line: Wire) -> None:
    board = Board(line, home.settings)
    home.add_card("Ola", 77)
    board.passes(board.board.key(26, 77), 2)
    board.passes(b"unknown", 1)
    board.sends()
    erasing.at_once(home.person, members=True)
    assert not Event.objects.filter(anonymous=True).exists()
    assert Event.objects.filter(credential__isnull=False).count() == 2
    assert erasure.keys_of(Credential.objects.get(number=77).person)
