"""What a partner's system is told by itself: its doors' passages and people, signed, and nothing it could not ask."""

import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.test import Client
from test_partners import ALL, asks, at_second_door, passes

from firmware.controller import events
from tools.cloud.doors import door_rules
from tools.cloud.lockers import sending
from tools.cloud.members import members
from tools.cloud.models import (
    ApiToken,
    Change,
    Event,
    Membership,
    Partner,
    PartnerCall,
    PartnerTold,
    Role,
    User,
    Webhook,
    WebhookCall,
)
from tools.cloud.partners import feed, partners
from tools.cloud.people import erasure, people
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal
from tools.cloud.webhooks import https

URL = "https://partner.example.test/hook"


def test_only_what_has_waited_for_a_day_is_given_up(house: House, time_now: Stopped) -> None:
    partners.make(house.tenant, "Vaktselskap", house.doors, ["people", "log"])
    feed.put(Partner.objects.get(), URL)
    made = {"webhook": Webhook.objects.get(), "kind": "people", "content": "{}", "state": "waiting"}
    now = clock.now()
    for ago in (feed.WAITS, feed.WAITS - timedelta(minutes=1), timedelta(0)):
        WebhookCall.objects.create(**made, at=now, made_at=now - ago, next_at=now)
    feed.forget(now)
    states = WebhookCall.objects.filter(kind="people").order_by("made_at").values_list("state", flat=True)
    assert list(states) == ["failed", "waiting", "waiting"]


class System:
    """A partner's system: what it was told, and what it answers. status: an error is raised."""

    def __init__(self, house: House, owner: User, scopes: Any = ALL, door: int = 0) -> None:
        self.house = house
        self.ask = asks(partners.make(house.tenant, "Renhold AS", [house.doors[door]], scopes, by=owner))
        self.partner = Partner.objects.latest("pk")
        self.secret = feed.put(self.partner, URL)
        self.status: Any = 204
        self.calls: list[tuple[dict[str, Any], Any]] = []

    def post(self, url: str, content: bytes, headers: Any, **more: Any) -> int:
        more["last"]()
        assert url == URL
        self.calls.append((json.loads(content), headers))
        if isinstance(self.status, Exception):
            raise self.status
        return int(self.status)

    def hears(self, seconds: float = 15) -> list[tuple[str, Any]]:
        """[(type, data)] of what it is told until then."""
        before = len(self.calls)
        self.house.time.now += seconds
        sending.once(None, clock.now(), self.post)
        return [(said["type"], said["data"]) for said, _ in self.calls[before:]]


@pytest.fixture
def owner(house: House) -> User:
    user = User.objects.named("eier@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.OWNER)
    return user


@pytest.fixture
def system(house: House, owner: User) -> System:
    return System(house, owner)


def test_passages_are_told_as_the_partner_could_ask_for_them(house: House, system: System) -> None:
    assert system.hears() == []
    passes(house, 1)
    passes(house, 2)
    passes(house, 1, events.GRANTED_DURESS)
    passes(house, 1, events.DOOR_FORCED)
    [(kind, data)] = system.hears()
    asked = system.ask("/events")[1]["events"]
    assert kind == "door.passages" and len(asked) == 3 and [one["what"] for one in data["events"]] == ["granted"] * 2
    plain = [{**one, "at": ""} for one in data["events"]]
    assert all(one in [{**other, "at": ""} for other in asked] for one in plain)
    assert data["events"][0]["person"] == system.ask("/people")[1]["people"][0]["id"]
    assert house.person.name not in json.dumps(data)
    assert system.hears() == []


def test_a_call_is_signed_and_an_old_one_says_nothing(house: House, system: System) -> None:
    passes(house, 1)
    seen: list[tuple[bytes, Any]] = []

    def post(_: str, content: bytes, headers: Any, **more: Any) -> int:
        seen.append((content, headers))
        return 500 if len(seen) < 3 else 200

    for _ in range(3):
        house.time.now += 60
        sending.once(None, clock.now(), post)
    assert len(seen) == 3 and len({content for content, _ in seen}) == 1
    assert len({headers["webhook-id"] for _, headers in seen}) == 1, "the same call at every try"
    assert len({headers["webhook-timestamp"] for _, headers in seen}) == 3, "each try is of its own time"
    key = base64.b64decode(system.secret.removeprefix("whsec_"))
    for content, headers in seen:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
        mac = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        assert hmac.compare_digest(headers["webhook-signature"], f"v1,{mac}")


def test_who_comes_and_goes_is_told(house: House, system: System) -> None:
    known = {one["name"]: one["id"] for one in system.ask("/people")[1]["people"]}
    assert system.hears() == [], "who was there before is not told"
    person = house.add_person("Ola Nordmann")
    at_second_door(house, "Bare postrommet")
    [(kind, data)] = system.hears()
    [joined] = data["joined"]
    assert (kind, joined["name"], data["left"], data["changed"]) == ("door.people", "Ola Nordmann", [], [])
    people.change(person, name="Ola Berg")
    assert system.hears()[0][1]["changed"] == [{**joined, "name": "Ola Berg"}]
    people.change(house.person, active=False)
    assert system.hears()[0][1]["left"] == [{"id": known[house.person.name]}]
    assert system.hears() == []
    other = System(house, User.objects.get(email="eier@example.test"))
    assert joined["id"] not in PartnerTold.objects.filter(feed__webhook__token=other.partner.token).values_list(
        "pseudonym", flat=True
    )


def test_a_grant_that_ends_by_itself_is_told_within_a_minute(house: House, system: System) -> None:
    house.person.grants.update(valid_until=clock.now() + timedelta(seconds=30))
    assert system.hears(15) == []
    assert system.hears(61)[0][1]["left"]


@pytest.mark.parametrize("scope", [Partner.Scope.PEOPLE, Partner.Scope.LOG, None])
def test_what_was_not_allowed_is_not_told(house: House, owner: User, scope: Any) -> None:
    system = System(house, owner, [scope] if scope else [])
    passes(house, 1)
    house.add_person("Ola Nordmann")
    told = {"people": ["door.people"], "log": ["door.passages"], None: []}[scope]
    assert [kind for kind, _ in system.hears()] == told


def test_what_becomes_forbidden_while_it_waits_does_not_leave(house: House, system: System) -> None:
    system.status = 500
    passes(house, 1)
    house.add_person("Ola Nordmann")
    assert len(system.hears()) == 2
    system.status = 204
    feed.change(system.partner, [house.doors[0]], [])
    assert system.hears(3600) == []
    assert set(WebhookCall.objects.values_list("state", "content")) == {("failed", "")}
    assert not PartnerTold.objects.exists()


def test_a_door_that_is_taken_away_and_a_person_who_left_are_left_out(house: House, system: System) -> None:
    system.status = 500
    passes(house, 1)
    person = house.add_person("Ola Nordmann")
    house.add_person("Kari Nordmann")
    system.hears()
    system.status = 204
    people.change(person, active=False)
    feed.change(system.partner, [house.doors[1]], ALL)
    passes(house, 2)
    told = system.hears(3600)
    assert "Ola Nordmann" not in json.dumps(told) and house.doors[0].pk not in [
        one["door"] for kind, data in told if kind == "door.passages" for one in data["events"]
    ]
    assert any("Kari Nordmann" in json.dumps(data) for _, data in told)
    house.time.now += 15
    assert [one["door"] for _, data in system.hears() for one in data.get("events", ())] == [house.doors[1].pk]


def test_who_may_know_the_log_later_is_not_told_what_was_before(house: House, owner: User) -> None:
    system = System(house, owner, [Partner.Scope.PEOPLE])
    passes(house, 1)
    feed.change(system.partner, [house.doors[0]], ALL)
    assert system.hears() == []
    passes(house, 1)
    assert [kind for kind, _ in system.hears()] == ["door.passages"]


def test_a_system_that_is_away_is_told_in_order_afterwards_and_one_call_waits(house: House, system: System) -> None:
    system.status = OSError("connection refused")
    for n in range(150):
        Event.objects.create(
            controller=house.controller, epoch=1, sequence=n, door_number=1, code=events.GRANTED, extra=n % 200,
            flags=1, utc=clock.now() + timedelta(seconds=n), received_at=clock.now(), credential=house.card, count=0,
        )  # fmt: skip
    for _ in range(5):
        system.hears(600)
    assert WebhookCall.objects.filter(state="waiting").count() == 1
    system.status = 204
    told = [one["at"] for _ in range(3) for _, data in system.hears(7200) for one in data["events"]]
    assert len(told) == 150 and told == sorted(told)


def test_turned_off_nothing_leaves_what_waits_neither(house: House, owner: User, system: System) -> None:
    passes(house, 1)
    system.status = 500
    assert len(system.hears()) == 1
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post(f"/partners/{system.partner.pk}/webhook/end").status_code == 302
    passes(house, 1)
    assert system.hears(3600) == [] and not Webhook.objects.exists() and not WebhookCall.objects.exists()


def test_turned_off_at_the_last_moment_nothing_leaves(house: House, system: System) -> None:
    passes(house, 1)
    house.time.now += 15
    left: list[bytes] = []

    def post(_: str, content: bytes, headers: Any, last: Any) -> int:
        members.revoke(ApiToken.objects.get())  # while the line is made
        last()
        left.append(content)
        return 204

    assert sending.once(None, clock.now(), post) == 0 and not left


def test_it_ends_with_the_owner_who_made_it(house: House, owner: User, system: System) -> None:
    passes(house, 1)
    Membership.objects.filter(user=owner).update(role=Role.VIEWER)
    assert system.hears() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost"])
def test_no_call_goes_to_a_machine_of_this_network(house: House, owner: User, host: str) -> None:
    """Whatever its name leads to when it is called (webhooks/https.py)."""
    system = System(house, owner)
    feed.put(system.partner, f"https://{host}/")
    passes(house, 1)
    house.time.now += 15
    assert sending.once(None, clock.now(), https.post) == 0
    assert "no address of the open internet" in WebhookCall.objects.get().why
    with pytest.raises(Refusal):
        feed.put(system.partner, "http://partner.example.test/")


def test_a_redirection_is_a_call_that_did_not_arrive(house: House, system: System) -> None:
    passes(house, 1)
    system.status = 302
    assert len(system.hears()) == 1
    assert WebhookCall.objects.get().why == "it answered 302"


def test_each_call_counts_as_one_of_its_own(house: House, system: System) -> None:
    passes(house, 1)
    system.status = 500
    system.hears()
    system.status = 204
    system.hears()
    counted = PartnerCall.objects.get(what="webhook")
    assert (counted.count, counted.refused) == (2, 1)


def test_what_has_arrived_is_not_kept_and_what_waits_for_a_day_is_given_up(house: House, system: System) -> None:
    passes(house, 1)
    system.hears()
    assert WebhookCall.objects.values_list("state", "content").get() == ("sent", "")
    passes(house, 1)
    system.status = 500
    system.hears()
    house.time.now += 86400
    housekeeping.tidy(clock.now())
    assert set(WebhookCall.objects.values_list("state", "content")) == {("sent", ""), ("failed", "")}
    house.time.now += 7 * 86400 + 1
    housekeeping.tidy(clock.now())
    assert not WebhookCall.objects.exists()


def test_who_is_erased_is_in_no_call_that_waits_and_leaves_by_the_pseudonym(house: House, system: System) -> None:
    system.status = 500
    person = house.add_person("Ola Nordmann")
    card = people.give_card(person, 26, 4711)
    passes(house, 1)
    Event.objects.update(credential=card)
    pseudonym = partners.pseudonym(system.partner, person.pk)
    system.hears()
    waiting = "".join(WebhookCall.objects.values_list("content", flat=True))
    assert "Ola Nordmann" in waiting and waiting.count(pseudonym) == 2, "the search can find"
    erasure.erase(person, clock.now())
    waiting = "".join(WebhookCall.objects.values_list("content", flat=True))
    assert "Ola Nordmann" not in waiting and pseudonym not in waiting
    system.status = 204
    told = [*system.hears(3600), *system.hears()]
    assert [data["left"] for kind, data in told if kind == "door.people"] == [[{"id": pseudonym}]]
    assert "Ola Nordmann" not in json.dumps(told)
    assert not PartnerTold.objects.filter(pseudonym=pseudonym).exists()


def test_a_door_that_keeps_no_log_names_nobody(house: House, system: System) -> None:
    door_rules.change(house.doors[0], {"retention_days": 0})
    passes(house, 1)
    [(_, data)] = system.hears()
    assert data["events"][0]["person"] is None and system.ask("/events")[1]["events"][0]["person"] is None


def test_the_page_sets_it_up_and_shows_what_became_of_it(house: House, owner: User) -> None:
    partners.make(house.tenant, "Renhold AS", [house.doors[0]], ALL, by=owner)
    partner = Partner.objects.get()
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    path = f"/partners/{partner.pk}/webhook"
    wrong = browser.post(path, {"url": "http://partner.example.test/"})
    assert wrong.status_code == 422 and "begins with https" in wrong.content.decode()
    told = browser.post(path, {"url": URL}).content.decode()
    assert "whsec_" in told
    change = Change.objects.filter(kind="token").latest("pk")
    assert change.after == {"webhook": URL}
    passes(house, 1)
    house.time.now += 15
    sending.once(None, clock.now(), lambda *_, **__: 503)
    page = browser.get(f"/partners/{partner.pk}/").content.decode()
    assert URL in page and "it answered 503" in page and "whsec_" not in page
    assert "Passages" in page


def test_another_tenants_partner_is_not_found(house: House, system: System, time_now: Stopped) -> None:
    other = House("Naboen", time_now, seed=5)
    user = User.objects.named("annen@example.test")
    Membership.objects.create(user=user, tenant=other.tenant, role=Role.OWNER)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for end in ("webhook", "webhook/end"):
        assert browser.post(f"/partners/{system.partner.pk}/{end}", {"url": URL}).status_code == 404
    assert Webhook.objects.count() == 1


def test_the_api_sets_it_up_as_the_page_does(house: House, owner: User) -> None:
    partners.make(house.tenant, "Renhold AS", [house.doors[0]], ALL, by=owner)
    browser = Client()
    browser.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    path = f"/api/tokens/{ApiToken.objects.get().pk}/webhook"
    assert browser.put(path, json.dumps({"url": URL}), content_type="application/json").status_code == 200
    assert Webhook.objects.get().feed.told.count() == 1
