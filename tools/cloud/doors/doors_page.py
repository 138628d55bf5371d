"""Which boards the page of doors shows at once: those somebody seeks, a page of them in the order of their sites."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from ..models import Controller, Door, User, visible
from ..pages import paging
from ..services import entered

PER_PAGE = 40  # boards
ORDER = ("site__name", "site_id", "name", "pk")


class Sought(NamedTuple):
    """q: a part of the name of a door, its board or its site. after, before: the board that the page goes on from."""

    q: str = ""
    after: int | None = None
    before: int | None = None

    @classmethod
    def of(cls, said: QueryDict) -> "Sought":
        after, before = (entered.number(said.get(name, "")) for name in ("after", "before"))
        return cls(entered.text(said.get("q", ""), 100), after, before)

    def address(self) -> str:
        """The same in an address, empty for the first page of all."""
        return urlencode({name: value for name, value in self._asdict().items() if value})


EVERY = Sought()


def doors(user: User, sought: Sought) -> QuerySet[Door]:
    rows = visible(Door, user).filter(controller__lost_at=None)
    if not sought.q:
        return rows
    names = ("name", "controller__name", "controller__site__name")
    return rows.filter(Q(*((f"{name}__icontains", sought.q) for name in names), _connector=Q.OR))


def boards(user: User, sought: Sought) -> paging.Page:
    """Those too that have no door. Who is bound to a door of several does not see its board; the door is theirs."""
    own = visible(Controller, user)
    if sought.q:
        own = own.filter(Q(name__icontains=sought.q) | Q(site__name__icontains=sought.q))
    through = doors(user, sought).order_by().values("controller")
    rows = Controller.objects.filter(Q(pk__in=own.order_by().values("pk")) | Q(pk__in=through), lost_at=None)
    rows = rows.select_related("site")
    after, before = (None if pk is None else rows.filter(pk=pk).first() for pk in (sought.after, sought.before))
    return paging.page(rows, ORDER, PER_PAGE, after, before)
