"""What people said that stands: whose data is restricted, who objects, who has withdrawn their consent.

It stands from the moment it is asked until it is refused, taken back or lifted: whoever has to weigh it does so while
it holds (GDPR 18(1), 21(1), 7(3)). What each stops is said in processing.py.
"""

from django.db.models import Q, QuerySet

from .access import Person
from .personal import personal
from .processing import TABLE, Processing
from .reach import Reach
from .requests import DataRequest
from .rights import Right


def rows(*kinds: str) -> QuerySet[DataRequest]:
    """Requests that stand, of these kinds or of any."""
    states = [DataRequest.State.OPEN, DataRequest.State.DONE]
    wanted = kinds or DataRequest.STANDING
    found = DataRequest.objects.filter(kind__in=wanted, state__in=states, lifted_at=None, person__isnull=False)
    return found.order_by()


def stopped(what: Processing) -> QuerySet[DataRequest]:
    """The people for whom it is not done now, as a subquery: a way to them is compared with `__in`."""
    return rows(*what.stopped_by).values("person") if what.stopped_by else rows().none().values("person")


def stops(what: Processing, person: Person) -> bool:
    return bool(what.stopped_by) and rows(*what.stopped_by).filter(person=person).exists()


def of(person: Person) -> list[DataRequest]:
    """What they said that stands."""
    return list(rows().filter(person=person).order_by("made_at", "pk"))


def without_hidden(found: QuerySet, reach: Reach) -> QuerySet:
    """Rows as they show to somebody: what is restricted shows to those alone who handle requests."""
    said = personal(found.model)
    if said is None:
        return found
    others = [tenant for tenant in reach.held if tenant not in reach.whole(Right.PRIVACY)]
    for what in TABLE if others else ():
        if any(said.kept is kept for kept in what.hides):
            hidden = stopped(what).filter(tenant__in=others)
            for way in said.person:
                found = found.exclude(Q(**{f"{way}__in": hidden}))
    return found
