"""Whoever asks for whatever: no word and no row of another tenant, nothing beyond one's role, no answer that tells
whether something is there.

The requests are made of the list of addresses and the API's description (attack_requests.py): a page or call that
nobody has said anything of in attack_answers.py fails here. What an answer may be: attack_checker.py.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from attack_answers import CALLS, NOT_SERVED, PAGES
from attack_checker import NOTES, WRITES, ask, attack, send
from attack_requests import NONE, OTHERS, OWN, Maker, Request, calls, pages
from attack_world import MISSING, OURS, THEIRS, Caller, Part, World, browser, told
from cloud_world import Stopped
from django.apps import apps
from django.db import connection, transaction

from tools.cloud.doors import live
from tools.cloud.models import ApiToken, Right, Role
from tools.cloud.services import clock
from tools.cloud.sessions import hashed

# Who asks -> at least so many requests of each: nobody makes it less unawares.
LEAST = {"nobody": 700, "outside": 250, **{f"role {role}": 600 for role in Role}}
LEAST |= {"role owner": 700, "role administrator": 420, "guest viewer": 550, "guest guard": 450, "guest installer": 450}
LEAST |= {f"stranger {role}": 330 for role in Role} | {f"token {role}": 230 for role in ApiToken.ROLES}
# Who asks for everything in `make test` too; the others there for a share of it, in the soak for the rest as well.
WHOLE = ("nobody", "role owner")
SHARE = 8  # one address or call in so many
SHUT_OUT = 9  # ways of being shut out, each with all that nobody asks


@pytest.fixture(scope="module")
def world(made_database: None) -> Iterator[World]:
    """Built once for all tests here; each request is undone."""
    stopped = Stopped()
    before, clock.source = clock.source, stopped
    log = logging.getLogger("django.request")  # a line and a traceback for each that is refused
    level = log.level
    log.setLevel(logging.ERROR)
    with transaction.atomic():
        yield World(stopped)
        transaction.set_rollback(True)
    clock.source = before
    log.setLevel(level)


@pytest.fixture(scope="module")
def requests(world: World) -> list[Request]:
    maker = Maker(world, world.roles[0])
    found = maker.all()
    assert not maker.unknown, f"what do these fields hold? Say it in attack_answers.py: {sorted(maker.unknown)}"
    assert not maker.formless, f"no page has a form for these; say in attack_requests.py what is sent: {maker.formless}"
    return found


def chosen(world: World, requests: list[Request], name: str) -> tuple[Caller, list[Request]]:
    """Who that is, and what they send. Who may not post a form is refused whatever is in it: one of each is enough."""
    of, _, role = name.partition(" ")
    if of == "nobody":
        return world.nobody, requests
    if of == "outside":  # to whom both tenants are the same
        return world.outside, [one for one in requests if one.aim == OWN]
    [who] = [one for one in getattr(world, of + "s") if role in (one.name.split()[0], one.name.split()[-1])]
    sends = {
        "token": lambda one: one.api,
        "stranger": lambda one: one.aim != OTHERS and one.of,  # to whom the other tenant is their own
        "guest": lambda one: one.aim != OWN or not one.of,
        # An administrator sees all rows that a missing one could be told from.
        "role": lambda one: role != Role.ADMINISTRATOR or one.aim != NONE,
    }[of]
    forms = name in ("role owner", "guest viewer")
    return who, [one for one in requests if sends(one) and (forms or not one.where.startswith("form"))]


def test_everything_that_is_served_has_an_answer_here() -> None:
    assert sorted(pages()) == sorted(PAGES)
    assert sorted(calls()) == sorted(CALLS)


def share(requests: list[Request], which: int) -> list[Request]:
    """One address or call in SHARE, with all that is asked of it: what is missing is compared with what is there."""
    routes = {route: n for n, route in enumerate(dict.fromkeys((one.method, one.route) for one in requests))}
    return [one for one in requests if routes[one.method, one.route] % SHARE == which % SHARE]


def gets_no_more(world: World | Part, name: str, sending: list[Request], who: Caller) -> int:
    """How many requests were sent."""
    wrong, sent, _ = attack(world, who, sending)
    print(name, dict(sent))
    assert wrong == [], f"{len(wrong)}: " + "\n".join(wrong[:20])
    return sum(sent[aim] for aim in ("own", "theirs", "missing"))


@pytest.mark.timeout(400)  # some hundred requests, beside others' work
@pytest.mark.parametrize("name", LEAST)
def test_nobody_gets_more_than_is_theirs(world: World, requests: list[Request], name: str) -> None:
    who, sending = chosen(world, requests, name)
    least = LEAST[name]
    if name not in WHOLE:
        sending, least = share(sending, list(LEAST).index(name)), least // (2 * SHARE)
    assert gets_no_more(world, name, sending, who) >= least


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", [name for name in LEAST if name not in WHOLE])
def test_nobody_gets_more_of_all_there_is(world: World, requests: list[Request], name: str) -> None:
    who, sending = chosen(world, requests, name)
    assert gets_no_more(world, name, sending, who) >= LEAST[name]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, SHARE))])
def test_who_is_shut_out_is_nobody(world: World, requests: list[Request], part: int) -> None:
    asking = [one for one in share(requests, part) if one.aim == OWN]
    _, _, to_nobody = attack(world, world.nobody, asking)
    assert len(world.shut_out) == SHUT_OUT and len(asking) > 250 // (2 * SHARE)
    for who in world.shut_out:
        wrong, sent, seen = attack(world, who, asking)
        assert wrong == [], f"{len(wrong)}: " + "\n".join(wrong[:20])
        others = [
            (str(one), was[0], now[0]) for one, was, now in zip(asking, to_nobody, seen, strict=True) if was != now
        ]
        assert others == []
        print(who, dict(sent))


def test_without_the_token_of_a_form_nothing_changes(world: World, requests: list[Request]) -> None:
    """Another site's page can have a browser send whatever it likes."""
    who = Caller("a browser led astray", browser(world.roles[0].client.user, csrf=True), {OURS: Role.OWNER})
    sending = [one for one in requests if one.method != "get" and one.need is not NOT_SERVED and one.aim == OWN]
    assert len(sending) > 110
    for one in sending:
        answer = send(world, who, one)
        refused = 401 if one.path.startswith("/scim/") else 403  # there no session counts
        assert answer.status == refused and not answer.wrote, (str(one), answer)


def test_a_live_stream_tells_nobody_more_than_a_page(world: World) -> None:
    """Each of them once in one look, as they are served; and what they see of one door."""
    hub, everybody = live.Hub(), [*world.roles, *world.strangers, *world.guests, world.outside]
    followed: list[tuple[Caller, str, Right, live.DoorStream]] = []
    for who in everybody:
        session = hashed(who.client.cookies["sessionid"].value)
        for where, right, of in (
            ("all", Right.LOOK, {}),
            (OWN, Right.LOOK, {"door": world.ours.ids["door"]}),
            (OTHERS, Right.LOOK, {"door": world.theirs.ids["door"]}),
            (NONE, Right.LOOK, {"door": MISSING}),
            (OWN, Right.BANKS, {"bank": world.ours.ids["bank"]}),
            (OTHERS, Right.BANKS, {"bank": world.theirs.ids["bank"]}),
            (NONE, Right.BANKS, {"bank": MISSING}),
        ):
            one = live.DoorStream(who.client.user, session, "en", **of)  # type: ignore[attr-defined]
            hub.join(one)
            followed.append((who, where, right, one))
    hub.look()
    assert len(followed) == 7 * (2 * len(Role) + 4)
    for who, where, right, one in followed:
        content = json.dumps(one.parts, ensure_ascii=False).encode()
        for tag, needed in told(world, content, set()).items():
            assert tag in who.roles, (who, where, tag)
            assert all(not rights or rights & who.rights(tag) for rights in needed), (who, where, needed)
        shows = where == "all" or right in who.rights({OWN: OURS, OTHERS: THEIRS}.get(where, ""))
        assert bool(one.parts) == shows, (who, where)
        assert one.end is None
        assert where != "all" or (OURS.encode() in content) == (Right.LOOK in who.rights(OURS))


def test_a_live_stream_ends_for_who_is_shut_out(world: World) -> None:
    hub = live.Hub()
    following = []
    for who in world.shut_out:
        if "sessionid" in who.client.cookies:
            user = who.client.user  # type: ignore[attr-defined]
            following.append(live.DoorStream(user, hashed(who.client.cookies["sessionid"].value), "en"))
            hub.join(following[-1])
    hub.look()
    assert len(following) == 4 and [one.end for one in following] == [live.End.OVER] * 4
    assert [one.parts for one in following] == [{}] * 4


STEERING = "x\x1b[2J\ny"


def with_steering(body: Any) -> Iterator[Any]:
    """A body, time and again, each time with control characters in another of its texts."""
    if isinstance(body, str):
        yield body[:1] + STEERING + body[1:]
    elif isinstance(body, dict | list | tuple):
        fields = body.items() if isinstance(body, dict) else enumerate(body)
        for at, value in fields:
            for said in with_steering(value):
                if isinstance(body, dict):
                    yield {**body, at: said}
                elif not (isinstance(body, tuple) and at == 0):  # the name of a form's field
                    yield type(body)([*body[:at], said, *body[at + 1 :]])


def test_no_text_of_more_than_a_line_is_kept(world: World, requests: list[Request]) -> None:
    """In whatever field of a form or call: it would forge lines of logs and e-mails, and steer terminals."""
    who, kept, wrong, sent, wrote = world.roles[0], [], [], 0, set[str]()
    tables = {model._meta.db_table: model for model in apps.get_models()}

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if (found := WRITES.match(sql)) and not NOTES.match(sql):
            wrote.add(found[1])
        return execute(sql, params, many, context)

    for of in requests:
        for body in with_steering(of.body) if of.aim == OWN and of.method != "get" else ():
            one, sent = replace(of, body=body), sent + 1
            wrote.clear()
            with transaction.atomic():
                with connection.execute_wrapper(look):
                    answer = ask(who, one)
                for table in wrote:
                    rows = str(list(tables[table]._default_manager.values_list()))
                    if "x\\x1b[2J" in rows or "u001b[2J" in rows:
                        kept.append((table, str(one)))
                transaction.set_rollback(True)
            who.forget()
            if answer.status_code >= 500:
                wrong.append((answer.status_code, str(one)))
    print("texts with control characters:", sent)
    assert wrong == []
    assert kept == []
    assert sent > 150
