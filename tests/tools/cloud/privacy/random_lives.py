"""Random lives of people over three years, and a model beside them that knows when what has to be gone, and for whom.

People join, move, pass doors, leave, ask, withdraw; the worker tidies now and then, and is away at times. Each step is
judged in the rows themselves; the model knows nothing of how the code does it.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from asking import Asking
from django.apps import apps
from django.db.models import BinaryField, CharField, JSONField, TextField
from test_copies import passes

from tools.cloud.audit import looks
from tools.cloud.lockers import about, deliveries
from tools.cloud.models import (
    Birth,
    Change,
    DataRequest,
    Delivery,
    Erased,
    Event,
    Look,
    Person,
    retention,
)
from tools.cloud.people import births, people
from tools.cloud.privacy import erasing, requests
from tools.cloud.residents import accounts
from tools.cloud.sealing import SealedField, SealedValue
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

STEP = timedelta(days=9)
YEARS = timedelta(days=3 * 365)
LONGEST_AWAY = 2  # steps that the worker may be away for
SLACK = STEP * (LONGEST_AWAY + 1)
ERASED_WITHIN = timedelta(days=80)
KEPT = timedelta(days=90)  # passages and parcels
RECORDS = timedelta(days=365)


class Broken(AssertionError):
    """What was promised is not so."""


@dataclass
class Life:
    """What the model knows of somebody. mark: a word that stands in everything of theirs and in nobody else's."""

    mark: str
    row: Person
    card: Any
    left: datetime | None = None
    gone: datetime | None = None
    stands: set[str] = field(default_factory=set)
    open: dict[int, datetime] = field(default_factory=dict)  # request: when it is due
    born: bool = False


class Lives:
    def __init__(self, home: Asking, seed: int) -> None:
        self.home, self.random, self.lives, self.count = home, random.Random(seed), [], 0
        self.lives: list[Life]
        self.sequence, self.away = 1000, 0
        self.viewer = home.member("viewer")
        self.bank, _ = home.add_bank()
        for _ in range(4):
            self.join()

    def run(self, span: timedelta = YEARS) -> int:
        """Returns how many steps that were. Raises Broken."""
        end, steps = clock.now() + span, 0
        while clock.now() < end:
            for _ in range(self.random.randrange(1, 4)):
                self.random.choice(self.ACTS)(self)
            self.home.time.now += STEP.total_seconds()
            self.away = 0 if self.away == LONGEST_AWAY or self.random.random() < 0.7 else self.away + 1
            if not self.away:
                housekeeping.tidy(clock.now())
                self.judge()
            steps += 1
        return steps

    # --- what happens

    def some(self, here: bool = True) -> Life | None:
        found = [one for one in self.lives if not one.gone and (one.left is None) == here]
        return self.random.choice(found) if found else None

    def join(self) -> None:
        self.count += 1
        mark = f"Livsmerke{self.count:03d}"
        row = self.home.add_person(f"{mark} Nordmann")
        self.lives.append(Life(mark, row, people.give_card(row, 26, 5000 + self.count)))

    def account(self) -> None:
        one = self.some()
        if one is not None and one.row.user_id is None:
            accounts.invite(one.row, f"{one.mark.lower()}@example.test", self.home.admin)
            one.row.refresh_from_db()

    def move(self) -> None:
        one = self.some()
        if one is not None:
            people.change(one.row, name=f"{one.mark} Flyttet {self.random.randrange(99)}")

    def passed(self) -> None:
        one = self.some()
        if one is not None:
            self.sequence += 1
            passes(self.home, one.card, self.sequence)
            looks.note([self.home.tenant.pk], Look.What.EXPORT, clock.now(), person=one.row)

    def parcel(self) -> None:
        one = self.some()
        if one is not None:
            row, _ = deliveries.make(self.bank, about.entered(name=one.row.name, unit="H0101"))
            Delivery.objects.filter(pk=row.pk).update(recipient=one.row, state="picked up", ended_at=clock.now())

    def birth(self) -> None:
        one = self.some()
        if one is not None and "withdrawal" not in one.stands:
            births.change(one.row, date(1980, 1, 1 + self.random.randrange(28)), "", None)
            one.born = True

    def leave(self) -> None:
        one = self.some()
        if one is not None:
            people.change(one.row, active=False)
            one.left = clock.now()

    def come_back(self) -> None:
        one = self.some(here=False)
        if one is not None:
            people.change(one.row, active=True)
            one.left = None

    def ask(self) -> None:
        one = self.some(self.random.random() < 0.8)
        if one is None:
            return
        kind = self.random.choice(["correction", "erasure", "restriction", "objection", "withdrawal", "complaint"])
        try:
            row, _ = requests.make(one.row, kind, f"{one.mark} ber om noe")
        except Refusal:
            return
        one.open[row.pk] = row.due_at
        if kind in DataRequest.STANDING:
            one.stands.add(kind)
        one.born = one.born and kind != "withdrawal"

    def answer(self) -> None:
        asking = [one for one in self.lives if one.open and not one.gone]
        if not asking:
            return
        one = self.random.choice(asking)
        row = DataRequest.objects.get(pk=one.open.popitem()[0])
        if row.kind == "erasure":
            erasing.begin(row, members=True)
            erasing.carry_out(row)
            one.gone = clock.now()
            return
        done = self.random.random() < 0.6
        requests.answer(row, f"{one.mark} svar", done)
        if not done:
            one.stands.discard(row.kind)

    def lift(self) -> None:
        said = [one for one in self.lives if one.stands and not one.gone]
        if said:
            one = self.random.choice(said)
            rows = DataRequest.objects.filter(person=one.row, kind__in=one.stands, lifted_at=None, state="done")
            for row in rows[:1]:
                requests.lift(row, "avgjort")
                one.stands.discard(row.kind)

    ACTS = (
        join, account, move, passed, passed, passed, parcel, parcel, birth, leave, come_back, ask, ask, answer, answer,
        lift,
    )  # fmt: skip

    # --- what has to be so

    def judge(self) -> None:
        now = clock.now()
        there = set(Person.objects.values_list("pk", flat=True))
        text = everything()
        for one in self.lives:
            self._judge_person(one, one.row.pk in there, now, text)
        due = {pk for one in self.lives if not one.gone for pk, at in one.open.items() if at <= now}
        say(requests.overdue([self.home.tenant.pk], now) >= len(due), "a deadline is missed and nobody is told")
        stay = [one.row.pk for one in self.lives if not one.gone and "restriction" in one.stands]
        mine = self.home.tenant
        old = Event.objects.of(mine).exclude(credential=None).exclude(credential__person__in=stay)
        say(not old.filter(received_at__lt=now - KEPT).exists(), "a passage is held too long")
        parcels = Delivery.objects.of(mine).exclude(about=b"").exclude(recipient__in=stay)
        say(not parcels.filter(ended_at__lt=now - KEPT).exists(), "a parcel's text is held too long")
        for model, when in ((Look, "until"), (Change, "at")):
            rows = model.objects.of(mine).filter(**{f"{when}__lt": now - RECORDS}).exclude(person__in=stay)
            say(not rows.exists(), f"a {model.__name__} is held too long")

    def _judge_person(self, one: Life, there: bool, now: datetime, text: str) -> None:
        restricted = "restriction" in one.stands
        if not one.gone and not there:
            say(one.left is not None and not restricted, f"{one.mark} is erased and should not be")
            say(one.left is not None and now - one.left >= ERASED_WITHIN, f"{one.mark} is erased too early")
            one.gone = now
        if not one.gone:
            if one.left is not None and not restricted:
                # What was restricted until lately goes with the next tidying.
                say(now - one.left < ERASED_WITHIN + SLACK, f"{one.mark} left long ago and is here")
            say(one.mark in text, "the search finds who is here")
            hidden = not Person.objects.visible_to(self.viewer).filter(pk=one.row.pk).exists()
            say(hidden == restricted, f"{one.mark} shows to a viewer, and is restricted" if restricted else "is hidden")
            say(Birth.objects.filter(person=one.row).exists() == one.born, f"{one.mark}: a birth date")
            return
        say(not there, f"{one.mark} was erased and is here")
        say(one.mark.lower() not in text.lower(), f"something of {one.mark} is left")
        assert retention.BACKUPS.period is not None
        if now - one.gone < retention.BACKUPS.period - SLACK:
            say(Erased.objects.filter(number=one.row.pk).exists(), f"a backup would bring {one.mark} back")


def say(right: bool, wrong: str) -> None:
    if not right:
        raise Broken(wrong)


def everything() -> str:
    """All text of all rows, sealed ones opened."""
    found = []
    for model in apps.get_models():
        texts = [one for one in model._meta.concrete_fields if isinstance(one, CharField | TextField | JSONField)]
        texts += [one for one in model._meta.concrete_fields if isinstance(one, BinaryField)]
        for row in model._base_manager.values_list(*(one.name for one in texts)) if texts else ():
            found += [_said(value) for value in row if value]
    return "\n".join(found)


def _said(value: Any) -> str:
    if isinstance(value, SealedValue):
        return bytes(value).decode("utf-8", "replace")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


__all__ = ["Broken", "Lives", "SealedField"]
