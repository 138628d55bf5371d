"""Who sees which rows: the one place where a tenant's rows are told from another's."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

if TYPE_CHECKING:
    from .accounts import User

Row = TypeVar("Row", bound=models.Model)


class Scoped(models.QuerySet):
    """Rows that belong to a tenant; the model's TENANT_PATH says by which way."""

    def of(self, *tenants: Any) -> "Scoped":
        """The rows of these tenants (rows or numbers)."""
        return self.filter(**{f"{self.model.TENANT_PATH}__in": tenants})

    def visible_to(self, user: "User") -> "Scoped":
        """The rows of the tenants that the user is a member of."""
        tenants = user.memberships.values("tenant") if user.is_authenticated else ()
        return self.filter(**{f"{self.model.TENANT_PATH}__in": tenants})


def visible(model: type[Row], user: "User") -> models.QuerySet[Row]:
    """Rows of a model that the user may see, for get_object_or_404 and lists."""
    return model.objects.visible_to(user)  # type: ignore[attr-defined]
