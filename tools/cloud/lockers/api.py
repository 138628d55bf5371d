"""Banks, their compartments, and deliveries."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema, Status

from ..api.auth import Caller, caller
from ..api.body import Body
from ..api.errors import Error
from ..api.moments import Moment
from ..audit import changes
from ..doors import commands
from ..doors.api import CommandOut
from ..models import Allotment, ApiToken, Bank, Command, Delivery, Person, Right, lock
from ..partners import feed, partners
from ..services import clock
from ..services.refusal import Refusal
from ..webhooks import hooks
from . import about, allotments, banks, deliveries, moving, shared, shipments, shown, usage
from .about import GIVER, LONGEST

router = Router(tags=["lockers"])
REFUSED = {400: Error, 403: Error, 404: Error, 422: Error}
MOST = 500


class CompartmentOut(Schema):
    """state: free, taken, overdue, shared (and free), own, open or fault."""

    number: int
    size: str  # S, M, L or X
    state: str


class BankOut(Schema):
    id: int
    controller: int
    name: str
    address: str
    latitude: float | None
    longitude: float | None
    compartments: list[CompartmentOut]

    @classmethod
    def of(cls, bank: Bank) -> "BankOut":
        found = [
            CompartmentOut(number=cell.row.number, size=cell.row.size, state=cell.state)
            for cell in shown.cells(bank, clock.now())
        ]
        where = {name: getattr(bank, name) for name in ("name", "address", "latitude", "longitude")}
        return cls(id=bank.pk, controller=bank.controller_id, compartments=found, **where)


class BankChange(Body):
    """What is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=100)
    address: str | None = Field(None, max_length=200)
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class OpenIn(Body):
    compartment: int = Field(ge=1, le=128)


class AboutIn(Body):
    """At least one of email, phone and unit."""

    name: str = Field("", max_length=LONGEST["name"])
    email: str = Field("", max_length=LONGEST["email"])
    phone: str = Field("", max_length=LONGEST["phone"])
    unit: str = Field("", max_length=LONGEST["unit"])
    description: str = Field("", max_length=LONGEST["description"])


class GiverIn(Body):
    """Who leaves it, where no courier brings it: they are told the code to put it in, by e-mail or SMS."""

    name: str = Field("", max_length=GIVER["giver"])
    email: str = Field("", max_length=GIVER["giver_email"])
    phone: str = Field("", max_length=GIVER["giver_phone"])


class DeliveryIn(Body):
    """low: into a low compartment, for accessible height, as long as one is free."""

    bank: int
    recipient: AboutIn
    giver: GiverIn | None = None
    low: bool = False
    due_at: Moment | None = None  # to be picked up by then


class DeliveryOut(Schema):
    """state: made, deposited, picked up, cancelling, cancelled or returned. recipient: empty when its days are over.

    Empty as well where it cannot be read: the file pin_key is not the one it was sealed with. kind: parcel, hand-over
    or return. moved_to: the delivery at another bank that took its place; null as well where you do not see that bank.
    """

    id: int
    bank: int
    number: int
    kind: str
    low: bool
    moved_to: int | None
    state: str
    compartment: int | None
    recipient: dict[str, str]
    made_at: datetime
    due_at: datetime | None
    deposited_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, who: Caller, row: Delivery) -> "DeliveryOut":
        return cls.each(who, [row])[0]

    @classmethod
    def each(cls, who: Caller, rows: list[Delivery]) -> "list[DeliveryOut]":
        moved = [row.moved_to_id for row in rows if row.moved_to_id is not None]
        seen = set(who.rows(Delivery).filter(pk__in=moved).values_list("pk", flat=True)) if moved else set()
        return [cls._told(row, row.moved_to_id if row.moved_to_id in seen else None) for row in rows]

    @classmethod
    def _told(cls, row: Delivery, moved_to: int | None) -> "DeliveryOut":
        times = {name: getattr(row, name) for name in ("made_at", "due_at", "deposited_at", "ended_at")}
        return cls(
            id=row.pk,
            bank=row.bank_id,
            number=row.number,
            kind=row.kind,
            low=row.low,
            moved_to=moved_to,
            state=row.state,
            compartment=row.compartment,
            recipient=vars(about.legible(row)),
            **times,
        )


class DeliveryMade(Schema):
    """13 digits each, told this once; people type the first ten."""

    delivery: DeliveryOut
    deposit_code: str
    pick_up_code: str


class DeliveryFilter(Schema):
    bank: int | None = None
    state: Delivery.State | None = None
    before: int | None = None  # the id at which the page before ended
    limit: int = 100


class DeliveryPage(Schema):
    deliveries: list[DeliveryOut]
    next: int | None  # give this as `before` for the page that follows; null: there is none


@router.get("/banks", response=list[BankOut])
def list_banks(request: HttpRequest) -> list[BankOut]:
    rows = caller(request).rows(Bank).filter(controller__lost_at=None).select_related("controller")
    return [BankOut.of(bank) for bank in rows.order_by("name", "pk")]


@router.get("/banks/{bank_id}", response={200: BankOut, **REFUSED})
def get_bank(request: HttpRequest, bank_id: int) -> BankOut:
    return BankOut.of(caller(request).one(Bank, bank_id, "controller"))


@router.patch("/banks/{bank_id}", response={200: BankOut, **REFUSED})
def change_bank(request: HttpRequest, bank_id: int, fields: BankChange) -> BankOut:
    """Its name and where it is."""
    bank = _bank(caller(request), bank_id, Right.INSTALL)
    said = fields.dict(exclude_unset=True)
    with changes.together():  # what is not named stays as it is now, not as it was when the row was read
        lock(bank)
        kept = {name: said.get(name, getattr(bank, name)) for name in ("name", "address", "latitude", "longitude")}
        banks.change(bank, kept["name"] or "", kept["address"] or "", kept["latitude"], kept["longitude"])
    return BankOut.of(bank)


@router.post("/banks/{bank_id}/open", response={202: CommandOut, **REFUSED})
def open_compartment(request: HttpRequest, bank_id: int, fields: OpenIn) -> Status[Command]:
    """Opens one compartment. Poll the command: that it opened is in the log."""
    who = caller(request)
    bank = _bank(who, bank_id, Right.RELEASE)
    deliveries.check_board(bank)
    if not bank.compartments.filter(number=fields.compartment).exists():
        raise Refusal("this bank has no compartment %(n)d; choose another one", n=fields.compartment)
    return Status(202, commands.open_compartment(bank.controller, who.user, fields.compartment))


@router.get("/deliveries", response=DeliveryPage)
def list_deliveries(request: HttpRequest, wanted: Query[DeliveryFilter]) -> dict[str, Any]:
    """Newest first."""
    who = caller(request)
    conditions = {"bank": wanted.bank, "state": wanted.state, "id__lt": wanted.before}
    rows = who.rows(Delivery).filter(**{name: value for name, value in conditions.items() if value is not None})
    limit = max(1, min(wanted.limit, MOST))
    page = list(rows[: limit + 1])
    following = page[limit - 1].pk if len(page) > limit else None
    return {"deliveries": DeliveryOut.each(who, page[:limit]), "next": following}


@router.post("/deliveries", response={201: DeliveryMade, **REFUSED})
def make_delivery(request: HttpRequest, fields: DeliveryIn) -> Status[DeliveryMade]:
    """Also while the bank has no link: its board knows the codes beforehand."""
    who = caller(request)
    bank = _bank(who, fields.bank, Right.PARCELS)
    giver = fields.giver.dict() if fields.giver else {}
    left_by = dict(zip(GIVER, (giver.get("name", ""), giver.get("email", ""), giver.get("phone", "")), strict=True))
    said = about.entered(**fields.recipient.dict(), **left_by)
    row, codes = deliveries.make(bank, said, user=who.user, token=who.token, due_at=fields.due_at, low=fields.low)
    return Status(201, _made(who, row, codes))


def _made(who: Caller, row: Delivery, codes: deliveries.Codes) -> DeliveryMade:
    return DeliveryMade(delivery=DeliveryOut.of(who, row), deposit_code=codes.deposit, pick_up_code=codes.pick_up)


@router.get("/deliveries/{delivery_id}", response={200: DeliveryOut, **REFUSED})
def get_delivery(request: HttpRequest, delivery_id: int) -> DeliveryOut:
    who = caller(request)
    return DeliveryOut.of(who, who.one(Delivery, delivery_id))


@router.post("/deliveries/{delivery_id}/cancel", response={200: DeliveryOut, **REFUSED})
def cancel_delivery(request: HttpRequest, delivery_id: int) -> DeliveryOut:
    """Its codes are dead when the bank's board has said so: the state is cancelling until then."""
    who = caller(request)
    row = _changeable(who, delivery_id)
    deliveries.cancel(row, who.user)
    return DeliveryOut.of(who, row)


class MoveIn(Body):
    """to: the other bank."""

    to: int


class ReturnIn(Body):
    """reference: what you call the return; left out, it is made of the parcel's."""

    reference: str = Field("", max_length=64)
    due_at: Moment | None = None


@router.post("/deliveries/{delivery_id}/move", response={201: DeliveryMade, **REFUSED})
def move_delivery(request: HttpRequest, delivery_id: int, fields: MoveIn) -> Status[DeliveryMade]:
    """To another bank, before it has come: cancelled here, made there with other codes, and its recipient told."""
    who = caller(request)
    row = _changeable(who, delivery_id)
    return Status(201, _made(who, *moving.move(row, _bank(who, fields.to, Right.PARCELS), who.user)))


@router.post("/deliveries/{delivery_id}/return", response={201: DeliveryMade, **REFUSED})
def return_delivery(request: HttpRequest, delivery_id: int, fields: ReturnIn) -> Status[DeliveryMade]:
    """Who got the parcel is told a code to leave it there again, for who brought it."""
    who = caller(request)
    row = _changeable(who, delivery_id)
    return Status(201, _made(who, *moving.give_back(row, who.user, fields.reference, fields.due_at)))


class ExtendIn(Body):
    due_at: Moment


class CodeOut(Schema):
    """13 digits; people type the first ten. Empty: the bank's board is lost or has lost its record."""

    pick_up_code: str


class ShipmentIn(Body):
    """reference: what your system calls it; the same again is the same shipment."""

    bank: int
    reference: str = Field(min_length=1, max_length=64)
    recipient: AboutIn
    low: bool = False  # into a low compartment, for accessible height
    due_at: Moment | None = None


class ShipmentOut(Schema):
    """deposit_code: until it is deposited. pick_up_code: of a return, while it lies there. state: as of a delivery."""

    id: int
    bank: int
    reference: str
    state: str
    compartment: int | None
    size: str
    kind: str
    low: bool
    deposit_code: str | None
    pick_up_code: str | None
    made_at: datetime
    due_at: datetime | None
    deposited_at: datetime | None
    ended_at: datetime | None

    @staticmethod
    def resolve_bank(row: Delivery) -> int:
        return row.bank_id

    @staticmethod
    def resolve_deposit_code(row: Delivery) -> str | None:
        return shipments.deposit_code(row)

    @staticmethod
    def resolve_pick_up_code(row: Delivery) -> str | None:
        return shipments.pick_up_code(row)


class WebhookIn(Body):
    url: str = Field(max_length=hooks.LONGEST)


class WebhookMade(Schema):
    """secret: each call is signed with it (standardhooks.com). Told this once."""

    secret: str


@router.post("/deliveries/{delivery_id}/extend", response={200: DeliveryOut, **REFUSED})
def extend_delivery(request: HttpRequest, delivery_id: int, fields: ExtendIn) -> DeliveryOut:
    """More time to pick it up; who waits for it is told."""
    who = caller(request)
    row = _changeable(who, delivery_id)
    deliveries.extend(row, fields.due_at)
    return DeliveryOut.of(who, row)


@router.post("/deliveries/{delivery_id}/take-back", response={200: CodeOut, **REFUSED})
def take_delivery_back(request: HttpRequest, delivery_id: int) -> CodeOut:
    """The code to take out what nobody has picked up. It is kept who got it; the delivery ends as returned."""
    return CodeOut(pick_up_code=deliveries.take_back(_changeable(caller(request), delivery_id)))


@router.get("/shipments", response=list[ShipmentOut])
def list_shipments(request: HttpRequest, reference: str | None = None) -> list[Delivery]:
    """Those that you have made, newest first, 500 at most; until the days of the organisation's logs are over."""
    who = caller(request)
    rows = _shipments(who)
    return list((rows if reference is None else rows.filter(reference=reference))[:MOST])


@router.post("/shipments", response={200: ShipmentOut, 201: ShipmentOut, **REFUSED})
def make_shipment(request: HttpRequest, fields: ShipmentIn) -> Status[Delivery]:
    """201: it is new; 200: it was made before by the same call."""
    who = caller(request)
    bank = _bank(who, fields.bank, Right.DELIVER)
    said = about.entered(**fields.recipient.dict())
    row, new = shipments.make(
        bank, said, fields.reference, user=who.user, token=who.token, due_at=fields.due_at, low=fields.low
    )
    if not new and not _shipments(who).filter(pk=row.pk).exists():
        raise Refusal("this shipment was moved to a bank that you do not bring to; ask who looks after the bank")
    return Status(201 if new else 200, row)


@router.post("/shipments/{delivery_id}/return", response={201: ShipmentOut, **REFUSED})
def return_shipment(request: HttpRequest, delivery_id: int, fields: ReturnIn) -> Status[Delivery]:
    """What was picked up comes back: its recipient is told the code to put it in, you see the one to fetch it with."""
    who = caller(request)
    row = _shipment(who, delivery_id)
    return Status(201, moving.give_back(row, who.user, fields.reference, fields.due_at)[0])


@router.get("/shipments/{delivery_id}", response={200: ShipmentOut, **REFUSED})
def get_shipment(request: HttpRequest, delivery_id: int) -> Delivery:
    return _shipment(caller(request), delivery_id)


@router.post("/shipments/{delivery_id}/cancel", response={200: ShipmentOut, **REFUSED})
def cancel_shipment(request: HttpRequest, delivery_id: int) -> Delivery:
    """Its codes are dead when the bank's board has said so: the state is cancelling until then."""
    who = caller(request)
    row = _shipment(who, delivery_id)
    deliveries.cancel(row, who.user)
    return row


@router.put("/tokens/{token_id}/webhook", response={200: WebhookMade, **REFUSED})
def put_webhook(request: HttpRequest, token_id: int, fields: WebhookIn) -> WebhookMade:
    """What becomes of this program's shipments is sent there: deposited, picked up, cancelled, returned, overdue.

    Of a partner: passages at its doors, and who comes to belong to them or does no more.
    """
    token = _token(caller(request), token_id)
    partner = partners.of(token)
    return WebhookMade(secret=hooks.put(token, fields.url) if partner is None else feed.put(partner, fields.url))


@router.delete("/tokens/{token_id}/webhook", response={204: None, **REFUSED})
def remove_webhook(request: HttpRequest, token_id: int) -> Status[None]:
    hooks.remove(_token(caller(request), token_id))
    return Status(204, None)


class UsageOut(Schema):
    """hours: how long the parcel lay there, of the time that was asked for. unit: empty when its days are over."""

    bank: str
    delivery: int
    unit: str
    size: str
    compartment: int | None
    deposited: date
    ended: date | None
    state: str
    hours: int


@router.get("/banks/{bank_id}/usage", response={200: list[UsageOut], **REFUSED})
def bank_usage(
    request: HttpRequest, bank_id: int, since: Moment | None = None, until: Moment | None = None
) -> list[dict[str, Any]]:
    """A record a delivery whose parcel lay there in between (the last 30 days), for whoever bills; a year at most."""
    who = caller(request)
    bank = _bank(who, bank_id, Right.DELIVERIES)
    end = until or clock.now()
    since = since or end - timedelta(days=30)
    if not timedelta(0) < end - since <= timedelta(days=366):
        raise Refusal("usage is told of a year at most, and until is after since; choose other times")
    return list(usage.records(bank, since, end))


class AllotmentIn(Body):
    """until: it opens no more from then on; null: for good."""

    compartment: int = Field(ge=1, le=128)
    person: int
    until: Moment | None = None


class AllotmentChange(Body):
    until: Moment | None


class SharedIn(Body):
    """hours: so long it is somebody's who takes it; 0: until the day ends where the bank is."""

    compartments: list[int] = Field(min_length=1, max_length=128)
    hours: int = Field(0, ge=0, le=shared.MOST_HOURS)


class AllotmentOut(Schema):
    """person: null where it is kept closed until somebody takes it back. held: its board knows. ending: taken back.

    hours: null, or it is shared: somebody's for so long, 0 until the day ends. taken: since when; taken_by: null as
    well where the door's events name nobody. When its time is over it stays closed until it was left or is said to be
    empty.
    """

    id: int
    bank: int
    compartment: int
    person: int | None
    until: datetime | None
    held: bool
    ending: bool
    hours: int | None
    taken: datetime | None
    taken_by: int | None
    taken_until: datetime | None

    @classmethod
    def of(cls, row: Allotment) -> "AllotmentOut":
        names = {name: getattr(row, name) for name in ("compartment", "held", "ending", "hours", "taken_until")}
        who = {"person": row.person_id, "taken_by": row.taken_by_id, "taken": row.taken_at}
        return cls(id=row.pk, bank=row.bank_id, until=row.valid_until, **names, **who)


@router.get("/banks/{bank_id}/allotments", response={200: list[AllotmentOut], **REFUSED})
def list_allotments(request: HttpRequest, bank_id: int) -> list[AllotmentOut]:
    """Whose compartments are: their own card opens them."""
    bank = _bank(caller(request), bank_id, Right.PEOPLE)
    return [AllotmentOut.of(row) for row in bank.allotments.all()]


@router.post("/banks/{bank_id}/allotments", response={201: AllotmentOut, **REFUSED})
def make_allotment(request: HttpRequest, bank_id: int, fields: AllotmentIn) -> Status[AllotmentOut]:
    who = caller(request)
    bank = _bank(who, bank_id, Right.CHANGE)
    person = who.one(Person, fields.person)
    if person.tenant_id != bank.controller.site.tenant_id:
        raise Http404
    return Status(201, AllotmentOut.of(allotments.give(bank, fields.compartment, person, fields.until)))


@router.post("/banks/{bank_id}/shared", response={201: list[AllotmentOut], **REFUSED})
def share_compartments(request: HttpRequest, bank_id: int, fields: SharedIn) -> Status[list[AllotmentOut]]:
    """Whoever may pass the bank's door and has none takes one of these with their own card."""
    bank = _bank(caller(request), bank_id, Right.CHANGE)
    rows = shared.share(bank, fields.compartments, fields.hours)
    return Status(201, [AllotmentOut.of(row) for row in rows])


@router.post("/allotments/{allotment_id}/empty", response={202: CommandOut, **REFUSED})
def say_empty(request: HttpRequest, allotment_id: int) -> Status[Command]:
    """Somebody has looked into a shared compartment that was taken. Poll the command: then it is free."""
    who = caller(request)
    return Status(202, shared.empty(_allotment(who, allotment_id), who.user))


@router.patch("/allotments/{allotment_id}", response={200: AllotmentOut, **REFUSED})
def change_allotment(request: HttpRequest, allotment_id: int, fields: AllotmentChange) -> AllotmentOut:
    """Another end, or none."""
    row = _allotment(caller(request), allotment_id)
    allotments.rent(row, fields.until)
    return AllotmentOut.of(row)


@router.delete("/allotments/{allotment_id}", response={204: None, **REFUSED})
def take_allotment_back(request: HttpRequest, allotment_id: int) -> Status[None]:
    """It opens to nobody's card from then on, and is free when its board knows."""
    allotments.take_back(_allotment(caller(request), allotment_id))
    return Status(204, None)


def _allotment(who: Caller, pk: int) -> Allotment:
    row = who.one(Allotment, pk, "bank__controller__site")
    who.must(row, Right.CHANGE)
    return row


def _token(who: Caller, pk: int) -> ApiToken:
    token = who.one(ApiToken, pk)
    who.must(token.tenant_id, Right.MEMBERS)
    return token


def _shipments(who: Caller) -> Any:
    """Of the tenants where the caller may still deliver."""
    mine = shipments.of(who.user, who.token).select_related("bank__controller__site")
    mine = mine.filter(bank__controller__site__tenant__in=who.tenants(Right.DELIVER))
    return mine.filter(bank__in=who.rows(Bank))


def _shipment(who: Caller, pk: int) -> Delivery:
    row: Delivery | None = _shipments(who).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _changeable(who: Caller, pk: int) -> Delivery:
    row = who.one(Delivery, pk, "bank__controller__site")
    who.must(row, Right.PARCELS)
    return row


def _bank(who: Caller, pk: int, right: Right) -> Bank:
    bank = who.one(Bank, pk, "controller__site")
    who.must(bank, right)
    return bank
