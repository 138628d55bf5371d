"""Who calls: a signed-in person or a program with a bearer token; and what they may see and change."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.http import Http404, HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer, SessionAuth

from ..members import links
from ..models import ApiToken, Membership, Right, Role, User

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Caller:
    """roles: what the caller is in which tenant."""

    roles: dict[int, Role]
    user: User | None = None
    token: ApiToken | None = None

    def rows(self, model: type[Row]) -> models.QuerySet[Row]:
        """The rows of a model that the caller may see."""
        return model.objects.seen(self.tenants)  # type: ignore[attr-defined]

    def tenants(self, right: Right) -> list[int]:
        """The tenants in which the caller has a right."""
        return [tenant for tenant, role in self.roles.items() if right in role.rights]

    def must(self, tenant: int, right: Right) -> int:
        """The tenant, when the caller has that right in it."""
        if tenant not in self.roles:
            raise Http404
        if right not in self.roles[tenant].rights:
            raise HttpError(403, "You may look at this but not change it; ask an administrator.")
        return tenant

    def one(self, model: type[Row], pk: int, *related: str) -> Row:
        """A row that the caller may see; another tenant's is not found."""
        row = self.rows(model).select_related(*related).filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def change(self, tenant: int) -> int:
        """The tenant, when the caller may change its people and rules."""
        return self.must(tenant, Right.CHANGE)

    def tenant(self, wanted: int | None, right: Right = Right.CHANGE) -> int:
        """The tenant to change: the one named, else the caller's only one."""
        if wanted is None:
            if len(self.roles) != 1:
                raise HttpError(400, "You belong to several tenants; name one in the field tenant.")
            wanted = next(iter(self.roles))
        return self.must(wanted, right)


def caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined]


class SignedIn(SessionAuth):
    """The session of the pages. What changes something needs the CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        user: Any = request.user
        if not user.is_authenticated:
            return None
        roles = Membership.objects.filter(user=user).order_by("tenant").values_list("tenant", "role")
        return Caller({tenant: Role(role) for tenant, role in roles}, user)


class Bearer(HttpBearer):
    """Authorization: Bearer <token>."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        row: ApiToken | None = links.read_token(token)
        return None if row is None else Caller({row.tenant_id: Role(row.role)}, token=row)
