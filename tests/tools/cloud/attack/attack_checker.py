"""What an answer may be: by who asked, for what, and what the table of rights says."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attack_answers import ANYBODY, NOT_SERVED, PARTNER, PUBLISHED, SIGNED_IN, SITES, WHOLE
from attack_requests import NONE, OTHERS, OWN, Request
from attack_world import KINDS, SHARED_KINDS, Caller, Part, World, changed, crossing, rows_of, told
from django.db import connection, transaction

# What is written whatever is asked: that somebody was here, and looked.
NOTES = re.compile(r"(?s)(INSERT INTO|UPDATE) \"cloud_(session|look)\"|UPDATE \"cloud_apitoken\" SET \"used_at\"")
WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) \"(\w+)\"")
# Where a number only says at which place a list begins: it tells nothing of a row.
CURSORS = ("query before", "query after")
# Nothing is written though it is allowed: an export, a form as it stood there, nothing to end.
CHANGES_NOTHING = {"export", "groups", "sign_out_elsewhere"}
CHANCE = re.compile(rb"\b[A-Za-z0-9]{64}\b")  # a form's token may spell any word
EMPTY = re.compile(rb'\[\]|{"\w+": \[\], "next": null}')


@dataclass
class Answer:
    """where: a redirection's aim. wrote: tables. theirs: models of the other tenant whose rows have changed."""

    status: int
    content: bytes
    where: str
    wrote: set[str]
    theirs: list[str]
    crossing: list[str]


def attack(world: World | Part, who: Caller, requests: list[Request]) -> tuple[list[str], Counter[str], list[Any]]:
    """Sends all of them. (what is wrong, how many of each kind, the answers as they can be compared)."""
    wrong, sent, twins, seen = [], Counter[str](), {}, []
    for one in requests:
        answer = send(world, who, one)
        sent.update([one.aim, f"{answer.status // 100}xx"])
        wrong += [f"{who}: {one}: {fault}" for fault in faults(world, who, one, answer)]
        seen.append(_plain(one, answer))
        twins[one.method, one.route, one.where or "path", one.aim] = seen[-1]
        if one.aim == NONE:
            wrong += [f"{who}: {one}: {fault}" for fault in _tells(world, who, one, twins)]
    if changed(world.rows, _rows(world)):
        wrong.append(f"{who}: after all of it other rows of {world.others} are there")
    return wrong, sent, seen


def send(world: World | Part, who: Caller, one: Request) -> Answer:
    """What comes of it; then it is undone."""
    wrote: set[str] = set()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = WRITES.match(sql)
        if found and not NOTES.match(sql):
            wrote.add(found[1])
        return execute(sql, params, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(look):
            response = ask(who, one)
        content = b"" if response.streaming else response.content
        response.close()
        theirs = changed(world.rows, _rows(world, wrote)) if wrote else []
        mixed = crossing(world) if wrote and one.aim == OTHERS else []
        transaction.set_rollback(True)
    who.forget()
    return Answer(response.status_code, content, response.headers.get("Location", ""), wrote, theirs, mixed)


def _rows(world: World | Part, tables: set[str] | None = None) -> dict[str, list[Any]]:
    return world.rows_of(tables) if isinstance(world, Part) else rows_of(world.theirs, tables)


def ask(who: Caller, one: Request) -> Any:
    if one.method == "get":
        return who.client.get(one.path, one.query)
    path = one.path + "".join(f"{'&' if n else '?'}{name}={value}" for n, (name, value) in enumerate(one.query))
    if one.api:
        return getattr(who.client, one.method)(path, one.body, "application/json")
    fields: dict[str, list[str]] = {}
    for name, value in one.body or []:
        fields.setdefault(name, []).append(value)
    return who.client.post(path, fields)


def _plain(one: Request, answer: Answer) -> tuple[int, bytes, str]:
    """An answer without the number that was asked for, and without what differs each time."""
    text = re.sub(rb"\b[A-Za-z0-9]{64}\b|\d{7,}", b"", answer.content)
    return answer.status, text if answer.status >= 400 or one.method == "get" else b"", re.sub(r"\d+", "", answer.where)


def may(who: Caller, one: Request, tag: str) -> bool:
    """Whether the table gives it to them where that tenant's rows are meant."""
    if who.bound and one.route in (WHOLE if who.sites else WHOLE | SITES):
        method = "get" if one.route in ("schedule", "areas") else ""
        if one.method != method:
            return False
    return one.need == ANYBODY or (one.need == SIGNED_IN and who.signed_in) or one.need in who.rights(tag)


def faults(world: World | Part, who: Caller, one: Request, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer."""
    asked = set(re.findall(rb"\d{7}", str((one.path, one.query, one.body)).encode()))
    if answer.status >= 500:
        yield f"{answer.status}"
    said = CHANCE.sub(b"", answer.content)
    for tag, needed in told(world, said, asked).items():
        if tag not in who.roles:
            yield f"tells of {tag}: {_around(answer.content, tag)!r}"
        elif one.route not in PUBLISHED and any(rights and not rights & who.rights(tag) for rights in needed):
            yield f"tells a {who.roles[tag]} of {tag} {[sorted(one.value for one in rights) for rights in needed]}"
    if one.method == "get" and answer.wrote:
        yield f"a question has written {answer.wrote}"
    if answer.theirs and not (may(who, one, world.others) and one.aim != OWN):
        yield f"rows of {world.others} have changed: {answer.theirs}"
    if answer.crossing:
        yield f"rows of one tenant stand at rows of the other: {answer.crossing}"
    yield from _refused(world, who, one, answer)


def _refused(world: World | Part, who: Caller, one: Request, answer: Answer) -> Iterator[str]:
    """Whether everybody gets what is theirs to get, and nobody more."""
    tag = world.own if one.aim == OWN or (world.shared and one.of in SHARED_KINDS) else world.others
    if one.need is NOT_SERVED:
        good = answer.status in (404, 405) and not answer.wrote
    elif one.need == ANYBODY:
        good = True
    elif one.need == PARTNER:
        good = answer.status == 401 and not answer.wrote
    elif not who.signed_in:
        refused = (401,) if one.api or one.route == "doors_stream" else (302,)
        good = answer.status in refused and not answer.wrote
    elif may(who, one, tag):
        changes = one.method == "get" or one.route in CHANGES_NOTHING or answer.wrote
        alone = len(who.roles) == 1  # who is of several tenants is asked which one is meant
        good = one.aim != OWN or not alone or bool(answer.status < 400 and changes)
    elif one.of and one.where in ("", "path"):
        good = answer.status in (403, 404) and not answer.wrote
    elif not one.of and tag in who.roles:
        empty = one.method == "get" and one.api and "{" not in one.route and EMPTY.fullmatch(answer.content)
        good = bool(answer.status in (403, 404) or empty) and not answer.wrote
    else:
        good = not (answer.wrote and one.aim == OTHERS and world.others not in who.roles and world.own not in who.roles)
    if not good:
        yield f"{answer.status} is not what {who} gets, written: {answer.wrote}, {answer.content[-200:]!r}"


def _around(content: bytes, word: str) -> bytes:
    at = content.lower().find(word.encode())
    return content[max(0, at - 60) : at + 60]


def _tells(world: World | Part, who: Caller, one: Request, twins: dict[Any, Any]) -> Iterator[str]:
    """Whether an answer about what shows to them nowhere differs from one about what is not there."""
    nothing = twins[one.method, one.route, one.where, NONE]
    for aim, tag in ((OWN, world.own), (OTHERS, world.others)):
        there = twins.get((one.method, one.route, one.where, aim))
        if world.shared and one.of in SHARED_KINDS:
            continue
        unseen = KINDS[one.of].SEEN_WITH not in who.rights(tag) and not may(who, one, tag)
        if there is not None and unseen and there != nothing and one.where not in CURSORS:
            yield f"tells that {aim} is there: {there[0]} {there[1][-200:]!r}, else {nothing[0]} {nothing[1][-200:]!r}"
