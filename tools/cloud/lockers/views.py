"""Banks on the pages: their picture, their deliveries, and what is done with them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..doors import commands
from ..log import words
from ..models import Allotment, Bank, Command, Delivery, Notice, Person, Right, lock, visible
from ..pages import access, telling
from ..services import clock, entered, local_time
from . import allotments, banks, deliveries, moving, sending, shared, shown, usage
from . import parcel as found
from .forms import AllotmentForm, BankForm, DeliveryForm, MoveForm, ParcelExtendForm, SharedForm

PER_PAGE = 60
DAYS = (30, 90, 365)  # of usage


@never_cache
@require_GET
@access.needs(Right.BANKS)
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    return render(request, "pages/banks.html", {"banks": shown.banks(user), "here": "lockers"})


@never_cache
@require_GET
@access.needs(Right.BANKS)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    bank = _find(request, pk)
    return _page(request, bank, BankForm.of(bank))


def _page(
    request: HttpRequest,
    bank: Bank,
    form: BankForm,
    giving: AllotmentForm | None = None,
    sharing: SharedForm | None = None,
) -> HttpResponse:
    user: Any = request.user
    picture = shown.picture(bank, user)
    cards = allotments.takes_cards(bank) and access.may(user, bank, Right.PEOPLE)
    told = {
        **picture,
        "form": form,
        "deliveries": shown.deliveries(bank) if picture["may_see"] else None,
        "allotments": shown.allotments(bank) if cards else None,
        "giving": giving or (AllotmentForm(bank=bank, people=visible(Person, user)) if cards else None),
        "may_take_back": access.may(user, bank, Right.CHANGE),
        "sharing": sharing or (SharedForm(bank=bank) if cards else None),
        "may_change": access.may(user, bank, Right.CHANGE) and bank.controller.lost_at is None,
        "may_deliver": access.may(user, bank, Right.PARCELS) and bank.controller.lost_at is None,
        "may_open": access.may(user, bank, Right.RELEASE) and bank.controller.lost_at is None,
        "install": access.may(user, bank, Right.INSTALL),
        "compartments": bank.compartments.all(),
        "here": "lockers",
    }
    return render(request, "pages/bank.html", told, status=422 if form.is_bound or giving or sharing else 200)


@require_POST
@access.needs(Right.CHANGE)
def allot(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives a compartment to somebody."""
    user: Any = request.user
    bank = _find(request, pk)
    access.must(user, bank, Right.CHANGE)
    form = AllotmentForm(request.POST, bank=bank, people=visible(Person, user))
    if form.is_valid():
        said = form.cleaned_data
        try:
            row = allotments.give(bank, said["compartment"], said["person"], form.until())
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("Compartment %(n)d is now theirs.") % {"n": row.compartment})
            return redirect("pages:bank", pk=pk)
    return _page(request, bank, BankForm.of(bank), form)


@require_POST
@access.needs(Right.CHANGE)
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Compartments for whoever takes one with their own card."""
    user: Any = request.user
    bank = _find(request, pk)
    access.must(user, bank, Right.CHANGE)
    form = SharedForm(request.POST, bank=bank)
    if form.is_valid():
        try:
            shared.share(bank, form.cleaned_data["numbers"], form.cleaned_data["hours"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            return redirect("pages:bank", pk=pk)
    return _page(request, bank, BankForm.of(bank), sharing=form)


@require_POST
@access.needs(Right.CHANGE)
def say_empty(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has looked into a shared compartment."""
    user: Any = request.user
    row = get_object_or_404(visible(Allotment, user).select_related("bank__controller__site"), pk=pk)
    access.must(user, row, Right.CHANGE)
    try:
        command = shared.empty(row, user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        if command.state == Command.State.REFUSED:
            messages.error(request, words.WHY[command.why])
        else:
            messages.success(request, _("Compartment %(n)d is free when its board has heard.") % {"n": row.compartment})
    return redirect("pages:bank", pk=row.bank_id)


@require_POST
@access.needs(Right.CHANGE)
def take_compartment_back(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(Allotment, user).select_related("bank__controller__site", "person"), pk=pk)
    access.must(user, row, Right.CHANGE)
    allotments.take_back(row)
    if row.bank.controller.lost_at is not None:  # its page is there no more when nothing is left in it
        return redirect("pages:lockers")
    return redirect("pages:bank", pk=row.bank_id)


@require_POST
@access.needs(Right.BANKS)
@access.whole
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name and where it is."""
    user: Any = request.user
    bank = _find(request, pk)
    access.must(user, bank, Right.INSTALL)
    form = BankForm.of(lock(bank), request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            banks.change(bank, said["name"], said["address"], said["latitude"], said["longitude"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": bank.name})
            telling.meanwhile(request, form)
            return redirect("pages:bank", pk=pk)
    return _page(request, _find(request, pk), form)


@require_POST
@access.needs(Right.BANKS)
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks the board to open one compartment; the picture shows what came of it."""
    user: Any = request.user
    bank = _find(request, pk)
    access.must(user, bank, Right.RELEASE)
    number = entered.number(request.POST.get("compartment", ""))
    row = get_object_or_404(bank.compartments, number=number)
    try:
        deliveries.check_board(bank)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:bank", pk=pk)
    command = commands.open_compartment(bank.controller, user, row.number)
    if command.state == Command.State.REFUSED:
        messages.error(request, _("Not unlocked: the controller refused") + f" ({words.WHY[command.why]})")
    else:
        messages.success(request, _("Compartment %(n)d is being opened.") % {"n": row.number})
    return redirect("pages:bank", pk=pk)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.BANKS)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new delivery. Its codes are shown once, in the answer itself."""
    user: Any = request.user
    bank = _find(request, pk)
    access.must(user, bank, Right.PARCELS)
    form = DeliveryForm(request.POST or None, bank=bank)
    if request.method == "POST" and form.is_valid():
        try:
            delivery, codes = deliveries.make(bank, form.about, user=user, due_at=form.due_at(), low=form.wants_low())
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            told = {"bank": bank, "delivery": delivery, "codes": deliveries.printed(codes), "here": "lockers"}
            return render(request, "pages/delivery_made.html", told)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "pages/delivery_add.html", {"form": form, "bank": bank, "here": "lockers"}, status=status)


@never_cache
@require_GET
@access.needs(Right.DELIVERIES)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = _delivery(request, pk)
    told = {
        "one": shown.delivery(row.bank, row),
        "moved": visible(Delivery, user).filter(pk=row.moved_to_id).select_related("bank").first(),
        "extend": ParcelExtendForm(),
        "move": MoveForm(delivery=row, banks=visible(Bank, user)),
        "lost": row.bank.controller.lost_at is not None,
        "by_code": deliveries.opens_by_code(row),
        "bank": row.bank,
        "may_change": access.may(user, row, Right.PARCELS),
        "here": "lockers",
    }
    return render(request, "pages/delivery.html", told)


@require_POST
@access.needs(Right.DELIVERIES)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = _changeable(request, pk)
    try:
        deliveries.cancel(row, user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:delivery", pk=pk)


@never_cache
@require_GET
@access.needs(Right.BANKS)
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """How full the bank was in the last days, by size and hour."""
    user: Any = request.user
    bank = _find(request, pk)
    days = entered.number(request.GET.get("days", "")) or DAYS[0]
    days = days if days in DAYS else DAYS[0]
    now = clock.now()
    told = {
        "bank": bank,
        "days": days,
        "choices": DAYS,
        "least": usage.LEAST,
        "charts": [shown.chart(one) for one in usage.shares(bank, now - timedelta(days=days), now)],
        "may_see": access.may(user, bank, Right.DELIVERIES),
        "here": "lockers",
    }
    return render(request, "pages/bank_use.html", told)


@never_cache
@require_GET
@access.needs(Right.DELIVERIES)
def usage_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """A record a delivery, for whoever bills: of so many days until now."""
    user: Any = request.user
    bank = _find(request, pk)
    if not access.may(user, bank, Right.DELIVERIES):
        raise Http404
    days = entered.number(request.GET.get("days", "")) or DAYS[0]
    now = clock.now()
    text = usage.as_csv(usage.records(bank, now - timedelta(days=min(days, DAYS[-1])), now))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="usage-{bank.pk}-{now:%Y-%m-%d}.csv"'
    return answer


@require_POST
@access.needs(Right.DELIVERIES)
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """More time, by the clock of the bank's site: until the end of a day."""
    row = _changeable(request, pk)
    form = ParcelExtendForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a day."))
        return redirect("pages:delivery", pk=pk)
    try:
        deliveries.extend(row, local_time.ends(form.cleaned_data["due"], None, row.bank.controller.site.zone))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:delivery", pk=pk)


@require_POST
@access.needs(Right.DELIVERIES)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to take a parcel out that nobody picked up, in the answer itself."""
    row = _changeable(request, pk)
    try:
        code = deliveries.take_back(row)
        if row.is_over:
            return redirect("pages:delivery", pk=pk)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:delivery", pk=pk)
    told = {"delivery": row, "bank": row.bank, "code": deliveries.spaced(code), "digits": code, "here": "lockers"}
    return render(request, "pages/take_back.html", told)


@require_POST
@access.needs(Right.DELIVERIES)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """To another bank. The codes that it has there are in the answer itself."""
    user: Any = request.user
    row = _changeable(request, pk)
    form = MoveForm(request.POST, delivery=row, banks=visible(Bank, user))
    if not form.is_valid():
        messages.error(request, _("Choose a bank."))
        return redirect("pages:delivery", pk=pk)
    return _made_anew(request, row, lambda: moving.move(row, form.cleaned_data["to"], user))


@require_POST
@access.needs(Right.DELIVERIES)
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """A return of what was picked up; its codes are in the answer itself."""
    user: Any = request.user
    row = _changeable(request, pk)
    return _made_anew(request, row, lambda: moving.give_back(row, user))


def _made_anew(
    request: HttpRequest, row: Delivery, make: Callable[[], tuple[Delivery, deliveries.Codes]]
) -> HttpResponse:
    try:
        delivery, codes = make()
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:delivery", pk=row.pk)
    told = {"bank": delivery.bank, "delivery": delivery, "codes": deliveries.printed(codes), "here": "lockers"}
    return render(request, "pages/delivery_made.html", told)


@never_cache
@require_GET
@access.needs(Right.DELIVERIES)
def outbox(request: HttpRequest) -> HttpResponse:
    """What recipients were told, or would have been; no code stands in it."""
    user: Any = request.user
    rows = visible(Notice, user).select_related("delivery__bank__controller__site")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    told = {"page": page, "notices": [shown.notice(row) for row in page], "leaves": sending.is_set_up()}
    return render(request, "pages/outbox.html", {**told, "here": "lockers"})


@never_cache
@require_GET
def parcel(request: HttpRequest, token: str) -> HttpResponse:
    """A recipient's own parcel, for whoever has its address: where it lies, and the code as long as it lies there."""
    row = found.find(token)
    if row is None:
        raise Http404
    waits = row.state == Delivery.State.DEPOSITED
    code = deliveries.codes_of(row).pick_up if waits else ""
    told = {
        "one": shown.delivery(row.bank, row),
        "bank": row.bank,
        "code": code and deliveries.spaced(code),
        "digits": code,
        "qr": shown.qr(row.bank, code) if code else "",
    }
    answer = render(request, "pages/parcel.html", told)
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _changeable(request: HttpRequest, pk: int) -> Delivery:
    user: Any = request.user
    row = _delivery(request, pk)
    access.must(user, row, Right.PARCELS)
    return row


def _find(request: HttpRequest, pk: int) -> Bank:
    user: Any = request.user
    rows = shown.in_sight(visible(Bank, user))
    return get_object_or_404(rows.select_related("controller__site"), pk=pk)


def _delivery(request: HttpRequest, pk: int) -> Delivery:
    user: Any = request.user
    rows = visible(Delivery, user).select_related("bank__controller__site", "made_by", "token", "deposit", "end")
    return get_object_or_404(rows, pk=pk)
