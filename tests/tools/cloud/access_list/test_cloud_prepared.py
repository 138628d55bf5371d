"""A prepared query says what the queryset says that it was made from, with whatever values."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from tools.cloud.access_list.prepared import Given, Insert, Prepared
from tools.cloud.models import Event, Progress

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
SINCE = Prepared(lambda: Progress.objects.filter(at__gte=Given("since")).order_by("name").values_list("name", "at"))
MOVE = Prepared(lambda: Progress.objects.filter(name=Given("name"), value=Given("before")), value=Given("after"))


def test_it_gives_what_the_queryset_gives() -> None:
    for n in range(4):
        Progress.objects.create(name=f"work {n}", at=NOW + n * timedelta(hours=1))
    for since in (NOW + timedelta(hours=2), NOW, NOW + timedelta(days=1)):
        right = list(Progress.objects.filter(at__gte=since).order_by("name").values_list("name", "at"))
        assert SINCE.rows(since=since) == right


def test_an_update_says_how_many_rows_it_found() -> None:
    Progress.objects.create(name="work", value=1)
    assert MOVE.update(name="work", before=0, after=5) == 0
    assert MOVE.update(name="work", before=1, after=5) == 1
    MOVE.update_each([{"name": "work", "before": 5, "after": 6}, {"name": "work", "before": 6, "after": 7}])
    assert Progress.objects.get().value == 7


def test_an_insert_names_every_column_but_the_key() -> None:
    sql, places = Insert(Event)._written
    columns = [field.column for field in Event._meta.concrete_fields if not field.primary_key]
    assert [place.name for place in places] == columns
    assert all(connection.ops.quote_name(column) in sql for column in columns)
