"""What rows have in common: whose they are (this is the one place that says so), and whole changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, transaction

from .reach import At, Reach
from .rights import Right

if TYPE_CHECKING:
    from .accounts import User

Row = TypeVar("Row", bound=models.Model)


class Scoped(models.QuerySet):
    """Rows that belong to a tenant; the model's TENANT_PATH says by which way, its SEEN_WITH to whom they show, its
    AT at which places."""

    # What has no signals of Django's is looked at by signals.py. names: of the fields; None: rows are new.
    kept: Callable[[Any, Any], bool] = staticmethod(lambda model, names: False)
    written: Callable[[Any, Any, Any], Any] = staticmethod(lambda rows, names, write: write())

    def update(self, **fields: Any) -> int:
        return int(self._write(self, fields, lambda: super(Scoped, self).update(**fields)))

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        objs = list(objs)
        return self._write(objs, None, lambda: super(Scoped, self).bulk_create(objs, *args, **kwargs))

    def bulk_update(self, objs: Any, fields: Any, *args: Any, **kwargs: Any) -> int:
        objs = list(objs)
        return int(self._write(objs, fields, lambda: super(Scoped, self).bulk_update(objs, fields, *args, **kwargs)))

    def _write(self, rows: Any, names: Any, write: Callable[[], Any]) -> Any:
        if not Scoped.kept(self.model, names):
            return write()
        return Scoped.written(list(rows.all()) if isinstance(rows, models.QuerySet) else rows, names, write)

    def of(self, *tenants: Any) -> "Scoped":
        """The rows of these tenants (rows or numbers)."""
        return self.filter(**{f"{self.model.TENANT_PATH}__in": tenants})

    def tenants(self) -> models.QuerySet:
        """Those to which these rows belong."""
        from .accounts import Tenant

        return Tenant.objects.filter(pk__in=self.values(self.model.TENANT_PATH)).order_by("pk")

    def visible_to(self, user: "User") -> "Scoped":
        """The rows that the user's roles let them see, in the tenants and at the places where they have them."""
        return self.seen(Reach.of(user))

    def seen(self, reach: Reach) -> "Scoped":
        """The rows that show to somebody. A row that is SECRET to them does not exist: it is in no list or answer. Nor
        does what is restricted, but to those who handle requests."""
        from .standing import without_hidden  # which needs the models

        rows = without_hidden(self._reached(reach, self.model.SEEN_WITH, lambda at: at.seen), reach)
        if self.model.SECRET is None:
            return rows
        hidden, right = self.model.SECRET
        return rows.exclude(hidden & ~models.Q(**{f"{self.model.TENANT_PATH}__in": reach.tenants(right)}))

    def reached(self, reach: Reach, right: Right) -> "Scoped":
        """The rows with which somebody may do what a right allows: all that a row is of lies at their places."""
        return self._reached(reach, right, lambda at: at.whole)

    def _reached(self, reach: Reach, right: Right, which: Callable[[At], Any]) -> "Scoped":
        path = self.model.TENANT_PATH
        found = models.Q(**{f"{path}__in": reach.whole(right)})
        for tenant, places in reach.parts(right):
            found |= models.Q(**{path: tenant}) & which(self.model.AT)(places)
        return self.filter(found)


def visible(model: type[Row], user: "User") -> models.QuerySet[Row]:
    """Rows of a model that the user may see, for get_object_or_404 and lists."""
    return model.objects.visible_to(user)  # type: ignore[attr-defined]


def lock(row: Row) -> Row:
    """The row as it is now, and until the transaction ends nobody else's change of it comes in between.

    Raises its DoesNotExist where somebody has removed it meanwhile. A row that is not kept yet stays as it is.
    """
    if row.pk is not None:
        row.refresh_from_db(from_queryset=type(row)._default_manager.select_for_update())
    return row


class Owned(models.Model):
    """A row of a tenant."""

    TENANT_PATH = "tenant"
    SEEN_WITH = Right.LOOK
    AT: At  # reach.py; a model that does not say it fails test_cloud_reach.py
    SECRET: tuple[models.Q, Right] | None = None  # rows that show only with one more right
    objects = Scoped.as_manager()

    class Meta:
        abstract = True


class Whole(Owned):
    """A row whose change and all that follows from it is one transaction, in whichever caller."""

    class Meta:
        abstract = True

    made_in: Callable[[], Any] = staticmethod(transaction.atomic)  # signals.py: within a change that is no other one

    def save(self, *args: Any, **kwargs: Any) -> None:
        with Whole.made_in():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with Whole.made_in():
            return super().delete(*args, **kwargs)
