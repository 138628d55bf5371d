"""The same requests on PostgreSQL with the application's own filter taken out: the database alone keeps tenants apart.

To the application whoever asks is in the other tenant what they are in their own, and no queryset is narrowed to a
tenant: it has forgotten whose a row is. Nothing of the other tenant may be told or changed all the same. Without the
policies it is: so the suite can fail. What somebody may within a tenant is the application's to say; no policy knows of
roles.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from attack_checker import CHANCE, NOTES, WRITES, ask
from attack_requests import Maker, Request
from attack_world import OURS, THEIRS, Caller, World, changed, crossing, program, rows_of, told
from cloud_world import Stopped
from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg.pq import TransactionStatus
from test_attack import LEAST, chosen, share

from tools.cloud.doors import live
from tools.cloud.models import AccessGroup, Partner, Reach, Role, ScimGroup, ScimUser, Scoped
from tools.cloud.partners import partners
from tools.cloud.row_security import admitted
from tools.cloud.scim import tokens as scim_tokens
from tools.cloud.services import clock
from tools.cloud.sessions import hashed

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no row security"),
    pytest.mark.timeout(600),
]
# Whoever is of one tenant and not of the other, or of none.
WHO = [name for name in LEAST if not name.startswith("guest")]
SAMPLE = {"role owner": 0, "stranger administrator": 1, "token administrator": 2, "role viewer": 3, "nobody": 4}


@pytest.fixture(scope="module")
def world(made_database: None) -> Iterator[World]:
    stopped = Stopped()
    before, clock.source = clock.source, stopped
    log = logging.getLogger("django.request")  # what the database refuses is a fault of the application: a traceback
    level = log.level
    log.setLevel(logging.CRITICAL)
    with transaction.atomic():
        made = World(stopped)
        made.kept = {tag: rows_of(home) for tag, home in made.homes.items()}  # type: ignore[attr-defined]
        yield made
        transaction.set_rollback(True)
    log.setLevel(level)
    clock.source = before


@pytest.fixture(scope="module")
def requests(world: World) -> list[Request]:
    return Maker(world, world.roles[0]).all()


OF_A_TENANT = re.compile(r"(^|__)tenant(_id|__pk|__in)?$")


@pytest.fixture
def at_home_everywhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is anything in one tenant is that in the other."""
    every, made = [home.tenant.pk for home in world.homes.values()], Reach.__init__

    def reach(self: Reach, held: dict[int, Any]) -> None:
        made(self, {tenant: held[min(held)] for tenant in every} | held if held else held)

    monkeypatch.setattr(Reach, "__init__", reach)


@pytest.fixture
def forgetful(at_home_everywhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """... and no queryset is narrowed to a tenant."""
    narrowed = QuerySet.filter

    def kept(self: Any, *conditions: Any, **fields: Any) -> Any:
        left = {name: value for name, value in fields.items() if not OF_A_TENANT.search(name)}
        return narrowed(self, *conditions, **left)

    monkeypatch.setattr(Scoped, "filter", kept)


@pytest.fixture
def without_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go out as the worker's statements do."""
    monkeypatch.setattr(admitted, "now", lambda: admitted.HOST)


class Outcome(NamedTuple):
    status: int
    told: set[str]  # whose words, that are not theirs
    changed: set[str]  # what, that is not theirs


def send(world: World, who: Caller, one: Request, asking: Callable[[Caller, Request], Any] = ask) -> Outcome:
    """What comes of it; then it is undone."""
    others, wrote = {OURS, THEIRS} - who.roles.keys(), set[str]()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = WRITES.match(sql)
        if found and not NOTES.match(sql):
            wrote.add(found[1])
        return execute(sql, params, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(look):
            response = asking(who, one)
        content = b"" if response.streaming else response.content
        response.close()
        found = set()
        refused = connection.connection.info.transaction_status == TransactionStatus.INERROR  # by the database
        if wrote and not refused:
            for tag in others:
                found |= set(changed(world.kept[tag], rows_of(world.homes[tag], wrote)))
            found |= set(crossing(world)) if THEIRS in others else set()
        transaction.set_rollback(True)
    who.forget()
    asked = set(re.findall(rb"\d{7}", str((one.path, one.query, one.body)).encode()))
    return Outcome(response.status_code, told(world, CHANCE.sub(b"", content), asked).keys() & others, found)


def attack(world: World, who: Caller, sending: list[Request]) -> tuple[list[str], list[str]]:
    """(by which of other tenants something was told, by which something was changed there)"""
    leaks, changes, counts = [], [], Counter[str]()
    for one in sending:
        came = send(world, who, one)
        counts[f"{came.status // 100}xx"] += 1
        leaks += [f"{who}: {one}: {came.told}"] if came.told else []
        changes += [f"{who}: {one}: {came.changed}"] if came.changed else []
    print(who, len(sending), dict(counts), "told:", len(leaks), "changed:", len(changes))
    return leaks, changes


@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_of_another_tenant_is_told_or_changed(
    world: World, requests: list[Request], forgetful: None, name: str
) -> None:
    who, sending = chosen(world, requests, name)
    sending = share(sending, SAMPLE[name])
    assert len(sending) >= LEAST[name] // 16
    assert attack(world, who, sending) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("name", WHO)
def test_nothing_of_another_tenant_is_told_or_changed_by_all_there_is(
    world: World, requests: list[Request], forgetful: None, name: str
) -> None:
    who, sending = chosen(world, requests, name)
    assert len(sending) >= LEAST[name]
    assert attack(world, who, sending) == ([], [])


@pytest.mark.parametrize("name", ["role owner", "token administrator"])
def test_without_the_policies_it_would_be(
    world: World, requests: list[Request], forgetful: None, without_policies: None, name: str
) -> None:
    """The suite can fail: the filter really is out."""
    who, sending = chosen(world, requests, name)
    leaks, changes = attack(world, who, share(sending, SAMPLE[name]))
    assert len(leaks) > 5 and changes


def followed(world: World) -> Iterator[tuple[Caller, live.DoorStream]]:
    hub = live.Hub()
    for who in (*world.roles, *world.strangers, world.outside):
        session = hashed(who.client.cookies["sessionid"].value)
        for of in ({}, *({kind: home.ids[kind]} for home in world.homes.values() for kind in ("door", "bank"))):
            one = live.DoorStream(who.client.user, session, "en", **of)  # type: ignore[attr-defined]
            hub.join(one)
            hub.look()
            hub.leave(one)
            yield who, one


def told_live(world: World) -> list[str]:
    found = []
    for who, one in followed(world):
        tags = told(world, str(one.parts).encode(), set()).keys() - who.roles.keys()
        found += [f"{who}: {one.kind}: {tags}"] if tags else []
    return found


def test_a_live_stream_tells_nothing_of_another_tenant(world: World, forgetful: None) -> None:
    assert told_live(world) == []


def test_without_the_policies_a_live_stream_would(
    world: World, at_home_everywhere: None, without_policies: None
) -> None:
    assert told_live(world)


# --- directories and partners, whose tokens nobody else has


def asked_by_programs(world: World) -> list[tuple[Caller, Request]]:
    """With a user and a group of SCIM in both tenants, and a partner that somebody bound to a door of theirs."""
    numbers: dict[str, dict[str, int]] = {}
    for tag, home in world.homes.items():
        group = AccessGroup.objects.create(tenant=home.tenant, name=f"{tag}people scim")
        said = {"person": home.alone, "user_name": f"{tag}people", "user_key": f"{tag}people"}
        numbers[tag] = {
            "Users": ScimUser.objects.create(tenant=home.tenant, **said).pk,
            "Groups": ScimGroup.objects.create(tenant=home.tenant, group=group).pk,
        }
    theirs, ours = ([f"/scim/v2/{kind}/{pk}" for kind, pk in numbers[tag].items()] for tag in (THEIRS, OURS))
    roles = {OURS: Role.OWNER}
    directory = Caller("directory", program(scim_tokens.make(world.ours.tenant, "Entra")), roles)
    token = partners.make(world.ours.tenant, "Renhold", world.ours.doors, list(Partner.Scope))
    Partner.objects.get(pk=int(token.partition(".")[0])).doors.add(*world.theirs.doors)
    partner = Caller("partner", program(token), roles)
    gets = [Request("get", "", None, path) for path in ("/scim/v2/Users", "/scim/v2/Groups", *theirs, *ours)]
    removes = [Request("delete", "", None, path) for path in theirs]
    calls = [Request("get", "", None, f"/partner/v1/{name}") for name in ("doors", "people", "events")]
    return [*((directory, one) for one in (*gets, *removes)), *((partner, one) for one in calls)]


def ask_programs(world: World) -> tuple[list[int], list[str]]:
    with transaction.atomic():
        asked = asked_by_programs(world)
        world.kept = {tag: rows_of(home) for tag, home in world.homes.items()}  # type: ignore[attr-defined]
        came = [
            (one, send(world, who, one, lambda who, one: getattr(who.client, one.method)(one.path)))
            for who, one in asked
        ]
        transaction.set_rollback(True)
    world.kept = {tag: rows_of(home) for tag, home in world.homes.items()}  # type: ignore[attr-defined]
    wrong = [f"{one}: {outcome}" for one, outcome in came if outcome.told or outcome.changed]
    return [outcome.status for _one, outcome in came], wrong


def test_directories_and_partners_get_nothing_of_another_tenant(world: World, forgetful: None) -> None:
    statuses, wrong = ask_programs(world)
    assert wrong == []
    assert statuses == [200, 200, 404, 404, 200, 200, 404, 404, 200, 200, 200]


def test_without_the_policies_they_would(world: World, forgetful: None, without_policies: None) -> None:
    statuses, wrong = ask_programs(world)
    assert len(wrong) > 7, (statuses, wrong)
