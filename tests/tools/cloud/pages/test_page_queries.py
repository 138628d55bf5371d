"""Every page and list of a house with ten and a hundred of everything: no query a row, and nothing said as None."""

import re
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tools.bench.big_house import BigHouse, Size
from tools.bench.pages_asked import everything

SMALL, LARGE = 10, 100
# Of these the rules of each board that somebody may pass are worked out, as the board itself would decide.
BOARDS = {"question_person", "/api/people/{person_id}/doors", "my_doors"}
# Of ten rows an export lacks a kind that it then has, and asks for.
OTHERS = {"/api/people/{person_id}/export"}
WHO = ("owner", "keeper", "resident")


class Answered(NamedTuple):
    queries: int
    page: str


@cache
def asked(size: int) -> dict[str, Answered]:
    """{page or call: its answer}, asked a second time: what a process finds out once is not of the page."""
    with transaction.atomic():
        house, found = BigHouse(Size.all(size)), {}
        clients = {who: signed_in(getattr(house, who)) for who in WHO}
        for one in everything(house):
            client, address = clients[one.who], one.addresses[0]
            if client.get(address).status_code == 405:  # only ever posted to
                continue
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            assert answer.status_code == 200, (one.name, address, answer.status_code)
            # That a session was used is noted once a minute, whoever asks for what.
            counted = [query for query in queries if not query["sql"].startswith('UPDATE "cloud_session"')]
            found[one.name] = Answered(len(counted), answer.content.decode())
        transaction.set_rollback(True)
    return found


def signed_in(user: Any) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_ten_times_the_rows_cost_no_query_more() -> None:
    small, large = asked(SMALL), asked(LARGE)
    assert len(small) > 130 and small.keys() == large.keys()
    counts = {name: (small[name].queries, large[name].queries) for name in small}
    grown = {name: (few, many) for name, (few, many) in counts.items() if many > few}
    assert grown.keys() == BOARDS | OTHERS, f"queries at {SMALL} rows and at {LARGE}: {grown}"


def test_what_is_not_there_is_said_in_words() -> None:
    """By what a template makes of nothing: as a text, within one, or as a class."""
    wrong = [
        (name, found[0])
        for name, answer in asked(LARGE).items()
        if not name.startswith("/") and (found := re.findall(r".{30}\bNone\b.{10}", answer.page))
    ]
    assert not wrong
