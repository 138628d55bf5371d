"""Every form and address of the pages with nonsense in it, as every role: an answer, never a fault of ours.

FUZZ_REQUESTS=20000 asks for more than the few that a test run has time for (`make soak` does).
"""

import os
import random
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "700"))
ROLES = ("owner", "administrator", "viewer", "guard", "installer")
NONSENSE = (
    "", " ", "0", "-1", "²", "½", "1" * 19, "9" * 400, "1e400", "NaN", "inf", "true", "[]", "{}", "null", "1,2", "1.5",
    "+1", "0x10", "\x00", "a\x00b", "\r\n", "a\nb", "\x1b[2Jx", "x\u202ey", "9999-12-31", "9999-12-31T23:59",
    "0001-01-01", "0001-01-01T00:00",
    "2027-02-30", "24:61", "00:00", "²:²", "²:00", "é" * 5_000, "🚪" * 300, "<script>alert(1)</script>", "%s%n",
    "{{ 7*7 }}", "../../x", "Europe/Nowhere", "a@b", "https://",
)  # fmt: skip
ASKED = ("door", "person", "since", "until", "page", "q", "kind", "before", "after", "only", "tenant")  # in addresses
LONE = b"%ED%A0%80"  # half a character, as no browser sends it


class Forms(HTMLParser):
    """The forms of a page: {address: {field: values that it offers}}."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, list[str]]] = {}
        self._fields: dict[str, list[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        said = dict(pairs)
        if tag == "form":
            self._fields = self.found.setdefault(said.get("action") or "", {})
        if self._fields is None:
            return
        name = said.get("name") or ""
        if tag in ("input", "textarea", "button") and name:
            self._fields.setdefault(name, []).append(said.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._fields.setdefault(self._select, []).append(said.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def addresses() -> list[str]:
    """Every address of the pages, its numbers as {}."""
    from django.urls import get_resolver

    found = []

    def walk(patterns: Any, before: str) -> None:
        for one in patterns:
            text = before + str(one.pattern)
            if hasattr(one, "url_patterns"):
                if "api" not in text and "accounts" not in text:
                    walk(one.url_patterns, text)
            elif "static" not in text:
                found.append("/" + re.sub(r"<[^>]+>", "{}", text))

    walk(get_resolver().url_patterns, "")
    return sorted(set(found))


def fill(chance: random.Random, fields: dict[str, list[str]]) -> bytes:
    """A body: what the form offers, with one to three things that it does not."""
    said = {name: chance.choice(values) for name, values in fields.items() if chance.random() < 0.9}
    pairs = list(said.items())
    for _ in range(chance.randint(1, 3)):
        name = chance.choice([*fields, "unknown"])
        pairs.append((name, chance.choice(NONSENSE)))
    chance.shuffle(pairs)
    body = urlencode(pairs).encode()
    return body + b"&" + chance.choice(list(fields) or ["x"]).encode() + b"=" + LONE if chance.random() < 0.05 else body


@pytest.mark.fuzz
@pytest.mark.timeout(3_600)
def test_nonsense_in_any_form_is_answered(house: Any, browser: Any, stranger: Any, record: Any) -> None:
    from django.db import transaction

    from firmware.controller import events

    record(events.GRANTED, person=house.person)
    record(events.DOOR_FORCED)
    chance = random.Random(20)
    clients = {role: browser(role) for role in ROLES} | {"stranger": browser(tenant=stranger.tenant)}
    for client in clients.values():
        client.raise_request_exception = False
    places = addresses()
    assert len(places) > 40
    forms: dict[str, dict[str, list[str]]] = {}
    numbers = ["1", "2", "3", "0", "9" * 30]
    for pk in (house.person.pk, house.doors[0].pk, house.controller.pk, house.site.pk, house.group.pk, house.card.pk):
        numbers.append(str(pk))
    for place in places:
        for number in dict.fromkeys(numbers) if "{}" in place else ("",):
            with transaction.atomic():
                answer = clients["owner"].get(place.replace("{}", number))
                assert answer.status_code < 500, (place, number)
                if not answer.streaming:
                    reader = Forms()
                    reader.feed(answer.content.decode(errors="replace"))
                    forms |= {action or place.replace("{}", number): fields for action, fields in reader.found.items()}
    assert len(forms) > 15
    faults, answers = [], {200: 0}
    for _ in range(REQUESTS):
        # Mostly who may do something, mostly in the manner that the form has.
        client = clients[chance.choice(("owner", *clients))]
        filled = chance.random() < 0.7
        place = chance.choice(sorted(forms)) if filled else chance.choice(places).replace("{}", chance.choice(numbers))
        body = fill(chance, forms[place] if filled else {name: [""] for name in ASKED})
        place = place.split("?")[0]
        with transaction.atomic():
            if filled == (chance.random() < 0.95):
                answer = client.post(place, body, content_type="application/x-www-form-urlencoded")
            else:
                answer = client.get(f"{place}?{body.decode('latin-1')}")
            if answer.status_code >= 500 or chance.random() < 0.3:
                transaction.set_rollback(True)
        if chance.random() < 0.1:  # somebody may have signed them out
            client.force_login(client.user, backend="django.contrib.auth.backends.ModelBackend")
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            faults.append((place, body[:300]))
    assert not faults, (len(faults), faults[:5])
    assert sum(answers.values()) == REQUESTS
    assert sum(answers.get(status, 0) for status in (200, 302, 422)) > REQUESTS / 4, answers
