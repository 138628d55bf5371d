"""A list of people carried out, or tried: all rows or none, or row by row, in one change that is said to doors once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from tools.terminal import Problem

from ..audit import changes
from ..models import Credential, Grant, Person, Tenant
from ..people import bulk
from ..people.bulk import PersonWork
from ..services import local_time
from . import columns, importers, people_rows
from .card_forms import CardNumber
from .people_plan import ImportPlan, KnownPeople
from .people_rows import Options
from .report import Report, Row, refusal
from .tables import Table

SEARCHED = 2_000  # people among whom one is sought whose rights a controller does not take


def carry_out(tenant: Tenant, table: Table, options: Options, keep: bool, written_by: str = "") -> Report:
    """keep: False tries it and undoes everything, so what is told is what would happen. written_by: of SOURCES."""
    with transaction.atomic():
        report = of_rows(tenant, importers.rows(tenant, table, options, written_by), options, keep)
        if not report.done:  # groups that were made for it too
            transaction.set_rollback(True)
    return report


def of_rows(tenant: Tenant, rows: Sequence[tuple[int, dict[str, Any]]], options: Options, keep: bool) -> Report:
    """rows: (line, cells by our names of columns)."""
    wanted = [people_rows.read(line, cells, options) for line, cells in rows]
    report = Report([one.row for one in wanted])
    with transaction.atomic():
        plan = ImportPlan(KnownPeople(tenant, bulk.lock(tenant.pk)), options, keep)
        plan.add(wanted)
        _do(tenant, plan.works, report)
        report.done = keep and not (report.refused and not options.apart) and report.wrong is None
        if not report.done:
            transaction.set_rollback(True)
    return report


def _do(tenant: Tenant, works: list[tuple[PersonWork, list[Row]]], report: Report) -> None:
    with changes.together():
        try:
            with transaction.atomic():
                bulk.carry_out(tenant.pk, [work for work, _ in works])
        except Problem as problem:
            if len(works) > SEARCHED:
                report.wrong = refusal(problem)
                return
            _seek(tenant, works, problem)


def _seek(tenant: Tenant, works: list[tuple[PersonWork, list[Row]]], problem: Problem) -> None:
    """Some of these cannot be: halves are tried, until each that cannot stands alone and is refused."""
    if len(works) == 1:
        for row in works[0][1]:
            row.refuse(problem)
        return
    half = len(works) // 2
    for some in (works[:half], works[half:]):
        try:
            with transaction.atomic():
                bulk.carry_out(tenant.pk, [work for work, _ in some])
        except Problem as again:
            _seek(tenant, some, again)


def export(tenant: Tenant, zone: str | None = None) -> list[dict[str, Any]]:
    """Everybody but guests, as a list that is read in again without a change. A person with rights or cards that end at
    several times has several rows."""
    zone = zone or local_time.of_tenant(tenant.pk)[0]
    cards: dict[int, dict[datetime | None, list[str]]] = {}
    pins = set()
    for row in Credential.objects.filter(tenant=tenant, active=True).order_by("pk"):
        if row.kind == Credential.Kind.CARD:
            ends = cards.setdefault(row.person_id, {})
            ends.setdefault(row.valid_until, []).append(str(CardNumber(row.bits, row.number)))
        elif row.kind == Credential.Kind.PIN:
            pins.add(row.person_id)
    groups: dict[int, dict[tuple[Any, ...], list[str]]] = {}
    for grant in Grant.objects.filter(person__tenant=tenant).select_related("group").order_by("group__name"):
        validity = grant.valid_from, grant.valid_until, grant.uses
        groups.setdefault(grant.person_id, {}).setdefault(validity, []).append(_name(grant.group))
    found = []
    for person in Person.objects.filter(tenant=tenant, guest=None).order_by("name", "pk"):
        rights = list(groups.get(person.pk, {}).items())
        held = list(cards.get(person.pk, {}).items())
        for place in range(max(len(rights), len(held), 1)):
            (begins, ends_, uses), named = rights[place] if place < len(rights) else ((None, None, None), [])
            card_until, carried = held[place] if place < len(held) else (None, [])
            found.append(
                {
                    "id": person.pk,
                    "name": person.name,
                    "active": person.active,
                    "extended": person.extended,
                    "escort": person.escort,
                    "groups": named,
                    "from": columns.shown(begins, zone, end=False),
                    "until": columns.shown(ends_, zone, end=True),
                    "uses": uses,
                    "cards": carried,
                    "card_until": columns.shown(card_until, zone, end=True),
                    "pin": person.pk in pins,
                }
            )
    return found


def _name(row: Any) -> str:
    """A name that is found again; where it has a sign that separates, the number."""
    plain = not any(sign in row.name for sign in ";|\n#") and row.name != columns.NOTHING
    return row.name if plain and row.name == row.name.strip() else f"#{row.pk}"
