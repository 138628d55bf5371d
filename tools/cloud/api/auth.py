"""Who calls: a signed-in person or a program with a bearer token; and what they may see and change."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.http import Http404, HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer, SessionAuth

from tools.terminal import Problem

from ..members import links
from ..models import ApiToken, Door, HeldRole, Reach, Right, User

Row = TypeVar("Row", bound=models.Model)
What = TypeVar("What", bound=models.Model | int)


REFUSED = "You may look at this but not change it; ask an administrator."


@dataclass(frozen=True)
class Caller:
    """reach: what the caller may where."""

    reach: Reach
    user: User | None = None
    token: ApiToken | None = None

    def rows(self, model: type[Row]) -> models.QuerySet[Row]:
        """The rows of a model that the caller may see."""
        return model.objects.seen(self.reach)  # type: ignore[attr-defined]

    def tenants(self, right: Right) -> list[int]:
        """Where the caller has a right, if only at some places: for rows that are narrowed to those already."""
        return self.reach.tenants(right)

    def must(self, what: What, right: Right) -> What:
        """Refuses what is not allowed. what: a row that the caller sees, or a tenant as a whole."""
        if not isinstance(what, models.Model) and what not in self.reach.held:
            raise Http404
        if not self.reach.may(what, right):
            raise HttpError(403, REFUSED)
        return what

    def one(self, model: type[Row], pk: int, *related: str) -> Row:
        """A row that the caller may see; another tenant's is not found."""
        row = self.rows(model).select_related(*related).filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def change(self, what: What) -> What:
        """Refuses what is not theirs to change of people and rules."""
        return self.must(what, Right.CHANGE)

    def tenant(self, wanted: int | None, right: Right = Right.CHANGE) -> int:
        """The tenant to change as a whole: the one named, else the caller's only one."""
        return self.must(self.belongs(wanted), right)

    def tenant_somewhere(self, wanted: int | None) -> int:
        """As tenant(), also for who may change some places only."""
        tenant = self.belongs(wanted)
        self.somewhere(tenant)
        return tenant

    def somewhere(self, tenant: int) -> None:
        """Refuses who may change nothing in a tenant."""
        if tenant not in self.tenants(Right.CHANGE):
            raise HttpError(403, REFUSED)

    def all_theirs(self, tenant: int, doors: Collection[int]) -> None:
        """Refuses a group with a door elsewhere, or with none, of a caller who has some doors only."""
        if tenant in self.reach.whole(Right.CHANGE):
            return
        mine = set(self.rows(Door).filter(pk__in=doors).values_list("pk", flat=True))
        missing = sorted(set(doors) - mine)
        if missing:
            raise Problem(f"there is no door {missing[0]} in this tenant; see /api/doors for those there are")
        if not mine:
            raise Problem("you look after some doors only; name at least one of them")

    def belongs(self, wanted: int | None) -> int:
        """The tenant that is named, else the caller's only one."""
        if wanted is None:
            if len(self.reach.held) != 1:
                raise HttpError(400, "You belong to several tenants; name one in the field tenant.")
            wanted = next(iter(self.reach.held))
        if wanted not in self.reach.held:
            raise Http404
        return wanted


def caller(request: HttpRequest) -> Caller:
    return request.auth  # type: ignore[attr-defined]


class SignedIn(SessionAuth):
    """The session of the pages. What changes something needs the CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        user: Any = request.user
        if not user.is_authenticated:
            return None
        return Caller(Reach.of(user), user)


class Bearer(HttpBearer):
    """Authorization: Bearer <token>."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        row: ApiToken | None = links.read_token(token)
        return None if row is None else Caller(Reach({row.tenant_id: HeldRole(row.role)}), token=row)
