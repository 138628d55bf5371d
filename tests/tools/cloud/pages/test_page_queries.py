"""No page or list asks the database once a row: a hundred of everything cost as many queries as ten."""

from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tools.bench.big_house import BigHouse, Size
from tools.bench.pages_asked import everything

SMALL, LARGE = 10, 100
# Of these the rules of each board that somebody may pass are worked out, as the board itself would decide.
BOARDS = {"question_person", "/api/people/{person_id}/doors", "my_doors"}
# The queue asks for steps and copy of each request. Of ten rows an export lacks a kind that it then has, and asks for.
OTHERS = {"privacy", "/api/people/{person_id}/export"}
WHO = ("owner", "keeper", "resident")


def counted(size: int) -> dict[str, int]:
    """{page or call: queries}, asked a second time: what a process finds out once is not of the page."""
    with transaction.atomic():
        house, found = BigHouse(Size.all(size)), {}
        clients = {who: signed_in(getattr(house, who)) for who in WHO}
        for one in everything(house):
            client, address = clients[one.who], one.addresses[0]
            if client.get(address).status_code == 405:  # only ever posted to
                continue
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            assert answer.status_code == 200, (one.name, address, answer.status_code)
            found[one.name] = len(asked)
        transaction.set_rollback(True)
    return found


def signed_in(user: Any) -> Client:
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_ten_times_the_rows_cost_no_query_more() -> None:
    small, large = counted(SMALL), counted(LARGE)
    assert len(small) > 130 and small.keys() == large.keys()
    grown = {name: (small[name], large[name]) for name in small if large[name] > small[name]}
    assert grown.keys() == BOARDS | OTHERS, f"queries at {SMALL} rows and at {LARGE}: {grown}"
