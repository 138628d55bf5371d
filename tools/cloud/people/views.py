"""People and their cards: the list, a person, giving and taking away."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import BooleanField, Case, Count, Prefetch, QuerySet, When, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..log import words
from ..models import AccessGroup, Credential, Door, Grant, Person, Right, lock, visible
from ..pages import access, paging, telling, times
from ..privacy import erasing, leaving
from ..readings import views as readings
from ..residents.forms import AccountForm
from ..rules.forms import GrantForm, PinForm
from ..scim import page_views as directory
from ..services import entered, local_time
from . import arrival, births, found, moving, pictures, pins
from . import people as service
from .forms import BirthForm, CardForm, GroupsForm, NeedsForm, PersonForm

PER_PAGE = 50
ORDER = ("-active", "name", "pk")
FIELDS = ("person",)  # of forms in which somebody is found by typing


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    sought = entered.text(request.GET.get("q", ""), 100)
    rows = visible(Person, user).filter(guest=None)
    if sought:
        rows = rows.filter(name__icontains=sought)
    after, before = (_named(rows, request.GET.get(name, "")) for name in ("after", "before"))
    page = paging.page(rows, ORDER, PER_PAGE, after, before)
    people = page.rows
    prefetch_related_objects(people, Prefetch("grants", visible(Grant, user).select_related("group")))
    held = _held(people)
    for person in people:
        person.cards, person.pins = held.get((person.pk, True), 0), held.get((person.pk, False), 0)
    shown = {
        "people": people,
        "previous": page.previous and people[0].pk,
        "next": page.next and people[-1].pk,
        "q": sought,
        "here": "people",
        "may_add": bool(access.somewhere(user, Right.CHANGE)),
        "any": bool(sought) or bool(people) or after is not None,
    }
    return render(request, "pages/_people.html" if access.by_htmx(request) else "pages/people.html", shown)


def _named(rows: QuerySet[Person], number: str) -> Person | None:
    pk = entered.number(number)
    return None if pk is None else rows.filter(pk=pk).first()


def _held(people: list[Person]) -> dict[tuple[int, bool], int]:
    """{(person, whether cards or PINs): how many work}."""
    is_card = Case(When(kind=Credential.Kind.CARD, then=True), default=False, output_field=BooleanField())
    working = Credential.objects.filter(person__in=people, active=True).order_by().annotate(is_card=is_card)
    return {(pk, card): n for pk, card, n in working.values_list("person", "is_card").annotate(n=Count("pk"))}


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def called(request: HttpRequest) -> HttpResponse:
    """Those who are called so, to choose one of in a form (found.py)."""
    user: Any = request.user
    field = next((name for name in FIELDS if name == request.GET.get("field")), FIELDS[0])
    typed = entered.text(request.GET.get(field + found.TYPED, ""), 100)
    people = found.called(visible(Person, user), typed)
    shown = {"field": field, "people": people[: found.OFFERED], "more": len(people) > found.OFFERED}
    return render(request, "pages/people/_offered.html", {**shown, "nobody": bool(typed) and not people})


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.PEOPLE)
def add(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    tenants = access.has_somewhere(user, Right.CHANGE)
    if not tenants.exists():
        access.must_change(user, 0)
    mine = access.changeable(user)
    groups = AccessGroup.objects.exclude(tenant__in=mine).filter(pk__in=access.reached(user, AccessGroup, Right.CHANGE))
    form = PersonForm(request.POST or None, tenants=tenants, whole=mine, groups=groups)
    if request.method == "POST" and form.is_valid():
        group = form.cleaned_data.get("group")
        try:
            with transaction.atomic():
                person = service.enter(form.chosen.pk, name=form.cleaned_data["name"])
                if group is not None:
                    service.put_into(person, [group.pk])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            told = _("%(name)s is entered. Now give a card and choose groups.")
            messages.success(request, told % {"name": person.name})
            return redirect("pages:person", pk=person.pk)
    return render(request, "pages/person_add.html", {"form": form, "here": "people"})


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _person(request, _find(request, pk))


@require_POST
@access.needs(Right.PEOPLE)
def give_card(request: HttpRequest, pk: int) -> HttpResponse:
    person = _changeable(request, pk)
    form = CardForm(request.POST)
    if form.is_valid():
        try:
            card = service.give_card(person, form.cleaned_data["bits"], form.cleaned_data["payload"])
        except Problem:
            form.add_error(None, _taken(person, form.cleaned_data, request.user))
        else:
            messages.success(
                request,
                _("%(card)s is given and on its way to the doors.") % {"card": words.card(card.bits, card.number)},
            )
            return redirect("pages:person", pk=pk)
    return _person(request, person, card_form=form, status=422)


@require_POST
@access.needs(Right.PEOPLE)
@access.whole
def give_groups(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    person = lock(_find(request, pk))
    if person.tenant_id not in access.somewhere(user, Right.CHANGE):
        access.must_change(user, person)
    form = GroupsForm(request.POST, person=person, groups=_groups(user, person))
    if not form.is_valid():
        return _person(request, person, groups_form=form, status=422)
    # Groups that are not theirs to give stay as they are.
    others = person.grants.exclude(group__in=_groups(user, person)).values_list("group", flat=True)
    wanted = {group.pk for group in form.cleaned_data["groups"]} | set(others)
    if "try" in request.POST:
        return _person(request, person, groups_form=form, moving=moving.preview(person, wanted, visible(Door, user)))
    try:
        service.put_into(person, wanted)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return _person(request, person, groups_form=form, status=422)
    messages.success(request, _("The groups of %(name)s are changed.") % {"name": person.name})
    telling.meanwhile(request, form)
    return redirect("pages:person", pk=pk)


@require_POST
@access.needs(Right.PEOPLE)
@access.whole
def change_grant(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    grant = get_object_or_404(visible(Grant, user).select_related("person", "group"), pk=pk)
    access.must_change(user, grant)
    lock(grant)
    form = GrantForm(request.POST, grant=grant, zones=local_time.of_group(grant.group))
    if form.is_valid():
        try:
            service.limit(grant, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("The right in %(group)s is changed.") % {"group": grant.group.name})
            telling.meanwhile(request, form)
            return redirect("pages:person", pk=grant.person_id)
    return _person(request, grant.person, grant_form=(grant.pk, form), status=422)


@never_cache
@require_POST
@access.needs(Right.PEOPLE)
def give_pin(request: HttpRequest, pk: int) -> HttpResponse:
    """A PIN, shown once: in the answer itself."""
    person = _changeable(request, pk)
    form = PinForm(request.POST)
    if form.is_valid():
        try:
            row, digits = pins.give(person, request.POST.get("kind", "pin"), form.cleaned_data["digits"] or None)
        except Problem as problem:
            form.add_error("digits", telling.sentence(problem))
        else:
            shown = {"person": person, "pin": row, "digits": digits, "here": "people"}
            return render(request, "pages/pin.html", shown)
    return _person(request, person, pin_form=form, status=422)


@require_POST
@access.needs(Right.PEOPLE)
@access.whole
def needs(request: HttpRequest, pk: int) -> HttpResponse:
    """Longer opening, and whether the person needs or gives an escort."""
    person = lock(_changeable(request, pk))
    form = NeedsForm(request.POST, person=person)
    if not form.is_valid():
        return _person(request, Person.objects.get(pk=pk), needs_form=form, status=422)
    service.change(person, extended=form.cleaned_data["extended"], escort=form.cleaned_data["escort"])
    telling.meanwhile(request, form)
    messages.success(request, _("%(name)s is changed.") % {"name": person.name})
    return redirect("pages:person", pk=pk)


@require_POST
@access.needs(Right.PEOPLE)
@access.whole
def birth(request: HttpRequest, pk: int) -> HttpResponse:
    """When they were born; of who is under 18 who answers for them."""
    person = lock(_changeable(request, pk))
    form = BirthForm(request.POST, person=person)
    if form.is_valid():
        said = form.cleaned_data
        try:
            births.change(person, said["born"], said["guardian"], said["agreed_on"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            telling.meanwhile(request, form)
            messages.success(request, _("%(name)s is changed.") % {"name": person.name})
            return redirect("pages:person", pk=pk)
    return _person(request, person, birth_form=form, status=422)


@require_POST
@access.needs(Right.PEOPLE)
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody moves out: none of their cards works until they are taken in again."""
    person = _changeable(request, pk)
    service.change(person, active=request.POST.get("active") == "yes")
    return redirect("pages:person", pk=pk)


@require_POST
@access.needs(Right.PEOPLE)
@access.whole
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    person = _changeable(request, pk)
    user: Any = request.user
    try:
        erasing.at_once(person, access.may(user, person.tenant_id, Right.MEMBERS))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:person", pk=pk)
    messages.success(request, _("The person is erased. The doors forget their cards as they are reached."))
    return redirect("pages:people")


@require_POST
@access.needs(Right.PEOPLE)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    card = get_object_or_404(visible(Credential, user).select_related("person"), pk=pk)
    access.must_change(user, card)
    if card.active:
        service.revoke(card)
    if access.by_htmx(request) and card.kind == Credential.Kind.CARD:
        return render(request, "pages/_card.html", {"card": _card(card, request), "may_change": True})
    return redirect("pages:person", pk=card.person_id)


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def arrived(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a revocation has come; asked every second until it is everywhere.

    Nothing new: an empty answer, so that a screen reader does not hear the same sentence again and again.
    """
    user: Any = request.user
    card = _card(get_object_or_404(visible(Credential, user), pk=pk, active=False), request)
    if request.GET.get("seen") == card["arrival"].mark:
        return HttpResponse(status=204)
    return render(request, "pages/_arrival.html", {"card": card})


def _find(request: HttpRequest, pk: int) -> Person:
    user: Any = request.user
    return get_object_or_404(visible(Person, user), pk=pk)


def _changeable(request: HttpRequest, pk: int) -> Person:
    person = _find(request, pk)
    user: Any = request.user
    access.must_change(user, person)
    return person


def _card(card: Credential, request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    zones = local_time.of_tenant(card.tenant_id)
    return {
        "row": card,
        "name": words.credential(card),
        "ends": card.valid_until and times.ends(card.valid_until, zones[:1], len(zones) > 1),
        "arrival": None if card.active else arrival.of(card, visible(Door, user)),
    }


def _grant(grant: Grant, form: GrantForm | None, several: bool) -> dict[str, Any]:
    """several: the tenant has sites in several zones, so the place is said with each time."""
    zones = local_time.of_group(grant.group)
    shown = times.validity(grant, zones, several)
    return {"row": grant, "form": form or GrantForm(grant=grant, zones=zones), **shown}


def _groups(user: Any, person: Person) -> QuerySet[AccessGroup]:
    """The groups that the user may put this person into, or, where they may change nothing, all that they see."""
    groups = visible(AccessGroup, user).filter(tenant=person.tenant_id)
    if person.tenant_id in access.somewhere(user, Right.CHANGE):
        groups = groups.filter(pk__in=access.reached(user, AccessGroup, Right.CHANGE))
    return groups.prefetch_related(Prefetch("doors", visible(Door, user)))


def _taken(person: Person, fields: dict[str, Any], user: Any) -> str:
    holder = Credential.objects.filter(
        tenant=person.tenant_id, bits=fields["bits"], number=fields["payload"], active=True
    ).first()
    if holder is None:
        return _("This card cannot be given. Check what is printed on it.")
    if holder.person_id == person.pk:
        return _("%(name)s holds this card already.") % {"name": person.name}
    if not visible(Person, user).filter(pk=holder.person_id).exists():
        return _("Somebody else holds this card.")
    return _("%(name)s holds this card. Revoke it there first.") % {"name": holder.person.name}


def _person(request: HttpRequest, person: Person, status: int = 200, **forms: Any) -> HttpResponse:
    user: Any = request.user
    cards = visible(Credential, user).filter(person=person, kind=Credential.Kind.CARD).order_by("-active", "-pk")
    groups_form = forms.get("groups_form") or GroupsForm(person=person, groups=_groups(user, person))
    mine = access.among(person.grants, user, Right.CHANGE)
    changed, grant_form = forms.get("grant_form", (0, None))
    carried = visible(Credential, user).filter(person=person, active=True).exclude(kind=Credential.Kind.CARD)
    zones = local_time.of_tenant(person.tenant_id)
    may_change = access.may_change(user, person)
    shown = {
        "person": person,
        "cards": [_card(card, request) for card in cards],
        "card_form": forms.get("card_form") or CardForm(),
        "pins": [{"row": row} for row in carried.order_by("-kind")],
        "pin_form": forms.get("pin_form") or PinForm(),
        "grants": [
            _grant(row, grant_form if row.pk == changed else None, len(zones) > 1) | {"may_change": row.pk in mine}
            for row in visible(Grant, user).filter(person=person).select_related("group").order_by("group__name")
        ],
        "needs_form": forms.get("needs_form") or NeedsForm(person=person),
        "groups": groups_form.all,
        "groups_form": groups_form,
        "moving": forms.get("moving"),
        "granted": {entered.number(str(pk)) for pk in groups_form["groups"].value()},
        "may_change": may_change,
        "birth_form": forms.get("birth_form") or (BirthForm(person=person) if may_change else None),
        "picture": pictures.of(person) if may_change else None,
        "may_grant": person.tenant_id in access.somewhere(user, Right.CHANGE),
        "account_form": AccountForm(auto_id="account_%s"),
        "reading": readings.shown(person, user),
        "directory": directory.of_person(user, person),
        "erased_by_itself": leaving.due_at(person),
        "zone": zones[0],
        "here": "people",
    }
    return render(request, "pages/person.html", shown, status=status)
