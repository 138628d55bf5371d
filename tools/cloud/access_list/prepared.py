"""Queries that are asked all day, written once: Django takes ten times as long to write one as SQLite to answer it.

ACKED = Prepared(lambda: Controller.objects.filter(pk=Given("controller")).values_list("acked"))
ACKED.rows(controller=7)
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection, models
from django.db.models.constants import OnConflict
from django.db.models.expressions import Expression
from django.db.models.sql import InsertQuery, UpdateQuery


class Given(Expression):
    """A value that is told when the query is asked. `on`: the field that it is written to or compared with."""

    def __init__(self, name: str, on: models.Field | None = None) -> None:
        super().__init__(output_field=on)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class Prepared:
    """make(): the queryset, with Given(name) where values come in; called when it is first asked.

    rows(): what values_list() would give. update(): of one with `sets`, how many rows were changed.
    """

    def __init__(self, make: Callable[[], models.QuerySet], **sets: Any) -> None:
        self._make = make
        self._sets = sets

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        sql, places, convert = self._written
        with connection.cursor() as cursor:
            cursor.execute(sql, _filled(places, given))
            return convert(cursor.fetchall())

    def update(self, **given: Any) -> int:
        sql, places, _ = self._written
        with connection.cursor() as cursor:
            cursor.execute(sql, _filled(places, given))
            return int(cursor.rowcount)

    def update_each(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """update() for each of these."""
        sql, places, _ = self._written
        with connection.cursor() as cursor:
            cursor.executemany(sql, [_filled(places, row) for row in rows])

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], Callable[[list[Any]], list[tuple[Any, ...]]]]:
        query = self._make().query
        if self._sets:
            query = query.chain(UpdateQuery)
            query.add_update_values(self._sets)
        compiler = query.get_compiler(connection=connection)
        sql, places = compiler.as_sql()
        if self._sets:
            return sql, places, list
        converters = compiler.get_converters([column[0] for column in compiler.select])
        if not converters:
            return sql, places, list
        return sql, places, lambda rows: [tuple(row) for row in compiler.apply_converters(rows, converters)]


class Insert:
    """Rows of a model, of all its fields but the key; a row that is there already is left as it is."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """rows: values by the names of the columns."""
        sql, places = self._written
        with connection.cursor() as cursor:
            cursor.executemany(sql, [_filled(places, row) for row in rows])

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...]]:
        fields = [field for field in self._model._meta.concrete_fields if not field.primary_key]
        query = InsertQuery(self._model, on_conflict=OnConflict.IGNORE)
        row = self._model(**{field.attname: Given(field.attname) for field in fields})
        query.insert_values(fields, [row])
        [(sql, places)] = query.get_compiler(connection=connection).as_sql()
        return sql, places


def _filled(places: Iterable[Any], given: Mapping[str, Any]) -> list[Any]:
    values = [given[place.name] if type(place) is Given else place for place in places]
    return [connection.ops.adapt_datetimefield_value(value) if type(value) is datetime else value for value in values]
