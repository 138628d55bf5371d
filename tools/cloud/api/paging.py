"""Lists that come a page at a time, by the number of the row at which the page before ended."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema

MOST = 500  # rows of an answer


class Page(Schema):
    """after: the id of the last row of the page before. While there are more, the answer says in its header `Link`
    (RFC 8288, rel="next") where the next page is."""

    after: int | None = Field(
        None, ge=0, le=2**63 - 1, description="the id of the last row of the page before; left out: from the first on"
    )
    limit: int = Field(
        MOST,
        ge=1,
        le=MOST,
        description="rows of a page. While there are more, the header Link (RFC 8288, rel=next) says where they are.",
    )


def page(request: HttpRequest, response: HttpResponse, rows: QuerySet[Any], wanted: Page) -> list[Any]:
    """In the order of their numbers."""
    rows = rows.order_by("pk")
    if wanted.after is not None:
        rows = rows.filter(pk__gt=wanted.after)
    found = list(rows[: wanted.limit + 1])
    if len(found) > wanted.limit:
        goes_on(request, response, found[wanted.limit - 1].pk)
    return found[: wanted.limit]


def part(
    request: HttpRequest, response: HttpResponse, rows: list[Any], wanted: Page, number: Callable[[Any], int]
) -> list[Any]:
    """Of rows that are worked out whole, in their own order. number: of a row, by which the next page goes on."""
    begin = next((n for n, row in enumerate(rows, 1) if number(row) == wanted.after), 0)
    found = rows[begin : begin + wanted.limit]
    if begin + wanted.limit < len(rows):
        goes_on(request, response, number(found[-1]))
    return found


def goes_on(request: HttpRequest, response: HttpResponse, after: int) -> None:
    """That there are more rows, and where."""
    asked = {**request.GET.dict(), "after": str(after)}
    response["Link"] = f'<{request.path}?{urlencode(asked)}>; rel="next"'
