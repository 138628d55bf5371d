"""What residents do with parcels themselves: leave something for somebody, send back what came, take more time.

Only where the house allows it, and of their own: what is for them, or what they leave. How something that they leave is
taken out again they never learn, and whom it is for is told by nobody but them.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ..lockers import deliveries, moving, stock
from ..lockers.about import About
from ..models import Bank, Delivery, Guest, Person, User, lock
from ..services import clock
from ..services.refusal import Refusal
from . import policy, unlocking

AT_ONCE = 3  # left for somebody by one person, and not fetched yet
A_DAY = 5

State, Kind = Delivery.State, Delivery.Kind


def banks_of(person: Person) -> QuerySet[Bank]:
    """Where they have a door, or something was for them."""
    sites = unlocking.doors_of(person).order_by().values("controller__site")
    here = Q(controller__site__in=sites) | Q(deliveries__recipient=person) | Q(deliveries__giver=person)
    rows = Bank.objects.of(person.tenant_id).filter(here, controller__lost_at=None)
    return rows.select_related("controller__site").distinct().order_by("name", "pk")


def allowed(person: Person) -> bool:
    return policy.of(person.tenant_id).parcels and person.active and not Guest.objects.filter(pk=person.pk).exists()


def days(person: Person) -> timedelta:
    """So long a parcel of theirs may lie, as far as they decide it."""
    return timedelta(days=policy.of(person.tenant_id).parcel_days)


def of(person: Person) -> QuerySet[Delivery]:
    """For them, or left by them."""
    rows = Delivery.objects.of(person.tenant_id).exclude(about=b"").filter(bank__controller__lost_at=None)
    return rows.filter(Q(recipient=person) | Q(giver=person)).select_related("bank__controller__site")


def hand_over(person: Person, bank: Bank, to: About, due_at: datetime, user: User, low: bool = False) -> Delivery:
    """Something that they leave for somebody else; who gets it is told when it lies there. bank: of banks_of()."""
    from ..lockers.about import entered

    with deliveries.changes.together():
        bank = lock(bank)
        _check_allowed(person)
        if due_at > clock.now() + days(person):
            raise Refusal("a parcel lies here for %(n)d days at most; choose an earlier day", n=days(person).days)
        mine = Delivery.objects.filter(giver=person, kind=Kind.HAND_OVER)
        if mine.exclude(state__in=Delivery.OVER).count() >= AT_ONCE:
            raise Refusal("you leave %(n)d parcels already; wait until one is fetched, or take one back", n=AT_ONCE)
        if mine.filter(made_at__gt=clock.now() - timedelta(days=1)).count() >= A_DAY:
            raise Refusal("that is %(n)d parcels within a day; leave more tomorrow", n=A_DAY)
        said = entered(**vars(to) | {"giver": person.name, "giver_email": user.email})
        row, _codes = deliveries.make(bank, said, user=user, due_at=due_at, low=low and stock.has_low(bank))
    return row


def never_mind(person: Person, row: Delivery, user: User) -> None:
    """What they meant to leave they leave not."""
    if row.giver_id != person.pk or row.state != State.MADE:
        raise Refusal("only what you have not left yet can be taken back here")
    deliveries.cancel(row, user)


def goes_back(row: Delivery) -> bool:
    """Whether somebody fetches it when it is sent back: who has brought it as a shipment, and once."""
    if row.kind != Kind.PARCEL or row.state != State.PICKED_UP or not row.reference:
        return False
    same = Delivery.objects.filter(token=row.token, made_by=row.made_by)
    return not same.filter(reference=moving.reference_back(row)).exists()


def send_back(person: Person, row: Delivery) -> Delivery:
    """Whoever brought it fetches it; they are told the code to leave it."""
    _check_allowed(person)
    if row.recipient_id != person.pk or not goes_back(row):
        raise Refusal("nobody would fetch this one; ask who sent it how to send it back")
    return moving.give_back(row, None, due_at=clock.now() + days(person))[0]


def latest(person: Person, row: Delivery) -> datetime | None:
    """Until when they may let it lie; None: no longer than it does."""
    if row.recipient_id != person.pk or row.state != State.DEPOSITED or row.deposited_at is None or row.due_at is None:
        return None
    end = row.deposited_at + days(person)
    return end if row.taking_back_at is None and end > max(row.due_at, clock.now()) else None


def more_time(person: Person, row: Delivery, due_at: datetime) -> None:
    with deliveries.changes.together():
        lock(row)
        _check_allowed(person)
        end = latest(person, row)
        if end is None:
            raise Refusal("there is no more time for this parcel here; ask those who look after the house")
        deliveries.extend(row, min(due_at, end))


def _check_allowed(person: Person) -> None:
    person.refresh_from_db()
    if not allowed(person):
        raise Refusal("this house lets nobody do that from here; ask those who look after it")
